"""Cross-origin access to AWS endpoints: not everybody with everything."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, Block, Finding, Graph, Resource, all_of, any_of, as_list, is_map, rule

EVERYBODY = ("*", "http://*", "https://*")


def anybody(origins: Any) -> bool:
    """True when a page of any origin is let in, be it by one scheme only."""
    return any_of(as_list(origins), lambda o: o in EVERYBODY)


def opens(origins: Any, methods: Any, credentials: Any) -> str:
    """What is wrong with a CORS configuration, or an empty text."""
    if not anybody(origins):
        return ""
    if credentials == True:
        return "any origin may call with the user's credentials"
    return "any origin may call with any method" if any_of(as_list(methods), lambda m: m == "*") else ""


def all_methods(methods: Any) -> bool:
    """True when every method that changes something is listed."""
    listed = as_list(methods)
    return all_of(("PUT", "POST", "DELETE"), lambda wanted: any_of(listed, lambda m: m == wanted))


@rule(
    on=["aws_apigatewayv2_api", "aws_lambda_function_url", "aws_s3_bucket_cors_configuration", "aws_s3_bucket"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-4"],
    equivalents=[
        "CKV2_AWS_75",
        "prowler:awslambda_function_url_cors_policy",
        "steampipe-aws:lambda_function_cors_configuration",
    ],
)
def aws_api_open_cors(r: Resource) -> Iterator[Finding]:
    """APIs, function URLs and buckets do not open themselves to every origin.

    ## Why
    With origin `*` any web page can call the endpoint from a visitor's browser; with credentials, or with every method,
    it acts in the visitor's name.
    ## Fix
    List the origins that need access, and the methods they use.
    """
    path = {"aws_apigatewayv2_api": "cors_configuration", "aws_lambda_function_url": "cors"}.get(r.type, "cors_rule")
    for cors in r.each(path):
        if path == "cors_rule":
            if anybody(cors["allowed_origins"]) and all_methods(cors["allowed_methods"]):
                yield cors.fails("any origin may read, write and delete", at="allowed_origins")
            continue
        said = opens(cors["allow_origins"], cors["allow_methods"], cors["allow_credentials"])
        if said != "":
            yield cors.fails(said, at="allow_origins")


@rule(on="aws_cloudfront_response_headers_policy", each="cors_config", severity=HIGH, controls=["nist-800-53r5:AC-4"])
def aws_cloudfront_open_cors(cors: Block) -> Iterator[Finding]:
    """CloudFront does not open what it serves to every origin.

    ## Why
    With origin `*` and credentials, or every method, any web page acts on the site in its visitor's name.
    ## Fix
    List the origins in `access_control_allow_origins`.
    """
    methods = as_list(cors["access_control_allow_methods.items"])
    if not anybody(cors["access_control_allow_origins.items"]):
        return
    if cors["access_control_allow_credentials"] == True:
        yield cors.fails("any origin may send credentials", at="access_control_allow_origins.items")
    elif any_of(methods, lambda m: m in ("ALL", "*")) or all_methods(methods):
        yield cors.fails("any origin may use every method", at="access_control_allow_origins.items")


@rule(
    on=["aws_api_gateway_integration_response", "aws_api_gateway_method_response"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-4"],
)
def aws_rest_api_open_cors(response: Resource, graph: Graph) -> Iterator[Finding]:
    """REST APIs that take credentials answer one origin, not all.

    ## Why
    `Access-Control-Allow-Origin: *` on an API that also allows credentials asks browsers to let every page act in the
    user's name; what then stands between is only that browsers refuse the pair.
    ## Fix
    Map the header to one origin, in single quotes: `"'https://app.example.org'"`.
    """
    headers = response["response_parameters"]
    if not is_map(headers):
        return
    allowed = {name.lower().rpartition("access-control-allow-")[2]: value for name, value in headers.items()}
    if allowed.get("origin") == "'*'" and allowed.get("credentials") == "'true'":
        yield response.fails("any origin may call with credentials", at="response_parameters")
