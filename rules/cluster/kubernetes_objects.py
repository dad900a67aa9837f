"""Where objects are put, how they are labelled, and what should not run in a cluster at all."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, INFO, LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.kubernetes.relations import annotation, label, system_namespace
from assay.kubernetes.workloads import PODS, containers, pods, unowned


@rule(
    on="Namespace",
    severity=MEDIUM,
    controls=["cis-kubernetes-1.12:5.2.1", "nist-800-53r5:CM-6"],
    equivalents=["kubescape:C-0192"],
)
def k8s_namespace_no_pod_security(namespace: Resource) -> Iterator[Finding]:
    """Namespaces enforce a Pod Security Standard.

    ## Why
    Without the label any pod is admitted, a privileged one with the node's root directory included.

    ## Fix
    Label the namespace `pod-security.kubernetes.io/enforce: restricted`, or `baseline`.
    """
    if f"{namespace['metadata.name']}".startswith("kube-"):
        return
    level = label(namespace, "pod-security.kubernetes.io/enforce")
    if level in (None, "privileged"):
        said = "enforces no Pod Security Standard" if level == None else "admits privileged pods"
        yield namespace.fails(f"the namespace {said}", at="metadata.labels")


@rule(
    on="Namespace",
    severity=LOW,
    sources=("manifest", "cluster"),
    params={"keys": ["cost-center", "cost_center", "costCenter", "cost-centre"]},
    controls=["nist-800-53r5:CM-6"],
)
def k8s_unpinned_cluster_labels(namespace: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Namespaces name their cost centre.

    ## Why
    A cluster's bill is one line. What each team uses of it can be told only where its namespaces say whose they are.

    ## Fix
    Add the label, on every cluster the same; the parameter `keys` lists the names that count.
    """
    name = namespace["metadata.name"]
    if name == "default" or f"{name}".startswith("kube-"):
        return
    if all(label(namespace, key) in (None, "") for key in params["keys"]):
        yield namespace.fails(f"none of the labels {', '.join(params['keys'])} is set", at="metadata.labels")


_PLACED = (
    "Service", "ConfigMap", "Secret", "Ingress", "ServiceAccount", "Role", "RoleBinding", "PersistentVolumeClaim",
    "NetworkPolicy", "HorizontalPodAutoscaler", "PodDisruptionBudget",
)  # fmt: skip
_MADE = ("kubernetes", "kube-root-ca.crt", "default")  # what Kubernetes itself puts into the namespace `default`


@rule(
    on=(*PODS, *_PLACED),
    each=unowned,
    severity=LOW,
    controls=["cis-kubernetes-1.23:5.7.4", "nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_21",
        "kics:abcb818b",
        "AVD-KSV-0110",
        "kube-linter:use-namespace",
        "kubescape:C-0061",
        "kubescape:C-0212",
    ],
)
def k8s_default_namespace(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Objects have a namespace of their own.

    ## Why
    In `default` everything lies together: no role, quota or policy can tell one application from another.

    ## Fix
    Name a namespace in `metadata.namespace`, or in the kustomization.
    """
    if r["metadata.namespace"] in (None, "", "default") and r.name not in _MADE:
        yield r.fails("it goes to the namespace default", at="metadata.namespace")


@rule(
    on=(*PODS, "Service"),
    each=unowned,
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-6"],
    equivalents=["kics:611ab018", "AVD-KSV-0037"],
)
def k8s_system_namespace(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Applications stay out of Kubernetes' own namespaces.

    ## Why
    Policies and quotas exempt `kube-system`, and its service accounts may do more: what runs there has left the fence.

    ## Fix
    Move it to a namespace of its own. What belongs to the cluster carries `k8s-app`, `component` or `tier:
    control-plane`.
    """
    if not system_namespace(r):
        return
    marks = ("k8s-app", "component", "tier", "kubernetes.io/cluster-service", "addonmanager.kubernetes.io/mode")
    if all(label(r, mark) == None for mark in marks) and annotation(r, "kubernetes.io/config.source") == None:
        yield r.fails(f"it is placed in {r['metadata.namespace']}", at="metadata.namespace")


@rule(
    on=(*PODS, "Service"),
    each=unowned,
    severity=HIGH,
    controls=["nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_33", "kics:d2ad057f", "kubescape:C-0014"],
)
def k8s_dashboard_deployed(r: Resource, graph: Graph) -> Iterator[Finding]:
    """The Kubernetes dashboard does not run in the cluster.

    ## Why
    It is a web page with the rights of its service account, has been the way in more than once, and is archived.

    ## Fix
    Remove it; use kubectl, or a client on the desk with the user's own rights.
    """
    named = [label(r, key) for key in ("k8s-app", "app", "app.kubernetes.io/name")]
    images = [c["image"] for c in containers(r, graph)]
    shown = any("kubernetesui/dashboard" in f"{i}" or "kubernetes-dashboard" in f"{i}" for i in images)
    if "kubernetes-dashboard" in named or shown:
        yield r.fails("the Kubernetes dashboard runs here")


@rule(
    on=(*PODS, "Service"),
    each=unowned,
    severity=HIGH,
    controls=["nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_34",
        "CKV_K8S_44",
        "CKV_K8S_45",
        "kics:ca2fba76",
        "kics:e17fa86a",
        "kics:6d173be7",
        "kics:8b862ca9",
        "AVD-KSV-0102",
    ],
)
def k8s_tiller_deployed(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Helm 2's Tiller does not run in the cluster.

    ## Why
    Tiller does whatever anybody in the cluster asks, usually as cluster-admin, and has had no release since 2020.

    ## Fix
    Move the releases to Helm 3 and delete the Tiller Deployment and Service.
    """
    images = [c["image"] for c in containers(r, graph)]
    marks = [label(r, "name"), *(pod.labels.get("name") for pod in pods(r, graph))]
    if r.type == "Service":
        marks.append((r["spec.selector"] or {}).get("name"))
    if "tiller" in marks or r.name == "tiller-deploy" or any("tiller" in f"{i}" for i in images):
        yield r.fails("Tiller runs here")


@rule(
    on="DaemonSet",
    severity=HIGH,
    sources=("manifest", "cluster"),
    controls=["nist-800-53r5:CM-6"],
    equivalents=["kics:03aabc8c", "kubescape:C-0205"],
)
def k8s_cni_no_network_policy(agent: Resource, graph: Graph) -> Iterator[Finding]:
    """The network plug-in enforces NetworkPolicies.

    ## Why
    Flannel alone, and the VPC plug-in with its agent switched off, accept a NetworkPolicy and do nothing: every pod
    still
    reaches every other.

    ## Fix
    Use Calico, Cilium or Canal, or set `--enable-network-policy=true` on the VPC plug-in's agent.
    """
    images = [f"{c['image']}" for c in containers(agent, graph)]
    enforcing = any(word in i for i in images for word in ("calico", "cilium", "kube-router", "canal"))
    if any("flannel" in i for i in images) and not enforcing:
        others = [c for d in graph.beside(agent, "DaemonSet") for c in containers(d, graph)]
        if not any(word in f"{c['image']}" for c in others for word in ("calico", "cilium", "kube-router")):
            yield agent.fails("flannel does not enforce NetworkPolicies")
    for c in containers(agent, graph):
        if "network-policy-agent" in f"{c['image']}" and "--enable-network-policy=false" in (c["args"] or []):
            yield c.fails("the network policy agent is switched off", at="args")


@rule(on="CronJob", severity=INFO, controls=["nist-800-53r5:SI-4"], equivalents=["kubescape:C-0026"])
def k8s_cronjob_review(job: Resource) -> Iterator[Finding]:
    """Somebody knows of every CronJob.

    ## Why
    An intruder who wants to come back leaves a job that starts every night: few people look through them.

    ## Fix
    Look at the image, the command and the account; waive this for the jobs that are yours, with the name of who runs
    them.
    """
    schedule = job["spec.schedule"]
    yield job.fails(f"it starts at {schedule}: is it yours?", at="spec.schedule", key="schedule")
