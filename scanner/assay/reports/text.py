"""`-o text`: for a person at a terminal. Failures in full by file, the rest in as few lines as tell the truth."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from assay.model import Verdict
from assay.reports import shape
from assay.reports.places import Places, in_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding
    from assay.reports.places import Line

_COLOURS = {
    "critical": "1;37;41", "high": "1;31", "medium": "33", "low": "36", "info": "34", "unknown": "35", "mark": "1;31",
    "file": "1;4", "dim": "2", "bold": "1", "good": "32", "bad": "1;31",
}  # fmt: skip
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_LIST_MOST = 12
_ALSO_MOST = 3
_SHOW = 110


def printable(text: str) -> str:
    """Text of the input that cannot move the cursor, change colours or reorder what stands beside it."""
    return _UNSAFE.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", text)


def wants_colour(stream: TextIO, asked: bool | None) -> bool:
    """What was asked for; else NO_COLOR, FORCE_COLOR and whether a person is looking."""
    if asked is not None:
        return asked
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the report.

    Options: `colour` True, False or None (the environment decides); `quiet` leaves out code, reasons and whatever is
    no failure, save what was not read; `verbose` adds how values came to be and cuts no list.
    """
    text = _Text(report, stream, options)
    text.failures([f for f in report.findings if shape.failing(report, f)])
    problems = shape.coverage_problems(report)
    if text.quiet:
        problems = [p for p in problems if p.level == "error"]
    else:
        if not report.strict:
            text.undecided([f for f in report.findings if f.verdict is Verdict.UNKNOWN])
        text.listed("Waived", [_waived(f) for f in report.findings if f.verdict is Verdict.WAIVED])
        if report.difference is not None:
            text.listed("Fixed", [_short(f) for f in report.difference.fixed])
        if report.trend is not None:
            text.listed("Fixed since the last run", [f"{r.rule}: {r.address}: {r.message}" for r in report.trend.fixed])
        text.listed("Passed", [_passed(report, f) for f in report.findings if f.verdict is Verdict.PASS], every=True)
        text.listed("Objectives", shape.levels(report))
        text.listed("Spend", shape.spend(report))
    broken = {f"{f.rule}: {shape.cleaner(f)(f.message)}" for f in report.findings if f.verdict is Verdict.NOT_EVALUATED}
    text.listed("Not evaluated", sorted(broken))
    plain = text.quiet or text.verbose
    text.listed("Coverage", [str(p) for p in problems] if plain else shape.coverage_lines(report))
    if text.verbose and report.coverage.code is not None:
        from assay.provenance.summary import lists

        for title, lines in lists(report.coverage.code):
            text.listed(title, [shape.text(line) for line in lines])
    text.close()


class _Text:
    """The page being written: knows which rules it has explained and which file it is in."""

    def __init__(self, report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
        self.report, self.stream = report, stream
        self.colour = wants_colour(stream, options.get("colour"))
        self.quiet, self.verbose = bool(options.get("quiet")), bool(options.get("verbose"))
        encoding = getattr(stream, "encoding", None) or "utf-8"
        self.encoding = None if encoding.lower().replace("-", "") == "utf8" else encoding
        self.places = Places(report)
        self.explained: set[str] = set()
        self.root_told = shape.roots_told(report)

    def paint(self, style: str, text: str) -> str:
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if self.colour else text

    def line(self, text: str = "") -> None:
        text = shape.utf8(text)
        if self.encoding:
            text = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        self.stream.write(text + "\n")

    def failures(self, findings: Iterable[Finding]) -> None:
        groups: dict[str, list[Finding]] = {}
        for f in findings:
            groups.setdefault(f.location.file if f.location and in_file(f) else f.resource.address, []).append(f)
        for name, group in groups.items():
            shown = printable(shape.text(name))
            if shown.startswith(("::", "##[")):  # at the start of a line, runners take that for a command of theirs
                shown = f"./{shown}"
            self.line(self.paint("file", shown))
            spaced = [self.failure(same[0], same[1:]) for same in _gathered(group)][-1]
            if not spaced:
                self.line()

    def failure(self, f: Finding, others: list[Finding]) -> bool:
        """One failure, and those told with it at the same place; True when an empty line closes it."""
        clean = shape.cleaner(f)
        place = f.location
        unsure = f.verdict is Verdict.UNKNOWN
        level = "unknown" if unsure else f.severity.label
        head = self.paint(level, f"{level.upper():<8}")
        at = f"{place.start_line}:{place.start_column} " if place and in_file(f) else ""
        address = clean(f.resource.address)
        headed = place is None or place.file == f.resource.address or f.message.startswith(f.resource.address)
        more = f" and {len(others)} more" if others else ""
        about = "" if headed or not in_file(f) else f"{address}{self.root(f)}{more}: "
        said = printable(about + shape.one_line(clean(f.message)))
        self.line(f"  {head} {self.paint('dim', at)}{said} {self.paint('bold', f'[{f.rule}]')}")
        if self.quiet:
            return False
        # A whole block is named by its address already; its first line would only repeat that.
        rows = self.places.excerpt(place, most=1) if place and in_file(f) and place.end_line <= place.start_line else []
        for row in rows:
            self.marked(row)
        reasons = self.also(others) + self.code(f) + self.reasons(f)
        if f.hops:
            places = [f" ({h.place.file}:{h.place.start_line})" if h.place is not None else "" for h in f.hops]
            reasons += [("hop", clean(h.note) + place) for h, place in zip(f.hops, places, strict=True)]
        elif self.verbose:
            reasons += [("from", f"{clean(s.note)} ({s.file}:{s.start_line})") for s in f.trace]
        for word, why in reasons:
            self.line(f"           {self.paint('dim', word)} {printable(why)}")
        if rows or reasons:
            self.line()
        return bool(rows or reasons)

    def root(self, f: Finding) -> str:
        found = self.root_told(f)
        return f" ({found})" if found else ""

    def also(self, others: list[Finding]) -> list[tuple[str, str]]:
        """The other instances of a block of which the same is to be said."""
        names = sorted({f"{shape.cleaner(f)(f.resource.address)}{self.root(f)}" for f in others})
        shown = names if self.verbose else names[:_ALSO_MOST]
        rest = f" and {len(names) - len(shown)} more; -v names all" if len(shown) < len(names) else ""
        return [("also", ", ".join(shown) + rest)] if names else []

    def marked(self, row: Line) -> None:
        """A line of code and under it what is meant."""
        cut = max(0, row.start - 30) if row.start > _SHOW - 30 else 0
        code = printable(row.text[cut : cut + _SHOW].expandtabs(1))
        number = str(row.number)
        self.line(f"    {self.paint('dim', f'{number:>6} |')} {code}")
        if row.end > row.start:
            before = _width(printable(row.text[cut : row.start].expandtabs(1)))
            marks = _width(printable(row.text[row.start : min(row.end, cut + _SHOW)].expandtabs(1)))
            self.line(f"    {self.paint('dim', '       |')} {' ' * before}{self.paint('mark', '^' * max(1, marks))}")

    def code(self, f: Finding) -> list[tuple[str, str]]:
        """The block that made a live resource."""
        code = shape.code_dict(f.resource)
        if code is None:
            return []
        return [("code", f"{code['address']} ({code['confidence']} confidence, by {code['by']})")]

    def reasons(self, f: Finding) -> list[tuple[str, str]]:
        """The rule's why and fix, where it speaks for the first time."""
        rule = self.report.rules.get(f.rule)
        if rule is None or f.rule in self.explained:
            return []
        self.explained.add(f.rule)
        pairs = (("why", shape.one_line(rule.why)), ("fix", shape.one_line(rule.fix)))
        return [(word, said) for word, said in pairs if said]

    def undecided(self, findings: list[Finding]) -> None:
        groups: dict[str, list[Finding]] = {}
        for f in findings:
            groups.setdefault(shape.one_line(shape.cleaner(f)(f.message)), []).append(f)
        lines = []
        for message, group in sorted(groups.items(), key=lambda item: -len(item[1])):
            rules = list(dict.fromkeys(f.rule for f in group))
            named = ", ".join(rules[:2]) + (
                f" and {shape.plural(len(rules) - 2, 'more rule')}" if len(rules) > 2 else ""
            )
            often = f"{len(group)} times, first at " if len(group) > 1 else "at "
            lines.append(f"{message.removeprefix('cannot be decided: ')} ({often}{_where(group[0])}, {named})")
        self.listed("Undecided: the values below are not known here; --strict counts them as failures", lines)

    def listed(self, title: str, lines: list[str], *, every: bool = False) -> None:
        if not lines:
            return
        most = None if every or self.verbose else _LIST_MOST
        self.line(self.paint("bold", title))
        for text in lines[:most]:
            self.line(f"  - {printable(text)}")
        if most is not None and len(lines) > most:
            self.line(f"  - and {len(lines) - most} more; -v lists all")
        self.line()

    def close(self) -> None:
        for said in shape.health(self.report)[: 1 if self.quiet else None]:
            self.line(printable(said))
        for said in shape.code_sentences(self.report):
            self.line(printable(said))
        failed = any(self.report.gates(f) for f in self.report.findings)
        self.line(self.paint("bold", shape.headline(self.report)))
        if self.report.difference is not None:
            self.line(self.report.difference.sentence())
        if self.report.trend is not None:
            self.line(printable(self.report.trend.sentence()))
        style = "bad" if failed or self.report.incomplete else "good"
        self.line(self.paint(style, shape.verdict_sentence(self.report)))
        first = next((f for f in self.report.findings if shape.failing(self.report, f)), None)
        if first is not None:
            self.line(self.paint("dim", f"More on a rule: assay explain {first.rule}"))


def _gathered(findings: list[Finding]) -> list[list[Finding]]:
    """The failures, those together of which a rule says the same at the same place: instances of one block."""
    found: dict[Any, list[Finding]] = {}
    for f in findings:
        alone = f.location is None or not in_file(f) or bool(f.hops)
        key = id(f) if alone else (f.rule, f.message, f.severity, f.verdict, f.location)
        found.setdefault(key, []).append(f)
    return [sorted(same, key=lambda f: (f.resource.root, f.resource.address)) for same in found.values()]


def _where(f: Finding) -> str:
    place = f.location
    return f"{place.file}:{place.start_line}" if place and in_file(f) else f.resource.address


def _short(f: Finding) -> str:
    return f"{f.rule}: {shape.cleaner(f)(f.resource.address)} ({_where(f)})"


def _passed(report: Report, f: Finding) -> str:
    """A pass, with what it says where that is more than the rule's title."""
    rule = report.rules.get(f.rule)
    more = "" if rule is None or f.message == rule.title else f": {shape.one_line(shape.cleaner(f)(f.message))}"
    return _short(f) + more


def _waived(f: Finding) -> str:
    w = f.waiver
    if w is None:
        return _short(f)
    until = f", until {w.expires}" if w.expires else ""
    return f"{_short(f)}: {shape.one_line(shape.text(w.reason))}{until}"


def _width(text: str) -> int:
    """How many columns a terminal gives a text."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
