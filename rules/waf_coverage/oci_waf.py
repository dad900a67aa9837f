"""Web application firewalls: that they are there, and that they block."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Block, Finding, Graph, Resource, any_of, rule, show
from assay.analysis.parts import one_by_one

FRONTS = {"oci_load_balancer_load_balancer": "is_private", "oci_apigateway_gateway": "endpoint_type"}
INJECTIONS = {"941": "cross-site scripting", "942": "SQL injection"}


@rule(on=list(FRONTS), severity=HIGH, controls=["nist-800-53r5:SC-7", "nist-800-53r5:SI-3"])
def oci_waf_missing(front: Resource, graph: Graph) -> Iterator[Finding]:
    """Public load balancers and gateways stand behind a web application firewall.

    ## Why
    Injection and known exploits reach the application's own code, and its mistakes, unfiltered.
    ## Fix
    Attach an `oci_waf_web_app_firewall` to the load balancer; put one in front of an API gateway.
    """
    public = (
        front["endpoint_type"] == "PUBLIC" if front.type == "oci_apigateway_gateway" else front["is_private"] != True
    )
    if not public:
        return
    if not any_of(("oci_waf_web_app_firewall", "oci_waas_waas_policy"), lambda type_: graph.users(front, type_)):
        yield front.fails("public, and no web application firewall in front", at=FRONTS[front.type])


def _only_looks(policy: Resource, name: object) -> bool:
    """True when the policy's action of this name lets the request pass."""
    return any_of(policy.each("actions"), lambda a: a["name"] == name and a["type"] != "RETURN_HTTP_RESPONSE")


@rule(
    on=["oci_waf_web_app_firewall_policy", "oci_waas_waas_policy"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-3", "nist-800-53r5:SI-4"],
)
def oci_waf_detect_only(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Protection rules of the web application firewall block.

    ## Why
    A rule that only checks writes down the attack while it succeeds.
    ## Fix
    Point the rules at an action of type `RETURN_HTTP_RESPONSE`, or `BLOCK` in a WAAS policy.
    """
    if policy.type == "oci_waas_waas_policy":
        for protection in graph.users(policy, "oci_waas_protection_rule"):
            if protection["action"] in ("DETECT", "OFF"):
                message = f"protection rule {show(protection['key'])} is {show(protection['action'])}"
                yield policy.fails(message, because=[protection.where("action")], key=protection.address)
        return

    def judge(protection: Block) -> Iterator[Finding]:
        if _only_looks(policy, protection["action_name"]):
            yield protection.fails("matching requests are let through", at="action_name")

    rules = policy.each("request_protection.rules")
    if not rules:
        yield policy.fails("no protection rules", at="request_protection")
    yield from one_by_one(rules, judge)


def _looks_for(policy: Resource, family: str, graph: Graph) -> bool:
    """True when a protection of this family of keys is on."""
    if policy.type == "oci_waas_waas_policy":
        found = graph.users(policy, "oci_waas_protection_rule")
        return any_of(found, lambda r: r["action"] != "OFF" and r["key"].startswith(family))
    return any_of(
        policy.each("request_protection.rules"),
        lambda r: any_of(r.each("protection_capabilities"), lambda c: c["key"].startswith(family)),
    )


@rule(
    on=["oci_waf_web_app_firewall_policy", "oci_waas_waas_policy"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-10", "nist-800-53r5:SI-3"],
)
def oci_waf_no_injection_protection(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """The web application firewall looks for SQL injection and cross-site scripting.

    ## Why
    They are the oldest and still the most common attacks on what people type into pages.
    ## Fix
    Enable protection capabilities of the families 941 (cross-site scripting) and 942 (SQL injection).
    """
    missing = [what for family, what in INJECTIONS.items() if not _looks_for(policy, family, graph)]
    if missing:
        yield policy.fails(f"nothing looks for {' or '.join(missing)}", at="request_protection")
