from assay import LOW, require

require(
    "aws-ecr-no-customer-key",
    on="aws_ecr_repository",
    path="encryption_configuration.encryption_type",
    one_of=["KMS", "KMS_DSSE"],
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_136", "kics:0e32d561", "AVD-AWS-0033"],
    title="Image repositories are encrypted with KMS.",
    why="Under the default AES256 nobody can see or stop who decrypts the layers of an image.",
)
