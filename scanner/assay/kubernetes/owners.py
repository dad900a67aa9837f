"""Who owns a Kubernetes object in the end: Pod to ReplicaSet to Deployment, Pod to Job to CronJob, any custom owner.

Owners are followed by uid. One whose object was not collected (its list was denied, its kind is not listed) still has
the kind and name of the reference, so its pods stay together; the walk ends there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Resource, as_list

if TYPE_CHECKING:
    from assay.graph import Graph

_ENDS = frozenset({"Node", "Namespace"})
"""A static pod's owner is its node, which owns it in name only."""
_PARTS = ("apiVersion", "kind", "name", "uid")
"""What a reference must hold: the API server refuses any other, and a manifest may hold anything."""


def top_owner(graph: Graph, r: Resource) -> Resource:
    """The last owner of an object; the object itself when nobody owns it."""
    memo: dict[int, Resource] = graph._memo.setdefault("top owners", {})
    known = memo.get(id(r))
    if known is None:
        known = memo[id(r)] = _walk(graph, r)
    return known


def pods_by_owner(graph: Graph, account: str | None = None) -> dict[int, tuple[Resource, list[Resource]]]:
    """`id` of a top owner -> the owner and its pods, of one cluster, in order of appearance."""
    key = ("pods by owner", account)
    found: dict[int, tuple[Resource, list[Resource]]] | None = graph._memo.get(key)
    if found is None:
        found = graph._memo[key] = {}
        for pod in graph.all("Pod"):
            if pod.account == account:
                owner = top_owner(graph, pod)
                found.setdefault(id(owner), (owner, []))[1].append(pod)
    return found


def controller_of(r: Resource) -> dict[str, Any] | None:
    """The reference to the owner that manages an object, else to its first owner; None when it has none."""
    metadata = r.values.get("metadata")  # asked of every pod by many
    references = metadata.get("ownerReferences") if type(metadata) is dict else r["metadata.ownerReferences"]
    if not references:
        return None
    told = [o for o in as_list(references) if isinstance(o, dict) and _is_whole(o)]
    found: dict[str, Any] | None = next((o for o in told if o.get("controller")), told[0] if told else None)
    return None if found is None or found["kind"] in _ENDS else found


def _is_whole(reference: dict[str, Any]) -> bool:
    return all(isinstance(reference.get(part), str) for part in _PARTS)


def collected(graph: Graph, owner: Resource) -> bool:
    """True for an owner whose object is among the inputs, and not known by a reference only."""
    stand_ins: dict[tuple[str | None, str], Resource] = graph._memo.get("owners not collected", {})
    return stand_ins.get((owner.account, owner["metadata.uid"])) is not owner


def _walk(graph: Graph, r: Resource) -> Resource:
    memo: dict[int, Resource] = graph._memo["top owners"]
    seen = {r["metadata.uid"]}
    passed = []
    while True:
        reference = controller_of(r)
        if reference is None or reference["uid"] in seen:
            break
        seen.add(reference["uid"])
        passed.append(r)
        owner = _by_uid(graph).get((r.account, reference["uid"]))
        if owner is None:
            r = _stand_in(graph, r, reference)
            break
        r = memo.get(id(owner), owner)
        if r is not owner:
            break
    memo.update((id(one), r) for one in passed)  # twenty replicas have one ReplicaSet
    return r


def _by_uid(graph: Graph) -> dict[tuple[str | None, str], Resource]:
    index: dict[tuple[str | None, str], Resource] | None = graph._memo.get("uids")
    if index is None:
        index = graph._memo["uids"] = {}
        for r in graph.resources:
            metadata = r.values.get("metadata") if r.type != "Pod" else None
            uid = metadata.get("uid") if isinstance(metadata, dict) else None
            if isinstance(uid, str) and uid:
                index[r.account, uid] = r
    return index


def _stand_in(graph: Graph, r: Resource, reference: dict[str, Any]) -> Resource:
    """An owner known by its reference only; one and the same for all that name it."""
    made: dict[tuple[str | None, str], Resource] = graph._memo.setdefault("owners not collected", {})
    key = (r.account, reference["uid"])
    if key not in made:
        namespace = r["metadata.namespace"]
        metadata = {"name": reference["name"], "namespace": namespace, "uid": reference["uid"]}
        values = {"apiVersion": reference["apiVersion"], "kind": reference["kind"], "metadata": metadata}
        address = f"{namespace}/{reference['kind']}/{reference['name']}"
        made[key] = Resource(
            reference["kind"], address, r.source, values, name=reference["name"], account=r.account, root=r.root
        )
    return made[key]
