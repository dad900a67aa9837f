"""The actions of AWS: which exist, what they do (list, read, write ...) and whether a resource can narrow them.

The table is read once, on the first question; a service's line is split when one of its actions is asked for.
"""

from __future__ import annotations

import os
from functools import cache

from assay.tuples import NamedTuple

LIST, READ, TAGGING, WRITE, PERMISSIONS = "l", "r", "t", "w", "p"


class Action(NamedTuple):
    """One action: `s3:GetObject`, its access level, whether a statement can name a resource, and the forms of those."""

    name: str
    level: str
    narrowable: bool
    forms: tuple[str, ...] = ()


class Service(NamedTuple):
    """What the table says of a service: actions by lower-case full name, condition keys with their type."""

    actions: dict[str, Action]
    keys: dict[str, str]


_lines: dict[str, str] = {}
_services: dict[str, Service] = {}
_dates: list[str] = []

GLOBAL_KEYS = {
    "aws:assumedroot": "b", "aws:calledvia": "S", "aws:calledviafirst": "s", "aws:calledvialast": "s",
    "aws:chatbotsourcearn": "a", "aws:currenttime": "d", "aws:ec2instancesourceprivateipv4": "i",
    "aws:ec2instancesourcevpc": "s", "aws:epochtime": "d", "aws:federatedprovider": "s", "aws:issourcefromaws": "b",
    "aws:ismcpserviceaction": "b", "aws:multifactorauthage": "n", "aws:multifactorauthpresent": "b",
    "aws:principalaccount": "s", "aws:principalarn": "a", "aws:principalisawsservice": "b", "aws:principalorgid": "s",
    "aws:principalorgpaths": "S", "aws:principalservicename": "s", "aws:principalservicenameslist": "S",
    "aws:principaltag/*": "s", "aws:principaltype": "s", "aws:referer": "s", "aws:requestedregion": "s",
    "aws:requesttag/*": "s", "aws:resourceaccount": "s", "aws:resourceorgid": "s", "aws:resourceorgpaths": "S",
    "aws:resourcetag/*": "s", "aws:securetransport": "b", "aws:sourceaccount": "s", "aws:sourcearn": "a",
    "aws:sourceidentity": "s", "aws:sourceip": "i", "aws:sourceorgid": "s", "aws:sourceorgpaths": "S",
    "aws:sourceowner": "s", "aws:sourcevpc": "s", "aws:sourcevpcarn": "a", "aws:sourcevpce": "s", "aws:tagkeys": "S",
    "aws:tokenissuetime": "d", "aws:useragent": "s", "aws:userid": "s", "aws:username": "s",
    "aws:viaawsmcpservice": "b",
    "aws:viaawsservice": "b", "aws:vpceaccount": "s", "aws:vpceorgid": "s", "aws:vpceorgpaths": "S",
    "aws:vpcsourceip": "i", "aws:vpcid": "s", "aws:signinsessionarn": "a", "aws:calledviaawsmcp": "s",
}  # fmt: skip
"""Condition keys of every service with their types, as the table writes types."""


def date() -> str:
    """The month the table speaks of: what AWS added later is not in it."""
    _table()
    return _dates[0]


def service(prefix: str) -> dict[str, Action]:
    """The actions of a service by lower-case full name; empty for a service that does not exist."""
    return _service(prefix).actions


def _service(prefix: str) -> Service:
    prefix = prefix.lower()
    known = _services.get(prefix)
    if known is None:
        known = _services[prefix] = _split(prefix, _table().get(prefix, ""))
    return known


def prefixes() -> list[str]:
    """Every service prefix."""
    return list(_table())


def key_type(key: str) -> str | None:
    """The type letter of a condition key (lower case), capital for several values; None for a key that no one has."""
    found = _typed(GLOBAL_KEYS, key)
    if found is None and ":" in key:
        found = _typed(_service(key.partition(":")[0]).keys, key)
    if found is None:  # tokens of identity providers, which the token service alone knows
        found = _typed(_service("sts").keys, key)
    return found


def keys_of(prefix: str) -> list[str]:
    """The condition keys of a service, or `aws` for the global ones, in lower case."""
    return list(GLOBAL_KEYS if prefix == "aws" else _service(prefix).keys)


def _typed(keys: dict[str, str], key: str) -> str | None:
    found = keys.get(key)
    if found is None and "/" in key:
        found = keys.get(key[: key.index("/") + 1] + "*")
    return found


@cache
def expand(pattern: str) -> tuple[Action, ...]:
    """The actions that a pattern such as `s3:Get*` or `*` grants; empty when it names none that exists."""
    wanted = pattern.lower()
    prefix, colon, name = wanted.partition(":")
    if not colon and wanted != "*":
        return ()
    services = [prefix] if "*" not in prefix and "?" not in prefix else prefixes()
    if "*" not in wanted and "?" not in wanted:
        found = service(prefix).get(wanted)
        return (found,) if found else ()
    if wanted == "*" or name == "*":
        return tuple(a for p in services if fits(prefix, p) for a in service(p).values())
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
                    prefix, _, rest = line.rstrip("\n").partition("\t")
                    _lines[prefix] = rest
                elif not _dates:
                    _dates.append(line.split(" of ", 1)[1].partition(":")[0])
    return _lines


def _split(prefix: str, rest: str) -> Service:
    keys, forms, groups = rest.split("\t") if rest else ("", "", "")
    shapes = forms.split()
    found: dict[str, Action] = {}
    new = tuple.__new__  # a service may have 700 actions
    for group in groups.split():
        letter, *numbers, names = group.split(":")
        mine = tuple(shapes[int(n)] for n in numbers[0].split(".")) if numbers else ()
        level, narrowable = letter.lower(), letter.isupper()
        for name in names.split(","):
            full = f"{prefix}:{name}"
            found[full.lower()] = new(Action, (full, level, narrowable, mine))
    named = (key.rpartition("=") for key in keys.split())
    return Service(found, {name.lower(): letter for name, _, letter in named})
