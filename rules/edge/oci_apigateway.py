"""API Gateway: who may call, over what, and what the backends are told."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Block, Finding, Graph, Resource, all_of, any_of, as_list, require, rule
from assay.analysis.literals import number
from assay.analysis.parts import one_by_one

POLICIES = "specification.request_policies"


def _authentications(deployment: Resource) -> Iterator[Block]:
    yield from deployment.each(f"{POLICIES}.authentication")
    for server in deployment.each(f"{POLICIES}.dynamic_authentication.authentication_servers"):
        yield from server.each("authentication_server_detail")


def _is_stock(route: Block) -> bool:
    return bool(route["backend.type"] == "STOCK_RESPONSE_BACKEND")


@rule(on="oci_apigateway_deployment", severity=HIGH, controls=["nist-800-53r5:AC-3", "nist-800-53r5:IA-2"])
def oci_api_no_authentication(deployment: Resource) -> Iterator[Finding]:
    """API deployments authenticate their callers.

    ## Why
    Without an authentication policy, a usage plan or mutual TLS, whoever finds the address may call every backend.
    ## Fix
    Add `specification.request_policies.authentication`, or require a verified client certificate or a usage plan.
    """
    guards = (
        lambda: deployment.each(f"{POLICIES}.authentication"),
        lambda: deployment.each(f"{POLICIES}.dynamic_authentication"),
        lambda: deployment.each(f"{POLICIES}.usage_plans"),
        lambda: deployment[f"{POLICIES}.mutual_tls.is_verified_certificate_required"] == True,
    )
    if any_of(guards, lambda guard: guard()):
        return
    routes = deployment.each("specification.routes")
    if not routes or not all_of(routes, _is_stock):
        yield deployment.fails(
            "no authentication, usage plan or mutual TLS: anybody may call it", at=f"{POLICIES}.authentication"
        )


@rule(on="oci_apigateway_deployment", severity=HIGH, controls=["nist-800-53r5:AC-3", "nist-800-53r5:AC-14"])
def oci_api_anonymous_access(deployment: Resource) -> Iterator[Finding]:
    """No route with a backend is open to anonymous callers.

    ## Why
    An ANONYMOUS route skips the authentication that the rest of the deployment relies on.
    ## Fix
    Set `is_anonymous_access_allowed = false` and give routes `AUTHENTICATION_ONLY` or `ANY_OF` authorization. A
    stock response (a preflight answer) may stay anonymous.
    """
    anonymous = "request_policies.authorization.type"

    def judge(route: Block) -> Iterator[Finding]:
        if route[anonymous] == "ANONYMOUS" and not _is_stock(route):
            yield route.fails("the route answers anonymous callers", at=anonymous)

    found = list(one_by_one(deployment.each("specification.routes"), judge))
    yield from found
    if found or any_of(deployment.each("specification.routes"), lambda r: r[anonymous] == "ANONYMOUS"):
        return  # what is open is named above, or is a stock response on purpose
    for policy in _authentications(deployment):
        if policy["is_anonymous_access_allowed"] == True:
            yield policy.fails(
                "anonymous access is allowed",
                at="is_anonymous_access_allowed",
                fix=policy.set("is_anonymous_access_allowed", False),
            )


@rule(on="oci_apigateway_deployment", each="specification.routes", severity=MEDIUM, controls=["nist-800-53r5:SC-8"])
def oci_api_backend_insecure(route: Block) -> Iterator[Finding]:
    """HTTP backends are called over verified TLS.

    ## Why
    The gateway ends the caller's TLS; over plain HTTP, or without checking the backend's certificate, everything
    behind it can be read and changed on the way.
    ## Fix
    Use an `https://` url and leave `is_ssl_verify_disabled` false.
    """

    def judge(backend: Block) -> Iterator[Finding]:
        if backend["type"] == "HTTP_BACKEND":
            if backend["url"].lower().startswith("http://"):
                yield backend.fails("the backend is called over plain HTTP", at="url")
            if backend["is_ssl_verify_disabled"] == True:
                yield backend.fails("the backend's certificate is not verified", at="is_ssl_verify_disabled")

    yield from one_by_one(route.each("backend"), judge)
    for backend in route.each("backend"):
        for branch in backend.each("routing_backends"):
            yield from one_by_one(branch.each("backend"), judge)


require(
    "oci-api-gateway-no-certificate",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    on="oci_apigateway_gateway",
    path="certificate_id",
    present=True,
    when=lambda gateway: gateway["endpoint_type"] == "PUBLIC",
    title="Public API gateways present a certificate of their own.",
    why="Without one, callers depend on the generated host name, which cannot be pinned, moved or branded.",
)

require(
    "oci-api-gateway-no-network-security-group",
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    on="oci_apigateway_gateway",
    path="network_security_group_ids",
    present=True,
    when=lambda gateway: gateway["endpoint_type"] == "PUBLIC",
    title="Public API gateways are members of a network security group.",
    why="Without a group, the subnet's security lists alone decide who may connect, for all that stands in it alike.",
)


def _key_sources(deployment: Resource) -> Iterator[Block]:
    for policy in _authentications(deployment):
        yield from policy.each("public_keys")
        yield from policy.each("validation_policy")


@rule(
    on="oci_apigateway_deployment",
    params={"hours": 24},
    severity=HIGH,
    controls=["nist-800-53r5:SC-8", "nist-800-53r5:SC-12"],
)
def oci_api_jwks_insecure(deployment: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Token signing keys are fetched over verified TLS and cached for at most a day.

    ## Why
    Whoever can change the keys on their way can sign tokens; a long cache keeps a withdrawn key valid.
    ## Fix
    Use an `https://` uri, leave `is_ssl_verify_disabled` false and `max_cache_duration_in_hours` at 24 or less.
    """

    def judge(keys: Block) -> Iterator[Finding]:
        if keys["type"] not in ("REMOTE_JWKS", "REMOTE_DISCOVERY"):
            return
        for path in ("uri", "source_uri_details.uri"):
            if not keys.absent(path) and keys[path].lower().startswith("http://"):
                yield keys.fails("the keys come over plain HTTP", at=path)
        if keys["is_ssl_verify_disabled"] == True:
            yield keys.fails("the key server's certificate is not verified", at="is_ssl_verify_disabled")
        hours = keys["max_cache_duration_in_hours"]
        if hours != None and number(hours) > params["hours"]:
            yield keys.fails(f"keys are cached for {hours} hours", at="max_cache_duration_in_hours")

    yield from one_by_one(_key_sources(deployment), judge)


@rule(on="oci_apigateway_deployment", severity=HIGH, controls=["nist-800-53r5:IA-5(2)", "nist-800-53r5:AC-3"])
def oci_api_jwt_claims_unverified(deployment: Resource) -> Iterator[Finding]:
    """Tokens are accepted only from known issuers and for this audience.

    ## Why
    A token that another client of the same identity provider obtained for another service is otherwise as good
    here.
    ## Fix
    Give `issuers` and `audiences`, or require `iss` and `aud` in `verify_claims` with their values.
    """

    def judge(policy: Block) -> Iterator[Finding]:
        if policy["type"] not in ("JWT_AUTHENTICATION", "TOKEN_AUTHENTICATION"):
            return
        for claim, path in (("iss", "issuers"), ("aud", "audiences")):
            if not _claimed(policy, claim, path):
                yield policy.fails(f"the claim {claim} is not compared with any value", at=path, key=claim)

    yield from one_by_one(_authentications(deployment), judge)


def _claimed(policy: Block, claim: str, path: str) -> bool:
    """True when the claim is compared, by its own list or among the verified claims, wherever the policy keeps them."""
    inner = "validation_policy.additional_validation_policy"
    if any_of((path, f"{inner}.{path}"), lambda at: policy[at]):
        return True
    return any_of(
        ("verify_claims", f"{inner}.verify_claims"),
        lambda at: any_of(policy.each(at), lambda c: c["key"] == claim and c["is_required"] == True and c["values"]),
    )


@rule(on="oci_apigateway_deployment", each="specification.routes", severity=LOW, controls=["nist-800-53r5:SI-10"])
def oci_api_no_body_validation(route: Block) -> Iterator[Finding]:
    """Routes that take a body require a valid one.

    ## Why
    What the gateway refuses, no backend has to parse: empty and foreign bodies are stopped before any code runs.
    ## Fix
    Add `request_policies.body_validation` with `required = true` and the media types that the backend reads.
    """
    if _is_stock(route) or not any_of(("POST", "PUT", "PATCH", "ANY"), lambda m: m in as_list(route["methods"])):
        return
    at = "request_policies.body_validation"
    if route[f"{at}.required"] != True:
        yield route.fails("the route passes on requests without a body, or with any", at=f"{at}.required")
    elif route[f"{at}.validation_mode"] not in (None, "ENFORCING"):
        yield route.fails("bodies are looked at, and passed on all the same", at=f"{at}.validation_mode")


@rule(on="oci_apigateway_deployment", each="specification.routes", severity=LOW, controls=["nist-800-53r5:SC-8"])
def oci_api_no_hsts(route: Block) -> Iterator[Finding]:
    """Answers carry Strict-Transport-Security.

    ## Why
    A browser that was never told so may try plain HTTP first, where anybody between can answer.
    ## Fix
    Set the header in `response_policies.header_transformations.set_headers` of every route that has a backend.
    """
    if _is_stock(route):
        return
    headers = route.each("response_policies.header_transformations.set_headers.items")
    if not any_of(headers, lambda h: h["name"].lower() == "strict-transport-security"):
        yield route.fails(
            "no Strict-Transport-Security header", at="response_policies.header_transformations.set_headers"
        )


require(
    "oci-api-no-mutual-tls",
    severity=INFO,
    controls=["nist-800-53r5:IA-3"],
    on="oci_apigateway_deployment",
    path=f"{POLICIES}.mutual_tls.is_verified_certificate_required",
    equals=True,
    title="API deployments require a verified client certificate.",
    why="A certificate ties a call to a known machine even when a token was stolen.",
)
