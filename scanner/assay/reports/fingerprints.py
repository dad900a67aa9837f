"""GitHub's `primaryLocationLineHash`: the fingerprint by which code scanning follows an alert through commits.

GitHub computes it again on upload and warns of every difference, so it is reproduced unit for unit. The hash of a line
covers the 100 UTF-16 units from its start on, blanks and tabs left out; it is counted when it occurs again. Two lines
have the same hash when those 100 units are the same (save for collisions of 64 bits), so the units are what is counted
and only lines that have a finding are hashed.
"""

from __future__ import annotations

import hashlib
import re
from operator import mul

_WINDOW = 100
_MASK = (1 << 64) - 1
_POWERS = tuple(pow(37, _WINDOW - 1 - i, 1 << 64) for i in range(_WINDOW))
_END_OF_FILE = "\uffff"
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def _units(text: str) -> str:
    """The text as GitHub reads it: UTF-16 units, one LF for every line end, no blanks and tabs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    if not text.isascii():
        text = _ASTRAL.sub(_surrogates, text)
    return text + _END_OF_FILE


def _surrogates(match: re.Match[str]) -> str:
    rest = ord(match[0]) - 0x10000
    return chr(0xD800 + (rest >> 10)) + chr(0xDC00 + (rest & 0x3FF))


class LineHashes:
    """The hashes of one file's lines, computed as they are asked for."""

    __slots__ = ("_occurrences", "_starts", "_units")

    def __init__(self, text: str) -> None:
        self._units = units = _units(text)
        self._starts = starts = [0]
        at = -1
        while (at := units.find("\n", at + 1)) >= 0:
            starts.append(at + 1)
        seen: dict[str, int] = {}
        self._occurrences: list[int] = []
        for start in starts:
            window = units[start : start + _WINDOW]
            seen[window] = count = seen.get(window, 0) + 1
            self._occurrences.append(count)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, line: int) -> str:
        """The hash of a line (the first is 1), with the number of its occurrence.

        Raises:
            IndexError: the file has no such line.
        """
        if not 1 <= line <= len(self._starts):
            raise IndexError(f"there is no line {line}: the file has {len(self._starts)}")
        start = self._starts[line - 1]
        window = self._units[start : start + _WINDOW]
        return f"{sum(map(mul, map(ord, window), _POWERS)) & _MASK:x}:{self._occurrences[line - 1]}"


def without_file(fingerprint: str) -> str:
    """A stand-in of the same form for what no file holds: GitHub computes none there and would merge such alerts."""
    return f"{int(hashlib.sha256(fingerprint.encode('utf-8', 'replace')).hexdigest()[:16], 16):x}:1"
