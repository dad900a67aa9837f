"""Names in DNS that clusters write."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_fleet import images, option, others


def _runs(workload: Resource, graph: Graph) -> bool:
    return any("external-dns" in image for image in images(workload, graph))


@rule(on="Deployment", sources=["cluster"], severity=MEDIUM)
def k8s_external_dns_clash(workload: Resource, graph: Graph) -> Iterator[Finding]:
    """ExternalDNS runs, and every cluster has an owner id of its own.

    ## Why
    Two clusters with one id take each other's records for their own, and delete them.

    ## Fix
    Set `--txt-owner-id` to the cluster's name; without it, it is `default` everywhere.
    """
    if not _runs(workload, graph):
        return
    if not workload["status.readyReplicas"]:
        yield workload.fails("it is not ready: names are not kept up to date", at="status", key="ready")
    mine = option(workload, graph, "--txt-owner-id") or "default"
    for other in others(graph, workload):
        for theirs in graph.beside(other, "Deployment"):
            if _runs(theirs, graph) and (option(theirs, graph, "--txt-owner-id") or "default") == mine:
                yield workload.fails(f"its owner id {mine} is that of {theirs} in {other} too", key=f"{other}")
