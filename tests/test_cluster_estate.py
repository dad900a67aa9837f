"""The recorded cluster of fixtures/cluster_health is what an audit writes of the objects beside the replay server, with
the counters of a Prometheus that answers one query. `python tests/test_cluster_estate.py` records it anew.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
FIXTURE = HERE.parent / "fixtures" / "cluster_health" / "cluster.jsonl"
SHARES = {"shop/api-7d9f-0/main": 0.61, "shop/api-7d9f-1/main": 0.04}


@contextmanager
def prometheus(asked: list[str] | None = None) -> Iterator[str]:
    """A server that answers `/api/v1/query` as Prometheus does."""
    rows = []
    for key, share in SHARES.items():
        namespace, pod, container = key.split("/")
        metric = {"namespace": namespace, "pod": pod, "container": container}
        rows.append({"metric": metric, "value": [1795219200, str(share)]})
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": rows}}).encode()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

        def do_GET(self) -> None:
            if asked is not None:
                asked.append(self.path)
                asked.append(self.headers.get("Authorization", ""))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def record(folder: Path) -> list[str]:
    """The lines of the snapshot that an audit of the estate writes."""
    from assay.cli import main
    from replay_cluster import Cluster, ReplayServer, kubeconfig

    objects = json.loads((HERE / "tools" / "health_cluster.json").read_text(encoding="utf-8"))
    snapshot = folder / "s.jsonl.gz"
    with ReplayServer(Cluster(objects, version="v1.34.1-eks-3025e55")) as server, prometheus() as url:
        os.environ["KUBECONFIG"] = str(kubeconfig(folder / "config", {"prod": server.url}))
        main(["audit", "cluster", "--save", str(snapshot), "--prometheus", url, "-o", f"json={folder / 'r.json'}"])
    with gzip.open(snapshot, "rt", encoding="utf-8") as lines:
        return [line.replace(url, "http://prometheus:9090") for line in lines]


def test_the_recorded_cluster_is_what_an_audit_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("kubernetes")
    monkeypatch.setenv("KUBECONFIG", "")
    assert record(tmp_path) == FIXTURE.read_text(encoding="utf-8").splitlines(keepends=True)
    health = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["summary"]["health"]
    assert health["cluster"] == "prod"
    assert [c["at_most"] for c in health["caps"]] == [89]


def test_prometheus_is_asked_for_the_whole_window() -> None:
    from assay.inventory.cluster.metrics import from_prometheus

    asked: list[str] = []
    with prometheus(asked) as url:
        assert from_prometheus(url) == SHARES
    assert asked[0].startswith("/api/v1/query?query=min_over_time")


def test_the_password_of_prometheus_is_sent_and_not_shown() -> None:
    from assay.inventory.cluster.metrics import MetricsError, from_prometheus, shown

    asked: list[str] = []
    with prometheus(asked) as url:
        assert from_prometheus(url.replace("://", "://reader:s%40cret@")) == SHARES
    assert asked[1] == "Basic " + base64.b64encode(b"reader:s@cret").decode()
    assert shown("https://reader:s%40cret@prometheus:9090/x") == "https://prometheus:9090/x"
    with pytest.raises(MetricsError) as caught:
        from_prometheus("http://reader:s%40cret@127.0.0.1:1")
    assert "cret" not in str(caught.value)


class TestCadvisor:
    page = """# TYPE container_cpu_cfs_periods_total counter
container_cpu_cfs_periods_total{container="main",id="/x",namespace="shop",pod="api-0"} %d 1795219200000
container_cpu_cfs_throttled_periods_total{container="main",id="/x",namespace="shop",pod="api-0"} %d 1795219200000
container_cpu_cfs_periods_total{container="",id="/x",namespace="shop",pod="api-0"} 99 1795219200000
"""

    def test_two_readings_a_quarter_of_an_hour_apart_tell(self) -> None:
        from assay.inventory.cluster.connection import connect
        from assay.inventory.cluster.metrics import from_cadvisor, throttled_between
        from replay_cluster import Cluster, ReplayServer, kubeconfig

        pytest.importorskip("kubernetes")
        cluster = Cluster([{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}}])
        with TemporaryDirectory() as folder, ReplayServer(cluster) as server, pytest.MonkeyPatch.context() as patch:
            patch.setenv("KUBECONFIG", str(kubeconfig(Path(folder) / "config", {"prod": server.url})))
            connection = connect(None)
            cluster.cadvisor["node-1"] = self.page % (1000, 100)
            then = from_cadvisor(connection, ["node-1"])
            cluster.cadvisor["node-1"] = self.page % (2000, 600)
            now = from_cadvisor(connection, ["node-1"])
        assert then == {"shop/api-0/main": [100.0, 1000.0]}
        assert throttled_between(then, now) == {"shop/api-0/main": 0.5}
        assert throttled_between(now, then) == {}  # the counter went back: the container is another one


def main() -> None:
    sys.path[:0] = [str(HERE / "tools")]
    os.environ["SOURCE_DATE_EPOCH"] = "1795219200"  # as conftest.py has it
    with TemporaryDirectory() as folder:
        FIXTURE.write_text("".join(record(Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()
