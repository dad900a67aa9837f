"""What the network firewall lets through, and whether it looks."""

from __future__ import annotations

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, rule
from assay.analysis.firewalls import OCI, direct_paths, hub_paths, internet_paths, one_way_paths
from assay.analysis.reach.oci_policy import matches_all, shadowing

RULE = "oci_network_firewall_network_firewall_policy_security_rule"
READERS = (
    RULE, "oci_network_firewall_network_firewall_policy_decryption_rule",
    "oci_network_firewall_network_firewall_policy_tunnel_inspection_rule",
    "oci_network_firewall_network_firewall_policy_nat_rule",
)  # fmt: skip
LISTS = {
    "oci_network_firewall_network_firewall_policy_address_list": ("source_address", "destination_address"),
    "oci_network_firewall_network_firewall_policy_url_list": ("url",),
    "oci_network_firewall_network_firewall_policy_application_group": ("application",),
}


@rule(on=RULE, severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_firewall_allow_any(security_rule: Resource, graph: Graph) -> Iterator[Finding]:
    """Rules that allow say what they allow.

    ## Why
    An ALLOW without a condition switches the firewall off for all that no earlier rule caught, without inspection.
    ## Fix
    Give the rule source, destination, service or application lists.
    """
    if security_rule["action"] == "ALLOW" and matches_all(security_rule, graph):
        yield security_rule.fails("allows everything, uninspected", at="condition")


@rule(on="oci_network_firewall_network_firewall_policy", severity=HIGH, controls=["nist-800-53r5:SC-7(5)"])
def oci_firewall_no_default_deny(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """The firewall's rules end in one that drops everything else.

    ## Why
    Written down, the end of the list is reviewed and logged; unwritten, the next rule somebody adds becomes the
    end.
    ## Fix
    Add a last security rule with action `DROP` or `REJECT` and an empty condition.
    """
    rules = graph.users(policy, RULE)
    ends = any_of(rules, lambda r: r["action"] in ("DROP", "REJECT") and matches_all(r, graph))
    if rules and not ends:
        yield policy.fails("no rule drops or rejects everything else")


@rule(on="oci_network_firewall_network_firewall_policy", severity=MEDIUM, controls=["nist-800-53r5:SI-4"])
def oci_firewall_no_intrusion_prevention(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Some of the traffic is inspected for intrusions.

    ## Why
    Without inspection the firewall is a list of addresses and ports, which security lists do for less.
    ## Fix
    Use action `INSPECT` with `inspection = "INTRUSION_PREVENTION"` on the rules that let traffic in.
    """
    if not any_of(graph.users(policy, RULE), lambda r: r["inspection"] == "INTRUSION_PREVENTION"):
        yield policy.fails("no rule inspects with INTRUSION_PREVENTION")


@rule(on="oci_network_firewall_network_firewall_policy", severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_firewall_policy_unattached(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Firewall policies are in force.

    ## Why
    A policy that no firewall uses protects nothing, and reads as if it did.
    ## Fix
    Name it in `network_firewall_policy_id` of a firewall, or delete it.
    """
    if not graph.users(policy, "oci_network_firewall_network_firewall"):
        yield policy.fails("no firewall uses the policy")


@rule(on=RULE, severity=MEDIUM, controls=["nist-800-53r5:CM-7"])
def oci_firewall_shadowed_rule(security_rule: Resource, graph: Graph) -> Iterator[Finding]:
    """Every firewall rule can match something.

    ## Why
    A rule behind one that matches all the same traffic never decides: what it was written for does not happen.
    ## Fix
    Move it before the wider rule, or delete it.
    """
    wider = shadowing(security_rule, graph)
    if wider:
        names = " and ".join(str(r) for r in wider)
        because = [r.where("condition") for r in wider]
        verb = "matches" if len(wider) == 1 else "match"
        yield security_rule.fails(f"{names} {verb} all of it first", at="condition", because=because)


@rule(on=list(LISTS), severity=LOW, controls=["nist-800-53r5:CM-7"])
def oci_firewall_unused_list(named: Resource, graph: Graph) -> Iterator[Finding]:
    """Lists of the firewall policy are used by a rule.

    ## Why
    A list of bad addresses that no rule names blocks nobody.
    ## Fix
    Name the list in a rule's condition, or delete it.
    """
    paths = [f"condition.{name}" for name in LISTS[named.type]]
    for policy in graph.follow(named, "network_firewall_policy_id"):
        if policy.source == "uncollected":
            yield named.unsure(f"the rules of {policy} are not known")
            continue
        readers = [r for type_ in READERS for r in graph.users(policy, type_)]
        if not any_of(readers, lambda r: any_of(paths, lambda path: named["name"] in as_list(r[path]))):
            yield named.fails("no rule names the list", at="name")


@rule(on=["oci_core_vcn", "oci_core_drg"], severity=CRITICAL, controls=["nist-800-53r5:SC-7"])
def oci_firewall_bypass(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Where there is a network firewall, every path between spokes and to the internet passes it.

    ## Why
    A spoke with its own way out, or a DRG that sends from spoke to spoke directly, makes the firewall's rules and its
    logs optional: whoever is inside moves on unseen.
    ## Fix
    Route the spokes' default to the DRG, associate their attachments with a DRG route table that knows only the hub,
    and give the hub's attachment a VCN route table that leads to the firewall's private address.
    """
    if r.type == "oci_core_drg":
        found = list(hub_paths(r, graph, OCI))
    else:
        found = [*internet_paths(r, graph, OCI), *direct_paths(r, graph, OCI)]
    for past in found:
        yield past.finding(r)


@rule(on=["oci_core_vcn", "oci_core_drg"], severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_firewall_asymmetric(r: Resource, graph: Graph) -> Iterator[Finding]:
    """The firewall sees both directions of what it inspects.

    ## Why
    A firewall that sees only the requests, or only the replies, cannot follow a connection: it drops it, or lets pass
    what it does not understand.
    ## Fix
    Route the way back through the firewall too: the other spoke's DRG route table, and the route table of the gateway
    by which replies come in.
    """
    for past in one_way_paths(r, graph, OCI):
        yield past.finding(r)
