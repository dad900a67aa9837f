"""OCI policy statements as boxes of requests (`assay.analysis.access`): permissions, subjects, places, conditions.

The meaning is Oracle's: verbs are sets of permissions, a grant on a compartment covers what is below it, comparisons
know no case, and a variable that the request does not have makes its comparison false, `!=` included. Deny wins, save
over the tenancy's own group of administrators.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any

from assay.analysis.access import Box, Demand, Dimension, Space, Span, Values
from assay.analysis.globs import ANYTHING, Budget, Pattern, Piece, automaton, glob
from assay.analysis.inclusion import OPAQUE, Part, Symbols, clean
from assay.analysis.oci_permissions import EVERYTHING, VERBS, granted
from assay.analysis.oci_policy_language import Group, Predicate, Statement, is_administrators
from assay.model import Text, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SUBJECT, PLACE = "subject", "place"
ROOT = "/"
ADMINISTRATORS = "group:default/administrators"
MANY = ("request.groups.id", "request.networksource.name")
"""Variables that hold several values at once."""

_WAYS = 128
_TIMES = ("request.utc-timestamp", "request.utc-timestamp.time-of-day")


class Translator:
    """Turns statements into boxes; every permission is a bit, given when it is first named.

    Args:
        statements: all that will be translated, so that `all-resources` covers the types that only they know.
    """

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.symbols = Symbols()
        self._bits: dict[str, int] = {}
        self.names: list[str] = []
        self._masks: dict[tuple[str, str], int] = {}
        self.keys: set[str] = set()
        self._space: Space | None = None
        found = list(statements)
        types = {s.resource for s in found if isinstance(s.resource, str) and s.resource}
        for type_ in sorted(types | {EVERYTHING}):
            for permission in sorted(granted("manage", type_)):
                self.bit(permission)
        for s in found:
            for permission in s.permissions:
                self.bit(permission)
        self._types = types

    # --- permissions

    def bit(self, permission: str) -> int:
        """The mask of one permission."""
        at = self._bits.get(permission)
        if at is None:
            at = self._bits[permission] = len(self.names)
            self.names.append(permission)
        return 1 << at

    def mask(self, verb: str, type_: str) -> int:
        """The permissions of a verb on a type; `manage all-resources` is every one there is."""
        found = self._masks.get((verb, type_))
        if found is None:
            if type_ == EVERYTHING and verb == "manage":
                return (1 << len(self.names)) - 1
            permissions = set(granted(verb, type_))
            if type_ == EVERYTHING:
                permissions = permissions.union(*(granted(verb, t) for t in self._types))
            found = self._masks[verb, type_] = sum(self.bit(p) for p in permissions)
        return found

    def permissions(self, mask: int) -> list[str]:
        """The names in a mask."""
        return [name for at, name in enumerate(self.names) if mask >> at & 1]

    def statement_mask(self, s: Statement) -> int:
        """The permissions of a statement.

        Raises:
            Undetermined: its verb or its resource type is unknown.
        """
        if s.permissions:
            return sum(self.bit(p) for p in set(s.permissions))
        for value in (s.verb, s.resource):
            if isinstance(value, Unknown):
                raise Undetermined(value)
        return self.mask(s.verb, s.resource) if s.verb in VERBS else 0

    # --- statements

    def boxes(self, s: Statement, subjects: Sequence[Any], place: Any) -> Iterator[Box]:
        """The boxes of an allow or deny statement.

        Args:
            subjects: texts such as `group:default/devs`, `any-user` or `service:faas`, unknown pieces and all.
            place: the path of the compartment it covers, from the root (`/`, `/shop/prod/`).
        """
        holes: list[Unknown] = []
        mask = self.statement_mask(s)
        tests: list[tuple[str, Demand]] = []
        who = [p for subject in subjects for p in self._subject(subject, holes)]
        if ANYTHING not in who:
            tests.append((SUBJECT, Demand(True, Values(tuple(who)))))
        where = self._below(place, holes)
        if where.text != ROOT:
            tests.append((PLACE, Demand(True, Values((where,)))))
        if s.effect == "deny":
            tests.append((SUBJECT, Demand(True, Values((glob(ADMINISTRATORS, wild=""),)), True)))
        for way in self._ways(s.condition):
            narrowed, more = self._conjunction(way, mask, holes)
            if narrowed:
                yield Box(narrowed, (*tests, *more), Part(s, tuple(holes)))

    def _subject(self, subject: Any, holes: list[Unknown]) -> Iterator[Pattern]:
        if subject == "any-user":
            yield ANYTHING
        elif subject == "any-group":
            yield glob("group:*")
            yield glob("dynamic-group:*")
        else:
            yield glob(self.spelled(subject, holes), wild="")

    def _below(self, place: Any, holes: list[Unknown]) -> Pattern:
        """Every place in a compartment; `*` is no character of a compartment's name."""
        text = self.spelled(place, holes)
        return glob(text + "*", wild="*") if text != ROOT else Pattern(ROOT, ())

    def spelled(self, value: Any, holes: list[Unknown] | None = None) -> str:
        """A text in lower case, its unknown pieces as symbols."""
        if isinstance(value, Unknown):
            return self.symbols.spell(value, [] if holes is None else holes, str.lower)
        return clean(str(value).lower())

    # --- conditions

    def _ways(self, condition: Any) -> list[list[Any]]:
        """The condition as alternatives, each a list of comparisons that all must hold.

        Raises:
            Undetermined: there are too many.
        """
        if condition is None:
            return [[]]
        if not isinstance(condition, Group):
            return [[condition]]
        inner = [self._ways(part) for part in condition.parts]
        if condition.every:
            size = 1
            for ways in inner:
                size *= len(ways)
            if size > _WAYS:
                raise Undetermined(Unknown(f"the condition can be met in more than {_WAYS} ways"))
            return [[p for way in choice for p in way] for choice in product(*inner)]
        found = [way for ways in inner for way in ways]
        if len(found) > _WAYS:
            raise Undetermined(Unknown(f"the condition can be met in more than {_WAYS} ways"))
        return found

    def _conjunction(self, way: list[Any], mask: int, holes: list[Unknown]) -> tuple[int, list[tuple[str, Demand]]]:
        tests = []
        for p in way:
            if isinstance(p, Unknown):
                holes.append(p)
                tests.append((OPAQUE + self.symbols.of(p), Demand(True, _TRUE)))
            elif p.variable == "request.permission" and not any(isinstance(v, Unknown) for v in p.values):
                mask &= self._permitted(p)
            else:
                self.keys.add(p.variable)
                tests.append((p.variable, self._demand(p, holes)))
        return mask, tests

    def _permitted(self, p: Predicate) -> int:
        """The permissions that a comparison of `request.permission` leaves."""
        wanted = automaton(tuple(self.value(v, []) for v in p.values))
        named = sum(1 << at for at, name in enumerate(self.names) if wanted.matches(name.lower()))
        return named if p.operator in ("=", "in") else ((1 << len(self.names)) - 1) & ~named

    def _demand(self, p: Predicate, holes: list[Unknown]) -> Demand:
        if p.operator in ("before", "after", "between") or p.variable in _TIMES:
            spans = _spans(p)
            scale = "clock" if p.variable.endswith("time-of-day") else "date"
            return Demand(True, Values((), tuple(spans), scale), p.operator in ("!=", "not in"))
        if p.operator in ("is", "is not"):
            return Demand(True, _TRUE, p.operator == "is not")
        values = Values(tuple(self.value(v, holes) for v in p.values))
        return Demand(True, values, p.operator in ("!=", "not in"))

    def value(self, value: Any, holes: list[Unknown]) -> Pattern:
        """A value of a comparison; between slashes it is a pattern of which `*` is any run."""
        text = self.spelled(value, holes)
        if len(text) > 1 and text[0] == text[-1] == "/":
            return glob(text[1:-1], wild="*")
        return glob(text, wild="")

    def space(self, budget: Budget | None = None) -> Space:
        """The dimensions of what was translated so far; what one question finds out the next one knows."""
        if self._space is not None and len(self._space.dimensions) == len(self.keys) + len(_THERE):
            self._space.budget = budget or Budget()
            return self._space
        dimensions = {name: Dimension(always=True, named=True, universe=there) for name, there in _THERE.items()}
        dimensions |= {key: Dimension(many=key in MANY) for key in self.keys}
        self._space = Space(dimensions, budget)
        return self._space


def _filled(before: str, after: str = "") -> Pattern:
    """Whatever stands between two texts, an unknown piece alone too, but not nothing."""
    return Pattern(f"{before}?*{after}", (*glob(before).pieces, Piece("+", ""), Piece("*", ""), *glob(after).pieces))


_THERE = {
    SUBJECT: Values(tuple(_filled(f"{k}:") for k in ("group", "dynamic-group", "service", "user", "resource"))),
    PLACE: Values((glob(ROOT), _filled("/", "/"))),
}
_TRUE = Values((glob("true"),))


def _spans(p: Predicate) -> list[Span]:
    values = []
    for v in p.values:
        if isinstance(v, Unknown):
            raise Undetermined(v)
        values.append(_clock(v) if p.variable.endswith("time-of-day") else _moment(v))
    endless = float("inf")
    if p.operator == "between":
        low, high = values
        return [Span(low, high)] if low <= high else [Span(low, endless), Span(-endless, high)]  # over midnight
    if p.operator == "before":
        return [Span(-endless, values[0], False, True)]
    if p.operator == "after":
        return [Span(values[0], endless, True)]
    return [Span(v, v) for v in values]


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        raise Undetermined(Unknown(f"{text} is no date")) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _clock(text: str) -> float:
    """Seconds since midnight of `09:00`, `9:00:00Z`."""
    pieces = text.upper().rstrip("Z").split(":")
    if len(pieces) > 3 or not all(p.isascii() and p.isdigit() for p in pieces):
        raise Undetermined(Unknown(f"{text} is no time of day"))
    hours, minutes, seconds = (*map(int, pieces), 0, 0)[:3]
    return float(hours * 3600 + minutes * 60 + seconds)


def subjects_of(s: Statement) -> list[Any]:
    """The subjects of a statement as texts; a name without a domain is of the default one."""
    if s.subject in ("any-user", "any-group"):
        return [s.subject]
    if s.subject == "resource":
        return ["resource:" + ":".join(str(n) for n in s.names if not isinstance(n, Unknown))]
    if s.subject == "service":
        return [_joined("service:", n) for n in s.names]
    return [_joined(f"{s.subject}:", qualified(n)) for n in s.names]


def qualified(name: Any) -> Any:
    """A group's name with its domain; an OCID as it is."""
    literal = name.literals if isinstance(name, Text) else [] if isinstance(name, Unknown) else [name]
    if any("/" in piece for piece in literal) or (literal and literal[0].startswith("ocid1.")):
        return name
    return _joined("default/", name)


def _joined(prefix: str, value: Any) -> Any:
    return Text([prefix, value]) if isinstance(value, Unknown) else f"{prefix}{value}"


def spares(s: Statement) -> bool:
    """True for a deny that the subject is exempt from: nobody denies the tenancy's administrators anything."""
    return s.subject == "group" and all(not isinstance(n, Unknown) and is_administrators(n) for n in s.names)
