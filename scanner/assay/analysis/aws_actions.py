"""The actions of AWS: which exist, what they do (list, read, write ...) and whether a resource can narrow them.

The table is read once, on the first question; a service's line is split when one of its actions is asked for.
"""

from __future__ import annotations

import os
import re
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
_patterns: dict[str, re.Pattern[str]] = {}


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
    wanted = glob(pattern)
    if "*" not in pattern and "?" not in pattern:
        found = service(prefix).get(pattern.lower())
        return (found,) if found else ()
    return tuple(a for p in services for name, a in service(p).items() if wanted.fullmatch(name))


def glob(pattern: str) -> re.Pattern[str]:
    """A pattern of `*` and `?` as a regular expression over lower-case text."""
    known = _patterns.get(pattern)
    if known is None:
        text = re.sub(r"\*+", "*", pattern.lower())
        known = re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text), re.DOTALL)
        _patterns[pattern] = known
    return known


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
