"""Stacks that one wrong click would take away."""

from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule


@rule(
    on="aws_cloudformation_stack",
    sources=("aws",),
    severity=LOW,
    controls=["nist-800-53r5:CP-2"],
    equivalents=[
        "prowler:cloudformation_stacks_termination_protection_enabled",
        "steampipe-aws:cloudformation_stack_termination_protection_enabled",
    ],
)
def aws_cloudformation_no_termination_protection(stack: Resource) -> Iterator[Finding]:
    """Stacks are protected against deletion.

    A nested stack has its parent's protection. Terraform cannot say it, so only an account is judged.

    ## Why
    One command on the wrong account deletes all that the stack has made, databases among it.
    ## Fix
    `aws cloudformation update-termination-protection --enable-termination-protection`.
    """
    if stack["parent_id"] in (None, "") and stack["enable_termination_protection"] != True:
        yield stack.fails("one command deletes it", at="enable_termination_protection")
