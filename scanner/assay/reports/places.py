"""Where findings stand: their files' text for excerpts and hashes, and the URIs by which others name them.

A location may come from a hostile snapshot, so a file is read only where the scan was: below the base directory, or
among the inputs that were read.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from assay.reports import masking
from assay.reports.shape import LONG_SECRET, secrets

if TYPE_CHECKING:
    from assay.engine import Report
    from assay.model import Finding, Location
    from assay.reports.fingerprints import LineHashes

_MAX_BYTES = 20_000_000
_MASK_WHOLE = 1_000_000
_WIDTH = 240


class Line(NamedTuple):
    """One line of an excerpt, masked; `start` and `end` (0-based) are what to mark, `end` 0 for nothing."""

    number: int
    text: str
    start: int = 0
    end: int = 0


class Places:
    """The files of one report, each read once and only when something is asked of it."""

    def __init__(self, report: Report) -> None:
        self.base = report.base or "."
        self._top = os.path.realpath(self.base)
        self._inputs = {i["path"] for i in report.coverage.inputs if i["status"] == "read"}
        self._findings = report.findings
        self._known: list[str] | None = None
        self._texts: dict[str, str | None] = {}
        self._lines: dict[str, list[str]] = {}
        self._masked: dict[str, list[str] | None] = {}
        self._around: dict[tuple[str, int], Line] = {}  # lines that are not meant are the same for every finding
        self._hashes: dict[str, LineHashes] = {}

    def text(self, file: str) -> str | None:
        """The file's text with its own line ends; None when it cannot or must not be read."""
        if file not in self._texts:
            self._texts[file] = self._read(file)
        return self._texts[file]

    def _read(self, file: str) -> str | None:
        path = os.path.join(self.base, file)
        real = os.path.realpath(path)
        inside = real == self._top or real.startswith(self._top.rstrip(os.sep) + os.sep)
        if not inside and file not in self._inputs:
            return None
        try:
            if not os.path.isfile(real) or os.path.getsize(real) > _MAX_BYTES:
                return None
            with open(real, encoding="utf-8", errors="replace", newline="") as handle:
                text = handle.read()
        except (OSError, ValueError):  # ValueError: a name with a NUL
            return None
        return None if "\0" in text[:4096] else text

    def lines(self, file: str) -> list[str]:
        """The file's lines as written; empty when it cannot be read."""
        if file not in self._lines:
            text = self.text(file) or ""
            self._lines[file] = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return self._lines[file]

    def excerpt(self, place: Location, before: int = 0, after: int = 0, most: int = 12) -> list[Line]:
        """The lines of a place with some around it, masked, what the place covers marked; empty without a file."""
        if place[1:5] == (1, 1, 1, 1):  # the file as a whole
            return []
        rows = self.lines(place.file)
        if not rows or not 1 <= place.start_line <= len(rows) or rows == [""]:
            return []
        last = min(max(place.end_line, place.start_line), len(rows))
        first_shown = max(1, place.start_line - before)
        whole = len(rows) - (rows[-1] == "")  # after the last line end there is no line
        last_shown = min(max(whole, last), last + after, first_shown + most - 1)
        return [self._line(place, n, last) for n in range(first_shown, last_shown + 1)]

    def _line(self, place: Location, number: int, last: int) -> Line:
        meant = place.start_line <= number <= last
        if not meant and (known := self._around.get((place.file, number))) is not None:
            return known
        raw = self.lines(place.file)[number - 1]
        spans = self._spans(place.file, number)
        text = masking.apply(raw, spans)
        if not meant:
            self._around[place.file, number] = line = Line(number, text[:_WIDTH])
            return line
        indent = len(raw) - len(raw.lstrip())
        start = place.start_column - 1 if number == place.start_line else indent
        end = place.end_column - 1 if number == place.end_line else len(raw)
        start, end = min(max(start, 0), len(raw)), min(end, len(raw))
        if end <= start:
            end = len(raw)
        start, end = _moved(start, spans, after=False), _moved(end, spans, after=True)
        return Line(number, text[:_WIDTH], min(start, _WIDTH), min(end, _WIDTH))

    def _spans(self, file: str, number: int) -> list[masking.Span]:
        """The credentials in one line, found with the lines around it in view: a key's body says nothing alone."""
        if file not in self._masked:
            text = "\n".join(self.lines(file))
            self._masked[file] = self._mask(text).split("\n") if len(text) < _MASK_WHOLE else None
        masked = self._masked[file]
        raw = self.lines(file)[number - 1]
        if masked is not None:
            return _difference(raw, masked[number - 1])
        top = max(0, number - 200)
        window = "\n".join(self.lines(file)[top : number + 200])
        return _difference(raw, self._mask(window).split("\n")[number - 1 - top])

    def _mask(self, text: str) -> str:
        """Masked by shape and name, and without the values that some finding knows to be credentials."""
        if self._known is None:
            every = {s for f in self._findings for s in secrets(f)}
            self._known = [s for s in sorted(every, key=len, reverse=True) if len(s) >= LONG_SECRET and "\n" not in s]
        masked = masking.apply(text, masking.spans(text))
        for secret in self._known:
            masked = masked.replace(secret, masking.HIDDEN)
        return masked

    def hash(self, finding: Finding) -> str:
        """GitHub's hash of the line the finding stands on, or a stand-in where no file holds it."""
        from assay.reports.fingerprints import LineHashes, without_file

        place = finding.location
        text = self.text(place.file) if place else None
        if place is None or text is None:
            return without_file(finding.fingerprint)
        if place.file not in self._hashes:
            self._hashes[place.file] = LineHashes(text)
        hashes = self._hashes[place.file]
        return hashes[place.start_line] if place.start_line <= len(hashes) else without_file(finding.fingerprint)


def _difference(raw: str, masked: str) -> list[masking.Span]:
    """The one span in which a line differs from its masked form: enough to move columns by."""
    if raw == masked:
        return []
    start = 0
    while start < min(len(raw), len(masked)) and raw[start] == masked[start]:
        start += 1
    back = 0
    while back < min(len(raw), len(masked)) - start and raw[-1 - back] == masked[-1 - back]:
        back += 1
    return [(start, len(raw) - back, masked[start : len(masked) - back])]


def _moved(column: int, spans: list[masking.Span], *, after: bool) -> int:
    """Where a column of the raw line is in the masked one; inside a hidden span, its edge."""
    shift = 0
    for start, end, replacement in spans:
        if column >= end:
            shift += len(replacement) - (end - start)
        elif column > start:
            return start + shift + (len(replacement) if after else 0)
    return column + shift


def in_file(finding: Finding) -> bool:
    """True when a file of the scan holds the finding: a live resource's "file" is its own address, and so is that of an
    archive that Terraform is still to make, while a document is named after the file that it is."""
    place, r = finding.location, finding.resource
    if place is None or not place.file or "://" in place.file:
        return False
    is_file = r.source == "layer" or (r.source == "document" and r.type != "archive")
    return is_file or place.file != r.address


def stand_in(finding: Finding) -> str:
    """A relative path for what no file holds: code scanning shows nothing without one."""
    r = finding.resource
    parts = ["inventory", r.source or "unknown", r.account or "", r.region or "", r.type]
    safe = ["".join(c if c.isalnum() or c in "-_." else "-" for c in part) for part in parts if part]
    return "/".join(safe) + ".json"
