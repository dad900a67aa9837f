"""API Gateway: callers are known, endpoints are meant to be public."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, rule
from assay.analysis.certificates import days_from, read_certificate
from assay.analysis.parts import certainly
from assay.clock import today


@rule(
    on=["aws_api_gateway_method", "aws_apigatewayv2_route"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_59",
        "CKV2_AWS_70",
        "CKV_AWS_309",
        "AVD-AWS-0004",
        "kics:0a96ce49",
        "prowler:apigateway_restapi_authorizers_enabled",
        "prowler:apigateway_restapi_public_with_authorizer",
        "prowler:apigatewayv2_api_authorizers_enabled",
        "steampipe-aws:api_gatewayv2_route_authorization_type_configured",
        "steampipe-aws:apigateway_rest_api_authorizers_configured",
        "steampipe-aws:api_gatewayv2_route_authorizer_configured",
        "steampipe-aws:api_gateway_rest_api_public_endpoint_with_authorizer",
        "steampipe-aws:api_gateway_method_authorization_type_configured",
    ],
)
def aws_api_no_authorizer(r: Resource, graph: Graph) -> Iterator[Finding]:
    """API methods ask who calls.

    ## Why
    Whoever finds the address may call the method, as often as they like.
    ## Fix
    Set `authorization` (or `authorization_type`) to `AWS_IAM`, `JWT`, `CUSTOM` or `COGNITO_USER_POOLS`. A method that
    needs an API key, and `OPTIONS`, which browsers call without credentials, pass.
    """
    if r.type == "aws_api_gateway_method":
        if r["http_method"] != "OPTIONS" and r["authorization"] in (None, "NONE") and r["api_key_required"] != True:
            if private(r, graph):
                said = "whoever reaches the VPC's endpoint may call the method"
                yield r.fails(said, at="authorization", severity=MEDIUM)
            else:
                yield r.fails("anybody may call the method", at="authorization")
        return
    key = r["route_key"]
    if r["authorization_type"] not in (None, "NONE") or key.startswith("OPTIONS "):
        return
    if r["api_key_required"] != True and not (key != "$connect" and of_websocket(r, graph)):
        yield r.fails("anybody may call the route", at="authorization_type")


def private(method: Resource, graph: Graph) -> bool:
    """True for a method of a REST API that certainly answers inside a network only."""
    apis = [a for a in graph.follow(method, "rest_api_id") if a.source != "uncollected"]
    return certainly(lambda: any_of(apis, lambda api: "PRIVATE" in as_list(api["endpoint_configuration.types"])))


def of_websocket(route: Resource, graph: Graph) -> bool:
    """True for a route of a WebSocket API, where only `$connect` can ask who is there."""
    apis = [a for a in graph.follow(route, "api_id") if a.source != "uncollected"]
    return any_of(apis, lambda a: a["protocol_type"] == "WEBSOCKET")


@rule(
    on="aws_api_gateway_rest_api",
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["kics:6b2739db", "prowler:apigateway_restapi_public"],
)
def aws_api_public_endpoint(api: Resource) -> Iterator[Finding]:
    """APIs for inside are not on the internet.

    ## Why
    An endpoint that nobody outside needs is one more door to watch, patch and pay for.
    ## Fix
    Set `endpoint_configuration { types = ["PRIVATE"] }`, or waive this for an API that is meant to be public.
    """
    if not any_of(as_list(api["endpoint_configuration.types"]), lambda kind: kind == "PRIVATE"):
        yield api.fails("the API is on the internet", at="endpoint_configuration.types")


CERTIFICATES = {
    "aws_acm_certificate": "certificate_body",
    "aws_api_gateway_domain_name": "certificate_body",
    "aws_iam_server_certificate": "certificate_body",
}


@rule(
    on=list(CERTIFICATES),
    params={"days": 30},
    severity=HIGH,
    controls=["nist-800-53r5:SC-17"],
    equivalents=[
        "kics:c3831315",
        "prowler:acm_certificates_expiration_check",
        "steampipe-aws:acm_certificate_expires_30_days",
        "steampipe-aws:acm_certificate_not_expired",
        "steampipe-aws:elb_application_lb_listener_certificate_expire_7_days",
        "steampipe-aws:elb_application_lb_listener_certificate_expire_30_days",
    ],
)
def aws_certificate_expiring(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Certificates do not end within 30 days.

    ## Why
    From one second to the next no client connects any more.
    ## Fix
    Renew it, or let ACM issue one by DNS validation, which renews itself.
    """
    if r.source == "aws" and not r.absent("not_after"):  # what runs says it without its text
        ends = r["not_after"][:10]
        if ends < days_from(today(), params["days"]):
            yield r.fails(f"the certificate ends on {ends}", at="not_after")
        return
    path = CERTIFICATES[r.type]
    certificate = read_certificate(r[path])
    if certificate != None and certificate.ends < days_from(today(), params["days"]):
        yield r.fails(f"the certificate ends on {certificate.ends}", at=path)


@rule(
    on=list(CERTIFICATES),
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "kics:874d68a3",
        "prowler:acm_certificates_with_secure_key_algorithms",
        "steampipe-aws:acm_certificate_rsa_key_length_2048_bits_or_greater",
    ],
)
def aws_certificate_weak_key(r: Resource) -> Iterator[Finding]:
    """RSA keys of certificates have 2048 bits or more.

    ## Why
    Shorter keys have been factored; whoever does it can pose as the site.
    ## Fix
    Issue the certificate anew with RSA 2048 or an elliptic curve.
    """
    path = CERTIFICATES[r.type]
    if r["key_algorithm"] == "RSA_1024":
        yield r.fails("the key has 1024 bits", at="key_algorithm")
        return
    certificate = read_certificate(r[path])
    bits = None if certificate == None else certificate.rsa_bits
    if bits != None and bits < 2048:
        yield r.fails(f"the key has {bits} bits", at=path)


@rule(
    on="aws_iam_server_certificate",
    sources=["aws"],
    severity=MEDIUM,
    controls=["cis-aws-1.4:1.19", "cis-aws-7.0:2.17", "nist-800-53r5:SC-17"],
    equivalents=[
        "AVD-AWS-0168",
        "prowler:iam_no_expired_server_certificates_stored",
        "steampipe-aws:iam_server_certificate_not_expired",
    ],
)
def aws_iam_certificate_expired(certificate: Resource) -> Iterator[Finding]:
    """IAM keeps no expired certificates.

    ## Why
    One that is deployed by mistake turns every visitor away.
    ## Fix
    Delete it: `aws iam delete-server-certificate`.
    """
    end = certificate["expiration"]
    if end != None and end[:10] < today():
        yield certificate.fails(f"the certificate ended on {end[:10]}", at="expiration")
