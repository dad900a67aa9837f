from collections.abc import Iterator

from assay import LOW, Block, Finding, Resource, any_of, rule


def _fails_over(group: Block) -> bool:
    return not group.absent("failover_criteria") and len(group.each("member")) >= 2


@rule(
    on="aws_cloudfront_distribution",
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV_AWS_310",
        "prowler:cloudfront_distributions_multiple_origin_failover_configured",
        "steampipe-aws:cloudfront_distribution_configured_with_origin_failover",
    ],
)
def aws_cloudfront_no_origin_failover(distribution: Resource) -> Iterator[Finding]:
    """Distributions fail over to a second origin.

    ## Why
    When the only origin fails, so does every page that is not in the cache.
    ## Fix
    Add an `origin_group` with two members and `failover_criteria`.
    """
    if not any_of(distribution.each("origin_group"), _fails_over):
        yield distribution.fails("no origin_group has failover_criteria and a second member", at="origin_group")
