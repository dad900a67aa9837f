"""Volumes encrypted with keys of your own, and on their way to the instance."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, any_of, require, rule
from assay.analysis.oci_tenancy import is_code

require(
    "oci-volume-no-customer-key",
    severity=LOW,
    controls=["cis-oci-3.1:5.2.1", "cis-oci-3.0:5.2.1", "nist-800-53r5:SC-12", "nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_OCI_3",
        "prowler:blockstorage_block_volume_encrypted_with_cmk",
        "cis_reports:STO-2-1",
        "steampipe-oci:cis_v300_5_2_1",
        "steampipe-tf-oci:blockstorage_block_volume_encryption_enabled",
    ],
    on="oci_core_volume",
    path="kms_key_id",
    present=True,
    title="Block volumes are encrypted with a key of your own.",
    why="Oracle's key cannot be rotated, disabled or audited by you.",
)

BOOT_KEYS = {"oci_core_boot_volume": "kms_key_id", "oci_core_instance": "source_details.kms_key_id"}


@rule(
    on=list(BOOT_KEYS),
    severity=LOW,
    controls=["cis-oci-3.1:5.2.2", "cis-oci-3.0:5.2.2", "nist-800-53r5:SC-12", "nist-800-53r5:SC-28"],
    equivalents=[
        "prowler:blockstorage_boot_volume_encrypted_with_cmk",
        "cis_reports:STO-2-2",
        "steampipe-oci:cis_v300_5_2_2",
        "steampipe-tf-oci:blockstorage_boot_volume_encryption_enabled",
    ],
)
def oci_boot_volume_no_customer_key(resource: Resource) -> Iterator[Finding]:
    """Boot volumes are encrypted with a key of your own.

    ## Why
    Oracle's key cannot be rotated, disabled or audited by you.
    ## Fix
    Set `kms_key_id` on the boot volume, or in `source_details` of the instance that makes it from an image.
    """
    if resource["source_details.source_type"] == "bootVolume":
        return  # the volume exists already, and has its own key
    if resource.type == "oci_core_instance" and not is_code(resource):
        return  # where it runs, its volume is a resource of its own
    if resource.absent(BOOT_KEYS[resource.type]):
        yield resource.fails("Oracle holds the key of the boot volume", at=BOOT_KEYS[resource.type])


@rule(
    on="oci_core_boot_volume_backup",
    severity=LOW,
    controls=["nist-800-53r5:SC-12", "nist-800-53r5:SC-28"],
    equivalents=["steampipe-tf-oci:blockstorage_boot_volume_backup_encryption_enabled"],
)
def oci_boot_volume_backup_no_customer_key(backup: Resource) -> Iterator[Finding]:
    """Backups of boot volumes are encrypted with a key of your own.

    ## Why
    A backup holds what the volume holds, and is copied around more easily.
    ## Fix
    Set `kms_key_id` on the backup, or in the `source_details` of a copy.
    """
    if not any_of(("kms_key_id", "source_details.kms_key_id"), lambda path: not backup.absent(path)):
        yield backup.fails("Oracle holds the key of the backup", at="kms_key_id")


IN_TRANSIT = "is_pv_encryption_in_transit_enabled"


@rule(
    on="oci_core_instance",
    severity=MEDIUM,
    controls=["cis-oci-3.1:3.3", "cis-oci-3.0:3.3", "nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_OCI_4",
        "prowler:compute_instance_in_transit_encryption_enabled",
        "cis_reports:COM-3",
        "steampipe-oci:cis_v300_3_3",
        "steampipe-tf-oci:compute_instance_boot_volume_encryption_in_transit_enabled",
    ],
)
def oci_instance_no_in_transit_encryption(instance: Resource) -> Iterator[Finding]:
    """Data is encrypted on its way between the instance and its volumes.

    ## Why
    Volumes are reached over a network: without this, what is encrypted at rest travels in clear.
    ## Fix
    Set `is_pv_encryption_in_transit_enabled = true`.
    """
    if not any_of((IN_TRANSIT, f"launch_options.{IN_TRANSIT}"), lambda path: instance[path] == True):
        yield instance.fails("data travels to its volumes in clear", at=IN_TRANSIT)
