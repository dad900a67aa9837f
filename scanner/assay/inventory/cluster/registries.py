"""Signatures of the images that a cluster runs, asked of their registries: only of those that `--registry` names.

Two ways lead from an image to its signatures: cosign's tag `sha256-<digest>.sig`, and the referrers of OCI's
distribution 1.1 (where a registry lacks them, their tag `sha256-<digest>`). What is kept is what was signed and the
signature; whose it is, the rule judges by the configured keys.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from assay.analysis.images import Image
from assay.inventory.collect import DENIED, FAILED
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from assay.inventory.collect import Emitter

TYPE = "container_image"
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json"
)
SIMPLE, DSSE = "simple-signing", "dsse"
_MAX_BODY = 4 * 1024 * 1024
_MAX_REFERRERS = 32
_HUB = "registry-1.docker.io"


class RegistryError(Exception):
    """A registry that gives no answer: one sentence that says why; `denied` when it wants credentials."""

    def __init__(self, message: str, *, denied: bool = False) -> None:
        super().__init__(message)
        self.denied = denied


class Answer(NamedTuple):
    """The body at a path, and the digest that the registry says it has."""

    body: bytes
    digest: str


class Registry(Protocol):
    """What carries requests: HTTP, or a record."""

    host: str

    def get(self, path: str, accept: str = "*/*") -> Answer | None:
        """The answer to a path; None when there is nothing.

        Raises:
            RegistryError: the registry cannot be asked.
        """
        ...


class HttpRegistry:
    """One registry, asked without credentials; where it hands out tokens to everybody, one is fetched.

    Args:
        address: `registry.example.com[:port]`, asked by TLS, or a URL that begins with `http://`.
    """

    def __init__(self, address: str) -> None:
        plain = address.startswith("http://")
        self.host = address.removeprefix("http://").removeprefix("https://").rstrip("/")
        asked = _HUB if self.host == "docker.io" else self.host
        self._base = f"{'http' if plain else 'https'}://{asked}"
        self._tokens: dict[str, str] = {}
        self._gone: RegistryError | None = None

    def get(self, path: str, accept: str = "*/*") -> Answer | None:
        scope = (
            path.partition("/v2/")[2].partition("/manifests/")[0].partition("/blobs/")[0].partition("/referrers/")[0]
        )
        answer = self._request(self._base + path, accept, self._tokens.get(scope))
        if answer.status == 401 and scope not in self._tokens:
            self._tokens[scope] = self._token(answer.headers.get("WWW-Authenticate", ""))
            answer = self._request(self._base + path, accept, self._tokens[scope])
        if answer.status == 404:
            return None
        if answer.status in (401, 403):
            raise RegistryError(f"{self.host} shows {scope} to nobody without credentials", denied=True)
        if answer.status != 200:
            raise RegistryError(f"{self.host} answered HTTP {answer.status} for {path}")
        if len(answer.data) > _MAX_BODY:
            raise RegistryError(f"{self.host}: {path} is larger than {_MAX_BODY:,} bytes")
        return Answer(bytes(answer.data), answer.headers.get("Docker-Content-Digest", ""))

    def _request(self, url: str, accept: str, token: str | None) -> Any:
        import urllib3

        if self._gone is not None:  # the other images need not wait for the same time-out
            raise self._gone
        headers = {"Accept": accept, "User-Agent": "assay"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:  # a blob may lie on another host: urllib3 takes the token away on the way there
            return urllib3.request("GET", url, headers=headers, timeout=15.0, retries=urllib3.Retry(2, redirect=3))
        except urllib3.exceptions.HTTPError as error:
            self._gone = RegistryError(f"{self.host} cannot be reached: {type(error).__name__}")
            raise self._gone from error

    def _token(self, challenge: str) -> str:
        """A token for everybody, from where the registry says (RFC 6750).

        Raises:
            RegistryError: there is none.
        """
        import re
        from urllib.parse import urlencode

        import orjson

        told = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = told.pop("realm", "")
        if not challenge.startswith("Bearer ") or not realm.startswith(("https://", self._base)):
            raise RegistryError(f"{self.host} shows nothing without credentials", denied=True)
        asked = {k: told[k] for k in ("service", "scope") if k in told}
        answer = self._request(f"{realm}?{urlencode(asked)}", "application/json", None)
        try:
            found = orjson.loads(answer.data)
            return str(found.get("token") or found["access_token"])
        except (orjson.JSONDecodeError, KeyError, AttributeError) as error:
            raise RegistryError(f"{self.host} gives no token to somebody without credentials", denied=True) from error


def collect_images(pods: Iterable[Mapping[str, Any]], registries: Sequence[Registry], emitter: Emitter) -> None:
    """One `container_image` for every reference of these pod objects whose registry may be asked.

    Args:
        pods: objects with a pod spec at `spec` and, where they run, a `status`.
    """
    running: dict[str, set[str]] = {}
    for pod in pods:
        for reference, digest in _images(pod):
            running.setdefault(reference, set()).update([digest] if digest else [])
    asked = {registry.host: registry for registry in registries}
    for reference in sorted(running):
        image = Image(reference)
        if image.registry in asked:
            _collect(asked[image.registry], reference, image, running[reference], emitter)


def _images(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every image reference of a pod, with the digest that runs."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    parts = (("initContainers", "initContainerStatuses"), ("containers", "containerStatuses"),
             ("ephemeralContainers", "ephemeralContainerStatuses"))  # fmt: skip
    for part, statuses in parts:
        ids = {s.get("name"): str(s.get("imageID") or "") for s in status.get(statuses) or ()}
        for container in spec.get(part) or ():
            if isinstance(container.get("image"), str):
                digest = ids.get(container.get("name"), "").partition("@")[2]
                yield container["image"], digest


def _collect(registry: Registry, reference: str, image: Image, digests: set[str], emitter: Emitter) -> None:
    images: Any = []
    try:
        named = {image.digest} if image.digest else digests or {_resolved(registry, image)}
        for digest in sorted(named):
            images.append({"digest": digest, "signatures": list(_signatures(registry, image.repository, digest))})
    except RegistryError as error:
        emitter.problem(f"registry {registry.host}", DENIED if error.denied else FAILED, str(error))
        images = Unknown(str(error))
    emitter.resource(TYPE, reference, {"name": reference, "images": images}, name=reference)


def _resolved(registry: Registry, image: Image) -> str:
    """The digest that a tag points to today."""
    found = registry.get(f"/v2/{image.repository}/manifests/{image.tag or 'latest'}", MANIFESTS)
    if found is None:
        raise RegistryError(f"{registry.host} has no {image.repository}:{image.tag or 'latest'}")
    return found.digest or f"sha256:{sha256(found.body).hexdigest()}"


def _signatures(registry: Registry, repository: str, digest: str) -> Iterator[dict[str, str]]:
    """All that claims to be a signature of an image, with what it signs."""
    tag = digest.replace(":", "-", 1)
    yield from _of_manifest(registry, repository, f"{tag}.sig")
    listed = registry.get(f"/v2/{repository}/referrers/{digest}", MANIFESTS)
    if listed is None:
        listed = registry.get(f"/v2/{repository}/manifests/{tag}", MANIFESTS)
    for found in _maps(_json(listed).get("manifests"))[:_MAX_REFERRERS]:
        if any(word in str(found.get("artifactType")) for word in ("cosign", "sigstore")):
            yield from _of_manifest(registry, repository, str(found.get("digest")))


def _of_manifest(registry: Registry, repository: str, reference: str) -> Iterator[dict[str, str]]:
    manifest = _json(registry.get(f"/v2/{repository}/manifests/{reference}", MANIFESTS))
    for layer in _maps(manifest.get("layers"))[:_MAX_REFERRERS]:
        kind = str(layer.get("mediaType"))
        if "simplesigning" not in kind and "sigstore.bundle" not in kind:
            continue
        blob = registry.get(f"/v2/{repository}/blobs/{layer.get('digest')}")
        if blob is None:
            continue
        if "simplesigning" in kind:
            annotations = layer.get("annotations") or {}
            signature = str(annotations.get("dev.cosignproject.cosign/signature") or "")
            yield {"form": SIMPLE, "payload": base64.b64encode(blob.body).decode(), "signature": signature}
        else:
            yield from _of_bundle(_json(blob))


def _of_bundle(bundle: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The signatures of a sigstore bundle: an envelope (DSSE) around a statement about the image."""
    envelope = bundle.get("dsseEnvelope")
    if not isinstance(envelope, dict):
        return
    try:
        body = base64.b64decode(str(envelope.get("payload")), validate=True)
    except (binascii.Error, ValueError):
        return
    kind = str(envelope.get("payloadType"))
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)
    for one in _maps(envelope.get("signatures")):
        yield {"form": DSSE, "payload": base64.b64encode(signed).decode(), "signature": str(one.get("sig"))}


def _json(answer: Answer | None) -> dict[str, Any]:
    """The object in an answer; an empty one for whatever is none."""
    import orjson

    try:
        found = orjson.loads(answer.body) if answer is not None else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _maps(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
