"""API Gateway, HTTP and WebSocket APIs: CORS, stages, routes, authorizers, domain names."""

from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import first, masked_map

APIS = "arn:{partition}:apigateway:{region}::/apis"
API = f"{APIS}/{{ApiId}}"

HTTP_APIS = Ask(
    operation="GetApis",
    items="Items",
    then=(
        Ask(
            operation="GetStages",
            items="Items",
            params={"ApiId": "ApiId"},
            makes=(
                Make(
                    type="aws_apigatewayv2_stage",
                    address=f"{APIS}/{{^ApiId}}/stages/{{StageName}}",
                    name="StageName",
                    rename={"StageName": "name", "LastUpdatedDate": None, "LastDeploymentStatusMessage": None},
                    fields={
                        "id": "StageName",
                        "arn": f"{APIS}/{{^ApiId}}/stages/{{StageName}}",
                        "api_id": "^ApiId",
                        "stage_variables": masked_map("StageVariables"),
                        "route_settings": lambda item: [
                            {
                                "route_key": key,
                                "throttling_burst_limit": one.get("ThrottlingBurstLimit"),
                                "throttling_rate_limit": one.get("ThrottlingRateLimit"),
                                "logging_level": one.get("LoggingLevel"),
                                "data_trace_enabled": one.get("DataTraceEnabled"),
                                "detailed_metrics_enabled": one.get("DetailedMetricsEnabled"),
                            }
                            for key, one in (item["RouteSettings"] or {}).items()
                        ],
                    },
                ),
            ),
        ),
        Ask(
            operation="GetRoutes",
            items="Items",
            params={"ApiId": "ApiId"},
            makes=(
                Make(
                    type="aws_apigatewayv2_route",
                    address=f"{APIS}/{{^ApiId}}/routes/{{RouteId}}",
                    name="RouteKey",
                    rename={"RouteId": "id"},
                    fields={"api_id": "^ApiId"},
                ),
            ),
        ),
        Ask(
            operation="GetAuthorizers",
            items="Items",
            params={"ApiId": "ApiId"},
            makes=(
                Make(
                    type="aws_apigatewayv2_authorizer",
                    address=f"{APIS}/{{^ApiId}}/authorizers/{{AuthorizerId}}",
                    name="Name",
                    rename={"AuthorizerId": "id", "IdentitySource": "identity_sources"},
                    fields={"api_id": "^ApiId"},
                ),
            ),
        ),
    ),
    makes=(
        Make(
            type="aws_apigatewayv2_api",
            address=API,
            name="Name",
            rename={"ApiId": "id"},
            fields={"arn": API},
        ),
    ),
)

DOMAINS = Ask(
    operation="GetDomainNames",
    items="Items",
    makes=(
        Make(
            type="aws_apigatewayv2_domain_name",
            address="arn:{partition}:apigateway:{region}::/domainnames/{DomainName}",
            name="DomainName",
            rename={"DomainNameConfigurations": "domain_name_configuration"},
            fields={"id": "DomainName", "security_policy": first("DomainNameConfigurations.SecurityPolicy")},
        ),
    ),
)

TABLES = [Service(name="apigatewayv2", asks=(HTTP_APIS, DOMAINS))]
