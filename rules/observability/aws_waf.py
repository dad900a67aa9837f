from collections.abc import Iterator

from assay import LOW, MEDIUM, Block, Finding, Graph, Resource, rule
from assay.analysis.parts import one_by_one


@rule(
    on=["aws_waf_web_acl", "aws_wafregional_web_acl", "aws_wafv2_web_acl"],
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_176",
        "CKV2_AWS_31",
        "prowler:waf_global_webacl_logging_enabled",
        "prowler:waf_regional_webacl_logging_enabled",
        "prowler:wafv2_webacl_logging_enabled",
        "steampipe-aws:waf_web_acl_logging_enabled",
        "steampipe-aws:wafv2_web_acl_logging_enabled",
    ],
)
def aws_waf_no_log(acl: Resource, graph: Graph) -> Iterator[Finding]:
    """Web ACLs log the requests they judge.

    ## Why
    Without the log nobody sees what a rule blocks, nor that somebody is looking for the gap in it.
    ## Fix
    Declare an `aws_wafv2_web_acl_logging_configuration`, or `logging_configuration` in a classic web ACL.
    """
    if acl.type == "aws_wafv2_web_acl":
        if not graph.users(acl, "aws_wafv2_web_acl_logging_configuration"):
            yield acl.fails("no logging configuration names this web ACL")
    elif acl.absent("logging_configuration.log_destination"):
        yield acl.fails("the web ACL has no log destination", at="logging_configuration.log_destination")


def _metrics(block: Block) -> Iterator[Finding]:
    path = "visibility_config.cloudwatch_metrics_enabled"
    if block[path] == False:
        yield block.fails("the rule reports no metrics", at=path, fix=block.set(path, True))


@rule(
    on=["aws_wafv2_web_acl", "aws_wafv2_rule_group"],
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["prowler:wafv2_webacl_rule_logging_enabled", "steampipe-aws:wafv2_rule_group_logging_enabled"],
)
def aws_waf_rule_no_metrics(group: Resource) -> Iterator[Finding]:
    """Rules of a web ACL report metrics.

    ## Why
    A rule without metrics can block customers, or nothing at all, and no alarm can tell.
    ## Fix
    Set `cloudwatch_metrics_enabled = true` in every `visibility_config`.
    """
    path = "visibility_config.cloudwatch_metrics_enabled"
    if group[path] == False:
        yield group.fails("the web ACL or group reports no metrics", at=path, fix=group.set(path, True))
    yield from one_by_one(group.each("rule"), _metrics)
