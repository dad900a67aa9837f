"""The policy language of OCI, parsed: statements and matching rules become words with places, never substrings.

The grammar is Oracle's (Identity/Concepts/policysyntax.htm and its sub-pages, Tasks/managingdynamicgroups.htm):
allow, deny, admit, endorse and define; keywords in any case, blanks and line breaks anywhere. A piece that nobody knows
(`"allow group ${var.admins} to ..."`) stays an unknown name: comparing it is undetermined, all around it is judged.
Only where an unknown stands for a keyword is the statement unreadable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Text, Undetermined, Unknown, all_of, any_of
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS = ("inspect", "read", "use", "manage")
PUBLIC_SUBJECTS = ("any-user", "any-group")
EFFECTS = ("allow", "deny", "admit", "endorse", "define")
SUBJECTS = ("group", "dynamic-group", "any-user", "any-group", "service", "resource")

_HOLE = "\ue000"
_TOKEN = pattern(r"""'[^']*'|"[^"]*"|!=|[={}(),]|[^\s={}(),'"!]+""")
_HOLE_NUMBER = pattern(f"{_HOLE}(\\d+){_HOLE}")
_PUNCTUATION = ("{", "}", "(", ")", ",", "=", "!=")
_DEPTH = 40


class Predicate(NamedTuple):
    """One comparison of a condition; `operator` is `=`, `!=`, `in`, `not in`, `before`, `after`, `between`, `is` or
    `is not`. A value between slashes is a pattern."""

    variable: str
    operator: str
    values: list[Any]


class Group(NamedTuple):
    """`all {...}` (every) or `any {...}`."""

    every: bool
    parts: list[Any]


class Place(NamedTuple):
    """Where a grant holds: `tenancy`, `compartment`, `tenancy-alias`, `any-tenancy`, or nothing written."""

    kind: str = ""
    path: Any = None  # compartment path (`a:b:c`) or OCID
    tenancy: Any = None  # the alias of another tenancy, or any-tenancy


class Statement(NamedTuple):
    """What one statement says; `effect` is `invalid` (and `fault` says why) when it cannot be read as one."""

    effect: str  # allow, deny, admit, endorse, define, invalid
    fault: str = ""
    subject: str = ""  # group, dynamic-group, any-user, any-group, service, resource
    names: tuple[Any, ...] = ()  # `domain/name`, a name, or an OCID
    tenancy: Any = None  # the alias after `of tenancy` or `in tenancy`, or any-tenancy
    verb: Any = ""
    resource: Any = ""
    permissions: tuple[str, ...] = ()
    place: str = ""  # tenancy, compartment, tenancy-alias, any-tenancy
    path: Any = None  # compartment path or OCID
    condition: Any = None  # Predicate, Group, Unknown or None
    alias: Any = None  # what a define statement names
    kind: str = ""  # and what kind of thing that is
    base: str = ""  # what a deny takes back: allow, admit or endorse
    also: tuple[tuple[Any, Place], ...] = ()  # `with <resource type> in <place>`
    spans: dict[str, tuple[int, int]] = {}  # noqa: RUF012 - offsets of subject, verb, resource, place, condition, fault

    def manages(self, *types: str) -> bool:
        """True when the statement lets its subject manage one of these resource types."""
        return self.grants("manage", *types)

    def grants(self, verb: str, *types: str) -> bool:
        """True when the statement gives at least this verb on one of these resource types, named as such."""
        return self.effect == "allow" and any_of(types, lambda t: self.resource == t) and self.reaches(verb)

    def reaches(self, verb: str) -> bool:
        """True when the statement's verb includes `verb`."""
        return any_of(VERBS[VERBS.index(verb) :], lambda v: self.verb == v)

    @property
    def administrators_only(self) -> bool:
        """True when the subject is the tenancy's own group of administrators."""
        return self.subject == "group" and all_of(self.names, is_administrators)


def is_administrators(name: Any) -> bool:
    """True for `Administrators`, with or without its domain before it."""
    return bool(name.lower() in ("administrators", "default/administrators"))


class _Fault(Exception):
    """The text is no statement from this offset on; the sentence says what is expected there."""

    def __init__(self, what: str, span: tuple[int, int]) -> None:
        super().__init__(what)
        self.span = span


_known: dict[str, Statement] = {}


def statement(text: Any) -> Statement:
    """The statement in `text`.

    Raises:
        Undetermined: the text is unknown, or unknown where the grammar wants a keyword.
    """
    if not isinstance(text, str):
        return _read(_reader(text))
    found = _known.get(text)
    if found is None:
        found = _known[text] = _read(_Reader(text, []))
    return found


def matching_rule(text: Any) -> Any:
    """The condition of a dynamic group's matching rule; None when it cannot be read as one.

    Raises:
        Undetermined: the text is unknown, or unknown where the grammar wants a keyword.
    """
    found = parsed_rule(text)
    return None if isinstance(found, str) else found


def parsed_rule(text: Any) -> Any:
    """The condition of a matching rule, or the sentence that says why it is none."""
    reader = _reader(text)
    try:
        found = reader.condition()
        if reader.done():
            return found
        raise _Fault(f"nothing more is expected {reader.where()}", reader.span())
    except _Fault as fault:
        reader.unless_unknown(fault)
        return f"{_column(fault.span)}: {fault}"


def _read(reader: _Reader) -> Statement:
    try:
        return reader.statement()
    except _Fault as fault:
        reader.unless_unknown(fault)
        return Statement("invalid", f"{_column(fault.span)}: {fault}", spans={"fault": fault.span})


def _column(span: tuple[int, int]) -> str:
    return f"column {span[0] + 1}"


def _reader(text: Any) -> _Reader:
    """A reader on a text, its unknown pieces numbered in a private-use character.

    Raises:
        Undetermined: nothing of the text is known.
    """
    if isinstance(text, Unknown) and not isinstance(text, Text):
        raise Undetermined(text)
    holes: list[Unknown] = []
    joined = ""
    for part in text.parts if isinstance(text, Text) else [str(text)]:
        if isinstance(part, str):
            joined += part.replace(_HOLE, " ")
        else:
            joined += f"{_HOLE}{len(holes)}{_HOLE}"
            holes.append(part)
    return _Reader(joined, holes)


class _Reader:
    """Recursive descent over the tokens of one statement."""

    def __init__(self, text: str, holes: list[Unknown]) -> None:
        self.holes = holes
        self.text = text = text if holes else text.replace(_HOLE, " ")
        self.first_hole = text.find(_HOLE) if holes else len(text) + 1
        self.tokens, self.places = _tokens(text)
        self.at = 0
        self.depth = 0

    # --- tokens

    def unless_unknown(self, fault: _Fault) -> None:
        """A fault behind an unknown piece is none for certain: the piece may hold what is missing.

        Raises:
            Undetermined: it is one of those.
        """
        if self.holes and fault.span[1] >= self.first_hole:
            raise Undetermined(self.holes[0])

    def done(self) -> bool:
        return self.at >= len(self.tokens)

    def peek(self, ahead: int = 0) -> str:
        """The next token in lower case, empty at the end."""
        at = self.at + ahead
        return self.tokens[at].lower() if at < len(self.tokens) else ""

    def span(self) -> tuple[int, int]:
        """The offsets of the next token; of the end, when there is none."""
        return self.places[self.at] if not self.done() else (len(self.text), len(self.text))

    def since(self, start: int) -> tuple[int, int]:
        """The offsets from a token to the last one taken."""
        if start >= len(self.places):
            return (len(self.text), len(self.text))
        return (self.places[start][0], self.places[max(start, self.at - 1)][1])

    def take(self, *words: str) -> str:
        """The next token when it is one of `words`, else the empty string."""
        token = self.peek()
        if _HOLE in token and token[0] not in "'\"":
            raise Undetermined(self.hole(token))
        if token in words:
            self.at += 1
            return token
        return ""

    def need(self, what: str, *words: str) -> str:
        """One of `words`, or a fault that says what was expected, and which of them was perhaps meant."""
        found = self.take(*words)
        if not found:
            raise self.fault(what, words)
        return found

    def fault(self, what: str, words: Sequence[str] = ()) -> _Fault:
        from difflib import get_close_matches

        near = get_close_matches(self.peek(), [w for w in words if len(w) > 2], 1, 0.7)
        hint = f"; did you mean {near[0]}?" if near else ""
        return _Fault(f"{what} is expected {self.where()}{hint}", self.span())

    def where(self) -> str:
        return "at its end" if self.done() else f"instead of {self.tokens[self.at]}"

    def name(self, what: str) -> Any:
        """The next token as a name, quotes removed; an unknown where pieces of it are unknown."""
        token = self.peek()
        if not token or token in _PUNCTUATION:
            raise self.fault(what)
        raw = self.tokens[self.at]
        self.at += 1
        return self.value(raw)

    def value(self, raw: str) -> Any:
        text = raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\"" else raw
        if _HOLE not in text:
            return text
        pieces = _HOLE_NUMBER.split(text)
        parts: list[str | Unknown] = [self.holes[int(p)] if i % 2 else p for i, p in enumerate(pieces)]
        parts = [p for p in parts if isinstance(p, Unknown) or p]
        return parts[0] if len(parts) == 1 else Text(parts)

    def hole(self, token: str) -> Unknown:
        found = _HOLE_NUMBER.search(token)
        return self.holes[int(found.group(1))] if found else Unknown(token)

    # --- grammar

    def statement(self) -> Statement:
        effect = self.need("allow, deny, admit, endorse or define", *EFFECTS)
        if effect == "define":
            made = self.definition()
        elif effect == "deny":
            base = self.take("admit", "endorse", "allow") or "allow"
            made = self.grant(base)._replace(effect="deny", base=base)
        else:
            made = self.grant(effect)
        if not self.done():
            raise _Fault(f"{'nothing more' if made.condition else 'where'} is expected {self.where()}", self.span())
        return made

    def definition(self) -> Statement:
        kind = self.need(
            "tenancy, group, dynamic-group or compartment", "tenancy", "group", "dynamic-group", "compartment"
        )
        alias = self.name("an alias")
        self.need("as", "as")
        return Statement("define", kind=kind, alias=alias, path=self.name("an OCID"))

    def grant(self, effect: str) -> Statement:
        spans: dict[str, tuple[int, int]] = {}
        start = self.at
        subject, names = self.subject()
        tenancy = self.tenancy() if self.take("of") else None
        spans["subject"] = self.since(start)
        self.take("to")
        start = self.at
        verb, resource, permissions = self.what(effect, spans)
        spans["verb"] = spans.get("verb", self.since(start))
        place = Place()
        if self.take("in"):
            start = self.at
            place = self.location(effect)
            spans["place"] = self.since(start)
        also = []
        while effect in ("admit", "endorse") and self.take("with"):
            other = lower(self.name("a resource type"))
            also.append((other, self.location(effect) if self.take("in") else Place()))
        condition = None
        if self.take("where"):
            start = self.at
            condition = self.condition()
            spans["condition"] = self.since(start)
        return Statement(
            effect, subject=subject, names=names, tenancy=tenancy or place.tenancy, verb=verb, resource=resource,
            permissions=permissions, place=place.kind, path=place.path, condition=condition, also=tuple(also),
            spans=spans,
        )  # fmt: skip

    def subject(self) -> tuple[str, tuple[Any, ...]]:
        words = (*SUBJECTS, "dynamic")
        kind = self.need("a subject (group, dynamic-group, service, any-user, any-group)", *words)
        if kind == "dynamic":
            self.need("group", "group")
            kind = "dynamic-group"
        if kind in PUBLIC_SUBJECTS:
            return kind, ()
        names = [self.subject_name()]
        while self.take(","):
            self.take("group", "dynamic-group", "service")
            names.append(self.subject_name())
        if kind == "resource" and self.peek() not in ("to", "of", *VERBS):
            names.append(self.name("a name"))
        return kind, tuple(names)

    def subject_name(self) -> Any:
        if self.peek() == "id" and self.peek(1) not in ("", "to", ","):
            self.at += 1
        name = self.name("a name")
        while self.peek() == "/" or self.peek().startswith("/'"):  # 'Domain'/'Group'
            self.at += 1
            rest = self.name("a name")
            known = not isinstance(name, Unknown) and not isinstance(rest, Unknown)
            name = f"{name}/{rest}" if known else Text([name, "/", rest])
        return name

    def plain(self) -> str:
        found = self.name("a name")
        if isinstance(found, Unknown):
            raise Undetermined(found)
        return str(found)

    def tenancy(self) -> Any:
        if self.take("any-tenancy"):
            return "any-tenancy"
        self.need("tenancy or any-tenancy", "tenancy")
        return self.name("the alias of a tenancy")

    def what(self, effect: str, spans: dict[str, tuple[int, int]]) -> tuple[Any, Any, tuple[str, ...]]:
        if self.take("{"):
            permissions = [self.plain().upper()]
            while self.take(","):
                permissions.append(self.plain().upper())
            self.need("`}`", "}")
            return "", "", tuple(permissions)
        spans["verb"] = self.span()
        verb = lower(self.name("a verb (inspect, read, use, manage) or a list of permissions in braces"))
        if isinstance(verb, str) and verb not in VERBS and not (effect != "allow" and verb == "associate"):
            self.at -= 1
            raise self.fault("a verb (inspect, read, use, manage)", VERBS)
        if self.peek() in ("in", "where"):
            raise self.fault("a resource type")
        spans["resource"] = self.span()
        return verb, lower(self.name("a resource type")), ()

    def location(self, effect: str) -> Place:
        kind = self.need("tenancy or compartment", "tenancy", "any-tenancy", "compartment", "compartments")
        if kind == "any-tenancy":
            return Place(kind, None, "any-tenancy")
        if kind == "tenancy":
            if effect == "allow" or self.done() or self.peek() in ("where", "with"):
                return Place(kind)
            return Place("tenancy-alias", None, self.name("the alias of a tenancy"))
        if self.peek() == "id":
            self.at += 1
        path = self.name("the name or the OCID of a compartment")
        return Place("compartment", path, self.tenancy() if self.take("of") else None)

    def condition(self) -> Any:
        """A condition; an Unknown when nobody knows what stands there."""
        token = self.peek()
        if _HOLE in token and token[0] not in "'\"":
            self.at = len(self.tokens)
            return self.hole(token)
        if token in ("any", "all") and self.peek(1) == "{":
            return self.group(token == "all")
        negated = bool(self.take("not"))
        start = self.span()
        variable = self.name("a variable, any {...} or all {...}")
        if isinstance(variable, Unknown):
            raise Undetermined(variable)
        operator = self.take("=", "!=", "in", "before", "after", "between") or (self.take("not") and "not in")
        if operator == "not in":
            self.need("in", "in")
        if not operator:
            if not self.done() and self.peek() not in ("}", ","):
                if self.peek() in ("and", "or"):
                    raise _Fault(f"the language has no {self.peek()}: write all {{...}} or any {{...}}", self.span())
                raise self.fault("an operator (=, !=, in, before, after, between)")
            if "." not in variable:
                raise _Fault(f"a variable is expected instead of {variable}", start)
            return Predicate(variable.lower(), "is not" if negated else "is", [])
        return Predicate(variable.lower(), operator, self.values(operator))

    def group(self, every: bool) -> Any:
        self.at += 2
        self.depth += 1
        if self.depth > _DEPTH:
            raise _Fault(f"conditions are nested more than {_DEPTH} deep", self.span())
        parts = [self.condition()]
        while self.take(","):
            if self.peek() != "}":  # a comma too many is forgiven by the service
                parts.append(self.condition())
        self.depth -= 1
        if any(isinstance(p, Unknown) for p in parts):
            return Group(every, parts)
        self.need("`,` or `}`", "}")
        return Group(every, parts)

    def values(self, operator: str) -> list[Any]:
        if operator in ("in", "not in"):
            self.need("`(`", "(")
            found = [self.name("a value")]
            while self.take(","):
                found.append(self.name("a value"))
            self.need("`)`", ")")
            return found
        found = [self.name("a value")]
        if operator == "between":
            self.need("and", "and")
            found.append(self.name("a value"))
        return found


def _tokens(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    found: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        end = 0
        if text[at] == "/" and found and found[-1] in ("=", "!=", "(", ","):  # a glob may hold anything up to its end
            end = text.find("/", at + 1) + 1
        if not end:
            match = _TOKEN.match(text, at)
            end = match.end() if match else at + 1
        found.append(text[at:end])
        places.append((at, end))
        at = end
    return found, places


def lower(value: Any) -> Any:
    """A text in lower case, partial ones too; anything else as it is."""
    return value.lower() if isinstance(value, (str, Text)) else value
