"""The fix of a finding as a reviewer reads one: the lines that go and those that come, with what stands around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.model import Location, Verdict
from assay.reports.shape import cleaner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.engine import Report
    from assay.mending import Edit
    from assay.model import Finding
    from assay.reports.places import Places

MOST = 500
"""So many fixes are shown as diffs, the gravest first; each may parse its file again."""
_AROUND = 2
_WIDTH = 240


def diffs(report: Report, places: Places) -> dict[str, str]:
    """The diffs of the first fixable failures by fingerprint; a fix with no edit in sight has none."""
    fixable = [f for f in report.findings if f.fix is not None and f.verdict is not Verdict.PASS][:MOST]
    fixable.sort(key=lambda f: f.location.file if f.location else "")  # the file parsed last is kept
    return {f.fingerprint: said for f in fixable if (said := _diff(f, places))}


def _diff(finding: Finding, places: Places) -> str:
    from assay.mending import NoEdit
    from assay.mending.edits import edit_of

    if finding.fix is None:
        return ""
    in_code = getattr(finding.fix.resource.origin, "in_code", None)  # a live resource is mended where it is declared
    try:
        fix = finding.fix if in_code is None else in_code(finding.fix)
        return "" if fix is None else "\n".join(_lines(finding, edit_of(fix), places))
    except (NoEdit, Exception):  # noqa: BLE001 - the words of the fix are shown all the same, and a report must come out
        return ""


def _lines(finding: Finding, edit: Edit, places: Places) -> Iterator[str]:
    text = (places.text(edit.shown) or "").removeprefix("\ufeff")
    data = text.encode()
    if not text or "\ufffd" in text or edit.end > len(data):
        return  # outside of what may be read, no UTF-8, or changed since
    begin = data.rfind(b"\n", 0, edit.start) + 1
    end = data.find(b"\n", edit.end)
    end = len(data) if end < 0 else end
    old = _split(data[begin:end].decode())
    new = _split((data[begin : edit.start] + edit.text.encode() + data[edit.end : end]).decode())
    same = _common(old, new)
    back = _common(old[same:][::-1], new[same:][::-1])
    first = data.count(b"\n", 0, begin) + 1 + same
    gone = len(old) - back - same
    top = max(1, first - _AROUND)
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    shown = places.excerpt(Location(edit.shown, top, 1, min(first + gone + _AROUND - 1, lines), 1), most=60)
    yield f"@@ {edit.shown}:{first} @@"
    yield from (f" {line.text}" for line in shown if line.number < first)
    yield from (f"-{line.text}" for line in shown if first <= line.number < first + gone)
    clean = cleaner(finding)
    yield from (f"+{line[:_WIDTH]}" for line in clean("\n".join(new[same : len(new) - back])).split("\n"))
    yield from (f" {line.text}" for line in shown if line.number >= first + gone)


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _common(one: list[str], other: list[str]) -> int:
    """How many lines two texts share from the start."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count
