"""Requests, limits and probes: what the scheduler and the kubelet need to know of a container."""

from collections.abc import Iterator

from assay import INFO, LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.kubernetes.relations import inside, neighbours, services_of
from assay.kubernetes.workloads import PODS, Container, Pod, containers, pods, running_containers, sized_containers


def _given(c: Container, graph: Graph, kind: str, resource: str) -> bool:
    """True when the container, its pod or the namespace's LimitRange gives the amount."""
    if not c.absent(f"resources.{kind}.{resource}") or not c.pod.absent(f"resources.{kind}.{resource}"):
        return True
    if kind == "requests" and not c.absent(f"resources.limits.{resource}"):
        return True  # the request is then the limit
    fields = ("defaultRequest", "default") if kind == "requests" else ("default",)
    return any(
        limit["type"] == "Container" and not limit.absent(f"{field}.{resource}")
        for limits in neighbours(c, "LimitRange", graph)
        for limit in limits.each("spec.limits")
        for field in fields
    )


@rule(
    on=PODS,
    each=sized_containers,
    severity=LOW,
    controls=["nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_10",
        "kics:577ac19c",
        "kics:ca469dd4",
        "AVD-KSV-0015",
        "prowler:core_cpu_requests_set",
        "kubescape:C-0268",
    ],
)
def k8s_no_cpu_request(c: Container, graph: Graph) -> Iterator[Finding]:
    """Containers request the CPU they need.

    ## Why
    The scheduler puts a pod without a request anywhere, and the kernel serves it last when the node is busy.

    ## Fix
    Set `resources.requests.cpu` to what the container uses on an ordinary day.
    """
    if not _given(c, graph, "requests", "cpu"):
        yield c.fails(f"{c} requests no CPU", at="resources.requests.cpu")


@rule(
    on=PODS,
    each=sized_containers,
    severity=INFO,
    controls=["nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_11",
        "kics:5f4735ce",
        "kics:4ac0e2b7",
        "AVD-KSV-0011",
        "prowler:core_cpu_limits_set",
        "kube-linter:unset-cpu-requirements",
        "kubescape:C-0050",
        "kubescape:C-0270",
    ],
)
def k8s_no_cpu_limit(c: Container, graph: Graph) -> Iterator[Finding]:
    """Containers have a CPU limit, where the organisation wants one.

    ## Why
    Without a limit one container may take all of the node that others did not request. With one it is throttled
    although the node is idle, so many leave it out on purpose: waive or ignore the rule then.

    ## Fix
    Set `resources.limits.cpu`.
    """
    if not _given(c, graph, "limits", "cpu"):
        yield c.fails(f"{c} has no CPU limit", at="resources.limits.cpu")


@rule(
    on=PODS,
    each=sized_containers,
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_13",
        "CKV_K8S_12",
        "kics:21719347",
        "kics:229588ef",
        "AVD-KSV-0016",
        "prowler:core_memory_requests_set",
        "kubescape:C-0269",
    ],
)
def k8s_no_memory_request(c: Container, graph: Graph) -> Iterator[Finding]:
    """Containers request the memory they need.

    ## Why
    A pod without a request is the first to be evicted when its node runs out of memory.

    ## Fix
    Set `resources.requests.memory`.
    """
    if not _given(c, graph, "requests", "memory"):
        yield c.fails(f"{c} requests no memory", at="resources.requests.memory")


@rule(
    on=PODS,
    each=sized_containers,
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_12",
        "CKV_K8S_13",
        "kics:fd097ed0",
        "kics:b14d1bc4",
        "kics:60af03ff",
        "AVD-KSV-0018",
        "prowler:core_memory_limits_set",
        "kube-linter:unset-memory-requirements",
        "kubescape:C-0004",
        "kubescape:C-0271",
    ],
)
def k8s_no_memory_limit(c: Container, graph: Graph) -> Iterator[Finding]:
    """Containers have a memory limit.

    ## Why
    Memory cannot be throttled: a leak takes the node's last page, and the kernel then kills whatever it finds.

    ## Fix
    Set `resources.limits.memory`, or a default in the namespace's LimitRange.
    """
    if not _given(c, graph, "limits", "memory"):
        yield c.fails(f"{c} has no memory limit", at="resources.limits.memory")


def _serves(pod: Pod) -> bool:
    """True for pods that are to run on: no jobs, and nothing that ends by itself."""
    return pod.resource.type not in ("Job", "CronJob") and pod["restartPolicy"] in (None, "Always")


@rule(
    on=PODS,
    each=running_containers,
    severity=LOW,
    controls=["nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_8",
        "kics:5b6d53dd",
        "kics:ade74944",
        "prowler:core_liveness_probe_configured",
        "kube-linter:no-liveness-probe",
        "kubescape:C-0056",
    ],
)
def k8s_no_liveness_probe(c: Container) -> Iterator[Finding]:
    """Containers that run on say whether they are alive.

    ## Why
    A process that hangs looks healthy to Kubernetes until a probe asks it.

    ## Fix
    Add a `livenessProbe` that fails only when a restart would help.
    """
    if _serves(c.pod) and c.absent("livenessProbe"):
        yield c.fails(f"{c} has no liveness probe", at="livenessProbe")


@rule(
    on=PODS,
    each=pods,
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_9",
        "kics:8657197e",
        "kics:a659f3b5",
        "prowler:core_readiness_probe_configured",
        "kube-linter:no-readiness-probe",
        "kubescape:C-0018",
    ],
)
def k8s_no_readiness_probe(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Containers behind a Service say when they can serve.

    ## Why
    Without a readiness probe a pod gets requests while it still starts, and after it lost its database: each rollout
    then drops some.

    ## Fix
    Add a `readinessProbe` to the container that listens on the Service's target port.
    """
    if not _serves(pod) or not services_of(pod, graph):
        return
    running = [c for c in pod.containers if c.runs_on]
    targets = [p["targetPort"] or p["port"] for s in services_of(pod, graph) for p in s.each("spec.ports")]
    listening = [
        c for c in running if any(p["containerPort"] in targets or p["name"] in targets for p in c.each("ports"))
    ]
    for c in listening or running[:1]:
        if c.absent("readinessProbe"):
            yield c.fails(f"{c} has no readiness probe", at="readinessProbe")


@rule(on="Namespace", severity=LOW, controls=["nist-800-53r5:CM-6"], equivalents=["kics:48a5beba", "AVD-KSV-0040"])
def k8s_namespace_no_quota(namespace: Resource, graph: Graph) -> Iterator[Finding]:
    """Namespaces have a ResourceQuota.

    ## Why
    One namespace can otherwise take the cluster: by a mistake in a number of replicas, or on purpose.

    ## Fix
    Add a ResourceQuota for CPU, memory and the number of pods.
    """
    if not _own(namespace) and not inside(namespace, "ResourceQuota", graph):
        yield namespace.fails("the namespace has no ResourceQuota")


@rule(on="Namespace", severity=LOW, controls=["nist-800-53r5:CM-6"], equivalents=["kics:4a20ebac", "AVD-KSV-0039"])
def k8s_namespace_no_limit_range(namespace: Resource, graph: Graph) -> Iterator[Finding]:
    """Namespaces whose containers have no limits of their own have a LimitRange.

    ## Why
    It is what gives a limit to the container whose author forgot it.

    ## Fix
    Add a LimitRange with defaults for CPU and memory, or limits to every container.
    """
    if _own(namespace) or inside(namespace, "LimitRange", graph):
        return
    for type_ in PODS:
        for r in inside(namespace, type_, graph):
            if any(c.absent("resources.limits.memory") for c in containers(r, graph)):
                yield namespace.fails(f"the namespace has no LimitRange, and {r} has a container without limits")
                return


def _own(namespace: Resource) -> bool:
    """True for Kubernetes' own namespaces."""
    return f"{namespace['metadata.name']}".startswith("kube-")
