"""Who may do what to which resource: finds the subject, the action and the resource of a question in the graph, on
either cloud, and asks the engine that knows it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import Unknown, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.aws_names import Unmade
    from assay.analysis.oci_identity import Entry, Tenancy
    from assay.graph import Graph
    from assay.model import Location, Resource

RANK = ("yes", "unknown", "no")


class NoSuchThing(Exception):
    """The subject, the action or the resource of a question is nothing; the sentence says what could be meant."""


class Deciding(NamedTuple):
    """A statement that decides: what it does, what it says, and where it stands."""

    effect: str  # allow, deny
    text: str
    resource: str  # the address of the policy
    place: Location


class Reply(NamedTuple):
    """The answer to a question: `yes`, `no` or `unknown`, with what decides."""

    answer: str
    statements: tuple[Deciding, ...] = ()
    conditions: dict[str, list[str]] = {}  # noqa: RUF012 - never written to
    reason: str = ""


def ask(graph: Graph, who: str, action: str, what: str) -> Reply:
    """May `who` do `action` to `what`? The best answer over all accounts, tenancies and modules in the graph.

    Raises:
        NoSuchThing: one of the three is nothing that the graph or the cloud knows.
    """
    replies = list(_aws(graph, who, action, what) if ":" in action else _oci(graph, who, action, what))
    return min(replies, key=lambda r: RANK.index(r.answer))


# --- AWS --------------------------------------------------------------------------------------------------------------


def _aws(graph: Graph, who: str, action: str, what: str) -> Iterator[Reply]:
    from assay.analysis.aws_actions import expand, service
    from assay.analysis.aws_identity import Account

    known = expand(action)
    if "*" in action or "?" in action:
        raise NoSuchThing(f"{action}: ask about one action")
    if not known:
        near = get_close_matches(action.lower(), service(action.partition(":")[0]), 1)
        hint = f"; did you mean {service(action.partition(':')[0])[near[0]].name}?" if near else ""
        raise NoSuchThing(f"AWS has no action {action}{hint}")
    for subject, scope in _callers(graph, who):
        arn, account, region = _target(graph, what, scope)
        found = Account(graph, scope, account, region).may(subject, known[0].name, arn)
        yield Reply(found.answer, tuple(_stated(s) for s in found.statements), found.context, found.reason)


def _stated(s: Any) -> Deciding:
    place = s.block.where() if s.block is not None else s.view.where(s.at)
    text = f"{s.sid}" if isinstance(s.sid, str) and s.sid else "a statement without Sid"
    return Deciding("allow" if s.allows else "deny", text, s.view.resource.address, place)


def _callers(graph: Graph, who: str) -> list[tuple[Any, Resource]]:
    """The principals that are meant, each with a resource of its scope."""
    from assay.analysis.aws_escalation import HOLDERS

    found = [r for type_ in HOLDERS for r in graph.all(type_) if _called(r, who)]
    if found:
        return [(r, r) for r in found]
    scopes = {
        (r.source, r.root, r.account): r for r in graph.resources if r.type.startswith("aws_") or r.type == "account"
    }
    if who in ("*", "anonymous", "public") or who.endswith(".amazonaws.com") or who.startswith("arn:"):
        if not scopes:
            raise NoSuchThing("nothing of AWS was read: there is nothing to ask about")
        return [(who, r) for r in scopes.values()]
    names = [r.address for type_ in HOLDERS for r in graph.all(type_)]
    raise NoSuchThing(f"{who} is no role, user or group of what was read{_near(who, names)}")


def _called(r: Resource, who: str) -> bool:
    """True when a person means this resource: by its address, ARN, name, or `role/name`."""
    name = r.values.get("name")
    kind = r.type.rpartition("_")[2]
    return who in (r.address, r.values.get("arn"), r.values.get("id"), name, f"{kind}/{name}", f"{kind}:{name}")


def _target(graph: Graph, what: str, scope: Resource) -> tuple[str | Unmade, str, str]:
    """The ARN that is meant, and the account and region it names: those of the configuration, when it has none.

    A resource whose ARN is not known stands for itself.
    """
    from assay.analysis.aws_names import Names, Unmade
    from assay.analysis.inclusion import Symbols

    if what == "*" or what.startswith("arn:"):
        pieces = what.split(":", 5)
        account, region = (pieces[4], pieces[3]) if len(pieces) > 5 and not scope.account else ("", "")
        return what, account, region
    address, slash, rest = what.partition("/")
    r = next(
        (x for x in graph.resources if address in (x.address, x.values.get("id")) and x.type.startswith("aws_")), None
    )
    if r is None:
        raise NoSuchThing(f"{what} is no ARN, and no resource of AWS here: write the ARN")
    arn = Names(graph, scope, Symbols(), "123456789012", "us-east-1").arn(r)
    own = ("", "") if scope.account else ("123456789012", "us-east-1")
    return (Unmade(r, f"{slash}{rest}") if arn is None else f"{arn}{slash}{rest}"), *own


def _near(word: str, names: list[str]) -> str:
    near = get_close_matches(word, names, 1, 0.5)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names[:5])}" if names else ""


# --- OCI --------------------------------------------------------------------------------------------------------------


def _oci(graph: Graph, who: str, action: str, what: str) -> Iterator[Reply]:
    from assay.analysis.oci_identity import POLICY, tenancy

    permissions = _permissions(action)
    scopes = {(p.source, p.root, p.account): p for p in graph.all(POLICY)}
    if not scopes:
        raise NoSuchThing(
            "no OCI policy was read: there is nothing to ask about (an AWS action has a colon: s3:GetObject)"
        )
    for scope in scopes.values():
        t = tenancy(graph, scope)
        yield _crossing(t, who, permissions, what) or _granted(t, _subjects(t, who), permissions, _place(t, what))


def _crossing(t: Tenancy, who: str, permissions: list[str], what: str) -> Reply | None:
    """A question between two tenancies: of `group:NAME@TENANCY`, or about `tenancy:NAME`; None for any other."""
    from assay.analysis.oci_crossing import ADMIT, COUNTERPART, ENDORSE, alias_of, crossing, outside

    stranger = re.fullmatch(r"(?:dynamic-)?group[ :/].+@([^@/]+)", who.strip())
    abroad = re.fullmatch(r"tenancy[ :](.+)", what)
    if stranger is not None:
        effect, alias = ADMIT, alias_of(t, stranger[1])
        subjects, place = [f"{_subjects(t, who[: who.rindex('@')])[0]}@{alias}"], _place(t, what)
    elif abroad is not None:
        effect, alias = ENDORSE, alias_of(t, abroad[1])
        subjects, place = _subjects(t, who), outside(alias)
    else:
        return None
    reply = _granted(t, subjects, permissions, place, crossing(t, effect))
    return reply._replace(reason=COUNTERPART[effect].format(alias)) if reply.answer == "yes" else reply


def _permissions(action: str) -> list[str]:
    """A permission, an operation, or a verb with a resource type, as permissions."""
    from assay.analysis.oci_permissions import VERBS, granted, is_known, is_permission, near, operation

    words = action.replace("-on-", " ").split()
    if len(words) == 2 and words[0].lower() in VERBS:
        type_ = words[1].lower()
        if not is_known(type_):
            meant = near(type_)
            raise NoSuchThing(f"{type_} is no resource type of OCI{f'; did you mean {meant}?' if meant else ''}")
        return sorted(granted(words[0].lower(), type_))
    if is_permission(action.upper()):
        return [action.upper()]
    found = operation(action)
    if found is None:
        raise NoSuchThing(
            f"{action} is no permission (OBJECT_READ), no operation (LaunchInstance), and no verb with a type"
            " ('manage buckets') of OCI; an AWS action has a colon (s3:GetObject)"
        )
    return list(found.permissions)


def _subjects(t: Tenancy, who: str) -> list[str]:
    """The subject as statements name it, with what it is always part of."""
    from assay.analysis.oci_access import qualified
    from assay.analysis.oci_identity import GROUPS, name_of

    kind, _, name = re.sub(r"^(dynamic-group|group|service)[ :/]", r"\1 ", who.strip()).partition(" ")
    if kind in ("any-user", "any-group") and not name:
        return [who]
    if kind == "service" and name:
        return [f"service:{name}".lower()]
    if kind in GROUPS and name:
        return [f"{kind}:{qualified(name)}".lower()]
    known = [(k, r) for k, types in GROUPS.items() for type_ in types for r in t.graph.beside(t.scope, type_)]
    for kind, r in known:
        if who in (r.address, r.values.get("id"), r.values.get("name"), r.values.get("display_name")):
            return [t.words.spelled(_named(kind, name_of(r)))]
    raise NoSuchThing(
        f"{who} is no group and no dynamic group of what was read{_near(who, [r.address for _, r in known])}; "
        "one from elsewhere is written group:NAME or dynamic-group:NAME"
    )


def _named(kind: str, name: Any) -> Any:
    from assay.model import Text

    return Text([f"{kind}:", name]) if isinstance(name, Unknown) else f"{kind}:{name}"


def _place(t: Tenancy, what: str) -> str:
    """The path of the compartment that a resource lies in, or that is named."""
    if what in ("tenancy", "/"):
        return "/"
    name = re.sub(r"^compartment[ :/]", "", what)
    for r in t.graph.resources:
        if what in (r.address, r.values.get("id")) and r.type.startswith("oci_"):
            found = t.path_of(r) if r.type == "oci_identity_compartment" else t.path(r.values.get("compartment_id"))
            return t.words.spelled(found)
    if name.startswith("ocid1."):
        return "/" if name.startswith("ocid1.tenancy.") else f"/{name}/".lower()
    if name != what or "." not in name:
        return f"/{name.strip('/').replace(':', '/')}/".lower()
    raise NoSuchThing(f"{what} is no resource of what was read: write tenancy, compartment:PATH, an OCID or an address")


def _granted(
    t: Tenancy, subjects: list[str], permissions: list[str], place: str, entries: list[Entry] | None = None
) -> Reply:  # fmt: skip
    """Every permission is needed: one that is not granted makes the answer no."""
    from assay.analysis.oci_access import ADMINISTRATORS
    from assay.analysis.oci_questions import grant

    if ADMINISTRATORS in subjects and entries is None:
        return Reply("yes", reason="Administrators may do everything, by the policy that every tenancy begins with")
    answers = [(p, grant(t, subjects, p, place, entries)) for p in permissions]
    worst = max((g.verdict for _, g in answers), key=RANK.index, default="no")
    deciding = [(p, g) for p, g in answers if g.verdict == worst]
    seen = {g.entry.key: g.entry for _, g in deciding if g.entry is not None}
    conditions = {k: v for _, g in deciding for k, v in g.context.items()}
    reason = next((g.reason for _, g in deciding if g.reason), "")
    if worst == "no":
        named = ", ".join(p for p, _ in deciding[:4]) + (" ..." if len(deciding) > 4 else "")
        reason = f"{named} {'is denied' if seen else 'is granted by nothing'}"
    return Reply(worst, tuple(_written(e) for e in seen.values()), conditions, reason)


def _written(e: Any) -> Deciding:
    effect = e.statement.effect if e.statement is not None else "allow"
    return Deciding(effect, show(e.text).strip('"'), e.policy.address, e.policy.where(e.path))
