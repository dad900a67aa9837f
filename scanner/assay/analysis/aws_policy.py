"""Statements of AWS policies, and what rules ask of them: one view for each, whatever the policy was written in.

A question raises `Undetermined` when the pieces that nobody knows decide it. This is the attribute level: what one
document says, not what a principal may do in the end. `aws_policy_documents.py` makes the statements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.aws_arns import is_star, matches, matches_all
from assay.model import PartialList, Ref, Text, Undetermined, Unknown, any_of, show
from assay.model import as_list as known_list
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from assay.model import Finding, Location, View

NARROWING = frozenset({
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "aws:userid",
    "aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc",
    "aws:sourcevpce", "aws:sourcevpcarn", "aws:sourceip", "aws:vpcsourceip", "aws:vpceaccount", "aws:vpceorgid",
    "aws:vpceorgpaths", "kms:calleraccount", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
    "elasticfilesystem:accessedviamounttarget", "elasticfilesystem:accesspointarn", "lambda:eventsourcetoken",
    "events:creatoraccount", "iot:connection.thing.isattached",
})  # fmt: skip
"""Condition keys that tie a request to an account, an organisation, a network or a resource; lower case."""

_POSITIVE = (
    "stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "bool",
)  # fmt: skip


class Condition(NamedTuple):
    """One condition: operator and key in lower case (an unknown key stays), and the values it compares with."""

    operator: Any
    key: Any
    values: list[Any]

    @property
    def positive(self) -> bool:
        """True when a request without the key, or with another value, fails it."""
        operator = self.operator.removeprefix("foranyvalue:")
        return operator in _POSITIVE

    @property
    def narrows(self) -> bool:
        """True when it ties the request to an account, organisation, network or resource."""
        if not self.positive or self.key not in NARROWING:
            return False
        values = self.values
        if self.operator.removeprefix("foranyvalue:").startswith("stringequals"):
            # It knows no wildcards: what is known only later is one account, one organisation, whichever it is.
            values = [v for v in list.__iter__(values) if not isinstance(v, Unknown)]
        return not any_of(values, matches_all)


class Statement:
    """One statement of a policy document."""

    __slots__ = (
        "actions", "at", "block", "conditions", "document", "effect", "key", "not_actions", "not_principals",
        "not_resources", "principals", "resources", "sid", "spelt", "view",
    )  # fmt: skip

    def __init__(self, view: View, at: str | None, parts: dict[str, Any]) -> None:
        self.view = view
        self.at = at
        self.block: View | None = None  # of the data document that this was written in
        self.document: list[Statement] = []  # with its siblings: what a Deny takes back of it
        self.sid = parts.get("sid")
        self.effect = "Allow" if parts.get("effect") is None else parts["effect"]
        self.actions = _lowered(parts.get("action"))
        self.not_actions = _lowered(parts.get("notaction"))
        self.spelt = [*list.__iter__(as_list(parts.get("action"))), *list.__iter__(as_list(parts.get("notaction")))]
        self.resources = as_list(parts.get("resource"))
        self.not_resources = as_list(parts.get("notresource"))
        self.principals: list[tuple[Any, Any]] = parts["principal"]
        self.not_principals: list[tuple[Any, Any]] = parts["notprincipal"]
        self.conditions: list[Condition] = parts["condition"]
        self.key = None if at is None else f"{at.partition('[')[0]} {show(self.sid or parts)}"

    def __str__(self) -> str:
        return f'statement "{self.sid}"' if isinstance(self.sid, str) and self.sid else "a statement"

    @property
    def allows(self) -> bool:
        return bool(self.effect == "Allow")

    def grants(self, *actions: str) -> bool:
        """True when it allows one of the actions (full names, any case), whatever the resource and condition."""
        return self.allows and any_of(actions, self.covers)

    def covers(self, action: str) -> bool:
        """True when Action (or what NotAction leaves) includes the action."""
        if any_of(self.actions, lambda pattern: matches(pattern, action)):
            return True
        return bool(self.not_actions) and not any_of(self.not_actions, lambda pattern: matches(pattern, action))

    @property
    def on_everything(self) -> bool:
        """True when the resource is `*` (NotResource leaves nearly everything)."""
        return any_of(self.resources, is_star) or bool(self.not_resources)

    @property
    def has_principals(self) -> bool:
        """True when it names principals, even unknown ones: it belongs to a resource policy or a trust."""
        named = (self.principals, self.not_principals)
        return any(list.__len__(p) > 0 or isinstance(p, PartialList) for p in named)

    @property
    def maybe_principals(self) -> Unknown | None:
        """Why nobody knows whether it names principals; None when it does or does not."""
        named = (self.principals, self.not_principals)
        if any(list.__len__(p) > 0 for p in named):
            return None
        return next((p.unknown for p in named if isinstance(p, PartialList)), None)

    @property
    def to_everyone(self) -> bool:
        """True when any principal at all is addressed."""
        return bool(self.not_principals) or any_of(self.principals, _everyone)

    @property
    def narrowed(self) -> bool:
        """True when a condition ties the request to an account, an organisation, a network or a resource."""
        return any_of(self.conditions, lambda c: c.narrows)

    @property
    def public(self) -> bool:
        """True when it allows everyone, no condition narrows that, and no other statement takes it back."""
        if not (self.allows and self.to_everyone) or self.narrowed:
            return False
        if all(s is self or s.effect == "Allow" for s in list.__iter__(self.document)):
            return True
        from assay.analysis.aws_public import open_to_strangers

        return open_to_strangers(self, self.document, NARROWING)

    def tests(self, *keys: str) -> bool:
        """True when a condition of any kind tests one of the keys (lower case)."""
        return any_of(self.conditions, lambda c: c.key in keys)

    def fails(self, message: str, because: Sequence[Location] = (), fix: Any = None) -> Finding:
        """A certain failure, located at the statement as narrowly as the source can tell."""
        written = () if self.block is None else (self.block.where(),)
        return self.view.fails(message, at=self.at, because=(*because, *written), fix=fix, key=self.key)

    def unsure(self, message: str) -> Finding:
        """A failure that an unknown value leaves open, at the same place."""
        return self.view.unsure(message, at=self.at, key=self.key)


def _lowered(value: Any) -> list[Any]:
    many = as_list(value)
    known = [v.lower() if isinstance(v, str) else v for v in list.__iter__(many)]
    return PartialList(known, many.unknown) if isinstance(many, PartialList) else known


def _everyone(principal: tuple[Any, Any]) -> bool:
    kind, who = principal
    if kind not in ("AWS", "*"):
        return False
    start = who.prefix if isinstance(who, Text) else who if isinstance(who, str) else ""
    *fields, _ = start.split(":")  # the last one may go on in an unknown part
    return (fields[:1] == ["arn"] and fields[4:5] == ["*"]) or bool(who == "*")


def flag(found: Iterable[Statement], test: Callable[[Statement], Any], message: str = "") -> Iterator[Finding]:
    """A finding for every statement that `test` flags (true, or the message); an unknown one hides no other."""
    for s in list.__iter__(found) if isinstance(found, list) else found:
        try:
            said = test(s)
            if said:
                yield s.fails(said if isinstance(said, str) else f"{s} {message}")
        except Undetermined as doubt:
            yield s.unsure(f"cannot be decided: {doubt.reason}")
    if isinstance(found, PartialList):
        raise Undetermined(found.unknown)


def joined(lists: Iterable[list[Statement]]) -> list[Statement]:
    """Several lists of statements as one; partial when one of them is."""
    known: list[Statement] = []
    unknown: Unknown | None = None
    for one in lists:
        known += list.__iter__(one)
        if unknown is None and isinstance(one, PartialList):
            unknown = one.unknown
    return known if unknown is None else PartialList(known, unknown)


def as_list(value: Any) -> list[Any]:
    """One or many as a list; a reference stands for one, as it does in policies."""
    return [value] if isinstance(value, Ref) else known_list(value)
