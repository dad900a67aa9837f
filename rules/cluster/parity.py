from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.naming import tag

_EKS, _OKE = "aws_eks_cluster", "oci_containerengine_cluster"


def _private(cluster: Resource) -> bool:
    if cluster.type == _EKS:
        return bool(cluster["vpc_config.endpoint_public_access"] == False)
    return not cluster.absent("endpoint_config") and cluster["endpoint_config.is_public_ip_enabled"] != True


def _logged(cluster: Resource) -> bool:
    # OKE keeps the audit of its API in the tenancy's audit log, which nobody can turn off.
    return cluster.type == _OKE or bool(cluster["enabled_cluster_log_types"])


def _encrypted(cluster: Resource) -> bool:
    return not cluster.absent("encryption_config" if cluster.type == _EKS else "kms_key_id")


_TRAITS = (
    ("a private endpoint", _private, {_EKS: "vpc_config.endpoint_public_access", _OKE: "endpoint_config"}),
    ("control-plane logs", _logged, {_EKS: "enabled_cluster_log_types", _OKE: "name"}),
    ("a key of its own for secrets", _encrypted, {_EKS: "encryption_config", _OKE: "kms_key_id"}),
)


def _fleet(cluster: Resource, graph: Graph) -> list[Resource]:
    """The other clusters with the same `fleet` tag, or without one in the same root module or account."""
    others = [c for t in (_EKS, _OKE) for c in graph.beside(cluster, t) if c.address != cluster.address]
    return others if not others else [c for c in others if tag(c, "fleet") == tag(cluster, "fleet")]


@rule(
    on=[_EKS, _OKE],
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-2"],
)
def k8s_cluster_parity(cluster: Resource, graph: Graph) -> Iterator[Finding]:
    """The clusters of a fleet are protected alike.

    ## Why
    What is moved from one cluster to another keeps its manifests, not the protection it had; the weakest is attacked.
    ## Fix
    Give every cluster of the fleet what its best protected one has, or tag the fleets apart with `fleet`.
    """
    others = _fleet(cluster, graph)
    for trait, has, at in _TRAITS:
        better = [c for c in others if has(c)] if not has(cluster) else []
        if better:
            place = better[0].where(at[better[0].type])
            yield cluster.fails(f"{better[0]} has {trait}, this one has not", at=at[cluster.type], because=[place])
