"""OpenSLO v1 documents: what they declare, checked, and every objective with its indicator and its window.

A reference is looked for in all files of one audit. What is wrong with an objective costs that objective only: it
becomes an `Unread` with a sentence and a place. A document without kind or name is a failed input; those beside it
count.
"""

from __future__ import annotations

import os
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes import documents as yaml_documents
from assay.kubernetes.documents import Broken, decoded, narrowest, positions, split
from assay.model import Location, Remark
from assay.objectives.alerts import Alert, alerts
from assay.objectives.composite import Composite
from assay.objectives.sources import Query, kind_of
from assay.objectives.windows import Fault, Window, seconds, window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.kubernetes.documents import Chunk, Span
    from assay.model import Coverage, Step, ValuePath

VERSIONS = ("openslo/v1", "openslo.com/v1")
ALERTING = ("AlertPolicy", "AlertCondition", "AlertNotificationTarget")
KINDS = ("SLO", "SLI", "DataSource", "Service", *ALERTING)
METHODS = ("Occurrences", "Timeslices", "RatioTimeslices")
OPERATORS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
ENDINGS = (".yaml", ".yml", ".json")
MAX_FILE = 5_000_000


class Origin:
    """Where an objective stands: its document, and the place of each of its values in it."""

    __slots__ = ("chunk", "places", "shown", "spans", "text")

    def __init__(self, shown: str, text: bytes, chunk: Chunk, places: dict[str, ValuePath]) -> None:
        self.shown, self.text, self.chunk, self.places = shown, text, chunk, places
        self.spans: Span | None = None

    def locate(self, path: ValuePath) -> Location:
        if self.spans is None:
            self.spans = positions(self.text, self.chunk.line)
        where = self.places.get(str(path[0]) if path else "", self.places.get("", ()))
        span, _ = narrowest(self.spans, where)
        return Location(self.shown, span.start_line, span.start_column, span.end_line, span.end_column)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


class Indicator(NamedTuple):
    """An SLI: `form` is ratio (good or bad, of total), raw (a ratio already) or threshold."""

    form: str
    queries: dict[str, Query]
    counter: bool = False
    failure: bool = False


class Objective(NamedTuple):
    """One objective of an SLO, ready to be measured; `target` is a share, slices are in seconds."""

    name: str
    service: str
    description: str
    target: float
    method: str
    window: Window
    indicator: Indicator
    operator: str
    value: float | None
    slice: int
    slice_target: float
    alerts: tuple[Alert, ...]
    origin: Origin


class Unread(NamedTuple):
    """An objective that cannot be measured, or an alert that cannot be judged, as it is written, and why."""

    name: str
    reason: str
    origin: Origin
    alert: bool = False


class _Object(NamedTuple):
    kind: str
    name: str
    metadata: dict[str, Any]
    spec: dict[str, Any]
    shown: str
    text: bytes
    chunk: Chunk

    def origin(self, places: dict[str, ValuePath]) -> Origin:
        return Origin(self.shown, self.text, self.chunk, places)


class Documents(NamedTuple):
    """What some files declare: objectives, what is composed of them, what cannot be read, and comments that may
    waive something."""

    objectives: list[Objective]
    composites: list[Composite]
    unread: list[Unread]
    remarks: list[Remark]


def read(paths: Sequence[str], base: str, coverage: Coverage) -> Documents:
    """All objectives of some files.

    A file that is no OpenSLO, or not to be parsed, is a failed input of the coverage.
    """
    from assay.kubernetes.remarks import remarks
    from assay.paths import display

    objects: dict[tuple[str, str], _Object] = {}
    slos: list[_Object] = []
    comments: list[Remark] = []
    for path in paths:
        shown = display(path, base)
        try:
            data = _text(path)
            there = list(_objects(shown, data))
        except Fault as fault:
            coverage.input(shown, "failed", str(fault))
            continue
        except Broken as error:
            coverage.input(shown, "failed", str(error), error.line)
            continue
        wrong = [one for one in there if isinstance(one, Fault)]
        coverage.input(shown, "failed" if wrong else "read", "; ".join(map(str, wrong)) or None)
        comments += remarks(shown, data)
        for one in there:
            if isinstance(one, Fault):
                continue
            twice = objects.setdefault((one.kind, one.name), one)
            if twice is not one:
                coverage.notes.append(f"{one.shown}: {one.kind} {one.name} is in {twice.shown} already, which counts")
            elif one.kind == "SLO":
                slos.append(one)
    reader = _Reader(objects)
    told = Documents([], [], [], comments)
    for slo in slos:
        for result in reader.objectives(slo):
            if isinstance(result, Objective):
                told.objectives.append(result)
            elif isinstance(result, Composite):
                told.composites.append(result)
            else:
                told.unread.append(result)
    coverage.notes += reader.notes
    return told


def _text(path: str) -> bytes:
    try:
        with open(path, "rb") as handle:
            data = handle.read(MAX_FILE + 1)
    except OSError as error:
        raise Fault(f"it cannot be read: {error.strerror}") from None
    if len(data) > MAX_FILE:
        raise Fault(f"it is larger than {MAX_FILE:,} bytes, which no file of objectives is")
    return decoded(data)


def _objects(shown: str, data: bytes) -> Iterator[_Object | Fault]:
    """The objects of a text, and what is wrong with those that have no name or kind.

    Raises:
        Broken: it cannot be parsed.
        Fault: there is none of OpenSLO in it.
    """
    others: list[str] = []
    count = 0
    for chunk in split(data):
        text = data[chunk.start : chunk.end]
        value = yaml_documents.parse(text, chunk.line).value
        if value is None:
            continue
        version = value.get("apiVersion") if isinstance(value, dict) else None
        if version not in VERSIONS:
            others.append(str(version))
            continue
        count += 1
        try:
            yield _object(value, shown, text, chunk)
        except Fault as fault:
            yield fault
    if count == 0:
        raise Fault(_no_openslo(others))


def _no_openslo(versions: list[str]) -> str:
    old = next((v for v in versions if v.startswith(("openslo", "n9/"))), None)
    if old:
        return f"its apiVersion is {old}; Assay reads openslo/v1"
    return "there is no OpenSLO document in it: one begins with `apiVersion: openslo/v1`"


def _object(value: dict[str, Any], shown: str, text: bytes, chunk: Chunk) -> _Object:
    kind, metadata = value.get("kind"), value.get("metadata")
    if kind not in KINDS:
        raise Fault(f"line {chunk.line + 1}: its kind is {kind!r}; OpenSLO has {', '.join(KINDS)}")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        said = metadata.get("name") if isinstance(metadata, dict) else None
        raise Fault(f"line {chunk.line + 1}: metadata.name of this {kind} is {said!r}; a name is a text")
    spec = value.get("spec")
    return _Object(kind, name, metadata, spec if isinstance(spec, dict) else {}, shown, text, chunk)  # type: ignore[arg-type]


class _Reader:
    """Follows references among the objects of an audit."""

    def __init__(self, objects: dict[tuple[str, str], _Object]) -> None:
        self.known = objects
        self.notes: list[str] = []

    def objectives(self, slo: _Object) -> Iterator[Objective | Composite | Unread]:
        """Every objective of an SLO, and what it is composed of."""
        service = str(slo.spec.get("service") or "")
        whole = slo.origin({"": ("metadata", "name")})
        written = slo.spec.get("objectives")
        try:
            if not isinstance(written, list) or not written:
                raise Fault("it has no objectives")
            common = window(slo.spec.get("timeWindow")), _method(slo.spec.get("budgetingMethod"))
        except Fault as fault:
            yield Unread(slo.name, f"{slo.name}: {fault}", whole)
            return
        told = list(alerts(slo.spec, self._spec, self.notes))
        alerting = tuple(a for a in told if isinstance(a, Alert))
        for wrong in (a for a in told if isinstance(a, Fault)):
            at = slo.origin({"": ("spec", "alertPolicies")})
            yield Unread(slo.name, f"{slo.name}: {wrong}", at, alert=True)
        names = _names(slo.name, written)
        composed = _is_composite(written)
        for i, one in enumerate(written):
            place = ("spec", "objectives", i)
            origin = slo.origin({"": place, "target": (*place, "targetPercent" if _percent(one) else "target")})
            try:
                yield self._objective(slo, one, names[i], common, () if composed else alerting, origin)
            except Fault as fault:
                yield Unread(names[i], f"{names[i]}: {fault}", origin)
        if composed:
            try:
                weights = dict(zip(names, map(_weight, written), strict=True))
                yield Composite(
                    slo.name, service, str(slo.spec.get("description") or ""), weights, alerting, whole
                )  # fmt: skip
            except Fault as fault:
                yield Unread(slo.name, f"{slo.name}: {fault}", whole)

    def _spec(self, kind: str, name: str) -> dict[str, Any] | None:
        found = self.known.get((kind, name))
        return None if found is None else found.spec

    def _objective(
        self, slo: _Object, one: Any, name: str, common: tuple[Window, str], alerting: tuple[Alert, ...], origin: Origin
    ) -> Objective:
        if not isinstance(one, dict):
            raise Fault("an objective is a map with target")
        own = one if "indicator" in one or "indicatorRef" in one else slo.spec
        indicator = self._indicator(own, slo)
        operator, value = "", None
        if indicator.form == "threshold":
            operator = str(one.get("op", ""))
            if operator not in OPERATORS:
                raise Fault(f"op is {one.get('op')!r}; a thresholdMetric is compared by {', '.join(OPERATORS)}")
            value = _number(one.get("value"), "value")
        size, least = _slices(one, common[1])
        return Objective(
            name, str(slo.spec.get("service") or ""), str(slo.spec.get("description") or ""), _target(one), common[1],
            common[0], indicator, operator, value, size, least, alerting, origin,
        )  # fmt: skip

    def _indicator(self, own: dict[str, Any], slo: _Object) -> Indicator:
        spec = own.get("indicator")
        if spec is not None:
            spec = spec.get("spec") if isinstance(spec, dict) else None
        else:
            name = own.get("indicatorRef")
            if not name:
                raise Fault("it has neither indicator nor indicatorRef")
            found = self.known.get(("SLI", str(name)))
            if found is None:
                raise Fault(f"indicatorRef {name}: there is no SLI of that name in the files given")
            spec = found.spec
        if not isinstance(spec, dict):
            raise Fault("its indicator has no spec")
        ratio, threshold = spec.get("ratioMetric"), spec.get("thresholdMetric")
        if isinstance(ratio, dict) == isinstance(threshold, dict):
            raise Fault("its indicator has one of ratioMetric and thresholdMetric")
        if isinstance(threshold, dict):
            return Indicator("threshold", {"threshold": self._query(threshold, "thresholdMetric", slo)})
        assert isinstance(ratio, dict)
        return self._ratio(ratio, slo)

    def _ratio(self, ratio: dict[str, Any], slo: _Object) -> Indicator:
        there = [name for name in ("good", "bad", "total", "raw") if ratio.get(name) is not None]
        if there == ["raw"]:
            if ratio.get("rawType") not in ("success", "failure"):
                raise Fault(f"rawType is {ratio.get('rawType')!r}; a raw ratio is of success or failure")
            query = self._query(ratio["raw"], "raw", slo)
            return Indicator("raw", {"raw": query}, failure=ratio["rawType"] == "failure")
        if there not in (["good", "total"], ["bad", "total"]):
            raise Fault(f"its ratioMetric has {' and '.join(there) or 'nothing'}; "
                        "it takes good and total, bad and total, or raw alone")  # fmt: skip
        counter = ratio.get("counter", False)
        if not isinstance(counter, bool):
            raise Fault(f"counter is {counter!r}; it is true or false")
        return Indicator("ratio", {n: self._query(ratio[n], n, slo) for n in there}, counter)

    def _query(self, metric: Any, what: str, slo: _Object) -> Query:
        source = metric.get("metricSource") if isinstance(metric, dict) else None
        if not isinstance(source, dict):
            raise Fault(f"{what} has no metricSource")
        word, connection = source.get("type"), {}
        name = source.get("metricSourceRef")
        if name:
            found = self.known.get(("DataSource", str(name)))
            if found is None and not word:
                raise Fault(f"metricSourceRef {name}: there is no DataSource of that name in the files given")
            if found is not None:
                word = word or found.spec.get("type")
                details = found.spec.get("connectionDetails")
                connection = details if isinstance(details, dict) else {}
                self._warn(found, connection)
        kind = kind_of(word)
        if kind is None:
            raise Fault(f"{what} is measured by {word or 'nothing that it names'}; "
                        "Assay asks Prometheus, CloudWatch and OCIMonitoring")  # fmt: skip
        spec = source.get("spec")
        return Query(kind, spec if isinstance(spec, dict) else {}, connection)

    def _warn(self, source: _Object, connection: dict[str, Any]) -> None:
        secret = next((k for k in connection if _secret(k)), None)
        said = f"{source.shown}: {source.name} holds {secret}, which is not used: credentials come from the environment"
        if secret and said not in self.notes:
            self.notes.append(said)


def _secret(key: str) -> bool:
    low = key.lower()
    return any(word in low for word in ("secret", "password", "token", "accesskey", "apikey"))


def _names(name: str, written: list[Any]) -> list[str]:
    """A name for every objective: the SLO's own where it has one only."""
    if len(written) == 1:
        return [name]
    shown = [str(o.get("displayName") or "") if isinstance(o, dict) else "" for o in written]
    return [f"{name}/{s if s and shown.count(s) == 1 else i + 1}" for i, s in enumerate(shown)]


def _is_composite(written: list[Any]) -> bool:
    """Whether the objectives have indicators of their own, or weights: OpenSLO has both of composites only."""
    parts = [o for o in written if isinstance(o, dict)]
    return len(written) > 1 and any(k in o for o in parts for k in ("indicator", "indicatorRef", "compositeWeight"))


def _weight(one: Any) -> float:
    written = one.get("compositeWeight") if isinstance(one, dict) else None
    found = 1.0 if written is None else _number(written, "compositeWeight")
    if not 0 < found < inf:
        raise Fault(f"compositeWeight is {found:g}; a weight is more than 0")
    return found


def _method(written: Any) -> str:
    if written not in METHODS:
        raise Fault(f"budgetingMethod is {written!r}; there are {', '.join(METHODS)}")
    return str(written)


def _percent(one: Any) -> bool:
    return isinstance(one, dict) and one.get("targetPercent") is not None


def _number(written: Any, what: str) -> float:
    if isinstance(written, bool):
        raise Fault(f"{what} is {written!r}, which is no number")
    try:
        return float(written)
    except (TypeError, ValueError):
        raise Fault(f"{what} is {written!r}, which is no number") from None


def _target(one: dict[str, Any]) -> float:
    if (one.get("target") is None) == (one.get("targetPercent") is None):
        raise Fault("it has one of target and targetPercent")
    if _percent(one):
        found = _number(one["targetPercent"], "targetPercent")
        if not 0 <= found < 100:
            raise Fault(f"targetPercent is {found:g}; it is from 0 to less than 100, or there is no budget at all")
        return round(found / 100, 12)
    found = _number(one["target"], "target")
    if not 0 <= found < 1:
        hint = f"; write targetPercent: {found:g}" if 1 < found < 100 else ""
        raise Fault(f"target is {found:g}; it is a share from 0 to less than 1{hint}")
    return found


def _slices(one: dict[str, Any], method: str) -> tuple[int, float]:
    """The seconds of a time slice, and the share of it that is to be good; nothing where none are asked for."""
    if method == "Occurrences":
        return 0, 0.0
    written = one.get("timeSliceWindow")
    if written is None:
        raise Fault(f"timeSliceWindow is missing, which {method} needs")
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        size = round(written * 60)
    else:
        size = seconds(written, "timeSliceWindow")
    if size < 60 or size % 60:
        raise Fault(f"timeSliceWindow is {written!r}; it is some whole minutes")
    if method == "RatioTimeslices":
        return size, 0.0
    least = _number(one.get("timeSliceTarget"), "timeSliceTarget")
    if not 0 <= least <= 1:
        raise Fault(f"timeSliceTarget is {least:g}; it is a share from 0 to 1")
    return size, least


def _speaks(path: str) -> bool:
    """Whether a file of a directory may hold OpenSLO; of one that cannot be read, that is found out when it is."""
    try:
        return b"openslo" in _text(path)
    except Fault:
        return os.path.isfile(path)


def files_of(paths: Sequence[str]) -> list[str]:
    """The files that are named, and those that speak of OpenSLO below the directories that are, in a fixed order.

    Raises:
        UsageError: a path does not exist, or a directory holds none.
    """
    from assay.scan import UsageError

    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            every = sorted(os.path.join(t, n) for t, _, names in os.walk(path) for n in names if n.endswith(ENDINGS))
            inside = [file for file in every if _speaks(file)]
            if not inside:
                raise UsageError(f"{path}: there is no file of objectives in it ({', '.join(ENDINGS)})")
            found += inside
        elif os.path.lexists(path):
            found.append(path)
        else:
            raise UsageError(f"{path}: there is no such file or directory")
    return list(dict.fromkeys(found))
