from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule


@rule(
    on="aws_cloudfront_distribution",
    severity=MEDIUM,
    controls=["cis-aws-7.0:4.10", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_86",
        "kics:94690d79",
        "AVD-AWS-0010",
        "prowler:cloudfront_distributions_logging_enabled",
        "steampipe-aws:cloudfront_distribution_logging_enabled",
    ],
)
def aws_cloudfront_no_access_log(distribution: Resource, graph: Graph) -> Iterator[Finding]:
    """Distributions log who calls them.

    ## Why
    What CloudFront answers from its cache or refuses at the edge reaches no other log.
    ## Fix
    Add `logging_config` with a bucket, or an `aws_cloudwatch_log_delivery_source` for the distribution.
    """
    source = "aws_cloudwatch_log_delivery_source"
    if distribution.absent("logging_config.bucket") and not graph.users(distribution, source):
        yield distribution.fails("neither logging_config nor a log delivery names a destination", at="logging_config")
