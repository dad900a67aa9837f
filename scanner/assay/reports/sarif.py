"""`-o sarif`: the whole report as SARIF 2.1.0 (docs/decisions say how verdicts map), and the base of `-o github`.

The head is built with sarif-om and written first; results follow one by one, so that memory does not grow with them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Verdict
from assay.reports import shape
from assay.reports.json import dumps
from assay.reports.places import Places, in_file, stand_in
from assay.reports.sarif_model import LEVELS, cut, log, notification, notifications, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding, Location

_KINDS = {Verdict.FAIL: "fail", Verdict.WAIVED: "fail", Verdict.UNKNOWN: "open", Verdict.PASS: "pass"}
_SUPPRESSION = {"inline": "inSource", "annotation": "inSource", "foreign": "inSource", "file": "external"}
_FLOW_MOST = 1000
_RELATED_MOST = 50
_MESSAGE_MOST = 4000
_LINES_MOST = 40


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the full log. Option `category`: the run's category among several logs of one commit."""
    shown = [f for f in report.findings if f.verdict is not Verdict.NOT_EVALUATED]
    write_log(report, stream, shown, Uris(report.base), category=options.get("category"))


def write_log(
    report: Report,
    stream: TextIO,
    findings: Sequence[Finding],
    uris: Uris,
    *,
    category: str | None = None,
    github: bool = False,
    left_out: int = 0,
) -> None:
    """Write a log of these findings; `left_out` is how many more there are."""
    used = {f.rule for f in findings}
    rules = [r for _, r in sorted(report.rules.items()) if not github or r.id in used]
    indexes = {r.id: n for n, r in enumerate(rules)}
    notes = notifications(report, uris, indexes)
    if left_out:
        said = f"{left_out} results are left out: GitHub shows 5,000, and these are the most severe"
        notes.append(notification("results-left-out", "warning", said))
    head = dumps(log(report, rules, notes, category, rooted=not github))
    stream.write(head.removesuffix("}]}") + ',"results":[')  # the run's own brace, the list of runs, the log
    results = _Results(report, uris, indexes, github)
    stream.writelines(f"{',' if n else ''}\n{dumps(results.result(f))}" for n, f in enumerate(findings))
    stream.write("\n]}]}\n")


class Uris:
    """Files as URIs, each computed once.

    Args:
        base: what the files' paths are relative to.
        root: what the URIs are to be relative to, symbolic links resolved; None leaves the paths as they are.
    """

    def __init__(self, base: str, root: str | None = None) -> None:
        self.base, self.root = base, root
        self._known: dict[str, str] = {}

    def __call__(self, file: str) -> str:
        if file not in self._known:
            self._known[file] = self._uri(shape.utf8(file).replace(os.sep, "/"))
        return self._known[file]

    def _uri(self, file: str) -> str:
        from urllib.parse import quote

        if self.root is None:
            return f"file://{quote(file)}" if file.startswith("/") else quote(file)
        full = os.path.realpath(os.path.join(self.base, file))
        path = os.path.relpath(full, os.path.realpath(self.root)).replace(os.sep, "/")
        return quote(f"outside-the-repository/{os.path.basename(full)}" if path.startswith("../") else path)


class _Results:
    """Findings as SARIF results."""

    def __init__(self, report: Report, uris: Uris, indexes: dict[str, int], github: bool) -> None:
        self.report, self.uris, self.indexes, self.github = report, uris, indexes, github
        self.places = Places(report)

    def result(self, f: Finding) -> dict[str, Any]:
        clean = shape.cleaner(f)
        failing = shape.failing(self.report, f) or f.verdict is Verdict.WAIVED
        message = sentence(clean(f.message) or f.rule)
        address = clean(f.resource.address)
        if address not in message:
            message = f"{address}: {message}"
        related = [self.place(b, id=n, text=clean(shape.related_note(b))) for n, b in enumerate(f.because, 1)]
        made: dict[str, Any] = {"ruleId": f.rule}
        if f.rule in self.indexes:
            made["ruleIndex"] = self.indexes[f.rule]
        if not failing:
            made["kind"] = _KINDS[f.verdict]
        made |= {
            "level": LEVELS[f.severity] if failing else "none",
            "message": {"text": cut(message, _MESSAGE_MOST) + self.links(f, clean)},
            "locations": [self.where(f, address)],
            "partialFingerprints": {"primaryLocationLineHash": self.places.hash(f)},
            "fingerprints": {"assay/v1": f.fingerprint},
        }
        if related:
            made["relatedLocations"] = related[:_RELATED_MOST]
        if f.trace:
            made["codeFlows"] = [{"threadFlows": [{"locations": list(self.flow(f, clean))}]}]
        if self.report.difference is not None:
            made["baselineState"] = "new"
        elif f.waiver is not None and f.waiver.kind == "baseline":
            made["baselineState"] = "unchanged"
        if f.waiver is not None:
            made["suppressions"] = [self.suppression(f)]
        made["properties"] = self.properties(f, clean)
        return made

    def where(self, f: Finding, address: str) -> dict[str, Any]:
        place = f.location
        logical = {"fullyQualifiedName": address, "kind": "resource"}
        if f.resource.name:
            logical["name"] = shape.text(f.resource.name)
        if place is None or not in_file(f):
            region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
            physical: dict[str, Any] = {"artifactLocation": {"uri": stand_in(f)}, "region": region}
        else:
            physical = self.physical(place)
            if not self.github and f.verdict is not Verdict.PASS:
                self.code(place, physical)
        logicals = [logical]
        code = shape.code_dict(f.resource)
        if code is not None:
            logicals.append({"fullyQualifiedName": code["address"], "kind": "declaration"})
        return {"physicalLocation": physical, "logicalLocations": logicals}

    def code(self, place: Location, physical: dict[str, Any]) -> None:
        """Add the code meant and, where there is more of it, the lines around."""
        rows = self.places.excerpt(place, before=2, after=2, most=_LINES_MOST)
        meant = [row for row in rows if row.end]
        if rows and rows[-1].number >= place.end_line:
            physical["region"]["snippet"] = {"text": "\n".join(row.text[row.start : row.end] for row in meant)}
        if len(rows) > len(meant) and rows[-1].number >= place.end_line:
            around = {"text": "\n".join(row.text for row in rows)}
            physical["contextRegion"] = {"startLine": rows[0].number, "endLine": rows[-1].number, "snippet": around}

    def physical(self, place: Location) -> dict[str, Any]:
        line, last = max(1, place.start_line), max(1, place.start_line, place.end_line)
        column = max(1, place.start_column)
        end = max(1, place.end_column, column if last == line else 1)
        uri: dict[str, Any] = {"uri": self.uris(place.file)}
        if self.uris.root is None and not uri["uri"].startswith("file:"):
            uri["uriBaseId"] = "SRCROOT"
        region = {"startLine": line, "startColumn": column, "endLine": last, "endColumn": end}
        return {"artifactLocation": uri, "region": region}

    def place(self, place: Location, text: str, **more: Any) -> dict[str, Any]:
        if not place.file or place.file == place.address or "://" in place.file:  # a live resource
            return {**more, "message": {"text": text}, "logicalLocations": [{"fullyQualifiedName": place.file}]}
        return {**more, "physicalLocation": self.physical(place), "message": {"text": text}}

    def links(self, f: Finding, clean: Any) -> str:
        """GitHub shows a related place only where the message links to it."""
        if not self.github:
            return ""
        escape = str.maketrans({"[": "\\[", "]": "\\]", "\\": "\\\\"})
        notes = [clean(shape.related_note(b)).translate(escape) for b in f.because[:5] if b.file != b.address]
        return "".join(f" See [{note}]({n})." for n, note in enumerate(notes, 1))

    def flow(self, f: Finding, clean: Any) -> Iterator[dict[str, Any]]:
        """How the value came to be, from where it was written to where it decides."""
        from assay.model import Location

        steps = f.trace[: _FLOW_MOST - 1]
        for step in steps if f.hops else reversed(steps):  # a path is told from its beginning
            yield {
                "location": self.place(Location(step.file, step.start_line, 1, step.start_line, 1), clean(step.note))
            }
        if f.location is not None and in_file(f):
            yield {"location": self.place(f.location, sentence(clean(f.message)))}

    def suppression(self, f: Finding) -> dict[str, Any]:
        waiver = shape.waiver_dict(f) or {}
        made = {
            "kind": _SUPPRESSION.get(waiver["kind"], "external"), "status": "accepted",
            "justification": waiver["reason"] or "no reason was given",
        }  # fmt: skip
        extra = {k: waiver[k] for k in ("place", "owner", "expires") if waiver[k]}
        return {**made, "properties": extra} if extra else made

    def properties(self, f: Finding, clean: Any) -> dict[str, Any]:
        r = f.resource
        made: dict[str, Any] = {
            "verdict": f.verdict.value, "severity": f.severity.label, "theme": f.theme, "resourceType": r.type,
            "source": r.source, "account": r.account, "region": r.region,
        }  # fmt: skip
        code = shape.code_dict(r)
        if code is not None:
            made |= {"codeAddress": code["address"], "codeConfidence": code["confidence"], "codeBy": code["by"]}
        if not self.github:
            made |= {"evidence": shape.evidence(f, clean), "fixable": f.fix is not None}
        return {k: v for k, v in made.items() if v is not None}
