"""Is this resource used by anything here: references to it, and its id in what a live account lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Base64, Encoded, Ref, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource

_IDS = ("sg-", "eipalloc-", "eipassoc-")
"""Ids worth an index of their own; names occur in too many places."""
_PLAIN = (bool, int, float, type(None))


def used_by(r: Resource, graph: Graph) -> set[str]:
    """The types of the resources that refer to this one."""
    index = graph._memo.get("used_by")
    if index is None:
        index = graph._memo["used_by"] = _index(graph)
    found: set[str] = set(index.get((r.root, _plain(r.address)), ()))
    for name in ("id", "allocation_id", "group_id"):
        value = r.values.get(name)
        if isinstance(value, str):
            found |= index.get(value, set()) - {r.type}
    return found


def unused(r: Resource, graph: Graph, ignored: tuple[str, ...]) -> bool:
    """True when nothing refers to the resource but types that begin with one of the `ignored` names.

    Raises:
        Undetermined: something that links to such resources names an unknown one.
    """
    if any(not type_.startswith(ignored) for type_ in used_by(r, graph)):
        return False
    return not any(graph.users(r, type_) for type_ in _linking(graph, r.type) if not type_.startswith(ignored))


def _linking(graph: Graph, target: str) -> list[str]:
    """The types here that have a declared link to a type."""
    from assay.links import links_of

    found: list[str] | None = graph._memo.get(("linking", target))
    if found is None:
        found = [t for t in graph.types if any(target in targets for targets in links_of(t).values())]
        graph._memo["linking", target] = found
    return found


def _index(graph: Graph) -> dict[Any, set[str]]:
    index: dict[Any, set[str]] = {}
    for r in graph.resources:
        for leaf in _leaves(r.values):
            if isinstance(leaf, str):
                index.setdefault(leaf, set()).add(r.type)
                continue
            for ref in leaf.refs() if isinstance(leaf, Text) else [leaf]:
                address = _plain(ref.target)
                if address != _plain(r.address):
                    index.setdefault((r.root, address), set()).add(r.type)
    return index


def _plain(address: str) -> str:
    """An address without the key of its own instance; module keys stay."""
    if not address.endswith("]"):
        return address
    return address[: address.find("[", address.rfind("]", 0, -1) + 1)]


def _leaves(values: dict[str, Any]) -> Iterator[str | Ref | Text]:
    """The ids, references and texts built of them, at any depth: every value of an estate passes here."""
    waiting: list[Any] = [values]
    while waiting:
        value = waiting.pop()
        kind = type(value)
        if kind is str:
            if value.startswith(_IDS):
                yield value
        elif kind in _PLAIN:
            continue
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(list.__iter__(value))
        elif isinstance(value, (Ref, Text)):
            yield value
        elif isinstance(value, Encoded):
            waiting.append(value.value)
        elif isinstance(value, Base64):
            yield value.plain
        elif isinstance(value, str) and value.startswith(_IDS):
            yield value
