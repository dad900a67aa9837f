"""Clusters of one fleet side by side, and the nodes of one pool."""

import re
from collections.abc import Iterator
from typing import Any

from assay import LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_fleet import encrypts, minor, others, plug_ins, pool_of
from assay.analysis.cluster_state import cluster_of

LIVE = ["cluster"]


@rule(on="cluster", sources=LIVE, severity=MEDIUM, params={"minors": 1})
def k8s_version_skew(cluster: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Clusters of one fleet are at most one minor version apart.

    ## Why
    The same manifests meet other defaults and other APIs in each, and whoever is behind reaches the end of support
    first.

    ## Fix
    Upgrade the older cluster, one minor version at a time. Judged between the clusters of one audit
    (`--context A --context B`).
    """
    mine = minor(cluster["version.gitVersion"])
    for other in others(graph, cluster):
        theirs = minor(other["version.gitVersion"])
        if mine and theirs and theirs[1] - mine[1] > params["minors"]:
            said = f"{cluster['version.gitVersion']} here, {other['version.gitVersion']} in {other}"
            yield cluster.fails(said, at="version.gitVersion", because=[other.where("version.gitVersion")])


@rule(on="Node", sources=LIVE, severity=MEDIUM, params={"minors": 3})
def k8s_node_version_skew(node: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Kubelets are not newer than the API server, and at most three minor versions older.

    ## Why
    Outside of that the two are not tested together: pods fail to start, or fields are dropped in silence.

    ## Fix
    Upgrade the node pool, or first the control plane where the node is newer.
    """
    scope = cluster_of(graph, node)
    running = scope["version.gitVersion"] if scope else None
    server, kubelet = minor(running), minor(node["status.nodeInfo.kubeletVersion"])
    if server and kubelet and not 0 <= server[1] - kubelet[1] <= params["minors"]:
        said = f"kubelet {node['status.nodeInfo.kubeletVersion']}, API server {running}"
        yield node.fails(said, at="status.nodeInfo.kubeletVersion")


_ASPECTS = {"osImage": "image", "kernelVersion": "kernel", "containerRuntimeVersion": "runtime"}


@rule(on="Node", sources=LIVE, severity=LOW, params={"images": []})
def k8s_node_image_mixed(node: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """The nodes of a pool run one image, kernel and runtime.

    ## Why
    A pod that works on one node and not on the next is hard to explain, and a node that was left behind misses the
    patches of the others. During a rolling upgrade it is expected for a while.

    ## Fix
    Replace the node that differs; pin the pool's image. `images` takes patterns of the images that are allowed.
    """
    pool = [n for n in graph.beside(node, "Node") if pool_of(n) == pool_of(node)]
    info = node["status.nodeInfo"] or {}
    differing = []
    for field, word in _ASPECTS.items():
        all_ = [(n["status.nodeInfo"] or {}).get(field) for n in pool]
        usual = max(sorted({f"{v}" for v in all_}), key=[f"{v}" for v in all_].count)
        if f"{info.get(field)}" != usual:
            differing.append(f"{word} {info.get(field)}, elsewhere in {pool_of(node)} {usual}")
    allowed = params["images"]
    if allowed and not any(re.search(p, f"{info.get('osImage')}") for p in allowed):
        differing.append(f"image {info.get('osImage')} is none of those allowed")
    if differing:
        yield node.fails("; ".join(differing), at="status.nodeInfo")


@rule(on="cluster", sources=LIVE, severity=MEDIUM, params={"expected": ""})
def k8s_cni_drift(cluster: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Every cluster of a fleet has the same network plug-in, and the same encryption between nodes.

    ## Why
    A policy of one plug-in's own kind does nothing in a cluster that runs another, and traffic that is encrypted here
    goes in clear there.

    ## Fix
    Install the plug-in that the fleet has agreed on (`expected` names it), with the same settings.
    """
    mine = plug_ins(graph, cluster)
    wanted = {params["expected"]: "the configuration"} if params["expected"] else {}
    for other in others(graph, cluster):
        for name in plug_ins(graph, other):
            wanted.setdefault(name, f"{other}")
        if "cilium" in mine and encrypts(graph, other) and not encrypts(graph, cluster):
            yield cluster.fails(f"Cilium encrypts between nodes in {other}, and not here", key="encryption")
    for name, where in wanted.items():
        if name not in mine:
            here = ", ".join(sorted(mine)) or "none that is known"
            yield cluster.fails(f"{name} is expected by {where}; here runs {here}", key=name)
