"""Buckets that not everybody reads."""

from __future__ import annotations

from assay import CRITICAL, require

require(
    "oci-bucket-public",
    severity=CRITICAL,
    controls=["cis-oci-3.1:5.1.1", "cis-oci-3.0:5.1.1", "nist-800-53r5:AC-3", "nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_OCI_10",
        "prowler:objectstorage_bucket_not_publicly_accessible",
        "cis_reports:STO-1-1",
        "steampipe-oci:cis_v300_5_1_1",
        "steampipe-tf-oci:objectstorage_bucket_public_access_blocked",
    ],
    on="oci_objectstorage_bucket",
    path="access_type",
    equals="NoPublicAccess",
    default="NoPublicAccess",
    title="Buckets are private.",
    why="A public bucket hands its objects to anybody who knows, or guesses, its address; usually nobody meant that.",
)
