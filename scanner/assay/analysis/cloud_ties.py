"""What in an API object only one cloud understands: annotations, storage classes, node selectors, registries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOMAINS = (
    "amazonaws.com", "/aws-", "alb.ingress.kubernetes.io", "oraclecloud.com", "/oci-", "oci.", "azure.com", "/azure-",
    "microsoft.com", "gke.io", "cloud.google.com",
)  # fmt: skip
_CLASSES = {
    "gp2", "gp3", "io1", "io2", "efs-sc", "oci-bv", "oci", "managed-csi", "azurefile", "standard-rwo", "premium-rwo",
}  # fmt: skip
_REGISTRIES = (".amazonaws.com", ".ocir.io", ".azurecr.io", ".pkg.dev", "gcr.io")


def cloud_ties(value: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """(path, key, text) of everything below a value that ties it to one cloud."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from cloud_ties(item, f"{path}[{i}]")
    elif isinstance(value, dict):
        keyed = path.endswith(("annotations", "nodeSelector"))
        for key, inner in value.items():
            below = f"{path}.{key}".lstrip(".")
            if keyed and any(word in str(key) for word in _DOMAINS):
                yield path, str(key), str(inner)
            elif not keyed and not isinstance(inner, str):
                yield from cloud_ties(inner, below)
            elif isinstance(inner, str) and _tied(str(key), inner):
                yield below, str(key), inner


def _tied(key: str, text: str) -> bool:
    return (key == "storageClassName" and text in _CLASSES) or (
        key == "image" and text.partition("/")[0].endswith(_REGISTRIES)
    )
