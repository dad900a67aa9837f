"""Secrets that are kept in two clouds: which one a copy says it was made of, and when.

A copy says so in its metadata or tags: a secret's ARN in whatever entry, or its name in an entry `source...`; the time
of the copy stands in `synced_at`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource

_SUFFIX = 7
"""Secrets Manager ends an ARN in a hyphen and six letters of its own, which people leave out."""


def copies_of(source: Resource, graph: Graph) -> list[Resource]:
    """The secrets of OCI that say they are copies of a secret of AWS."""
    index: dict[str, list[Resource]] | None = graph._memo.get("secret copies")
    if index is None:
        index = graph._memo["secret copies"] = {}
        for copy in graph.all("oci_vault_secret"):
            if named := source_of(copy):
                index.setdefault(named, []).append(copy)
    arn, name = str(source.values.get("arn") or source.address), str(source.values.get("name") or "")
    return [copy for key in dict.fromkeys((arn, arn[:-_SUFFIX], name)) for copy in index.get(key, ())]


def unlisted(graph: Graph) -> str:
    """Why secrets of OCI are missing among the inputs; empty when none was refused."""
    return next((why for type_, _, _, why in graph.coverage.unlisted if type_ == "oci_vault_secret"), "")


def is_known(source: str, graph: Graph) -> bool:
    """True when the secret of AWS that a copy names is here."""
    for secret in graph.all("aws_secretsmanager_secret"):
        arn = str(secret.values.get("arn") or secret.address)
        if source in (arn, arn[:-_SUFFIX], secret.values.get("name")):
            return True
    return False


def source_of(copy: Resource) -> str:
    """The ARN or name of the secret that this is a copy of; empty when it is none."""
    told = _told(copy)
    arns = [v for v in told.values() if v.startswith("arn:") and ":secretsmanager:" in v]
    named = [v for k, v in told.items() if k.startswith("source") and _synced(told)]
    return next(iter([*arns, *named]), "")


def synced_at(copy: Resource) -> str:
    """When the copy was made, as it is written; empty when it does not say."""
    return _synced(_told(copy))


def _synced(told: dict[str, str]) -> str:
    return next((v for k, v in told.items() if k.replace("-", "_") in ("synced_at", "syncedat", "last_synced_at")), "")


def _told(copy: Resource) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("metadata", "freeform_tags"):
        value: Any = copy.values.get(name)
        if isinstance(value, dict):
            found |= {str(k).lower(): str(v) for k, v in value.items() if not isinstance(v, Unknown)}
    return found
