"""Web ACLs against attacks that everybody tries."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.aws_waf import refuses_bad_inputs


@rule(
    on="aws_wafv2_web_acl",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-3"],
    equivalents=["CKV_AWS_192", "CKV2_AWS_47", "CKV2_AWS_76", "CKV2_AWS_77", "CKV2_AWS_78"],
)
def aws_waf_no_log4j_rule(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Web ACLs refuse known bad inputs.

    ## Why
    Log4Shell and its like are tried against every address, every day.
    ## Fix
    Add a rule with the managed group `AWSManagedRulesKnownBadInputsRuleSet` that does not only count.
    """
    if not refuses_bad_inputs(r, graph):
        yield r.fails("no rule refuses known bad inputs")
