"""Agents that must run on every node."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_fleet import images

_AGENTS = (
    "opentelemetry-collector", "otel-collector", "aws-otel-collector", "fluent-bit", "fluentd", "promtail", "alloy",
    "node-exporter", "vector", "datadog/agent", "cloudwatch-agent", "grafana-agent", "filebeat", "falco",
)  # fmt: skip


@rule(on="DaemonSet", sources=["cluster"], severity=MEDIUM)
def k8s_agent_missing_on_node(agent: Resource, graph: Graph) -> Iterator[Finding]:
    """Telemetry agents run on every node.

    ## Why
    What happens on a node without one leaves no trace.

    ## Fix
    Tolerate the taints of every node (`tolerations: [{operator: Exists}]`), drop the node selector, and see why pods
    are not ready.
    """
    if not any(word in image for word in _AGENTS for image in images(agent, graph)):
        return
    nodes = [n for n in graph.beside(agent, "Node") if not _virtual(n)]
    wanted, ready = agent["status.desiredNumberScheduled"] or 0, agent["status.numberReady"] or 0
    if wanted < len(nodes):
        yield agent.fails(f"it is to run on {wanted} of {len(nodes)} nodes", at="status.desiredNumberScheduled")
    elif ready < wanted:
        yield agent.fails(f"it is ready on {ready} of {wanted} nodes", at="status.numberReady")


def _virtual(node: Resource) -> bool:
    """Nodes that run no DaemonSets: Fargate, virtual kubelets, Windows."""
    labels = node["metadata.labels"] or {}
    return (
        labels.get("eks.amazonaws.com/compute-type") == "fargate"
        or labels.get("type") == "virtual-kubelet"
        or labels.get("kubernetes.io/os") == "windows"
    )
