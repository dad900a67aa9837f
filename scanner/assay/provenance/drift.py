"""Drift: where a live resource differs from the code that made it, in what the rules of its type look at.

Both values must be known. What the code leaves out is compared only where the provider's default is known, and what
an inventory never tells of a type is not taken for absent.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import (
    Encoded,
    Location,
    Ref,
    Text,
    Undetermined,
    Unknown,
    join_path,
    lookup_quietly,
    parse_path,
    show,
)
from assay.provenance import WATCHED, firewalls
from assay.provenance.identity import keys_of, names_of
from assay.provenance.matching import LOW
from assay.provenance.normal import same
from assay.reports.masking import SECRET_ATTRIBUTES, hides, secret_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from assay.graph import Graph
    from assay.model import Resource, ValuePath
    from assay.provenance.linking import Linker
    from assay.provenance.matching import Match

    Parts = dict[str | None, list[Resource]]

_NEVER = frozenset({
    "arn", "description", "id", "name", "name_prefix", "region",  # what it is called, not how it is set up
    "desired_capacity", "desired_count", "engine_version", "latest_version", "source_code_hash", "state",
    "system_tags", "time_created", "version",  # what changes without anybody's doing
    "config", "container_definitions", "default_arguments", "environment", "extended_metadata", "metadata", "setting",
    "user_data", "user_data_base64", "variables",  # what may hold credentials
    "defined_tags", "freeform_tags", "tags", "tags_all",  # compared apart
})  # fmt: skip
_STEP = re.compile(r"[\w:/-]+")
_UNTOLD = object()
_ABSENT = object()
_RULES = ("aws_security_group_rule", "aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule")
_TAGS = ("tags", "freeform_tags", "defined_tags")
_GROUPS = ("aws_security_group", "aws_default_security_group")


class Difference(NamedTuple):
    """One attribute that differs: its path in the live resource, both values, and where the code says its one."""

    path: ValuePath
    live: Any
    code: Any
    block: Resource
    place: ValuePath


class Drift(NamedTuple):
    """A difference as a rule tells it; not `sure` where it may be another resource that the block made."""

    live: Resource
    path: ValuePath
    said: str
    key: str
    because: tuple[Location, ...]
    sure: bool


def drifts(declaration: Resource, graph: Graph) -> Iterator[Drift]:
    """The differences between a live resource and its code, for the pair that a `declaration` stands for."""
    for live in graph.follow(declaration, "live"):
        origin: Any = live.origin
        for d in origin.differences:
            said = f"{join_path(d.path)} is {show(d.live)}, and {d.block.address} says {show(d.code)}"
            sure = origin.match.confidence != LOW
            if not sure:
                said += f" (if it is that block: the link is of low confidence, by {origin.match.by})"
            place = d.block.origin.locate(d.place)
            because = place._replace(address=d.block.address, path=join_path(d.place), value=d.code)
            key = str(d.path[0]) if d.path[0] in _TAGS else join_path(d.path)  # one tag or several: the same finding
            yield Drift(live, d.path, said, key, (because,), sure)


# --- what is compared -------------------------------------------------------------------------------------------------


@cache
def watched(directory: str) -> dict[str, tuple[str, ...]]:
    """By type: the attributes that the rules of a directory read; made with their index (`assay rules docs`)."""
    try:
        with open(os.path.join(directory, WATCHED), encoding="utf-8") as handle:
            return {type_: tuple(names) for type_, names in json.load(handle).items()}
    except (OSError, ValueError):
        return {}


@cache
def defaults() -> dict[str, dict[str, Any]]:
    """By type: what an attribute is where nobody sets it (`tables/defaults.txt`)."""
    found: dict[str, dict[str, Any]] = {}
    path = os.path.join(os.path.dirname(__file__), os.pardir, "tables", "defaults.txt")
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            if line.strip() and not line.startswith("#"):
                type_, attribute, value = line.split(None, 2)
                word = value.strip()
                found.setdefault(type_, {})[attribute] = _ABSENT if word == "absent" else json.loads(word)
    return found


class Comparison:
    """Compares linked pairs; `told` are the attributes that some live resource of a type has."""

    def __init__(self, linker: Linker, live: Iterable[Resource], directories: Sequence[str]) -> None:
        self.linker = linker
        self.directories = directories
        self.told: dict[str, set[str]] = {}
        self._live: dict[str, list[Resource]] = {}
        self._doubtful: dict[str, bool] = {}
        self._inside: dict[tuple[str, str], frozenset[str]] = {}
        for r in live:
            self._live.setdefault(r.type, []).append(r)
            self.told.setdefault(r.type, set()).update(k for k, v in r.values.items() if v is not None)
        self.compared = 0

    def of(self, live: Resource, match: Match, parts: Parts) -> list[Difference]:
        """The differences of one pair; `parts` are further blocks that set something of it, by its attribute."""
        found: list[Difference] = []
        for name in self._attributes(live.type):
            try:
                found += self._attribute(live, match, parts, name)
            except (Undetermined, RecursionError):  # a value that nobody knows, or nobody can go through, is no drift
                continue
        found += self._tags(live, match)
        return [d for d in found if not _is_ignored(d.block, d.place)]

    def _attribute(self, live: Resource, match: Match, parts: Parts, name: str) -> Iterable[Difference]:
        live_of = lambda ref: self.linker.surely_live(match.code, ref)  # noqa: E731
        block, at, code = _written(match.code, name, parts)
        if live.type in _GROUPS and name in firewalls.DIRECTIONS:
            return list(self._rules(live, block, name, parts.get(None, []), live_of))
        known = defaults().get(live.type, {})
        now = live.values.get(name)
        if now is None:
            now = known.get(name, None if name in self.told[live.type] else _UNTOLD)
            now = None if now is _ABSENT else now
        if code is None:
            code = known.get(name, _ABSENT)
        if code is _ABSENT or now is _UNTOLD:
            return []
        return list(self._values(live, (name,), block, (at,), code, now, live_of))

    def _attributes(self, type_: str) -> list[str]:
        """The attributes to compare: those that rules read, without what names the resource or may be a credential."""
        names = dict.fromkeys(n for d in self.directories for n in watched(d).get(type_, ()))
        naming = {a.live for key in keys_of(type_) if not key.weak for a in key.attributes}
        secret = SECRET_ATTRIBUTES.get(type_, ())
        return [n for n in names if n not in _NEVER and n not in naming and n not in secret and not secret_name(n)]

    def _values(
        self, live: Resource, path: ValuePath, block: Resource, place: ValuePath, code: Any, now: Any, live_of: Any
    ) -> Iterator[Difference]:
        """Down through single blocks to the narrowest value that differs."""
        if _single(code) and _single(now):
            inner, other = code[0], now[0]
            for name, value in inner.items():
                if value is not None and other.get(name) is not None and not secret_name(str(name)):
                    below = (*path, str(name)), (*place, str(name))  # a single block needs no index
                    yield from self._values(live, below[0], block, below[1], value, other[name], live_of)
            return
        answer = same(code, now, live_of, str(path[-1]), self._below(live.type, path[0]))
        if answer is None:
            return
        self.compared += 1
        hidden = any(hides(str(path[-1]), v) for v in (code, now) if isinstance(v, str))
        if not answer and not hidden:
            yield Difference(path, now, spelt(code, live_of), block, place)

    def _below(self, type_: str, name: str | int) -> frozenset[str]:
        """The names of blocks and lists that some live resource of a type has inside an attribute."""
        key = (type_, str(name))
        if key not in self._inside:
            self._inside[key] = frozenset(n for r in self._live.get(type_, ()) for n in _blocks(r.values.get(key[1])))
        return self._inside[key]

    def _rules(
        self, live: Resource, block: Resource, direction: str, parts: list[Resource], live_of: Callable[[Ref], Any]
    ) -> Iterator[Difference]:
        """Rules of a security group, written in it or as resources of their own; none at all says nothing."""
        own = names_of(live, "id")
        now = firewalls.of_blocks(live.values.get(direction), direction, live_of, own)
        written = block.values.get(direction)
        inside = firewalls.of_blocks(written, direction, live_of, own)
        beside = firewalls.of_resources(parts, direction, live_of, own)
        words, doubt = inside.words | beside.words, inside.doubt or beside.doubt or self._unplaced(block)
        if (written is None and not beside.words) or now.doubt:
            return
        self.compared += 1
        added = [] if doubt else sorted(now.words - words)
        gone = sorted(words - now.words)
        if added or gone:
            yield Difference((direction,), sorted(now.words), sorted(words), block, (direction,))

    def _unplaced(self, block: Resource) -> bool:
        """Whether some rule beside the groups of a root module is for a group that nobody knows."""
        if block.root not in self._doubtful:
            rules = (r for r in self.linker.code.resources if r.root == block.root and r.type in _RULES)
            groups = (r.values.get("security_group_id") for r in rules)
            self._doubtful[block.root] = any(isinstance(g, Unknown) and not isinstance(g, Ref) for g in groups)
        return self._doubtful[block.root]

    def _tags(self, live: Resource, match: Match) -> Iterator[Difference]:
        """Tags of the code that are not there or differ, together; those that others have added are theirs."""
        for name in _TAGS:
            now = live.values.get(name)
            code = match.code.values.get("tags_all" if name == "tags" else name)
            if code is None:
                code = match.code.values.get(name)
            if not isinstance(now, dict) or not isinstance(code, dict):
                continue
            known = {k: v for k, v in code.items() if isinstance(v, (str, int)) and not isinstance(now.get(k), Unknown)}
            other = {k: v for k, v in known.items() if str(now.get(k)) != str(v) and not secret_name(str(k))}
            other = {k: v for k, v in other.items() if not _is_ignored(match.code, (name, k))}
            self.compared += bool(known)
            if other:
                if len(other) == 1:
                    ((key, value),) = other.items()
                    yield Difference((name, key), now.get(key), value, match.code, (name, key))
                else:
                    mine = {k: now[k] for k in other if k in now}
                    yield Difference((name,), mine, other, match.code, (name,))


def _is_ignored(block: Resource, path: ValuePath) -> bool:
    """Whether the block itself says that others may change the attribute (`ignore_changes`)."""
    said = lookup_quietly(block.values, ("lifecycle", "ignore_changes"))
    names = list.__iter__(said) if isinstance(said, list) else (said,)
    steps = tuple(s for s in path if not isinstance(s, int))
    for name in names:
        if isinstance(name, str):
            ignored = tuple(word for word in _STEP.findall(name) if not word.isdigit())
            if name == "all" or (ignored and steps[: len(ignored)] == ignored):
                return True
    return False


def _blocks(value: Any) -> Iterator[str]:
    """The names under which blocks and lists stand, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, (list, dict)) and inner:
                yield str(name)
            yield from _blocks(inner)
    elif isinstance(value, list):
        for inner in list.__iter__(value):
            yield from _blocks(inner)


def spelt(value: Any, live_of: Any) -> Any:
    """A value of the code for a reader: references to what is linked as the values they have."""
    if isinstance(value, Ref):
        live = live_of(value)
        found = None if live is None else lookup_quietly(live.values, parse_path(value.attribute))
        return found if isinstance(found, (str, int)) else value
    if isinstance(value, Text):
        parts = [p if isinstance(p, str) else spelt(p, live_of) for p in value.parts]
        return "".join(parts) if all(isinstance(p, str) for p in parts) else value
    if isinstance(value, Encoded):
        return json.dumps(_words(spelt(value.value, live_of)), separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, dict):
        return {k: spelt(v, live_of) for k, v in value.items()}
    if type(value) is list:
        return [spelt(v, live_of) for v in value]
    return value


def _words(value: Any) -> Any:
    """A structure for a JSON text: what is not known in it by what is known of it."""
    if isinstance(value, Unknown):
        return show(value).strip('"')
    if isinstance(value, dict):
        return {str(k): _words(v) for k, v in value.items()}
    return [_words(v) for v in list.__iter__(value)] if isinstance(value, list) else value


def _single(value: Any) -> bool:
    """True for a block that stands alone."""
    whole = type(value) is list and len(value) == 1
    return whole and isinstance(value[0], dict)


def _written(block: Resource, name: str, parts: dict[str | None, list[Resource]]) -> tuple[Resource, str, Any]:
    """Which block sets an attribute, under what name there, and to what: the resource's own, or one beside it."""
    value = block.values.get(name)
    beside = parts.get(name, [])
    if value is not None or len(beside) != 1:
        return block, name, value
    at = name if beside[0].values.get(name) is not None else "policy"
    return beside[0], at, beside[0].values.get(at)
