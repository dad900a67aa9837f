"""What is wrong with pods right now: crashes, memory, images, volumes, restarts. One finding an owner."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, INFO, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_state import (
    IMAGE_TROUBLES,
    MOUNT_TROUBLES,
    affected,
    age,
    calm,
    cluster_of,
    condition,
    events_of,
    finished,
    held,
    last_seen,
    lasting,
    recent,
    restarts,
    statuses,
    terminations,
    times_seen,
    troubled,
    waiting,
)

LIVE = ["cluster"]


@rule(on="Pod", sources=LIVE, severity=HIGH)
def k8s_crash_loop(pod: Resource, graph: Graph) -> Iterator[Finding]:
    """No container is in a crash loop.

    ## Why
    The kubelet starts the container, it ends, and the pauses between the attempts grow to five minutes: what it serves
    is down, or one replica short.

    ## Fix
    Read `kubectl logs POD -c CONTAINER --previous` and mend what ends it: a missing setting or dependency, a failing
    migration, a probe that kills it.
    """
    if calm(graph, pod):
        return

    def crashes(pod: Resource) -> str:
        said = []
        for s in statuses(pod):
            if waiting(s) == "CrashLoopBackOff":
                ended = next(terminations(s), {})
                how = f", last exit code {ended['exitCode']} ({ended.get('reason', 'Error')})" if ended else ""
                said.append(f"{s['name']}: {s.get('restartCount', 0)} restarts{how}")
        return "; ".join(said)

    for group in affected(graph, pod, "k8s-crash-loop", crashes):
        worse = group.all or pod["metadata.namespace"] == "kube-system"
        yield group.owner.fails(
            group.said("in a crash loop"), because=group.places(), severity=CRITICAL if worse else HIGH
        )


@rule(on="Pod", sources=LIVE, severity=HIGH, params={"hours": 24})
def k8s_oom_killed(pod: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """No container is killed for the memory it uses.

    ## Why
    The kernel kills a container at its memory limit without warning: requests under way are lost. One that runs again
    shows it in its last state only, and will be killed again.

    ## Fix
    Raise `resources.limits.memory` to what the container needs at its peak, or mend the leak; give language runtimes
    (JVM, Node.js) a heap limit below it.
    """
    if calm(graph, pod):
        return

    def killed(pod: Resource) -> str:
        said = []
        for s in statuses(pod):
            for ended in terminations(s):
                last_state = ended == (s.get("lastState") or {}).get("terminated")
                old = last_state and not recent(graph, pod, ended.get("finishedAt"), params["hours"])
                if ended.get("reason") == "OOMKilled" and not old:
                    limit = _memory_limit(pod, s["name"])
                    said.append(f"{s['name']}: at {ended.get('finishedAt', 'an unknown time')}, {limit}")
                    break
        return "; ".join(said)

    for group in affected(graph, pod, "k8s-oom-killed", killed):
        yield group.owner.fails(group.said("killed for memory"), because=group.places())


def _memory_limit(pod: Resource, name: str) -> str:
    for part in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod["spec." + part] or ():
            if container["name"] == name:
                limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
                return f"memory limit {limit}" if limit else "no memory limit of its own: the node ran out"
    return "memory limit not known"


@rule(on="Pod", sources=LIVE, severity=MEDIUM, params={"high_after_minutes": 60})
def k8s_back_off(pod: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Every container's image can be pulled and its container made.

    ## Why
    A container that cannot be made never starts: a wrong tag, a registry without its credentials, a Secret or
    ConfigMap that is not there. The pods that still run hide it until the next node drain.

    ## Fix
    The message names the reason: correct the image's name or tag, add the registry's `imagePullSecrets`, or create
    the Secret or ConfigMap that the container takes.
    """
    if calm(graph, pod):
        return

    def stuck(pod: Resource) -> str:
        said = []
        for s in statuses(pod):
            reason = waiting(s)
            if reason in IMAGE_TROUBLES and not finished(pod):
                said.append(f"{s['name']}: {reason} for {s.get('image') or 'its image'}")
        return "; ".join(said)

    for group in affected(graph, pod, "k8s-back-off", stuck):
        longest = max(age(graph, p, _waits_since(p)) or 0.0 for p, _ in group.pods)
        long = longest >= params["high_after_minutes"] * 60
        yield group.owner.fails(
            group.said("cannot start a container"), because=group.places(), severity=HIGH if long else MEDIUM
        )


def _waits_since(pod: Resource) -> str | None:
    since: str | None = condition(pod, "ContainersReady").get("lastTransitionTime") or pod["metadata.creationTimestamp"]
    return since


@rule(on="Pod", sources=LIVE, severity=HIGH, params={"minutes": 15})
def k8s_failed_mount(pod: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Every pod's volumes can be attached and mounted.

    ## Why
    A pod whose volume is missing, held by another node or refused by the storage driver waits in ContainerCreating
    for ever.

    ## Fix
    The event names the volume: create the Secret, ConfigMap or claim it names, free a disk that another node still
    holds (`kubectl get volumeattachment`), or mend the storage driver.
    """
    if calm(graph, pod):
        return

    def unmounted(pod: Resource) -> str:
        if not _not_yet_started(pod):
            return ""
        for event in events_of(graph, pod):
            when = last_seen(event)
            if event["reason"] in MOUNT_TROUBLES and recent(graph, pod, when, params["minutes"] / 60):
                return f"{event['reason']} {times_seen(event)} times: {_short(event['message'])}"
        return ""

    for group in affected(graph, pod, "k8s-failed-mount", unmounted):
        settled = any(_repeated(graph, p) for p, _ in group.pods)
        yield group.owner.fails(
            group.said("cannot mount a volume"), because=group.places(), severity=HIGH if settled else INFO
        )


def _not_yet_started(pod: Resource) -> bool:
    """True when a pod still waits for what comes before its containers."""
    if finished(pod):
        return False
    started = condition(pod, "PodReadyToStartContainers").get("status")
    return started == "False" or any(waiting(s) in ("ContainerCreating", "PodInitializing") for s in statuses(pod))


def _repeated(graph: Graph, pod: Resource) -> bool:
    """True when mounting failed three times, or for two minutes: once is often a race that the next attempt wins."""
    for event in events_of(graph, pod):
        if event["reason"] in MOUNT_TROUBLES:
            first, last = age(graph, pod, event["firstTimestamp"]), age(graph, pod, last_seen(event))
            if times_seen(event) >= 3 or (first or 0.0) - (last or 0.0) >= 120:
                return True
    return False


def _short(text: str | None) -> str:
    line = (text or "no message").partition("\n")[0]
    return line if len(line) <= 200 else line[:197] + "..."


@rule(on="Pod", sources=LIVE, severity=MEDIUM, params={"in_an_hour": 3, "in_a_day": 5, "high": 10})
def k8s_high_restarts(pod: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Containers do not restart again and again.

    ## Why
    A container that restarts every few minutes is between two crash loops: each restart drops requests and caches.
    Counted is what happened since an earlier look at the cluster (`--watch`, `--since`). Where that is more than a day
    ago, or there was none, the last one must be less than a day ago: three restarts in a year are nothing.

    ## Fix
    Read `kubectl logs POD --previous` and `kubectl describe pod POD`: a probe that is too strict, memory, or a crash.
    """
    if calm(graph, pod):
        return
    scope = cluster_of(graph, pod)
    before = scope["previous"] if scope else {}
    over = (age(graph, pod, before["collectedAt"]) or 0.0) if before else 0.0

    def counted(pod: Resource) -> int:
        return restarts(pod) - (before["restarts"].get(pod["metadata.uid"], 0) if before else 0)

    def often(pod: Resource) -> str:
        count = counted(pod)
        if pod["status.phase"] == "Succeeded" or count < params["in_an_hour"]:
            return ""
        if before and over <= 86400:
            least = params["in_an_hour"] if over <= 3600 else params["in_a_day"]
            return f"{count} restarts since {before['collectedAt']}" if count >= least else ""
        ends = [ended.get("finishedAt") for s in statuses(pod) for ended in terminations(s)]
        latest = max(filter(None, ends), default="")
        if count >= params["in_a_day"] and recent(graph, pod, latest, 24):
            since = f" since {before['collectedAt']}" if before else ""
            return f"{count} restarts{since}, the last one at {latest}"
        return ""

    for group in affected(graph, pod, "k8s-high-restarts", often):
        worst = max(counted(p) for p, _ in group.pods)
        yield group.owner.fails(
            group.said("restart too often"),
            because=group.places(),
            severity=HIGH if worst >= params["high"] else MEDIUM,
        )


@rule(on="Pod", sources=LIVE, severity=MEDIUM, params={"minutes": 15})
def k8s_pod_not_ready(pod: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Pods that serve become ready.

    ## Why
    A pod that is not ready for a quarter of an hour gets no traffic: the others carry its share, or nobody does.
    Pods of Jobs, and those whose crash, image, volume or scheduling another rule reports, are left out.

    ## Fix
    `kubectl describe pod POD` shows the readiness probe's last answer: mend what it asks for, or the probe.
    """
    if calm(graph, pod):
        return

    def unready(pod: Resource) -> str:
        ready = condition(pod, "Ready")
        if finished(pod) or ready.get("status") != "False" or troubled(graph, pod) or _of_a_job(pod):
            return ""
        since = ready.get("lastTransitionTime")
        if not held(graph, pod, since, params["minutes"]):
            return ""
        return f"not ready{lasting(graph, pod, since)}, {ready.get('reason') or 'no reason given'}"

    for group in affected(graph, pod, "k8s-pod-not-ready", unready):
        yield group.owner.fails(group.said("not ready"), because=group.places())


def _of_a_job(pod: Resource) -> bool:
    return any(o["kind"] == "Job" for o in pod["metadata.ownerReferences"] or ())


@rule(on="Pod", sources=LIVE, severity=MEDIUM, params={"minutes": 5})
def k8s_pod_unschedulable(pod: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Every pod finds a node.

    ## Why
    A pod that no node fits stays Pending: the replica it should be is missing. One that a gate holds back on purpose
    (a queue's) is left out.

    ## Fix
    The scheduler's message counts the nodes by reason: add capacity, lower the requests, or mend the node selector,
    the tolerations or the volume's zone.
    """
    if calm(graph, pod):
        return

    def homeless(pod: Resource) -> str:
        placed = condition(pod, "PodScheduled")
        if finished(pod) or placed.get("status") != "False" or placed.get("reason") == "SchedulingGated":
            return ""
        since = placed.get("lastTransitionTime") or pod["metadata.creationTimestamp"]
        return _short(placed.get("message")) if held(graph, pod, since, params["minutes"]) else ""

    for group in affected(graph, pod, "k8s-pod-unschedulable", homeless):
        yield group.owner.fails(group.said("without a node"), because=group.places())


@rule(on="cluster", sources=LIVE, severity=MEDIUM, params={"share": 0.25})
def k8s_cpu_throttled(cluster: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Containers are not throttled at their CPU limit.

    ## Why
    A container that is throttled in a quarter of its periods answers late, though its average use looks low. Only the
    kernel's counters (`container_cpu_cfs_throttled_periods_total`) can tell: without them this is not evaluated.

    ## Fix
    Raise or remove `resources.limits.cpu`, keep `requests.cpu`, or give the runtime fewer threads.
    """
    shares = cluster["throttling.shares"]
    if shares == None:
        yield cluster.not_evaluated(cluster["throttling.reason"] or "no CPU counters were collected")
        return
    pods = {f"{p['metadata.namespace']}/{p['metadata.name']}": p for p in graph.beside(cluster, "Pod")}
    slow: dict[str, list[str]] = {}
    for key, share in sorted(shares.items()):
        name, _, container = key.rpartition("/")
        if share > params["share"]:
            slow.setdefault(name, []).append(f"{container}: throttled in {share:.0%} of its periods")

    def throttled(pod: Resource) -> str:
        return "; ".join(slow.get(f"{pod['metadata.namespace']}/{pod['metadata.name']}", ()))

    for name in slow:
        if name in pods:
            for group in affected(graph, pods[name], "k8s-cpu-throttled", throttled):
                yield group.owner.fails(group.said("throttled"), because=group.places())
