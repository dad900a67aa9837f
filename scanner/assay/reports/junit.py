"""`-o junit`: a suite for each rule, a case for each resource it judged; what could not be read is an error.

A test runner's view: failed is a failure, undecided and waived are skipped (undecided fails under `--strict`), what
could not be evaluated is an error, never a success.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from assay.model import Verdict
from assay.reports import shape
from assay.reports.places import in_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KINDS = ("failure", "error", "skipped")


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the suites."""
    suites: dict[str, list[Finding]] = {}
    for f in report.findings:
        suites.setdefault(f.rule, []).append(f)
    problems = [p for p in shape.coverage_problems(report) if p.kind != "remark"]
    kinds = ["error" if p.level == "error" else "skipped" for p in problems]
    totals = _count([_kind(report, f) for f in report.findings] + kinds)
    stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="assay"{totals}>\n')
    for rule, group in suites.items():
        stream.write(f" <testsuite name={_attribute(rule)}{_count(_kind(report, f) for f in group)}>\n")
        stream.writelines(_cases(report, group))
        stream.write(" </testsuite>\n")
    if problems:
        stream.write(f' <testsuite name="coverage"{_count(kinds)}>\n')
        for kind, problem in zip(kinds, problems, strict=True):
            stream.write(f'  <testcase classname="coverage" name={_attribute(problem.where)} time="0">')
            stream.write(f"<{kind} message={_attribute(problem.what)}/></testcase>\n")
        stream.write(" </testsuite>\n")
    stream.write("</testsuites>\n")


def _kind(report: Report, f: Finding) -> str:
    if shape.failing(report, f):
        return "failure"
    return {Verdict.PASS: "", Verdict.NOT_EVALUATED: "error"}.get(f.verdict, "skipped")


def _count(kinds: Iterable[str]) -> str:
    listed = list(kinds)
    plural = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    counts = "".join(f' {plural[kind]}="{listed.count(kind)}"' for kind in _KINDS)
    return f' tests="{len(listed)}"{counts} time="0"'


def _cases(report: Report, group: list[Finding]) -> Iterator[str]:
    for f in group:
        clean, kind, place = shape.cleaner(f), _kind(report, f), f.location
        name = clean(f.resource.address) + (f" {f.fingerprint[:8]}" if len(group) > 1 else "")
        at = f' file={_attribute(place.file)} line="{place.start_line}"' if place and in_file(f) else ""
        head = f'  <testcase classname={_attribute(f.rule)} name={_attribute(name)}{at} time="0"'
        if not kind:
            yield f"{head}/>\n"
            continue
        said = clean(f.message)
        if f.waiver is not None:
            said = f"waived: {shape.text(f.waiver.reason)}"
        severity = f' type="{f.severity.label}"' if kind != "skipped" else ""
        body = "" if kind == "skipped" else _body(report, f)
        yield f"{head}><{kind} message={_attribute(said)}{severity}>{body}</{kind}></testcase>\n"


def _body(report: Report, f: Finding) -> str:
    place, rule = f.location, report.rules.get(f.rule)
    lines = [f"{place.file}:{place.start_line}:{place.start_column}"] if place and in_file(f) else []
    if rule is not None:
        pairs = (("Why", rule.why), ("Fix", rule.fix), ("Controls", ", ".join(f.controls)))
        lines += [f"{word}: {shape.one_line(said)}" for word, said in pairs if said]
    return escape(_NOT_XML.sub("�", "\n".join(lines)))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("�", shape.one_line(text)))
