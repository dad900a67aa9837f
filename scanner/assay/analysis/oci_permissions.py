"""What the words of OCI policies mean: verbs and resource types as permissions, operations as what they need.

The table is read when it is first asked (`scripts/build_oci_permissions.py` makes it). Where Oracle's reference gives
no table for a verb, or the type is newer than the table, `type/verb` stands for the permissions nobody here knows: it
compares with itself and with what includes it, and with nothing else.
"""

from __future__ import annotations

import os
from typing import NamedTuple

VERBS = ("inspect", "read", "use", "manage")
EVERYTHING = "all-resources"


class _Table(NamedTuple):
    date: str
    types: dict[str, tuple[tuple[str, ...], ...]]  # per verb, what it adds
    families: dict[str, tuple[str, ...]]
    extra: dict[str, tuple[tuple[str, ...], ...]]
    aliases: dict[str, str]
    operations: dict[str, str]
    permissions: frozenset[str]


_loaded: list[_Table] = []
_granted: dict[tuple[str, str], frozenset[str]] = {}


def _table() -> _Table:
    if not _loaded:
        _loaded.append(_read())
    return _loaded[0]


def _read() -> _Table:
    path = os.path.join(os.path.dirname(__file__), os.pardir, "tables", "oci_permissions.txt")
    table = _Table("", {}, {}, {}, {}, {}, frozenset())
    date = ""
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            if line.startswith("#"):
                date = date or line.rpartition(" up to ")[2].partition(":")[0]
                continue
            kind, name, *fields = line.rstrip("\n").split("\t")
            if kind == "type":
                table.types[name] = _adds(name, *fields)
            elif kind == "extra":
                table.extra[name] = _adds(name, fields[0], "")
            elif kind == "family":
                table.families[name] = tuple(fields[0].split())
            elif kind == "alias":
                table.aliases[name] = fields[0]
            else:
                table.operations[name.lower()] = f"{name} {fields[0]}"
    known = {
        p for adds in (*table.types.values(), *table.extra.values()) for more in adds for p in more if "/" not in p
    }
    return table._replace(date=date, permissions=frozenset(known))


def _adds(name: str, written: str, unverified: str) -> tuple[tuple[str, ...], ...]:
    found = dict(part.split("=") for part in written.split())
    missing = unverified.split(",")
    return tuple(
        (*found[verb].split(","),) if verb in found else (f"{name}/{verb}",) if verb in missing else ()
        for verb in VERBS
    )


def date() -> str:
    """The month the table speaks of."""
    return _table().date


def is_known(name: str) -> bool:
    """True for a type or family of the table."""
    table = _table()
    return name == EVERYTHING or name in table.types or name in table.families or name in table.aliases


def is_permission(name: str) -> bool:
    """True for a permission of the table."""
    return name in _table().permissions


def members(name: str) -> tuple[str, ...]:
    """The single types that a type, family or alias stands for."""
    table = _table()
    if name in table.families:
        return tuple(m for inner in table.families[name] for m in members(inner))
    return (table.aliases.get(name, name),)


def includes(outer: str, inner: str) -> bool:
    """True when a grant on `outer` is a grant on `inner`: the same, everything, or its family."""
    return outer in (inner, EVERYTHING) or (outer in _table().families and set(members(inner)) <= set(members(outer)))


def granted(verb: str, name: str) -> frozenset[str]:
    """The permissions of a verb on a type or family; `all-resources` is the union of all the types of the table."""
    found = _granted.get((verb, name))
    if found is None:
        found = _granted[verb, name] = frozenset(_grant(verb, name))
    return found


def _grant(verb: str, name: str) -> set[str]:
    table = _table()
    upto = VERBS.index(verb) + 1
    if name == EVERYTHING:
        kinds = [*table.types, *table.families]
        return set[str]().union(*(granted(verb, kind) for kind in kinds))
    if name in table.families:
        extra = {p for adds in table.extra.get(name, ())[:upto] for p in adds}
        return extra.union(*(granted(verb, member) for member in table.families[name]))
    adds = table.types.get(table.aliases.get(name, name))
    if adds is None:
        return {f"{name}/{v}" for v in VERBS[:upto]}
    return {p for more in adds[:upto] for p in more}


def smallest_verb(permission: str, name: str) -> str | None:
    """The least verb that gives a permission on a type; None when none does."""
    return next((verb for verb in VERBS if permission in granted(verb, name)), None)


def types_of(permission: str) -> list[str]:
    """The single types whose verbs give a permission."""
    return [name for name, adds in _table().types.items() if any(permission in more for more in adds)]


class Operation(NamedTuple):
    """An operation of the API and the permissions it needs; `certain` unless conditional ones are among them."""

    name: str
    permissions: tuple[str, ...]
    certain: bool


def operation(name: str) -> Operation | None:
    """What an operation needs, by its name in any case; None for one that the table does not have."""
    found = _table().operations.get(name.lower())
    if found is None:
        return None
    real, *needed = found.split()
    return Operation(real, tuple(p for p in needed if p != "?"), needed[0] != "?")


def near(name: str) -> str | None:
    """The known type that `name` misspells by one letter or by underscores; a missing or added plural is none.

    The table is older than the newest services, and their plurals differ: those may be right.
    """
    hyphenated = name.replace("_", "-")
    if hyphenated != name and is_known(hyphenated):
        return hyphenated
    if len(name) < 5:
        return None
    table = _table()
    for known in (*table.types, *table.families):
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
