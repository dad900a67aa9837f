"""API versions that a cluster no longer serves."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, Finding, Graph, Resource, rule

_REMOVED: dict[str, dict[str, tuple[str, ...]]] = {
    "1.16": {
        "extensions/v1beta1": ("Deployment", "DaemonSet", "ReplicaSet", "NetworkPolicy", "PodSecurityPolicy"),
        "apps/v1beta1": ("Deployment", "StatefulSet", "ReplicaSet"),
        "apps/v1beta2": ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"),
    },
    "1.22": {
        "extensions/v1beta1": ("Ingress",),
        "networking.k8s.io/v1beta1": ("Ingress", "IngressClass"),
        "apiextensions.k8s.io/v1beta1": ("CustomResourceDefinition",),
        "apiregistration.k8s.io/v1beta1": ("APIService",),
        "admissionregistration.k8s.io/v1beta1": ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
        "certificates.k8s.io/v1beta1": ("CertificateSigningRequest",),
        "coordination.k8s.io/v1beta1": ("Lease",),
        "rbac.authorization.k8s.io/v1alpha1": ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
        "rbac.authorization.k8s.io/v1beta1": ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
        "scheduling.k8s.io/v1beta1": ("PriorityClass",),
        "storage.k8s.io/v1beta1": ("StorageClass", "CSIDriver", "CSINode", "VolumeAttachment"),
    },
    "1.25": {
        "batch/v1beta1": ("CronJob",),
        "discovery.k8s.io/v1beta1": ("EndpointSlice",),
        "events.k8s.io/v1beta1": ("Event",),
        "autoscaling/v2beta1": ("HorizontalPodAutoscaler",),
        "policy/v1beta1": ("PodDisruptionBudget", "PodSecurityPolicy"),
        "node.k8s.io/v1beta1": ("RuntimeClass",),
    },
    "1.26": {
        "autoscaling/v2beta2": ("HorizontalPodAutoscaler",),
        "flowcontrol.apiserver.k8s.io/v1beta1": ("FlowSchema", "PriorityLevelConfiguration"),
    },
    "1.27": {"storage.k8s.io/v1beta1": ("CSIStorageCapacity",)},
    "1.29": {"flowcontrol.apiserver.k8s.io/v1beta2": ("FlowSchema", "PriorityLevelConfiguration")},
    "1.32": {"flowcontrol.apiserver.k8s.io/v1beta3": ("FlowSchema", "PriorityLevelConfiguration")},
}
_GONE = {
    (version, kind): release
    for release, table in _REMOVED.items()
    for version, kinds in table.items()
    for kind in kinds
}


@rule(
    on=sorted({kind for _, kind in _GONE}),
    severity=HIGH,
    params={"target": "1.34"},
    controls=["nist-800-53r5:SI-10"],
    equivalents=["kics:94b76ea5", "AVD-KSV-0107", "kube-linter:no-extensions-v1beta"],
)
def k8s_removed_api_version(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Objects speak an API version that the cluster serves.

    ## Why
    The API server refuses the object, and the upgrade of the cluster ends with the pipeline.

    ## Fix
    Move to the version named in the API's own migration guide. The parameter `target` is the release of your clusters.
    """
    release = _GONE.get((f"{r['apiVersion']}", r.type))
    if release != None and _number(release) <= _number(params["target"]):
        yield r.fails(f"{r['apiVersion']} is not served since Kubernetes {release}", at="apiVersion")


def _number(release: str) -> tuple[int, int]:
    major, _, minor = release.partition(".")
    return int(major), int(minor.partition(".")[0])
