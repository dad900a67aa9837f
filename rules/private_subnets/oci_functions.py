"""Functions in private subnets."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Finding, Graph, Resource, rule
from assay.analysis.oci_network import allows_public_ip
from assay.analysis.reach.public import internet_routes


@rule(on="oci_functions_application", fixable=True, severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_function_subnet_public(app: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions run in subnets without public addresses and without a route to the internet gateway.

    ## Why
    One public address on a function's VNIC bypasses the gateway's authentication and rate limit.
    ## Fix
    Set `prohibit_public_ip_on_vnic = true` on the subnet, and route it through a NAT or service gateway only.
    """
    for subnet in graph.follow(app, "subnet_ids"):
        if allows_public_ip(subnet):
            yield app.fails(
                f"{subnet} may give its VNICs public IPs",
                at="subnet_ids",
                key=subnet.address,
                because=[subnet.where("prohibit_public_ip_on_vnic")],
                fix=subnet.set("prohibit_public_ip_on_vnic", True),
            )
        elif gates := internet_routes(subnet, graph):
            yield app.fails(
                f"{subnet} has a route to an internet gateway",
                at="subnet_ids",
                key=subnet.address,
                because=[gate.where("network_entity_id") for gate in gates],
            )
