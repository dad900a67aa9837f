"""Web ACLs against attacks that everybody tries."""

from collections.abc import Iterator

from assay import MEDIUM, Block, Finding, Resource, any_of, rule

GROUP = "statement.managed_rule_group_statement"
LOOKUPS = ("Log4JRCE", "Log4JRCE_HEADER", "Log4JRCE_QUERYSTRING", "Log4JRCE_URI", "Log4JRCE_BODY")


def refuses(candidate: Block) -> bool:
    """True when a rule uses the managed group and does not turn it into a counter."""
    if candidate[f"{GROUP}.name"] != "AWSManagedRulesKnownBadInputsRuleSet":
        return False
    if not candidate.absent("override_action.count"):
        return False
    overrides = candidate.each(f"{GROUP}.rule_action_override")
    return not any_of(overrides, lambda o: o["name"] in LOOKUPS and not o.absent("action_to_use.count"))


@rule(
    on="aws_wafv2_web_acl",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-3"],
    equivalents=["CKV_AWS_192", "CKV2_AWS_47", "CKV2_AWS_76", "CKV2_AWS_77", "CKV2_AWS_78"],
)
def aws_waf_no_log4j_rule(r: Resource) -> Iterator[Finding]:
    """Web ACLs refuse known bad inputs.

    ## Why
    Log4Shell and its like are tried against every address, every day.
    ## Fix
    Add a rule with the managed group `AWSManagedRulesKnownBadInputsRuleSet` that does not only count.
    """
    if r.absent("rule_json") and not any_of(r.each("rule"), refuses):
        yield r.fails("no rule refuses known bad inputs")
