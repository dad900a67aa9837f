"""Data catalogs in the private network."""

from __future__ import annotations

from assay import MEDIUM, require

require(
    "oci-data-catalog-public",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_OCI_23"],
    on="oci_datacatalog_catalog",
    path="attached_catalog_private_endpoints",
    present=True,
    title="Data catalogs are attached to a private endpoint.",
    why=(
        "A catalog describes every data source; without the endpoint it reaches them, and is reached, over public "
        "addresses."
    ),
)
