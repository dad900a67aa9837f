"""Web application firewalls: in front of every public entry, and with rules that act."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, as_list, require, rule
from assay.analysis.aws_waf import has_rules
from assay.analysis.parts import one_by_one

ASSOCIATIONS = ("aws_wafv2_web_acl_association", "aws_wafregional_web_acl_association")
ACLS = {"aws_waf_web_acl": "rules", "aws_wafregional_web_acl": "rule", "aws_wafv2_web_acl": "rule"}
GROUPS = {
    "aws_wafv2_rule_group": "rule",
    "aws_wafregional_rule_group": "activated_rule",
    "aws_waf_rule_group": "activated_rule",
}


def exposed(r: Resource, graph: Graph) -> bool:
    """True when the entry point can be reached from the internet and a web ACL could stand before it."""
    if r.type in ("aws_lb", "aws_alb"):
        return bool(r["internal"] != True and r["load_balancer_type"] in (None, "application"))
    if r.type == "aws_api_gateway_stage":
        apis = graph.follow(r, "rest_api_id")
        return not any_of(apis, lambda api: "PRIVATE" in private_types(api))
    return bool(r["visibility"] != "PRIVATE")


def private_types(api: Resource) -> list[Any]:
    """The endpoint types of a REST API."""
    return as_list(api["endpoint_configuration.types"])


@rule(
    on=["aws_lb", "aws_alb", "aws_api_gateway_stage", "aws_cloudfront_distribution", "aws_appsync_graphql_api"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV2_AWS_29",
        "CKV_AWS_68",
        "CKV2_AWS_28",
        "CKV2_AWS_33",
        "AVD-AWS-0011",
        "kics:a186e82c",
        "kics:1419b4c6",
        "kics:0afa6ab8",
        "prowler:apigateway_restapi_waf_acl_attached",
        "prowler:cloudfront_distributions_using_waf",
        "prowler:elbv2_waf_acl_attached",
        "steampipe-aws:apigateway_stage_use_waf_web_acl",
        "steampipe-aws:cloudfront_distribution_waf_enabled",
        "steampipe-aws:elb_application_lb_waf_enabled",
    ],
)
def aws_waf_missing(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Public entry points have a web ACL.

    ## Why
    Without one, scans, injection attempts and floods reach the application itself, and a new attack cannot be blocked
    without a deployment.
    ## Fix
    Associate an `aws_wafv2_web_acl` (for CloudFront: set `web_acl_id`).
    """
    if r.type == "aws_cloudfront_distribution":
        if r["web_acl_id"] in (None, ""):
            yield r.fails("the distribution has no web ACL", at="web_acl_id")
        return
    if not exposed(r, graph):
        return
    if not any_of(ASSOCIATIONS, lambda type_: bool(graph.users(r, type_))):
        yield r.fails("the entry point is public and has no web ACL")


@rule(
    on=list(ACLS),
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_175",
        "prowler:waf_global_webacl_with_rules",
        "prowler:waf_regional_webacl_with_rules",
        "prowler:wafv2_webacl_with_rules",
        "steampipe-aws:waf_web_acl_rule_attached",
        "steampipe-aws:waf_regional_web_acl_rule_attached",
        "steampipe-aws:wafv2_web_acl_rule_attached",
    ],
)
def aws_waf_no_rules(acl: Resource, graph: Graph) -> Iterator[Finding]:
    """Web ACLs have rules.

    ## Why
    A web ACL without a rule applies its default action to everything: it is there on paper only.
    ## Fix
    Add rules, AWS's managed groups for a start.
    """
    if not has_rules(acl, graph):
        yield acl.fails("the web ACL has no rule")


def acts(one: Block) -> bool:
    """True when a rule has an action with something in it, or refers to a managed group."""
    named = any_of(("action", "override_action"), lambda name: any_of(as_list(one[name])))
    return named or not one.absent("statement.managed_rule_group_statement")


def judge_action(one: Block) -> Iterator[Finding]:
    if not acts(one):
        yield one.fails("the rule has neither action nor override_action")


@rule(on=[*ACLS, *GROUPS], severity=MEDIUM, controls=["nist-800-53r5:SC-7"], equivalents=["CKV_AWS_342"])
def aws_waf_rule_no_action(acl: Resource) -> Iterator[Finding]:
    """Rules of a web ACL say what to do.

    ## Why
    A rule without an action, or without the override that a group needs, blocks and counts nothing.
    ## Fix
    Give the rule an `action`, or an `override_action` when it refers to a group.
    """
    yield from one_by_one(acl.each({**ACLS, **GROUPS}[acl.type]), judge_action)


require(
    "aws-waf-rule-no-condition",
    on={"aws_waf_rule": "predicates", "aws_wafregional_rule": "predicate"},
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:waf_global_rule_with_conditions",
        "prowler:waf_regional_rule_with_conditions",
        "steampipe-aws:waf_rule_condition_attached",
        "steampipe-aws:waf_regional_rule_condition_attached",
    ],
    title="Rules of web ACLs have a condition.",
    why="A rule without one matches nothing: the list of rules looks as if something were blocked.",
    message="the rule has no condition, so it matches nothing",
)


@rule(
    on=list(GROUPS),
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:waf_global_rulegroup_not_empty",
        "prowler:waf_regional_rulegroup_not_empty",
        "steampipe-aws:waf_rule_group_rule_attached",
        "steampipe-aws:waf_regional_rule_group_rule_attached",
    ],
)
def aws_waf_rule_group_empty(group: Resource) -> Iterator[Finding]:
    """Rule groups have rules.

    ## Why
    The web ACL that names the group looks as if it blocked something.
    ## Fix
    Add rules, or remove the group.
    """
    if not group.each(GROUPS[group.type]) and group.absent("rules_json"):
        yield group.fails("the group has no rule", at=GROUPS[group.type])


@rule(
    on="aws_wafv2_web_acl",
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["steampipe-aws:waf_web_acl_resource_associated"],
)
def aws_waf_unattached(acl: Resource, graph: Graph) -> Iterator[Finding]:
    """Web ACLs stand in front of something.

    ## Why
    Somebody counts on the rules, and they see no request; they are paid for all the same.
    ## Fix
    Add an `aws_wafv2_web_acl_association`, or name it as `web_acl_id` of a distribution.
    """
    types = ("aws_wafv2_web_acl_association", "aws_cloudfront_distribution")
    if any(graph.users(acl, t) for t in types) or as_list(acl["protects"] if acl.source == "aws" else None):
        return
    yield acl.fails("nothing uses the web ACL")
