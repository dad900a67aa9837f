"""Signatures of images: a real audit of a replayed cluster beside a small registry over HTTP, with keys made here."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from assay.analysis.signatures import _verifies
from assay.cli import main
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from replay_cluster import Cluster, ReplayServer, kubeconfig

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
RULE = "k8s-image-unsigned"


def digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


def encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Images:
    """What a registry holds, by path: images, and signatures in the forms that are in use."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.token = ""  # where it is set, whoever asks fetches it first
        self.referrers = True  # False: a registry that knows no referrers

    def put(self, repository: str, data: bytes, tag: str = "") -> str:
        name = digest(data)
        for reference in (name, tag) if tag else (name,):
            self.held[f"/v2/{repository}/manifests/{reference}"] = data
        return name

    def blob(self, repository: str, data: bytes) -> str:
        self.held[f"/v2/{repository}/blobs/{digest(data)}"] = data
        return digest(data)

    def image(self, name: str, tag: str = "") -> str:
        return self.put(f"shop/{name}", encoded({"schemaVersion": 2, "name": name}), tag)

    def sign_by_tag(self, name: str, of: str, key: Any, about: str = "") -> None:
        """As `cosign sign --key` has done it from the first."""
        repository = f"shop/{name}"
        payload = encoded({"critical": {"image": {"docker-manifest-digest": about or of}, "type": "cosign"}})
        layer = {
            "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": self.blob(repository, payload),
            "annotations": {
                "dev.cosignproject.cosign/signature": base64.b64encode(key.sign(payload, ec.ECDSA(SHA256()))).decode()
            },
        }  # fmt: skip
        self.put(repository, encoded({"schemaVersion": 2, "layers": [layer]}), of.replace(":", "-") + ".sig")

    def sign_by_referrer(self, name: str, of: str, key: Any) -> None:
        """A sigstore bundle that refers to the image, as newer releases make it."""
        repository = f"shop/{name}"
        statement = encoded({"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": of[7:]}}]})
        kind = b"application/vnd.in-toto+json"
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(statement), statement)
        bundle = encoded({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "dsseEnvelope": {
                "payload": base64.b64encode(statement).decode(), "payloadType": kind.decode(),
                "signatures": [{"sig": base64.b64encode(key.sign(signed, ec.ECDSA(SHA256()))).decode()}],
            },
        })  # fmt: skip
        kind_of_bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
        layer = {"mediaType": kind_of_bundle, "digest": self.blob(repository, bundle)}
        manifest = self.put(repository, encoded({"schemaVersion": 2, "layers": [layer]}))
        listed = encoded({"manifests": [{"digest": manifest, "artifactType": kind_of_bundle}]})
        at = f"referrers/{of}" if self.referrers else f"manifests/{of.replace(':', '-')}"
        self.held[f"/v2/{repository}/{at}"] = listed


@contextmanager
def registry(images: Images) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            images.asked.append(url.path)
            if url.path == "/token":
                asked = parse_qs(url.query)
                assert asked["service"] == ["plane"]
                self.answer(200, encoded({"token": images.token + asked["scope"][0]}))
                return
            scope = f"repository:{'/'.join(url.path.split('/')[2:4])}:pull"
            if images.token and self.headers.get("Authorization") != f"Bearer {images.token}{scope}":
                where = f"http://{self.headers['Host']}/token"
                self.answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{where}",service="plane",scope="{scope}"'})
                return
            data = images.held.get(url.path)
            named = {"Docker-Content-Digest": digest(data)} if data and "/manifests/" in url.path else {}
            self.answer(404 if data is None else 200, data or b"{}", named)

        def answer(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def pod(name: str, image: str, running: str = "") -> dict[str, Any]:
    statuses = [{"name": "main", "imageID": f"{image}@{running}"}] if running else []
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"containers": [{"name": "main", "image": image}]},
        "status": {"phase": "Running", "containerStatuses": statuses},
    }  # fmt: skip


def audit(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    objects: list[dict[str, Any]],
    *options: str,
    key: str = "cosign.pub",
) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and by pod the verdict of the rule and what it says; `ok` where it says nothing."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "cosign.pub").write_bytes(public)
    (folder / "assay.toml").write_text(f'[params.{RULE}]\nkeys = ["{key}"]\n')
    with ReplayServer(Cluster(objects)) as server:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(folder / "config", {"prod": server.url})))
        monkeypatch.chdir(folder)
        code = main(["audit", "cluster", "--select", RULE, "-o", "json=r.json", "-q", *options])
    found = json.loads((folder / "r.json").read_text())["findings"]
    verdicts = {o["metadata"]["name"]: ("ok", "") for o in objects}
    return code, verdicts | {f["resource"]["address"].rpartition("/")[2]: (f["verdict"], f["message"]) for f in found}


@pytest.mark.parametrize("token", ["", "secret-"])
@pytest.mark.parametrize("referrers", [True, False])
def test_signatures_are_found_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, *, referrers: bool
) -> None:
    images = Images()
    images.token, images.referrers = token, referrers
    names = ("tagged", "bundled", "foreign", "moved", "bare", "resolved")
    made = {name: images.image(name, "1.0") for name in names}
    images.sign_by_tag("tagged", made["tagged"], KEY)
    images.sign_by_referrer("bundled", made["bundled"], KEY)
    images.sign_by_tag("foreign", made["foreign"], OTHER)
    images.sign_by_tag("moved", made["moved"], KEY, about=made["bare"])  # a signature of another image, put here
    images.sign_by_tag("resolved", made["resolved"], KEY)
    with registry(images) as host:
        objects = [pod(n, f"{host}/shop/{n}:1.0", made[n] if n != "resolved" else "") for n in names]
        objects.append(pod("elsewhere", "registry.example.com/shop/web:1.0"))
        code, found = audit(tmp_path, monkeypatch, objects, "--registry", f"http://{host}")
    verdicts = {name: verdict for name, (verdict, _) in found.items()}
    assert verdicts == {
        "tagged": "ok", "bundled": "ok", "resolved": "ok", "foreign": "fail", "moved": "fail", "bare": "fail",
        "elsewhere": "not_evaluated",
    }  # fmt: skip
    assert "was not asked (--registry HOST)" in found["elsewhere"][1]
    assert code == 1


def test_no_registry_is_asked_without_being_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = Images()
    with registry(images) as host:
        code, found = audit(tmp_path, monkeypatch, [pod("web", f"{host}/shop/web:1.0")])
    assert images.asked == []
    assert found["web"][0] == "not_evaluated"
    assert code == 3


def test_a_registry_that_does_not_answer_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with registry(Images()) as host:
        pass  # closed again: nobody listens
    code, found = audit(tmp_path, monkeypatch, [pod("web", f"{host}/shop/web:1.0")], "--registry", f"http://{host}")
    assert found["web"][0] == "unknown"
    assert "cannot be reached" in found["web"][1]
    assert code == 3


def test_a_key_that_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = Images()
    made = images.image("web", "1.0")
    with registry(images) as host:
        objects = [pod("web", f"{host}/shop/web:1.0", made)]
        _, found = audit(tmp_path, monkeypatch, objects, "--registry", f"http://{host}", key="lost.pub")
    assert found["web"][0] == "not_evaluated"
    assert "lost.pub is neither the file nor the text of a public key" in found["web"][1]


def test_every_kind_of_key_verifies() -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    edwards = ed25519.Ed25519PrivateKey.generate()
    made = [
        (KEY.public_key(), KEY.sign(b"text", ec.ECDSA(SHA256()))),
        (small.public_key(), small.sign(b"text", padding.PKCS1v15(), SHA256())),
        (edwards.public_key(), edwards.sign(b"text")),
    ]
    for key, signature in made:
        assert _verifies(key, signature, b"text")
        assert not _verifies(key, signature, b"texts")
        assert not _verifies(key, signature[:-1] + bytes([signature[-1] ^ 1]), b"text")
