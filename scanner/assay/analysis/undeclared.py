"""References to what a Terraform module does not declare, found in the values they left unknown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Base64, Encoded, PartialList, Text, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import Resource

_REASON = pattern(
    r"\S+ (?:is not declared in the module (?P<home>\S+)|has no output )|.*\"\w+\" stands for nothing here"
)
_SAID = ("is not declared in the module ", "has no output ", "stands for nothing here")
"""One of these is in whatever `_REASON` matches."""


def undeclared(r: Resource) -> Iterator[tuple[str, str]]:
    """The path and the sentence of every value that hangs on an undeclared reference, one a path.

    What a module call passes on is told at the call, not again at every resource of the module.
    """
    seen: set[tuple[str, str]] = set()
    for path, unknown in _unknowns(r.values, ""):
        if path.startswith("tags_all"):  # made of `tags`
            continue
        reason = unknown.reason
        found = _REASON.match(reason) if any(said in reason for said in _SAID) else None
        if found and (path, reason) not in seen and found["home"] in (None, _home(r)):
            seen.add((path, reason))
            yield path, reason


def _home(r: Resource) -> str:
    """The directory of the module that declares a resource, as the evaluator writes it."""
    return os.path.dirname(r.where().file) or "."


_PLAIN = (str, bool, int, float, type(None))


def _unknowns(value: Any, path: str) -> Iterator[tuple[str, Unknown]]:
    """Every unknown in a value with its path. The rule asks every resource there is, so plain values cost nothing."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if type(inner) not in _PLAIN:
                yield from _unknowns(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(list.__iter__(value)):
            if type(inner) not in _PLAIN:
                yield from _unknowns(inner, f"{path}[{i}]")
        if isinstance(value, PartialList):
            yield path, value.unknown
    elif isinstance(value, Text):
        yield from ((path, part) for part in value.parts if isinstance(part, Unknown))
    elif isinstance(value, Encoded):
        for _, unknown in _unknowns(value.value, ""):
            yield path, unknown  # a place inside the text has no line of its own
    elif isinstance(value, Base64):
        yield from _unknowns(value.plain, path)
    elif isinstance(value, Unknown):
        yield path, value
