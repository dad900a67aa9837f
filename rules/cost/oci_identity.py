"""Who has made what, on the bill."""

from __future__ import annotations

from collections.abc import Iterator

from assay import INFO, Finding, Graph, Resource, any_of, rule
from assay.analysis.oci_tenancy import answers_for, declared


def _tells_who(default: Resource) -> bool:
    """True for a tag that has to be given, or that the platform fills in."""
    return any_of((lambda: default["is_required"] == True, lambda: "${iam." in default["value"]), lambda test: test())


@rule(
    on="tenancy",
    severity=INFO,
    controls=["cis-oci-3.0:4.1"],
    equivalents=["cis_reports:LAM-1", "steampipe-oci:cis_v300_4_1"],
)
def oci_no_default_tags(tenancy: Resource, graph: Graph) -> Iterator[Finding]:
    """Every resource is tagged with who has made it.

    ## Why
    A bill, or a machine that nobody knows, is a question to somebody only when there is a name on it.
    ## Fix
    Add an `oci_identity_tag_default` with `is_required = true`, or with a value such as `$${iam.principal.name}`.
    """
    if not answers_for(tenancy, graph, "oci_identity_tag_default"):
        return
    if not any_of(declared(tenancy, graph, "oci_identity_tag_default"), _tells_who):
        yield tenancy.fails("no required tag default")
