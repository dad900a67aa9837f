from collections.abc import Iterator
from typing import Any

from assay import HIGH, LOW, MEDIUM, Finding, Resource, is_map, require, rule


def _settings(r: Resource) -> Any:
    """The EncryptionConfiguration of a security configuration; empty when there is none."""
    found = r.json("configuration")
    return (found.get("EncryptionConfiguration") or {}) if is_map(found) else {}


def _at_rest(r: Resource) -> Any:
    settings = _settings(r)
    enabled = settings.get("EnableAtRestEncryption") == True
    return (settings.get("AtRestEncryptionConfiguration") or {}) if enabled else {}


@rule(
    on=["aws_emr_security_configuration", "aws_emr_cluster"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "AVD-AWS-0137",
        "steampipe-aws:emr_cluster_encryption_at_rest_enabled",
        "steampipe-aws:emr_security_configuration_encryption_at_rest_enabled",
    ],
)
def aws_emr_unencrypted(r: Resource) -> Iterator[Finding]:
    """EMR encrypts what it keeps at rest.

    ## Why
    A cluster writes inputs, shuffles and results to S3 and to disk, outside the encryption of where they came from.
    ## Fix
    Set `EnableAtRestEncryption` with an `S3EncryptionConfiguration`, and name the configuration in the cluster.
    """
    if r.type == "aws_emr_cluster":
        if r.absent("security_configuration"):
            yield r.fails(
                "the cluster has no security configuration, so nothing is encrypted", at="security_configuration"
            )
    elif _settings(r).get("EnableAtRestEncryption") != True:
        yield r.fails("encryption at rest is not enabled", at="configuration")


@rule(
    on="aws_emr_security_configuration",
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_350",
        "CKV_AWS_349",
        "AVD-AWS-0139",
        "steampipe-aws:emr_cluster_local_disk_encryption_enabled",
    ],
)
def aws_emr_disk_unencrypted(configuration: Resource) -> Iterator[Finding]:
    """EMR encrypts the local disks and volumes of its nodes.

    ## Why
    Spilled and cached data stay on the disks of the nodes, which S3 encryption does not cover.
    ## Fix
    Give `AtRestEncryptionConfiguration` a `LocalDiskEncryptionConfiguration` with `EnableEbsEncryption = true`.
    """
    disk = _at_rest(configuration).get("LocalDiskEncryptionConfiguration")
    if disk == None:
        yield configuration.fails("local disks are not encrypted", at="configuration")
    elif disk.get("EnableEbsEncryption") != True:
        yield configuration.fails("EBS volumes are not encrypted: EnableEbsEncryption is not true", at="configuration")


@rule(
    on="aws_emr_security_configuration",
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_351",
        "AVD-AWS-0138",
        "steampipe-aws:emr_cluster_encryption_in_transit_enabled",
        "steampipe-aws:emr_security_configuration_encryption_in_transit_enabled",
    ],
)
def aws_emr_no_tls(configuration: Resource) -> Iterator[Finding]:
    """EMR encrypts the traffic between its nodes.

    ## Why
    Shuffles move whole tables between machines in plain text otherwise.
    ## Fix
    Set `EnableInTransitEncryption` and name the certificates in `InTransitEncryptionConfiguration`.
    """
    if _settings(configuration).get("EnableInTransitEncryption") != True:
        yield configuration.fails("encryption in transit is not enabled", at="configuration")


@rule(
    on="aws_emr_security_configuration",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_171",
        "steampipe-aws:emr_cluster_local_disk_encrypted_with_cmk",
        "steampipe-aws:emr_cluster_encryption_at_rest_with_sse_kms",
        "steampipe-aws:emr_cluster_encryption_at_rest_with_cse_cmk",
    ],
)
def aws_emr_no_customer_key(configuration: Resource) -> Iterator[Finding]:
    """EMR encrypts what it writes to S3 with a KMS key.

    ## Why
    Only a key of the account's own shows who read the results, and can be withheld.
    ## Fix
    Set `EncryptionMode` of `S3EncryptionConfiguration` to `SSE-KMS` or `CSE-KMS`, with `AwsKmsKey`.
    """
    s3 = _at_rest(configuration).get("S3EncryptionConfiguration") or {}
    if s3.get("EncryptionMode") not in ("SSE-KMS", "CSE-KMS"):
        yield configuration.fails("data in S3 are not encrypted with a KMS key", at="configuration")


require(
    "aws-emr-no-security-configuration",
    on="aws_emr_cluster",
    path="security_configuration",
    present=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV2_AWS_55"],
    title="EMR clusters have a security configuration.",
    why="Without one neither disks nor traffic of the cluster are encrypted.",
)
