"""OCI policy statements and matching rules, parsed, so that rules judge words and never substrings.

A piece of a statement that nobody knows (`"allow group ${var.admins} to ..."`) stays an unknown name: comparing it is
undetermined, everything around it is judged. Only where an unknown stands for a keyword is the statement unreadable.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from assay.model import Text, Undetermined, Unknown, all_of, any_of
from assay.patterns import pattern

VERBS = ("inspect", "read", "use", "manage")
PUBLIC_SUBJECTS = ("any-user", "any-group")

_HOLE = "\ue000"
_TOKEN = pattern(r"""'[^']*'|"[^"]*"|!=|[={}(),]|[^\s={}(),'"!]+""")
_HOLE_NUMBER = pattern(f"{_HOLE}(\\d+){_HOLE}")


class Predicate(NamedTuple):
    """One comparison of a condition; `operator` is `=`, `!=`, `in`, `not in`, `before`, `after`, `between`, `is`."""

    variable: str
    operator: str
    values: list[Any]


class Group(NamedTuple):
    """`all {...}` (every) or `any {...}`."""

    every: bool
    parts: list[Any]


class Statement(NamedTuple):
    """What one statement says; `effect` is `invalid` (and `fault` says why) when it cannot be read as one."""

    effect: str  # allow, deny, admit, endorse, define, invalid
    fault: str = ""
    subject: str = ""  # group, dynamic-group, any-user, any-group, service, resource
    names: tuple[Any, ...] = ()
    tenancy: Any = None  # the alias after `of tenancy` or `in tenancy`, or any-tenancy
    verb: Any = ""
    resource: Any = ""
    permissions: tuple[str, ...] = ()
    place: str = ""  # tenancy, compartment, tenancy-alias, any-tenancy
    path: Any = None  # compartment path or OCID
    condition: Any = None  # Predicate, Group, Unknown or None
    alias: Any = None  # what a define statement names
    kind: str = ""  # and what kind of thing that is

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
    """The statement is not one; the sentence says why."""


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
    reader = _reader(text)
    try:
        found = reader.condition()
        if reader.done():
            return found
    except _Fault:
        pass
    if reader.holes:  # what is not known may be what is missing
        raise Undetermined(reader.holes[0])
    return None


def _read(reader: _Reader) -> Statement:
    try:
        return reader.statement()
    except _Fault as fault:
        if reader.holes:
            raise Undetermined(reader.holes[0]) from None
        return Statement("invalid", str(fault))


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
            joined += part
        else:
            joined += f"{_HOLE}{len(holes)}{_HOLE}"
            holes.append(part)
    return _Reader(joined, holes)


class _Reader:
    """Recursive descent over the tokens of one statement."""

    def __init__(self, text: str, holes: list[Unknown]) -> None:
        self.holes = holes
        self.tokens = _tokens(text)
        self.at = 0

    # --- tokens

    def done(self) -> bool:
        return self.at >= len(self.tokens)

    def peek(self) -> str:
        """The next token in lower case, empty at the end."""
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

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
        """One of `words`, or a fault that says what was expected."""
        found = self.take(*words)
        if not found:
            raise _Fault(f"{what} is expected {self.where()}")
        return found

    def where(self) -> str:
        return "at its end" if self.done() else f"instead of {self.tokens[self.at]}"

    def name(self, what: str) -> Any:
        """The next token as a name, quotes removed; an unknown where pieces of it are unknown."""
        token = self.peek()
        if not token or token in ("{", "}", "(", ")", ",", "=", "!="):
            raise _Fault(f"{what} is expected {self.where()}")
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
        effect = self.need("allow, deny, admit, endorse or define", "allow", "deny", "admit", "endorse", "define")
        if effect == "define":
            made = self.definition()
        elif effect in ("admit", "endorse"):
            made = self.grant(effect)
        else:
            inner = self.take("admit", "endorse") if effect == "deny" else ""
            made = self.grant(effect if not inner else "deny")
        if not self.done():
            raise _Fault(f"nothing is expected {self.where()}")
        return made

    def definition(self) -> Statement:
        kind = self.need("tenancy, group or compartment", "tenancy", "group", "dynamic-group", "compartment")
        alias = self.name("an alias")
        self.need("`as`", "as")
        return Statement("define", kind=kind, alias=alias, path=self.name("an OCID"))

    def grant(self, effect: str) -> Statement:
        subject, names = self.subject()
        tenancy = self.tenancy() if self.take("of") else None
        self.take("to")
        verb, resource, permissions = self.what(effect)
        place, path, other = self.location() if self.take("in") else ("", None, None)
        if self.take("with"):
            while not self.done() and self.peek() != "where":
                self.at += 1
        condition = self.condition() if self.take("where") else None
        return Statement(
            effect, subject=subject, names=names, tenancy=tenancy or other, verb=verb, resource=resource,
            permissions=permissions, place=place, path=path, condition=condition,
        )  # fmt: skip

    def subject(self) -> tuple[str, tuple[Any, ...]]:
        kind = self.need(
            "a subject (group, dynamic-group, service, any-user, any-group)",
            "group", "dynamic-group", "dynamic", "any-user", "any-group", "service", "resource",
        )  # fmt: skip
        if kind == "dynamic":
            self.need("`group`", "group")
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
        if (
            self.peek() == "id"
            and self.at + 1 < len(self.tokens)
            and self.tokens[self.at + 1].lower() not in ("to", ",")
        ):
            self.at += 1
        name = self.name("a name")
        while self.peek() == "/" or self.peek().startswith("/'"):  # 'Domain'/'Group'
            self.at += 1
            name = Text([name, "/", self.name("a name")]) if isinstance(name, Unknown) else f"{name}/{self.plain()}"
        return name

    def plain(self) -> str:
        found = self.name("a name")
        if isinstance(found, Unknown):
            raise Undetermined(found)
        return str(found)

    def tenancy(self) -> Any:
        if self.take("any-tenancy"):
            return "any-tenancy"
        self.need("`tenancy` or `any-tenancy`", "tenancy")
        return self.name("the alias of a tenancy")

    def what(self, effect: str) -> tuple[Any, Any, tuple[str, ...]]:
        if self.take("{"):
            permissions = [self.plain().upper()]
            while self.take(","):
                permissions.append(self.plain().upper())
            self.need("`}`", "}")
            return "", "", tuple(permissions)
        verb = lower(self.name("a verb"))
        if isinstance(verb, str) and verb not in VERBS and not (effect != "allow" and verb == "associate"):
            raise _Fault(f"`{verb}` is not a verb (inspect, read, use, manage)")
        if self.peek() in ("in", "where"):
            raise _Fault(f"a resource type is expected {self.where()}")
        return verb, lower(self.name("a resource type")), ()

    def location(self) -> tuple[str, Any, Any]:
        kind = self.need("tenancy or compartment", "tenancy", "any-tenancy", "compartment", "compartments")
        if kind == "any-tenancy":
            return kind, None, "any-tenancy"
        if kind == "tenancy":
            if self.done() or self.peek() in ("where", "with"):
                return kind, None, None
            return "tenancy-alias", None, self.name("the alias of a tenancy")
        if self.peek() == "id":
            self.at += 1
        path = self.name("a compartment")
        return "compartment", path, self.tenancy() if self.take("of") else None

    def condition(self) -> Any:
        """A condition; an Unknown when nobody knows what stands there."""
        token = self.peek()
        if _HOLE in token and token[0] not in "'\"":
            self.at = len(self.tokens)
            return self.hole(token)
        if token in ("any", "all") and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1] == "{":
            return self.group(token == "all")
        negated = bool(self.take("not"))
        variable = self.plain().lower()
        operator = self.take("=", "!=", "in", "before", "after", "between") or (self.take("not") and "not in")
        if operator == "not in":
            self.need("`in`", "in")
        if not operator:
            return Predicate(variable, "is not" if negated else "is", [])
        return Predicate(variable, operator, self.values(operator))

    def group(self, every: bool) -> Any:
        self.at += 2
        parts = [self.condition()]
        while self.take(","):
            if self.peek() != "}":  # a comma too many is forgiven by the service
                parts.append(self.condition())
        if any(isinstance(p, Unknown) for p in parts):
            return Group(every, parts)
        self.need("`}`", "}")
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
            self.need("`and`", "and")
            found.append(self.name("a value"))
        return found


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        if text[at] == "/" and found and found[-1] in ("=", "!=", "(", ","):  # a glob may hold anything up to its end
            end = text.find("/", at + 1)
            if end > 0:
                found.append(text[at : end + 1])
                at = end + 1
                continue
        match = _TOKEN.match(text, at)
        found.append(match.group() if match else text[at])
        at = match.end() if match else at + 1
    return found


def lower(value: Any) -> Any:
    """A text in lower case, partial ones too; anything else as it is."""
    return value.lower() if isinstance(value, (str, Text)) else value
