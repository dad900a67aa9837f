"""Identity policies name what they grant: no administrators, no whole services, not every resource."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, MEDIUM, Finding, Graph, Resource, all_of, any_of, as_list, rule, show
from assay.analysis.aws_arns import is_star, made_policy
from assay.analysis.aws_identity_policies import IDENTITY_TYPES, identity_statements
from assay.analysis.aws_permissions import narrowable, on_every_resource, writing
from assay.analysis.aws_policy import Statement, flag

ADMINISTRATOR = "AdministratorAccess"
ATTACHMENTS = {
    "aws_iam_policy_attachment": "policy_arn",
    "aws_iam_role_policy_attachment": "policy_arn",
    "aws_iam_user_policy_attachment": "policy_arn",
    "aws_iam_group_policy_attachment": "policy_arn",
    "aws_iam_role_policy_attachments_exclusive": "policy_arns",
    "aws_iam_user_policy_attachments_exclusive": "policy_arns",
    "aws_iam_group_policy_attachments_exclusive": "policy_arns",
    "aws_ssoadmin_managed_policy_attachment": "managed_policy_arn",
    "aws_iam_role": "managed_policy_arns",
    "data.aws_iam_policy": "arn",
}
OWN_POWER = ("iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreatePolicyVersion", "iam:PutRolePolicy")


def names_policy(arn: Any, name: str) -> bool:
    """True when an ARN is that of the managed policy of this name.

    A policy that this code makes is none of AWS's, and one that it looks up is judged where it does.
    """
    return not made_policy(arn) and bool(arn.endswith(f"/{name}"))


def attached(r: Resource, name: str) -> Iterator[Finding]:
    """A finding where a resource attaches the managed policy of this name."""
    path = ATTACHMENTS[r.type]
    if any_of(as_list(r[path]), lambda arn: names_policy(arn, name)):
        yield r.fails(f"{name} is attached", at=path)
    elif r.type == "data.aws_iam_policy" and r["name"] == name:
        yield r.fails(f"{name} is looked up, to be attached", at="name")


def grants_all(s: Statement) -> bool:
    """True for every action, or every action of IAM, on everything: either makes an administrator.

    So does everything but a few actions, when those of IAM are not among the few.
    """
    every = (
        lambda: any_of(s.actions, lambda a: is_star(a) or a in ("*:*", "iam:*")),
        lambda: bool(s.not_actions) and all_of(OWN_POWER, s.covers),
    )
    # Three questions of which a no to any decides, whatever nobody knows of the others.
    tests = (lambda: s.allows, lambda: any_of(every, lambda test: test()), lambda: s.on_everything)
    return all_of(tests, lambda test: test())


@rule(
    on=[*IDENTITY_TYPES, *(t for t in ATTACHMENTS if t != "aws_iam_role")],
    severity=CRITICAL,
    controls=["cis-aws-7.0:2.14", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_AWS_62",
        "CKV_AWS_1",
        "CKV2_AWS_40",
        "CKV_AWS_274",
        "CKV_AWS_275",
        "kics:2f37c4a3",
        "kics:b1ffa705",
        "kics:59ebb4f3",
        "prowler:iam_aws_attached_policy_no_administrative_privileges",
        "prowler:iam_customer_attached_policy_no_administrative_privileges",
        "prowler:iam_customer_unattached_policy_no_administrative_privileges",
        "prowler:iam_group_administrator_access_policy",
        "prowler:iam_inline_policy_no_administrative_privileges",
        "prowler:iam_role_administratoraccess_policy",
        "prowler:iam_user_administrator_access_policy",
        "steampipe-aws:iam_policy_all_attached_no_star_star",
        "steampipe-aws:iam_policy_custom_attached_no_star_star",
        "steampipe-aws:iam_policy_no_star_star",
        "steampipe-aws:iam_custom_policy_unattached_no_star_star",
        "steampipe-aws:iam_inline_policy_no_administrative_privileges",
        "steampipe-aws:iam_role_no_administrator_access_policy_attached",
    ],
)
def aws_iam_admin_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """No identity is an administrator.

    ## Why
    Whoever gets hold of such an identity, a leaked key or a hijacked session, owns the account.
    ## Fix
    Grant the actions that are needed, on the resources that are needed. `iam:*` on everything counts too: it can grant
    itself the rest.
    """
    if r.type in ATTACHMENTS:
        yield from attached(r, ADMINISTRATOR)
    if r.type in IDENTITY_TYPES:
        yield from flag(identity_statements(r, graph), grants_all, "allows every action on every resource")


@rule(on=list(IDENTITY_TYPES), severity=HIGH, controls=["nist-800-53r5:AC-6"], equivalents=["CKV_AWS_63", "CKV_AWS_49"])
def aws_iam_action_wildcard(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies name the actions they allow.

    ## Why
    Action `*` grants what AWS offers today and all it will offer later.
    ## Fix
    List the actions.
    """
    found = identity_statements(r, graph)
    yield from flag(found, lambda s: s.allows and any_of(s.actions, is_star), "allows every action")


@rule(on=[*ATTACHMENTS, "aws_iam_user"], severity=HIGH, controls=["nist-800-53r5:AC-6"], equivalents=["CKV2_AWS_56"])
def aws_iam_full_access_attached(r: Resource) -> Iterator[Finding]:
    """IAMFullAccess is given to nobody.

    ## Why
    Who may change policies, roles and keys may give themselves everything else.
    ## Fix
    Attach a policy with the few IAM actions that are needed, under a permissions boundary.
    """
    if r.type in ATTACHMENTS:
        yield from attached(r, "IAMFullAccess")
    boundary = r["permissions_boundary"] if r.type in ("aws_iam_role", "aws_iam_user") else None
    if boundary != None and names_policy(boundary, "IAMFullAccess"):
        yield r.fails("IAMFullAccess is its permissions boundary", at="permissions_boundary")


@rule(
    on=[*IDENTITY_TYPES, *(t for t in ATTACHMENTS if t != "aws_iam_role")],
    severity=MEDIUM,
    controls=["cis-aws-7.0:2.20", "nist-800-53r5:AC-6"],
    equivalents=[
        "AVD-AWS-0345",
        "prowler:iam_inline_policy_no_full_access_to_cloudtrail",
        "prowler:iam_inline_policy_no_full_access_to_kms",
        "prowler:iam_inline_policy_no_wildcard_marketplace_subscribe",
        "prowler:iam_policy_cloudshell_admin_not_attached",
        "prowler:iam_policy_no_full_access_to_cloudtrail",
        "prowler:iam_policy_no_full_access_to_kms",
        "prowler:iam_policy_no_wildcard_marketplace_subscribe",
        "steampipe-aws:iam_user_group_role_cloudshell_fullaccess_restricted",
        "steampipe-aws:iam_all_policy_no_service_wild_card",
        "steampipe-aws:iam_policy_no_full_access_to_cloudtrail",
        "steampipe-aws:iam_policy_no_full_access_to_kms",
    ],
)
def aws_iam_service_full_access(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies do not grant all of a service.

    ## Why
    All of a service means also to delete its data, to change its own policies and to switch off its log.
    ## Fix
    List the actions. Where one resource is really given away whole, waive this with the reason.
    """
    if r.type in ATTACHMENTS:
        yield from attached(r, "AWSCloudShellFullAccess")
    if r.type in IDENTITY_TYPES:
        yield from flag(identity_statements(r, graph), whole_service)


def whole_service(s: Statement) -> str:
    """What to say of a statement that allows `service:*`."""
    if not s.allows:
        return ""
    for pattern in s.actions:
        if pattern.endswith(":*") and pattern != "*":
            return f"{s} allows all of {show(pattern)}"
    return ""


@rule(
    on=list(IDENTITY_TYPES),
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_AWS_355", "CKV_AWS_356"],
)
def aws_iam_resource_wildcard(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Actions that can be narrowed to a resource are.

    ## Why
    On `*` the action reaches every present and future resource of the account, other teams' included.
    ## Fix
    Put ARNs in `Resource`. Actions that take no resource at all do not count; a condition does.
    """
    yield from on_every_resource(identity_statements(r, graph), narrowable)


@rule(
    on=list(IDENTITY_TYPES),
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_AWS_290", "CKV_AWS_111"],
)
def aws_iam_unconstrained_write(r: Resource, graph: Graph) -> Iterator[Finding]:
    """What changes something is allowed on named resources, or under a condition.

    Actions count that write or change permissions and could name a resource.

    ## Why
    One leaked key, or one mistake, changes every present and future resource of the account.
    ## Fix
    Put ARNs in `Resource`, or a condition on tags, the organisation or the source.
    """
    yield from on_every_resource(identity_statements(r, graph), writing)
