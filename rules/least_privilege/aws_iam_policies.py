"""Identity policies: what they grant is what is needed."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, MEDIUM, Finding, Graph, Resource, all_of, any_of, as_list, rule, show
from assay.analysis.aws_arns import action_exists, arn_shaped, is_star, key_fault, made_policy, matches, nearest_action
from assay.analysis.aws_escalation import HOLDERS, beyond, escalations, on_all_of_a_kind
from assay.analysis.aws_identity_policies import IDENTITY_POLICIES, IDENTITY_TYPES, identity_statements
from assay.analysis.aws_operators import is_operator
from assay.analysis.aws_permissions import (
    CREDENTIALS,
    DECRYPTION,
    EXFILTRATION,
    denied,
    granted,
    listed,
    narrowable,
    permissions_management,
    writing,
)
from assay.analysis.aws_policy import Statement, flag
from assay.analysis.aws_policy_documents import DOCUMENT, document_fault, statements

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


OWN_POWER = ("iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreatePolicyVersion", "iam:PutRolePolicy")


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


def any_role(resource: Any) -> bool:
    """True for `*` and for ARNs of every role of an account."""
    return is_star(resource) or resource.endswith((":role/*", ":*", "role*"))


@rule(
    on=list(IDENTITY_TYPES),
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "prowler:iam_no_custom_policy_permissive_role_assumption",
        "steampipe-aws:iam_policy_custom_no_permissive_role_assumption",
        "steampipe-aws:iam_policy_custom_no_assume_role",
    ],
)
def aws_iam_assume_any_role(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies name the roles that may be assumed.

    ## Why
    Every role whose trust policy says "anybody in this account" is then open to this identity, the powerful ones too.
    ## Fix
    Put the ARNs of the roles in `Resource`.
    """

    def test(s: Statement) -> bool:
        named = [a for a in s.actions if not is_star(a)] if s.allows else []
        assumes = any_of(named, lambda a: matches(a, "sts:AssumeRole"))
        return assumes and (s.on_everything or any_of(s.resources, any_role))

    yield from flag(identity_statements(r, graph), test, "allows to assume any role")


@rule(
    on=list(IDENTITY_TYPES),
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["AVD-AWS-0342", "kics:e39bee8c"],
)
def aws_iam_pass_any_role(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies name the roles that may be passed to a service, or the service.

    ## Why
    Who may pass any role starts a function or an instance with the most powerful one, and acts through it.
    ## Fix
    Put the roles' ARNs in `Resource`, or add a condition on `iam:PassedToService`.
    """

    def test(s: Statement) -> bool:
        named = [a for a in s.actions if not is_star(a)] if s.allows else []
        passes = any_of(named, lambda a: matches(a, "iam:PassRole"))
        everybody = passes and (s.on_everything or any_of(s.resources, any_role))
        return everybody and not s.tests("iam:passedtoservice", "iam:associatedresourcearn")

    yield from flag(identity_statements(r, graph), test, "allows to pass any role to any service")


@rule(
    on=[*IDENTITY_TYPES, "aws_iam_user", "aws_iam_group"],
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_AWS_110",
        "CKV_AWS_286",
        "kics:8f3c16b3",
        "kics:970ed7a2",
        "kics:70b42736",
        "kics:3dd96caa",
        "kics:db78d14b",
        "kics:846646e3",
        "kics:04c686f1",
        "kics:ec49cbfd",
        "kics:9b0ffadc",
        "kics:15e6ad8c",
        "kics:7d544dad",
        "kics:034d0aee",
        "kics:e77c89f6",
        "kics:c0c1e744",
        "kics:60263b4a",
        "kics:7782d4b3",
        "kics:78f1ec6f",
        "kics:ad296c0d",
        "kics:571254d8",
        "kics:eda48c88",
        "kics:b8a31292",
        "kics:f906113d",
        "kics:f465fff1",
        "kics:7c96920c",
        "kics:5b4d4aee",
        "kics:9a205ba3",
        "kics:ee49557d",
        "kics:be2aa235",
        "kics:30b88745",
        "kics:0a592060",
        "kics:fa62ac4f",
        "kics:d6047119",
        "kics:eb64f1e9",
        "kics:8f75840d",
        "kics:118281d0",
        "kics:f1173d8c",
        "kics:35ccf766",
        "kics:c583f0f9",
        "kics:9b877bd8",
        "kics:bf9d42c7",
        "kics:6d23d87e",
        "kics:e227091e",
        "kics:70cb518c",
        "kics:113208f2",
        "kics:0fd7d920",
        "kics:1743f5f1",
        "kics:19ffbe31",
        "kics:89561b03",
        "kics:94fbe150",
        "kics:8055dec2",
        "kics:8bfbf7ab",
        "kics:eeb4d37a",
        "kics:0c10d7da",
        "kics:43a41523",
        "kics:33627268",
        "kics:6deb34e2",
        "kics:b69247e5",
        "prowler:iam_inline_policy_allows_privilege_escalation",
        "prowler:iam_policy_allows_privilege_escalation",
    ],
)
def aws_iam_privilege_escalation(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Nobody can gain more power than their policies grant.

    ## Why
    With such a set of actions on every resource the holder writes a new policy version, attaches a policy, makes a key
    for somebody else, or starts a machine with a stronger role: the limits in the policy no longer count. The same
    holds for whoever may assume, or hand to a machine, a role that is an administrator.
    ## Fix
    Restrict the actions to resources that do not matter for this, remove one of them, or narrow the stronger role's
    trust.
    """
    if r.type in IDENTITY_TYPES:
        for s, needed in escalations(identity_statements(r, graph)):
            yield s.fails(f"{s} completes a way to more power: {', '.join(needed)} on every resource")
    if r.type in HOLDERS:
        for found in beyond(r, graph):
            yield r.fails(f"it {found.said}", because=found.places, key=found.key, hops=found.hops)


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
    document = identity_statements(r, graph)

    def test(s: Statement) -> str:
        found = narrowable(document, s)
        return f"{s} allows {listed(found)} on every resource" if found else ""

    yield from flag(document, test)


@rule(
    on=list(IDENTITY_TYPES), severity=HIGH, controls=["nist-800-53r5:AC-6"], equivalents=["CKV_AWS_108", "CKV_AWS_288"]
)
def aws_iam_data_exfiltration(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies do not allow to read every object, parameter or secret.

    ## Why
    One compromised identity then carries all data and all secrets of the account away.
    ## Fix
    Name the buckets, parameters and secrets in `Resource`.
    """
    document = identity_statements(r, graph)

    def test(s: Statement) -> str:
        found = granted(document, s, EXFILTRATION)
        return f"{s} allows {listed(found)} on every resource" if found else ""

    yield from flag(document, test)


@rule(
    on=list(IDENTITY_TYPES), severity=HIGH, controls=["nist-800-53r5:AC-6"], equivalents=["CKV_AWS_107", "CKV_AWS_287"]
)
def aws_iam_credentials_exposure(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies do not allow to obtain credentials on every resource.

    ## Why
    The answer of these actions is a key, a token or a password, with which the holder goes on as somebody else.
    ## Fix
    Name the users, roles or resources in `Resource`.
    """
    document = identity_statements(r, graph)

    def test(s: Statement) -> str:
        found = granted(document, s, CREDENTIALS)
        return f"{s} allows {listed(found)} on every resource" if found else ""

    yield from flag(document, test)


@rule(
    on=list(IDENTITY_TYPES), severity=HIGH, controls=["nist-800-53r5:AC-6"], equivalents=["CKV_AWS_109", "CKV_AWS_289"]
)
def aws_iam_permissions_management(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies do not allow to change permissions on every resource.

    ## Why
    Who changes resource policies and grants opens the account's data to anybody, outside it too.
    ## Fix
    Name the resources, or add a condition.
    """
    document = identity_statements(r, graph)

    def test(s: Statement) -> str:
        found = permissions_management(document, s)
        return f"{s} allows {listed(found)} on every resource" if found else ""

    yield from flag(document, test)


def malformed(s: Statement) -> str:
    """What to say of a statement with an action that AWS does not have, or an ARN that is none."""
    for pattern in [*s.actions, *s.not_actions]:
        if not is_star(pattern) and not action_exists(pattern):
            spelt = next((x for x in s.spelt if show(x).lower() == show(pattern)), pattern)
            near = nearest_action(pattern)
            return f"{s}: AWS has no action {show(spelt)}" + (f"; did you mean {near}?" if near else "")
    for arn in (*list.__iter__(s.resources), *list.__iter__(s.not_resources)):
        if not arn_shaped(arn):
            return f"{s}: {show(arn)} is no ARN"
    for condition in s.conditions:
        said = condition_fault(condition)
        if said != "":
            return f"{s}: {said}"
    return ""


def condition_fault(condition: Any) -> str:
    """What to say of a condition whose operator AWS does not have, or whose key belongs to a service and not to it."""
    if not is_operator(condition.operator):
        return f"{condition.operator} is no condition operator"
    return key_fault(condition.key)


@rule(
    on=[*IDENTITY_TYPES, "aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy", "aws_kms_key"],
    severity=HIGH,
)
def aws_policy_invalid(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies are policies, and name actions, ARNs and condition keys that exist.

    ## Why
    AWS takes a policy with a misspelt action without a word, and grants (or denies) nothing; a malformed ARN, or text
    that is no policy, is refused only when it is applied.
    ## Fix
    Correct the spelling; the service reference lists every action and key.
    """
    path = IDENTITY_POLICIES.get(r.type, "policy")
    if r.type not in (DOCUMENT, "aws_iam_role"):
        said = document_fault(r, path)
        if said != "":
            yield r.fails(said, at=path)
            return
    found = identity_statements(r, graph) if r.type in IDENTITY_TYPES else statements(r, "policy")
    yield from flag(found, malformed)


@rule(
    on=list(IDENTITY_TYPES),
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "steampipe-aws:kms_key_decryption_restricted_in_iam_customer_managed_policy",
        "steampipe-aws:iam_policy_inline_no_blocked_kms_actions",
    ],
)
def aws_iam_decrypt_any_key(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies name the keys that may decrypt.

    ## Why
    Every key that leaves its use to IAM policies, which is what most key policies do, then opens all its data.
    ## Fix
    Put the keys' ARNs in `Resource`, or add a condition such as `kms:ViaService`.
    """
    document = identity_statements(r, graph)

    def test(s: Statement) -> str:
        found = granted(document, s, DECRYPTION)
        if not found and s.allows and not s.conditions:  # `arn:aws:kms:*:123456789012:key/*` names none either
            found = [a for a in DECRYPTION if s.covers(a) and on_all_of_a_kind(s, a) and not denied(document, a)]
        return f"{s} allows {listed(found)} with every key" if found else ""

    yield from flag(document, test)


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
    document = identity_statements(r, graph)

    def test(s: Statement) -> str:
        found = writing(document, s)
        return f"{s} allows {listed(found)} on every resource" if found else ""

    yield from flag(document, test)
