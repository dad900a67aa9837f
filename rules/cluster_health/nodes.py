"""What is wrong with nodes: not ready, under pressure, a clock that goes wrong."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, INFO, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_state import condition, found_by, held, lasting, listed_late, looked_at
from assay.clock import instant

LIVE = ["cluster"]
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


@rule(
    on="Node", sources=LIVE, severity=CRITICAL,
    params={"minutes": 5, "critical_after_minutes": 15, "pressure_minutes": 10},
)  # fmt: skip
def k8s_node_not_ready(node: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Every node is ready and not under pressure.

    ## Why
    The pods of a node that is not ready are down or unreachable, and are started elsewhere only after five minutes. A
    node under memory or disk pressure evicts pods. A cordoned node is being worked on, which is information only.

    ## Fix
    `kubectl describe node NAME`: look at the kubelet and the container runtime there, at the disk and the network;
    replace the node where nobody can.
    """
    ready = condition(node, "Ready")
    since = ready.get("lastTransitionTime")
    if ready.get("status") != "True" and held(graph, node, since, params["minutes"]):
        worse = held(graph, node, since, params["critical_after_minutes"])
        severity = INFO if node["spec.unschedulable"] == True else CRITICAL if worse else HIGH
        state = f"Ready is {ready.get('status', 'not reported')}{lasting(graph, node, since)}"
        yield node.fails(f"{state}: {ready.get('message') or ready.get('reason') or 'no reason given'}",
                         at="status.conditions", severity=severity, key="ready")  # fmt: skip
    for name in _PRESSURES:
        pressed = condition(node, name)
        since = pressed.get("lastTransitionTime")
        if pressed.get("status") == "True" and held(graph, node, since, params["pressure_minutes"]):
            yield node.fails(f"{name}{lasting(graph, node, since)}: {pressed.get('message') or 'no reason given'}",
                             at="status.conditions", severity=HIGH, key=name)  # fmt: skip


@rule(on="Node", sources=LIVE, severity=MEDIUM, params={"seconds": 60})
def k8s_node_clock_skew(node: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Nodes' clocks agree with the API server's.

    ## Why
    Tokens and signed requests are refused when clocks are minutes apart (workload identity fails at five), and logs
    tell things in the wrong order. Judged by the node's last heartbeat, which is at most ten seconds old, against the
    API server's clock, less what most nodes are ahead (the list of a large cluster comes late); a node that sends none
    is another rule's.

    ## Fix
    Start chrony on the node and point it at the cloud's time service.
    """
    if condition(node, "Ready").get("status") != "True":
        return
    for lease in found_by(graph, node, "Lease", _holder, node.name):
        if lease["spec.renewTime"] != None:
            apart = instant(lease["spec.renewTime"]) - looked_at(graph, node) - listed_late(graph, node)
            if abs(apart) > params["seconds"]:
                where = "ahead of" if apart > 0 else "behind"
                yield node.fails(f"its heartbeat is {abs(apart):.0f} s {where} the API server's clock",
                                 because=[lease.where("spec.renewTime")])  # fmt: skip


def _holder(graph: Graph, lease: Resource) -> list[str]:
    """The node whose heartbeat a lease is."""
    return [lease.name]
