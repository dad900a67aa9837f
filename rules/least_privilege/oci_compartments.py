"""Resources in compartments, not in the tenancy's root."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule
from assay.analysis.oci_tenancy import is_tenancy


@rule(
    on=[
        "oci_core_vcn",
        "oci_core_instance",
        "oci_core_volume",
        "oci_file_storage_file_system",
        "oci_objectstorage_bucket",
        "oci_database_autonomous_database",
    ],
    severity=MEDIUM,
    controls=["cis-oci-3.1:6.2", "cis-oci-3.0:6.2", "nist-800-53r5:AC-6"],
    equivalents=["prowler:identity_no_resources_in_root_compartment", "cis_reports:AM-2", "steampipe-oci:cis_v300_6_2"],
)
def oci_resource_in_root_compartment(resource: Resource) -> Iterator[Finding]:
    """Resources are in a compartment below the root.

    ## Why
    A grant in the tenancy, meant for one thing, reaches everything that lies in its root.
    ## Fix
    Give the resource a compartment of its own purpose in `compartment_id`.
    """
    if is_tenancy(resource["compartment_id"]):
        yield resource.fails("it lies in the tenancy's root", at="compartment_id")
