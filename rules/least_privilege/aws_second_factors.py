"""Policies that ask for a second factor."""

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, rule
from assay.analysis.aws_arns import is_star, matches
from assay.analysis.aws_granted import group_statements
from assay.analysis.aws_policy import Statement, flag
from assay.analysis.aws_policy_documents import statements


@rule(on="aws_iam_group", severity=LOW, controls=["nist-800-53r5:IA-2"], equivalents=["AVD-AWS-0123"])
def aws_iam_group_no_mfa_policy(group: Resource, graph: Graph) -> Iterator[Finding]:
    """Groups demand a second factor.

    ## Why
    A password alone, phished or guessed, then suffices for all that the group may do.
    ## Fix
    Attach a policy that denies actions while `aws:MultiFactorAuthPresent` is false.
    """
    if not any_of(group_statements(group, graph), lambda s: s.tests("aws:multifactorauthpresent")):
        yield group.fails("no policy of the group asks for a second factor")


@rule(
    on=["aws_iam_user_policy", "aws_iam_policy"],
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-2"],
    equivalents=["kics:3ddfa124", "kics:b5681959"],
)
def aws_iam_policy_no_mfa_condition(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Users assume roles with a second factor.

    ## Why
    A stolen access key is then enough to become the role.
    ## Fix
    Add `Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }` to the statement.
    """
    if r.type == "aws_iam_policy" and not graph.users(r, "aws_iam_user_policy_attachment"):
        return

    def test(s: Statement) -> bool:
        named = [a for a in s.actions if not is_star(a)] if s.allows else []
        assumes = any_of(named, lambda a: matches(a, "sts:AssumeRole"))
        return assumes and not s.tests("aws:multifactorauthpresent", "aws:multifactorauthage")

    yield from flag(statements(r, "policy", graph), test, "lets a user assume a role without a second factor")
