from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Resource, require, rule


@rule(
    on=["aws_dynamodb_table", "aws_dynamodb_table_replica"],
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_271",
        "CKV_AWS_119",
        "AVD-AWS-0025",
        "prowler:dynamodb_tables_kms_cmk_encryption_enabled",
        "steampipe-aws:dynamodb_table_encrypted_with_kms",
    ],
)
def aws_dynamodb_no_customer_key(table: Resource) -> Iterator[Finding]:
    """DynamoDB tables are encrypted with a customer key.

    ## Why
    The service's own key leaves no trace of its use and cannot be disabled when access has to stop at once.
    ## Fix
    Enable `server_side_encryption` and give it a `kms_key_arn`; a replica takes `kms_key_arn` itself.
    """
    if table.type == "aws_dynamodb_table_replica":
        if table.absent("kms_key_arn"):
            yield table.fails("the replica names no key", at="kms_key_arn")
    elif table["server_side_encryption.enabled"] != True:
        yield table.fails("the table is encrypted with the service's own key", at="server_side_encryption.enabled")
    elif table.absent("server_side_encryption.kms_key_arn"):
        yield table.fails("server_side_encryption names no key", at="server_side_encryption.kms_key_arn")


require(
    "aws-dynamodb-default-encryption",
    on="aws_dynamodb_table",
    path="server_side_encryption.enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["kics:ce089fd4", "steampipe-aws:dynamodb_table_encryption_enabled"],
    title="DynamoDB tables use a key of the account, not the service's.",
    why="With the key that the service owns, nothing in the account shows or governs who decrypts the table.",
)

require(
    "aws-dax-unencrypted",
    on="aws_dax_cluster",
    path="server_side_encryption.enabled",
    equals=True,
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_47",
        "kics:f11aec39",
        "AVD-AWS-0023",
        "prowler:dynamodb_accelerator_cluster_encryption_enabled",
    ],
    title="DAX clusters are encrypted at rest.",
    why="The cache writes rows of the table to the disks of its nodes, where the table's encryption does not reach.",
)
