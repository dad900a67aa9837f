from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, any_of, as_list, is_map, rule


@rule(
    on="aws_codecommit_approval_rule_template",
    severity=LOW,
    controls=["nist-800-53r5:CM-3"],
    equivalents=["CKV_AWS_257"],
)
def aws_codecommit_few_approvals(template: Resource) -> Iterator[Finding]:
    """Changes of a branch need two approvals.

    ## Why
    With one approval, two people who agree, or one with two accounts, change what is deployed.
    ## Fix
    Set `NumberOfApprovalsNeeded` to 2 or more.
    """
    content = template.json("content")
    statements = as_list(content.get("Statements")) if is_map(content) else []
    if not any_of(statements, lambda s: is_map(s) and (s.get("NumberOfApprovalsNeeded") or 0) >= 2):
        yield template.fails("fewer than two approvals are needed", at="content")


@rule(
    on="aws_codecommit_repository",
    severity=LOW,
    controls=["nist-800-53r5:CM-3"],
    equivalents=["CKV2_AWS_37"],
)
def aws_codecommit_no_approval_rule(repository: Resource, graph: Graph) -> Iterator[Finding]:
    """Repositories have an approval rule.

    ## Why
    Without one whoever may push may also merge, and a pull request is a formality.
    ## Fix
    Declare an `aws_codecommit_approval_rule_template_association` for the repository.
    """
    if not graph.users(repository, "aws_codecommit_approval_rule_template_association"):
        yield repository.fails("no approval rule template is associated with this repository")
