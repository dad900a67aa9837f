"""WAF: web ACLs, rule groups and their logs; one table for regional resources, one for CloudFront."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Make, Service

METRICS = {
    "VisibilityConfig.CloudWatchMetricsEnabled": "cloudwatch_metrics_enabled",
    "Rules.VisibilityConfig.CloudWatchMetricsEnabled": "cloudwatch_metrics_enabled",
    "Rules": "rule",
    "ARN": "arn",
    "LockToken": None,
    "Capacity": "capacity",
}


ELSEWHERE = Ask(
    operation="ListResourcesForWebACL",
    params={"WebACLArn": "ARN", "ResourceType": "=COGNITO_USER_POOL"},
    items="ResourceArns",
    put="$protects",
    feeds=("protects",),
)
"""What no other collector asks about: load balancers, stages and GraphQL APIs say themselves what guards them."""


def asks(scope: str) -> tuple[Ask, ...]:
    known = {"Scope": f"={scope}"}
    tags = Ask(
        operation="ListTagsForResource",
        params={"ResourceARN": "ARN"},
        items="TagInfoForResource",
        put="",
        feeds=("tags", "tags_all"),
    )
    return (
        Ask(
            operation="ListWebACLs",
            items="WebACLs",
            params=known,
            then=(
                Ask(
                    operation="GetWebACL",
                    items="WebACL",
                    params={**known, "Name": "Name", "Id": "Id"},
                    put="",
                    feeds=("aws_wafv2_web_acl",),
                ),
                tags,
                *((ELSEWHERE,) if scope == "REGIONAL" else ()),
                Ask(
                    operation="GetLoggingConfiguration",
                    items="LoggingConfiguration",
                    params={"ResourceArn": "ARN"},
                    absent=("WAFNonexistentItemException",),
                    makes=(
                        Make(
                            type="aws_wafv2_web_acl_logging_configuration",
                            address="{ResourceArn}:logging",
                            name="^Name",
                            fields={"id": "ResourceArn"},
                        ),
                    ),
                ),
            ),
            makes=(
                Make(
                    type="aws_wafv2_web_acl",
                    address="ARN",
                    name="Name",
                    when="DefaultAction",
                    rename=METRICS,
                    fields={
                        "scope": lambda item: scope,
                        "protects": lambda item: [r["$id"] for r in item["$protects"] or ()],
                    },
                ),
            ),
        ),
        Ask(
            operation="ListRuleGroups",
            items="RuleGroups",
            params=known,
            then=(
                Ask(
                    operation="GetRuleGroup",
                    items="RuleGroup",
                    params={**known, "Name": "Name", "Id": "Id"},
                    put="",
                    feeds=("aws_wafv2_rule_group",),
                ),
                tags,
            ),
            makes=(
                Make(
                    type="aws_wafv2_rule_group",
                    address="ARN",
                    name="Name",
                    when="VisibilityConfig",
                    rename=METRICS,
                    fields={"scope": lambda item: scope},
                ),
            ),
        ),
    )


TABLES = [
    Service(name="wafv2", asks=asks("REGIONAL")),
    Service(name="wafv2", label="wafv2-cloudfront", home=True, region="us-east-1", asks=asks("CLOUDFRONT")),
]
