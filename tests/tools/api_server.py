"""What an API server keeps of an object that was applied: its defaults filled in, and what its controllers make of it.

The defaults are those of Kubernetes' API reference (v1.34): of pods, containers, probes, workloads, services, policies.
"""

from __future__ import annotations

import copy
from hashlib import sha256
from typing import Any

Object = dict[str, Any]

CLUSTER_WIDE = {
    "APIService", "ClusterRole", "ClusterRoleBinding", "ClusterSecretStore", "CSIDriver", "CSINode", "IngressClass",
    "CiliumClusterwideNetworkPolicy", "CustomResourceDefinition", "MutatingWebhookConfiguration", "Namespace", "Node",
    "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy", "FlowSchema", "PriorityLevelConfiguration", "VolumeAttachment", "PodSecurityPolicy",
}  # fmt: skip
_POD = {
    "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {},
    "schedulerName": "default-scheduler",
}  # fmt: skip
_CONTAINER = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "resources": {}}
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_QUARTER = {"maxUnavailable": "25%", "maxSurge": "25%"}
_SPEC: dict[str, Object] = {
    "Deployment": {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
                   "strategy": {"type": "RollingUpdate", "rollingUpdate": _QUARTER}},
    "StatefulSet": {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady",
                    "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
    "DaemonSet": {"revisionHistoryLimit": 10,
                  "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}},
    "Job": {"backoffLimit": 6, "completions": 1, "parallelism": 1, "completionMode": "NonIndexed", "suspend": False},
    "CronJob": {"concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 1},
    "Service": {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"},
    "HorizontalPodAutoscaler": {"minReplicas": 1},
}  # fmt: skip


def kept(applied: list[Object]) -> list[Object]:
    """The objects of a cluster to which these were applied, the pods of its workloads among them."""
    found: list[Object] = []
    for one in applied:
        o = _defaulted(one)
        found.append(o)
        found += _children(o)
    return found


def _defaulted(applied: Object) -> Object:
    o = copy.deepcopy(applied)
    meta = o.setdefault("metadata", {})
    if o["kind"] not in CLUSTER_WIDE:
        meta.setdefault("namespace", "default")
    name = meta.setdefault("name", f"{meta.pop('generateName', 'unnamed-')}x7k2p")
    meta.update(uid=_uid(o["kind"], meta.get("namespace"), name), resourceVersion="4711")
    meta["creationTimestamp"] = "2026-06-01T08:00:00Z"
    if not isinstance(o.get("spec"), dict):
        return o
    for key, value in _SPEC.get(o["kind"], {}).items():
        o["spec"].setdefault(key, copy.deepcopy(value))
    if o["kind"] == "Deployment" and o["spec"]["strategy"].get("type") == "Recreate":
        o["spec"]["strategy"].pop("rollingUpdate", None)
    if o["kind"] == "NetworkPolicy":
        o["spec"].setdefault("policyTypes", ["Ingress", *(["Egress"] if o["spec"].get("egress") else [])])
    if o["kind"] == "Service":
        for port in o["spec"].get("ports") or ():
            port.setdefault("protocol", "TCP")
            port.setdefault("targetPort", port["port"])
    if (pod := _pod_spec(o)) is not None:
        _fill(pod)
        if o["kind"] == "Pod":
            _admit(pod)
    return o


def _pod_spec(o: Object) -> Object | None:
    spec = o["spec"]
    if o["kind"] == "Pod":
        return spec  # type: ignore[no-any-return]
    if o["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    template = spec.get("template")
    return template.get("spec") if isinstance(template, dict) and isinstance(template.get("spec"), dict) else None


def _fill(pod: Object) -> None:
    for key, value in _POD.items():
        pod.setdefault(key, copy.deepcopy(value))
    if "serviceAccountName" in pod:
        pod["serviceAccount"] = pod["serviceAccountName"]
    elif "serviceAccount" in pod:
        pod["serviceAccountName"] = pod["serviceAccount"]
    for container in [*(pod.get("initContainers") or ()), *(pod.get("containers") or ())]:
        for key, value in _CONTAINER.items():
            container.setdefault(key, copy.deepcopy(value))
        image = str(container.get("image", ""))
        newest = "@" not in image and (":" not in image.rpartition("/")[2] or image.endswith(":latest"))
        container.setdefault("imagePullPolicy", "Always" if newest else "IfNotPresent")
        for port in container.get("ports") or ():
            port.setdefault("protocol", "TCP")
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if isinstance(container.get(probe), dict):
                for key, value in _PROBE.items():
                    container[probe].setdefault(key, value)
                if isinstance(get := container[probe].get("httpGet"), dict):
                    get.setdefault("scheme", "HTTP")
                    get.setdefault("path", "/")
    for volume in pod.get("volumes") or ():
        for source, mode in (("secret", "defaultMode"), ("configMap", "defaultMode"), ("projected", "defaultMode")):
            if isinstance(volume.get(source), dict):
                volume[source].setdefault(mode, 420)
        if isinstance(path := volume.get("hostPath"), dict):
            path.setdefault("type", "")


def _admit(pod: Object) -> None:
    """What admission and the scheduler add to a pod: its account, its token, its node."""
    pod.setdefault("serviceAccountName", "default")
    pod["serviceAccount"] = pod["serviceAccountName"]
    pod.setdefault("enableServiceLinks", True)
    pod.update(preemptionPolicy="PreemptLowerPriority", priority=0)
    pod.setdefault("nodeName", "node-1")
    if pod.get("automountServiceAccountToken") is not False:
        token = {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
        volume = {"name": "kube-api-access-x7k2p", "projected": {"sources": [token], "defaultMode": 420}}
        pod["volumes"] = [*(pod.get("volumes") or ()), volume]
        for container in [*(pod.get("initContainers") or ()), *(pod.get("containers") or ())]:
            path = "/var/run/secrets/kubernetes.io/serviceaccount"
            mount = {"name": volume["name"], "readOnly": True, "mountPath": path}
            container["volumeMounts"] = [*(container.get("volumeMounts") or ()), mount]


def _children(o: Object) -> list[Object]:
    """The ReplicaSet, Jobs and pods that controllers make."""
    kind, spec = o["kind"], o.get("spec")
    if kind not in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job") or not isinstance(spec, dict):
        return []
    template = copy.deepcopy(spec.get("template"))
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        return []
    if kind == "Deployment":
        own = {k: copy.deepcopy(spec[k]) for k in ("replicas", "selector") if k in spec}
        made = _child(o, "apps/v1", "ReplicaSet", "5d8c9f", {**own, "template": template}, template.get("metadata"))
        return [made, *_children(made)]
    if spec.get("replicas") == 0:
        return []
    pod = _child(o, "v1", "Pod", "x7k2p", template["spec"], template.get("metadata"))
    _admit(pod["spec"])
    pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return [pod]


def _child(owner: Object, version: str, kind: str, suffix: str, spec: Object, template: Object | None) -> Object:
    meta = owner["metadata"]
    name = f"{meta['name']}-{suffix}"
    own = {k: copy.deepcopy(v) for k, v in (template or {}).items() if k in ("labels", "annotations")}
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": meta["name"], "uid": meta["uid"],
                 "controller": True, "blockOwnerDeletion": True}  # fmt: skip
    return {
        "apiVersion": version, "kind": kind, "spec": copy.deepcopy(spec),
        "metadata": {**own, "name": name, "namespace": meta["namespace"], "uid": _uid(kind, meta["namespace"], name),
                     "resourceVersion": "4712", "creationTimestamp": meta["creationTimestamp"],
                     "ownerReferences": [reference]},
    }  # fmt: skip


def _uid(*names: str | None) -> str:
    text = sha256("/".join(str(n) for n in names).encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"
