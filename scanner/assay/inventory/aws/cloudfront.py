"""CloudFront: distributions, response headers policies, and the newer delivery of access logs."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import structure, tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import given, same
from assay.inventory.masks import masked

NAMES = {
    "Id": "origin_id",
    "CustomHeaders": "custom_header",
    "HeaderName": "name",
    "HeaderValue": "value",
    "LambdaFunctionAssociations": "lambda_function_association",
    "LambdaFunctionARN": "lambda_arn",
    "FunctionAssociations": "function_association",
    "FunctionARN": "function_arn",
    "Members": "member",
    "CloudFrontDefaultCertificate": "cloudfront_default_certificate",
    "Certificate": None,
    "CertificateSource": None,
    "SelectionCriteria": None,
}


def unlisted(value: Any) -> Any:
    """The same without the API's `{Quantity, Items}` about every list, and without the empty texts of what is unset."""
    if isinstance(value, list):
        return [unlisted(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "Quantity" in value and set(value) <= {"Quantity", "Items", "Enabled"}:
        return unlisted(value.get("Items") or [])
    made = {k: unlisted(v) for k, v in value.items() if v != ""}
    if "AllowedMethods" in value:
        methods = value["AllowedMethods"]
        made["AllowedMethods"] = methods.get("Items", [])
        made["CachedMethods"] = methods.get("CachedMethods", {}).get("Items", [])
    if not value.get("S3OriginConfig", {}).get("OriginAccessIdentity"):
        made.pop("S3OriginConfig", None)
    return made


def headerless(value: Any) -> Any:
    """The same with the values of custom headers masked: they prove to an origin that CloudFront asks."""
    if isinstance(value, list):
        return [headerless(v) for v in value]
    if not isinstance(value, dict):
        return value
    return {k: masked(value["HeaderName"], v) if k == "HeaderValue" else headerless(v) for k, v in value.items()}


def part(path: str) -> Any:
    """A part of the configuration as nested blocks; none when it is empty."""

    def one(item: Item) -> Any:
        value = headerless(unlisted(item[path]))
        if not value:
            return None
        return structure(value if isinstance(value, list) else [value], NAMES)

    return one


def geography(item: Item) -> Any:
    found = item["Restrictions.GeoRestriction"]
    if not found:
        return None
    return [{"geo_restriction": [{"restriction_type": found["RestrictionType"], "locations": found.get("Items", [])}]}]


def log(item: Item) -> Any:
    found = item["Logging"] or {}
    if not found.get("Enabled"):
        return None
    return [{"bucket": found["Bucket"], "prefix": found.get("Prefix"), "include_cookies": found.get("IncludeCookies")}]


DISTRIBUTION = Make(
    type="aws_cloudfront_distribution",
    address="^ARN",
    name="^Id",
    bare=True,
    fields={
        "id": "^Id",
        "arn": "^ARN",
        "domain_name": "^DomainName",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
        "aliases": "Aliases.Items",
        "comment": "Comment",
        "default_root_object": "DefaultRootObject",
        "enabled": "Enabled",
        "http_version": "HttpVersion",
        "is_ipv6_enabled": "IsIPV6Enabled",
        "price_class": "PriceClass",
        "staging": "Staging",
        "web_acl_id": "WebACLId",
        "origin": part("Origins"),
        "origin_group": part("OriginGroups"),
        "default_cache_behavior": part("DefaultCacheBehavior"),
        "ordered_cache_behavior": part("CacheBehaviors"),
        "custom_error_response": part("CustomErrorResponses"),
        "viewer_certificate": part("ViewerCertificate"),
        "restrictions": geography,
        "logging_config": log,
    },
)


def config(path: str) -> Any:
    """A part of a response headers policy; its lists stand in `items` blocks, as in the API."""

    def one(item: Item) -> Any:
        value = item[f"ResponseHeadersPolicy.ResponseHeadersPolicyConfig.{path}"]
        return [structure(value, {"Quantity": None})] if value else None

    return one


POLICY = Make(
    type="aws_cloudfront_response_headers_policy",
    address="arn:{partition}:cloudfront::{account}:response-headers-policy/{ResponseHeadersPolicy.Id}",
    name="ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Name",
    bare=True,
    fields={
        "id": "ResponseHeadersPolicy.Id",
        "name": "ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Name",
        "comment": "ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Comment",
        "cors_config": config("CorsConfig"),
        "security_headers_config": config("SecurityHeadersConfig"),
        "custom_headers_config": config("CustomHeadersConfig"),
        "remove_headers_config": config("RemoveHeadersConfig"),
        "server_timing_headers_config": config("ServerTimingHeadersConfig"),
    },
)

TABLES = [
    Service(
        name="cloudfront",
        home=True,
        asks=(
            Ask(
                operation="ListDistributions",
                items="DistributionList.Items",
                then=(
                    Ask(
                        operation="GetDistribution",
                        params={"Id": "Id"},
                        items="Distribution.DistributionConfig",
                        then=(tags("ListTagsForResource", "Tags.Items", Resource="^ARN"),),
                        makes=(DISTRIBUTION,),
                    ),
                ),
            ),
            Ask(
                operation="ListResponseHeadersPolicies",
                params={"Type": "=custom"},
                items="ResponseHeadersPolicyList.Items",
                makes=(POLICY,),
            ),
            Ask(
                operation="DescribeDeliverySources",
                service="logs",
                items="deliverySources",
                makes=(
                    Make(
                        type="aws_cloudwatch_log_delivery_source",
                        address="arn",
                        name="name",
                        when=lambda item: same("service", "cloudfront")(item) and given("resourceArns")(item),
                        fields={"resource_arn": lambda item: item["resourceArns"][0]},
                    ),
                ),
            ),
        ),
    )
]
