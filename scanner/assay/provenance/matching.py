"""Which blocks and which live resources of one type fit each other, and which of them belong together for certain."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from assay.provenance.code import bare, block_of, stands_for_many
from assay.provenance.identity import TAGS, in_inventory, same_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from assay.model import Resource
    from assay.provenance.identity import Attribute, Key, Names

EXACT, HIGH, LOW = "exact", "high", "low"


class Match(NamedTuple):
    """The block that made a live resource, how sure that is, and by what it was told.

    `instance` is False when only the block is known: one of several instances, or of those that one stands for.
    """

    code: Resource
    confidence: str
    by: str
    instance: bool = True
    address: str = ""  # of the instance, where the state knows it better than the code

    @property
    def name(self) -> str:
        """The address to show: of the instance, or of the block alone."""
        whole = self.instance and not stands_for_many(self.code)
        return self.address or (self.code.address if whole else bare(self.code.address))

    @property
    def comparable(self) -> bool:
        """Whether the known values of the block are those of this resource: what differs by instance is unknown."""
        return self.instance or stands_for_many(self.code)


def judge(
    keys: Iterable[Key], names: dict[Attribute, Names | None], live: Resource, at: Mapping[str, Resource]
) -> tuple[str, str] | None:
    """How sure it is that a block with these names made a live resource, and what says so; None when nothing does."""
    best: tuple[str, str] | None = None
    fits = all_fits(names, live, at)
    if differs(fits):
        return None
    renamed = any(fit is False and a.code == TAGS for a, fit in fits.items())
    for key in keys:
        of_key = [fits[a] for a in key.attributes]
        if (key.weak and renamed) or any(not fits[a] and not a.narrows for a in key.attributes):
            continue
        sure = HIGH if not key.weak and all(fit is True for fit in of_key) else LOW
        if best is None or (best[0], sure) == (LOW, HIGH):
            best = (sure, f"its {key}" if key.attributes else str(key))
    return best


def all_fits(
    names: dict[Attribute, Names | None], live: Resource, at: Mapping[str, Resource]
) -> dict[Attribute, bool | str | None]:
    return {a: _fits(found, in_inventory(live, a, at)) for a, found in names.items()}


def differs(fits: dict[Attribute, bool | str | None]) -> bool:
    """Whether something that never changes differs: then it is another resource. Tags and remarks do change."""
    lasting = {a: fit for a, fit in fits.items() if not a.code.startswith(("tags.", "description", "comment"))}
    return any(fit is False for fit in lasting.values())


def _fits(names: Names | None, live: str | None) -> bool | str | None:
    """True or False where both sides are known, LOW for a name of which pieces are known, None where one is not."""
    if names is None or live is None:
        return None
    if names.pattern is not None:
        return LOW if names.pattern.matches(live) else False
    return any(same_name(name, live) for name in names.known)


class Index:
    """Live resources of one type by their values, so that not every one is held against each block."""

    def __init__(self, live: list[Resource], at: Mapping[str, Resource]) -> None:
        self._live = live
        self._at = at
        self._by: dict[Attribute, dict[str, list[Resource]]] = {}
        self._sorted: dict[Attribute, list[tuple[str, Resource]]] = {}

    def candidates(self, keys: Iterable[Key], names: dict[Attribute, Names | None]) -> Iterable[Resource]:
        """Those that may fit some key; which of them does, the whole key decides."""
        found: dict[int, Resource] = {}
        for key in keys:
            needed = [(a, names[a]) for a in key.attributes if not a.narrows]
            if any(n is None for _, n in needed):
                continue
            told = [(a, n) for a, n in needed if n is not None]
            if not told:  # one of its type
                return self._live
            attribute, name = next(((a, n) for a, n in told if n.known), told[0])
            for r in self._named(attribute, name):
                found[id(r)] = r
        return found.values()

    def _named(self, attribute: Attribute, name: Names) -> Iterator[Resource]:
        if name.pattern is None:
            index = self._index(attribute)
            for word in {w for known in name.known for w in _words(known)}:
                yield from index.get(word, ())
            return
        values = self._values(attribute)
        first = name.pattern.pieces[0] if name.pattern.begins else ""
        for i in range(bisect_left(values, first, key=_value_of) if first else 0, len(values)):
            value, r = values[i]
            if not value.startswith(first):
                break
            if name.pattern.matches(value):
                yield r

    def _values(self, attribute: Attribute) -> list[tuple[str, Resource]]:
        if attribute not in self._sorted:
            told = ((in_inventory(r, attribute, self._at), r) for r in self._live)
            self._sorted[attribute] = sorted(((v, r) for v, r in told if v is not None), key=_value_of)
        return self._sorted[attribute]

    def _index(self, attribute: Attribute) -> dict[str, list[Resource]]:
        if attribute not in self._by:
            index = self._by[attribute] = {}
            for r in self._live:
                value = in_inventory(r, attribute, self._at)
                for word in _words(value) if value is not None else ():
                    index.setdefault(word, []).append(r)
        return self._by[attribute]


def _value_of(pair: tuple[str, Resource]) -> str:
    return pair[0]


def _words(name: str) -> set[str]:
    """A name, and what an ARN ends in: code and inventory need not use the same form."""
    if not name.startswith("arn:"):
        return {name}
    return {name, name.rpartition(":")[2], name.rpartition("/")[2]}


class Pairs:
    """Blocks and live resources that fit each other, of one type."""

    def __init__(self) -> None:
        self.by_live: dict[int, list[tuple[Resource, str, str]]] = {}
        self.by_block: dict[int, list[Resource]] = {}
        self._live: dict[int, Resource] = {}

    def add(self, block: Resource, live: Resource, confidence: str, by: str) -> None:
        self.by_live.setdefault(id(live), []).append((block, confidence, by))
        self.by_block.setdefault(id(block), []).append(live)
        self._live[id(live)] = live

    def settled(self) -> Iterator[tuple[Resource, Match]]:
        """Each live resource that one block alone has made."""
        for key, found in self.by_live.items():
            live = self._live[key]
            if self._several(found):
                continue
            block, confidence, by = found[0]
            if len(found) == 1 and len(self.by_block[id(block)]) == 1:
                yield live, Match(block, confidence, by)
            elif stands_for_many(block) or self._counted(found):
                yield live, Match(block, LOW, by, instance=False)

    def undecided(self) -> Iterator[tuple[Resource, list[Resource]]]:
        done = {id(live) for live, _ in self.settled()}
        for key, found in self.by_live.items():
            if key not in done:
                yield self._live[key], [block for block, _, _ in found]

    def _several(self, found: list[tuple[Resource, str, str]]) -> bool:
        return len({block_of(block) for block, _, _ in found}) > 1

    def _counted(self, found: list[tuple[Resource, str, str]]) -> bool:
        """Whether instances of one block and live resources that fit them are as many: which is which stays open."""
        blocks = {id(b): b for b, _, _ in found}
        live = {id(r): r for key in blocks for r in self.by_block[key]}
        others = {id(b): b for key in live for b, _, _ in self.by_live[key]}
        one = len({block_of(b) for b in others.values()}) == 1
        return one and len(blocks) > 1 and len(live) == len(others)
