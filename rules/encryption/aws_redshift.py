from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Resource, any_of, require, rule

require(
    "aws-redshift-unencrypted",
    on="aws_redshift_cluster",
    path="encrypted",
    # Version 6 of the provider encrypts when nothing is said, older ones do not: only a written value is certain.
    one_of=["true", True],
    message="encrypted is not true",
    fix="Set `encrypted = true`.",
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV_AWS_64", "kics:cfdcabb0", "prowler:redshift_cluster_encrypted_at_rest"],
    title="Redshift clusters are encrypted at rest.",
    why="Blocks on disk and every snapshot of the warehouse are plain otherwise.",
)

require(
    "aws-redshift-no-customer-key",
    on=["aws_redshift_cluster", "aws_redshiftserverless_namespace"],
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_142",
        "CKV_AWS_282",
        "AVD-AWS-0084",
        "steampipe-aws:redshift_cluster_kms_enabled",
        "steampipe-aws:redshift_cluster_encrypted_with_cmk",
    ],
    title="Redshift is encrypted with a customer key.",
    why="Only with a key of one's own can access to the warehouse and its snapshots be cut off in one place.",
)


@rule(
    on="aws_redshift_parameter_group",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_105",
        "prowler:redshift_cluster_in_transit_encryption_enabled",
        "steampipe-aws:redshift_cluster_encryption_in_transit_enabled",
    ],
)
def aws_redshift_no_tls(group: Resource) -> Iterator[Finding]:
    """Redshift demands TLS of its clients.

    ## Why
    A client that is not made to use TLS may send its password and its results in plain text.
    ## Fix
    Add a `parameter` with `name = "require_ssl"` and `value = "true"`.
    """
    demanded = any_of(
        group.each("parameter"), lambda p: p["name"] == "require_ssl" and str(p["value"]).lower() == "true"
    )
    if not demanded:
        yield group.fails("the parameter require_ssl is not true", at="parameter")
