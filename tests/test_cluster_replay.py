"""The replay API server is believed because the official client and kubectl are: each is put through it here."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from replay_cluster import RV, Cluster, ReplayServer, kubeconfig

WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.shop.example"},
    "spec": {
        "group": "shop.example", "scope": "Namespaced", "versions": [{"name": "v1alpha1", "served": True}],
        "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
    },
}  # fmt: skip


def pod(number: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": f"web-{number:02}", "namespace": f"team-{number % 3}", "uid": f"uid-{number}",
            "labels": {"app": f"app-{number % 2}"}, "creationTimestamp": "2026-11-20T10:00:00Z",
        },
        "spec": {"nodeName": f"node-{number % 3}", "containers": [{"name": "main", "image": "shop/web:1"}]},
        "status": {"phase": "Running"},
    }  # fmt: skip


def objects() -> list[dict[str, Any]]:
    nodes = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{n}"}} for n in range(3)]
    nodes += [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{n}"}} for n in range(3)]
    widget = {
        "apiVersion": "shop.example/v1alpha1", "kind": "Widget", "metadata": {"name": "blue", "namespace": "team-0"},
    }  # fmt: skip
    secret = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "team-0"}, "data": {"k": "djE="},
    }  # fmt: skip
    return [*nodes, WIDGETS, widget, secret, *map(pod, range(60))]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(objects())  # kubectl sends no token over plain HTTP, so none is asked for


@pytest.fixture
def server(cluster: Cluster) -> Iterator[ReplayServer]:
    with ReplayServer(cluster) as running:
        yield running


@pytest.fixture
def config(server: ReplayServer, tmp_path: Path) -> Path:
    return kubeconfig(tmp_path / "config", {"here": server.url})


@pytest.fixture
def kubectl(
    require_oracle: Callable[[str], Path], config: Path, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    program = require_oracle("kubectl")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(program), "--kubeconfig", str(config), "--cache-dir", str(tmp_path / "cache"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.mark.oracle
class TestKubectl:
    def test_lists_everything_a_page_at_a_time(self, kubectl: Any, cluster: Cluster) -> None:
        done = kubectl("get", "pods", "-A", "-o", "json", "--chunk-size=25")
        found = json.loads(done.stdout)["items"]
        assert [p["metadata"]["name"] for p in found] == [f"web-{n:02}" for n in range(60)]
        assert {p["kind"] for p in found} == {"Pod"}  # the server left it out of the items
        asked = [c.query for c in cluster.calls if c.path == "/api/v1/pods"]
        assert [q.get("limit") for q in asked] == ["25"] * 3
        assert ["continue" in q for q in asked] == [False, True, True]

    def test_selects_by_label_and_field(self, kubectl: Any) -> None:
        labelled = kubectl("get", "pods", "-A", "-o", "name", "-l", "app=app-1")
        placed = kubectl("get", "pods", "-A", "-o", "name", "--field-selector", "spec.nodeName=node-1")
        assert len(labelled.stdout.split()) == 30
        assert len(placed.stdout.split()) == 20

    def test_finds_a_custom_resource_by_its_short_name(self, kubectl: Any) -> None:
        assert kubectl("get", "wd", "-n", "team-0", "-o", "name").stdout.strip() == "widget.shop.example/blue"

    def test_is_told_what_is_forbidden_missing_or_unknown(self, kubectl: Any, cluster: Cluster) -> None:
        cluster.denied.add("secrets")
        forbidden, missing = kubectl("get", "secrets", "-A"), kubectl("get", "pod", "nope", "-n", "team-0")
        assert (forbidden.returncode, missing.returncode) == (1, 1)
        assert "Forbidden" in forbidden.stderr
        assert 'pods "nope" not found' in missing.stderr

    def test_is_refused_a_write(self, kubectl: Any, cluster: Cluster) -> None:
        refused = kubectl("delete", "pod", "web-00", "-n", "team-0", "--wait=false")
        assert refused.returncode == 1
        assert len(cluster.objects) == len(objects())

    def test_is_told_that_a_token_has_expired(self, kubectl: Any, cluster: Cluster) -> None:
        cluster.expire["pods"] = 1
        done = kubectl("get", "pods", "-A", "-o", "name", "--chunk-size=25")
        assert (done.returncode, "(Expired)" in done.stderr) == (1, True)


class TestTheOfficialClient:
    @pytest.fixture
    def api(self, config: Path) -> Any:
        client = pytest.importorskip("kubernetes")
        return client.client.CoreV1Api(client.config.new_client_from_config(str(config)))

    def test_pages(self, api: Any) -> None:
        first = api.list_pod_for_all_namespaces(limit=25)
        assert (len(first.items), first.metadata.remaining_item_count) == (25, 35)
        second = api.list_pod_for_all_namespaces(limit=25, _continue=first.metadata._continue)
        assert second.items[0].metadata.name == "web-25"
        assert second.metadata.resource_version == first.metadata.resource_version

    def test_is_refused_in_the_api_s_own_words(self, api: Any, cluster: Cluster) -> None:
        from kubernetes.client import ApiException

        def status(call: Callable[[], object]) -> tuple[int, str]:
            with pytest.raises(ApiException) as error:
                call()
            return error.value.status, json.loads(error.value.body or "")["reason"]

        cluster.denied.add("secrets")
        assert status(lambda: api.list_secret_for_all_namespaces()) == (403, "Forbidden")
        assert status(lambda: api.read_namespaced_pod("nope", "team-0")) == (404, "NotFound")
        assert status(lambda: api.list_node(limit=1, _continue="garbage")) == (400, "BadRequest")
        token = api.list_node(limit=1).metadata._continue
        cluster.expire["nodes"] = 1
        assert status(lambda: api.list_node(limit=1, _continue=token)) == (410, "Expired")
        cluster.token = "another"
        assert status(lambda: api.list_node()) == (401, "Unauthorized")

    def test_watches(self, api: Any, cluster: Cluster) -> None:
        from kubernetes import watch as package
        from kubernetes.client import ApiException

        watching: Any = package  # not typed by every release
        threading.Timer(0.05, cluster.add, [pod(99)]).start()  # nothing is newer than the list, until something is
        watch = watching.Watch()
        seen = []
        for event in watch.stream(api.list_namespaced_pod, "team-0", resource_version=str(RV), timeout_seconds=5):
            seen.append((event["type"], event["object"].metadata.name))
            watch.stop()
        assert seen == [("ADDED", "web-99")]
        with pytest.raises(ApiException) as error:
            list(watching.Watch().stream(api.list_pod_for_all_namespaces, resource_version="1", timeout_seconds=1))
        assert error.value.status == 410
