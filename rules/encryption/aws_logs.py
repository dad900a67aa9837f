from assay import LOW, require

require(
    "aws-log-group-no-customer-key",
    on="aws_cloudwatch_log_group",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_158",
        "kics:0afbcfe9",
        "AVD-AWS-0017",
        "prowler:cloudwatch_log_group_kms_encryption_enabled",
        "steampipe-aws:log_group_encryption_at_rest_enabled",
    ],
    title="Log groups are encrypted with a customer key.",
    why="Logs gather what programs print, secrets included; a key of one's own limits who reads them.",
)
