"""Workloads that outlive a node, a drain and a rollout."""

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.kubernetes_amounts import count, is_all, is_none
from assay.kubernetes.owners import controller_of
from assay.kubernetes.relations import annotation, autoscalers_of, named, replicas, selected, selecting, services_of
from assay.kubernetes.workloads import Pod, pods, unowned


def _pod(r: Resource, graph: Graph) -> Iterator[Pod]:
    yield from pods(r, graph)


@rule(
    on=("Deployment", "StatefulSet"),
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kube-linter:minimum-three-replicas"],
)
def k8s_single_replica(r: Resource, graph: Graph) -> Iterator[Finding]:
    """What serves runs at least twice.

    ## Why
    With one replica every node drain, crash and rollout is an outage.

    ## Fix
    Set `replicas: 2` or more, or add an autoscaler with that minimum.
    """
    own = r["spec.replicas"]
    if own == 0 or not (own == None or count(own) < 2) or autoscalers_of(r, graph):
        return
    for pod in _pod(r, graph):
        if services_of(pod, graph) or any(c.each("ports") for c in pod.containers):
            yield r.fails(
                "it serves with a single replica", at="spec.replicas", fix=r.set("spec.replicas", 2, safe=False)
            )


@rule(
    on=("Deployment", "StatefulSet"),
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kics:a05331ee", "kics:7249e3b0", "kics:b23e9b98", "kics:1db3a5a5"],
)
def k8s_no_disruption_budget(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Workloads of several replicas have a PodDisruptionBudget.

    ## Why
    A drain of two nodes at once, as every cluster upgrade does it, may otherwise evict all replicas together.

    ## Fix
    Add a PodDisruptionBudget with `maxUnavailable: 1` for the pods' labels.
    """
    if count(replicas(r, graph)) < 2:
        return
    for pod in _pod(r, graph):
        if not selecting(pod, "PodDisruptionBudget", "spec.selector", graph):
            yield r.fails("no PodDisruptionBudget covers its replicas")


@rule(
    on="PodDisruptionBudget",
    severity=HIGH,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kube-linter:pdb-max-unavailable", "kube-linter:pdb-min-available"],
)
def k8s_disruption_budget_blocks(budget: Resource, graph: Graph) -> Iterator[Finding]:
    """Disruption budgets leave a pod to evict.

    ## Why
    A budget that allows no eviction stops every drain: nodes stay unpatched until somebody deletes it in a hurry.

    ## Fix
    Set `maxUnavailable: 1`, or `minAvailable` below the number of replicas.
    """
    if not budget.absent("spec.maxUnavailable") and is_none(budget["spec.maxUnavailable"]):
        yield budget.fails("maxUnavailable leaves no pod to evict", at="spec.maxUnavailable")
    least = budget["spec.minAvailable"]
    if least == None:
        return
    if is_all(least):
        yield budget.fails("minAvailable is all of the pods", at="spec.minAvailable")
        return
    if f"{least}".endswith("%"):
        return
    for pod in selected(budget["spec.selector"], budget, graph):
        scaled = pod.resource.type in ("Deployment", "StatefulSet", "ReplicaSet", "Rollout", "DeploymentConfig")
        if scaled and count(least) >= count(replicas(pod.resource, graph)):
            said = f"{pod} has no more than the {least} replicas that must be available"
            yield budget.fails(said, at="spec.minAvailable", because=[pod.resource.where("spec.replicas")])
            return


@rule(
    on=("Deployment", "StatefulSet"),
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kics:461ed7e4", "kics:a31b7b82", "kics:d740d048", "kube-linter:no-anti-affinity"],
)
def k8s_no_spread(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Replicas are spread over nodes or zones.

    ## Why
    The scheduler may put all replicas on one node, and they then fail together.

    ## Fix
    Add a `topologySpreadConstraint` on `kubernetes.io/hostname` or the zone, or pod anti-affinity.
    """
    if count(replicas(r, graph)) < 2:
        return
    for pod in _pod(r, graph):
        if not pod["topologySpreadConstraints"] and pod.absent("affinity.podAntiAffinity"):
            yield pod.fails("its replicas may all run on one node", at="topologySpreadConstraints")


@rule(
    on=("Deployment", "DaemonSet"),
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kube-linter:no-rolling-update-strategy", "kubescape:C-0305"],
)
def k8s_no_rolling_update(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Updates replace pods a few at a time.

    ## Why
    `Recreate`, or a rollout that may take down everything at once, is an outage with each release; with `OnDelete`
    nobody
    knows what runs.

    ## Fix
    Use `RollingUpdate` with `maxUnavailable` below 100 percent. Waive this where two versions must not run together.
    """
    field = "spec.strategy" if r.type == "Deployment" else "spec.updateStrategy"
    kind = r[f"{field}.type"]
    if kind not in (None, "RollingUpdate"):
        yield r.fails(f"the strategy is {kind}", at=f"{field}.type")
    elif not r.absent(f"{field}.rollingUpdate.maxUnavailable") and is_all(r[f"{field}.rollingUpdate.maxUnavailable"]):
        yield r.fails("an update may take down every replica", at=f"{field}.rollingUpdate.maxUnavailable")


@rule(
    on="HorizontalPodAutoscaler",
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kics:17e52ca3", "kics:2f652c42", "kube-linter:dangling-horizontalpodautoscaler", "kubescape:C-0300"],
)
def k8s_autoscaler_dangling(scaler: Resource, graph: Graph) -> Iterator[Finding]:
    """Autoscalers scale something that exists.

    ## Why
    A renamed Deployment keeps running, unscaled, and nobody is told.

    ## Fix
    Correct `scaleTargetRef`, or remove the autoscaler.
    """
    kind, name = scaler["spec.scaleTargetRef.kind"], scaler["spec.scaleTargetRef.name"]
    known = kind in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
    if known and named(scaler, f"{kind}", name, graph) == None:
        yield scaler.fails(f"there is no {kind} {name}", at="spec.scaleTargetRef.name")


@rule(
    on="HorizontalPodAutoscaler",
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kube-linter:hpa-minimum-three-replicas"],
)
def k8s_autoscaler_low_minimum(scaler: Resource) -> Iterator[Finding]:
    """Autoscalers keep at least two replicas.

    ## Why
    At the minimum of one, the quiet hours are when a single node takes the service down.

    ## Fix
    Set `minReplicas: 2` or more.
    """
    least = scaler["spec.minReplicas"]
    if least == None or count(least) < 2:
        yield scaler.fails("it may scale down to fewer than two replicas", at="spec.minReplicas")


_MIRRORS = ("kubernetes.io/config.mirror", "kubernetes.io/config.source", "helm.sh/hook")


@rule(on="Pod", each=unowned, severity=LOW, controls=["nist-800-53r5:CP-10"], equivalents=["kubescape:C-0073"])
def k8s_naked_pod(pod: Resource) -> Iterator[Finding]:
    """Pods have a controller.

    ## Why
    A bare Pod is gone when its node is: nothing starts another.

    ## Fix
    Use a Deployment, or a Job for what ends by itself.
    """
    owned = pod["metadata.ownerReferences"] and controller_of(pod) != None
    if not owned and all(annotation(pod, mark) == None for mark in _MIRRORS):
        yield pod.fails("no controller replaces this pod")


@rule(on="CronJob", severity=LOW, controls=["nist-800-53r5:CP-10"], equivalents=["kics:58876b44", "kics:192fe40b"])
def k8s_cronjob_no_deadline(job: Resource) -> Iterator[Finding]:
    """CronJobs have a deadline for starting.

    ## Why
    After a hundred missed starts the controller gives up for good, unless `startingDeadlineSeconds` tells it how far to
    look back.

    ## Fix
    Set `startingDeadlineSeconds`, for example to half the interval.
    """
    if job.absent("spec.startingDeadlineSeconds"):
        yield job.fails("startingDeadlineSeconds is not set", at="spec.startingDeadlineSeconds")


_CLEANED = ("helm.sh/hook-delete-policy", "argocd.argoproj.io/hook-delete-policy")


@rule(
    on=("Job", "CronJob"),
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kube-linter:job-ttl-seconds-after-finished"],
)
def k8s_job_no_ttl(job: Resource) -> Iterator[Finding]:
    """Finished Jobs are cleaned up.

    ## Why
    Jobs and their pods stay for ever otherwise, and fill etcd and every list.

    ## Fix
    Set `ttlSecondsAfterFinished`. A CronJob keeps as many as its history limits say; it is judged where these are
    raised
    above 10.
    """
    if job.type == "CronJob":
        for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
            kept = job[f"spec.{field}"]
            if kept != None and count(kept) > 10 and job.absent("spec.jobTemplate.spec.ttlSecondsAfterFinished"):
                yield job.fails(f"it keeps {kept} finished jobs, each for ever", at=f"spec.{field}")
        return
    owned = job["metadata.ownerReferences"] and controller_of(job) != None
    hook = any(annotation(job, mark) != None for mark in _CLEANED)
    if not owned and not hook and job.absent("spec.ttlSecondsAfterFinished"):
        yield job.fails("ttlSecondsAfterFinished is not set", at="spec.ttlSecondsAfterFinished")


require(
    "k8s-disruption-budget-no-unhealthy-policy",
    on="PodDisruptionBudget",
    path="spec.unhealthyPodEvictionPolicy",
    equals="AlwaysAllow",
    severity=INFO,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kube-linter:pdb-unhealthy-pod-eviction-policy"],
    title="Disruption budgets let unhealthy pods go.",
    why="By default a pod that never became ready blocks the drain of its node.",
)


@rule(
    on=("Deployment", "StatefulSet"),
    severity=INFO,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kube-linter:no-node-affinity"],
)
def k8s_no_node_affinity(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Workloads say which nodes suit them.

    ## Why
    On a cluster of unlike nodes a pod may land where its processor, its disk or its licence is missing.

    ## Fix
    Add `nodeAffinity` or a `nodeSelector`, where nodes differ.
    """
    for pod in _pod(r, graph):
        if not pod["nodeSelector"] and pod.absent("affinity.nodeAffinity"):
            yield pod.fails("it names no nodes that suit it", at="nodeSelector")
