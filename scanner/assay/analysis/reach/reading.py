"""Reading resources into the model: values, blocks and links, each with the sentence that says what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis import network
from assay.analysis.reach.addresses import EVERYTHING, SERVICES, V4_ALL, Interval, interval
from assay.analysis.reach.packets import PORTS
from assay.model import Block, PartialList, Unknown, lookup_quietly, parse_path

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource, View

NUMBERS = {"all": 0, "tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


def value(view: View, path: str) -> Any:
    """The value at a path, unknown ones as they are; None when absent."""
    return lookup_quietly(view.values, parse_path(path)) if view.resource.source != "uncollected" else None


def word(view: View, path: str) -> str:
    """The text at a path, in lower case as both clouds compare such words; empty when absent or not known."""
    found = value(view, path)
    return found.lower() if isinstance(found, str) else ""


def blocks(view: View, path: str) -> tuple[list[Block], str | None]:
    """The known nested blocks, and why there may be more."""
    steps = parse_path(path)
    found = lookup_quietly(view.values, steps)
    base = (*view.path, *steps)
    if isinstance(found, Unknown):
        return [], found.reason
    if found is None:
        return [], None
    if not isinstance(found, list):
        return [Block(view.resource, base, found)], None
    known: list[Block] = []
    reason = found.unknown.reason if isinstance(found, PartialList) else None
    for i, inner in enumerate(list.__iter__(found)):
        if isinstance(inner, Unknown):
            reason = inner.reason
        elif isinstance(inner, dict):
            known.append(Block(view.resource, (*base, i), inner))
    return known, reason


def linked(graph: Graph, view: View, path: str) -> tuple[list[Resource], str | None]:
    """What the value at a path names, stand-ins for what was not read among them, and why there may be more."""
    if view.resource.source == "uncollected":
        return [], None
    found = graph.follow(view, path)
    return list(list.__iter__(found)), found.unknown.reason if isinstance(found, PartialList) else None


def users(graph: Graph, r: Resource, type_: str) -> tuple[list[Resource], str | None]:
    """The resources of a type that link to this one, and why there may be more."""
    found = list(list.__iter__(graph.users(r, type_)))
    doubt = graph.doubt(r, type_)
    return found, doubt.reason if doubt is not None else None


def unnamed(found: Any) -> str | None:
    """Why a value may name more than it says: a part of it is unknown and no reference."""
    parts = list(list.__iter__(found)) if isinstance(found, list) else [found]
    parts += [found.unknown] if isinstance(found, PartialList) else []
    return next((p.reason for p in parts if isinstance(p, Unknown) and not names_something(p)), None)


def names_something(found: Any) -> bool:
    """True when an unknown value certainly is a reference, to what was read or not."""
    from assay.model import Ref, Text

    return isinstance(found, Ref) or (isinstance(found, Text) and bool(found.refs()))


def one(graph: Graph, view: View, path: str) -> Resource | None:
    """The one resource that a path names."""
    return next(iter(linked(graph, view, path)[0]), None)


def known(r: Resource | None) -> bool:
    return r is not None and r.source != "uncollected"


def items(found: Any) -> tuple[list[Any], str | None]:
    """One or many as a list, and why there may be more."""
    if isinstance(found, Unknown):
        return [], found.reason
    if found is None or found == "":
        return [], None
    if not isinstance(found, list):
        return [found], None
    reason = found.unknown.reason if isinstance(found, PartialList) else None
    kept = []
    for item in list.__iter__(found):
        if isinstance(item, Unknown):
            reason = item.reason
        else:
            kept.append(item)
    return kept, reason


def spans(*values: Any) -> tuple[list[Interval], str | None]:
    """The intervals of CIDR texts, and why one is not known. What is no CIDR is left out."""
    found: list[Interval] = []
    reason: str | None = None
    for one_of_them in values:
        texts, doubt = items(one_of_them)
        reason = reason or doubt
        found += [span for text in texts if (span := interval(text))]
    return found, reason


def remotes(*values: Any) -> tuple[list[Interval], str | None]:
    """The far ends that a filter's CIDR texts admit: all of IPv4 takes in the clouds' services, wherever they are."""
    found, reason = spans(*values)
    return [*found, *([OF_SERVICES] if V4_ALL in found else [])], reason


def protocol_of(written: Any) -> tuple[int, str | None]:
    """A protocol's number, 0 for all; unknown ones count as all, with the reason."""
    if isinstance(written, Unknown):
        return 0, written.reason
    name = network.protocol(written)
    if name in NUMBERS:
        return NUMBERS[name], None
    return (int(name), None) if name.isdigit() else (255, None)


def ports_between(low: Any, high: Any) -> tuple[Interval, str | None]:
    """A port range; an absent bound does not bound, an unknown one does not either, with the reason."""
    for bound in (low, high):
        if isinstance(bound, Unknown):
            return PORTS, bound.reason
    try:
        first = 0 if low in (None, "") else int(low)
        last = 65535 if high in (None, "") else int(high)
    except (TypeError, ValueError):
        return PORTS, f"{low}-{high} is no range of ports"
    return (max(first, 0), min(last, 65535)) if first >= 0 else PORTS, None


def icmp_between(type_: Any, code: Any) -> tuple[Interval, str | None]:
    """ICMP type and code as the one number that stands in the place of a port."""
    for bound in (type_, code):
        if isinstance(bound, Unknown):
            return PORTS, bound.reason
    if type_ in (None, "") or int(type_) < 0:
        return PORTS, None
    first = int(type_) << 8
    return ((first, first + 255) if code in (None, "") or int(code) < 0 else (first + int(code),) * 2), None


def key(r: Resource) -> str:
    """What tells a resource, or the stand-in of one that was not read, from all others."""
    return f"{r.source}\n{r.root}\n{r.address}"


OF_SERVICES: Interval = (SERVICES, EVERYTHING[1])
ALL_ADDRESSES = (EVERYTHING,)


def absent(kind: str, name: object) -> str:
    """What to say of a resource that is not here; where its name is unknown too, why that is."""
    said = str(name)
    if said.startswith("unknown (") and said.endswith(")"):
        return f"the {kind} is not known: {said[9:-1]}"
    return f"the {kind} {said} is not among the inputs"
