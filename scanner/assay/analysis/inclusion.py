"""Is one policy no broader than another although pieces of them are unknown? Yes, no with a request, or unknown.

An unknown piece, a reference, a policy variable is a symbol: a character that stands for a text nobody knows. A proof
with symbols holds for every text unless what takes requests away is written out and may be that text; a request that
tells the two apart counts only when it does whatever the symbols stand for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.access import EVERYTHING, Box, Demand, Mixed, Rules, broader, common
from assay.analysis.globs import Budget, BudgetSpent, Pattern, automaton, find, glob
from assay.model import Ref, Text, Undetermined, Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assay.analysis.access import Point, Space

STEPS = 50_000
OPAQUE = "?"
"""How the dimension of a condition that nobody knows begins: it holds or not, and is the same where it is the same."""

_FIRST, _LAST = 0xE100, 0xF8FF


class Part(NamedTuple):
    """Where a box comes from: the statement, and the unknown values and policy variables that stand in it."""

    statement: Any
    holes: tuple[Unknown, ...] = ()
    variables: tuple[str, ...] = ()


class Compiled(NamedTuple):
    """A policy as boxes; `doubts` are the unknowns that no box can hold (a statement, an action nobody knows)."""

    rules: Rules
    doubts: tuple[Unknown, ...] = ()


def clean(text: str) -> str:
    """A written text without the characters that stand for unknown ones."""
    return text if text.isascii() else "".join("\ufffd" if "\ue000" <= c <= "\uf8ff" else c for c in text)


class Symbols:
    """The characters that stand for unknown values and variables; the same unknown is the same character."""

    def __init__(self) -> None:
        self._known: dict[Any, str] = {}
        self.meanings: dict[str, Unknown | str] = {}
        self.resolve: Callable[[Unknown], str | None] = lambda _: None  # what a reference will be, where one can tell

    def of(self, meaning: Unknown | str) -> str:
        """The character of an unknown value, or of a variable by its name."""
        key: Any = meaning
        if isinstance(meaning, Unknown):
            key = meaning.key if meaning.key is not None else id(meaning)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > _LAST - _FIRST:
                raise Undetermined(Unknown("too many unknown values in one policy"))
            found = self._known[key] = chr(_FIRST + len(self._known))
            self.meanings[found] = meaning
        return found

    def spell(self, value: Unknown, holes: list[Unknown], written: Callable[[str], str] = str) -> str:
        """An unknown text with a character in the place of each unknown piece, which is added to `holes`."""
        text = ""
        for part in value.parts if isinstance(value, Text) else (value,):
            known = part if isinstance(part, str) else self.resolve(part)
            if isinstance(part, Unknown) and known is None:
                holes.append(part)
                text += self.of(part)
            else:
                text += written(clean(part)) if isinstance(part, str) else known or ""
        return text

    def shown(self, text: str) -> str:
        """A text for people: each symbol as what it stands for."""
        return "".join(_named(self.meanings[c]) if c in self.meanings else c for c in text)

    def unknown(self, char: str) -> bool:
        """True for the symbol of an unknown value; a reference names one certain thing, a variable is the request's."""
        meaning = self.meanings.get(char)
        return isinstance(meaning, Unknown) and not isinstance(meaning, Ref)


def _named(meaning: Unknown | str) -> str:
    if isinstance(meaning, str):
        return meaning
    return (
        "${"
        + (f"{meaning.target}.{meaning.attribute}" if isinstance(meaning, Ref) else meaning.reason.split(" ")[0])
        + "}"
    )


class Answer(NamedTuple):
    """`yes`, `no` with a point that tells, or `unknown` with the reason."""

    verdict: str
    point: Point | None = None
    reason: str = ""


def decide(a: Compiled, b: Compiled, space: Space, symbols: Symbols) -> Answer:
    """Does `b` allow every request that `a` allows?"""
    try:
        point = broader(a.rules, b.rules, space)
        if point is None:
            doubt = _doubt_of_proof(a, b)
            return Answer("unknown", reason=doubt) if doubt else Answer("yes")
        unknown = [u for c in (a, b) for u in _holes(c)]
        certain = _certain(a, b, space, symbols) if unknown else point
        if certain is not None and not a.doubts and not b.doubts:
            return Answer("no", certain)
    except BudgetSpent:
        return Answer("unknown", reason=f"the comparison needs more than {STEPS} steps")
    except Mixed:
        return Answer("unknown", reason="a condition key is compared as a text and as a number")
    reasons = [u.reason for u in (*a.doubts, *b.doubts, *unknown)]
    return Answer("unknown", reason=reasons[0])


def _holes(compiled: Compiled) -> Iterator[Unknown]:
    for box in (*compiled.rules.allow, *compiled.rules.deny):
        yield from _part(box).holes


def _part(box: Box) -> Part:
    return box.source if isinstance(box.source, Part) else Part(None)


def _doubt_of_proof(a: Compiled, b: Compiled) -> str:
    """Why a proof with symbols may not hold for all their values; "" when it does."""
    doubts = [u for u in (*a.doubts, *b.doubts) if b.rules.deny or not (_among(u, a.doubts) and _among(u, b.doubts))]
    if doubts:
        return doubts[0].reason
    taking = [(n, d) for box in b.rules.deny for n, d in box.tests]
    taking += [(n, d) for box in b.rules.allow for n, d in box.tests if d.outside]
    for box in a.rules.allow if taking else ():
        part = _part(box)
        for name, demand in box.tests if part.holes or part.variables else ():
            mine = [p for p in demand.values.patterns if any(map(_is_symbol, p.text))]
            others = [p for n, d in taking if n == name for p in d.values.patterns]
            if any(_may_meet(p, q) for p in mine for q in others):
                named = part.holes[0].reason if part.holes else "a policy variable stands there"
                return f"{named}: its value may be one that is denied"
    return ""


def _among(doubt: Unknown, others: Sequence[Unknown]) -> bool:
    """True when the very same unknown stands on a side: what it allows or denies, it does on both."""
    return any(doubt is u or (u.key is not None and u.key == doubt.key) for u in others)


def _is_symbol(char: str) -> bool:
    return _FIRST <= ord(char) <= _LAST


def opened(text: str, which: Callable[[str], bool] = _is_symbol) -> Pattern:
    """The text as a pattern with anything in the place of each symbol."""
    return glob("".join("*" if which(c) else c for c in text))


def _may_meet(symbolic: Pattern, other: Pattern) -> bool:
    """True when some value of the symbols makes one text of both, other than by the same symbol in both."""
    if symbolic is other:
        return False
    return find([automaton((opened(symbolic.text),)), automaton((opened(other.text),))], [], Budget(STEPS)) is not None


def _certain(a: Compiled, b: Compiled, space: Space, symbols: Symbols) -> Point | None:
    """A request that tells whatever the symbols stand for; None when each found depends on one of them."""
    sure = Rules(
        tuple(box for box in a.rules.allow if not any(n.startswith(OPAQUE) for n, _ in box.tests)),
        tuple(widened(box, symbols) for box in a.rules.deny),
    )
    at_most = Rules(
        tuple(widened(box, symbols) for box in b.rules.allow),
        tuple(narrowed for box in b.rules.deny if (narrowed := certain_part(box, symbols)) is not None),
    )
    point = broader(sure, at_most, space)
    if point is not None and any(_may_hit(box, point) for box in (*b.rules.allow, *a.rules.deny)):
        return None
    return point


def _may_hit(box: Box, point: Point) -> bool:
    """True when the box has the request for some value of its symbols, although not for the symbols themselves."""
    if not box.mask >> point.bit & 1:
        return False
    doubtful = False
    for name, demand in box.tests:
        values = point.values.get(name)
        if values is None or passes(demand, values):
            continue
        symbolic = [v for v in values if isinstance(v, str) and any(map(_is_symbol, v))]
        if not any(_meets(v, demand) for v in symbolic):
            return False
        doubtful = True
    return doubtful


def _meets(value: str, demand: Demand) -> bool:
    if demand.outside:
        return True
    mine = automaton((opened(value),))
    return find([mine, automaton(tuple(opened(p.text) for p in demand.values.patterns))], [], Budget(STEPS)) is not None


def passes(demand: Demand, values: Sequence[str | float]) -> bool:
    """Whether the values of a request pass a demand."""
    hits = [demand.values.has(v) is not demand.outside for v in values]
    return any(hits) if demand.some else all(hits)


def widened(box: Box, symbols: Symbols) -> Box:
    """The box at its largest: anything in the place of every unknown value that is no reference."""
    if all(isinstance(u, Ref) for u in _part(box).holes):
        return box
    tests: list[tuple[str, Demand]] = []
    for name, demand in box.tests:
        if name.startswith(OPAQUE):
            continue
        patterns = demand.values.patterns
        unsure = [any(map(symbols.unknown, p.text)) for p in patterns]
        if demand.outside:
            patterns = tuple(p for p, open_ in zip(patterns, unsure, strict=True) if not open_)
        else:
            patterns = tuple(
                opened(p.text, symbols.unknown) if open_ else p for p, open_ in zip(patterns, unsure, strict=True)
            )
        if demand.outside or EVERYTHING.patterns[0] not in patterns:
            tests.append((name, demand._replace(values=demand.values._replace(patterns=patterns))))
    return box._replace(tests=tuple(tests))


def certain_part(box: Box, symbols: Symbols) -> Box | None:
    """The box at its smallest: only what it has whatever its unknown values are; None when that is nothing."""
    if all(isinstance(u, Ref) for u in _part(box).holes):
        return box
    tests: list[tuple[str, Demand]] = []
    for name, demand in box.tests:
        patterns = tuple(p for p in demand.values.patterns if not any(map(symbols.unknown, p.text)))
        lost = len(patterns) < len(demand.values.patterns)
        if name.startswith(OPAQUE) or (lost and (demand.outside or not patterns)):
            return None
        tests.append((name, demand._replace(values=demand.values._replace(patterns=patterns))))
    return box._replace(tests=tuple(tests))


class Found(NamedTuple):
    """A request that is allowed: the point, and the box of each layer that allows it."""

    point: Point
    boxes: tuple[Box, ...]


class Decision(NamedTuple):
    """May a request be made? `yes` or `unknown` with what would allow it, or `no`."""

    verdict: str
    found: Found | None = None
    reason: str = ""


def permitted(
    asked: Box, layers: Sequence[Sequence[Box]], deny: Sequence[Box], space: Space, symbols: Symbols
) -> Decision:
    """Is some request of `asked` allowed by every layer and denied by nothing? One budget for the whole question."""
    near = [box for box in deny if box.mask & asked.mask]
    try:
        sure = [[c for b in layer if (c := certain_part(b, symbols)) is not None] for layer in layers]
        found = _through(asked, sure, [widened(b, symbols) for b in near], space)
        if found is not None and not any(_may_hit(b, found.point) for b in near):
            return Decision("yes", found)
        maybe = [[widened(b, symbols) for b in layer] for layer in layers]
        less = [c for b in near if (c := certain_part(b, symbols)) is not None]
        possible = _through(asked, maybe, less, space)
        if possible is None and found is None and not any(_may_be(asked, layer) for layer in maybe):
            return Decision("no")
        if possible is None and found is None:
            return Decision("unknown", None, _reason((*(b for layer in layers for b in layer), *near), asked))
        shown = possible or found
        boxes = shown.boxes if shown else ()
        return Decision("unknown", shown, _reason((*boxes, *near), asked))
    except BudgetSpent:
        return Decision("unknown", reason=f"the question needs more than {STEPS} steps")
    except Mixed:
        return Decision("unknown", reason="a condition key is compared as a text and as a number")


def _through(asked: Box, layers: Sequence[Sequence[Box]], deny: Sequence[Box], space: Space) -> Found | None:
    from itertools import product

    for boxes in product(*([b for b in layer if b.mask & asked.mask] for layer in layers)):
        point = common(asked, boxes, deny, space)
        if point is not None:
            return Found(point, boxes)
    return None


def _may_be(asked: Box, layer: Sequence[Box]) -> bool:
    """True when a reference in a box may name what is asked about by its text."""
    for box in layer:
        if box.mask & asked.mask and any(any(map(_is_symbol, p.text)) for _, d in box.tests for p in d.values.patterns):
            widest = box._replace(tests=tuple((n, _open(d)) for n, d in box.tests if not d.outside))
            values = {n: [p.text for p in d.values.patterns] for n, d in asked.tests}
            if all(n not in values or any(d.values.has(v) for v in values[n]) for n, d in widest.tests):
                return True
    return False


def _open(demand: Demand) -> Demand:
    patterns = tuple(opened(p.text) if any(map(_is_symbol, p.text)) else p for p in demand.values.patterns)
    return demand._replace(values=demand.values._replace(patterns=patterns))


def _reason(boxes: Sequence[Box], asked: Box) -> str:
    for box in boxes:
        for u in _part(box).holes if box.mask & asked.mask else ():
            return u.reason
    return "a value that nobody knows decides"


def allowing(compiled: Compiled, point: Point) -> Any:
    """The statement that allows a request; None when none does."""
    for box in compiled.rules.allow:
        if box.mask >> point.bit & 1 and all(passes(d, point.values.get(n, ())) for n, d in box.tests):
            return _part(box).statement
    return None
