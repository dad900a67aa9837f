"""Buckets encrypted with keys of your own."""

from __future__ import annotations

from assay import MEDIUM, require

require(
    "oci-bucket-no-customer-key",
    severity=MEDIUM,
    controls=["cis-oci-3.1:5.1.2", "cis-oci-3.0:5.1.2", "nist-800-53r5:SC-12", "nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_OCI_9",
        "prowler:objectstorage_bucket_encrypted_with_cmk",
        "cis_reports:STO-1-2",
        "steampipe-oci:cis_v300_5_1_2",
        "steampipe-tf-oci:objectstorage_bucket_encryption_enabled",
    ],
    on="oci_objectstorage_bucket",
    path="kms_key_id",
    present=True,
    title="Buckets are encrypted with a key of your own.",
    why="Oracle's key cannot be rotated, disabled or audited by you.",
)
