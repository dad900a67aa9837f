from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule


@rule(
    on="aws_route53_zone",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV2_AWS_39",
        "kics:7dbba512",
        "prowler:route53_public_hosted_zones_cloudwatch_logging_enabled",
        "steampipe-aws:route53_zone_query_logging_enabled",
    ],
)
def aws_route53_no_query_log(zone: Resource, graph: Graph) -> Iterator[Finding]:
    """Public zones log the queries they answer.

    ## Why
    Queries for names that do not exist show somebody searching for hosts, or a takeover being prepared.
    ## Fix
    Declare an `aws_route53_query_log` for the zone.
    """
    if zone.each("vpc") or graph.users(zone, "aws_route53_zone_association"):
        return  # private
    if not graph.users(zone, "aws_route53_query_log"):
        yield zone.fails("no query log names this public zone")
