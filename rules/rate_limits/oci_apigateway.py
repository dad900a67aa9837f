"""How much one caller may ask of an API."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, rule

LIMIT = "specification.request_policies.rate_limiting"


def _limits(plan: Resource, deployment: Resource, graph: Graph) -> bool:
    """True when the plan holds callers of this deployment to a rate."""
    return any_of(
        plan.each("entitlements"),
        lambda e: (
            not e.absent("rate_limit")
            and any_of(e.each("targets"), lambda t: any_of(graph.follow(t, "deployment_id"), lambda d: d == deployment))
        ),
    )


@rule(on="oci_apigateway_deployment", severity=MEDIUM, controls=["nist-800-53r5:SC-5"])
def oci_api_no_rate_limit(deployment: Resource, graph: Graph) -> Iterator[Finding]:
    """API deployments limit the rate of requests.

    ## Why
    One client in a loop, or one attacker, can use up the backends and the bill of everybody else.
    ## Fix
    Add `specification.request_policies.rate_limiting`, or a usage plan whose entitlement for it has a `rate_limit`.
    """
    if deployment.each(LIMIT):
        return
    plans = graph.users(deployment, "oci_apigateway_usage_plan")
    if not any_of(plans, lambda plan: _limits(plan, deployment, graph)):
        yield deployment.fails("no rate limit, and no usage plan that sets one", at=LIMIT)


@rule(on="oci_apigateway_deployment", severity=LOW, controls=["nist-800-53r5:SC-5"])
def oci_api_rate_limit_total_key(deployment: Resource, graph: Graph) -> Iterator[Finding]:
    """Rate limits of public APIs count each client by itself.

    ## Why
    With `TOTAL` all clients share one allowance: whoever uses it up locks the others out.
    ## Fix
    Set `rate_key = "CLIENT_IP"`.
    """
    if deployment[f"{LIMIT}.rate_key"] != "TOTAL":
        return
    if any_of(graph.follow(deployment, "gateway_id"), lambda gateway: gateway["endpoint_type"] == "PUBLIC"):
        yield deployment.fails("all callers share one allowance", at=f"{LIMIT}.rate_key")
