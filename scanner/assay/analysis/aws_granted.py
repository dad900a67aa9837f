"""What an account's principals are granted by all that is attached to them, and what limits them.

`role_statements` and `group_statements` take the input alone; `granted_to` knows some policies of AWS's own as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.aws_arns import with_stand_ins
from assay.analysis.aws_policy import Statement, as_list, joined
from assay.analysis.aws_policy_documents import statements
from assay.model import PartialList, Ref, Unknown, show, without_key

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource, View

PRINCIPALS = ("aws_iam_role", "aws_iam_user")
AWS_MANAGED: dict[str, dict[str, Any]] = {
    "AdministratorAccess": {"action": "*"},
    "IAMFullAccess": {"action": ["iam:*", "organizations:Describe*", "organizations:List*"]},
    "PowerUserAccess": {"notaction": ["iam:*", "organizations:*", "account:*"]},
}
"""Policies of AWS's own whose content everybody knows; of others it is unknown."""

RESOURCE_POLICIES = {
    "aws_s3_bucket_policy": ("policy", "bucket"), "aws_s3_bucket": ("policy", ""),
    "aws_sqs_queue_policy": ("policy", "queue_url"), "aws_sqs_queue": ("policy", ""),
    "aws_sns_topic_policy": ("policy", "arn"), "aws_sns_topic": ("policy", ""),
    "aws_kms_key_policy": ("policy", "key_id"), "aws_kms_key": ("policy", ""),
    "aws_ecr_repository_policy": ("policy", "repository"),
    "aws_secretsmanager_secret_policy": ("policy", "secret_arn"), "aws_secretsmanager_secret": ("policy", ""),
    "aws_cloudwatch_event_bus_policy": ("policy", "event_bus_name"),
    "aws_iam_role": ("assume_role_policy", ""),
}  # fmt: skip
"""Where resource policies stand, and what names their resource (nothing: they stand in it)."""


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


def granted_to(principal: Resource, graph: Graph) -> list[Statement]:
    """The statements of all identity policies of a user, group or role; partial when one is not at hand."""
    place = ("granted", id(principal))
    if place not in graph._memo:
        graph._memo[place] = _granted_to(principal, graph)
    found: list[Statement] = graph._memo[place]
    return found


def _granted_to(principal: Resource, graph: Graph) -> list[Statement]:
    kind = principal.type.removeprefix("aws_iam_")
    found: list[list[Statement]] = []
    if kind == "role":
        blocks = principal.each("inline_policy")
        found += [statements(b, "policy") for b in list.__iter__(blocks)]
        found += [
            _managed(principal, "managed_policy_arns", arn, graph) for arn in _known(principal["managed_policy_arns"])
        ]
        if isinstance(blocks, PartialList):
            found.append(PartialList([], blocks.unknown))
    inline = graph.users(principal, f"aws_iam_{kind}_policy")
    found += [statements(p, "policy") for p in list.__iter__(inline)]
    attachments = attached_to(principal, graph)
    for attached, path in attachments:
        found += [_managed(a, path, arn, graph) for a in list.__iter__(attached) for arn in _known(a[path])]
    several = (inline, *(some for some, _ in attachments))
    found += [PartialList([], some.unknown) for some in several if isinstance(some, PartialList)]
    if kind == "user":
        found += [granted_to(group, graph) for group in _groups(principal, graph)]
    return joined(found)


def _groups(user: Resource, graph: Graph) -> list[Resource]:
    found: list[Resource] = []
    for membership in list.__iter__(graph.users(user, "aws_iam_group_membership")):
        found += list.__iter__(graph.follow(membership, "group"))
    for membership in list.__iter__(graph.users(user, "aws_iam_user_group_membership")):
        found += list.__iter__(graph.follow(membership, "groups"))
    return [g for g in {id(g): g for g in found}.values() if g.source != "uncollected"]


def _known(value: Any) -> list[Any]:
    return list(list.__iter__(as_list(value)))


def _managed(view: View, path: str, arn: Any, graph: Graph) -> list[Statement]:
    """The statements of a managed policy: one of the graph, or one that everybody knows."""
    written = with_stand_ins(arn)  # `arn:${data.aws_partition.current.partition}:iam::aws:policy/...`
    name = written.rpartition("/")[2] if ":aws:policy/" in written else ""
    if name in AWS_MANAGED:
        parts = {"effect": "Allow", "resource": "*", "principal": [], "notprincipal": [], "condition": []}
        return [Statement(view, path, {**parts, "sid": name, **AWS_MANAGED[name]})]
    for policy in list.__iter__(graph.follow(view, path)):
        if policy.type == "aws_iam_policy" and policy.source != "uncollected" and _is(policy, arn):
            return statements(policy, "policy")
    return PartialList(
        [], Unknown(f"the policy {arn.target if isinstance(arn, Ref) else show(arn)} is not among the inputs")
    )


def _is(policy: Resource, arn: Any) -> bool:
    """True when an ARN of several at one path is this policy's."""
    if isinstance(arn, Ref):
        return without_key(policy.address) == without_key(arn.target)
    return not isinstance(arn, str) or arn in (policy.values.get("arn"), policy.values.get("id"), policy.address)


def boundary_of(principal: Resource, graph: Graph) -> list[Statement] | None:
    """The statements of a permissions boundary; None when there is none."""
    if principal.type not in PRINCIPALS or principal.absent("permissions_boundary"):
        return None
    return _managed(principal, "permissions_boundary", principal["permissions_boundary"], graph)


def organisation(graph: Graph, scope: View) -> list[list[Statement]]:
    """The service control policies in the input; which of them holds for an account is not asked."""
    policies = list.__iter__(graph.beside(scope, "aws_organizations_policy"))
    return [statements(p, "content") for p in policies if p.values.get("type") in (None, "SERVICE_CONTROL_POLICY")]
