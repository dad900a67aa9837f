"""Several clusters side by side: versions, the same object elsewhere, which network plug-in each runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.kubernetes.workloads import containers

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource

_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|m|s|ms)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
PLUG_INS = {
    "cilium": "cilium", "calico-node": "calico", "aws-node": "aws-vpc", "kube-flannel": "flannel",
    "weave-net": "weave", "kube-router": "kube-router", "antrea-agent": "antrea", "oci-native-ip": "oci-native",
}  # fmt: skip
"""Part of a DaemonSet's name -> the network plug-in it belongs to."""
POOL_LABELS = ("eks.amazonaws.com/nodegroup", "karpenter.sh/nodepool", "oke.oraclecloud.com/pool.name",
               "cloud.google.com/gke-nodepool", "kubernetes.azure.com/agentpool", "node-pool")  # fmt: skip


def minor(version: str | None) -> tuple[int, int] | None:
    """`v1.33.2-eks-1a2b` as (1, 33); None for what is no version."""
    found = _VERSION.match(version or "")
    return (int(found[1]), int(found[2])) if found else None


def others(graph: Graph, r: Resource) -> list[Resource]:
    """The scope resources of the other clusters audited."""
    return [c for c in graph.all("cluster") if c.source == r.source and c.account != r.account]


def elsewhere(graph: Graph, cluster: Resource, r: Resource) -> Resource | None:
    """The object of the same kind, namespace and name in another cluster.

    Raises:
        Undetermined: that cluster's could not be listed.
    """
    key = ("by address", r.type, cluster.account)
    index: dict[str, Resource] | None = graph._memo.get(key)
    if index is None:
        index = graph._memo[key] = {x.address: x for x in graph.beside(cluster, r.type)}
    return index.get(r.address)


def plug_ins(graph: Graph, cluster: Resource) -> set[str]:
    """The network plug-ins whose agents run in a cluster.

    Raises:
        Undetermined: its DaemonSets could not be listed.
    """
    names = [str(d["metadata.name"]) for d in graph.beside(cluster, "DaemonSet")]
    return {plug_in for part, plug_in in PLUG_INS.items() if any(n == part or n.startswith(f"{part}-") for n in names)}


def encrypts(graph: Graph, cluster: Resource) -> bool:
    """Whether Cilium encrypts between nodes, by its ConfigMap.

    Raises:
        Undetermined: the ConfigMaps could not be listed.
    """
    for config in graph.beside(cluster, "ConfigMap"):
        if config["metadata.name"] == "cilium-config":
            data = config["data"] or {}
            return "true" in (data.get("enable-wireguard"), data.get("enable-ipsec"))
    return False


def pool_of(node: Resource) -> str:
    """The pool a node belongs to, by its cloud's label; its role where it has none."""
    labels: dict[str, Any] = node["metadata.labels"] or {}
    for name in POOL_LABELS:
        if name in labels:
            return str(labels[name])
    return "control plane" if "node-role.kubernetes.io/control-plane" in labels else "workers"


def duration(text: str) -> float:
    """Seconds of Go's `1h30m0s`.

    Raises:
        ValueError: it is none.
    """
    parts = _DURATION.findall(text)
    if not parts and text != "0":
        raise ValueError(f"{text!r} is no duration")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def images(r: Resource, graph: Graph) -> list[str]:
    """The images of a workload's containers."""
    return [str(c["image"]) for c in containers(r, graph)]


def option(r: Resource, graph: Graph, name: str) -> str | None:
    """The value of a command-line option (`--txt-owner-id=a`, or in two words) of a workload's containers."""
    for container in containers(r, graph):
        words = [*(container["command"] or ()), *(container["args"] or ())]
        for word, following in zip(words, [*words[1:], None], strict=True):
            if word == name:
                return following if isinstance(following, str) else None
            if isinstance(word, str) and word.startswith(f"{name}="):
                return word.partition("=")[2]
    return None
