"""The health score of a cluster: 0 to 100, the same for a small and a large one, and explained by its parts.

- Workloads, 60 points: each is as healthy as the share of its pods without a finding, weighed by the finding's
  severity; a workload counts by the logarithm of its replicas, so that neither one large Deployment nor a hundred
  single pods decide alone.
- Nodes, 30 points: the share of schedulable nodes without a finding, likewise.
- Everything else, 10 points: the share of Services, claims, autoscalers, quotas and the like without a grave finding.

Caps keep an average from hiding what must not be: a node that is not ready, a system workload with no ready pod, half
of the nodes down. Only rules of the theme `cluster-health` count. Without the list of pods or nodes there is no score.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.analysis.cluster_state import condition, finished
from assay.kubernetes.owners import pods_by_owner
from assay.model import Severity, Verdict
from assay.unknown import Undetermined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.engine import Report
    from assay.graph import Graph
    from assay.model import Finding, Resource

THEME = "cluster-health"
WEIGHTS = {"workloads": 0.60, "nodes": 0.30, "others": 0.10}
_LOSS = {Severity.CRITICAL: 1.0, Severity.HIGH: 0.6, Severity.MEDIUM: 0.25, Severity.LOW: 0.05, Severity.INFO: 0.0}
_SCALED = ("Deployment", "StatefulSet", "DaemonSet")
_OTHERS = (
    "Service", "PersistentVolumeClaim", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ResourceQuota",
    "Certificate", "Ingress",
)  # fmt: skip
_ENDING = ("Job", "CronJob")
"""Kinds whose pods come and go, so that none of them being ready is nothing in itself."""
_WORST = 10


def summarise(graph: Graph, report: Report) -> None:
    """Put `health_score` and `health` into the summary of a report on clusters; leave any other as it is.

    `health` is `{"cluster", "score", "reason", "parts", "caps", "losses", "rules"}`; of several clusters it is the
    worst one's, with `clusters` holding all of them.
    """
    names = _clusters(graph)
    if not names:
        return
    found = [_told(graph, report, name) for name in names]
    worst = min(found, key=lambda h: -1 if h["score"] is None else h["score"])
    report.summary["health_score"] = worst["score"]
    report.summary["health"] = {**worst, "clusters": found} if len(found) > 1 else worst


def _told(graph: Graph, report: Report, name: str | None) -> dict[str, Any]:
    try:
        return _Cluster(graph, report, name).told()
    except (Undetermined, Exception) as error:  # noqa: BLE001 - one odd object may not take the report along
        reason = f"an object has not the form that the API gives it: {error}"
        return {"cluster": name, "score": None, "reason": reason}


def _clusters(graph: Graph) -> list[str | None]:
    """The clusters of a graph, those included of which nothing could be listed."""
    types = ("cluster", "Node", "Pod")
    names = {r.account for t in types for r in graph.all(t) if r.source == "cluster"}
    names |= {account for t, account, _, _ in graph.coverage.unlisted if t == "cluster"}
    return sorted(names, key=str)


class _Cluster:
    """One cluster being scored."""

    def __init__(self, graph: Graph, report: Report, name: str | None) -> None:
        self.graph, self.report, self.name = graph, report, name
        self.rules = [r.id for r in report.rules.values() if r.theme == THEME]
        self.findings: dict[int, list[Finding]] = {}
        for f in report.findings:
            if f.theme == THEME and f.verdict is Verdict.FAIL and f.resource.account == name:
                self.findings.setdefault(id(f.resource), []).append(f)
        self.losses: list[tuple[float, Resource]] = []
        self.caps: list[dict[str, Any]] = []

    def told(self) -> dict[str, Any]:
        """The score with all that explains it."""
        reason = self._reason()
        told: dict[str, Any] = {"cluster": self.name, "score": None, "reason": reason}
        if reason is not None:
            return told
        parts = [self._workloads(), self._nodes(), self._others()]
        score = sum(p["weight"] * p["value"] for p in parts)
        best = min((c["at_most"] for c in self.caps), default=100)
        told["score"] = min(math.floor(100 * score + 1e-9), best)
        told["parts"] = [{**p, "value": round(p["value"], 4)} for p in parts]
        told["caps"] = self.caps
        self.losses.sort(key=lambda loss: (-loss[0], loss[1].address))
        told["losses"] = [
            {"address": r.address, "points": round(100 * points, 2), "rules": sorted({f.rule for f in self._of(r)})}
            for points, r in self.losses[:_WORST]
        ]
        crashed = {f.rule for f in self.report.findings if f.theme == THEME and f.verdict is Verdict.NOT_EVALUATED}
        told["rules"] = {"planned": len(self.rules), "evaluated": len(set(self.rules) - crashed)}
        return told

    def _reason(self) -> str | None:
        """Why there is no score."""
        for type_, account, _, reason in self.graph.coverage.unlisted:
            if type_ in ("Pod", "Node") and account in (None, self.name):
                return f"{type_.lower()}s could not be listed: {reason}"
        cut = [i for i in self.graph.coverage.inputs if i["status"] == "failed"]
        if cut:
            return f"{cut[0]['path']} was not read as a whole: {cut[0]['reason']}"
        if not self.rules:
            return f"no rule of the theme {THEME} was selected"
        return None

    def _of(self, r: Resource) -> list[Finding]:
        return self.findings.get(id(r), [])

    def _mine(self, type_: str) -> Iterable[Resource]:
        return (r for r in self.graph.all(type_) if r.account == self.name and r.source == "cluster")

    def _workloads(self) -> dict[str, Any]:
        total = lost = 0.0
        seen: list[tuple[float, float, Resource]] = []
        for owner, pods in self._owners():
            live = [p for p in pods if not finished(p)]
            replicas = max(len(live), _wanted(owner))
            if not replicas and not self._of(owner):
                continue
            weight = math.log2(1 + max(1, replicas))
            loss = min(1.0, sum(_LOSS[f.severity] * self._share(f, replicas) for f in _once(self._of(owner))))
            total += weight
            lost += weight * loss
            if loss:
                seen.append((weight * loss, weight, owner))
            system = owner["metadata.namespace"] == "kube-system" and owner.type not in _ENDING
            if system and replicas and not any(map(_ready, live)):
                self._cap(59, f"{owner.address} has no ready pod")
        self.losses += [(WEIGHTS["workloads"] * loss / total, owner) for loss, _, owner in seen]
        said = f"{len(seen)} of the workloads have findings" if seen else "no workload has a finding"
        return {"part": "workloads", "weight": WEIGHTS["workloads"], "value": 1 - lost / total if total else 1.0,
                "said": said}  # fmt: skip

    def _owners(self) -> list[tuple[Resource, list[Resource]]]:
        """Every workload with its pods, those included that have none although they want some."""
        found = dict(pods_by_owner(self.graph, self.name))
        for type_ in (*_SCALED, "Job", "CronJob"):
            for r in self._mine(type_):
                if id(r) not in found and (self._of(r) or (type_ in _SCALED and _wanted(r))):
                    found[id(r)] = (r, [])
        return list(found.values())

    def _share(self, finding: Finding, replicas: int) -> float:
        """Which share of a workload's pods a finding is about."""
        group = self.graph._memo.get("affected", {}).get((finding.rule, id(finding.resource)))
        return min(1.0, len(group.pods) / max(1, replicas)) if group is not None else 1.0

    def _nodes(self) -> dict[str, Any]:
        nodes = [n for n in self._mine("Node") if n["spec.unschedulable"] is not True]
        losses = [min(1.0, sum(_LOSS[f.severity] for f in self._of(n))) for n in nodes]
        down = [n for n in nodes if any(f.key == "ready" for f in self._of(n))]
        if down:
            self._cap(89, f"{down[0].address} is not ready")
        if 2 * len(down) > len(nodes):
            self._cap(39, f"{len(down)} of {len(nodes)} nodes are not ready")
        share = sum(losses) / len(nodes) if nodes else 0.0
        self.losses += [
            (WEIGHTS["nodes"] * loss / len(nodes), n) for loss, n in zip(losses, nodes, strict=True) if loss
        ]
        said = f"{len(nodes) - len(down)} of {len(nodes)} schedulable nodes are ready"
        return {"part": "nodes", "weight": WEIGHTS["nodes"], "value": 1 - share, "said": said}

    def _others(self) -> dict[str, Any]:
        objects = [r for type_ in _OTHERS for r in self._mine(type_)]
        grave = [r for r in objects if any(f.severity >= Severity.HIGH for f in self._of(r))]
        self.losses += [(WEIGHTS["others"] / len(objects), r) for r in grave]
        value = 1 - len(grave) / len(objects) if objects else 1.0
        said = f"{len(grave)} of {len(objects)} other objects have a grave finding"
        return {"part": "others", "weight": WEIGHTS["others"], "value": value, "said": said}

    def _cap(self, at_most: int, because: str) -> None:
        self.caps.append({"at_most": at_most, "because": because})


def _wanted(r: Resource) -> int:
    """How many replicas a workload is to have; 0 for what has no such number."""
    if r.type == "DaemonSet":
        return int(r["status.desiredNumberScheduled"] or 0)
    if r.type in _SCALED:
        number = r["spec.replicas"]
        return 1 if number is None else int(number)
    return 0


def _ready(pod: Resource) -> bool:
    """True for a pod that is ready; one that says nothing of it is by its phase."""
    status = condition(pod, "Ready").get("status")
    return bool(status == "True" or (status is None and pod["status.phase"] == "Running"))


def _once(findings: list[Finding]) -> Iterable[Finding]:
    """The gravest finding of each rule."""
    best: dict[str, Finding] = {}
    for f in findings:
        if f.rule not in best or f.severity > best[f.rule].severity:
            best[f.rule] = f
    return best.values()


def sentences(health: dict[str, Any]) -> list[str]:
    """The score as a person reads it: the number, what it is made of, what it lost most by."""
    lines = []
    for one in health.get("clusters") or [health]:
        name = f"Health of {one['cluster']}" if one["cluster"] else "Health"
        if one["score"] is None:
            lines.append(f"{name}: no score, {one['reason']}")
            continue
        lines.append(f"{name}: {one['score']} of 100")
        lines += [f"  {p['part']} {100 * p['value'] * p['weight']:.1f} of {100 * p['weight']:.0f}: {p['said']}"
                  for p in one["parts"]]  # fmt: skip
        lines += [f"  at most {c['at_most']}: {c['because']}" for c in one["caps"]]
        lines += [f"  -{loss['points']:g} {loss['address']} ({', '.join(loss['rules'])})" for loss in one["losses"]]
    return lines
