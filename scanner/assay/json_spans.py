"""Where the members and elements of a JSON text stand, by their paths."""

from __future__ import annotations

import json
from bisect import bisect_right
from io import StringIO
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Span = tuple[int, int, int, int]
"""Start line and column, end line and column; 1-based, the end exclusive."""


class JsonSpans:
    """Goes down a path and skips what lies beside it with the JSON parser itself.

    Where the members of what was gone through stand is kept: a definition with a fault in each of a thousand states
    is read once for them all.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [*accumulate(map(len, StringIO(f"{text}\n", newline="\n")), initial=0)]
        self.decoder = json.JSONDecoder()
        self.objects: dict[int, dict[str, tuple[int, int]]] = {}
        self.arrays: dict[int, list[int]] = {}

    def begin(self) -> int:
        """Where the whole value begins."""
        return self._skip(0)

    def span(self, steps: Sequence[str | int]) -> Span:
        found = self.offsets(steps)
        return (1, 1, 1, 1) if found is None else (*self._place(found[0]), *self._place(found[1]))

    def offsets(self, steps: Sequence[str | int]) -> tuple[int, int] | None:
        """Where the deepest member or element of the path begins and ends; None when the text is not JSON up to it."""
        try:
            start, at = self._down(steps)
            return start, self.decoder.raw_decode(self.text, at)[1]
        except (ValueError, IndexError, RecursionError):
            return None

    def _down(self, steps: Sequence[str | int]) -> tuple[int, int]:
        """Where the deepest member or element of the path begins, and where its value does."""
        start = at = self._skip(0)
        for step in steps:
            if self.text[at] == "{":
                found = self._members(at).get(str(step))
            elif self.text[at] == "[" and isinstance(step, int):
                elements = self._elements(at)
                found = (elements[step], elements[step]) if step < len(elements) else None
            else:
                found = None
            if found is None:
                break
            start, at = found
        return start, at

    def _members(self, begin: int) -> dict[str, tuple[int, int]]:
        """Of the object that begins there: where each member and its value begin; the last of one name counts."""
        found = self.objects.get(begin)
        if found is not None:
            return found
        found = self.objects[begin] = {}
        at = self._skip(begin + 1)
        while self.text[at] == '"':
            start = at
            key, at = self.decoder.raw_decode(self.text, at)
            value = self._skip(self._skip(at) + 1)  # behind the colon
            found[key] = start, value
            at = self._behind(value)
        return found

    def _elements(self, begin: int) -> list[int]:
        """Where each element of the array that begins there begins."""
        found = self.arrays.get(begin)
        if found is not None:
            return found
        found = self.arrays[begin] = []
        at = self._skip(begin + 1)
        while self.text[at] != "]":
            found.append(at)
            at = self._behind(at)
        return found

    def _behind(self, value: int) -> int:
        """Where what follows a value begins: the next member or element, or the end of what holds it."""
        at = self._skip(self.decoder.raw_decode(self.text, value)[1])
        return self._skip(at + 1) if self.text[at] == "," else at

    def _skip(self, at: int) -> int:
        """The first place from `at` on that is no white space."""
        while self.text[at] in " \t\r\n":
            at += 1
        return at

    def _place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1
