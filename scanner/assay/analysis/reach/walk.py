"""Where routes lead a packet: from a place, for one destination, every way it may take, to its end.

Routing looks at the destination only, so the ways on from a place do not depend on how it was reached: they are worked
out once per place and address. Several ways exist where equals compete (zones, equal routes) or where something is
not known; those carry their doubts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach.addresses import SERVICES, V4_ALL, V6_ALL, Interval, holds
from assay.analysis.reach.topology import Gateway, Network, Subnet, deliver, unknown_prefixes
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assay.analysis.reach.topology import Table, Topology
    from assay.model import View

DEFAULTS = (V4_ALL, V6_ALL)
LONGEST = 24
"""Hops. No documented topology comes near; what is longer is a loop through equal routes."""


class Step(NamedTuple):
    """One hop: the gateway or subnet reached, the route that led there, and the edges crossed on the way."""

    kind: str
    node: Gateway | Subnet
    view: View | None
    out_of: Subnet | None = None
    into: Subnet | None = None


class Way(NamedTuple):
    """A way to an end: `delivered` (in `subnet`), `internet`, `services`, `outside`, `dropped`, `loop`, `unknown`."""

    steps: tuple[Step, ...]
    end: str
    subnet: Subnet | None = None
    doubts: tuple[str, ...] = ()
    note: str = ""
    guards: tuple[Gateway, ...] = ()
    """The firewalls, and the machines that forward, which it passes."""

    def translation(self) -> Gateway | None:
        """The last NAT gateway on the way: whose address the far end sees."""
        found = [s.node for s in self.steps if s.kind == "nat"]
        return found[-1] if found and isinstance(found[-1], Gateway) else None


ENDS = {"internet": "internet", "egress": "internet", "services": "services", "outside": "outside"}
"""The kinds of gateway at which a way ends, and how."""


def ahead(step: Step, way: Way) -> Way:
    """A way with a step before it."""
    guards = (step.node, *way.guards) if step.kind in ("firewall", "appliance") else way.guards
    return Way((step, *way.steps), way.end, way.subnet, way.doubts, way.note, guards)  # type: ignore[arg-type]


class Walker:
    """Follows routes in one topology, remembering what it found."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._known: dict[tuple[int, int, bool], tuple[Way, ...]] = {}
        self._open: set[tuple[int, int, bool]] = set()
        self._hubs: dict[tuple[int, int, bool], tuple[Way, ...]] = {}

    def leaving(self, subnet: Subnet, address: int, anywhere: bool = False) -> tuple[Way, ...]:
        """The ways of a packet from an interface in a subnet.

        anywhere: the address stands for "some address of the internet", so that a route of unknown destination beside
        a default route, which cannot hide all of it, is no doubt.
        """
        if holds(subnet.prefixes, address):
            return (Way((), "delivered", subnet),)
        return self._from(subnet, address, anywhere)

    def entering(self, gateway: Gateway, address: int, anywhere: bool = False) -> tuple[Way, ...]:
        """The ways of a packet that enters the gateway's network by it."""
        return self._from(gateway, address, anywhere)

    def _from(self, place: Subnet | Gateway, address: int, anywhere: bool) -> tuple[Way, ...]:
        key = (id(place), address, anywhere)
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._open or len(self._open) > LONGEST:
            return (Way((), "loop", note=f"the routes lead round in a circle at {_name(place)}"),)
        self._open.add(key)
        try:
            found = tuple(self._ways(place, address, anywhere))
        finally:
            self._open.discard(key)
        if not self._open or not any(w.end == "loop" for w in found):
            self._known[key] = found
        return found

    def _ways(self, place: Subnet | Gateway, address: int, anywhere: bool) -> Iterator[Way]:
        if isinstance(place, Subnet):
            yield from self._by_table(place.table, place.network, place, address, anywhere)
            return
        network = place.network
        if place.kind == "attachment" and place.subnet is not None:  # an interface of the hub in a subnet
            subnet = place.subnet
            if holds(subnet.prefixes, address):
                yield Way((Step("local", subnet, None, None, None),), "delivered", subnet)
                return
            yield from self._by_table(subnet.table, subnet.network, subnet, address, anywhere)
        elif place.ingress is not None and network is not None:
            yield from self._by_table(place.ingress, network, None, address, anywhere)
        elif network is not None:
            yield from self._deliver(network, None, None, address)
        else:
            yield Way((), "unknown", doubts=(place.note or f"{place.resource} leads out of what was read",))

    # --- one table ----------------------------------------------------------------------------------------------------

    def _by_table(
        self, table: Table, network: Network, here: Subnet | None, address: int, anywhere: bool
    ) -> Iterator[Way]:  # fmt: skip
        if table.missing is not None:
            if here is None and holds(network.prefixes, address):  # the local route is always there
                for way in self._deliver(network, None, here, address):
                    yield way._replace(doubts=(*way.doubts, table.missing))
                return
            yield Way((), "unknown", doubts=(table.missing,))
            return
        found = table.lookup(address)
        certain = anywhere and found and found[0].span in DEFAULTS
        maybe = table.doubts_on(address) if table.doubts else []
        doubts = () if certain else tuple(reason for _, reason in maybe)
        for route in found:
            for way in self._take(route.hop, route.view, network, here, address, anywhere):
                yield way._replace(doubts=(*doubts, *way.doubts)) if doubts else way
        if not found:
            yield _no_route(table, doubts)
        for route, reason in maybe:
            for way in self._take(route.hop, route.view, network, here, address, anywhere):
                yield way._replace(doubts=(reason, *way.doubts))

    def _take(
        self, hop: Gateway, view: View | None, network: Network, here: Subnet | None, address: int, anywhere: bool
    ) -> Iterator[Way]:  # fmt: skip
        """The ways through one next hop."""
        if hop.closed is not None:
            yield Way((Step(hop.kind, hop, view, here),), "dropped", note=hop.closed)
        elif hop.kind == "local":
            yield from self._deliver(network, view, here, address)
        elif hop.kind in ENDS:
            yield Way((Step(hop.kind, hop, view, here),), ENDS[hop.kind])
        elif hop.kind == "blackhole":
            yield Way((Step("blackhole", hop, view, here),), "dropped", note=hop.note or "the route drops it")
        elif hop.kind == "unknown":
            yield Way((Step("unknown", hop, view, here),), "unknown", doubts=(hop.note,))
        elif hop.kind == "nat" and hop.subnet is None:
            yield Way((Step("nat", hop, view, here),), "internet")
        elif hop.kind in ("nat", "firewall", "appliance"):
            yield from self._through(hop, view, here, address, anywhere)
        elif hop.kind == "peering":
            yield from self._peering(hop, view, here, address, anywhere)
        else:
            yield from self._hub(hop, view, here, address, anywhere)

    def _through(
        self, hop: Gateway, view: View | None, here: Subnet | None, address: int, anywhere: bool
    ) -> Iterator[Way]:  # fmt: skip
        """Into an interface that forwards, and on from the subnet it stands in."""
        subnet = hop.subnet
        step = Step(hop.kind, hop, view, here, subnet)
        if subnet is None:
            yield Way((step,), "unknown", doubts=(hop.note or f"where {hop.resource} stands is not known",))
            return
        if here is subnet and hop.kind != "nat" and view is not None:
            yield Way((step,), "loop", note=f"{subnet.resource} sends to {hop.resource}, which stands in it")
            return
        if holds(subnet.prefixes, address):
            yield ahead(step, Way((), "delivered", subnet))
            return
        for way in self._from(subnet, address, anywhere):
            yield ahead(step, way)

    def _peering(
        self, hop: Gateway, view: View | None, here: Subnet | None, address: int, anywhere: bool
    ) -> Iterator[Way]:  # fmt: skip
        step = Step("peering", hop, view, here)
        if hop.peer is None:
            yield Way((step,), "unknown", doubts=(hop.note or f"the other side of {hop.resource} was not read",))
            return
        if hop.peer.closed is not None:
            yield Way((step,), "dropped", note=hop.peer.closed)
            return
        for way in self._from(hop.peer, address, anywhere):
            yield ahead(step, way)

    def _hub(
        self, hop: Gateway, view: View | None, here: Subnet | None, address: int, anywhere: bool
    ) -> Iterator[Way]:  # fmt: skip
        """By an attachment into a hub, out by the attachment its table names, and into that network."""
        enters = Step("attachment", hop, view, here, nearest(hop, here))
        if hop.hub is None or hop.hub_table is None:
            yield Way(
                (enters,), "unknown", doubts=(hop.note or f"{hop.resource} is attached to nothing that was read",)
            )
            return
        for way in self.within(hop.hub_table, hop, address, anywhere):
            yield ahead(enters, way)

    def within(self, table: Table, came: Gateway, address: int, anywhere: bool = False) -> Iterator[Way]:
        """The ways on from inside a hub, for what came in by an attachment: it is not sent back by it."""
        key = (id(table), address, anywhere)
        found = self._hubs.get(key)
        if found is None:
            found = tuple(self._in_hub(table, address, anywhere))
            if not any(w.end == "loop" for w in found):
                self._hubs[key] = found
        for way in found:
            if way.steps and way.steps[0].kind == "hub" and way.steps[0].node.resource is came.resource:
                said = f"the hub sends it back where it came from, {came.resource}"
                yield Way(way.steps[:1], "loop", doubts=way.doubts, note=said)
            else:
                yield way

    def _in_hub(self, table: Table, address: int, anywhere: bool) -> Iterator[Way]:
        if table.missing is not None:
            yield Way((), "unknown", doubts=(table.missing,))
            return
        found = table.lookup(address)
        certain = anywhere and found and found[0].span in DEFAULTS
        maybe = table.doubts_on(address) if table.doubts else []
        doubts = () if certain else tuple(reason for _, reason in maybe)
        routes = [(r, doubts) for r in found] + [(r, (reason,)) for r, reason in maybe]
        if not found:
            yield _no_route(table, doubts)
        for route, said in routes:
            for way in self._out_of_hub(route.hop, route.view, address, anywhere):
                yield way._replace(doubts=(*said, *way.doubts)) if said else way

    def _out_of_hub(self, leaves: Gateway, view: View | None, address: int, anywhere: bool) -> Iterator[Way]:
        step = Step("hub", leaves, view)
        if leaves.closed is not None:
            yield Way((step,), "dropped", note=leaves.closed)
        elif leaves.kind == "blackhole":
            yield Way((step,), "dropped", note=leaves.note or "the route of the hub drops it")
        elif leaves.kind == "outside":
            yield Way((step,), "outside")
        elif leaves.kind == "unknown":
            yield Way((step,), "unknown", doubts=(leaves.note,))
        elif leaves.kind == "firewall" and leaves.hub_table is not None:  # a firewall that is itself attached
            guard = Step("firewall", leaves, view)
            for way in self._in_hub_again(leaves, address, anywhere):
                yield ahead(guard, way)
        elif leaves.kind == "peering":  # another hub
            if leaves.peer is None or leaves.peer.hub_table is None:
                yield Way(
                    (step,), "unknown", doubts=(leaves.note or f"the other side of {leaves.resource} was not read",)
                )
                return
            for way in self._in_hub_again(leaves.peer, address, anywhere):
                yield ahead(step, way)
        else:
            for door in (leaves, *leaves.others):
                for way in self._from(door, address, anywhere):
                    yield ahead(Step("hub", door, view), way)

    def _in_hub_again(self, place: Gateway, address: int, anywhere: bool) -> Iterator[Way]:
        key = (id(place), address, anywhere)
        if key in self._open or place.hub_table is None:
            yield Way((), "loop", note=f"the hubs send it round in a circle at {place.resource}")
            return
        self._open.add(key)
        try:
            yield from tuple(self.within(place.hub_table, place, address, anywhere))
        finally:
            self._open.discard(key)

    def _deliver(self, network: Network, view: View | None, here: Subnet | None, address: int) -> Iterator[Way]:
        homes = deliver(network, address)
        for home in homes:
            yield Way((Step("local", home, view, here, home),), "delivered", home)
        if not homes:
            if address >= SERVICES:
                yield Way((), "dropped", note=f"{network.resource} knows no such service")
                return
            maybe = tuple(unknown_prefixes(network))
            for subnet in self.topology.homeless:
                if holds(subnet.prefixes, address) and subnet.network is not network:
                    maybe = (*maybe, f"in which network {subnet.resource} is, is not known")
            if network.unknown:
                maybe = (*maybe, network.unknown)
            end = "unknown" if maybe else "dropped"
            yield Way((), end, doubts=maybe, note=f"no subnet of {network.resource} has that address")


def _no_route(table: Table, doubts: tuple[str, ...]) -> Way:
    if table.learned is not None:
        gate, reason = table.learned
        return Way((Step("outside", gate, table.view),), "outside", doubts=(*doubts, reason))
    return Way((), "dropped", doubts=doubts, note=f"{table.name} has no route for it")


def nearest(hop: Gateway, here: Subnet | None) -> Subnet | None:
    """The subnet by which a packet enters an attachment: that of its own zone, where there is one."""
    if hop.subnet is None or here is None:
        return hop.subnet
    doors = [hop.subnet, *(o.subnet for o in hop.others if o.subnet is not None)]
    same = [s for s in doors if type(s.zone) is str and type(here.zone) is str and s.zone == here.zone]
    return here if here in doors else (same or doors)[0]


def _name(place: Subnet | Gateway) -> str:
    return str(place.resource) if place.resource is not None else "a gateway"


def classes(
    walker: Walker, ways: Iterable[tuple[tuple[Way, ...], Interval]]
) -> list[tuple[tuple[Way, ...], list[Interval]]]:  # fmt: skip
    """Addresses that fare alike put together, so that filters are asked once for all of them."""
    found: dict[object, tuple[tuple[Way, ...], list[Interval]]] = {}
    for each, span in ways:
        key = tuple((tuple((id(s.node), id(s.view)) for s in w.steps), w.end, w.doubts, w.note) for w in each)
        found.setdefault(key, (each, []))[1].append(span)
    return list(found.values())
