"""Ways from what an identity may do to what it may not: its own policies, others' keys, roles handed to machines.

A way is a set of actions; it is open when each is allowed on what it needs, by any of the identity's statements, and no
statement denies it. Conditions on where a request comes from, or when, do not close a way: the identity meets them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.aws_actions import service
from assay.analysis.aws_arns import is_star, with_stand_ins
from assay.analysis.aws_permissions import denied
from assay.model import Hop, PartialList, Undetermined, Unknown, all_of, any_of
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.analysis.aws_policy import Statement
    from assay.graph import Graph
    from assay.model import Location, Resource

PASS = "iam:PassRole"

ESCALATIONS = (
    ("iam:CreatePolicyVersion",), ("iam:SetDefaultPolicyVersion",), ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",), ("iam:AttachRolePolicy",), ("iam:PutUserPolicy",), ("iam:PutGroupPolicy",),
    ("iam:PutRolePolicy",), ("iam:AddUserToGroup",), ("iam:CreateAccessKey",), ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",), ("iam:UpdateAssumeRolePolicy", "sts:AssumeRole"),
    (PASS, "ec2:RunInstances"), (PASS, "ec2:RequestSpotInstances"),
    (PASS, "lambda:CreateFunction", "lambda:InvokeFunction"),
    (PASS, "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    (PASS, "lambda:CreateFunction", "lambda:AddPermission"),
    (PASS, "glue:CreateDevEndpoint"), (PASS, "glue:CreateJob", "glue:StartJobRun"),
    (PASS, "glue:CreateJob", "glue:CreateTrigger"), (PASS, "glue:UpdateJob", "glue:StartJobRun"),
    (PASS, "glue:UpdateJob", "glue:CreateTrigger"),
    (PASS, "cloudformation:CreateStack"), (PASS, "cloudformation:UpdateStackSet"),
    (PASS, "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
    (PASS, "datapipeline:CreatePipeline"),
    (PASS, "ecs:RegisterTaskDefinition", "ecs:RunTask"), (PASS, "ecs:RegisterTaskDefinition", "ecs:StartTask"),
    (PASS, "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    (PASS, "codebuild:CreateProject", "codebuild:StartBuild"),
    (PASS, "codebuild:CreateProject", "codebuild:StartBuildBatch"),
    (PASS, "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    (PASS, "sagemaker:CreateTrainingJob"), (PASS, "sagemaker:CreateProcessingJob"),
    (PASS, "states:CreateStateMachine", "states:StartExecution"),
    (PASS, "bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:InvokeCodeInterpreter"),
    (PASS, "apprunner:CreateService"), ("glue:UpdateDevEndpoint",), ("lambda:UpdateFunctionCode",),
)  # fmt: skip
"""Sets of actions that let an identity give itself more power, or take that of another.

Actions on machines that are there already (new user data, another launch template) are left out: whether they lead to
more power depends on the machine's role, and every administrator of machines has them.
"""

HANDED_TO = {
    "ec2": "ec2", "lambda": "lambda", "glue": "glue", "cloudformation": "cloudformation",
    "datapipeline": "datapipeline",
    "ecs": "ecs-tasks", "codebuild": "codebuild", "sagemaker": "sagemaker", "states": "states",
    "bedrock-agentcore": "bedrock-agentcore", "apprunner": "tasks.apprunner",
}  # fmt: skip
"""By the prefix of the action that takes a role: the service that the role must trust."""

EASILY_MET = (
    "aws:securetransport", "aws:sourceip", "aws:requestedregion", "aws:currenttime", "aws:epochtime", "aws:useragent",
    "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:viaawsservice", "aws:principalorgid", "aws:sourcevpc",
    "aws:sourcevpce", "aws:tokenissuetime", "aws:principaltype", "aws:principalaccount", "aws:referer",
)  # fmt: skip
"""Condition keys that tell how and when a request is made: whoever holds the power meets them."""


def escalations(document: list[Statement]) -> Iterator[tuple[Statement, tuple[str, ...]]]:
    """Each statement that completes a way to more power, with the first such set of actions.

    Raises:
        Undetermined: an unknown piece could complete one.
    """
    doubt: Undetermined | None = None
    seen: list[Statement] = []
    asked: dict[tuple[str, str], Statement | Undetermined | None] = {}
    for needed in ESCALATIONS:
        answers = []
        passed_to = _passed_to(needed)
        for action in needed:
            key = (action, passed_to if action == PASS else "")
            if key not in asked:
                asked[key] = _granting(document, *key)
            answers.append(asked[key])
            if asked[key] is None:
                break
        if None in answers:
            continue
        doubts = [a for a in answers if isinstance(a, Undetermined)]
        certain = [a for a in answers if not isinstance(a, Undetermined) and a is not None]
        if doubts:
            doubt = doubt or doubts[0]
        elif certain[0] not in seen:
            seen.append(certain[0])
            yield certain[0], needed
    if doubt is not None and not seen:
        raise doubt


def _passed_to(needed: tuple[str, ...]) -> str:
    """The service that a way hands a role to, or an empty text."""
    if PASS not in needed:
        return ""
    return f"{HANDED_TO[needed[1].partition(':')[0]]}.amazonaws.com"


def _granting(document: list[Statement], action: str, passed_to: str) -> Statement | Undetermined | None:
    """The first statement that allows the action on all there is of its kind; the doubt when only an unknown could."""
    doubt: Undetermined | None = None
    try:
        for s in document:
            try:
                if s.covers(action) and _powerful(s, action, passed_to) and not denied(document, action):
                    return s
            except Undetermined as error:
                doubt = doubt or error
    except Undetermined as error:
        doubt = doubt or error
    return doubt


def _powerful(s: Statement, action: str, passed_to: str) -> bool:
    """True for an Allow that no condition weakens, on everything that the action works on."""
    tests = (
        lambda: s.allows,
        lambda: all_of(s.conditions, lambda c: _met(c, passed_to)),
        lambda: on_all_of_a_kind(s, action),
    )
    return all_of(tests, lambda test: test())


def _met(condition: object, passed_to: str) -> bool:
    key, values = condition.key, condition.values  # type: ignore[attr-defined]
    if key == "iam:passedtoservice" and passed_to:
        return any_of(values, lambda v: v == passed_to or is_star(v))
    return key in EASILY_MET


def on_all_of_a_kind(s: Statement, action: str) -> bool:
    """True when the resources are everything, or everything of the action's kind in an account."""
    if s.on_everything:
        return True
    texts = map(with_stand_ins, list.__iter__(s.resources))
    known = [r for r in texts if "*" in r and r.startswith("arn:")]
    forms = service(action.partition(":")[0])[action.lower()].forms if known else ()
    if known and _cover_one(known, forms):
        return True
    return any_of([r for r in list.__iter__(s.resources) if isinstance(r, Unknown)], is_star)


def _cover_one(known: Sequence[str], forms: Iterable[str]) -> bool:
    """True when patterns of ARNs cover everything of one of these forms in an account and a region that they name."""
    from assay.analysis.globs import Budget, BudgetSpent, covered, glob

    wide = tuple(glob(r) for r in known)
    fields = [r.split(":") for r in known if r.count(":") > 4]
    places = sorted({(partition, region.replace("*", "x"), account) for _, partition, _, region, account, *_ in fields})
    for form in forms:
        for partition, region, account in places:
            every = f"arn:{partition}:{form}".replace("%:%", f"{region}:{account}", 1).replace("%", account)
            try:
                if covered((glob(every),), wide, Budget(2000)) is None:
                    return True
            except BudgetSpent:
                continue
    return False


# --- chains over roles ------------------------------------------------------------------------------------------------


HOLDERS = ("aws_iam_role", "aws_iam_user", "aws_iam_group")


class Beyond(NamedTuple):
    """How a holder of policies gets more power than any one of them grants: what it does, and what lets it."""

    said: str
    places: tuple[Location, ...]
    key: str
    hops: tuple[Hop, ...] = ()


def beyond(holder: Resource, graph: Graph) -> Iterator[Beyond]:
    """What the policies of a user, group or role open together, and the administrators it reaches over other roles.

    Ways that one policy completes alone are told at that policy. A permissions boundary keeps its holder within it.
    """
    from assay.analysis.aws_granted import boundary_of, granted_to

    known = list(list.__iter__(granted_to(holder, graph)))
    if is_administrator(known) or boundary_of(holder, graph) is not None:
        return
    alone = [way for document in _by_policy(known) for way in _certain(document)]
    if alone:
        return
    for s, needed in _certain(known)[:1]:
        said = f"completes a way to more power by its policies together: {', '.join(needed)} on every resource"
        yield Beyond(said, (s.view.where(s.at),), "together")
        return
    if holder.type != "aws_iam_group":
        yield from _chain(holder, graph)


def _by_policy(known: list[Statement]) -> list[list[Statement]]:
    documents: dict[tuple[str, str], list[Statement]] = {}
    for s in known:
        documents.setdefault((s.view.resource.address, (s.at or "").partition(".")[0]), []).append(s)
    return list(documents.values())


def _certain(document: list[Statement]) -> list[tuple[Statement, tuple[str, ...]]]:
    try:
        return list(escalations(document))
    except Undetermined:
        return []


class Step(NamedTuple):
    """One step of a chain: what is done, by which statements."""

    said: str
    statements: tuple[Statement, ...]


def is_administrator(document: Sequence[Statement]) -> bool:
    """True when a document makes an administrator: everything allowed on everything, and nothing denied."""
    known = list(list.__iter__(document)) if isinstance(document, list) else list(document)
    return any(_is_all(s) for s in known) and not any(_quiet_deny(s) for s in known)


def _is_all(s: Statement) -> bool:
    try:
        every = any_of(s.actions, lambda a: is_star(a) or a == "iam:*")
        return bool(every and s.allows and s.on_everything and not list.__len__(s.conditions))
    except Undetermined:
        return False


def _quiet_deny(s: Statement) -> bool:
    try:
        return not s.allows and s.on_everything and any_of(s.actions, is_star)
    except Undetermined:
        return False


def _chain(principal: Resource, graph: Graph) -> Iterator[Beyond]:
    """The shortest way over roles of the input to one that is an administrator, or can make itself one."""
    from assay.analysis.aws_granted import granted_to

    roles = list(list.__iter__(graph.beside(principal, "aws_iam_role")))
    if not any(_is_goal(r, graph) for r in roles if r is not principal):
        return
    seen = {id(principal)}
    level: list[tuple[Resource, tuple[Step, ...]]] = [(principal, ())]
    while level:
        following = []
        for at, steps in level:
            mine = granted_to(at, graph)
            for role in roles:
                step = None if id(role) in seen else _taken(at, mine, role, graph)
                if step is None:
                    continue
                seen.add(id(role))
                chain = (*steps, step)
                if _is_goal(role, graph):
                    places = tuple(s.view.where(s.at) for one in chain for s in one.statements)
                    said = ", then ".join(one.said for one in chain) + ", an administrator"
                    yield Beyond(said, places, role.address, _hops(principal, chain))
                    return
                following.append((role, chain))
        level = following


def _hops(principal: Resource, chain: Sequence[Step]) -> tuple[Hop, ...]:
    """The chain as a drawing shows it."""
    found = [Hop("principal", principal.address, str(principal), principal.where())]
    for step in chain:
        found += [Hop("statement", s.view.resource.address, step.said, s.view.where(s.at)) for s in step.statements]
    return tuple(found)


def _is_goal(role: Resource, graph: Graph) -> bool:
    from assay.analysis.aws_granted import boundary_of, granted_to

    place = ("administrator", id(role))
    if place not in graph._memo:
        known = list(list.__iter__(granted_to(role, graph)))
        powerful = is_administrator(known) or bool(_certain(known))
        graph._memo[place] = powerful and boundary_of(role, graph) is None
    found: bool = graph._memo[place]
    return found


def _taken(at: Resource, mine: list[Statement], role: Resource, graph: Graph) -> Step | None:
    """How a principal gets to act as a role: it assumes it, or hands it to a machine of its own."""
    from assay.analysis.aws_identity import Account
    from assay.analysis.aws_trust import trust_statements

    account = Account(graph, at)
    arn = account.arn(role)
    trust = trust_statements(role, graph)
    kinds = {kind for s in list.__iter__(trust) for kind, _ in list.__iter__(s.principals)}
    if arn is None:
        return None
    if kinds & {"AWS", "*"}:
        found = account.may(at, "sts:AssumeRole", arn, [(role, trust)])
        if found.answer == "yes":
            return Step(f"assumes {role}", found.statements)
    if "Service" not in kinds or not _allowed(mine, PASS):
        return None
    for needed in ESCALATIONS:
        passed_to = _passed_to(needed)
        if not passed_to or not all(_allowed(mine, action) for action in needed[1:]):
            continue
        if account.may(passed_to, "sts:AssumeRole", arn, [(role, trust)]).answer == "yes":
            passes = account.may(at, PASS, arn, [])
            if passes.answer == "yes" and _service_fits(passes.statements, passed_to):
                return Step(f"hands {role} to {passed_to} ({', '.join(needed[1:])})", passes.statements)
    return None


def _service_fits(found: Sequence[Statement], passed_to: str) -> bool:
    try:
        return all(_met(c, passed_to) for s in found for c in s.conditions if c.key == "iam:passedtoservice")
    except Undetermined:
        return False


def _allowed(document: list[Statement], action: str) -> bool:
    """True when some statement allows an action on anything, and none denies it everywhere."""
    known = list(list.__iter__(document)) if isinstance(document, PartialList) else document
    try:
        return any_of(known, lambda s: s.allows and s.covers(action)) and not denied(known, action)
    except Undetermined:
        return False
