"""File systems encrypted with keys of your own."""

from __future__ import annotations

from assay import LOW, require

require(
    "oci-file-system-no-customer-key",
    severity=LOW,
    controls=["cis-oci-3.1:5.3.1", "cis-oci-3.0:5.3.1", "nist-800-53r5:SC-12", "nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_OCI_15",
        "prowler:filestorage_file_system_encrypted_with_cmk",
        "cis_reports:STO-3-1",
        "steampipe-oci:cis_v300_5_3_1",
        "steampipe-tf-oci:file_storage_file_system_encryption_enabled",
    ],
    on="oci_file_storage_file_system",
    path="kms_key_id",
    present=True,
    title="File systems are encrypted with a key of your own.",
    why="Oracle's key cannot be rotated, disabled or audited by you.",
)
