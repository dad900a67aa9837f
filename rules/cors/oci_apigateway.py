"""Which origins a browser may call an API from."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Block, Finding, Resource, any_of, as_list, rule, show
from assay.analysis.parts import one_by_one

CORS = "request_policies.cors"


def _policies(deployment: Resource) -> Iterator[Block]:
    yield from deployment.each(f"specification.{CORS}")
    for route in deployment.each("specification.routes"):
        yield from route.each(CORS)


@rule(on="oci_apigateway_deployment", severity=HIGH, controls=["nist-800-53r5:AC-4"])
def oci_api_open_cors(deployment: Resource) -> Iterator[Finding]:
    """CORS names the https origins that may call.

    ## Why
    With an open policy any page that a signed-in person visits can call the API in that person's name and read what
    it answers.
    ## Fix
    List the origins of your own front ends in `allowed_origins`.
    """

    def judge(cors: Block) -> Iterator[Finding]:
        origins = as_list(cors["allowed_origins"])
        if "*" in origins:  # certain, whether or not anybody knows of the credentials
            how = HIGH if show(cors["is_allow_credentials_enabled"]) == show(True) else MEDIUM
            yield cors.fails("every origin may call", at="allowed_origins", severity=how, key="*")
        elif any_of(origins, lambda o: o.lower() == "null" or o.lower().startswith("http://")):
            yield cors.fails(
                f"{show(origins)} admits an origin that anybody can pose as", at="allowed_origins", key="plain"
            )

    yield from one_by_one(_policies(deployment), judge)


@rule(on="oci_apigateway_deployment", each="specification.routes", severity=MEDIUM, controls=["nist-800-53r5:CM-6"])
def oci_api_cors_preflight_mismatch(route: Block) -> Iterator[Finding]:
    """What a preflight answers is what the CORS policy allows.

    ## Why
    A browser believes the preflight, the gateway its policy: where they differ calls fail at run time, or the
    answer promises more than the policy meant.
    ## Fix
    Leave preflights to the CORS policy, or repeat its origins and methods exactly.
    """
    for cors in route.each(CORS) or route.resource.each(f"specification.{CORS}"):
        yield from _origin_mismatches(route, as_list(cors["allowed_origins"]))
        yield from _method_mismatches(route, as_list(cors["allowed_methods"]))


def _origin_mismatches(route: Block, origins: list[str]) -> Iterator[Finding]:
    if route["backend.type"] != "STOCK_RESPONSE_BACKEND" or "OPTIONS" not in as_list(route["methods"]):
        return
    for header in route.each("backend.headers"):
        value = header["value"]
        named = header["name"].lower() == "access-control-allow-origin"
        if named and "*" not in origins and value not in origins:
            yield header.fails(f"answers {show(value)}, which the policy does not allow", at="value")


def _method_mismatches(route: Block, allowed: list[str]) -> Iterator[Finding]:
    if not allowed or any_of(("*", "ANY"), lambda m: m in allowed):
        return
    for method in as_list(route["methods"]):
        if method not in ("OPTIONS", "ANY") and method not in allowed:
            yield route.fails(
                f"{show(method)} is served, but not allowed by the policy", at="methods", key=show(method)
            )
