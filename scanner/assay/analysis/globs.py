"""Sets of texts written as patterns, and exact questions about them: is one inside the other, and which text tells?

A pattern is a sequence of pieces: a character (or a set of characters, for comparing without case), `?` one character,
`*` any run of them. A set of patterns becomes one bit-parallel automaton: bit i of an int says that the first i pieces
of a pattern are matched. Products of several such automata are walked breadth first, so that the text found is among
the shortest. No text is ever guessed: the answers are exact, and cost is counted in steps, not in time.
"""

from __future__ import annotations

from functools import cache, lru_cache

from assay.tuples import NamedTuple

STAR, ONE, SOME = "*", "?", "+"
NO_COLON, NO_SLASH = ":", ":/"
"""What a `*` or `?` does not take in: ARN comparison stops at colons, an S3 bucket's name at slashes too."""

_FILLERS = "xabcdefghijklmnopqrstuvwyz0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Piece(NamedTuple):
    """One piece of a pattern: `kind` is `*`, `?` or empty; `chars` what it takes in, of a wildcard what it does not.

    Characters of the private use area are symbols: each stands for a text that nobody knows, of at least one character
    and maybe more. `*` takes them in, `?` does not, and `+` is a `?` that does.
    """

    kind: str
    chars: str


class Pattern:
    """A pattern; `glob` makes each once, so two are equal when they are the same object."""

    __slots__ = ("pieces", "text")

    def __init__(self, text: str, pieces: tuple[Piece, ...]) -> None:
        self.text = text
        self.pieces = pieces

    def __repr__(self) -> str:
        return f"<Pattern {self.text}>"


class BudgetSpent(Exception):
    """The question needs more steps than it was given; the answer is unknown, never yes or no."""


class Budget:
    """Steps that one question may take: the same input always gets the same answer."""

    __slots__ = ("left",)

    def __init__(self, steps: int = 50_000) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise BudgetSpent


@cache
def glob(text: str, *, stop: str = "", wild: str = STAR + ONE, fold: bool = False) -> Pattern:
    """A text as a pattern.

    Args:
        stop: characters that no wildcard takes in.
        wild: which of `*` and `?` do not stand for themselves.
        fold: compare without case.
    """
    pieces: list[Piece] = []
    for char in text:
        if char == STAR and STAR in wild:
            if not pieces or pieces[-1] != (STAR, stop):
                pieces.append(Piece(STAR, stop))
        elif char == ONE and ONE in wild:
            pieces.append(Piece(ONE, stop))
        else:
            pieces.append(Piece("", _both(char) if fold else char))
    return Pattern(text, tuple(pieces))


def _both(char: str) -> str:
    return "".join(sorted({char, char.lower(), char.upper()})) if len(char.lower()) == len(char.upper()) == 1 else char


ANYTHING: Pattern = glob("*")


class Automaton:
    """All patterns of one set, side by side in one int."""

    __slots__ = ("_chars", "_loops", "_moves", "_other", "_stops", "_symbols", "accept", "literals", "start")

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        self.start = self.accept = 0
        self._other = 0  # positions that any character moves on
        self._symbols = 0  # those of _other that a symbol moves on as well
        self._loops = 0  # positions that any character keeps
        self._chars: dict[str, int] = {}  # positions that this very character moves on
        self._stops: dict[str, int] = {}  # of _other and _loops, those that this character does not take
        offset = 0
        for pattern in patterns:
            offset = self._add(pattern, offset)
        self._moves: dict[str, tuple[int, int]] = {}
        plain = all(p.kind == "" and len(p.chars) == 1 for pattern in patterns for p in pattern.pieces)
        self.literals = ["".join(p.chars for p in pattern.pieces) for pattern in patterns] if plain else None

    def _add(self, pattern: Pattern, offset: int) -> int:
        bit = 1 << offset
        self.start |= bit
        for kind, chars in pattern.pieces:
            if kind == STAR:
                self._loops |= bit
                self._stop(chars, bit)
                continue
            if kind in (ONE, SOME):
                self._other |= bit
                self._symbols |= bit if kind == SOME else 0
                self._stop(chars, bit)
            else:
                for char in chars:
                    self._chars[char] = self._chars.get(char, 0) | bit
            bit <<= 1
            offset += 1
        self.accept |= bit
        return offset + 1

    def _stop(self, chars: str, bit: int) -> None:
        for char in chars:
            self._stops[char] = self._stops.get(char, 0) | bit

    def step(self, state: int, char: str) -> int:
        """The positions after one more character."""
        found = self._moves.get(char)
        if found is None:
            stops = self._stops.get(char, 0)
            wild = self._symbols if "\ue000" <= char <= "\uf8ff" else self._other
            moves = (wild & ~stops) | self._chars.get(char, 0)
            found = self._moves[char] = (moves, self._loops & ~stops)
        return ((state & found[0]) << 1) | (state & found[1])

    def interesting(self, state: int) -> list[str]:
        """The characters that do something of their own at these positions."""
        chars = [c for c, positions in self._chars.items() if state & positions]
        return chars + [c for c, positions in self._stops.items() if state & positions]

    def matches(self, text: str) -> bool:
        """True when one of the patterns covers the text."""
        if self.literals is not None:
            return text in self.literals
        state = self.start
        for char in text:
            state = self.step(state, char)
            if not state:
                return False
        return bool(state & self.accept)


@lru_cache(maxsize=8192)
def automaton(patterns: tuple[Pattern, ...]) -> Automaton:
    """The automaton of a set of patterns, made once."""
    return Automaton(patterns)


def find(inside: list[Automaton], outside: list[Automaton], budget: Budget) -> str | None:
    """A text that every set of `inside` has and no set of `outside`, among the shortest; None when there is none.

    Raises:
        BudgetSpent: neither was found within the budget.
    """
    finite = next((a for a in inside if a.literals is not None), None)
    if finite is not None:
        for text in finite.literals or ():
            budget.spend()
            if all(a.matches(text) for a in inside) and not any(a.matches(text) for a in outside):
                return text
        return None
    return _walk(inside, outside, budget)


def _walk(inside: list[Automaton], outside: list[Automaton], budget: Budget) -> str | None:
    machines = [*inside, *outside]
    needed = len(inside)
    first = tuple(a.start for a in machines)
    seen: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {first: None}
    level = [first]
    while level:
        following: list[tuple[int, ...]] = []
        for state in level:
            if _accepts(machines, state, needed):
                return _spell(seen, state)
            for char in _alphabet(machines, state):
                budget.spend()
                after = tuple([a.step(s, char) for a, s in zip(machines, state, strict=True)])
                if 0 not in after[:needed] and after not in seen:
                    seen[after] = (state, char)
                    following.append(after)
        level = following
    return None


def _accepts(machines: list[Automaton], state: tuple[int, ...], needed: int) -> bool:
    return all(bool(s & a.accept) is (i < needed) for i, (a, s) in enumerate(zip(machines, state, strict=True)))


def _alphabet(machines: list[Automaton], state: tuple[int, ...]) -> list[str]:
    """One character of each kind that the machines tell apart here; a filler stands for all the others."""
    chars = {c for a, s in zip(machines, state, strict=True) if s for c in a.interesting(s)}
    filler = next((c for c in _FILLERS if c not in chars), None)
    if filler is None:
        filler = next(chr(c) for c in range(0x100, 0xD800) if chr(c) not in chars)
    return [filler, *sorted(chars)]


def _spell(seen: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None], state: tuple[int, ...]) -> str:
    chars = []
    step = seen[state]
    while step is not None:
        state, char = step
        chars.append(char)
        step = seen[state]
    return "".join(reversed(chars))


def covered(narrow: tuple[Pattern, ...], wide: tuple[Pattern, ...], budget: Budget | None = None) -> str | None:
    """None when every text of `narrow` is one of `wide`; else a text that is not."""
    return find([automaton(narrow)], [automaton(wide)], budget or Budget())
