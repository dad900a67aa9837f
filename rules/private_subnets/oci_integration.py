"""Integration instances that not everybody reaches."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, any_of, as_list, rule
from assay.analysis.network import is_anywhere

DETAILS = "network_endpoint_details"


@rule(
    on="oci_integration_integration_instance",
    severity=HIGH,
    controls=["cis-oci-3.1:2.6", "cis-oci-3.0:2.6", "nist-800-53r5:SC-7"],
    equivalents=["prowler:integration_instance_access_restricted", "cis_reports:NTW-6", "steampipe-oci:cis_v300_2_6"],
)
def oci_integration_public(instance: Resource) -> Iterator[Finding]:
    """Integration instances admit named addresses and networks only.

    ## Why
    Integrations hold credentials of every system they join; their console and endpoints should not face everybody.
    ## Fix
    List addresses in `allowlisted_http_ips`, or networks in `allowlisted_http_vcns`.
    """
    addresses = as_list(instance[f"{DETAILS}.allowlisted_http_ips"])
    if any_of(addresses, is_anywhere):
        yield instance.fails("the allow list admits every address", at=f"{DETAILS}.allowlisted_http_ips")
    elif not addresses and not instance.each(f"{DETAILS}.allowlisted_http_vcns"):
        yield instance.fails("no allow list: every address is admitted", at=DETAILS)
