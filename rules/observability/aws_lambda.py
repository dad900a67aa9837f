from assay import LOW, require

require(
    "aws-lambda-no-trace",
    on="aws_lambda_function",
    path="tracing_config.mode",
    equals="Active",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_50", "kics:8152e0cf", "AVD-AWS-0066", "steampipe-aws:lambda_function_tracing_enabled"],
    title="Functions are traced.",
    why="Without a trace a slow or failing request cannot be followed from the gateway to the database.",
)
