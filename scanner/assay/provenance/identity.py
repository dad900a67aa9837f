"""What names a resource: `tables/identity.txt`, and what a name in the code can be in an inventory."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import Ref, Text, Unknown, lookup_quietly, parse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from assay.model import Resource

LEAST_KNOWN = 3
"""So many letters and digits of a name must be known before it says anything."""
TAGS = "tags.Name"
ALL_TAGS = "tags.*"
_TAG_ATTRIBUTES = ("tags_all", "tags", "freeform_tags")


class Attribute(NamedTuple):
    """One attribute of a key: its path in the code and in the inventory; `narrows` when it need not be known."""

    code: str
    live: str
    narrows: bool = False
    default: str | None = None


class Key(NamedTuple):
    """Attributes that together name one resource; `weak` when they only make it likely."""

    attributes: tuple[Attribute, ...]
    weak: bool = False

    def __str__(self) -> str:
        *names, last = [a.code for a in self.attributes] or ["the only one of its type"]
        return f"{', '.join(names)} and {last}" if names else last


class Part(NamedTuple):
    """A type whose content stands in another one: its attribute that names the owner, and what it sets there."""

    attribute: str
    owner: str
    sets: str | None


class Table(NamedTuple):
    """The table as it is read."""

    keys: dict[str, list[Key]]
    parts: dict[str, Part]
    aliases: dict[str, str]
    through: dict[str, list[tuple[str, str]]]
    globals: tuple[str, ...]


@cache
def table() -> Table:
    keys: dict[str, list[Key]] = {}
    parts: dict[str, Part] = {}
    aliases: dict[str, str] = {}
    through: dict[str, list[tuple[str, str]]] = {}
    everywhere: list[str] = []
    path = os.path.join(os.path.dirname(__file__), os.pardir, "tables", "identity.txt")
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            word, *rest = line.split() or ["#"]
            if word in ("name", "weak", "one"):
                key = Key(tuple(map(_attribute, rest[1:])), word == "weak")
                keys.setdefault(rest[0], []).append(key)
            elif word == "part":
                parts[rest[0]] = Part(rest[1], rest[2], rest[3] if len(rest) > 3 else None)
            elif word == "alias":
                aliases[rest[0]] = rest[1]
            elif word == "via":
                through.setdefault(rest[0], []).append((rest[1], rest[2]))
            elif word == "global":
                everywhere.append(rest[0])
    return Table(keys, parts, aliases, through, tuple(everywhere))


def _attribute(word: str) -> Attribute:
    narrows = word.endswith("?")
    name, _, default = word.removesuffix("?").partition("=")
    code, _, live = name.partition(":")
    return Attribute(code, live or code, narrows, default or None)


@cache
def keys_of(type_: str) -> tuple[Key, ...]:
    """The keys of a type, the surest first; tags last, where the provider has any."""
    known = table().keys
    found = known.get(type_)
    if found is None:
        fitting = [glob for glob in known if "*" in glob and fnmatchcase(type_, glob)]
        found = known[max(fitting, key=len)] if fitting else []
    tags = [Key((Attribute(name, name),), weak=True) for name in (TAGS, ALL_TAGS)]
    single = any(not k.attributes for k in found)  # tags say nothing where there is one anyway
    return (*found, *(() if single else tags))


@cache
def attributes_of(type_: str) -> frozenset[str]:
    """The top-level attributes of the code that any key of a type looks at."""
    names = {a.code.partition(".")[0] for key in keys_of(type_) for a in key.attributes}
    part = table().parts.get(type_)
    return frozenset(names | ({part.attribute} if part else set()))


def is_global(type_: str) -> bool:
    """Whether resources of the type belong to no region."""
    return any(fnmatchcase(type_, glob) for glob in table().globals)


# --- what a name in the code can be -----------------------------------------------------------------------------------


class Pattern(NamedTuple):
    """A name of which pieces are known, in order; `begins` and `ends`: the first and the last one stand at its ends."""

    pieces: tuple[str, ...]
    begins: bool
    ends: bool

    def matches(self, text: str) -> bool:
        at = 0
        for i, piece in enumerate(self.pieces):
            last = i == len(self.pieces) - 1
            found = len(text) - len(piece) if last and self.ends else text.find(piece, at)
            if found < at or not text.startswith(piece, found) or (i == 0 and self.begins and found != 0):
                return False
            at = found + len(piece)
        return True


class Names(NamedTuple):
    """The values a name may have in an inventory: all of them known, or a pattern of which pieces are known."""

    known: frozenset[str] = frozenset()
    pattern: Pattern | None = None


def names_in_code(
    r: Resource, attribute: Attribute, live_of: Callable[[Resource, Ref], Resource | None]
) -> Names | None:
    """What the value at an attribute of a block is called live; None when nobody can tell.

    Args:
        live_of: the live resource that a reference of the block is known to mean, if it is.
    """
    value = _value(r, attribute.code)
    if value is None and attribute.code in ("name", "bucket", "identifier", "cluster_identifier"):
        prefix = lookup_quietly(r.values, (f"{attribute.code}_prefix",))
        value = Text([prefix, Unknown("the provider completes it")]) if isinstance(prefix, (str, Text)) else None
    if value is None:
        value = attribute.default
    return resolve(value, lambda ref: live_of(r, ref))


def resolve(value: Any, live_of: Callable[[Ref], Resource | None]) -> Names | None:
    """The names that a value of the code has live, references to linked resources followed."""
    if isinstance(value, Ref):
        target = live_of(value)
        return Names(names_of(target, value.attribute)) if target is not None else None
    if isinstance(value, Text):
        return _pattern(value, live_of)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return Names(frozenset({str(value)})) if str(value) else None


def names_of(live: Resource, attribute: str) -> frozenset[str]:
    """All that a live resource is called by those that refer to it, the attribute they read among it."""
    asked = [lookup_quietly(live.values, parse_path(attribute))]
    if attribute in ("id", "arn", "name", "key_id", "key_arn", "bucket", "function_name"):
        asked += [live.address, *(live.values.get(name) for name in ("id", "arn", "name", attribute))]
    return frozenset(str(v) for v in asked if isinstance(v, (str, int)) and not isinstance(v, bool) and str(v))


def _pattern(text: Text, live_of: Callable[[Ref], Resource | None]) -> Names | None:
    parts: list[str | None] = []
    for part in text.parts:
        value: Any = part
        if isinstance(part, Ref):
            found = live_of(part)
            value = None if found is None else lookup_quietly(found.values, parse_path(part.attribute))
        known = value if isinstance(value, str) else None
        if known is not None and parts and parts[-1] is not None:
            parts[-1] += known
        else:
            parts.append(known)
    pieces = tuple(p for p in parts if p is not None)
    if None not in parts:
        return Names(frozenset({"".join(pieces)}))
    if sum(c.isalnum() for piece in pieces for c in piece) < LEAST_KNOWN:
        return None
    return Names(pattern=Pattern(pieces, parts[0] is not None, parts[-1] is not None))


def _value(r: Resource, path: str) -> Any:
    """The value at a path of a block; tags after the provider's defaults, all of them as one text."""
    if path == ALL_TAGS:
        return tag_text(lookup_quietly(r.values, ("tags",)), lookup_quietly(r.values, ("tags_all",)))
    if path == TAGS:
        tags = next((t for n in _TAG_ATTRIBUTES if (t := r.values.get(n)) is not None), None)
        return tags.get("Name") if isinstance(tags, dict) else None
    return lookup_quietly(r.values, parse_path(path))


def in_inventory(live: Resource, attribute: Attribute, at: Mapping[str, Resource]) -> str | None:
    """The value of an attribute of a live resource; None when there is none or nobody knows it.

    Args:
        at: the live resources by address, for references among them.
    """
    if attribute.live == ALL_TAGS:
        return tag_text(live.values.get("tags"), live.values.get("tags"))
    value = _value(live, attribute.live)
    if isinstance(value, Ref) and value.target in at:
        value = lookup_quietly(at[value.target].values, parse_path(value.attribute))
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value) or None


def tag_text(own: Any, every: Any) -> str | None:
    """All tags as one text, for comparing; None without tags of its own or where one of them is unknown."""
    if not isinstance(own, dict) or not isinstance(every, dict):
        return None
    tags = {k: v for k, v in every.items() if not k.startswith("aws:")}
    if not tags or not own or any(not isinstance(v, str) for v in tags.values()):
        return None
    return "\x1f".join(f"{k}\x1e{tags[k]}" for k in sorted(tags))


def same_name(one: str, other: str) -> bool:
    """Whether two names mean the same: one of them may be the ARN that ends in the other."""
    if one == other or one.removesuffix(".") == other.removesuffix("."):  # of domains the last dot is optional
        return True
    for arn, name in ((one, other), (other, one)):
        if arn.startswith("arn:") and not name.startswith("arn:") and arn.endswith((f":{name}", f"/{name}")):
            return True
    return False
