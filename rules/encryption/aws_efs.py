from assay import HIGH, LOW, require

require(
    "aws-efs-unencrypted",
    on="aws_efs_file_system",
    path="encrypted",
    equals=True,
    severity=HIGH,
    controls=["cis-aws-7.0:3.3.1", "nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_42",
        "kics:48207659",
        "AVD-AWS-0037",
        "prowler:efs_encryption_at_rest_enabled",
        "steampipe-aws:efs_file_system_encrypt_data_at_rest",
    ],
    title="EFS file systems are encrypted at rest.",
    why="Encryption cannot be added later: an unencrypted file system has to be copied to a new one.",
)

require(
    "aws-efs-no-customer-key",
    on="aws_efs_file_system",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_184", "kics:25d251f3", "steampipe-aws:efs_file_system_encrypted_with_cmk"],
    title="EFS file systems are encrypted with a customer key.",
    why="The managed key grants everybody in the account who may mount; a key of one's own can say who and until when.",
)
