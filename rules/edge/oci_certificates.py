"""Certificates that are there when they are needed."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Finding, Graph, Resource, any_of, rule
from assay.analysis.literals import days_from_now

ENDS = "current_version.validity.time_of_validity_not_after"


@rule(
    on="oci_certificates_management_certificate",
    sources=("oci",),
    params={"days": 30},
    severity=HIGH,
    controls=["nist-800-53r5:SC-12", "nist-800-53r5:SC-17"],
    equivalents=["cis_reports:OBP:Certificates_Near_Expiry"],
)
def oci_certificate_expiring(certificate: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Certificates are renewed before they end.

    ## Why
    On that day every caller is turned away, or taught to click the warning away.
    ## Fix
    Add a `CERTIFICATE_RENEWAL_RULE`, or renew it now.
    """
    if certificate.absent(ENDS):
        return
    left = days_from_now(certificate[ENDS])
    if left >= params["days"]:
        return
    said = f"ends in {left:.0f} days" if left > 0 else f"ended {-left:.0f} days ago"
    if not any_of(certificate.each("certificate_rules"), lambda r: r["rule_type"] == "CERTIFICATE_RENEWAL_RULE"):
        yield certificate.fails(f"{said}, and nothing renews it", at=ENDS)
    elif left <= 0:
        yield certificate.fails(f"{said}, although a rule is to renew it", at=ENDS)
