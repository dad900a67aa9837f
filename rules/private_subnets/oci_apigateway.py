"""API gateways in the subnets that fit them."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule
from assay.analysis.oci_network import allows_public_ip


@rule(on="oci_apigateway_gateway", severity=LOW, controls=["nist-800-53r5:SC-7"])
def oci_api_gateway_public_in_private_subnet(gateway: Resource, graph: Graph) -> Iterator[Finding]:
    """Public gateways stand in public subnets, private gateways in private ones.

    ## Why
    A public gateway cannot answer from a subnet that forbids public addresses; a private one in a public subnet is
    one edit away from the internet.
    ## Fix
    Make the gateway's `endpoint_type` and its subnet's `prohibit_public_ip_on_vnic` agree.
    """
    for subnet in graph.follow(gateway, "subnet_id"):
        because = [subnet.where("prohibit_public_ip_on_vnic")]
        public = allows_public_ip(subnet)
        if gateway["endpoint_type"] == "PUBLIC" and not public:
            yield gateway.fails(f"is PUBLIC, but {subnet} forbids public IPs", at="endpoint_type", because=because)
        elif gateway["endpoint_type"] == "PRIVATE" and public:
            yield gateway.fails(f"is PRIVATE, but {subnet} allows public IPs", at="endpoint_type", because=because)
