from assay import LOW, MEDIUM, require

require(
    "aws-cloudtrail-no-customer-key",
    on="aws_cloudtrail",
    path="kms_key_id",
    present=True,
    severity=MEDIUM,
    controls=["cis-aws-1.2:2.7", "cis-aws-1.4:3.7", "cis-aws-7.0:4.5", "nist-800-53r5:AU-9"],
    equivalents=[
        "CKV_AWS_35",
        "kics:5d9e3164",
        "AVD-AWS-0015",
        "prowler:cloudtrail_kms_encryption_enabled",
        "steampipe-aws:cloudtrail_trail_logs_encrypted_with_kms_cmk",
    ],
    title="CloudTrail logs are encrypted with a customer key.",
    why="Read access to the log bucket alone then reveals who did what; a key adds a second permission to hold.",
)

require(
    "aws-cloudtrail-store-no-customer-key",
    on="aws_cloudtrail_event_data_store",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-9"],
    equivalents=["CKV_AWS_294"],
    title="CloudTrail event data stores are encrypted with a customer key.",
    why="Without a key of one's own nobody can cut off the readers of the audit record in one place.",
)
