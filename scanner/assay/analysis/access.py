"""What a policy of any cloud allows, as a set of requests, and the exact question whether one set is inside another.

A request is one action (or permission) and, for every other dimension (resource, principal, each condition key), a set
of values: none when the key is missing, one for most keys, several for multi-valued ones. A statement is a box: a mask
of actions and tests that all must hold. A policy allows what some Allow box has and no Deny box has.

`broader` searches, depth first, a request that the first policy allows and the second does not. Each step takes a box
that still covers the region and one way out of it, so that a search that finds nothing is a proof.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from assay.analysis.globs import ANYTHING, Budget, Pattern, automaton, find
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

STEPS = 50_000


class Span(NamedTuple):
    """An interval of numbers; the ends belong to it unless they are open."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    def holds(self, x: float) -> bool:
        above = self.low < x if self.low_open else self.low <= x
        return above and (x < self.high if self.high_open else x <= self.high)


class Values(NamedTuple):
    """A set of values: texts by patterns, or numbers (dates and addresses too) by intervals."""

    patterns: tuple[Pattern, ...] = ()
    spans: tuple[Span, ...] = ()
    scale: str = "text"  # text, number, date, address

    def has(self, value: str | float) -> bool:
        if isinstance(value, str):
            return automaton(self.patterns).matches(value)
        return any(s.holds(value) for s in self.spans)


EVERYTHING = Values((ANYTHING,))
NOTHING = Values()


class Demand(NamedTuple):
    """A demand on the values V that a request has in one dimension.

    `some`: at least one of V is in `values` (false when there is none). Not `some`: all of V are (true when there is
    none). `outside` turns `values` into its complement.
    """

    some: bool
    values: Values
    outside: bool = False

    def negated(self) -> Demand:
        return Demand(not self.some, self.values, not self.outside)


MISSING = Demand(False, NOTHING)
PRESENT = Demand(True, NOTHING, True)


class Box(NamedTuple):
    """The requests with an action of `mask` that pass every test; `source` says which statement this is."""

    mask: int
    tests: tuple[tuple[str, Demand], ...]
    source: object = None


class Rules(NamedTuple):
    """A policy: what it allows and what it denies."""

    allow: tuple[Box, ...]
    deny: tuple[Box, ...] = ()


class Dimension(NamedTuple):
    """How values of a dimension behave: several at once or not, always there or not, named in every request or only
    where they decide, and which there can be at all."""

    many: bool = False
    always: bool = False
    named: bool = False
    universe: Values | None = None


class Point(NamedTuple):
    """A request: one bit, and the values of every dimension that was asked about."""

    bit: int
    values: dict[str, tuple[str | float, ...]]


class Mixed(Exception):
    """One key is compared as a text here and as a number there: what the comparison means depends on the value."""


class Space:
    """The dimensions of a question, and what was already found out about them."""

    def __init__(
        self,
        dimensions: dict[str, Dimension] | None = None,
        budget: Budget | None = None,
        forms: Callable[[int], Iterator[tuple[int, tuple[tuple[str, Demand], ...]]]] | None = None,
    ) -> None:
        """`forms` splits a mask into parts that share further tests (the resources an action works on)."""
        self.dimensions = dimensions or {}
        self.budget = budget or Budget(STEPS)
        self.forms = forms
        self._known: dict[tuple[str, frozenset[Demand]], tuple[str | float, ...] | None] = {}

    def witness(self, name: str, tests: frozenset[Demand]) -> tuple[str | float, ...] | None:
        """Values that pass all the tests, the fewest there are; None when there are none."""
        key = (name, tests)
        if key not in self._known:
            self._known[key] = self._values(self.dimensions.get(name, Dimension()), tests)
        return self._known[key]

    def _values(self, dimension: Dimension, tests: frozenset[Demand]) -> tuple[str | float, ...] | None:
        ordered = sorted(tests, key=_order) if len(tests) > 1 else list(tests)
        wanted = [t for t in ordered if t.some]
        if not wanted and dimension.always:
            wanted = [PRESENT]
        if not wanted:
            return ()
        common = [t for t in ordered if not t.some]
        if dimension.universe is not None:
            common.append(Demand(False, dimension.universe))
        groups = [[t] for t in wanted] if dimension.many else [wanted]
        found: list[str | float] = []
        for group in groups:
            value = self._value([*common, *group])
            if value is None:
                return None
            if value not in found:
                found.append(value)
        return tuple(found)

    def _value(self, tests: Sequence[Demand]) -> str | float | None:
        scales = {t.values.scale for t in tests if t.values.patterns or t.values.spans}
        if len(scales) > 1:
            raise Mixed
        inside = [t.values for t in tests if not t.outside]
        outside = [t.values for t in tests if t.outside]
        if not scales or scales == {"text"}:
            machines = [automaton(v.patterns) for v in inside] or [automaton((ANYTHING,))]
            return find(machines, [automaton(v.patterns) for v in outside if v.patterns], self.budget)
        return _number(inside, outside, self.budget)


def _order(test: Demand) -> tuple[object, ...]:
    """A set of tests has no order of its own; the witness must not depend on one."""
    return (test.some, test.outside, test.values.scale, [p.text for p in test.values.patterns], test.values.spans)


def _number(inside: list[Values], outside: list[Values], budget: Budget) -> float | None:
    """Between two neighbouring ends nothing changes, so one number of each stretch decides."""
    ends = sorted({e for v in (*inside, *outside) for s in v.spans for e in (s.low, s.high)})
    finite = [e for e in ends if abs(e) != float("inf")]
    between = [a + (b - a) // 2 if isinstance(a, int) else (a + b) / 2 for a, b in pairwise(finite)]
    beside = [e + d for e in finite for d in (1, -1)]
    for x in [*finite, *between, *beside] or [0]:
        budget.spend()
        if all(v.has(x) for v in inside) and not any(v.has(x) for v in outside):
            return x
    return None


Region = dict[str, frozenset[Demand]]


class _Search:
    """One search: a request inside a box and outside others."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def inside(self, box: Box, avoid: Sequence[Box], also: Sequence[Box] = ()) -> Point | None:
        """A request in `box` (and in all of `also`) and in none of `avoid`."""
        mask, region = box.mask, dict[str, frozenset[Demand]]()
        for one in (box, *also):
            mask &= one.mask
            for name, test in one.tests:
                region[name] = region.get(name, frozenset()) | {test}
        if not mask or not all(self._possible(n, t) for n, t in region.items()):
            return None
        return self._search(mask, region, list(avoid))

    def _possible(self, name: str, tests: frozenset[Demand]) -> bool:
        return self.space.witness(name, tests) is not None

    def _search(self, mask: int, region: Region, avoid: list[Box]) -> Point | None:
        self.space.budget.spend()
        live: list[tuple[int, Box, list[tuple[str, Demand]]]] = []
        for box in avoid:
            ways = self._ways_out(mask, region, box)
            if ways is None:
                continue
            if not ways:
                mask &= ~box.mask  # every request with these actions is covered
                if not mask:
                    return None
                continue
            live.append((len(ways) + bool(mask & ~box.mask), box, ways))
        live = [entry for entry in live if mask & entry[1].mask]
        if not live:
            return self._point(mask, region)
        _, box, ways = min(live, key=lambda entry: entry[0])
        rest = [entry[1] for entry in live if entry[1] is not box]
        if mask & ~box.mask:
            found = self._search(mask & ~box.mask, region, rest)
            if found is not None:
                return found
        mask &= box.mask
        for name, test in ways:  # the first way out, or not that but the second ...
            mine = region.get(name, frozenset())
            found = self._search(mask, {**region, name: mine | {test.negated()}}, rest)
            if found is not None:
                return found
            mine = mine | {test}
            if not self._possible(name, mine):
                return None
            region = {**region, name: mine}
        return None

    def _ways_out(self, mask: int, region: Region, box: Box) -> list[tuple[str, Demand]] | None:
        """The tests of the box that a request of the region may fail; None when no request of it is in the box."""
        if not mask & box.mask:
            return None
        ways = []
        for name, test in box.tests:
            mine = region.get(name, frozenset())
            if test in mine:
                continue
            if not self._possible(name, mine | {test}):
                return None
            if self._possible(name, mine | {test.negated()}):
                ways.append((name, test))
        return ways

    def _point(self, mask: int, region: Region) -> Point | None:
        if self.space.forms is None:
            return self._values(mask, region)
        for part, tests in self.space.forms(mask):
            self.space.budget.spend()
            narrowed = dict(region)
            for name, test in tests:
                narrowed[name] = narrowed.get(name, frozenset()) | {test}
            if all(self._possible(n, narrowed[n]) for n, _ in tests):
                return self._values(part, narrowed)
        return None

    def _values(self, mask: int, region: Region) -> Point:
        values = {}
        for name, tests in region.items():
            values[name] = self.space.witness(name, tests) or ()
        for name, dimension in self.space.dimensions.items():
            if dimension.named and name not in values:
                values[name] = self.space.witness(name, frozenset()) or ()
        return Point((mask & -mask).bit_length() - 1, values)


def broader(mine: Rules, theirs: Rules, space: Space) -> Point | None:
    """A request that `mine` allows and `theirs` does not; None when there is none: `mine` is no broader.

    Raises:
        BudgetSpent: neither was found within the budget.
        Mixed: one key is compared as a text and as a number.
    """
    search = _Search(space)
    for box in mine.allow:
        found = search.inside(box, [*mine.deny, *theirs.allow])
        if found is not None:
            return found
        for deny in theirs.deny:
            found = search.inside(box, mine.deny, [deny])
            if found is not None:
                return found
    return None


def common(first: Box, second: Sequence[Box], without: Sequence[Box], space: Space) -> Point | None:
    """A request in all of these boxes and in none of `without`."""
    return _Search(space).inside(first, without, second)
