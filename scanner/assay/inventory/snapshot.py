"""Snapshots: the file between collecting and evaluating, one JSON record a line, gzip-compressed (`.jsonl.gz`).

The first line is the header `{"schema": "assay-snapshot/1", "feeds": {source: [types]}, ...}`, where `feeds` says which
types the collection looks for at all and `left_out` those it was told not to; then, in the order of collection:

- `{"resource": {"type", "address", "source", "name", "account", "region", "values"}}`
- `{"unit": {"account", "region", "service", "status", "reason"}}`: a unit of work is finished
- `{"unlisted": {"type", "account", "region", "reason"}}`: nobody could list these
- `{"end": {"resources": N}}`: the last line; without it the snapshot was cut off, and says so

An unknown value is `{"$unknown": "reason"}` (with `"sensitive": true` a credential that was masked), a reference
`{"$ref": ["address", "attribute"]}`, an incomplete list `{"$partial": [...], "reason": "..."}`, a map with such keys of
its own `{"$map": {...}}`.
"""

from __future__ import annotations

import json
import sys
from typing import IO, TYPE_CHECKING, Any

from assay.model import Location, PartialList, Ref, Resource, Text, Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    import gzip
    from collections.abc import Iterable, Iterator
    from typing import Self

    from assay.model import Intake, Step, ValuePath

SCHEMA = "assay-snapshot/1"
_LEVEL = 3
"""Of gzip: the default, 9, takes three times as long, more than all the rest of writing a snapshot."""


class RecordWriter:
    """Writes records as they come, each a complete line, as one gzip member.

    The bytes depend on the records alone: no time, no file name.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        import gzip

        self._zip: gzip.GzipFile = gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0)
        self.count = 0
        self.statuses: set[str] = set()
        """Of the units written so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def line(self, record: dict[str, Any]) -> None:
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self._zip.write(text.encode("utf-8", "surrogatepass") + b"\n")

    def header(self, header: dict[str, Any]) -> None:
        """The first line; the schema stands first in it, because who looks what a file is reads its beginning only."""
        rest = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False)[1:]
        text = f'{{"schema":"{SCHEMA}"{"," if header else ""}{rest}'
        self._zip.write(text.encode("utf-8", "surrogatepass") + b"\n")

    def resource(self, r: Resource) -> None:
        record = {
            "type": r.type, "address": r.address, "source": r.source, "name": r.name, "account": r.account,
            "region": r.region,
        }  # fmt: skip
        kept: dict[str, Any] = {k: v for k, v in record.items() if v not in (None, "")}
        text = _plain({"resource": {**kept, "values": r.values}})
        if text is not None:
            self._zip.write(text + b"\n")
        else:
            self.line({"resource": {**kept, "values": encode(r.values)}})
        self.count += 1

    def unit(
        self, account: str | None, region: str | None, service: str, status: str, reason: str | None = None
    ) -> None:
        self.line(
            {"unit": {"account": account, "region": region, "service": service, "status": status, "reason": reason}}
        )
        self.statuses.add(status)

    def unlisted(self, type_: str, account: str | None, region: str | None, reason: str) -> None:
        self.line({"unlisted": {"type": type_, "account": account, "region": region, "reason": reason}})


class SnapshotWriter(RecordWriter):
    """A whole snapshot: the header, the records, and the last line when it is closed."""

    def __init__(self, path: str, header: dict[str, Any] | None = None) -> None:
        self._raw: IO[bytes] = open(path, "wb")  # noqa: SIM115 - closed by close()
        super().__init__(self._raw)
        self.header(header or {})

    def close(self) -> None:
        self.line({"end": {"resources": self.count}})
        self._zip.close()
        self._raw.close()

    @staticmethod
    def begin(raw: IO[bytes], header: dict[str, Any]) -> None:
        """The header as a gzip member of its own: members follow each other, so finished ones can be joined."""
        with RecordWriter(raw) as writer:
            writer.header(header)

    @staticmethod
    def end(raw: IO[bytes], count: int) -> None:
        """The last line as a gzip member of its own."""
        with RecordWriter(raw) as writer:
            writer.line({"end": {"resources": count}})


def _plain(record: dict[str, Any]) -> bytes | None:
    """The record as it stands, where it holds nothing that must be encoded: most do, and this is ten times as fast."""
    import orjson

    try:
        text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS)
    except TypeError:  # an unknown, an incomplete list, a surrogate, a number beyond 64 bits
        return None
    return None if b'"$' in text else text


def encode(value: Any) -> Any:
    """A value as JSON can hold it, unknowns included."""
    if isinstance(value, Ref):
        return {"$ref": [value.target, value.attribute]}
    if isinstance(value, Text):
        return {"$text": [p if isinstance(p, str) else encode(p) for p in value.parts]}
    if isinstance(value, Unknown):
        return {"$unknown": value.reason, "sensitive": True} if value.sensitive else {"$unknown": value.reason}
    if isinstance(value, PartialList):
        return {"$partial": [encode(v) for v in value.known()], "reason": value.unknown.reason}
    if isinstance(value, list):
        return [encode(v) for v in value]
    if isinstance(value, dict):
        plain = {str(k): encode(v) for k, v in value.items()}
        return {"$map": plain} if any(k.startswith("$") for k in plain) else plain
    return value


def decode(value: Any) -> Any:
    """The inverse of `encode`."""
    if isinstance(value, list):
        return [decode(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "$unknown" in value:
        masked = value.get("sensitive") is True  # which certainly is there
        return Unknown(str(value["$unknown"]), not_null=masked, sensitive=masked)
    if "$ref" in value:
        return Ref(*value["$ref"])
    if "$text" in value:
        return Text([decode(p) for p in value["$text"]])
    if "$partial" in value:
        return PartialList([decode(v) for v in value["$partial"]], Unknown(str(value.get("reason"))))
    return {k: decode(v) for k, v in value.get("$map", value).items()}


class _Line:
    """A resource of a snapshot is found at its line there."""

    __slots__ = ("file", "number")

    def __init__(self, file: str, number: int) -> None:
        self.file = file
        self.number = number

    def locate(self, path: ValuePath) -> Location:
        return Location(self.file, self.number, 1, self.number, 1)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def opened(path: str) -> gzip.GzipFile | IO[bytes]:
    """The lines of a snapshot, unpacked."""
    import gzip

    return gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")


def records(path: str) -> Iterator[dict[str, Any]]:
    """The records of a snapshot, or of a part of one, as they are written.

    Raises:
        OSError, EOFError, ValueError: it cannot be read, is cut off, or holds a line that is no record.
    """
    import orjson

    with opened(path) as handle:
        for line in handle:
            yield orjson.loads(line)


def read(lines: Iterable[bytes], shown: str, intake: Intake, *, kept: bool = True) -> None:
    """Pour the lines of a snapshot into `intake`; what is wrong with it becomes coverage.

    Resources are located at their lines in `shown` when the file is `kept`, else at their own addresses.
    """
    import orjson

    ended = False
    for number, line in enumerate(lines, 1):
        try:
            record = orjson.loads(line)  # it shares the keys of all lines, which a large inventory consists of
        except ValueError:
            intake.coverage.input(shown, "failed", f"line {number} is not a whole JSON record", number)
            return
        try:
            if number == 1:
                if record.get("schema") != SCHEMA:
                    said = f"this snapshot is {record.get('schema')}; this version of Assay reads {SCHEMA}"
                    intake.coverage.input(shown, "failed", said)
                    return
                _take_header(record, intake)
            elif "resource" in record:
                origin = _Line(shown, number) if kept else None
                intake.add(_resource(record["resource"], origin, encoded=b'"$' in line))
            elif "unit" in record:
                u = record["unit"]
                intake.coverage.unit(u["account"], u["region"], u["service"], u["status"], u["reason"])
            elif "unlisted" in record:
                u = record["unlisted"]
                intake.coverage.not_listed(_text(u["type"]), u["account"], u["region"], u["reason"])
            else:
                ended = bool(record["end"])
        except (AttributeError, KeyError, TypeError):
            intake.coverage.input(shown, "failed", f"line {number} is no record of a snapshot", number)
            return
    if ended:
        intake.coverage.input(shown, "read")
    else:
        intake.coverage.input(shown, "failed", "the snapshot has no last line: its collection was cut off")


def _take_header(record: dict[str, Any], intake: Intake) -> None:
    for source, types in record.get("feeds", {}).items():
        intake.coverage.feeds.setdefault(source, set()).update(map(_text, types))
    intake.coverage.left_out.update(map(_text, record.get("left_out", ())))


def _resource(r: dict[str, Any], origin: _Line | None, *, encoded: bool) -> Resource:
    """The resource of a record.

    Raises:
        AttributeError, KeyError, TypeError: it is none.
    """
    values = r["values"]
    if type(values) is not dict:
        raise TypeError
    return Resource(
        sys.intern(r["type"]), _text(r["address"]), sys.intern(r["source"]),
        decode(values) if encoded else values, origin,
        name=_text(r.get("name", "")), account=_intern(r.get("account")), region=_intern(r.get("region")),
    )  # fmt: skip


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _intern(text: str | None) -> str | None:
    return None if text is None else sys.intern(text)


# --- comparing two --------------------------------------------------------------------------------------------------


class Change(NamedTuple):
    """One resource that two snapshots tell differently; `paths` (dotted) are what changed of it."""

    kind: str  # added | removed | changed
    type: str
    address: str
    account: str | None
    region: str | None
    paths: tuple[str, ...] = ()


def compare(old: str, new: str) -> list[Change]:
    """What the snapshot `new` has that `old` has not, the other way round, and what differs; by type and address.

    Raises:
        OSError, EOFError, ValueError: one of them cannot be read.
    """
    before = {_identity(r): r for r in _resources(old)}
    found: list[Change] = []
    for r in _resources(new):
        was = before.pop(_identity(r), None)
        if was is None:
            found.append(Change("added", *_identity(r)))
        elif was.get("values") != r.get("values"):
            paths = tuple(sorted(_differences(was.get("values", {}), r.get("values", {}), "")))
            found.append(Change("changed", *_identity(r), paths))
    found += [Change("removed", *key) for key in before]
    return sorted(found, key=lambda c: (c.kind, c.type, c.address, c.account or "", c.region or ""))


def _resources(path: str) -> Iterator[dict[str, Any]]:
    return (record["resource"] for record in records(path) if "resource" in record)


def _identity(r: dict[str, Any]) -> tuple[str, str, str | None, str | None]:
    return r["type"], r["address"], r.get("account"), r.get("region")


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            if old.get(key) != new.get(key):
                yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            if a != b:
                yield from _differences(a, b, f"{path}[{i}]")
    else:
        yield path
