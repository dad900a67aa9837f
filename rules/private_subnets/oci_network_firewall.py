"""Firewalls in private subnets."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Finding, Graph, Resource, rule
from assay.analysis.oci_network import allows_public_ip


@rule(on="oci_network_firewall_network_firewall", severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_firewall_subnet_public(firewall: Resource, graph: Graph) -> Iterator[Finding]:
    """Network firewalls are in subnets without public addresses.

    ## Why
    Traffic that reaches the firewall's own address goes around the routes that should have led it there.
    ## Fix
    Put the firewall in a subnet with `prohibit_public_ip_on_vnic = true`.
    """
    for subnet in graph.follow(firewall, "subnet_id"):
        if allows_public_ip(subnet):
            because = [subnet.where("prohibit_public_ip_on_vnic")]
            yield firewall.fails(f"{subnet} allows public addresses", at="subnet_id", because=because)
