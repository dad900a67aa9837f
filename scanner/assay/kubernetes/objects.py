"""API objects: how they are addressed, lists taken apart, and what is only filled in after the file was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Text, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import ValuePath

CLUSTER_SCOPED = frozenset(
    [
        "Namespace",
        "Node",
        "PersistentVolume",
        "ClusterRole",
        "ClusterRoleBinding",
        "StorageClass",
        "CSIDriver",
        "CSINode",
        "VolumeAttachment",
        "CustomResourceDefinition",
        "APIService",
        "PriorityClass",
        "RuntimeClass",
        "IngressClass",
        "GatewayClass",
        "PodSecurityPolicy",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "FlowSchema",
        "PriorityLevelConfiguration",
        "CertificateSigningRequest",
        "ClusterIssuer",
        "ClusterSecretStore",
        "ClusterExternalSecret",
        "CiliumClusterwideNetworkPolicy",
        "ClusterPolicy",
        "ClusterTrustBundle",
        "ComponentStatus",
        "SecurityContextConstraints",
        "VolumeAttributesClass",
        "VolumeSnapshotClass",
        "DeviceClass",
        "ResourceSlice",
        "EC2NodeClass",
        "NodePool",
    ]
)

_PLACEHOLDER = pattern(r"\$\{[A-Za-z_][\w.]*(?:[:=?+-][^}]*)?\}|\{\{.*?\}\}", 16)  # 16: `.` takes line ends too
_LITERAL = frozenset(
    ("args", "command", "data", "binaryData", "stringData", "annotations", "description", "script", "status")
)
"""Fields whose text is a program's or a reader's own: `${HOME}` there is meant as it stands."""
_LITERAL_KINDS = frozenset(("ConfigMap", "Secret", "CustomResourceDefinition", "PrometheusRule"))


def namespace(values: dict[str, Any]) -> str | None:
    """The namespace an object names; None when it names none."""
    metadata = values.get("metadata")
    found = metadata.get("namespace") if isinstance(metadata, dict) else None
    return found if isinstance(found, str) and found else None


def name(values: dict[str, Any]) -> str:
    """The object's name; a generated one ends in `*`, empty when there is none that is known."""
    metadata = values.get("metadata")
    if not isinstance(metadata, dict):
        return ""
    found, prefix = metadata.get("name"), metadata.get("generateName")
    if isinstance(found, (str, int)):
        return str(found)
    return f"{prefix}*" if isinstance(prefix, str) and prefix else ""


def address(values: dict[str, Any], fallback: str = "") -> str:
    """`ns/Kind/name`, cluster-scoped `Kind/name`; what names no namespace goes to `default`."""
    kind = str(values.get("kind"))
    own = name(values) or fallback
    if kind in CLUSTER_SCOPED:
        return f"{kind}/{own}"
    return f"{namespace(values) or 'default'}/{kind}/{own}"


def flatten(value: dict[str, Any], base: ValuePath = ()) -> Iterator[tuple[dict[str, Any], ValuePath]]:
    """The objects of a document, a `List` taken apart, each with its path in the document.

    An item that is no object is an empty one, which nobody can judge.
    """
    kind, items = value.get("kind"), value.get("items")
    if not (isinstance(kind, str) and kind.endswith("List") and "items" in value and isinstance(items, list | None)):
        yield value, base
        return
    for index, item in enumerate(items or ()):
        if not isinstance(item, dict):
            yield {}, (*base, "items", index)
        else:
            if kind != "List" and "kind" not in item:  # a typed list's items leave out what the list says
                item = {"apiVersion": value.get("apiVersion"), "kind": kind[: -len("List")], **item}
            yield from flatten(item, (*base, "items", index))


def opened(values: dict[str, Any]) -> dict[str, Any]:
    """The object with its placeholders (`${IMAGE}`, `{{ image }}`) as unknown values."""
    if values.get("kind") in _LITERAL_KINDS:
        return values
    found: dict[str, Any] = _opened(values)
    return found


def _opened(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value) if "{" in value else value
    if isinstance(value, dict):
        return {k: v if k in _LITERAL else _opened(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_opened(v) for v in value]
    return value


def _text(text: str) -> Any:
    parts: list[str | Unknown] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts += [text[end : match.start()], Unknown(f"{match[0]} is filled in later", ("placeholder", match[0]))]
        end = match.end()
    if not parts:
        return text
    parts.append(text[end:])
    kept = [p for p in parts if not isinstance(p, str) or p]
    return kept[0] if len(kept) == 1 else Text(kept)
