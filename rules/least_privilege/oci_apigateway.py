"""What the gateway itself is allowed to call."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, any_of, as_list, rule
from assay.analysis.oci_policy_language import Statement, statement

INVOKES = ("functions-family", "fn-invocation", "all-resources")


def _invokes(text: object) -> bool:
    """True when the statement lets machines (not people's groups) invoke functions."""
    s: Statement = statement(text)
    if s.effect != "allow" or s.subject not in ("dynamic-group", "any-user", "any-group", "service", "resource"):
        return False
    return s.grants("use", *INVOKES) or "FN_INVOCATION" in s.permissions


@rule(on="oci_apigateway_deployment", severity=MEDIUM, controls=["nist-800-53r5:AC-6"])
def oci_function_not_invocable(deployment: Resource, graph: Graph) -> Iterator[Finding]:
    """A policy lets the gateway invoke the functions behind it.

    ## Why
    A functions backend without a grant answers every call with an error; the quick repair is usually a grant too
    many.
    ## Fix
    Allow a dynamic group of `ApiGateway` resources, or any-user where `request.principal.type = 'ApiGateway'`, to
    use functions-family in the functions' compartment.
    """
    routes = deployment.each("specification.routes")
    if not any_of(routes, lambda route: route["backend.type"] == "ORACLE_FUNCTIONS_BACKEND"):
        return
    policies = graph.beside(deployment, "oci_identity_policy")
    if not policies:
        yield deployment.unsure(
            "no policy is among the inputs: whether the gateway may invoke its functions is not known"
        )
    elif not any_of(policies, lambda policy: any_of(as_list(policy["statements"]), _invokes)):
        yield deployment.fails("no policy beside it lets a gateway use functions-family")
