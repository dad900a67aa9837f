from assay import LOW, MEDIUM, require

require(
    "aws-athena-unencrypted",
    on={
        "aws_athena_workgroup": "configuration.result_configuration.encryption_configuration.encryption_option",
        "aws_athena_database": "encryption_configuration.encryption_option",
    },
    present=True,
    # Results that Athena manages itself are encrypted whatever else is configured.
    when=lambda r: r["configuration.managed_query_results_configuration.enabled"] != True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_77",
        "CKV_AWS_159",
        "kics:b2315cae",
        "kics:d364984a",
        "AVD-AWS-0006",
        "prowler:athena_workgroup_encryption",
        "steampipe-aws:athena_workgroup_encryption_at_rest_enabled",
    ],
    title="Athena databases and query results are encrypted at rest.",
    why="Query results are copies of the data they were asked of, and outlive the query in a bucket.",
)

require(
    "aws-athena-client-override",
    on="aws_athena_workgroup",
    path="configuration.enforce_workgroup_configuration",
    equals=True,
    default=True,
    severity=LOW,
    controls=["nist-800-53r5:CM-6"],
    equivalents=["CKV_AWS_82", "AVD-AWS-0007"],
    title="Athena clients cannot override the settings of their workgroup.",
    why="A client that may override the workgroup may also write its results unencrypted, or elsewhere.",
)
