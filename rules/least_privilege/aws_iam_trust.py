"""Trust policies: who may assume a role."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, MEDIUM, Finding, Graph, Resource, any_of, rule, show
from assay.analysis.aws_arns import account_of
from assay.analysis.aws_policy import Statement, flag
from assay.analysis.aws_policy_documents import DOCUMENT
from assay.analysis.aws_trust import (
    claim,
    github_subject_open,
    is_account_root,
    known_provider,
    lone_service,
    of_github,
    of_social,
    open_values,
    trust_statements,
    web_identity,
)


def foreign(s: Statement, role: Resource, trusted: list[str]) -> str:
    """The first account of a trust that is neither the role's own nor on the list, or an empty text."""
    for kind, principal in s.principals:
        account = account_of(principal) if kind == "AWS" and principal != "*" else None
        if account != None and account != role.account and account not in trusted:
            return str(account)
    return ""


@rule(
    on="aws_iam_role", severity=CRITICAL, controls=["nist-800-53r5:AC-3"], equivalents=["CKV_AWS_60", "kics:12b7e704"]
)
def aws_iam_role_any_principal(role: Resource, graph: Graph) -> Iterator[Finding]:
    """Roles say who may assume them.

    ## Why
    With principal `*` every AWS account in the world may assume the role.
    ## Fix
    Name the roles, accounts or services, or add a condition on `aws:PrincipalOrgID`.
    """
    yield from flag(trust_statements(role, graph), lambda s: s.public, "lets anybody assume the role")


@rule(on="aws_iam_role", severity=MEDIUM, controls=["nist-800-53r5:AC-6"], equivalents=["CKV_AWS_61", "kics:bcdcbdc6"])
def aws_iam_role_trusts_account(role: Resource, graph: Graph) -> Iterator[Finding]:
    """Roles trust named identities, not a whole account.

    ## Why
    An account's root as principal leaves it to that account's own policies who assumes the role: anybody there with
    `sts:AssumeRole` on everything does.
    ## Fix
    Name the roles that need it.
    """

    def test(s: Statement) -> bool:
        return s.allows and any_of(s.principals, lambda p: p[0] == "AWS" and p[1] != "*" and is_account_root(p[1]))

    yield from flag(trust_statements(role, graph), test, "trusts an account as a whole")


@rule(
    on="aws_iam_role",
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["prowler:iam_role_cross_service_confused_deputy_prevention"],
)
def aws_iam_role_confused_deputy(role: Resource, graph: Graph) -> Iterator[Finding]:
    """Services assume a role only for this account.

    ## Why
    These services act for every AWS customer. Without `aws:SourceAccount` or `aws:SourceArn` somebody else can have the
    service use this role for them.
    ## Fix
    Add a condition on `aws:SourceArn` or `aws:SourceAccount`.
    """

    def test(s: Statement) -> str:
        service = lone_service(s) if s.allows else ""
        return f"{s} lets {service} in for any account" if service != "" and not s.narrowed else ""

    yield from flag(trust_statements(role, graph), test)


@rule(
    on="aws_iam_role",
    params={"trusted_accounts": []},
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-2"],
    equivalents=["kics:09c35abf"],
)
def aws_iam_role_no_external_id(role: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Other accounts give an external id, or prove a second factor.

    ## Why
    A third party that serves many customers can be made to assume this role for the wrong one, unless each has an id of
    its own.
    ## Fix
    Add a condition on `sts:ExternalId` (services) or `aws:MultiFactorAuthPresent` (people), or list the account in
    `trusted_accounts` of this rule.
    """

    def test(s: Statement) -> str:
        if not s.allows or not any_of(s.principals, lambda p: p[0] == "AWS"):
            return ""
        if s.tests("sts:externalid", "aws:multifactorauthpresent", "aws:principalorgid"):
            return ""
        account = foreign(s, role, params["trusted_accounts"])
        return f"account {account} needs neither an external id nor a second factor" if account != "" else ""

    yield from flag(trust_statements(role, graph), test)


def subject_open(s: Statement) -> str:
    """What a web-identity trust does not pin."""
    if of_github(s) or of_social(s):
        return ""
    for name in ("sub", "aud"):
        pinned = claim(s, name)
        if not pinned:
            known_provider(s)
            return f"{s} does not pin the claim {name}"
        if name == "sub" and any_of(pinned, open_values):
            return f"{s} pins the claim sub with a wildcard"
    return ""


@rule(on=["aws_iam_role", DOCUMENT], severity=HIGH, controls=["nist-800-53r5:AC-3"])
def aws_irsa_trust_too_broad(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Roles for Kubernetes workloads pin the service account and the audience.

    ## Why
    Without an exact `:sub` every pod of the cluster, and without `:aud` a token made for something else, can take the
    role.
    ## Fix
    Compare `<provider>:sub` with `system:serviceaccount:<namespace>:<name>` and `<provider>:aud` with
    `sts.amazonaws.com`, both with `StringEquals`.
    """
    yield from flag(web_identity(r, graph), subject_open)


def github_open(s: Statement) -> str:
    """What a trust on GitHub's provider leaves open."""
    if not of_github(s):
        known_provider(s)
        return ""
    pinned = claim(s, "sub")
    if not pinned:
        return f"{s} does not pin the claim sub: any repository on GitHub may assume the role"
    for condition in pinned:
        for value in condition.values:
            said = github_subject_open(value)
            if said != "":
                return f"{s} admits {said} as {show(value)}"
    return ""


@rule(
    on=["aws_iam_role", DOCUMENT],
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_358", "CKV_AWS_393"],
)
def aws_github_oidc_trust_too_broad(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Roles for GitHub workflows pin the repository.

    ## Why
    GitHub signs tokens for everybody's workflows. Without a repository in `sub`, or with a claim that a stranger's
    workflow can choose, a stranger's workflow assumes the role.
    ## Fix
    Compare `token.actions.githubusercontent.com:sub` with `repo:<owner>/<repository>:...`. An owner's every repository
    (`repo:<owner>/*`) passes: no stranger can create one there.
    """
    yield from flag(web_identity(r, graph), github_open)
