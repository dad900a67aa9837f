"""Where the members and elements of a JSON text stand, by their paths."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Span = tuple[int, int, int, int]
"""Start line and column, end line and column; 1-based, the end exclusive."""

_FAULTS = (ValueError, IndexError, RecursionError)
_BLOCK = 4096
_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


class Repeats:
    """A hook of the JSON parser that notices when an object has two members of one name."""

    __slots__ = ("met",)

    def __init__(self) -> None:
        self.met = False

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self.met = True
        return found


class JsonSpans:
    """Goes down a path and skips what lies beside it with the JSON parser itself.

    Where the members of what was gone through stand is kept: a definition with a fault in each of a thousand states
    is read once for them all, and those of the two outermost levels are known from the first reading.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: list[int] = []  # how many end before each block
        self.objects: dict[int, dict[str, tuple[int, int]]] = {}
        self.arrays: dict[int, list[int]] = {}

    def value(self) -> tuple[Any, bool]:
        """The whole value, and whether a name stands twice in an object of it.

        Raises:
            ValueError, IndexError, RecursionError: the text is no JSON (`NaN` and `Infinity` are none either).
        """
        repeats = Repeats()
        decode = json.JSONDecoder(object_pairs_hook=repeats.members, parse_constant=_no_constant).raw_decode
        begin = self.begin()
        is_object = self.text[begin] == "{"
        found, end = self._object(begin, 1, decode, repeats) if is_object else decode(self.text, begin)
        if self.text[end:].strip(" \t\r\n"):
            raise ValueError("something follows the value")
        return found, repeats.met

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
            return start, _decode(self.text, at)[1]
        except _FAULTS:
            return None

    def _down(self, steps: Sequence[str | int]) -> tuple[int, int]:
        """Where the deepest member or element of the path begins, and where its value does."""
        start = at = self.begin()
        for level, step in enumerate(steps):
            if self.text[at] == "{":
                found = self._members(at, 1 if level == 0 else 0).get(str(step))
            elif self.text[at] == "[" and isinstance(step, int):
                elements = self._elements(at)
                found = (elements[step], elements[step]) if step < len(elements) else None
            else:
                found = None
            if found is None:
                break
            start, at = found
        return start, at

    def _members(self, begin: int, deep: int) -> dict[str, tuple[int, int]]:
        """Of the object that begins there: where each member and its value begin, as far as it is JSON."""
        if begin not in self.objects:
            with suppress(*_FAULTS):  # what stands before a fault has its place
                self._object(begin, deep, _decode, Repeats())
        return self.objects[begin]

    def _object(self, begin: int, deep: int, decode: Any, repeats: Repeats) -> tuple[dict[str, Any], int]:
        """The object that begins there and where it ends; the places of its members are kept, and those of as many
        levels of objects within as it is to go deep. Of one name the last counts."""
        text, skip = self.text, self._skip
        places = self.objects[begin] = {}
        value: dict[str, Any] = {}
        at = skip(begin + 1)
        while text[at] == '"':
            start = at
            key, at = decode(text, at)
            at = skip(at)
            if text[at] != ":":
                raise ValueError("a colon is missing")
            at = skip(at + 1)
            repeats.met |= key in value
            places[key] = start, at
            inner, at = self._object(at, deep - 1, decode, repeats) if deep and text[at] == "{" else decode(text, at)
            value[key] = inner
            at = skip(at)
            if text[at] != ",":
                break
            at = skip(at + 1)
        else:
            if value:
                raise ValueError("a comma stands behind the last member")
        if text[at] != "}":
            raise ValueError("the object does not end")
        return value, at + 1

    def _elements(self, begin: int) -> list[int]:
        """Where each element of the array that begins there begins."""
        found = self.arrays.get(begin)
        if found is not None:
            return found
        found = self.arrays[begin] = []
        at = self._skip(begin + 1)
        while self.text[at] != "]":
            found.append(at)
            at = self._skip(_decode(self.text, at)[1])
            at = self._skip(at + 1) if self.text[at] == "," else at
        return found

    def _skip(self, at: int) -> int:
        """The first place from `at` on that is no white space."""
        found = _SPACE.match(self.text, at)
        return at if found is None else found.end()

    def _place(self, at: int) -> tuple[int, int]:
        """Line and column; lines are counted by blocks, for a text may have very many or very long ones."""
        text, lines = self.text, self.lines
        if not lines:
            lines += accumulate((text.count("\n", i, i + _BLOCK) for i in range(0, len(text), _BLOCK)), initial=0)
        block = at // _BLOCK
        line = lines[block] + text.count("\n", block * _BLOCK, at)
        begin = (bisect_left(lines, line) - 1) * _BLOCK  # of the block in which the line before ends
        return line + 1, at - (text.rfind("\n", begin, min(at, begin + _BLOCK)) if line else -1)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no value of JSON")
