"""What a person means by FROM and TO: a resource, `internet`, an address or a range, a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.network import parse_cidr
from assay.analysis.reach.addresses import INTERNET, common, interval, without
from assay.analysis.reach.flows import End
from assay.analysis.reach.questions import internet, of_interface

if TYPE_CHECKING:
    from assay.analysis.reach.addresses import Interval
    from assay.analysis.reach.topology import Subnet, Topology
    from assay.graph import Graph
    from assay.model import Resource


class NoSuchEnd(Exception):
    """FROM or TO names nothing that has an address; the sentence says what would."""


def ends(text: str, graph: Graph, topology: Topology) -> list[End]:
    """The ends that a text names, several where it stands in several subnets.

    Raises:
        NoSuchEnd: it names nothing that could send or receive.
    """
    if text.lower() in ("internet", "anywhere"):
        return [internet()]
    if parse_cidr(text) is not None:
        span = interval(text)
        assert span is not None
        return _range(text, span, topology)
    for label, point in topology.services.items():
        if text.lower() in (label.lower(), "services"):
            return [End(label, "service", ((point, point),))]
    named = [r for r in graph.resources if r.address == text]
    if not named:
        raise NoSuchEnd(_nothing(text, graph, topology))
    found = [end for r in named for end in of_resource(r, topology)]
    if not found:
        raise NoSuchEnd(f"{text} ({named[0].type}) has no address in a subnet that was read")
    return found


def of_resource(r: Resource, topology: Topology) -> list[End]:
    """A resource as ends: its interfaces, the subnet, the subnets of the network."""
    found = [of_interface(i) for i in topology.interfaces.get(id(r), [])]
    subnet = topology.subnet_of(r)
    if subnet is not None:
        found.append(of_subnet(subnet))
    network = topology.networks_by.get(id(r))
    if network is not None:
        found += [of_subnet(s) for s in network.subnets]
    return found


def of_subnet(subnet: Subnet) -> End:
    """Any address of a subnet."""
    return End(str(subnet.resource), "place", tuple(subnet.prefixes), subnet, view=subnet.resource)


def _range(text: str, span: Interval, topology: Topology) -> list[End]:
    """An address or range: the parts of it that lie in subnets, on the internet, and elsewhere."""
    found: list[End] = []
    rest: list[Interval] = [span]
    for subnet in topology.subnets.values():
        inside = common([span], subnet.prefixes)
        if not inside:
            continue
        rest = without(rest, inside)
        exact = [i for i in subnet.interfaces if i.exact and i.addresses == [span]]
        found += [of_interface(i) for i in exact]
        if not exact:
            found.append(End(text, "place", tuple(inside), subnet, view=subnet.resource))
    outer = common(rest, list(INTERNET))
    if outer:
        found.append(End(text, "internet", tuple(outer)))
    inner = without(rest, list(INTERNET))
    if inner and not found:
        found.append(End(text, "outside", tuple(inner)))
    return found


def _nothing(text: str, graph: Graph, topology: Topology) -> str:
    from difflib import get_close_matches

    with_addresses = {id(r) for r in graph.resources} & {
        *topology.interfaces, *topology.subnets, *topology.networks_by,
    }  # fmt: skip
    near = get_close_matches(text, [r.address for r in graph.resources if id(r) in with_addresses], 3)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return f"{text} is no resource, address, range or service of the input{hint}"
