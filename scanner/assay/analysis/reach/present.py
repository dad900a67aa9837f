"""An answer as stations: sentences with their places, for a person, for JSON and for a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach.addresses import show
from assay.analysis.reach.flows import filters_of
from assay.analysis.reach.packets import NAMES, PORTS, Filter, both
from assay.analysis.reach.topology import Gateway, Subnet
from assay.model import Hop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.analysis.reach.addresses import Interval
    from assay.analysis.reach.flows import End
    from assay.analysis.reach.questions import Answer
    from assay.analysis.reach.topology import Topology
    from assay.analysis.reach.walk import Step, Way
    from assay.model import View

SENTENCES = {
    "local": "delivered in {node}", "internet": "by the internet gateway {node}",
    "egress": "out by the egress-only gateway {node}", "nat": "translated by {node}",
    "services": "by {node} to the cloud's services", "peering": "over the peering {node}",
    "attachment": "into the hub by {node}", "hub": "out of the hub by {node}", "firewall": "inspected by {node}",
    "appliance": "through {node}", "outside": "out by a private line, {node}", "blackhole": "dropped",
    "unknown": "to a next hop that is not known",
}  # fmt: skip


def hops(answer: Answer, topology: Topology) -> list[Hop]:
    """The stations from one end to the other, the rules that admit at both ends among them."""
    a, b = answer.a, answer.b
    found = [_end(a)]
    if answer.verdict != "no":
        found += _admitting(answer, a, b, topology, incoming=False)
    for step in answer.there.steps if answer.there is not None else ():
        found.append(_station(step))
    if answer.relay is not None:
        relay, second = answer.relay
        front = second.a
        listen, onto = ports_text([relay.listen]), ports_text([relay.port or relay.listen])
        said = f"{front.label} listens on {listen} and hands on to {onto}"
        found.append(Hop("balancer", front.label, said, relay.view.where()))
        return found + hops(second, topology)[1:]
    if answer.verdict == "yes" or (answer.verdict == "unknown" and not answer.blocked):
        found += _admitting(answer, b, a, topology, incoming=True)
        found.append(_end(b))
    return found


def way_hops(way: Way, start: View | None = None) -> list[Hop]:
    """The stations of a way alone."""
    first = [Hop("subnet", str(start), f"from {start}", start.where())] if start is not None else []
    return first + [_station(step) for step in way.steps]


def reply_hops(answer: Answer) -> list[Hop]:
    """The stations of the reply."""
    return [_station(step) for way in answer.back for step in way.steps]


def _station(step: Step) -> Hop:
    node = step.node.resource
    name = str(node) if node is not None else (step.node.note if isinstance(step.node, Gateway) else "")
    said = SENTENCES[step.kind].format(node=name)
    view = step.view if step.view is not None else node
    if isinstance(step.node, Gateway) and step.node.subnet is not None and step.kind in ("firewall", "nat"):
        said += f" in {step.node.subnet.resource}"
    place = view.where() if view is not None and view.resource.source != "uncollected" else None
    return Hop(step.kind, name, said, place)


def _end(end: End) -> Hop:
    place = end.view.where() if end.view is not None else None
    kind = end.kind if end.kind != "place" else ("subnet" if end.interface is None else "interface")
    inside = f" in {end.subnet.resource}" if end.subnet is not None and str(end.subnet.resource) != end.label else ""
    return Hop(kind, end.label, f"{end.label}{inside}", place)


def _admitting(answer: Answer, end: End, peer: End, topology: Topology, *, incoming: bool) -> Iterator[Hop]:
    """The rule that admits at one end."""
    way, _ = filters_of(end, incoming)
    if way is None:
        return
    box = [(s, d, PORTS, p) for s in answer.a.spans for d in answer.b.spans for p in answer.ports]
    for rule in _matching(way, answer.protocol):
        boxes = rule.boxes(peer.groups(topology), incoming)
        if rule.view is not None and both(box, boxes):
            verb = "admitted in by" if incoming else "let out by"
            yield Hop("rule", str(rule.view.resource), f"{verb} {rule.view}", rule.view.where())
            return


def _matching(way: Filter, protocol: int) -> list:  # type: ignore[type-arg]
    return sorted(way.of(protocol), key=lambda r: r.unknown is not None)


def ports_text(spans: Sequence[Interval]) -> str:
    """Ports as a person writes them."""
    if list(spans) == [PORTS]:
        return "every port"
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def protocol_text(answer: Answer) -> str:
    """The protocol with its ports."""
    name = NAMES[answer.protocol]
    return name if name.startswith("icmp") else f"{name} {ports_text(answer.ports)}"


def span_text(spans: Sequence[Interval]) -> str:
    return ", ".join(show(s) for s in spans[:4]) + (", ..." if len(spans) > 4 else "")


__all__ = ["Subnet", "hops", "ports_text", "protocol_text", "reply_hops", "span_text", "way_hops"]
