"""Mending: fixes of findings as edits of the source, the smallest there are, proved by judging the result."""

from __future__ import annotations

from typing import NamedTuple


class Edit(NamedTuple):
    """Put `text` where the bytes from `start` to `end` of a file stand."""

    path: str  # absolute
    shown: str  # as reports spell it
    start: int
    end: int
    text: str


class NoEdit(Exception):
    """Why nothing can be edited for a finding: the rest of a sentence that begins with its address."""


def applied(data: bytes, edits: list[Edit]) -> bytes:
    """The bytes with the edits made; they must not overlap.

    Of new lines at one place, those that stand apart come last: the others continue an aligned group. The deeper ones
    come first: they end a block inside of the one that the others end.
    """

    def order(edit: Edit) -> tuple[int, bool, int]:
        line = edit.text.lstrip("\r\n")
        return edit.start, edit.text.startswith(("\n\n", "\r\n\r\n")), len(line.lstrip(" ")) - len(line)

    for edit in sorted(edits, key=order, reverse=True):
        data = data[: edit.start] + edit.text.encode() + data[edit.end :]
    return data
