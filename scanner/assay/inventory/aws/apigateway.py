"""API Gateway, REST APIs: stages and their settings, methods, authorizers, usage plans, domain names."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import block, masked_map
from assay.model import Ref

APIS = "arn:{partition}:apigateway:{region}::/restapis"
API = f"{APIS}/{{id}}"
STAGE = f"{APIS}/{{^id}}/stages/{{stageName}}"
METHOD = f"{APIS}/{{^^id}}/resources/{{^id}}/methods/{{httpMethod}}"


def policy(item: Item) -> str | None:
    """The resource policy: the API escapes its quotes once more."""
    text = item["policy"]
    if not isinstance(text, str) or not text:
        return None
    return text.replace('\\"', '"').replace("\\\\", "\\") if '{\\"' in text else text


def of_stage(item: Item) -> str:
    """The ARN of the stage that an item belongs to."""
    return str(item.parent.get(STAGE)) if item.parent is not None else ""


def settings(item: Item) -> list[dict[str, Any]]:
    """The settings of a stage by method path: `*/*` for all methods."""
    return [{"path": path, **one} for path, one in (item["methodSettings"] or {}).items()]


def methods(item: Item) -> list[dict[str, Any]]:
    return [{"httpMethod": verb, **one} for verb, one in (item["resourceMethods"] or {}).items()]


def integrations(item: Item) -> list[dict[str, Any]]:
    """What the methods of a resource hand requests to."""
    return [
        {**method["methodIntegration"], "httpMethod": method.get("httpMethod")}
        for method in methods(item)
        if method.get("methodIntegration")
    ]


def responses(path: str) -> Any:
    """What the methods of a resource answer, by status code."""

    def each(item: Item) -> list[dict[str, Any]]:
        made = []
        for method in methods(item):
            answers: Any = method
            for step in path.split("."):
                answers = (answers or {}).get(step)
            for status, one in (answers or {}).items():
                made.append({"httpMethod": method["httpMethod"], "statusCode": status, **one})
        return made

    return each


def response(type_: str, path: str, kind: str) -> Make:
    return Make(
        type=type_,
        address=f"{APIS}/{{^^id}}/resources/{{^id}}/methods/{{httpMethod}}/{kind}/{{statusCode}}",
        name="{httpMethod} {^path}",
        each=responses(path),
        bare=True,
        fields={
            "rest_api_id": "^^id",
            "resource_id": "^id",
            "http_method": "httpMethod",
            "status_code": "statusCode",
            "response_parameters": "responseParameters",
        },
    )


STAGES = Ask(
    operation="GetStages",
    items="item",
    params={"restApiId": "id"},
    then=(
        Ask(
            operation="GetWebACLForResource",
            service="wafv2",
            items="WebACL",
            params={"ResourceArn": STAGE},
            absent=("WAFNonexistentItemException",),
            makes=(
                Make(
                    type="aws_wafv2_web_acl_association",
                    folds=("aws_wafregional_web_acl_association",),  # the older service has ended
                    address="{ARN}/{^^id}/{^stageName}",
                    bare=True,
                    fields={"resource_arn": of_stage, "web_acl_arn": "ARN"},
                ),
            ),
        ),
    ),
    makes=(
        Make(
            type="aws_api_gateway_stage",
            address=STAGE,
            name="stageName",
            rename={"tracingEnabled": "xray_tracing_enabled", "methodSettings": None, "webAclArn": None,
                    "cacheClusterStatus": None},
            fields={"arn": STAGE, "id": "ags-{^id}-{stageName}", "rest_api_id": "^id",
                    "variables": masked_map("variables")},
        ),
        Make(
            type="aws_api_gateway_method_settings",
            address=f"{APIS}/{{^^id}}/stages/{{^stageName}}/settings/{{path}}",
            name="path",
            each=settings,
            bare=True,
            fields={
                "rest_api_id": "^^id",
                # Stages of all APIs are called `prod`: this one is meant.
                "stage_name": lambda item: Ref(of_stage(item), "stage_name"),
                "method_path": "path",
                "settings": block(
                    logging_level="loggingLevel",
                    metrics_enabled="metricsEnabled",
                    data_trace_enabled="dataTraceEnabled",
                    throttling_burst_limit="throttlingBurstLimit",
                    throttling_rate_limit="throttlingRateLimit",
                    caching_enabled="cachingEnabled",
                    cache_data_encrypted="cacheDataEncrypted",
                    cache_ttl_in_seconds="cacheTtlInSeconds",
                ),
            },
        ),
    ),
)  # fmt: skip

RESOURCES = Ask(
    operation="GetResources",
    items="items",
    params={"restApiId": "id", "embed": ["=methods"]},
    makes=(
        Make(
            type="aws_api_gateway_method",
            address=METHOD,
            name="^path",
            each=methods,
            bare=True,
            fields={
                "rest_api_id": "^^id",
                "resource_id": "^id",
                "http_method": "httpMethod",
                "authorization": "authorizationType",
                "authorizer_id": "authorizerId",
                "api_key_required": "apiKeyRequired",
                "request_validator_id": "requestValidatorId",
                "request_parameters": "requestParameters",
                "request_models": "requestModels",
            },
        ),
        Make(
            type="aws_api_gateway_integration",
            address="{^^id}/{^id}/{httpMethod}:integration",
            name="^path",
            each=integrations,
            bare=True,
            fields={
                "rest_api_id": "^^id",
                "resource_id": "^id",
                "http_method": "httpMethod",
                "type": "type",
                "connection_type": "connectionType",
                "timeout_milliseconds": "timeoutInMillis",
            },
        ),
        response("aws_api_gateway_method_response", "methodResponses", "responses"),
        response(
            "aws_api_gateway_integration_response", "methodIntegration.integrationResponses", "integration/responses"
        ),
    ),
)

REST_APIS = Ask(
    operation="GetRestApis",
    items="items",
    then=(
        STAGES,
        RESOURCES,
        Ask(
            operation="GetAuthorizers",
            items="items",
            params={"restApiId": "id"},
            makes=(
                Make(
                    type="aws_api_gateway_authorizer",
                    address=f"{APIS}/{{^id}}/authorizers/{{id}}",
                    name="name",
                    fields={"rest_api_id": "^id"},
                ),
            ),
        ),
    ),
    makes=(
        Make(
            type="aws_api_gateway_rest_api",
            address=API,
            name="name",
            folds=("aws_api_gateway_rest_api_policy",),
            rename={"policy": None},
            fields={"arn": API, "policy": policy},
        ),
    ),
)

PLANS = Ask(
    operation="GetUsagePlans",
    items="items",
    makes=(
        Make(
            type="aws_api_gateway_usage_plan",
            address="arn:{partition}:apigateway:{region}::/usageplans/{id}",
            name="name",
            rename={
                "throttle": "throttle_settings",
                "quota": "quota_settings",
                "apiStages.apiId": "api_id",
                "apiStages": None,
            },
            fields={
                "arn": "arn:{partition}:apigateway:{region}::/usageplans/{id}",
                "api_stages": lambda item: [
                    {
                        "api_id": stage.get("apiId"),
                        "stage": Ref(item.get(f"{APIS}/{stage['apiId']}/stages/{stage['stage']}"), "stage_name"),
                        "throttle": [{"path": p, "burst_limit": t.get("burstLimit"), "rate_limit": t.get("rateLimit")}
                                     for p, t in (stage.get("throttle") or {}).items()],
                    }
                    for stage in item["apiStages"] or ()
                ],
            },
        ),
    ),
)  # fmt: skip

TABLES = [
    Service(
        name="apigateway",
        asks=(
            REST_APIS,
            PLANS,
            Ask(
                operation="GetDomainNames",
                items="items",
                makes=(
                    Make(
                        type="aws_api_gateway_domain_name",
                        address="arn:{partition}:apigateway:{region}::/domainnames/{domainName}",
                        name="domainName",
                        rename={"domainNameArn": "arn"},
                        fields={"id": "domainName"},
                    ),
                ),
            ),
            Ask(
                operation="GetAccount",
                makes=(
                    Make(
                        type="aws_api_gateway_account",
                        address="arn:{partition}:apigateway:{region}::/account",
                        rename={"features": None},
                    ),
                ),
            ),
        ),
    )
]
