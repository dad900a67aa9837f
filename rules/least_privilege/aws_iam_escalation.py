"""Identity policies as ways to more: other roles, other permissions, credentials, and all data at once."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, Finding, Graph, Resource, any_of, rule
from assay.analysis.aws_arns import is_star, matches
from assay.analysis.aws_escalation import HOLDERS, beyond, escalations, on_all_of_a_kind
from assay.analysis.aws_identity_policies import IDENTITY_TYPES, identity_statements
from assay.analysis.aws_permissions import (
    CREDENTIALS,
    DECRYPTION,
    EXFILTRATION,
    denied,
    granted,
    listed,
    on_every_resource,
    permissions_management,
)
from assay.analysis.aws_policy import Statement, flag


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
    on=list(IDENTITY_TYPES), severity=HIGH, controls=["nist-800-53r5:AC-6"], equivalents=["CKV_AWS_109", "CKV_AWS_289"]
)
def aws_iam_permissions_management(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies do not allow to change permissions on every resource.

    ## Why
    Who changes resource policies and grants opens the account's data to anybody, outside it too.
    ## Fix
    Name the resources, or add a condition.
    """
    yield from on_every_resource(identity_statements(r, graph), permissions_management)


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
    yield from on_every_resource(identity_statements(r, graph), lambda every, s: granted(every, s, CREDENTIALS))


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
    yield from on_every_resource(identity_statements(r, graph), lambda every, s: granted(every, s, EXFILTRATION))


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
