"""Reports read back from what `-o json` wrote, and several of them as one.

What comes back is what a report shows, no more: resources without their values, fixes without their edits. What was
masked stays masked. Titles, reasons and remedies come from the rules of this installation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.engine import Report
from assay.ledger.difference import Difference
from assay.ledger.trend import Trend
from assay.model import (
    Coverage,
    Finding,
    Fix,
    Hop,
    Location,
    NowhereOrigin,
    Resource,
    Severity,
    Step,
    Unknown,
    Verdict,
    Waiver,
    parse_path,
)
from assay.reports.shape import SCHEMA
from assay.scan import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.catalogue import Catalogue

_GRAVEST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_EVALUATED, Verdict.WAIVED, Verdict.PASS)
_PLACE_KEYS = ("file", "start_line", "start_column", "end_line", "end_column")
_NOT_KEPT = Unknown("the report that was read does not say why; the message may")


def read(path: str) -> Report:
    """The report in a file.

    Raises:
        UsageError: it cannot be read, or it is no report of Assay's.
    """
    import orjson

    try:
        with open(path, "rb") as handle:
            written = orjson.loads(handle.read().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: not a report: it is no JSON ({error})") from error
    schema = written.get("schema") if isinstance(written, dict) else None
    if schema != SCHEMA:
        said = f"its schema is {schema!r}" if schema else "it names no schema"
        raise UsageError(f"{path}: not a report: {said}, wanted is {SCHEMA!r}; `assay scan -o json={path}` writes one")
    try:
        return _report(written)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path}: not a whole report: {what}; it may have been edited or cut off") from error


def merge(reports: Sequence[Report], catalogue: Catalogue) -> Report:
    """Several reports as one; what two of them say of one thing stands once, with the graver verdict.

    Resources and passes are added up, so an input that two runs read counts twice there.
    """
    findings: dict[tuple[str | None, ...], Finding] = {}
    for finding in (f for report in reports for f in report.findings):
        r, place = finding.resource, finding.location
        mine = (finding.rule, finding.fingerprint, r.account, r.region, place.file if place else None)
        known = findings.get(mine)
        if known is None or _GRAVEST.index(finding.verdict) < _GRAVEST.index(known.verdict):
            findings[mine] = finding
    rules = _rules({f.rule for f in findings.values()}, catalogue)
    if len(reports) == 1:
        merged = Report(reports[0].findings, reports[0].summary, reports[0].coverage, rules)
        merged.difference, merged.trend = reports[0].difference, reports[0].trend
    else:
        merged = Report(list(findings.values()), _summary(reports), _coverage(reports), rules)
        merged.recount()
        merged.sort()
    for finding in merged.findings:
        if finding.verdict is Verdict.PASS and finding.rule in merged.rules:
            merged.passed[finding.rule] = merged.passed.get(finding.rule, 0) + 1
    return merged


def _rules(ids: set[str], catalogue: Catalogue) -> list[Any]:
    """The rules of these ids; those of a plugin, or of rules that are not here, are left out."""
    return catalogue.load([e for e in catalogue.entries if e.id in ids])


def _summary(reports: Sequence[Report]) -> dict[str, Any]:
    first = reports[0].summary
    merged: dict[str, Any] = {**dict.fromkeys(first, 0), "rules": max(r.summary["rules"] for r in reports)}
    for name in ("resources", "pass"):
        merged[name] = sum(r.summary[name] for r in reports)
    return {name: n for name, n in merged.items() if not name.startswith("health")}


def _coverage(reports: Sequence[Report]) -> Coverage:
    merged = Coverage()
    for cover in (r.coverage for r in reports):
        for mine, theirs in ((merged.inputs, cover.inputs), (merged.units, cover.units)):
            mine += [entry for entry in theirs if entry not in mine]
        merged.unlisted += [entry for entry in cover.unlisted if entry not in merged.unlisted]
        merged.notes += [note for note in cover.notes if note not in merged.notes]
    lost = [word for word, there in (
        ("health score", any("health" in r.summary for r in reports)),
        ("difference from an earlier state", any(r.difference is not None for r in reports)),
        ("linking to code", any(r.coverage.code is not None for r in reports)),
        ("trend", any(r.trend is not None for r in reports)),
    ) if there]  # fmt: skip
    merged.notes += [f"the {word} of a single report is not carried into a merged one" for word in lost]
    return merged


# --- one report -------------------------------------------------------------------------------------------------------


_TEXT_OR_NONE = (str, type(None))
_PLACE = {name: str if name == "file" else int for name in _PLACE_KEYS}
_FINDING: dict[str, Any] = {
    **dict.fromkeys(("rule", "severity", "verdict", "theme", "message", "fingerprint"), str),
    "resource": {"type": str, "address": str, "source": str, "account": _TEXT_OR_NONE, "region": _TEXT_OR_NONE},
    "location": _PLACE, "trace": [{"file": str, "start_line": int, "note": str}],
    "evidence": [{"path": str, "address?": str}], "controls": [str], "equivalents": [str], "fixable": bool,
    "waiver": {"kind": str, "reason": str, "place": str, "owner": _TEXT_OR_NONE, "expires": _TEXT_OR_NONE},
    "related?": [{**_PLACE, "note": str}],
    "path?": [{"kind": str, "address": str, "note": str, "location": _PLACE}],
    "code?": {"address": str, "confidence": str, "by": str, "file": str, "line": int},
}  # fmt: skip
_UNIT = {"account": _TEXT_OR_NONE, "region": _TEXT_OR_NONE}
_WRITTEN: dict[str, Any] = {
    "coverage": {
        "inputs": [{"path": str, "status": str, "reason": _TEXT_OR_NONE, "line?": (int, type(None))}],
        "units": [{**_UNIT, "service": str, "status": str, "reason": _TEXT_OR_NONE}],
        "unlisted?": [{**_UNIT, "type": str, "reason": str}], "notes?": [str], "code?": dict,
    },
    "summary": dict, "findings": [_FINDING],
    "diff?": {"ref": str, "commit": str, "new": int, "fixed": [_FINDING], "unchanged": int},
    "trend?": {"fixed?": [dict.fromkeys(("fingerprint", "verdict", "severity", "rule", "address", "message"), str)]},
}  # fmt: skip
"""What the formats take for granted of a report: types by name. What ends in `?` need not be there; `location` and
`waiver` may be null."""


def _demand(value: Any, wanted: Any, where: str) -> None:
    """Refuse a value that is not of the form that is wanted.

    Raises:
        TypeError: something of it, named from `where`, is of another type.
        KeyError: something of it is missing.
    """
    if isinstance(wanted, dict):
        if value is None and where.endswith(("location", "waiver")):
            return
        if not isinstance(value, dict):
            raise TypeError(f"{where} is no object")
        for name, inner in wanted.items():
            key = name.rstrip("?")
            place = f"{where}.{key}" if where else key
            if key in value:
                _demand(value[key], inner, place)
            elif key == name:
                raise KeyError(place)
    elif isinstance(wanted, list):
        if not isinstance(value, list):
            raise TypeError(f"{where} is no list")
        for number, item in enumerate(value):
            _demand(item, wanted[0], f"{where}[{number}]")
    elif not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise TypeError(f"{where} is {value!r:.40}")


def _report(written: dict[str, Any]) -> Report:
    _demand(written, _WRITTEN, "")
    cover, coverage = written["coverage"], Coverage()
    coverage.inputs = [{"path": i["path"], "status": i["status"], "reason": i["reason"], **i} for i in cover["inputs"]]
    coverage.units = [{name: u[name] for name in ("account", "region", "service", "status", "reason")}
                      for u in cover["units"]]  # fmt: skip
    coverage.unlisted = [(u["type"], u["account"], u["region"], u["reason"]) for u in cover.get("unlisted", ())]
    coverage.notes = [str(note) for note in cover.get("notes", ())]
    coverage.code = cover.get("code")
    summary = dict(written["summary"])
    for name in ("resources", "rules", *(v.value for v in Verdict)):
        if not isinstance(summary[name], int):
            raise TypeError(f"summary.{name} is no number")
    report = Report([_finding(f) for f in written["findings"]], summary, coverage, [])
    if "diff" in written:
        d = written["diff"]
        report.difference = Difference(
            d["ref"], d["commit"], d["new"], [_finding(f) for f in d["fixed"]], d["unchanged"]
        )
    if "trend" in written:
        report.trend = Trend.read(written["trend"])
    return report


class _Declared(NowhereOrigin):
    """The origin of a live resource whose block the report names."""

    __slots__ = ("_code",)

    def __init__(self, address: str, code: dict[str, Any]) -> None:
        super().__init__(address)
        self._code = {name: code[name] for name in ("address", "confidence", "by", "file", "line")}

    def declared(self) -> dict[str, Any]:
        return self._code


def _finding(shown: dict[str, Any]) -> Finding:
    verdict, where = Verdict(shown["verdict"]), shown["resource"]
    evidence = [dict(item) for item in shown["evidence"]]
    values: dict[str, Any] = {}
    if verdict is Verdict.UNKNOWN:
        steps = [parse_path(item.get("path") or "") for item in evidence if item.get("value") is None]
        values = {str(path[0]): _NOT_KEPT for path in steps if path}
    origin = _Declared(where["address"], shown["code"]) if "code" in shown else None
    r = Resource(
        where["type"], where["address"], where["source"], values, origin, account=where["account"],
        region=where["region"],
    )  # fmt: skip
    finding = Finding(
        r, verdict, shown["message"], because=tuple(_place(b) for b in shown.get("related", ())),
        fix=Fix(r, (), None) if shown["fixable"] else None,
    )  # fmt: skip
    finding.severity = Severity[shown["severity"].upper()]
    finding.rule, finding.theme, finding.fingerprint = shown["rule"], shown["theme"], shown["fingerprint"]
    finding.location = _place(shown["location"]) if shown["location"] else None
    finding.trace = [Step(s["file"], s["start_line"], s["note"]) for s in shown["trace"]]
    finding.evidence = evidence
    finding.controls, finding.equivalents = tuple(shown["controls"]), tuple(shown["equivalents"])
    finding.hops = tuple(
        Hop(h["kind"], h["address"], h["note"], _place(h["location"]) if h["location"] else None)
        for h in shown.get("path", ())
    )
    w = shown["waiver"]
    finding.waiver = Waiver(w["kind"], w["reason"], w["place"], w["owner"], w["expires"]) if w else None
    return finding


def _place(shown: dict[str, Any]) -> Location:
    return Location(
        shown["file"], shown["start_line"], shown["start_column"], shown["end_line"], shown["end_column"],
        shown.get("note"),
    )  # fmt: skip
