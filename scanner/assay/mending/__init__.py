"""Mending: fixes of findings as edits of the source, the smallest there are, proved by judging the result."""

from __future__ import annotations

import re
from typing import NamedTuple

_APART = re.compile(r"((?:\r?\n){2})([ \t]*)([\w-]+) = (.*)")
"""A new attribute of Terraform that stands apart from those before it."""


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

    for edit in sorted(_together(edits), key=order, reverse=True):
        data = data[: edit.start] + edit.text.encode() + data[edit.end :]
    return data


def _together(edits: list[Edit]) -> list[Edit]:
    """The edits, those at one place that stand apart as one aligned group: a blank line before each would be many."""
    apart: dict[tuple[int, str], list[tuple[Edit, re.Match[str]]]] = {}
    for edit in edits:
        if edit.start == edit.end and (match := _APART.fullmatch(edit.text)):
            apart.setdefault((edit.start, match[2]), []).append((edit, match))
    found = [edit for edit in edits if not any(edit is one for group in apart.values() for one, _ in group)]
    for group in apart.values():
        first, match = group[0]
        width = max(len(m[3]) for _, m in group)
        end = match[1][: len(match[1]) // 2]
        lines = [f"{end}{m[2]}{m[3]:<{width}} = {m[4]}" for _, m in group]
        found.append(first._replace(text=end + "".join(lines)))
    return found
