"""Load balancers (application, network, gateway), their listeners and target groups."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.shape import tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import block, first, last, pairs, same


def attribute(name: str) -> Any:
    """One of the attributes that the API lists as pairs."""
    return lambda item: pairs("$attributes")(item).get(name) if item["$attributes"] else None


def tag_map(item: Item) -> dict[str, str]:
    return tags([t for one in item["$tags"] or () for t in one.get("Tags", ())])


def tagged(key: str) -> Ask:
    return Ask(
        operation="DescribeTags",
        items="TagDescriptions",
        params={"ResourceArns": [key]},
        put="$tags",
        feeds=("tags", "tags_all"),
    )


def action(item: Item) -> list[dict[str, Any]]:
    """The default actions of a listener, with what the rules ask of them."""
    made = []
    for one in sorted(item["DefaultActions"] or (), key=lambda a: int(a.get("Order", 0))):
        block = {"type": one.get("Type"), "target_group_arn": one.get("TargetGroupArn"), "order": one.get("Order")}
        if "RedirectConfig" in one:
            block["redirect"] = [
                {
                    "protocol": one["RedirectConfig"].get("Protocol"),
                    "port": one["RedirectConfig"].get("Port"),
                    "status_code": one["RedirectConfig"].get("StatusCode"),
                    "host": one["RedirectConfig"].get("Host"),
                }
            ]
        made.append({k: v for k, v in block.items() if v is not None})
    return made


BALANCER_ATTRIBUTES = {
    "enable_deletion_protection": attribute("deletion_protection.enabled"),
    "drop_invalid_header_fields": attribute("routing.http.drop_invalid_header_fields.enabled"),
    "desync_mitigation_mode": attribute("routing.http.desync_mitigation_mode"),
    "enable_http2": attribute("routing.http2.enabled"),
    "enable_waf_fail_open": attribute("waf.fail_open.enabled"),
    "enable_cross_zone_load_balancing": attribute("load_balancing.cross_zone.enabled"),
    "idle_timeout": attribute("idle_timeout.timeout_seconds"),
    "access_logs": block(
        enabled=attribute("access_logs.s3.enabled"),
        bucket=attribute("access_logs.s3.bucket"),
        prefix=attribute("access_logs.s3.prefix"),
    ),
    "connection_logs": block(
        enabled=attribute("connection_logs.s3.enabled"), bucket=attribute("connection_logs.s3.bucket")
    ),
}

BALANCERS = Ask(
    operation="DescribeLoadBalancers",
    items="LoadBalancers",
    then=(
        Ask(
            operation="DescribeLoadBalancerAttributes",
            items="Attributes",
            params={"LoadBalancerArn": "LoadBalancerArn"},
            put="$attributes",
            feeds=tuple(BALANCER_ATTRIBUTES),
        ),
        tagged("LoadBalancerArn"),
        Ask(
            operation="DescribeListeners",
            items="Listeners",
            params={"LoadBalancerArn": "LoadBalancerArn"},
            makes=(
                Make(
                    type="aws_lb_listener",
                    address="ListenerArn",
                    name="{Protocol}:{Port}",
                    folds=("aws_alb_listener", "aws_lb_listener_certificate"),
                    rename={
                        "ListenerArn": "arn",
                        "DefaultActions": None,
                        "Certificates": None,
                        "MutualAuthentication": None,
                        "AlpnPolicy": None,
                    },
                    fields={
                        "id": "ListenerArn",
                        "default_action": action,
                        "certificate_arn": first("Certificates.CertificateArn"),
                        "mutual_authentication": block(mode="MutualAuthentication.Mode"),
                        "alpn_policy": first("AlpnPolicy"),
                    },
                ),
            ),
        ),
        Ask(
            operation="GetWebACLForResource",
            service="wafv2",
            items="WebACL",
            params={"ResourceArn": "LoadBalancerArn"},
            absent=("WAFNonexistentItemException",),
            when=same("Type", "application"),
            makes=(
                Make(
                    type="aws_wafv2_web_acl_association",
                    folds=("aws_wafregional_web_acl_association",),  # the older service has ended
                    address="{ARN}/{^LoadBalancerName}",
                    bare=True,
                    fields={"resource_arn": "^LoadBalancerArn", "web_acl_arn": "ARN"},
                ),
            ),
        ),
    ),
    makes=(
        Make(
            type="aws_lb",
            address="LoadBalancerArn",
            name="LoadBalancerName",
            folds=("aws_alb",),
            rename={
                "LoadBalancerArn": "arn",
                "LoadBalancerName": "name",
                "Type": "load_balancer_type",
                "AvailabilityZones": None,
                "State": None,
                "Scheme": None,
            },
            fields={
                "id": "LoadBalancerArn",
                "internal": same("Scheme", "internal"),
                "subnets": "AvailabilityZones.SubnetId",
                "tags": tag_map,
                "tags_all": tag_map,
                **BALANCER_ATTRIBUTES,
            },
        ),
    ),
)

TARGET_GROUPS = Ask(
    operation="DescribeTargetGroups",
    items="TargetGroups",
    then=(tagged("TargetGroupArn"),),
    makes=(
        Make(
            type="aws_lb_target_group",
            address="TargetGroupArn",
            name="TargetGroupName",
            folds=("aws_alb_target_group",),
            rename={"TargetGroupArn": "arn", "TargetGroupName": "name"},
            fields={
                "id": "TargetGroupArn",
                "health_check": block(
                    enabled="HealthCheckEnabled",
                    path="HealthCheckPath",
                    port="HealthCheckPort",
                    protocol="HealthCheckProtocol",
                    interval="HealthCheckIntervalSeconds",
                    timeout="HealthCheckTimeoutSeconds",
                    healthy_threshold="HealthyThresholdCount",
                    unhealthy_threshold="UnhealthyThresholdCount",
                    matcher="Matcher.HttpCode",
                ),
                "arn_suffix": last("TargetGroupArn", ":"),
                "tags": tag_map,
                "tags_all": tag_map,
            },
        ),
    ),
)

TABLES = [Service(name="elbv2", asks=(BALANCERS, TARGET_GROUPS))]
