"""What is added to findings on a live cluster: the pods that run by a workload, and what the cluster brings itself.

A cluster's own workloads (`coredns`, `kube-proxy`, the provider's agents) break most demands on applications by nature,
and whoever audits cannot mend them. So what such demands find on them is left out of the report and counted in the
coverage; what is in those namespaces without being the cluster's own stays, and so does all that rules say of the
control plane, of permissions and of health.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kubernetes.owners import pods_by_owner, top_owner
from assay.kubernetes.relations import SYSTEM_NAMESPACES
from assay.model import Verdict

if TYPE_CHECKING:
    from assay.engine import Report
    from assay.graph import Graph
    from assay.model import Finding, Resource

_SHOWN = 10
"""Pods named in a finding; the rest is counted."""
OWN_MARKS = (
    "k8s-app", "component", "tier", "kubernetes.io/cluster-service", "addonmanager.kubernetes.io/mode",
    "eks.amazonaws.com/component", "oci.oraclecloud.com/component",
)  # fmt: skip
"""Labels that distributions and providers put on what they bring."""
_APPLICATIONS = {"Deployment", "Service"}
"""A rule on one of these speaks of applications."""


def name_pods(graph: Graph, findings: list[Finding]) -> None:
    """Let every finding on a workload say which pods run by it (`pods` in its evidence)."""
    for finding in findings:
        r = finding.resource
        if r.source != "cluster" or r.type == "Pod" or finding.theme == "cluster-health" or not _runs(r):
            continue
        _, pods = pods_by_owner(graph, r.account).get(id(top_owner(graph, r)), (r, []))
        if pods and finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED):
            names = [pod.name or pod.address for pod in pods]
            more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
            finding.evidence.append({"path": "pods", "value": names[:_SHOWN] + more})


def _runs(r: Resource) -> bool:
    spec = r.values.get("spec")
    return isinstance(spec, dict) and ("template" in spec or "jobTemplate" in spec)


def set_aside(report: Report) -> None:
    """Leave out what is found on the cluster's own workloads, and say how much that is."""
    graph = report.graph
    if graph is None or not graph.live("cluster"):
        return
    about = {r.id for r in report.rules.values() if not _APPLICATIONS.isdisjoint(r.on) and r.theme != "cluster-health"}
    kept: list[Finding] = []
    left: dict[tuple[str, str], tuple[set[str], int]] = {}
    for f in report.findings:
        if f.rule in about and f.verdict in (Verdict.FAIL, Verdict.UNKNOWN) and _own(f.resource, graph):
            place = (f.resource.account or "", f.resource.values["metadata"]["namespace"])
            objects, count = left.get(place, (set(), 0))
            left[place] = ({*objects, top_owner(graph, f.resource).name}, count + 1)
        else:
            kept.append(f)
    if not left:
        return
    report.findings[:] = kept
    report.recount()
    for (cluster, namespace), (objects, count) in sorted(left.items()):
        names = ", ".join(sorted(objects)[:5]) + (f" and {len(objects) - 5} more" if len(objects) > 5 else "")
        report.coverage.notes.append(
            f"{cluster}: {count} finding{'s' if count > 1 else ''} on what the cluster itself runs in {namespace} "
            f"({names}) left out; --include-system shows them"
        )


def _own(r: Resource, graph: Graph) -> bool:
    """True for a live object of the cluster's own: in a system namespace, and marked by who brought it."""
    metadata: Any = r.values.get("metadata")
    if r.source != "cluster" or not isinstance(metadata, dict) or metadata.get("namespace") not in SYSTEM_NAMESPACES:
        return False
    owner = top_owner(graph, r).values.get("metadata") or {}
    static = any(o.get("kind") == "Node" for o in metadata.get("ownerReferences") or ())
    labels = {**(owner.get("labels") or {}), **(metadata.get("labels") or {})}
    return static or not labels.keys().isdisjoint(OWN_MARKS)
