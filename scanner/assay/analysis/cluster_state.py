"""What a live cluster says of itself: container states, conditions, events, and how long each has held.

Times are judged against the moment the cluster was looked at, so that a snapshot gives the same report tomorrow. One
trouble of an owner is one finding, however many of its pods have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.clock import instant, seconds
from assay.kubernetes.owners import pods_by_owner, top_owner
from assay.model import PartialList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.graph import Graph
    from assay.model import Location, Resource

_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
IMAGE_TROUBLES = frozenset({
    "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable",
    "ErrImageInspect", "CreateContainerConfigError", "CreateContainerError",
})  # fmt: skip
MOUNT_TROUBLES = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedMountOnFilesystemMismatch"})
_SHOWN = 5


def looked_at(graph: Graph, r: Resource) -> float:
    """When the cluster of a resource was looked at, in seconds since 1970; now, where nobody wrote it down."""
    times: dict[str | None, float] = graph._memo.setdefault("looked at", {})
    if r.account not in times:
        scope = cluster_of(graph, r)
        when = scope["collectedAt"] if scope is not None else None
        times[r.account] = instant(when) if when else seconds()
    return times[r.account]


def cluster_of(graph: Graph, r: Resource) -> Resource | None:
    """The scope resource of the cluster that a resource is in."""
    return next((c for c in graph.all("cluster") if (c.account, c.source) == (r.account, r.source)), None)


def age(graph: Graph, r: Resource, since: str | None) -> float | None:
    """For how many seconds something has held; None when nobody knows since when.

    A time ahead of the cluster's clock counts as unknown: clocks differ, and a duration is never negative.
    """
    if not since:
        return None
    passed = looked_at(graph, r) - instant(since)
    return passed if passed >= 0 else None


def held(graph: Graph, r: Resource, since: str | None, minutes: float) -> bool:
    """True when something has held for so long, or for nobody knows how long."""
    passed = age(graph, r, since)
    return passed is None or passed >= minutes * 60


def recent(graph: Graph, r: Resource, when: str | None, hours: float) -> bool:
    """True when a moment is known and no longer past than so many hours."""
    return bool(when) and (age(graph, r, when) or 0.0) <= hours * 3600


def left(graph: Graph, r: Resource, until: str) -> float:
    """How many seconds are left until a moment; negative when it is past."""
    return instant(until) - looked_at(graph, r)


def lasting(graph: Graph, r: Resource, since: str | None) -> str:
    """`for 3 h`, `for 12 min`; empty when nobody knows."""
    passed = age(graph, r, since)
    if passed is None:
        return ""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if passed >= 2 * size:
            return f" for {passed / size:.0f} {unit}"
    return f" for {passed:.0f} s"


def listed_late(graph: Graph, node: Resource) -> float:
    """By how many seconds the heartbeats were listed after the cluster was looked at: what most of them are ahead."""
    known: dict[str | None, float] = graph._memo.setdefault("heartbeats listed late", {})
    if node.account not in known:
        leases = graph.beside(node, "Lease")
        ahead = sorted(instant(r["spec.renewTime"]) - looked_at(graph, node) for r in leases if r["spec.renewTime"])
        known[node.account] = max(0.0, ahead[len(ahead) // 2]) if len(ahead) > 2 else 0.0
    return known[node.account]


def condition(r: Resource, type_: str) -> dict[str, Any]:
    """The status condition of a type; empty when it is not set."""
    return next((c for c in r["status.conditions"] or () if c["type"] == type_), {})


def found_by(
    graph: Graph, near: Resource, type_: str, keys: Callable[[Graph, Resource], Iterable[Any]], wanted: Any
) -> list[Resource]:
    """The resources of a type in the same cluster that have a key, by an index made once for each function of keys.

    The list is a partial one where the type could not be listed.
    """
    memo = ("found by", type_, keys, near.source, near.root, near.account)
    index: dict[Any, list[Resource]] | None = graph._memo.get(memo)
    everything = graph.beside(near, type_)
    if index is None:
        index = graph._memo[memo] = {}
        for r in list.__iter__(everything):
            for key in keys(graph, r):
                index.setdefault(key, []).append(r)
    found = index.get(wanted, [])
    return PartialList(found, everything.unknown) if isinstance(everything, PartialList) else found


# --- pods -------------------------------------------------------------------------------------------------------------


def statuses(pod: Resource) -> Iterator[dict[str, Any]]:
    """The statuses of all containers, initial and ephemeral ones included."""
    status = pod.values.get("status") or {}
    for part in _STATUSES:
        yield from status.get(part) or ()


def waiting(status: dict[str, Any]) -> str:
    """Why a container waits; empty when it does not."""
    return str((status.get("state", {}).get("waiting") or {}).get("reason") or "")


def terminations(status: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """How a container ended: now, and the time before. One that runs again shows it only as its last state."""
    for part in ("state", "lastState"):
        ended = (status.get(part) or {}).get("terminated")
        if ended:
            yield ended


def finished(pod: Resource) -> bool:
    """True for a pod that has done its work, or is on its way out."""
    return pod["status.phase"] in ("Succeeded", "Failed") or bool(pod["metadata.deletionTimestamp"])


def calm(graph: Graph, pod: Resource) -> bool:
    """True for a pod that runs, is not unready, and whose containers have never ended: most rules need not ask more."""
    known: dict[int, bool] = graph._memo.setdefault("calm", {})
    found = known.get(id(pod))
    if found is None:
        found = known[id(pod)] = _calm(pod.values)
    return found


def _calm(values: dict[str, Any]) -> bool:
    status = values.get("status") or {}
    if status.get("phase") != "Running" or "deletionTimestamp" in values["metadata"]:
        return False
    if any(c["status"] == "False" for c in status.get("conditions") or ()):
        return False
    for part in _STATUSES:
        for s in status.get(part) or ():
            if s.get("restartCount") or s.get("lastState") or not _well(s.get("state") or {}):
                return False
    return True


def _well(state: dict[str, Any]) -> bool:
    return "running" in state or (state.get("terminated") or {}).get("exitCode") == 0


def restarts(pod: Resource) -> int:
    """How often its containers have restarted, all together."""
    return sum(int(s.get("restartCount") or 0) for s in statuses(pod))


def troubled(graph: Graph, pod: Resource) -> bool:
    """True when another rule says why a pod is not ready: a crash loop, an image, a volume, no node that fits."""
    if condition(pod, "PodScheduled").get("status") == "False":
        return True
    if any(e["reason"] in MOUNT_TROUBLES for e in list.__iter__(events_of(graph, pod))):
        return True
    return any(waiting(s) == "CrashLoopBackOff" or waiting(s) in IMAGE_TROUBLES for s in statuses(pod))


def pods_owned_by(graph: Graph, owner: Resource) -> list[Resource]:
    """The pods whose top owner it is."""
    _, pods = pods_by_owner(graph, owner.account).get(id(owner), (owner, []))
    return pods


class Group(NamedTuple):
    """The pods of one owner that share a trouble: each with what is to be said of it, and how many pods there are."""

    owner: Resource
    pods: list[tuple[Resource, str]]
    of: int

    @property
    def all(self) -> bool:
        return len(self.pods) == self.of

    def said(self, trouble: str) -> str:
        """`2 of 3 pods crash: web-1 (main ...), web-2 (...)`."""
        shown = [f"{pod.name or pod.address} ({detail})" for pod, detail in self.pods[:_SHOWN]]
        more = f", and {len(self.pods) - _SHOWN} more" if len(self.pods) > _SHOWN else ""
        if self.owner is self.pods[0][0]:
            return f"the pod {trouble}: {self.pods[0][1]}"
        count = f"{len(self.pods)} of {self.of} pods" if self.of > 1 else "its pod"
        return f"{count} {trouble}: {', '.join(shown)}{more}"

    def places(self) -> list[Location]:
        return [] if self.owner is self.pods[0][0] else [pod.where("status") for pod, _ in self.pods[:_SHOWN]]


def affected(graph: Graph, pod: Resource, rule: str, test: Callable[[Resource], str]) -> Iterator[Group]:
    """The group of a pod's owner, once: when the pod is the first of its owner that the test says something of.

    Args:
        rule: the id of the rule that asks; the health score looks its groups up by it.
        test: what is to be said of a pod; empty when it has not got this trouble.
    """
    if not test(pod):
        return
    owner = top_owner(graph, pod)
    groups: dict[tuple[str, int], Group] = graph._memo.setdefault("affected", {})
    group = groups.get((rule, id(owner)))
    if group is None:
        pods = pods_owned_by(graph, owner)
        found = [(p, said) for p in pods if (said := test(p))]
        group = Group(owner, found, sum(1 for p in pods if not finished(p)) or len(found))
        groups[rule, id(owner)] = group
    if group.pods[0][0] is pod:
        yield group


def digests(pod: Resource) -> dict[tuple[str, str], str]:
    """(container, image by tag) -> the digest that runs."""
    images = {c["name"]: c["image"] for c in pod["spec.containers"] or ()}
    found = {}
    for s in statuses(pod):
        image, digest = images.get(s["name"], ""), str(s.get("imageID") or "").rpartition("@")[2]
        if image and "@" not in image and digest.startswith("sha256:") and not waiting(s):
            found[s["name"], image] = digest
    return found


def drifting(graph: Graph, owner: Resource) -> dict[int, str]:
    """`id` of a pod -> what it runs other than most pods of its owner do, by the same tag."""
    memo: dict[int, dict[int, str]] = graph._memo.setdefault("drifting", {})
    if id(owner) not in memo:
        mine = {id(pod): digests(pod) for pod in pods_owned_by(graph, owner)}
        seen: dict[tuple[str, str], list[str]] = {}
        for found in mine.values():
            for key, digest in found.items():
                seen.setdefault(key, []).append(digest)
        usual = {key: max(sorted(set(all_)), key=all_.count) for key, all_ in seen.items() if len(set(all_)) > 1}
        memo[id(owner)] = {
            pod: "; ".join(
                f"{name}: {image} is {digest[:19]}, elsewhere {usual[name, image][:19]}"
                for (name, image), digest in found.items()
                if usual.get((name, image), digest) != digest
            )
            for pod, found in (mine.items() if usual else ())
        }
    return memo[id(owner)]


def drift_of(graph: Graph, pod: Resource) -> str:
    """What a pod runs other than its siblings; empty when nothing."""
    return drifting(graph, top_owner(graph, pod)).get(id(pod), "")


# --- events -----------------------------------------------------------------------------------------------------------


def events_of(graph: Graph, pod: Resource) -> list[Resource]:
    """The warnings about a pod: by uid, and by name where an event has none. Partial when events were not listed."""
    index: dict[tuple[str | None, str], list[Resource]] | None = graph._memo.get("events")
    if index is None:
        index = graph._memo["events"] = {}
        for event in graph.all("Event"):
            about = event["involvedObject"] or event["regarding"] or {}
            key = about.get("uid") or f"{about.get('namespace')}/{about.get('name')}"
            index.setdefault((event.account, key), []).append(event)
    meta = pod.values["metadata"]
    # The kubelet knows a static pod by the hash of its file, which its mirror carries as an annotation.
    uids = [meta.get("uid", ""), (meta.get("annotations") or {}).get("kubernetes.io/config.hash")]
    names = [*filter(None, dict.fromkeys(uids)), f"{meta.get('namespace')}/{meta['name']}"]
    found = [event for name in names for event in index.get((pod.account, name), ())]
    everything = graph.beside(pod, "Event")
    return PartialList(found, everything.unknown) if isinstance(everything, PartialList) else found


def last_seen(event: Resource) -> str | None:
    """When an event was last observed."""
    when: str | None = event["series.lastObservedTime"] or event["lastTimestamp"] or event["eventTime"]
    return when


def times_seen(event: Resource) -> int:
    return int(event["series.count"] or event["count"] or 1)
