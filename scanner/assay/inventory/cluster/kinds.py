"""What is listed of a cluster: the kinds that rules and analyses ask about, and the ClusterRole that allows it."""

from __future__ import annotations

from typing import Any

KINDS: dict[str, tuple[str, ...]] = {
    "": ("Namespace", "Node", "Pod", "Service", "ServiceAccount", "ConfigMap", "Secret", "Event",
         "PersistentVolumeClaim", "PersistentVolume", "ReplicationController", "ResourceQuota", "LimitRange"),
    "apps": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    "batch": ("Job", "CronJob"),
    "autoscaling": ("HorizontalPodAutoscaler",),
    "policy": ("PodDisruptionBudget",),
    "networking.k8s.io": ("Ingress", "IngressClass", "NetworkPolicy"),
    "policy.networking.k8s.io": ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy"),
    "discovery.k8s.io": ("EndpointSlice",),
    "coordination.k8s.io": ("Lease",),
    "storage.k8s.io": ("StorageClass",),
    "rbac.authorization.k8s.io": ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
    "admissionregistration.k8s.io": ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
    "cilium.io": ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
    "external-secrets.io": ("ExternalSecret", "SecretStore", "ClusterSecretStore"),
    "cert-manager.io": ("Certificate",),
    "gateway.networking.k8s.io": ("Gateway", "HTTPRoute"),
    "multicluster.x-k8s.io": ("ServiceExport", "ServiceImport"),
    "argoproj.io": ("Rollout",),
    "apps.openshift.io": ("DeploymentConfig",),
    "keda.sh": ("ScaledObject",),
    "monitoring.coreos.com": ("Prometheus", "ServiceMonitor"),
}  # fmt: skip
"""API group -> kinds. A group that the server does not have holds nothing."""

METADATA_ONLY = frozenset({"Secret"})
SELECTED: dict[str, dict[str, str]] = {"Event": {"fieldSelector": "type=Warning"}}
NAMESPACE = {"Lease": "kube-node-lease"}
"""Kinds that are listed in one namespace only: the nodes' heartbeats, not every controller's leader election."""
ROLE = "assay-auditor"


def plural(kind: str) -> str:
    """The resource name of a kind of the table (`NetworkPolicy` -> `networkpolicies`)."""
    low = kind.lower()
    if low.endswith("y") and low[-2] not in "aeiou":
        return f"{low[:-1]}ies"
    return f"{low}es" if low.endswith("s") else f"{low}s"


def cluster_role(*, cadvisor: bool = False) -> dict[str, Any]:
    """The least ClusterRole an audit needs: list of every kind, without Secrets, whose list would give their data.

    RBAC cannot allow metadata alone. An audit that may list Secrets asks for their metadata only.
    """
    rules = [
        {"apiGroups": [group], "resources": sorted(plural(k) for k in kinds if k not in METADATA_ONLY),
         "verbs": ["list"]}
        for group, kinds in KINDS.items()
    ]  # fmt: skip
    if cadvisor:
        rules.append({"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]})
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": ROLE},
        "rules": rules,
    }  # fmt: skip
