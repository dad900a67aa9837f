"""`-o html`: one file that opens at once, offline, and executes nothing but its own script.

The page holds the findings as a block of JSON and draws only the rows in view, so that 50,000 of them open at once.
Texts that occur again are kept once and referred to by number; a long block is packed. The policy in the page's head
allows the one style and the one script by their hashes; nothing of the input is ever markup.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from assay.model import Severity, Verdict, join_path, show
from assay.reports import shape
from assay.reports.html_views import owner, views
from assay.reports.json import dumps
from assay.reports.masking import mask_value
from assay.reports.places import Places, in_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding, Location

FALLBACK_ROWS = 200
COLUMNS = (
    "rule", "severity", "verdict", "message", "address", "type", "source", "account", "region", "owner", "change",
    "file", "line",
)  # fmt: skip
_COUNTED = ("severity", "verdict", "change", "source", "owner", "rule")  # columns that the page filters by
STYLES = ("report.css", "report.views.css")
SCRIPTS = ("report.data.js", "report.list.js", "report.drawing.js", "report.card.js", "report.js")
"""Joined in this order, within one function that keeps their names to itself."""
PACKED = 1_000_000
"""A block of JSON of more characters than this is packed; a shorter one can be read, searched and compared as it is."""
_SEPARATOR = "\x7f"  # between texts; JSON need not escape it
_CONTEXT = 3
_CODE_MOST = 14
_COMMENTED = ("terraform", "manifest")  # sources whose files take a waiver as a comment
_VERDICTS = {verdict: number for number, verdict in enumerate(Verdict)}
_JSON_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the page. Option `title`: what was audited."""
    stream.writelines(_template().generate(**_page(report, str(options.get("title") or ""))))


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from assay.bundled import TEMPLATES

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plural"] = shape.plural
    return environment.get_template("report.html.j2")


def _page(report: Report, title: str) -> dict[str, Any]:
    """What the template prints."""
    from pathlib import Path

    from markupsafe import Markup

    from assay.bundled import TEMPLATES

    style, script = (
        "".join(Path(TEMPLATES, n).read_text(encoding="utf-8") for n in part) for part in (STYLES, SCRIPTS)
    )
    script = f'"use strict";\n(async () => {{\n{_tight(script)}}})();\n'
    counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for f in report.findings:
        if f.verdict is Verdict.FAIL:
            counts[f.severity] += 1
    blocks = _Blocks(report)
    gated = any(report.gates(f) for f in report.findings)
    inputs = report.coverage.inputs
    return {
        "title": title,
        "style": Markup(style),  # our own files, named by their hashes in the policy
        "script": Markup(script),
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "result": _result(report, gated=gated),
        "sentence": shape.verdict_sentence(report),
        **views(report),
        "summary": report.summary,
        "severities": [(s.label, n) for s, n in counts.items()],
        "bars": _bars(list(counts.values())),
        "inputs": {status: sum(i["status"] == status for i in inputs) for status in ("read", "failed", "skipped")},
        "units": len(report.coverage.units),
        "units_bad": sum(u["status"] != "ok" for u in report.coverage.units),
        "problems": shape.coverage_problems(report),
        "linked": shape.code_sentences(report),
        "version": report.tool_version,
        "gate": report.gate.label if report.gate is not None else None,
        "strict": report.strict,
        "fallback": [_fallback(f) for f in report.findings[:FALLBACK_ROWS]],
        "total": len(report.findings),
        "findings": lambda: map(Markup, _packed(blocks.findings())),
        "cards": lambda: map(Markup, _packed(blocks.cards())),
    }


def _result(report: Report, *, gated: bool) -> str:
    """What the badge says, as a class."""
    if gated or report.incomplete:
        return "failed" if gated else "incomplete"
    return "ungated" if report.gate is None else "passed" if report.summary["resources"] else "unjudged"


def _tight(script: str) -> str:
    """Our own code without indentation and comments: every byte of it is in every report."""
    lines = (line.strip().partition(" // ")[0].rstrip() for line in script.splitlines())  # no text of it holds that
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _hash(text: str) -> str:
    from base64 import b64encode
    from hashlib import sha256

    return b64encode(sha256(text.encode()).digest()).decode()


def _bars(counts: list[int]) -> list[tuple[float, float]]:
    """Start and width, of 100, of each part of a bar."""
    total, at, parts = sum(counts) or 1, 0.0, []
    for count in counts:
        width = 100 * count / total
        parts.append((round(at, 2), round(width, 2)))
        at += width
    return parts


def _fallback(f: Finding) -> dict[str, str]:
    """A row for a reader without scripts."""
    clean, place = shape.cleaner(f), f.location
    return {
        "severity": f.severity.label, "verdict": f.verdict.value.replace("_", " "), "rule": f.rule,
        "message": clean(f.message), "address": clean(f.resource.address),
        "place": f"{shape.utf8(place.file)}:{place.start_line}" if place and in_file(f) else "",
    }  # fmt: skip


def _json(value: Any) -> str:
    """JSON that no HTML parser can mistake for markup."""
    return dumps(value).translate(_JSON_ESCAPES)


def _packed(pieces: Iterator[str]) -> Iterator[str]:
    """A block as it is or, where it is long, as a JSON string of its deflated bytes in base64."""
    kept, size = [], 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size > PACKED:
            break
    else:
        yield from kept
        return
    from base64 import b64encode
    from itertools import chain
    from zlib import compressobj

    press, left = compressobj(), b""
    yield '"'
    for piece in chain(kept, pieces):
        left += press.compress(piece.encode())
        whole = len(left) // 3 * 3
        yield b64encode(left[:whole]).decode()
        left = left[whole:]
    yield b64encode(left + press.flush()).decode()
    yield '"'


def _joined(texts: Iterable[str]) -> str:
    """Many texts as one JSON string, which a browser reads many times faster than a list."""
    return _json(_SEPARATOR.join(t.replace(_SEPARATOR, "\N{SYMBOL FOR DELETE}") for t in texts))


# --- the data blocks --------------------------------------------------------------------------------------------------


class _Blocks:
    """The two blocks of JSON: what the list and its filters need, in columns, and what a card shows, a row a finding.

    The list's block is parsed when the page opens, so it holds as little as it can. The other stands behind the script
    and is read line by line: one for each card, and the last one for what they share.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.places = Places(report)
        self.cleaners = [shape.cleaner(f) for f in report.findings]  # both blocks ask them
        self.columns: dict[str, list[int]] = {name: [] for name in COLUMNS}
        self.texts: dict[str, int] = {"": 0}
        self.details: dict[str, int] = {"": 0}
        self.rules: list[list[Any]] = []
        self.code: dict[int, dict[int, str]] = {}
        self.diffs: dict[str, str] = {}
        self._rule_numbers: dict[str, int] = {}

    def findings(self) -> Iterator[str]:
        """The block of the list."""
        for f, clean in zip(self.report.findings, self.cleaners, strict=True):
            self.row(f, clean)
        yield f'{{"count":{len(self.report.findings)},"severities":{_json([s.label for s in Severity])}'
        totals = {name: list(Counter(self.columns[name]).items()) for name in _COUNTED}
        yield f',"verdicts":{_json([v.value for v in Verdict])},"totals":{_json(totals)},\n"columns":{{'
        for number, (name, values) in enumerate(self.columns.items()):
            same = values and values.count(values[0]) == len(values)
            yield f'{"," if number else ""}\n"{name}":{_json(values[0] if same else values)}'
        yield "}"
        yield f',\n"rules":{_json(self.rules)},\n"texts":{_joined(self.texts)}}}'

    def cards(self) -> Iterator[str]:
        """The block of the cards."""
        from assay.reports.fix_diff import diffs

        self.diffs = diffs(self.report, self.places)
        yield '{"findings":['
        for number, f in enumerate(self.report.findings):
            yield f"{',' if number else ''}\n{_json(self.card(f, self.cleaners[number]))}"
        yield f'\n],"code":{_json(self.code)},"texts":{_joined(self.details)}}}'

    def text(self, value: str | None) -> int:
        return self.texts.setdefault(value or "", len(self.texts))

    def detail(self, value: str | None) -> int:
        return self.details.setdefault(value or "", len(self.details))

    def row(self, f: Finding, clean: Callable[[str], str]) -> None:
        """Add a finding to the columns of the list."""
        trend = self.report.trend
        r, place = f.resource, f.location if in_file(f) else None
        values = (
            self.rule(f.rule, f.theme), int(f.severity), _VERDICTS[f.verdict], self.text(clean(f.message)),
            self.text(clean(r.address)), self.text(r.type), self.text(r.source),
            self.text(r.account or shape.root_of(f)), self.text(r.region), self.text(owner(r)),
            self.text(trend.change(f) if trend else ""), self.text(shape.utf8(place.file)) if place else 0,
            place.start_line if place else 0,
        )  # fmt: skip
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)

    def rule(self, name: str, theme: str) -> int:
        if name not in self._rule_numbers:
            self._rule_numbers[name] = len(self.rules)
            rule = self.report.rules.get(name)  # none where the finding is a plugin's
            said = [rule.title, rule.why, rule.fix] if rule else ["", "", ""]
            lists = [list(rule.controls), list(rule.equivalents)] if rule else [[], []]
            self.rules.append([name, theme, *said, *lists, int(rule.waivable) if rule else 0])
        return self._rule_numbers[name]

    def card(self, f: Finding, clean: Callable[[str], str]) -> list[Any]:
        """What only a card shows; the script names the fields in the same order."""
        _, last, mark = self.place(f.location) if in_file(f) else (0, 0, [])
        return [
            f.fingerprint, last, mark,
            [[self.detail(said) for said in piece] for piece in self.evidence(f, clean)],
            [[self.detail(shape.utf8(s.file)), s.start_line, self.detail(clean(s.note))] for s in f.trace],
            [self.related(b, clean) for b in f.because],
            self.waiver(f), self.detail(clean(self.fix(f))), int(f.resource.source in _COMMENTED),
            self.detail(self.diffs.get(f.fingerprint)),
            [[self.detail(h.kind), self.detail(clean(h.address)), self.detail(clean(h.note))] for h in f.hops],
        ]  # fmt: skip

    def related(self, place: Location, clean: Callable[[str], str]) -> list[int]:
        file, last, _ = self.place(place)
        return [file, place.start_line, last, self.detail(clean(shape.related_note(place)))]

    def place(self, place: Location | None) -> tuple[int, int, list[int]]:
        """The file's number, the last line and what to mark; the code around is kept for the page."""
        if place is None:
            return 0, 0, []
        number = self.detail(shape.utf8(place.file))
        rows = self.places.excerpt(place, _CONTEXT, _CONTEXT, _CODE_MOST)
        kept = self.code.setdefault(number, {}) if rows else {}
        for row in rows:
            kept[row.number] = row.text
        first = next((row for row in rows if row.number == place.start_line), None)
        single = first is not None and place.end_line <= place.start_line and first.end > first.start
        mark = [first.start, first.end] if first is not None and single else []
        return number, max(place.start_line, place.end_line), mark

    def evidence(self, f: Finding, clean: Callable[[str], str]) -> Iterator[tuple[str, str, str]]:
        """Path, value in words, and whose it is; an unknown, which is null in data, says what it is made of."""
        items = shape.evidence(f, clean)
        words = shape.raw_evidence(f) if any(item.get("value") is None for item in items) else [""] * len(items)
        for item, raw in zip(items, words, strict=True):
            value = item.get("value")
            if value is None and not item.get("path"):
                continue  # a place and nothing more: it is among those that also decided
            said = clean(raw) if value is None else json.dumps(value, ensure_ascii=False)
            yield item.get("path") or "", said, clean(item.get("address") or "")

    def waiver(self, f: Finding) -> list[int] | int:
        shown = shape.waiver_dict(f)
        return [self.detail(shown[k]) for k in ("reason", "place", "owner", "expires")] if shown else 0

    def fix(self, f: Finding) -> str:
        if f.fix is None or not f.fix.path:  # read back from a report: it is known that there is one
            return ""
        path = join_path(f.fix.path)
        said = f"{path} = {show(mask_value(path, f.fix.value))}"
        return said if f.fix.resource is f.resource else f"{said}   on {f.fix.resource.address}"
