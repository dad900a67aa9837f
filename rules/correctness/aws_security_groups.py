"""Security groups that say what they are for."""

from collections.abc import Iterator

from assay import INFO, Block, Finding, Resource, rule
from assay.analysis.parts import one_by_one


def judge(view: Block | Resource) -> Iterator[Finding]:
    if view["description"] in (None, "", "Managed by Terraform"):
        yield view.fails("it has no description of its own", at="description")


@rule(
    on=[
        "aws_security_group",
        "aws_security_group_rule",
        "aws_vpc_security_group_ingress_rule",
        "aws_vpc_security_group_egress_rule",
    ],
    severity=INFO,
    controls=["nist-800-53r5:CM-6"],
    equivalents=["CKV_AWS_23", "kics:68eb4bf3", "kics:cb3f5ed6", "AVD-AWS-0099", "AVD-AWS-0124"],
)
def aws_security_group_no_description(r: Resource) -> Iterator[Finding]:
    """Security groups and their rules say what they are for.

    ## Why
    Nobody dares to remove a rule of which nobody knows whom it serves.
    ## Fix
    Set `description`.
    """
    yield from judge(r)
    for direction in ("ingress", "egress"):
        yield from one_by_one(r.each(direction), judge)
