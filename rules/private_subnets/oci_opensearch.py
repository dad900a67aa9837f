"""Search clusters in private subnets."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Finding, Graph, Resource, rule
from assay.analysis.oci_network import allows_public_ip


@rule(on="oci_opensearch_opensearch_cluster", severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_opensearch_public(cluster: Resource, graph: Graph) -> Iterator[Finding]:
    """Search clusters are in subnets without public addresses.

    ## Why
    An index holds copies of what the systems around it protect.
    ## Fix
    Put the cluster in a subnet with `prohibit_public_ip_on_vnic = true`.
    """
    for subnet in graph.follow(cluster, "subnet_id"):
        if allows_public_ip(subnet):
            because = [subnet.where("prohibit_public_ip_on_vnic")]
            yield cluster.fails(f"{subnet} allows public addresses", at="subnet_id", because=because)
