from assay import LOW, require

require(
    "aws-cloudfront-no-origin-failover",
    on="aws_cloudfront_distribution",
    path="origin_group",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV_AWS_310",
        "prowler:cloudfront_distributions_multiple_origin_failover_configured",
        "steampipe-aws:cloudfront_distribution_configured_with_origin_failover",
    ],
    title="Distributions fail over to a second origin.",
    why="When the only origin fails, so does every page that is not in the cache.",
    message="no origin_group names a second origin",
    fix="Add an `origin_group` with two members and `failover_criteria`.",
)
