"""Replacing an API without a gap."""

from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule


@rule(
    on=["aws_api_gateway_deployment", "aws_api_gateway_rest_api"],
    severity=LOW,
    controls=["nist-800-53r5:CM-3"],
    equivalents=["CKV_AWS_217", "CKV_AWS_237"],
    sources=["terraform"],  # a plan does not say how a resource is to be replaced
)
def aws_api_no_create_before_destroy(r: Resource) -> Iterator[Finding]:
    """APIs and deployments are replaced before they are removed.

    ## Why
    A deployment in use cannot be deleted, so a change stops half way; without the API there is nothing to call.
    ## Fix
    Add `lifecycle { create_before_destroy = true }`.
    """
    path = "lifecycle.create_before_destroy"  # Terraform's own, in no provider's schema
    if r[path] not in (True, "true"):
        yield r.fails("lifecycle does not say create_before_destroy", at=path)
