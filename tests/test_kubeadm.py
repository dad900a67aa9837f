"""What kubeadm is told, in its documents and in the ConfigMaps of a cluster, judged as the flags of what it starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from assay.cli import main
from replay_cluster import Cluster, ReplayServer, kubeconfig

CONTROL_PLANE = "k8s-apiserver-*,k8s-admission-*,k8s-etcd-*,k8s-control*,k8s-audit-*"
# What `kubeadm init` writes into the static pods of a cluster about which nothing was said (v1.34).
API_SERVER = {
    "advertise-address": "10.0.0.4", "allow-privileged": "true", "authorization-mode": "Node,RBAC",
    "client-ca-file": "/etc/kubernetes/pki/ca.crt", "enable-admission-plugins": "NodeRestriction",
    "enable-bootstrap-token-auth": "true", "etcd-cafile": "/etc/kubernetes/pki/etcd/ca.crt",
    "etcd-certfile": "/etc/kubernetes/pki/apiserver-etcd-client.crt",
    "etcd-keyfile": "/etc/kubernetes/pki/apiserver-etcd-client.key", "etcd-servers": "https://127.0.0.1:2379",
    "kubelet-client-certificate": "/etc/kubernetes/pki/apiserver-kubelet-client.crt",
    "kubelet-client-key": "/etc/kubernetes/pki/apiserver-kubelet-client.key",
    "kubelet-preferred-address-types": "InternalIP,ExternalIP,Hostname",
    "proxy-client-cert-file": "/etc/kubernetes/pki/front-proxy-client.crt",
    "proxy-client-key-file": "/etc/kubernetes/pki/front-proxy-client.key",
    "requestheader-allowed-names": "front-proxy-client", "secure-port": "6443",
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": "/etc/kubernetes/pki/sa.pub",
    "service-account-signing-key-file": "/etc/kubernetes/pki/sa.key", "service-cluster-ip-range": "10.96.0.0/12",
    "tls-cert-file": "/etc/kubernetes/pki/apiserver.crt", "tls-private-key-file": "/etc/kubernetes/pki/apiserver.key",
}  # fmt: skip
MANAGER = {
    "authentication-kubeconfig": "/etc/kubernetes/controller-manager.conf", "bind-address": "127.0.0.1",
    "authorization-kubeconfig": "/etc/kubernetes/controller-manager.conf",
    "client-ca-file": "/etc/kubernetes/pki/ca.crt", "cluster-name": "kubernetes",
    "cluster-signing-cert-file": "/etc/kubernetes/pki/ca.crt", "cluster-signing-key-file": "/etc/kubernetes/pki/ca.key",
    "controllers": "*,bootstrapsigner,tokencleaner", "kubeconfig": "/etc/kubernetes/controller-manager.conf",
    "leader-elect": "true", "root-ca-file": "/etc/kubernetes/pki/ca.crt",
    "service-account-private-key-file": "/etc/kubernetes/pki/sa.key", "use-service-account-credentials": "true",
}  # fmt: skip
SCHEDULER = {
    "authentication-kubeconfig": "/etc/kubernetes/scheduler.conf", "bind-address": "127.0.0.1",
    "authorization-kubeconfig": "/etc/kubernetes/scheduler.conf", "kubeconfig": "/etc/kubernetes/scheduler.conf",
    "leader-elect": "true",
}  # fmt: skip
ETCD = {
    "advertise-client-urls": "https://10.0.0.4:2379", "cert-file": "/etc/kubernetes/pki/etcd/server.crt",
    "client-cert-auth": "true", "data-dir": "/var/lib/etcd", "key-file": "/etc/kubernetes/pki/etcd/server.key",
    "peer-cert-file": "/etc/kubernetes/pki/etcd/peer.crt", "peer-client-cert-auth": "true",
    "peer-key-file": "/etc/kubernetes/pki/etcd/peer.key", "trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt",
    "peer-trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt", "snapshot-count": "10000",
}  # fmt: skip
STARTED = {"kube-apiserver": API_SERVER, "kube-controller-manager": MANAGER, "kube-scheduler": SCHEDULER, "etcd": ETCD}

CLUSTER = {"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "ClusterConfiguration"}
KUBELET = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}


def pod(program: str, flags: dict[str, str]) -> dict[str, Any]:
    words = [program, *(f"--{name}={value}" for name, value in sorted(flags.items()))]
    containers = [{"name": program, "image": f"registry.k8s.io/{program}:v1", "command": words}]
    meta = {"name": f"{program}-n1", "namespace": "kube-system", "uid": program}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": containers}}


def store(name: str, key: str, document: dict[str, Any]) -> dict[str, Any]:
    meta = {"name": name, "namespace": "kube-system", "uid": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {key: yaml.safe_dump(document)}}


def scan(folder: Path, select: str, *documents: dict[str, Any], file: str = "input.yaml") -> list[dict[str, Any]]:
    (folder / file).write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    report = folder.parent / f"{folder.name}.report"
    main(["scan", str(folder), "--select", select, "-o", f"json={report}", "--fail-on", "never", "--no-cache"])
    found: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["findings"]
    return found


def told(findings: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(f["rule"], f["verdict"], f["message"]) for f in findings}


def test_what_kubeadm_starts_by_itself_is_judged_as_the_pods_it_writes(tmp_path: Path) -> None:
    (tmp_path / "pods").mkdir()
    (tmp_path / "told").mkdir()
    pods = scan(tmp_path / "pods", CONTROL_PLANE, *(pod(*one) for one in STARTED.items()))
    assert told(scan(tmp_path / "told", CONTROL_PLANE, CLUSTER)) == told(pods)
    assert {"k8s-apiserver-anonymous-auth", "k8s-control-plane-profiling"} <= {f["rule"] for f in pods}
    assert len({f["fingerprint"] for f in pods}) == len(pods)


ARGUMENTS = {"profiling": "false", "anonymous-auth": "false", "authorization-mode": "AlwaysAllow"}


@pytest.mark.parametrize("listed", [False, True])
def test_extra_arguments_take_the_place_of_the_defaults(tmp_path: Path, listed: bool) -> None:
    given: Any = [{"name": k, "value": v} for k, v in ARGUMENTS.items()] if listed else ARGUMENTS
    document = {**CLUSTER, "apiVersion": f"kubeadm.k8s.io/v1beta{3 + listed}", "apiServer": {"extraArgs": given}}
    (tmp_path / "pods").mkdir()
    (tmp_path / "told").mkdir()
    pods = scan(tmp_path / "pods", "k8s-apiserver-*", pod("kube-apiserver", {**API_SERVER, **ARGUMENTS}))
    found = scan(tmp_path / "told", "k8s-apiserver-*", document)
    assert told(found) == told(pods)
    [mode] = [f for f in found if f["rule"] == "k8s-apiserver-always-allow"]
    line = (tmp_path / "told/input.yaml").read_text(encoding="utf-8").splitlines()[mode["location"]["start_line"] - 1]
    assert "AlwaysAllow" in line


def test_a_flag_of_a_list_given_twice_adds_up(tmp_path: Path) -> None:
    plugins = [{"name": "enable-admission-plugins", "value": v} for v in ("NodeRestriction", "AlwaysPullImages")]
    document = {**CLUSTER, "apiServer": {"extraArgs": plugins}}
    assert scan(tmp_path, "k8s-admission-no-always-pull,k8s-admission-no-node-restriction", document) == []


def test_of_an_etcd_elsewhere_only_the_api_servers_side_is_judged(tmp_path: Path) -> None:
    document = {**CLUSTER, "etcd": {"external": {"endpoints": ["https://10.0.0.7:2379"], "caFile": "/ca.crt"}}}
    found = scan(tmp_path, "k8s-etcd-*,k8s-apiserver-no-etcd-*", document)
    assert {(f["rule"], f["verdict"]) for f in found} == {
        ("k8s-apiserver-no-etcd-certificate", "fail"), ("k8s-etcd-secrets-unencrypted", "fail"),
    }  # fmt: skip


def test_an_environment_of_etcd_counts_where_no_flag_is_given(tmp_path: Path) -> None:
    local = {
        "extraEnvs": [{"name": "ETCD_AUTO_TLS", "value": "true"}, {"name": "ETCD_CLIENT_CERT_AUTH", "value": "false"}]
    }
    found = scan(tmp_path, "k8s-etcd-*tls,k8s-etcd-*auth", {**CLUSTER, "etcd": {"local": local}})
    assert {f["rule"] for f in found} == {"k8s-etcd-auto-tls"}


def test_the_pod_that_runs_wins_over_the_config_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = store("kubeadm-config", "ClusterConfiguration", CLUSTER)
    found = scan(tmp_path, CONTROL_PLANE, kept, pod("kube-apiserver", API_SERVER))
    by = {(f["message"].partition(":")[0], f["resource"]["type"]) for f in found}
    assert ("kube-apiserver", "Pod") in by
    assert ("kube-apiserver", "ConfigMap") not in by
    assert ("kube-controller-manager", "ConfigMap") in by  # which no pod is seen to run
    main(["scan", str(tmp_path), "--select", CONTROL_PLANE, "--fail-on", "never", "--no-cache", "-v"])
    said = "kube-system/ConfigMap/kubeadm-config: pods that were read run kube-apiserver, so they were judged"
    assert capsys.readouterr().out.count(said) == 1


def test_the_pods_of_another_folder_are_another_clusters(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "one/pod.yaml").write_text(yaml.safe_dump(pod("kube-apiserver", API_SERVER)), encoding="utf-8")
    kept = store("kubeadm-config", "ClusterConfiguration", CLUSTER)
    found = scan(tmp_path, "k8s-apiserver-anonymous-auth", kept, file="two/map.yaml")
    assert {f["resource"]["type"] for f in found} == {"Pod", "ConfigMap"}


def test_kubeadm_fills_in_the_configuration_of_kubelets_that_stands_beside_it(tmp_path: Path) -> None:
    rules = "k8s-kubelet-no-client-ca,k8s-kubelet-no-certificate-rotation"
    for name in ("alone", "beside"):
        (tmp_path / name).mkdir()
    written = {**KUBELET, "rotateCertificates": False}
    assert {f["rule"] for f in scan(tmp_path / "alone", rules, written)} == set(rules.split(","))
    assert scan(tmp_path / "beside", rules, CLUSTER, written) == []


IMPLIED = {"k8s-kubelet-kernel-defaults", "k8s-kubelet-no-tls", "k8s-kubelet-no-server-certificate-rotation"}


def test_kubelets_of_which_nothing_is_said_are_as_kubeadm_makes_them(tmp_path: Path) -> None:
    found = scan(tmp_path, "k8s-kubelet-*", CLUSTER)
    assert {f["rule"] for f in found} == IMPLIED
    assert all(f["message"].startswith("kubelets, of which nothing is said: ") for f in found)
    flags = {"kubeletExtraArgs": [{"name": "protect-kernel-defaults", "value": "true"}]}
    node = {**CLUSTER, "kind": "InitConfiguration", "nodeRegistration": flags}
    assert {f["rule"] for f in scan(tmp_path, "k8s-kubelet-*", node, CLUSTER)} == IMPLIED - {
        "k8s-kubelet-kernel-defaults"
    }
    told = {**KUBELET, "protectKernelDefaults": True, "serverTLSBootstrap": True}
    assert scan(tmp_path, "k8s-kubelet-*", CLUSTER, told) == []


def test_a_node_is_judged_by_the_flags_it_is_given_only(tmp_path: Path) -> None:
    flags = [{"name": "read-only-port", "value": "10255"}]
    node = {**CLUSTER, "kind": "JoinConfiguration", "nodeRegistration": {"kubeletExtraArgs": flags}}
    assert {f["rule"] for f in scan(tmp_path, "k8s-kubelet-*", node)} == {"k8s-kubelet-read-only-port"}


def test_a_name_of_a_node_may_be_its_hosts_own(tmp_path: Path) -> None:
    node = {**CLUSTER, "kind": "InitConfiguration", "nodeRegistration": {"name": "node-1"}}
    assert [f["verdict"] for f in scan(tmp_path, "k8s-kubelet-hostname-override", node)] == ["unknown"]


def test_a_config_map_without_yaml_is_unknown(tmp_path: Path) -> None:
    broken = store("kubeadm-config", "ClusterConfiguration", CLUSTER)
    broken["data"]["ClusterConfiguration"] = "apiServer: [\n"
    assert {f["verdict"] for f in scan(tmp_path, "k8s-apiserver-anonymous-auth", broken)} == {"unknown"}


def test_a_live_cluster_tells_by_its_config_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("kubernetes")
    document = {**CLUSTER, "scheduler": {"extraArgs": [{"name": "profiling", "value": "false"}]}}
    objects = [
        store("kubeadm-config", "ClusterConfiguration", document), pod("kube-apiserver", API_SERVER),
        store("kubelet-config", "kubelet", {**KUBELET, "readOnlyPort": 10255}),
        store("kubelet-config-1.22", "kubelet", {**KUBELET, "authentication": {"anonymous": {"enabled": True}}}),
    ]  # fmt: skip
    report = tmp_path / "r.json"
    with ReplayServer(Cluster(objects, token="replay")) as running:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", {"prod": running.url})))
        rules = "k8s-apiserver-anonymous-auth,k8s-control-plane-profiling,k8s-kubelet-read-only-port,k8s-kubelet-an*"
        main(["audit", "cluster", "--select", rules, "-o", f"json={report}"])
    found = json.loads(report.read_text(encoding="utf-8"))["findings"]
    assert {(f["rule"], f["resource"]["address"], f["message"].partition(":")[0]) for f in found} == {
        ("k8s-apiserver-anonymous-auth", "kube-system/Pod/kube-apiserver-n1", "kube-apiserver"),
        ("k8s-control-plane-profiling", "kube-system/Pod/kube-apiserver-n1", "kube-apiserver"),
        ("k8s-control-plane-profiling", "kube-system/ConfigMap/kubeadm-config", "kube-controller-manager"),
        ("k8s-kubelet-read-only-port", "kube-system/ConfigMap/kubelet-config", "readOnlyPort is 10255, but must be 0"),
    }


def test_without_the_config_maps_the_pods_are_judged_and_the_kubelets_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("kubernetes")
    report = tmp_path / "r.json"
    cluster = Cluster([pod("kube-apiserver", API_SERVER)], token="replay", denied=["configmaps"])
    with ReplayServer(cluster) as running:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", {"prod": running.url})))
        main(["audit", "cluster", "--select", "k8s-apiserver-*,k8s-kubelet-anonymous-auth", "-o", f"json={report}"])
    found = json.loads(report.read_text(encoding="utf-8"))["findings"]
    assert {f["rule"] for f in found if f["verdict"] == "not_evaluated"} == {"k8s-kubelet-anonymous-auth"}
    assert "k8s-apiserver-anonymous-auth" in {f["rule"] for f in found if f["verdict"] == "fail"}
