"""AWS policy statements as boxes of requests (`assay.analysis.access`): operators, missing keys, variables, ARNs.

What a statement means: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
A key that is missing fails a positive operator and passes a negated one, `...IfExists` and `ForAllValues`. ARNs are
texts; the ARN operators stop wildcards at colons. `aws:PrincipalArn` and `aws:PrincipalAccount` are questions about the
principal, so they are asked of it and cannot contradict it.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from assay.analysis.access import EVERYTHING, MISSING, Box, Demand, Dimension, Rules, Space, Span, Values
from assay.analysis.aws_action_sets import ActionSets
from assay.analysis.aws_actions import key_type
from assay.analysis.globs import NO_COLON, NO_SLASH, Budget, Pattern, Piece, glob
from assay.analysis.inclusion import Compiled, Part, Symbols, clean, opened
from assay.model import PartialList, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.analysis.aws_policy import Condition, Statement

RESOURCE, PRINCIPAL = "resource", "principal"
ACCOUNT_ROOT = ":root"
ALWAYS = ("aws:securetransport", "aws:currenttime", "aws:epochtime", "aws:viaawsservice")
"""Keys that every request has."""

INFINITY = float("inf")
_V6 = 1 << 40  # version 6 addresses follow those of version 4 on one line
_BOOL = Values((glob("true"), glob("false")))
_ADDRESSES = Values((), (Span(0, (1 << 32) - 1), Span(_V6, _V6 + (1 << 128) - 1)), "address")


class Reader:
    """Compiles statements over one set of actions; unknown pieces and variables become characters of their own."""

    def __init__(self, documents: Iterable[Sequence[Statement]]) -> None:
        found = [s for document in documents for s in _each(document)]
        actions = [p for s in found for p in (*_known(s.actions), *_known(s.not_actions))]
        resources = [p for s in found for p in (*_known(s.resources), *_known(s.not_resources))]
        wild = any(p.strip("*") == "" for p in actions) or any(list.__len__(s.not_actions) for s in found)
        self.actions = ActionSets(actions, resources, wild)
        self.has_principals = any(s.has_principals for s in found)
        self.symbols = Symbols()
        self.keys: dict[str, Dimension] = {}

    # --- statements

    def compile(self, document: Sequence[Statement], *, identity: bool = False) -> Compiled:
        """The boxes of a document.

        Args:
            identity: an identity policy, which has no principal of its own.
        """
        allow: list[Box] = []
        deny: list[Box] = []
        doubts: list[Unknown] = [document.unknown] if isinstance(document, PartialList) else []
        for s in _each(document):
            try:
                (allow if s.allows else deny).extend(self._boxes(s, identity))
            except Undetermined as doubt:
                doubts.append(doubt.unknown)
        return Compiled(Rules(tuple(allow), tuple(deny)), tuple(doubts))

    def _boxes(self, s: Statement, identity: bool) -> Iterator[Box]:
        holes: list[Unknown] = []
        mask = self._mask(s)
        tests: list[tuple[str, Demand]] = []
        self._heard: list[str] = []
        if list.__len__(s.not_resources) or isinstance(s.not_resources, PartialList):
            tests.append((RESOURCE, Demand(True, self._values(s.not_resources, holes), True)))
        elif list.__len__(s.resources) or isinstance(s.resources, PartialList):
            self._add_test(tests, RESOURCE, Demand(True, self._values(s.resources, holes)))
        if not identity and s.has_principals:
            named = s.not_principals or s.principals
            values = Values(tuple(p for kind, who in named for p in self._principal(kind, who, holes)))
            self._add_test(tests, PRINCIPAL, Demand(True, values, bool(s.not_principals)))
        ways: list[list[tuple[str, Demand]]] = [tests]
        for condition in s.conditions:
            choices = self._condition(condition, holes)
            ways = [[*way, *choice] for way in ways for choice in choices]
        part = Part(s, tuple(holes), tuple(self._heard))
        for way in ways:
            yield Box(mask, tuple(way), part)

    def _add_test(self, tests: list[tuple[str, Demand]], name: str, test: Demand) -> None:
        if test.outside or not any(p is EVERYTHING.patterns[0] for p in test.values.patterns):
            tests.append((name, test))

    def _mask(self, s: Statement) -> int:
        """The actions of a statement.

        Raises:
            Undetermined: one of them is unknown.
        """
        if s.not_actions:
            left_out = 0
            for pattern in s.not_actions:
                left_out |= self.actions.mask(_text(pattern))
            return self.actions.every() & ~left_out
        found = 0
        for pattern in s.actions:
            found |= self.actions.mask(_text(pattern))
        return found

    # --- values

    def _values(self, values: Sequence[Any], holes: list[Unknown], **how: Any) -> Values:
        found = [self.pattern(v, holes, **how) for v in _all(values)]
        if isinstance(values, PartialList):
            found.append(self.pattern(values.unknown, holes, **how))
        return Values(tuple(dict.fromkeys(found)))

    def pattern(self, value: Any, holes: list[Unknown], **how: Any) -> Pattern:
        """A value as a pattern: variables and unknown pieces are characters that nothing else is."""
        if isinstance(value, Unknown):
            return glob(self.symbols.spell(value, holes, self._variables), **how)
        return glob(self._variables(clean(_written(value))), **how)

    def _variables(self, text: str) -> str:
        """`${aws:username}` as one character; `${*}` as the star itself (a private character too)."""
        if "${" not in text:
            return text
        out, rest = "", text
        while "${" in rest:
            before, _, rest = rest.partition("${")
            name, closed, rest = rest.partition("}")
            if not closed:
                return out + before + "${" + name
            name = name.partition(",")[0].strip().lower()
            if name not in ("*", "?", "$"):
                self._heard.append(name)
            out += before + (name if name == "$" else self.symbols.of("${" + name + "}"))
        return out + rest

    def _principal(self, kind: Any, who: Any, holes: list[Unknown]) -> Iterator[Pattern]:
        """The principals that an entry of a Principal element takes in; an account is all its principals."""
        if kind == "*" or (kind == "AWS" and not isinstance(who, Unknown) and who == "*"):
            yield EVERYTHING.patterns[0]
        elif kind == "AWS":
            if isinstance(who, str) and len(who) == 12 and who.isdigit():
                yield account_pattern(who)
            else:
                named = self.pattern(who, holes, wild="")
                root = named.text.startswith("arn:") and named.text.endswith(ACCOUNT_ROOT)
                yield account_pattern(named.text.split(":")[4]) if root else named
        else:
            if isinstance(who, Unknown):
                raise Undetermined(who)
            yield glob(f"{str(kind).lower()}:{who}", wild="*" if who == "*" else "")

    # --- conditions

    def _condition(self, c: Condition, holes: list[Unknown]) -> list[list[tuple[str, Demand]]]:
        """The ways to pass a condition, each a conjunction of tests.

        Raises:
            Undetermined: the operator or the key is unknown, or not one that AWS has.
        """
        operator, key = _text(c.operator), _text(c.key)
        name = self._dimension(key, operator)
        if operator == "null":
            known = {_text(_written_or_unknown(v)).lower() for v in c.values}
            return [
                [(name, self._absent(name) if v == "true" else self._absent(name).negated())] for v in sorted(known)
            ]
        plain = operator.removeprefix("forallvalues:").removeprefix("foranyvalue:")
        if_exists = plain.endswith("ifexists")
        plain = plain.removesuffix("ifexists")
        found = self._compared(plain, key, c.values, holes)
        if found is None:
            raise Undetermined(Unknown(f"{c.operator} is no condition operator"))
        values, negated = found
        if operator.startswith("forallvalues:"):
            return [[(name, Demand(False, values, negated))]]
        if operator.startswith("foranyvalue:"):
            ways = [[(name, Demand(True, values, negated))]]
            return [*ways, [(name, MISSING)]] if if_exists else ways
        # Of a single value "all of them" and "one of them" differ only where there is none.
        missing_passes = if_exists or negated
        if name == PRINCIPAL or not self.keys.get(name, Dimension()).many:
            return [[(name, Demand(not missing_passes, values, negated))]]
        test = Demand(True, values)
        if negated:
            return [[(name, test.negated())]]
        return [[(name, test)], [(name, MISSING)]] if if_exists else [[(name, test)]]

    def _absent(self, name: str) -> Demand:
        """The test that a key is missing; services and strangers are the principals without an ARN."""
        return Demand(True, Values((glob("arn:*"),)), True) if name == PRINCIPAL else MISSING

    def _dimension(self, key: str, operator: str) -> str:
        if self.has_principals and key in ("aws:principalarn", "aws:principalaccount"):
            return PRINCIPAL
        letter = key_type(key)
        many = letter.isupper() if letter else operator.startswith("for")
        universe = _BOOL if (letter or "").lower() == "b" or "bool" in operator else None
        if (letter or "").lower() == "i" or "ipaddress" in operator:
            universe = _ADDRESSES
        before = self.keys.get(key)
        if before is None or (many and not before.many):
            self.keys[key] = Dimension(many, key in ALWAYS, universe=universe)
        return key

    def _compared(self, plain: str, key: str, values: Any, holes: list[Unknown]) -> tuple[Values, bool] | None:
        """The set of values that an operator compares with, and whether it wants the others."""
        negated = "not" in plain and plain != "not"
        base = plain.replace("not", "") if negated else plain
        if key == "aws:principalaccount" and self.has_principals:
            known = [v for v in values if not isinstance(v, Unknown)]
            if len(known) < list.__len__(values):
                raise Undetermined(next(v for v in values if isinstance(v, Unknown)))
            return Values(
                tuple(account_pattern(_written(v), wild="*?" if "like" in base else "") for v in known)
            ), negated
        if base in ("stringequals", "binaryequals"):
            return self._values(values, holes, wild=""), negated
        if base == "stringequalsignorecase":
            return self._values(values, holes, wild="", fold=True), negated
        if base == "stringlike":
            return self._values(values, holes), negated
        if base in ("arnequals", "arnlike"):
            return Values(tuple(self._arn(v, holes) for v in values)), negated
        if base == "bool":
            return self._values([_text(v).lower() for v in map(_written_or_unknown, values)], holes), negated
        if base.startswith(("numeric", "date")):
            return _ordered(base, values, negated)
        if base == "ipaddress":
            return Values((), tuple(_network(v) for v in values), "address"), negated
        return None

    def _arn(self, value: Any, holes: list[Unknown]) -> Pattern:
        """An ARN pattern: each of the first five parts is compared by itself, the last may go over colons."""
        whole = self.pattern(value, holes)
        if whole.text.count(":") < 5:
            return whole
        pieces: list[Piece] = []
        colons = 0
        for piece in whole.pieces:
            colons += piece.chars == ":" and piece.kind == ""
            pieces.append(piece._replace(chars=NO_COLON) if piece.kind and colons < 5 else piece)
        return _made(("arn", whole.text), tuple(pieces))

    # --- the space of a question

    def space(self, budget: Budget | None = None) -> Space:
        """The dimensions of what was compiled so far."""
        dimensions = {RESOURCE: Dimension(always=True, named=True)}
        if self.has_principals:
            callers = Values((*_callers().patterns, *self._begun()))
            dimensions[PRINCIPAL] = Dimension(always=True, named=True, universe=callers)
        dimensions |= self.keys
        return Space(dimensions, budget, self._split)

    def _begun(self) -> tuple[Pattern, ...]:
        """What begins with an unknown piece (`${aws_iam_role.r.arn}`): it may be of any form."""
        pieces = [c for c, meaning in self.symbols.meanings.items() if isinstance(meaning, Unknown)]
        return tuple(glob(c + "*") for c in pieces)

    def _split(self, mask: int) -> Iterator[tuple[int, tuple[tuple[str, Demand], ...]]]:
        """A mask by the forms of resources its actions work on; an action that takes none is asked on `*`."""
        whole = self._begun()
        for part, forms in self.actions.parts(mask):
            named = () if forms == ("*",) else whole
            yield part, ((RESOURCE, Demand(True, Values((*(_form(f) for f in forms), *named)))),)


def _each(document: Sequence[Statement]) -> Iterator[Statement]:
    """The statements that are known."""
    return _all(document)


_patterns: dict[Any, Pattern] = {}


def _made(key: Any, pieces: tuple[Piece, ...]) -> Pattern:
    """A pattern that no text spells, made once per key."""
    found = _patterns.get(key)
    if found is None:
        found = _patterns[key] = Pattern(key[1], pieces)
    return found


@cache
def _form(form: str) -> Pattern:
    """A form of the table as a pattern; a wildcard that a request itself has (`*` for all) stands for itself."""
    if form in ("", "*"):
        return glob(form or "*", wild="*" if form == "" else "")
    pieces: list[Piece] = []
    for char in "arn:%:" + form:
        stop = {"%": NO_COLON, "!": NO_SLASH, "*": ""}.get(char)
        pieces += [Piece("", char)] if stop is None else [Piece("+", stop), Piece("*", stop)]
    return Pattern(form, tuple(pieces))


def _callers() -> Values:
    """Whoever can make a request: identities by their ARN, services, federated users, and strangers."""
    shapes = [_form("iam::%:*"), _form("sts::%:*"), glob("anonymous", wild="")]
    kinds = (glob(f"{kind}:?*") for kind in ("service", "federated", "canonicaluser"))
    return Values((*shapes, *kinds))


def account_pattern(account: str, *, wild: str = "") -> Pattern:
    """Every principal of an account, by the fifth field of its ARN."""
    colon, anything = Piece("", ":"), Piece("*", NO_COLON)
    start = [*glob("arn:").pieces, anything, colon, anything, colon, anything, colon]
    return _made(("account", account, wild), (*start, *glob(account, wild=wild).pieces, colon, Piece("*", "")))


def anywhere(arn: str, *, named: bool) -> Pattern:
    """An ARN with anything in the place of its symbols: when they are in its name, what one name can hold."""
    pieces = [p._replace(chars=NO_SLASH) if p.kind and named else p for p in opened(arn).pieces]
    return _made(("anywhere", arn, named), tuple(pieces))


def _all(values: Sequence[Any]) -> Iterator[Any]:
    """The known elements of a list, partial ones too."""
    return list.__iter__(values) if isinstance(values, list) else iter(values)


def _known(values: Sequence[Any]) -> list[str]:
    return [v for v in _all(values) if isinstance(v, str)]


def _text(value: Any) -> str:
    if isinstance(value, Unknown):
        raise Undetermined(value)
    return str(value)


def _written_or_unknown(value: Any) -> Any:
    return value if isinstance(value, Unknown) else _written(value)


def _written(value: Any) -> str:
    """A JSON value as policies compare it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _ordered(base: str, values: Any, negated: bool) -> tuple[Values, bool] | None:
    """Numbers and dates as intervals; several values are alternatives."""
    scale, read = ("number", _number) if base.startswith("numeric") else ("date", _moment)
    kind = base.removeprefix("numeric").removeprefix("date")
    spans = []
    for value in values:
        x = read(_text(value))
        made = {
            "equals": Span(x, x),
            "lessthan": Span(-INFINITY, x, False, True),
            "lessthanequals": Span(-INFINITY, x),
            "greaterthan": Span(x, INFINITY, True),
            "greaterthanequals": Span(x, INFINITY),
        }.get(kind)
        if made is None:
            return None
        spans.append(made)
    return Values((), tuple(spans), scale), negated


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Undetermined(Unknown(f"{text} is no number")) from None


def _moment(text: str) -> float:
    if text.isdigit() and len(text) > 4:
        return float(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Undetermined(Unknown(f"{text} is no date")) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _network(value: Any) -> Span:
    try:
        found = ipaddress.ip_network(_text(value), strict=False)
    except ValueError:
        raise Undetermined(Unknown(f"{value} is no address and no prefix")) from None
    base = 0 if found.version == 4 else _V6
    return Span(base + int(found.network_address), base + int(found.broadcast_address))


def address(number: float) -> str:
    """An address as people write it."""
    n = int(number)
    return str(ipaddress.ip_address(n - _V6) if n >= _V6 else ipaddress.ip_address(max(n, 0) % (1 << 32)))
