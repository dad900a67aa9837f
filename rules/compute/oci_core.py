"""Instances: how they start, and whom their metadata trusts."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, any_of, require, rule

require(
    "oci-instance-legacy-metadata",
    severity=MEDIUM,
    controls=["cis-oci-3.1:3.1", "cis-oci-3.0:3.1", "nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_OCI_5",
        "prowler:compute_instance_legacy_metadata_endpoint_disabled",
        "cis_reports:COM-1",
        "steampipe-oci:cis_v300_3_1",
        "steampipe-tf-oci:compute_instance_metadata_service_disabled",
    ],
    on="oci_core_instance",
    path="instance_options.are_legacy_imds_endpoints_disabled",
    equals=True,
    title="Instances answer metadata requests of the second version only.",
    why=(
        "The first version answers any request without a header, and so hands the instance's identity to a web "
        "application that can be made to fetch addresses."
    ),
)

# Arm, graphics and micro shapes cannot be shielded.
UNSHIELDED = (".a1.", ".a2.", ".a4.", "gpu", "micro")


@rule(
    on="oci_core_instance",
    severity=MEDIUM,
    controls=["cis-oci-3.1:3.2", "cis-oci-3.0:3.2", "nist-800-53r5:SI-7"],
    equivalents=["prowler:compute_instance_secure_boot_enabled", "cis_reports:COM-2", "steampipe-oci:cis_v300_3_2"],
)
def oci_instance_secure_boot_off(instance: Resource) -> Iterator[Finding]:
    """Instances start only what is signed.

    ## Why
    Without secure boot, whoever was root once can stay below the operating system, where nothing looks.
    ## Fix
    Set `platform_config { is_secure_boot_enabled = true }` with the type of the shape.
    """
    secure = "platform_config.is_secure_boot_enabled"
    if instance[secure] == True:
        return
    shape = instance["shape"]
    if shape == None or not any_of(UNSHIELDED, lambda word: word in shape.lower()):
        yield instance.fails("secure boot is off", at=secure)
