from assay import LOW, require

require(
    "aws-neptune-no-log",
    on="aws_neptune_cluster",
    path="enable_cloudwatch_logs_exports",
    contains="audit",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_101",
        "kics:45cff7b6",
        "AVD-AWS-0075",
        "prowler:neptune_cluster_integration_cloudwatch_logs",
        "steampipe-aws:neptune_db_cluster_audit_logging_enabled",
    ],
    title="Neptune clusters export their audit log.",
    why="Who asked the graph what is recorded in the audit log only.",
)
