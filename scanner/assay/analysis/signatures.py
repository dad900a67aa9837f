"""Is an image signed with one of the configured keys: what a registry told, verified. Nothing is asked here."""

from __future__ import annotations

import base64
import binascii
import json
import os
from typing import TYPE_CHECKING, Any

from assay.model import Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.graph import Graph
    from assay.model import Resource, View


class KeyFault(Exception):
    """A configured key that cannot be used: which, and what is wanted."""


def image_signatures(view: View, reference: Any, graph: Graph) -> Resource | None:
    """What the registry said of an image reference in the same cluster; None when it was not asked."""
    if isinstance(reference, Unknown):
        raise Undetermined(reference)
    index: dict[Any, Resource] | None = graph._memo.get("container images")
    if index is None:
        index = graph._memo["container images"] = {(r.account, r.address): r for r in graph.all("container_image")}
    return index.get((view.resource.account, str(reference)))


def unsigned(image: Resource, keys: Sequence[str], graph: Graph) -> list[str]:
    """The digests behind a reference that no signature of one of the keys covers.

    Raises:
        Undetermined: the registry did not tell.
        KeyFault: a key cannot be read, or the library that verifies is not installed.
    """
    images = image.values.get("images")
    if isinstance(images, Unknown):
        raise Undetermined(images)
    known = ("public keys", tuple(keys))
    if known not in graph._memo:
        graph._memo[known] = [_key(text) for text in keys]
    made = graph._memo[known]
    return [i["digest"] for i in images or () if not any(_holds(s, i["digest"], made) for s in i["signatures"])]


def _key(text: str) -> Any:
    """A public key from a PEM text, a file of one, or the base64 of its DER."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
    except ImportError as error:
        raise KeyFault("signatures are verified with cryptography: pip install 'assay[cluster]'") from error
    try:
        if "-----BEGIN" in text:
            return load_pem_public_key(text.encode())
        if os.path.isfile(text):
            with open(text, "rb") as handle:
                return load_pem_public_key(handle.read(64 * 1024))
        return load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, OSError, UnsupportedAlgorithm) as error:
        raise KeyFault(f"keys: {text[:60]} is neither the file nor the text of a public key (PEM)") from error


def _holds(signature: dict[str, str], digest: str, keys: Sequence[Any]) -> bool:
    """True when a signature is about this image and one of the keys made it."""
    try:
        payload = base64.b64decode(signature["payload"], validate=True)
        made = base64.b64decode(signature["signature"], validate=True)
        about = _subjects(signature["form"], payload)
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return False
    return digest in about and any(_verifies(key, made, payload) for key in keys)


def _subjects(form: str, payload: bytes) -> list[str]:
    """The digests that a signed payload speaks of."""
    if form == "dsse":
        # DSSEv1 SP length SP type SP length SP body: a type of in-toto holds no space
        statement = json.loads(payload.split(b" ", 4)[4])
        return [f"sha256:{s['digest']['sha256']}" for s in statement["subject"]]
    critical = json.loads(payload)["critical"]
    return [str(critical["image"]["docker-manifest-digest"])]


def _verifies(key: Any, signature: bytes, payload: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, payload, ec.ECDSA(SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, payload, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, payload)
        else:
            return False
    except InvalidSignature:
        return False
    return True
