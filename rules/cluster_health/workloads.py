"""What is wrong with workloads and with what they need: rollouts, jobs, autoscalers, claims, quotas, certificates."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_state import (
    affected,
    condition,
    drift_of,
    finished,
    found_by,
    held,
    lasting,
    left,
    pods_owned_by,
)
from assay.analysis.quantities import quantity
from assay.kubernetes.owners import collected, top_owner

LIVE = ["cluster"]


@rule(on=["Deployment", "StatefulSet", "DaemonSet"], sources=LIVE, severity=HIGH, params={"minutes": 15})
def k8s_rollout_stuck(workload: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Workloads have as many ready replicas as they want.

    ## Why
    A rollout that does not get on leaves old and new side by side, or too few of either: the next failure takes the
    service down.

    ## Fix
    `kubectl rollout status` and `kubectl describe` name the replica that does not become ready; mend it, or
    `kubectl rollout undo`.
    """
    if workload["spec.paused"] == True:
        return
    wanted, ready = _replicas(workload)
    if ready >= wanted:
        return
    since = _short_since(graph, workload)
    progress = condition(workload, "Progressing")
    given_up = progress.get("reason") == "ProgressDeadlineExceeded"
    if given_up or held(graph, workload, since, params["minutes"]):
        why = f": {progress.get('message')}" if given_up else ""
        yield workload.fails(
            f"{ready} of {wanted} replicas are ready{lasting(graph, workload, since)}{why}", at="status"
        )


def _replicas(workload: Resource) -> tuple[int, int]:
    """How many replicas a workload wants, and how many are ready."""
    if workload.type == "DaemonSet":
        return workload["status.desiredNumberScheduled"] or 0, workload["status.numberReady"] or 0
    wanted = workload["spec.replicas"]
    return 1 if wanted == None else wanted, workload["status.readyReplicas"] or 0


def _short_since(graph: Graph, workload: Resource) -> str | None:
    """Since when it has been short: since the pod that is unready longest became so, else since it was made."""
    unready = [condition(p, "Ready") for p in pods_owned_by(graph, workload) if not finished(p)]
    times = [c.get("lastTransitionTime") for c in unready if c.get("status") != "True"]
    if times:
        return min(filter(None, times), default=None)
    since: str | None = (
        condition(workload, "Available").get("lastTransitionTime")
        if condition(workload, "Available").get("status") == "False"
        else None
    )
    return since or workload["metadata.creationTimestamp"]


@rule(on=["Job", "CronJob"], sources=LIVE, severity=MEDIUM)
def k8s_job_failed(job: Resource, graph: Graph) -> Iterator[Finding]:
    """The last run of every Job succeeded.

    ## Why
    A nightly backup or clean-up that fails is noticed by nobody until it is needed.

    ## Fix
    `kubectl logs job/NAME` says why; run it again with `kubectl create job --from=cronjob/NAME`.
    """
    runs = [job]
    if job.type == "CronJob":
        ended = [r for r in found_by(graph, job, "Job", _cron_job, job.address) if _has_ended(r)]
        runs = sorted(ended, key=lambda r: r["metadata.creationTimestamp"] or "")
    elif any(_cron_job(graph, job)):
        return  # its CronJob is judged by its last run
    if runs:
        failed = condition(runs[-1], "Failed")
        if failed.get("status") == "True":
            run = f"the last run {runs[-1].name}" if job.type == "CronJob" else "it"
            yield job.fails(
                f"{run} failed: {failed.get('message') or failed.get('reason') or 'no reason given'}",
                because=[runs[-1].where("status.conditions")],
            )


def _cron_job(graph: Graph, job: Resource) -> list[str]:
    """The address of the CronJob that made a Job, where it was collected."""
    owner = top_owner(graph, job)
    return [owner.address] if owner.type == "CronJob" and collected(graph, owner) else []


def _has_ended(job: Resource) -> bool:
    return any(condition(job, type_).get("status") == "True" for type_ in ("Complete", "Failed"))


@rule(on="HorizontalPodAutoscaler", sources=LIVE, severity=MEDIUM, params={"minutes": 15})
def k8s_autoscaler_maxed(scaler: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Autoscalers have room left.

    ## Why
    At its maximum an autoscaler cannot answer more load: the next peak makes everybody slow.

    ## Fix
    Raise `spec.maxReplicas`, or find what makes the load. A scaler whose minimum is its maximum is left out.
    """
    most = scaler["spec.maxReplicas"]
    if (scaler["status.currentReplicas"] or 0) < most or scaler["spec.minReplicas"] == most:
        return
    limited = condition(scaler, "ScalingLimited")
    if limited and limited.get("reason") != "TooManyReplicas":
        return  # at the maximum, and it wants no more
    since = limited.get("lastTransitionTime") or scaler["status.lastScaleTime"]
    if held(graph, scaler, since, params["minutes"]):
        yield scaler.fails(f"all {most} replicas run{lasting(graph, scaler, since)}", at="status.currentReplicas")


@rule(on="PersistentVolumeClaim", sources=LIVE, severity=HIGH, params={"minutes": 5})
def k8s_volume_claim_unbound(claim: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Every claim that a pod waits for is bound to a volume.

    ## Why
    A Pending claim keeps its pods from starting; a Lost one has lost its volume, and perhaps its data.

    ## Fix
    `kubectl describe pvc NAME` names the storage class and why nothing was provisioned. A claim whose class waits for
    its first consumer is fine until a pod uses it.
    """
    phase = claim["status.phase"]
    if phase == "Lost":
        yield claim.fails("it has lost its volume", at="status.phase")
    elif phase == "Pending" and held(graph, claim, claim["metadata.creationTimestamp"], params["minutes"]):
        if _waits_for_consumer(graph, claim) and not _used(graph, claim):
            return
        since = lasting(graph, claim, claim["metadata.creationTimestamp"])
        kind = claim["spec.storageClassName"]
        yield claim.fails(f"Pending{since}, storage class {kind or 'not set'}", at="status.phase")


def _waits_for_consumer(graph: Graph, claim: Resource) -> bool:
    name = claim["spec.storageClassName"]
    for kind in graph.beside(claim, "StorageClass"):
        default = (kind["metadata.annotations"] or {}).get("storageclass.kubernetes.io/is-default-class") == "true"
        if kind.name == name or (not name and default):
            return bool(kind["volumeBindingMode"] == "WaitForFirstConsumer")
    return False


def _used(graph: Graph, claim: Resource) -> bool:
    mine = (claim["metadata.namespace"], claim.name)
    return any(not finished(pod) for pod in found_by(graph, claim, "Pod", _claims, mine))


def _claims(graph: Graph, pod: Resource) -> list[tuple[str, str]]:
    """The claims that a pod names."""
    named = [(v.get("persistentVolumeClaim") or {}).get("claimName") for v in pod["spec.volumes"] or ()]
    return [(pod["metadata.namespace"], name) for name in named if name]


@rule(on="ResourceQuota", sources=LIVE, severity=LOW, params={"share": 0.9})
def k8s_quota_near(quota: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Quotas have a tenth left.

    ## Why
    At the quota the next pod is refused: a rollout or an autoscaler stops half-way.

    ## Fix
    Raise the quota, or lower the requests of what the namespace runs.
    """
    used = quota["status.used"] or {}
    near = []
    for name, limit in sorted((quota["status.hard"] or {}).items()):
        most = quantity(limit)
        if most > 0 and quantity(used.get(name, "0")) >= params["share"] * most:
            near.append(f"{name} {used[name]} of {limit}")
    if near:
        yield quota.fails(f"nearly used up: {', '.join(near)}", at="status.used")


@rule(on=["Certificate", "Ingress"], sources=LIVE, severity=HIGH, params={"days": 30})
def k8s_certificate_expiring(subject: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """TLS certificates are renewed a month before they end.

    ## Why
    On the day a certificate ends every client refuses the connection. The dates are read from cert-manager's
    Certificates; of one that somebody put into a Secret by hand nothing is known, since Secrets are not read.

    ## Fix
    `kubectl describe certificate NAME` says why it was not renewed; let cert-manager issue those made by hand.
    """
    if subject.type == "Certificate":
        ends = subject["status.notAfter"]
        if ends == None:
            yield subject.unsure("it has not been issued yet", at="status")
            return
        seconds = left(graph, subject, ends)
        if seconds < params["days"] * 86400:
            said = f"it ends at {ends}" if seconds >= 0 else f"it ended at {ends}"
            yield subject.fails(said, at="status.notAfter")
        return
    for i, entry in enumerate(subject["spec.tls"] or ()):
        name = entry.get("secretName")
        if name and not found_by(graph, subject, "Certificate", _secret, (subject["metadata.namespace"], name)):
            yield subject.unsure(
                f"the certificate in the Secret {name} is not cert-manager's: when it ends is not known",
                at=f"spec.tls[{i}].secretName",
            )


def _secret(graph: Graph, certificate: Resource) -> list[tuple[str, str]]:
    return [(certificate["metadata.namespace"], certificate["spec.secretName"])]


@rule(on="Service", sources=LIVE, severity=MEDIUM)
def k8s_service_no_endpoints(service: Resource, graph: Graph) -> Iterator[Finding]:
    """Every Service with a selector has a ready endpoint.

    ## Why
    A Service without one refuses every connection.

    ## Fix
    Compare the selector with the pods' labels, and see why the selected pods are not ready.
    """
    if not service["spec.selector"] or service["spec.type"] == "ExternalName":
        return
    mine = (service["metadata.namespace"], service.name)
    for part in found_by(graph, service, "EndpointSlice", _service, mine):
        for endpoint in part["endpoints"] or ():
            if (endpoint.get("conditions") or {}).get("ready") != False:  # absent means ready
                return
    yield service.fails("no ready pod is behind it", at="spec.selector")


def _service(graph: Graph, part: Resource) -> list[Any]:
    return [(part["metadata.namespace"], (part["metadata.labels"] or {}).get("kubernetes.io/service-name"))]


@rule(on="Pod", sources=LIVE, severity=LOW)
def k8s_image_drift(pod: Resource, graph: Graph) -> Iterator[Finding]:
    """Replicas of one tag run one image.

    ## Why
    A tag that was moved between two starts makes replicas answer differently, and which one answers is chance.

    ## Fix
    Name the image by digest (`image@sha256:...`), and restart the workload once.
    """
    for group in affected(graph, pod, "k8s-image-drift", partial(drift_of, graph)):
        yield group.owner.fails(group.said("run another image of the same tag"), because=group.places())
