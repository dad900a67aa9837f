"""Layers of an account: downloaded over HTTP from where the API says, only when that was asked for."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zipfile import ZipFile

import pytest
from assay.inventory.aws import lambda_, layer_contents
from assay.inventory.aws.layer_contents import download
from assay.inventory.aws.replay import Replay
from assay.inventory.aws.table import Place
from assay.inventory.aws.walk import Walk
from assay.inventory.collect import Emitter, Unit, _Kept
from assay.model import Unknown

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:http:3"


def archive(**files: str) -> bytes:
    held = io.BytesIO()
    with ZipFile(held, "w") as into:
        for name, text in files.items():
            into.writestr(name, text)
    return held.getvalue()


@contextmanager
def serving(data: bytes, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/layer.zip?X-Amz-Signature=secret", asked
    finally:
        server.shutdown()
        server.server_close()


def packages(url: str, *, fetch: bool = True) -> Any:
    """What the collector tells of the packages of the only layer version."""
    answers = {
        "lambda.ListLayers": {"Layers": [{"LayerName": "http"}]},
        "lambda.ListLayerVersions": {"LayerVersions": [{"LayerVersionArn": ARN, "Version": 3}]},
        "lambda.GetLayerVersion": {"Content": {"Location": url}},
    }
    kept = _Kept()
    place = Place("123456789012", "eu-west-1", fetch=download if fetch else None)
    (service,) = lambda_.TABLES
    emit = Emitter(Unit("aws", place.account, place.region, service.name, service.types, lambda _: None), kept)
    none = dict.fromkeys([("lambda", "GetLayerVersionPolicy")], "ResourceNotFoundException")
    Walk(service, place, Replay(answers, none), emit, None).run()
    (layer,) = [r for r in kept.resources if r.type == "aws_lambda_layer_version"]
    return layer.values["packages"]


def test_the_packages_of_a_layer_are_listed() -> None:
    files = {
        "python/web_tools-1.3.dist-info/METADATA": "",
        "nodejs/node_modules/@a/b/package.json": '{"version": "2.0"}',
    }
    with serving(archive(**files)) as (url, asked):
        found = packages(url)
    assert [(p["ecosystem"], p["name"], p["version"]) for p in found] == [
        ("PyPI", "web-tools", "1.3"), ("npm", "@a/b", "2.0"),
    ]  # fmt: skip
    assert len(asked) == 1


def test_nothing_is_downloaded_without_being_asked() -> None:
    with serving(archive()) as (url, asked):
        found = packages(url, fetch=False)
    assert isinstance(found, Unknown)
    assert "--layer-contents" in found.reason
    assert asked == []


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [(b"not a zip file", 200, "no zip file"), (b"", 403, "HTTP 403"), (b"x" * 101, 200, "larger than 100 bytes")],
)
def test_what_cannot_be_read_is_unknown(monkeypatch: pytest.MonkeyPatch, data: bytes, status: int, said: str) -> None:
    monkeypatch.setattr(layer_contents, "MAX_BYTES", 100)
    with serving(data, status) as (url, _):
        found = packages(url)
    assert isinstance(found, Unknown)
    assert said in found.reason
    assert "secret" not in found.reason


@pytest.mark.parametrize("url", ["s3://bucket/layer.zip", "file:///etc/passwd", "http://127.0.0.1:9/layer.zip"])
def test_only_web_addresses_are_asked(url: str) -> None:
    found = packages(url)
    assert isinstance(found, Unknown)
    assert "root:" not in found.reason
