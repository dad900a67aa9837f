"""The resource types that OCI policies name, with the families they belong to; read from a table when first asked."""

from __future__ import annotations

import os

_members: dict[str, frozenset[str]] = {}


def _table() -> dict[str, frozenset[str]]:
    if not _members:
        path = os.path.join(os.path.dirname(__file__), os.pardir, "tables", "oci_types.txt")
        with open(path, encoding="utf-8") as handle:
            for line in handle:
                if not line.startswith("#"):
                    name, _, members = line.partition(":")
                    _members[name.strip()] = frozenset(members.split())
    return _members


def is_known(name: str) -> bool:
    """True for a type or family of the table."""
    return name in _table()


def includes(outer: str, inner: str) -> bool:
    """True when a grant on `outer` is a grant on `inner`: the same, everything, or its family."""
    return outer in (inner, "all-resources") or inner in _table().get(outer, ())


def near(name: str) -> str | None:
    """The known type that `name` misspells by one letter or by underscores; a missing or added plural is none.

    The table is older than the newest services, and their plurals differ: those may be right.
    """
    hyphenated = name.replace("_", "-")
    if hyphenated != name and is_known(hyphenated):
        return hyphenated
    if len(name) < 5:
        return None
    for known in _table():
        if abs(len(known) - len(name)) <= 1 and name.rstrip("s") != known.rstrip("s") and _one_apart(name, known):
            return known
    return None


def _one_apart(a: str, b: str) -> bool:
    """True when one letter was changed, added, left out, or two neighbours swapped."""
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    if len(a) != len(b):
        return rest_a[1:] == rest_b or rest_a == rest_b[1:]
    return rest_a[1:] == rest_b[1:] or (rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:])
