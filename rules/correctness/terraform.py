from collections.abc import Iterator

from assay import HIGH, Finding, Resource, rule
from assay.analysis.undeclared import undeclared


@rule(
    on=["any", "module"],
    severity=HIGH,
    controls=["nist-800-53r5:SI-10"],
    sources=["terraform"],
)
def terraform_undeclared_reference(r: Resource) -> Iterator[Finding]:
    """Expressions name only what exists.

    ## Why
    Terraform refuses the whole configuration; a `${...}` that a gateway or a template was to fill in is read as a
    reference as well, and has to be written `$${...}`.
    ## Fix
    Declare what the expression names, correct its spelling, or escape `$${...}`.
    """
    for path, sentence in undeclared(r):
        yield r.fails(sentence, at=path)
