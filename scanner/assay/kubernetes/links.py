"""Relations of objects that are no plain names: label selectors, subjects of bindings, owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kubernetes.owners import top_owner
from assay.kubernetes.relations import selected, subject_accounts
from assay.model import Undetermined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource

_SELECTORS = {
    "Service": "spec.selector",
    "NetworkPolicy": "spec.podSelector",
    "CiliumNetworkPolicy": "spec.endpointSelector",
    "PodDisruptionBudget": "spec.selector",
}


def links(graph: Graph) -> Iterator[tuple[Resource, Resource, str]]:
    """(from, to, via) of every such relation that is certain."""
    for type_, path in _SELECTORS.items():
        for r in graph.all(type_):
            for pod in _certain(r, path, graph):
                yield r, pod.resource, path
    for type_ in ("RoleBinding", "ClusterRoleBinding"):
        for binding in graph.all(type_):
            for account in subject_accounts(binding, graph):
                yield binding, account, "subjects"
    present = {id(r) for r in graph.resources}
    for r in graph.all("Pod"):
        owner = top_owner(graph, r)
        if owner is not r and id(owner) in present:
            yield r, owner, "metadata.ownerReferences"


def _certain(r: Resource, path: str, graph: Graph) -> list[Any]:
    try:
        selector = r[path]
        if selector is None or (r.type == "Service" and not selector):
            return []
        return selected(selector, r, graph)
    except Undetermined:
        return []
