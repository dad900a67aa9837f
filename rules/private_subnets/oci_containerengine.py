"""OKE clusters and nodes in private subnets."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.oci_network import allows_public_ip

require(
    "oci-oke-no-network-security-group",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV2_OCI_3"],
    on="oci_containerengine_cluster",
    path="endpoint_config.nsg_ids",
    present=True,
    title="The Kubernetes API endpoint is in a network security group.",
    why="Without a group everything that the subnet's security lists admit reaches the cluster's control plane.",
)


@rule(on="oci_containerengine_cluster", severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_oke_public_endpoint(cluster: Resource) -> Iterator[Finding]:
    """The Kubernetes API has no public address.

    ## Why
    A leaked token or a weakness of the API server is then used from anywhere. A cluster without `endpoint_config`
    has its API outside your network altogether.
    ## Fix
    Set `endpoint_config { is_public_ip_enabled = false }` with a private subnet.
    """
    if not cluster.each("endpoint_config"):
        yield cluster.fails("no endpoint_config: the API is public", at="endpoint_config")
    elif cluster["endpoint_config.is_public_ip_enabled"] == True:
        yield cluster.fails("the API has a public address", at="endpoint_config.is_public_ip_enabled")


def _subnets(pool: Resource, graph: Graph) -> Iterator[tuple[Resource, str]]:
    """The subnets of nodes and pods, with the path that names them."""
    for placement in pool.each("node_config_details.placement_configs"):
        for subnet in graph.follow(placement, "subnet_id"):
            yield subnet, "node_config_details.placement_configs"
    for path in ("node_config_details.node_pool_pod_network_option_details.pod_subnet_ids", "subnet_ids"):
        for subnet in graph.follow(pool, path):
            yield subnet, path


@rule(on="oci_containerengine_node_pool", severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_oke_public_nodes(pool: Resource, graph: Graph) -> Iterator[Finding]:
    """Nodes and pods are in subnets without public addresses.

    ## Why
    A node with a public address exposes its kubelet, its SSH and every node port to the internet.
    ## Fix
    Set `prohibit_public_ip_on_vnic = true` on the pool's subnets.
    """
    named: list[Resource] = []
    for subnet, path in _subnets(pool, graph):
        if subnet not in named and allows_public_ip(subnet):
            named.append(subnet)
            because = [subnet.where("prohibit_public_ip_on_vnic")]
            yield pool.fails(f"{subnet} allows public addresses", at=path, because=because, key=subnet.address)
