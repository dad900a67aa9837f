"""AWS policy documents as rules need them: one view for each statement, whatever the policy was written in.

A policy reaches us as JSON text, `jsonencode`, a rendered data document, or the `statement` blocks of an
`aws_iam_policy_document`. A question raises `Undetermined` when the pieces that nobody knows decide it.
This is the attribute level: what one document says, not what a principal may do in the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.aws_arns import is_star, matches, matches_all
from assay.decode import decode
from assay.model import Encoded, KleeneList, PartialList, Ref, Text, Undetermined, Unknown, any_of, show
from assay.model import as_list as known_list
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from assay.graph import Graph
    from assay.model import Finding, Location, Resource, View

DOCUMENT = "data.aws_iam_policy_document"

IDENTITY_POLICIES = {
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
"""Where the types that grant permissions to an identity hold their policy."""

IDENTITY_TYPES = (*IDENTITY_POLICIES, "aws_iam_role", DOCUMENT)

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


# --- reading documents ------------------------------------------------------------------------------------------------


def statements(view: View, path: str, graph: Graph | None = None) -> list[Statement]:
    """The statements of the policy at `path`; partial when the policy or one of them is unknown.

    With the graph, each statement also names the block of the data document it was written in.
    """
    document = decode(view[path])
    if isinstance(document, Unknown):
        return PartialList([], document)
    if not isinstance(document, dict):
        return []
    written = next((v for k, v in document.items() if k.lower() == "statement"), None)
    many = as_list(written)
    known: list[Statement] = []
    unknown: Unknown | None = many.unknown if isinstance(many, PartialList) else None
    for i, one in enumerate(list.__iter__(many)):
        if isinstance(one, Unknown):
            unknown = one if unknown is None else unknown
        elif isinstance(one, dict):
            at = f"{path}.Statement[{i}]" if isinstance(written, list) else f"{path}.Statement"
            statement = Statement(view, at, _json_parts(one))
            statement.block = _written(view, graph).get(_signature(statement)) if graph is not None else None
            known.append(statement)
    return _together(known if unknown is None else PartialList(known, unknown))


def document_fault(view: View, path: str) -> str:
    """Why the text at a path is no policy; empty when it is one, or nobody knows."""
    value = view[path]
    document = decode(value)
    if isinstance(value, str) and isinstance(document, Unknown):
        return f"it is no policy: {document.reason}"
    if value is None or isinstance(document, Unknown):
        return ""
    if not isinstance(document, dict):
        return "it is no policy: that is an object with Statement"
    found = [v for k, v in document.items() if k.lower() == "statement"]
    if not found:
        return "it is no policy: it has no Statement"
    for number, one in enumerate(list.__iter__(as_list(found[0])), 1):
        names = {k.lower() for k in one} if isinstance(one, dict) else set()
        if not isinstance(one, Unknown) and not isinstance(one, dict):
            return f"statement {number} is no object"
        if names and not names & {"action", "notaction"}:
            return f"statement {number} names no action"
        if isinstance(one, dict) and _effect(one) not in ("Allow", "Deny", None):
            return f"statement {number} has the effect {show(_effect(one))}: Allow and Deny are the two"
        for key, value in one.items() if isinstance(one, dict) else ():
            texts = as_list(value) if key.lower() in ("action", "notaction", "resource", "notresource") else []
            odd = [v for v in list.__iter__(texts) if not isinstance(v, (str, Unknown))]
            if odd:
                return f"statement {number}: {show(odd[0])} stands in {key} where a text belongs"
    return ""


def _effect(statement: dict[str, Any]) -> Any:
    """The effect that is written; None for one that nobody knows."""
    found = next((v for k, v in statement.items() if k.lower() == "effect"), "Allow")
    return None if isinstance(found, Unknown) else found


def _together(document: list[Statement]) -> list[Statement]:
    """The statements of a document, each knowing the others."""
    for s in list.__iter__(document):
        s.document = document
    return document


def block_statements(document: Resource) -> list[Statement]:
    """The statements of an `aws_iam_policy_document`, each located at its own block."""
    blocks = document.each("statement")
    known = [Statement(b, None, _block_parts(b)) for b in list.__iter__(blocks)]
    return _together(PartialList(known, blocks.unknown) if isinstance(blocks, PartialList) else known)


def identity_statements(r: Resource, graph: Graph) -> list[Statement]:
    """What a resource grants to the identity it is attached to.

    A data document is judged where it is written, so a policy made of one has no statements of its own. Statements with
    principals belong to a resource policy or a trust. A dozen rules ask, so the answer is kept.
    """
    place = ("identity", id(r))
    if place not in graph._memo:
        graph._memo[place] = _identity_statements(r, graph)
    found: list[Statement] = graph._memo[place]
    if isinstance(found, PartialList) and r.type in IDENTITY_POLICIES:
        r[IDENTITY_POLICIES[r.type]]  # read again, so that the doubt is located there
    return found


def _identity_statements(r: Resource, graph: Graph) -> list[Statement]:
    if r.type == DOCUMENT:
        found = block_statements(r)
        doubts = [s.maybe_principals for s in list.__iter__(found) if s.maybe_principals is not None]
        return joined([_filtered(found, lambda s: not s.has_principals), *(PartialList([], d) for d in doubts)])
    if r.type == "aws_iam_role":
        blocks = r.each("inline_policy")
        parts = [_own(block, "policy", graph) for block in list.__iter__(blocks)]
        return joined([*parts, PartialList([], blocks.unknown)] if isinstance(blocks, PartialList) else parts)
    return _own(r, IDENTITY_POLICIES[r.type], graph)


def _own(view: View, path: str, graph: Graph) -> list[Statement]:
    """The statements that were not written in a data document, which is judged by itself.

    A policy of AWS's own whose text is copied counts as it does where it is attached: by its name, at the data source.
    """
    value = view[path]
    if isinstance(value, Ref) and f"{DOCUMENT}." in f".{value.target}":
        return []
    if isinstance(value, Encoded) and value.document is not None:
        r = view.resource
        if graph.find(value.document, r.root, r.source) is not None:
            return []
    found = _filtered(statements(view, path, graph), lambda s: s.block is None)
    if isinstance(found, PartialList) and _of_aws(found.unknown, view.resource, graph):
        return found.known()
    return found


def _of_aws(text: Unknown, r: Resource, graph: Graph) -> bool:
    """True for the text of a managed policy of AWS's own, looked up by its ARN."""
    if not (isinstance(text, Ref) and text.kind == "aws_iam_policy" and text.attribute == "policy"):
        return False
    source = graph.find(text.target, r.root, r.source)
    arn = None if source is None else source.values.get("arn")
    pieces = arn.literals if isinstance(arn, Text) else [arn] if isinstance(arn, str) else []
    return any(":aws:policy/" in piece for piece in pieces)


def trust_statements(r: Resource, graph: Graph) -> list[Statement]:
    """Who may assume a role: the trust policy of a role."""
    return statements(r, "assume_role_policy", graph)


def attached_to(principal: Resource, graph: Graph) -> list[tuple[list[Resource], str]]:
    """What attaches managed policies to a user, group or role: the resources of each type, and where they name them."""
    found = [
        (graph.users(principal, f"{principal.type}_policy_attachment"), "policy_arn"),
        (graph.users(principal, "aws_iam_policy_attachment"), "policy_arn"),
    ]
    if principal.source != "aws":  # a type of Terraform's own
        found.append((graph.users(principal, f"{principal.type}_policy_attachments_exclusive"), "policy_arns"))
    return found


def role_statements(role: Resource, graph: Graph) -> list[Statement]:
    """All that is granted to a role here: inline, separate and attached policies; partial when one is not at hand."""
    blocks = role.each("inline_policy")
    found = [statements(b, "policy") for b in list.__iter__(blocks)]
    inline = graph.users(role, "aws_iam_role_policy")
    found += [statements(p, "policy") for p in list.__iter__(inline)]
    attachments = attached_to(role, graph)
    unknown = [x.unknown for x in (blocks, inline, *(a for a, _ in attachments)) if isinstance(x, PartialList)]
    for attachment, path in ((a, path) for some, path in attachments for a in list.__iter__(some)):
        for policy in list.__iter__(graph.follow(attachment, path)):
            if policy.type == "aws_iam_policy" and policy.source != "uncollected":
                found.append(statements(policy, "policy"))
            else:
                unknown.append(Unknown(f"the policy {policy.address} is not among the inputs"))
    managed = as_list(role["managed_policy_arns"])
    unknown += [Unknown(f"the policy {show(arn)} is not among the inputs") for arn in list.__iter__(managed)]
    return joined([*found, *(PartialList([], u) for u in unknown)])


def group_statements(group: Resource, graph: Graph) -> list[Statement]:
    """The policies of a group; AWS's own managed ones count as empty, others that are not at hand as unknown."""
    inline = graph.users(group, "aws_iam_group_policy")
    attachments = attached_to(group, graph)
    found = [statements(p, "policy") for p in list.__iter__(inline)]
    unknown = [x.unknown for x in (inline, *(a for a, _ in attachments)) if isinstance(x, PartialList)]
    for attachment, path in ((a, path) for some, path in attachments for a in list.__iter__(some)):
        for policy in list.__iter__(graph.follow(attachment, path)):
            if policy.source != "uncollected":
                found.append(statements(policy, "policy"))
            elif ":aws:policy/" not in policy.address:
                unknown.append(Unknown(f"the policy {policy.address} is not among the inputs"))
    return joined([*found, *(PartialList([], u) for u in unknown)])


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


def as_list(value: Any) -> list[Any]:
    """One or many as a list; a reference stands for one, as it does in policies."""
    return [value] if isinstance(value, Ref) else known_list(value)


def _everyone(principal: tuple[Any, Any]) -> bool:
    kind, who = principal
    if kind not in ("AWS", "*"):
        return False
    start = who.prefix if isinstance(who, Text) else who if isinstance(who, str) else ""
    *fields, _ = start.split(":")  # the last one may go on in an unknown part
    return (fields[:1] == ["arn"] and fields[4:5] == ["*"]) or bool(who == "*")


# --- normalising ------------------------------------------------------------------------------------------------------


def _json_parts(statement: dict[str, Any]) -> dict[str, Any]:
    parts = {k.lower(): v for k, v in statement.items() if isinstance(k, str)}
    for name in ("action", "notaction", "resource", "notresource"):
        parts[name] = _texts(parts.get(name))
    if not isinstance(parts.get("effect", ""), (str, Unknown)):
        parts["effect"] = _no_text(parts["effect"])
    for name in ("principal", "notprincipal"):
        parts[name] = _json_principals(parts.get(name))
    parts["condition"] = _json_conditions(parts.get("condition"))
    return parts


def _texts(value: Any, also: tuple[type, ...] = ()) -> list[Any]:
    """One or many texts; what is none is unknown: AWS refuses it, so it neither allows nor denies."""
    many = as_list(value)
    known = [v if isinstance(v, (str, Unknown, *also)) else _no_text(v) for v in list.__iter__(many)]
    return PartialList(known, many.unknown) if isinstance(many, PartialList) else KleeneList(known)


def _no_text(value: Any) -> Unknown:
    return Unknown(f"{show(value)} stands where a text belongs")


def _json_principals(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Unknown) or value is None:
        return as_list(value)
    if not isinstance(value, dict):
        return [("AWS", v) for v in _texts(value)]
    found: list[tuple[Any, Any]] = []
    unknown: Unknown | None = None
    for kind, many in value.items():
        those = _texts(many)
        found += [(kind, v) for v in list.__iter__(those)]
        unknown = those.unknown if isinstance(those, PartialList) else unknown
    return found if unknown is None else PartialList(found, unknown)


def _json_conditions(value: Any) -> list[Condition]:
    if isinstance(value, Unknown):
        return PartialList([], value)
    found: list[Condition] = []
    unknown: Unknown | None = None
    for operator, keys in (value if isinstance(value, dict) else {}).items():
        if isinstance(keys, Unknown):
            unknown = keys
        elif isinstance(keys, dict):
            found += [Condition(operator.lower(), k.lower(), _texts(v, (bool, int, float))) for k, v in keys.items()]
    return found if unknown is None else PartialList(found, unknown)


def _block_parts(block: View) -> dict[str, Any]:
    return {
        "sid": block["sid"],
        "effect": block["effect"],
        "action": block["actions"],
        "notaction": block["not_actions"],
        "resource": _variables(block["resources"]),
        "notresource": _variables(block["not_resources"]),
        "principal": _block_principals(block, "principals"),
        "notprincipal": _block_principals(block, "not_principals"),
        "condition": _block_conditions(block),
    }


def _variables(value: Any) -> Any:
    """Policy variables as JSON has them: a data document writes `&{aws:username}`."""
    if isinstance(value, list) and not isinstance(value, PartialList):
        return [v.replace("&{", "${") if isinstance(v, str) else v for v in list.__iter__(value)]
    return value


def _block_principals(block: View, path: str) -> list[tuple[Any, Any]]:
    parts = block.each(path)
    found: list[tuple[Any, Any]] = []
    unknown = parts.unknown if isinstance(parts, PartialList) else None
    for part in list.__iter__(parts):
        those = as_list(part["identifiers"])
        kind = "AWS" if part["type"] == "*" else part["type"]
        found += [(kind, v) for v in list.__iter__(those)]
        unknown = those.unknown if isinstance(those, PartialList) else unknown
    return found if unknown is None else PartialList(found, unknown)


def _block_conditions(block: View) -> list[Condition]:
    parts = block.each("condition")
    found = [Condition(_lower(c["test"]), _lower(c["variable"]), as_list(c["values"])) for c in list.__iter__(parts)]
    return PartialList(found, parts.unknown) if isinstance(parts, PartialList) else found


_OPEN = "<open>"  # stands for a piece without identity


def _written(view: View, graph: Graph) -> dict[Any, View]:
    """The statement blocks of the root's data documents by what they say: where a rendered statement comes from."""
    r = view.resource
    place = (DOCUMENT, r.root, r.source)
    if place not in graph._memo:
        documents = [d for d in graph.all(DOCUMENT) if d.root == r.root and d.source == r.source]
        blocks = [s for d in documents for s in list.__iter__(block_statements(d))]
        graph._memo[place] = {key: s.view for s in blocks if (key := _signature(s)) is not None}
    found: dict[Any, View] = graph._memo[place]
    return found


def _signature(s: Statement) -> Any:
    """What a statement says, in an order of its own; None when a piece of it has no identity."""
    parts = (
        s.effect, s.actions, s.not_actions, s.resources, s.not_resources, s.principals, s.not_principals, s.conditions
    )  # fmt: skip
    key = tuple(_identity(p) for p in parts)
    return None if _OPEN in repr(key) else key


def _identity(value: Any) -> Any:
    if isinstance(value, PartialList):
        return _OPEN
    if isinstance(value, list):
        return tuple(sorted((_identity(v) for v in value), key=repr))
    if isinstance(value, tuple):
        return tuple(_identity(v) for v in value)
    if isinstance(value, Text):
        return tuple(_identity(p) for p in value.parts)
    if isinstance(value, Unknown):
        return ("unknown", value.key) if value.key is not None else _OPEN
    return value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _lowered(value: Any) -> list[Any]:
    many = as_list(value)
    known = [_lower(v) for v in list.__iter__(many)]
    return PartialList(known, many.unknown) if isinstance(many, PartialList) else known


def _filtered(found: list[Statement], test: Callable[[Statement], bool]) -> list[Statement]:
    known = [s for s in list.__iter__(found) if test(s)]
    return PartialList(known, found.unknown) if isinstance(found, PartialList) else known


def joined(lists: Iterable[list[Statement]]) -> list[Statement]:
    """Several lists of statements as one; partial when one of them is."""
    known: list[Statement] = []
    unknown: Unknown | None = None
    for one in lists:
        known += list.__iter__(one)
        if unknown is None and isinstance(one, PartialList):
            unknown = one.unknown
    return known if unknown is None else PartialList(known, unknown)
