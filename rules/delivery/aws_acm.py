from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule


@rule(
    on="aws_acm_certificate",
    severity=LOW,
    controls=["nist-800-53r5:CM-3"],
    equivalents=["CKV_AWS_233"],
    sources=["terraform"],  # a plan does not say how a resource is to be replaced
)
def aws_acm_no_create_before_destroy(certificate: Resource) -> Iterator[Finding]:
    """Certificates are replaced before they are removed.

    ## Why
    A certificate in use cannot be deleted, so a changed domain stops the deployment half way.
    ## Fix
    Add `lifecycle { create_before_destroy = true }`.
    """
    path = "lifecycle.create_before_destroy"  # Terraform's own, in no provider's schema
    if certificate[path] not in (True, "true"):
        yield certificate.fails("lifecycle does not say create_before_destroy", at=path)
