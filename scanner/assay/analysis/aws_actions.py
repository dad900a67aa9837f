"""The actions of AWS: which exist, what they do (list, read, write ...) and whether a resource can narrow them.

The table is read once, on the first question; a service's line is split when one of its actions is asked for.
"""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple

LIST, READ, TAGGING, WRITE, PERMISSIONS = "l", "r", "t", "w", "p"


class Action(NamedTuple):
    """One action: `s3:GetObject`, its access level, and whether a statement can name a resource for it."""

    name: str
    level: str
    narrowable: bool


_lines: dict[str, str] = {}
_services: dict[str, dict[str, Action]] = {}


def service(prefix: str) -> dict[str, Action]:
    """The actions of a service by lower-case full name; empty for a service that does not exist."""
    prefix = prefix.lower()
    known = _services.get(prefix)
    if known is None:
        known = _services[prefix] = _split(prefix, _table().get(prefix, ""))
    return known


def prefixes() -> list[str]:
    """Every service prefix."""
    return list(_table())


@cache
def expand(pattern: str) -> tuple[Action, ...]:
    """The actions that a pattern such as `s3:Get*` or `*` grants; empty when it names none that exists."""
    prefix, colon, _ = pattern.partition(":")
    if not colon and pattern != "*":
        return ()
    services = [prefix] if "*" not in prefix and "?" not in prefix else prefixes()
    wanted = pattern.lower()
    if "*" not in pattern and "?" not in pattern:
        found = service(prefix).get(pattern.lower())
        return (found,) if found else ()
    if pattern == "*" or wanted.partition(":")[2] == "*":
        return tuple(a for p in services if fits(wanted.partition(":")[0], p) for a in service(p).values())
    return tuple(a for p in services for name, a in service(p).items() if fits(wanted, name))


@cache
def managing(pattern: str) -> tuple[Action, ...]:
    """Of the actions that a pattern grants, those that change who may do what and could name a resource."""
    return tuple(a for a in expand(pattern) if a.narrowable and a.level == PERMISSIONS)


def fits(pattern: str, text: str) -> bool:
    """True when a pattern of `*` and `?` covers the text, both in lower case.

    No regular expression: `*a*a*a*b` is somebody's input, and would take one for ever.
    """
    if "?" in pattern:
        return _step_by_step(pattern, text)
    first, *rest = pattern.split("*")
    if not rest:
        return first == text
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _step_by_step(pattern: str, text: str) -> bool:
    """The same with `?`: greedy, back to the last star only."""
    p = t = mark = 0
    star = -1
    while t < len(text):
        if p < len(pattern) and pattern[p] == "*":
            star, mark, p = p, t, p + 1
        elif p < len(pattern) and pattern[p] in ("?", text[t]):
            p, t = p + 1, t + 1
        elif star >= 0:
            mark += 1
            p, t = star + 1, mark
        else:
            return False
    return pattern[p:].strip("*") == ""


def _table() -> dict[str, str]:
    if not _lines:
        path = os.path.join(os.path.dirname(os.path.dirname(__file__)), "tables", "aws_actions.txt")
        with open(path, encoding="utf-8") as handle:
            for line in handle:
                if not line.startswith("#"):
                    prefix, _, rest = line.rstrip("\n").partition(" ")
                    _lines[prefix] = rest
    return _lines


def _split(prefix: str, rest: str) -> dict[str, Action]:
    found = {}
    for group in rest.split():
        letter, _, names = group.partition(":")
        for name in names.split(","):
            full = f"{prefix}:{name}"
            found[full.lower()] = Action(full, letter.lower(), letter.isupper())
    return found
