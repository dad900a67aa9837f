"""Analytics instances that not everybody reaches."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, any_of, as_list, rule
from assay.analysis.network import is_anywhere

DETAILS = "network_endpoint_details"


@rule(
    on="oci_analytics_analytics_instance",
    severity=HIGH,
    controls=["cis-oci-3.1:2.7", "cis-oci-3.0:2.7", "nist-800-53r5:SC-7"],
    equivalents=["prowler:analytics_instance_access_restricted", "cis_reports:NTW-7", "steampipe-oci:cis_v300_2_7"],
)
def oci_analytics_public(instance: Resource) -> Iterator[Finding]:
    """Analytics instances are private, or admit named addresses only.

    ## Why
    Reports hold the condensed business: on a public endpoint a stolen password is enough to read them.
    ## Fix
    Use a private endpoint, or list addresses or VCNs in `network_endpoint_details`.
    """
    if instance[f"{DETAILS}.network_endpoint_type"] == "PRIVATE":
        return
    addresses = as_list(instance[f"{DETAILS}.whitelisted_ips"])
    if any_of(addresses, is_anywhere):
        yield instance.fails("the access list admits every address", at=f"{DETAILS}.whitelisted_ips")
    elif not addresses and not instance.each(f"{DETAILS}.whitelisted_vcns"):
        yield instance.fails("a public endpoint without an access list", at=f"{DETAILS}.network_endpoint_type")
