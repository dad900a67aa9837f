"""`-o markdown`: a comment on a pull request. Short, collapsible, and never longer than GitHub accepts.

Names come from strangers' pull requests: they stand in code spans, and prose is escaped, so that a comment written by
a bot links to nobody and mentions nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.model import Verdict
from assay.reports import shape
from assay.reports.places import in_file
from assay.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding

LONGEST = 65_000  # GitHub refuses a comment of 65,536 characters
_RESERVED = 400  # for the sentence that says what is missing
_OPEN_ROWS = 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&$])")


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the comment. Option `longest`: how many characters it may have."""
    room = int(options.get("longest") or LONGEST) - _RESERVED
    for part in _parts(report):
        if len(part) > room:
            stream.write("\nMore is left out, because a comment must be short; `assay scan` says all.\n")
            return
        room -= len(part)
        stream.write(part)


def _parts(report: Report) -> Iterator[str]:
    """The comment in pieces, the important first; each piece is whole Markdown."""
    failures = [f for f in report.findings if shape.failing(report, f)]
    yield f"## Assay\n\n**{prose(shape.verdict_sentence(report))}** {prose(shape.headline(report))}\n"
    if health := shape.health(report):
        yield "\n" + "".join(f"- {prose(line.strip())}\n" for line in health)
    if levels := [*shape.levels(report), *shape.spend(report)]:
        yield "\n" + "".join(f"- {prose(line)}\n" for line in levels[:_OPEN_ROWS])
    if linked := shape.code_sentences(report):
        yield "\n" + "".join(f"- {prose(line)}\n" for line in linked)
    if failures:
        yield "\n" + _table(failures[:_OPEN_ROWS])
        for start in range(_OPEN_ROWS, len(failures), 100):
            some = failures[start : start + 100]
            yield _details(f"Failures {start + 1} to {start + len(some)}", _table(some))
    if report.difference is not None:
        yield f"\n{prose(report.difference.sentence())}\n"
        yield from _lists("Fixed", [f"{f.rule}: {_said(f)}" for f in report.difference.fixed])
    if report.trend is not None:
        yield f"\n{prose(report.trend.sentence())}\n"
        yield from _lists(
            "Fixed since the last run", [f"{r.rule}: {r.address}: {r.message}" for r in report.trend.fixed]
        )
    rules = [report.rules[r] for r in dict.fromkeys(f.rule for f in failures) if r in report.rules]
    for start in range(0, len(rules), 20):
        texts = (  # a rule's own words are Markdown already
            f"**{code(r.id)}** {r.title}\n\n- Why: {shape.one_line(r.why)}\n- Fix: {shape.one_line(r.fix)}\n"
            for r in rules[start : start + 20]
        )
        yield _details("Why, and how to fix" + (", continued" if start else ""), "\n".join(texts))
    problems = shape.coverage_lines(report)
    broken = [f for f in report.findings if f.verdict is Verdict.NOT_EVALUATED]
    problems += list(dict.fromkeys(f"{f.rule}: {shape.cleaner(f)(f.message)}" for f in broken))
    yield from _lists("What was not read or judged", problems)
    if not report.strict:
        unsure = [f for f in report.findings if f.verdict is Verdict.UNKNOWN]
        yield from _lists("Undecided", [f"{f.rule}: {_said(f)}" for f in unsure])
    waived = [f for f in report.findings if f.verdict is Verdict.WAIVED and f.waiver]
    yield from _lists(
        "Waived", [f"{f.rule}: {_said(f)}: {shape.text(f.waiver.reason) if f.waiver else ''}" for f in waived]
    )


def _lists(title: str, lines: list[str]) -> Iterator[str]:
    for start in range(0, len(lines), 50):
        body = "".join(f"- {prose(line)}\n" for line in lines[start : start + 50])
        yield _details(f"{title} ({len(lines)})" + (", continued" if start else ""), body)


def _details(summary: str, body: str) -> str:
    return f"\n<details><summary>{summary}</summary>\n\n{body}\n</details>\n"


def _table(findings: list[Finding]) -> str:
    rows = "".join(
        f"| {f.severity.label if f.verdict is Verdict.FAIL else 'unknown'} | {code(_where(f), table=True)} "
        f"| {prose(_said(f))} | {code(f.rule, table=True)} |\n"
        for f in findings
    )
    return f"| severity | where | what | rule |\n|---|---|---|---|\n{rows}"


def _where(f: Finding) -> str:
    place = f.location
    return f"{place.file}:{place.start_line}" if place and in_file(f) else shape.cleaner(f)(f.resource.address)


def _said(f: Finding) -> str:
    clean = shape.cleaner(f)
    address, message = clean(f.resource.address), clean(f.message)
    named = address in message or (f.location is not None and f.location.file == f.resource.address)
    return message if named or not in_file(f) else f"{address}: {message}"


def prose(text: str) -> str:
    """Text on one line that Markdown shows as it is written."""
    flat = printable(shape.one_line(shape.utf8(text)))
    escaped = _SPECIAL.sub(r"\\\1", flat)
    # What GitHub turns into links and mentions in plain text; the mention takes an invisible space to prevent.
    return escaped.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "@\u200b")


def code(text: str, *, table: bool = False) -> str:
    """Text as a code span; in a table even there a bar ends the cell."""
    flat = printable(shape.one_line(shape.utf8(text)))
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    flat = flat.replace("|", "\\|") if table else flat
    return f"{fence}{pad}{flat}{pad}{fence}"
