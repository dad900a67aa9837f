"""`assay audit cluster` against the replay API server: what it asks, what it keeps, and how it says what went wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from assay.inventory.cluster.listing import conceal
from assay.inventory.collect import CollectionStopped
from assay.inventory.snapshot import records
from assay.model import Text, Unknown
from replay_cluster import Cluster, ReplayServer, kubeconfig

pytest.importorskip("kubernetes")

ROLE = "rbac.authorization.k8s.io/v1"
TOKEN = "ghp_" + "a1B2" * 9


def thing(kind: str, name: str, namespace: str | None = "shop", version: str = "v1", **more: Any) -> dict[str, Any]:
    meta = {"name": name, "uid": f"uid-{kind}-{name}-{namespace}"}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": {**meta, **more.pop("metadata", {})}, **more}


MANY = 1201
"""Three pages of pods."""


def estate(pods_wanted: int = 3) -> list[dict[str, Any]]:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"password": "hunter2hunter2"}})}
    container = {"name": "main", "image": "shop/web:1", "env": [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}],
                 "args": ["--token", TOKEN, "--verbose"]}  # fmt: skip
    pods = [
        thing("Pod", f"web-{n:04}", spec={"containers": [container]}, status={"phase": "Running"},
              metadata={"managedFields": [{"manager": "kubelet"}]})
        for n in range(pods_wanted)
    ]  # fmt: skip
    return [
        thing("Namespace", "shop", None), thing("Node", "node-1", None), *pods,
        thing("ConfigMap", "settings", data={"LOG_LEVEL": "debug", "api_token": TOKEN}),
        thing("Secret", "db", data={"password": "aHVudGVyMmh1bnRlcjI="}, metadata={"annotations": applied}),
        thing("ClusterRole", "viewer", None, ROLE, rules=[]),
    ]  # fmt: skip


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(estate(), token="replay")


@pytest.fixture
def server(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplayServer]:
    with ReplayServer(cluster) as running:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", {"prod": running.url})))
        yield running


@pytest.fixture
def large(cluster: Cluster) -> Cluster:
    cluster.objects[:] = estate(MANY)
    return cluster


def audit(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """Exit code, report and the snapshot's records."""
    snapshot, report = tmp_path / "s.jsonl.gz", tmp_path / "r.json"
    chosen = [] if "--select" in arguments else ["--select", "k8s-crash-loop"]  # one rule is enough here
    code = main(["audit", "cluster", "--save", str(snapshot), "-o", f"json={report}", *chosen, *arguments])
    return code, json.loads(report.read_text(encoding="utf-8")), list(records(str(snapshot)))


def resources(found: list[dict[str, Any]], type_: str) -> list[dict[str, Any]]:
    return [r["resource"] for r in found if r.get("resource", {}).get("type") == type_]


class TestWhatIsAsked:
    def test_lists_are_paged_and_only_read(self, server: ReplayServer, large: Cluster, tmp_path: Path) -> None:
        _, _, found = audit(tmp_path)
        asked = [c.query for c in large.calls if c.path == "/api/v1/pods"]
        assert [(q["limit"], "continue" in q) for q in asked] == [("500", False), ("500", True), ("500", True)]
        assert {c.method for c in large.calls} == {"GET"}
        assert len(resources(found, "Pod")) == MANY
        assert resources(found, "Pod")[0]["address"] == "shop/Pod/web-0000"
        assert resources(found, "ClusterRole")[0]["address"] == "ClusterRole/viewer"
        assert resources(found, "ClusterRole")[0]["values"]["apiVersion"] == ROLE

    def test_the_scope_tells_of_the_cluster(self, server: ReplayServer, tmp_path: Path) -> None:
        _, _, found = audit(tmp_path)
        [scope] = resources(found, "cluster")
        assert (scope["address"], scope["account"], scope["values"]["nodes"]) == ("prod", "prod", 1)
        assert scope["values"]["version"]["minor"] == "34"
        assert scope["values"]["collectedAt"] == "2026-11-21T00:00:00Z"  # SOURCE_DATE_EPOCH, else the server's clock

    @pytest.mark.parametrize("expired", [1, 2])
    def test_a_list_that_expires_half_way_is_begun_anew(
        self, server: ReplayServer, large: Cluster, tmp_path: Path, expired: int
    ) -> None:
        large.expire["pods"] = expired
        _, _, found = audit(tmp_path)
        names = [r["name"] for r in resources(found, "Pod")]
        assert len(names) == len(set(names)) == MANY

    def test_a_busy_server_is_asked_again(self, server: ReplayServer, cluster: Cluster, tmp_path: Path) -> None:
        cluster.faults["/api/v1/nodes"] = [503]
        _, report, _ = audit(tmp_path)
        assert {u["status"] for u in report["coverage"]["units"]} == {"ok"}

    def test_custom_resources_are_read_without_models(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path
    ) -> None:
        names = {"plural": "externalsecrets", "kind": "ExternalSecret"}
        spec = {"group": "external-secrets.io", "scope": "Namespaced", "versions": [{"name": "v1", "served": True}],
                "names": names}  # fmt: skip
        cluster.objects.append(thing("CustomResourceDefinition", "x", None, "apiextensions.k8s.io/v1", spec=spec))
        cluster.objects.append(thing("ExternalSecret", "db", version="external-secrets.io/v1", spec={"a": 1}))
        _, _, found = audit(tmp_path)
        assert resources(found, "ExternalSecret")[0]["values"]["spec"] == {"a": 1}

    def test_a_kind_of_the_user_s_own_rule_is_found_by_discovery(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path
    ) -> None:
        names = {"plural": "widgets", "kind": "Widget"}
        spec = {"group": "shop.example", "scope": "Namespaced", "versions": [{"name": "v1", "served": True}],
                "names": names}  # fmt: skip
        cluster.objects.append(thing("CustomResourceDefinition", "x", None, "apiextensions.k8s.io/v1", spec=spec))
        cluster.objects.append(thing("Widget", "blue", version="shop.example/v1", spec={"open": True}))
        rules = tmp_path / "rules"
        rules.mkdir()
        (rules / "mine.py").write_text(
            'from assay import HIGH, require\nrequire("widget-open", on="Widget", path="spec.open", equals=False,'
            ' sources=["cluster"], severity=HIGH, title="Widgets are shut.", why="So.")\n'
        )
        code, report, _ = audit(tmp_path, "--rules", str(rules), "--select", "widget-open")
        assert (code, [f["resource"]["address"] for f in report["findings"]]) == (1, ["shop/Widget/blue"])


class TestSince:
    def test_restarts_are_counted_from_an_earlier_snapshot(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path
    ) -> None:
        pods = [o for o in cluster.objects if o["kind"] == "Pod"]
        pods[0]["status"]["containerStatuses"] = [{"name": "main", "restartCount": 40, "state": {"running": {}}}]
        chosen = ("--select", "k8s-high-restarts")
        code, _, _ = audit(tmp_path, *chosen)
        assert code == 0
        before = tmp_path / "before.jsonl.gz"
        (tmp_path / "s.jsonl.gz").rename(before)
        pods[0]["status"]["containerStatuses"][0]["restartCount"] = 43
        code, report, _ = audit(tmp_path, *chosen, "--since", str(before))
        assert (code, [f["resource"]["address"] for f in report["findings"]]) == (1, ["shop/Pod/web-0000"])
        assert "3 restarts since 2026-11-21T00:00:00Z" in report["findings"][0]["message"]

    def test_what_is_no_snapshot_is_refused(self, server: ReplayServer, tmp_path: Path, capsys: Any) -> None:
        (tmp_path / "no").write_text("nothing of the kind")
        assert main(["audit", "cluster", "--since", str(tmp_path / "no")]) == 2
        assert "cannot be read as a snapshot" in capsys.readouterr().err


class TestSecrets:
    def test_are_asked_for_as_metadata_only(self, server: ReplayServer, cluster: Cluster, tmp_path: Path) -> None:
        _, report, found = audit(tmp_path)
        [call] = [c for c in cluster.calls if c.path == "/api/v1/secrets"]
        assert "as=PartialObjectMetadataList" in call.accept
        [secret] = resources(found, "Secret")
        assert set(secret["values"]) == {"apiVersion", "kind", "metadata"}
        assert "hunter2" not in json.dumps(found) + json.dumps(report)

    def test_are_kept_out_even_of_a_server_that_sends_them(
        self, server: ReplayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("assay.inventory.cluster.listing.METADATA", "application/json")
        _, _, found = audit(tmp_path)
        assert set(resources(found, "Secret")[0]["values"]) == {"apiVersion", "kind", "metadata"}

    def test_are_not_listed_when_not_wanted(self, server: ReplayServer, cluster: Cluster, tmp_path: Path) -> None:
        cluster.denied.add("secrets")
        code, report, _ = audit(tmp_path, "--no-secrets", "--fail-on", "never")
        assert not [c for c in cluster.calls if "secrets" in c.path]
        assert "denied" not in {u["status"] for u in report["coverage"]["units"]}
        assert code in (0, 3)

    def test_nothing_that_looks_like_a_credential_is_kept(self, server: ReplayServer, tmp_path: Path) -> None:
        _, _, found = audit(tmp_path)
        text = json.dumps(found)
        assert TOKEN not in text
        assert "hunter2" not in text
        assert "managedFields" not in text
        assert "last-applied" not in text
        assert resources(found, "ConfigMap")[0]["values"]["data"]["LOG_LEVEL"] == "debug"

    def test_no_corner_of_an_object_keeps_a_credential(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path
    ) -> None:
        """Probes, hooks, what a program printed last, events, annotations of templates, custom resources."""
        word = "hunter2hunter2Zq9"
        asks = {"httpGet": {"port": 1, "httpHeaders": [{"name": "Authorization", "value": f"Bearer {TOKEN}"}]}}
        container = {
            "name": "main", "image": "x", "env": [{"name": "DB_PASSWORD", "value": word}], "livenessProbe": asks,
            "readinessProbe": {"exec": {"command": ["ask", "--password", word, f"Authorization: token {TOKEN}"]}},
            "lifecycle": {"preStop": {"exec": {"command": ["mysql", f"--password={word}"]}}},
        }  # fmt: skip
        last = {"terminated": {"exitCode": 1, "message": f"no login: password={word} {TOKEN}"}}
        status = {"phase": "Running", "message": TOKEN, "containerStatuses": [{"name": "main", "lastState": last}]}
        template = {"metadata": {"annotations": {"api-token": word}}, "spec": {"containers": [container]}}
        names = {"plural": "prometheuses", "kind": "Prometheus"}
        served = {"group": "monitoring.coreos.com", "scope": "Namespaced", "names": names,
                  "versions": [{"name": "v1", "served": True}]}  # fmt: skip
        writes = [{"url": f"https://u:{word}@h/x", "headers": {"Authorization": f"Bearer {TOKEN}"}}]
        cluster.objects[:] = [
            thing("Pod", "web", spec={"containers": [container]}, status=status),
            thing("Event", "e", message=f"pull of https://user:{word}@reg/x failed {TOKEN}", type="Warning"),
            thing("Deployment", "web", version="apps/v1", spec={"template": template}),
            thing("CustomResourceDefinition", "prometheuses", None, "apiextensions.k8s.io/v1", spec=served),
            thing("Prometheus", "p", version="monitoring.coreos.com/v1",
                  spec={"containers": [container], "remoteWrite": writes, "secretKey": "password"}),
        ]  # fmt: skip
        _, report, found = audit(tmp_path)
        text = json.dumps(found) + json.dumps(report)
        assert word not in text
        assert TOKEN not in text
        assert resources(found, "Prometheus")[0]["values"]["spec"]["secretKey"] == "password"  # the name of a key
        assert resources(found, "Event")[0]["values"]["type"] == "Warning"

    def test_a_text_keeps_what_is_no_credential(self) -> None:
        kept = conceal("url", "postgres://app:s3cr3tpassw0rd@db:5432/shop")
        assert isinstance(kept, Text)
        assert (kept.prefix, kept.suffix) == ("postgres://app:", "@db:5432/shop")
        assert kept.sensitive
        assert isinstance(conceal("API_KEY", "abcdefgh"), Unknown)
        assert conceal("LOG_LEVEL", "debug") == "debug"


class TestWhatGoesWrong:
    def test_without_a_snapshot_the_report_is_the_same(self, server: ReplayServer, tmp_path: Path) -> None:
        _, kept, _ = audit(tmp_path, "--select", "k8s-*", "--fail-on", "never")
        main(["audit", "cluster", "-o", f"json={tmp_path / 'x.json'}", "--select", "k8s-*", "--fail-on", "never"])
        other = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
        assert kept["summary"] == other["summary"]
        assert [f["fingerprint"] for f in kept["findings"]] == [f["fingerprint"] for f in other["findings"]]

    def test_a_forbidden_list_is_a_row_and_the_rest_is_audited(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path
    ) -> None:
        cluster.denied |= {"networkpolicies"}
        code, report, found = audit(tmp_path, "--fail-on", "never")
        rows = {u["service"]: u for u in report["coverage"]["units"] if u["status"] != "ok"}
        assert code == 3
        assert set(rows) == {"networkpolicies.networking.k8s.io"}
        assert "forbidden" in rows["networkpolicies.networking.k8s.io"]["reason"]
        assert len(resources(found, "Pod")) == 3

    @pytest.mark.parametrize(("how", "times"), [("reset", 1), ("cut", 1), ("reset", 2)])
    def test_a_connection_that_breaks_is_made_again(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path, how: str, times: int
    ) -> None:
        cluster.breaks["/api/v1/pods"] = [how] * times
        code, _, found = audit(tmp_path, "--fail-on", "never")
        assert (code, len(resources(found, "Pod"))) == (0, 3)

    @pytest.mark.parametrize(
        ("path", "service", "answer", "said"),
        [
            ("/api/v1/events", "events", "reset", "broke: Remote end closed connection without response"),
            ("/api/v1/events", "events", "<html>", "did not answer with JSON"),
            ("/api/v1/events", "events", "[1]", "did not answer with a JSON object"),
            ("/api/v1/events", "events", '{"items": {"a": 1}}', "did not answer with a list"),
            ("/api/v1/events", "events", '{"items": [null, 7, {"metadata": {}}]}', "3 of its items have no name"),
            ("/version", "cluster", "[]", "did not answer with a JSON object"),
            ("/apis/batch/v1", "discovery.batch", "7", "did not answer with a JSON object"),
            ("/apis", "discovery.apps", '{"groups": [null, {"name": "apps"}]}', "names no version of apps"),
            ("/apis", "discovery", "[]", "did not answer with a JSON object"),
        ],
    )
    def test_an_answer_that_is_none_is_a_row_and_the_rest_is_audited(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path, path: str, service: str, answer: str, said: str
    ) -> None:
        cluster.breaks[path] = [answer] * 9
        code, report, _ = audit(tmp_path, "--fail-on", "never")
        [row] = [u for u in report["coverage"]["units"] if u["status"] != "ok"]
        assert (code, row["service"]) == (3, service)
        assert said in row["reason"]

    def test_a_server_that_is_slow_is_not_asked_again_and_again(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("assay.inventory.cluster.connection._READ_SECONDS", 0.4)
        cluster.breaks["/api/v1/events"] = ["slow"]
        code, report, _ = audit(tmp_path, "--fail-on", "never")
        rows = {u["service"]: u["reason"] for u in report["coverage"]["units"] if u["status"] != "ok"}
        assert (code, set(rows)) == (3, {"events"})
        assert "did not answer within 0.4 seconds" in rows["events"]
        slow = ["/version", "/api/v1/nodes", "/api/v1/events", "/api/v1/pods", "/api/v1/services"]
        cluster.breaks |= {path: ["slow"] * 9 for path in slow}
        code, report, _ = audit(tmp_path, "--fail-on", "never")
        rows = {u["service"]: u["reason"] for u in report["coverage"]["units"] if u["status"] != "ok"}
        assert code == 3
        assert {"cluster", "nodes", "events", "pods", "services"} <= set(rows)
        assert sum(9 - len(cluster.breaks[path]) for path in slow) <= 6  # none of them is asked again

    def test_a_kind_that_goes_away_meanwhile_is_a_row(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path
    ) -> None:
        cluster.faults["/apis/batch/v1/cronjobs"] = [404]
        code, report, _ = audit(tmp_path, "--fail-on", "never")
        failed = [u["service"] for u in report["coverage"]["units"] if u["status"] != "ok"]
        assert (code, failed) == (3, ["cronjobs.batch"])

    def test_one_of_two_clusters_that_is_down_is_a_row(self, server: ReplayServer, tmp_path: Path) -> None:
        os.environ["KUBECONFIG"] = str(kubeconfig(tmp_path / "two", {"prod": server.url, "down": "http://127.0.0.1:1"}))
        code, report, found = audit(tmp_path, "--context", "prod", "--context", "down", "--fail-on", "never")
        assert code == 3
        assert [u["account"] for u in report["coverage"]["units"] if u["status"] == "failed"] == ["down"]
        assert {r["account"] for r in resources(found, "Pod")} == {"prod"}

    def said(self, capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
        assert main(["audit", "cluster", *arguments]) == code
        said = capsys.readouterr().err
        assert said.count("\n") == 1, said
        return said

    def test_no_kubeconfig(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
        assert "there is no kubeconfig at" in self.said(capsys, 2)
        assert "no context to use" in self.said(capsys, 2, "--context", "prod")

    def test_no_such_context(self, server: ReplayServer, capsys: Any) -> None:
        assert "has no such context; it has: prod" in self.said(capsys, 2, "--context", "nope")

    @pytest.mark.parametrize("text", ["[1, 2", "just words", "contexts: 7"])
    def test_not_a_kubeconfig(
        self, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "config").write_text(text)
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        assert str(tmp_path / "config") in self.said(capsys, 2)

    def test_a_server_that_is_no_url(self, server: ReplayServer, tmp_path: Path, capsys: Any) -> None:
        os.environ["KUBECONFIG"] = str(kubeconfig(tmp_path / "c", {"prod": "127.0.0.1:6443"}))
        assert "'127.0.0.1:6443', is no URL" in self.said(capsys, 2)

    def test_a_prometheus_of_another_context(self, server: ReplayServer, capsys: Any) -> None:
        said = self.said(capsys, 2, "--prometheus", "stage=http://127.0.0.1:1")
        assert "this context is not audited; it is prod" in said

    def test_a_server_that_is_not_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "c", {"prod": "http://127.0.0.1:1"})))
        assert "http://127.0.0.1:1 cannot be reached: Connection refused" in self.said(capsys, 3)

    def test_a_server_without_tls(self, server: ReplayServer, tmp_path: Path, capsys: Any) -> None:
        url = server.url.replace("http:", "https:")
        os.environ["KUBECONFIG"] = str(kubeconfig(tmp_path / "c", {"prod": url}))
        assert f"the TLS connection to {url} failed" in self.said(capsys, 3)

    def test_expired_credentials(self, server: ReplayServer, cluster: Cluster, capsys: Any) -> None:
        cluster.token = "another"
        assert "refused the credentials (401 Unauthorized)" in self.said(capsys, 3)

    def test_a_credential_plug_in_that_fails(self, server: ReplayServer, tmp_path: Path, capsys: Any) -> None:
        config = json.loads((tmp_path / "config").read_text(encoding="utf-8"))
        api = "client.authentication.k8s.io/v1"
        config["users"][0]["user"] = {"exec": {"apiVersion": api, "command": "false", "interactiveMode": "Never"}}
        (tmp_path / "config").write_text(json.dumps(config))
        assert "its credential plug-in failed: " in self.said(capsys, 3)

    def test_a_server_that_is_no_kubernetes(self, server: ReplayServer, tmp_path: Path, capsys: Any) -> None:
        os.environ["KUBECONFIG"] = str(kubeconfig(tmp_path / "c", {"prod": server.url + "/elsewhere"}))
        code, report, _ = audit(tmp_path, "--fail-on", "never", "--select", "cluster-health")
        assert code == 3
        assert {u["service"]: u["status"] for u in report["coverage"]["units"]} == {"discovery": "failed"}


class TestInsideACluster:
    def test_the_account_of_the_pod_is_used_look_after_look(
        self, server: ReplayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from argparse import Namespace

        from assay.cli import audit_cluster
        from kubernetes.config import incluster_config

        files = {"token": "replay", "ca.crt": "no certificate: the server speaks HTTP"}
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
        monkeypatch.setattr("assay.inventory.cluster.connection._SERVICE_ACCOUNT", str(tmp_path / "token"))
        monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
        monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
        host, _, port = server.url.removeprefix("http://").partition(":")
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
        args = Namespace(context=None, prometheus=None, cadvisor=False, no_secrets=True, rules=None, since=None,
                         registry=None)  # fmt: skip
        for _ in range(2):  # as --watch does
            with pytest.raises(CollectionStopped, match="context in-cluster: "):  # a certificate that is none
                audit_cluster.units(args)
        assert args.context == ["in-cluster"]


class TestCredentialPlugIns:
    def test_the_token_of_a_plug_in_is_used(self, server: ReplayServer, cluster: Cluster, tmp_path: Path) -> None:
        cluster.token = "from-the-plug-in"
        api = "client.authentication.k8s.io/v1"
        answer = {"apiVersion": api, "kind": "ExecCredential", "status": {"token": cluster.token}}
        config = json.loads((tmp_path / "config").read_text(encoding="utf-8"))
        config["users"][0]["user"] = {
            "exec": {"apiVersion": api, "command": "echo", "args": [json.dumps(answer)], "interactiveMode": "Never"}
        }
        (tmp_path / "config").write_text(json.dumps(config))
        _, report, _ = audit(tmp_path)
        assert {u["status"] for u in report["coverage"]["units"]} == {"ok"}


def test_print_permissions_asks_nobody(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    assert main(["audit", "cluster", "--print-permissions"]) == 0
    role = yaml.safe_load(capsys.readouterr().out)
    assert role["kind"] == "ClusterRole"
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list"}
    named = {r for rule in role["rules"] for r in rule["resources"]}
    assert {"pods", "networkpolicies", "storageclasses", "ingresses"} <= named
    assert not named & {"secrets", "*", "nodes/proxy"}


def test_the_names_in_the_printed_role_are_the_api_s() -> None:
    from assay.inventory.cluster.kinds import plural

    kinds = ("Gateway", "NetworkPolicy", "Ingress", "Prometheus", "StorageClass", "Lease", "HTTPRoute")
    assert [plural(kind) for kind in kinds] == [
        "gateways", "networkpolicies", "ingresses", "prometheuses", "storageclasses", "leases", "httproutes",
    ]  # fmt: skip


def test_a_kind_that_only_an_older_version_serves_is_listed() -> None:
    from assay.inventory.cluster.listing import discover

    class Api:
        def get(self, path: str) -> Any:
            versions = [{"version": "v1"}, {"version": "v1beta1"}]
            group = {"name": "example.com", "versions": versions, "preferredVersion": versions[0]}
            kinds = {"v1": "Widget", "v1beta1": "Gadget"}
            told = {v: [{"name": k.lower() + "s", "kind": k, "verbs": ["list"]}] for v, k in kinds.items()}
            if path.startswith("/apis/example.com"):
                return {"resources": told[path.rpartition("/")[2]]}
            return {"groups": [group]} if path == "/apis" else {"resources": []}

    api: Any = Api()
    found = discover(api, ["Widget", "Gadget"])
    assert {(k.kind, k.path) for k in found.kinds} == {
        ("Widget", "/apis/example.com/v1/widgets"), ("Gadget", "/apis/example.com/v1beta1/gadgets"),
    }  # fmt: skip


def test_the_printed_role_is_what_an_audit_lists(server: ReplayServer, cluster: Cluster, tmp_path: Path) -> None:
    from assay.inventory.cluster.kinds import cluster_role

    allowed = {(g, r) for rule in cluster_role()["rules"] for g in rule["apiGroups"] for r in rule["resources"]}
    audit(tmp_path, "--no-secrets")
    asked = set()
    for call in cluster.calls:
        parts = call.path.strip("/").split("/")
        if "limit" in call.query:
            asked.add(("" if parts[0] == "api" else parts[1], parts[-1]))
    assert ("", "pods") in asked
    assert asked <= allowed


class TestWatch:
    def test_it_goes_on_through_faults_until_interrupted(
        self, server: ReplayServer, cluster: Cluster, tmp_path: Path
    ) -> None:
        command = [sys.executable, "-m", "assay", "audit", "cluster", "--watch", "1", "--select", "cluster-health"]
        terminal, end = os.openpty()
        pipe = subprocess.PIPE
        with (
            subprocess.Popen(command, stdout=end, stderr=pipe, text=True, cwd=tmp_path, env=os.environ) as process,
            os.fdopen(terminal) as screen,
        ):
            os.close(end)
            first = _until(screen, "resources")
            cluster.token = "another"
            fault = _until(process.stderr, "next try in 1 s")
            cluster.token = "replay"
            second = _until(screen, "\x1b[2J")  # the terminal is cleared when the new report is there
            third = _until(screen, "resources")
            config = Path(os.environ["KUBECONFIG"])
            whole = config.read_bytes()
            config.write_text("{")  # half written, by a tool that is at it
            torn = _until(process.stderr, "next try in 1 s")
            config.write_bytes(whole)
            assert _until(screen, "resources")
            process.send_signal(signal.SIGINT)
            assert process.wait(20) in (0, 1, 3)
            rest = _until(process.stderr, "")
        assert third
        assert "401" in fault
        assert "this is not a kubeconfig" in torn
        assert first
        assert second
        assert rest == ""  # no trace of the interruption


def _until(stream: Any, word: str) -> str:
    for line in stream:
        if word in line:
            return str(line)
    return ""


# --- what runs by a workload, and what the cluster brings itself ----------------------------------------------------


def workload(name: str, namespace: str, labels: dict[str, str], pods: int) -> list[dict[str, Any]]:
    """A Deployment with its ReplicaSet and pods, none of it hardened."""
    pod = {"containers": [{"name": "main", "image": "example.com/main:1", "securityContext": {"privileged": True}}]}
    mine = {"app": name, **labels}
    template = {"metadata": {"labels": mine}, "spec": pod}
    spec = {"replicas": pods, "selector": {"matchLabels": {"app": name}}, "template": template}
    top = thing("Deployment", name, namespace, "apps/v1", spec=spec, metadata={"labels": labels})

    def owned(kind: str, child: str, version: str, owner: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
        by = {k: owner[k] for k in ("apiVersion", "kind")} | {k: owner["metadata"][k] for k in ("name", "uid")}
        meta = {"ownerReferences": [{**by, "controller": True}], "labels": mine}
        return thing(kind, child, namespace, version, spec=spec, metadata=meta)

    between = owned("ReplicaSet", f"{name}-5d8c9f", "apps/v1", top, spec)
    return [top, between, *(owned("Pod", f"{name}-5d8c9f-{i}", "v1", between, pod) for i in range(pods))]


@pytest.fixture
def two_worlds(tmp_path: Path) -> Iterator[list[str]]:
    objects = [
        *(thing("Namespace", name, None) for name in ("shop", "kube-system")), thing("Node", "node-1", None),
        *workload("web", "shop", {}, 12), *workload("coredns", "kube-system", {"k8s-app": "kube-dns"}, 2),
        *workload("miner", "kube-system", {}, 1),
    ]  # fmt: skip
    with ReplayServer(Cluster(objects, token="replay")) as server:
        config = kubeconfig(tmp_path / "config", {"prod": server.url})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KUBECONFIG", str(config))
            yield ["audit", "cluster", "-q", "--select", "k8s-privileged-container,k8s-system-namespace", "-o", "json"]


def test_a_finding_on_a_workload_names_the_pods_that_run_by_it(
    two_worlds: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(two_worlds)
    found = json.loads(capsys.readouterr().out)["findings"]
    (web,) = [f for f in found if f["resource"]["address"] == "shop/Deployment/web"]
    (pods,) = [e["value"] for e in web["evidence"] if e["path"] == "pods"]
    assert pods == [*(f"web-5d8c9f-{i}" for i in range(10)), "and 2 more"]


def test_what_the_cluster_brings_is_left_out_and_said(
    two_worlds: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(two_worlds)
    report = json.loads(capsys.readouterr().out)
    assert {(f["rule"], f["resource"]["address"]) for f in report["findings"]} == {
        ("k8s-privileged-container", "shop/Deployment/web"),
        ("k8s-privileged-container", "kube-system/Deployment/miner"),
        ("k8s-system-namespace", "kube-system/Deployment/miner"),
    }
    assert report["summary"]["fail"] == 3
    (note,) = [n for n in report["coverage"]["notes"] if "kube-system" in n]
    assert note == (
        "prod: 1 finding on what the cluster itself runs in kube-system (coredns) left out; --include-system shows them"
    )
    main([*two_worlds, "--include-system"])
    whole = json.loads(capsys.readouterr().out)
    assert "kube-system/Deployment/coredns" in {f["resource"]["address"] for f in whole["findings"]}
    assert not [n for n in whole["coverage"].get("notes", ()) if "left out" in n]
