"""5,000 pods from the first call to the report: processor time and memory of `assay audit cluster` over HTTP.

    python benchmarks/cluster.py [PODS]

The replay server of the tests answers from another process, so what is counted is Assay's own. Budget (5,000 pods):
under 3 s of processor time and 250 MiB.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from multiprocessing import Process, Queue
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE / "tests" / "tools"), str(HERE / "scanner")]

from replay_cluster import Cluster, ReplayServer, kubeconfig  # noqa: E402

REPLICAS = 20
SECONDS, MEBIBYTES = 3.0, 250


def container(name: str) -> dict[str, Any]:
    return {
        "name": name, "image": f"registry.example/team/{name}@sha256:{'a' * 64}", "imagePullPolicy": "IfNotPresent",
        "env": [{"name": f"SETTING_{i}", "value": f"value-{i}"} for i in range(12)],
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "livenessProbe": {"httpGet": {"path": "/live", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 5},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "kube-api-access"}],
    }  # fmt: skip


def meta(name: str, owner: tuple[str, str] | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "namespace": "shop", "uid": f"uid-{name}", **more}
    found["creationTimestamp"] = "2026-11-20T08:00:00Z"
    found["managedFields"] = [
        {"manager": "kubelet", "operation": "Update", "fieldsV1": {f"f:{i}": {} for i in range(40)}}
    ]
    if owner:
        kind, of = owner
        reference = {"apiVersion": "apps/v1", "kind": kind, "name": of, "uid": f"uid-{of}", "controller": True}
        found["ownerReferences"] = [reference]
    return found


def workload(number: int, replicas: int) -> list[dict[str, Any]]:
    """A Deployment, its ReplicaSet and its pods."""
    name = f"app-{number:04}"
    labels = {"app": name, "app.kubernetes.io/part-of": "shop"}
    spec = {"containers": [container("main"), container("proxy")], "serviceAccountName": name,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}  # fmt: skip
    template = {"metadata": {"labels": labels}, "spec": spec}
    scale = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    counts = {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas, "observedGeneration": 1}
    found = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name), "spec": scale, "status": counts},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta(f"{name}-rs", ("Deployment", name)),
         "spec": scale, "status": counts},
    ]  # fmt: skip
    return found + [pod(f"{name}-rs-{i:02}", f"{name}-rs", labels, spec, i) for i in range(replicas)]


def pod(name: str, replica_set: str, labels: dict[str, str], spec: dict[str, Any], i: int) -> dict[str, Any]:
    running = {"ready": True, "restartCount": 0, "started": True, "image": "x", "lastState": {},
               "imageID": f"registry.example/x@sha256:{'b' * 64}",
               "state": {"running": {"startedAt": "2026-11-20T08:00:05Z"}}}  # fmt: skip
    conditions = [
        {"type": t, "status": "True", "lastTransitionTime": "2026-11-20T08:00:05Z"}
        for t in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": meta(name, ("ReplicaSet", replica_set), labels=labels),
        "spec": {**spec, "nodeName": f"node-{i % 50:02}", "tolerations": [{"key": "node.kubernetes.io/not-ready",
                 "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "qosClass": "Burstable", "conditions": conditions,
                   "containerStatuses": [{"name": n, **running} for n in ("main", "proxy")]},
    }  # fmt: skip


def objects(pods: int) -> list[dict[str, Any]]:
    ready = [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-01T00:00:00Z"}]
    found: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{n:02}", "uid": f"uid-node-{n}"},
         "status": {"conditions": ready, "nodeInfo": {"kubeletVersion": "v1.34.0"}}} for n in range(50)
    ]  # fmt: skip
    found.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "uid": "uid-shop"}})
    for number in range(pods // REPLICAS):
        found += workload(number, REPLICAS)
    return found


def serve(pods: int, queue: Queue[str]) -> None:
    with ReplayServer(Cluster(objects(pods))) as server:
        queue.put(server.url)
        queue.cancel_join_thread()
        import threading

        threading.Event().wait()


def main() -> int:
    pods = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    queue: Queue[str] = Queue()
    server = Process(target=serve, args=(pods, queue), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        config = kubeconfig(Path(folder) / "config", {"bench": queue.get()})
        environment = dict(os.environ, KUBECONFIG=str(config), PYTHONPATH=str(HERE / "scanner"))
        command = [sys.executable, "-m", "assay", "audit", "cluster", "-o", f"json={folder}/report.json", "--timings"]
        done = subprocess.run(command, env=environment, cwd=folder, check=False, capture_output=True, text=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        report = json.loads(Path(folder, "report.json").read_text(encoding="utf-8"))
    server.terminate()
    spent, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    summary = report["summary"]
    print(
        f"exit {done.returncode}; {', '.join(f'{summary[k]} {k}' for k in ('resources', 'rules', 'fail', 'unknown'))}"
    )
    print("\n".join(done.stderr.splitlines()[:12]))
    print(f"{pods} pods: {spent:.2f} s CPU, {peak:.0f} MiB; the budget for 5000 is {SECONDS:g} s, {MEBIBYTES} MiB")
    return int(pods == 5000 and (spent > SECONDS or peak > MEBIBYTES))


if __name__ == "__main__":
    raise SystemExit(main())
