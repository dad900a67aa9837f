"""Which packets survive the filters of a way and of the way back: the flows that work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach.addresses import INTERNET, V6, Interval, common, joined, without
from assay.analysis.reach.packets import (
    EPHEMERAL,
    EVERYWHERE,
    NOBODY,
    PING,
    Admitted,
    Filter,
    Packets,
    Peer,
    answered,
    both,
    both_ways,
    tidy,
)
from assay.analysis.reach.topology import Gateway, Subnet
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.analysis.reach.topology import Interface, Topology
    from assay.analysis.reach.walk import Step, Walker, Way
    from assay.model import View


class End(NamedTuple):
    """One end of a question. `kind`: `place` (in a subnet), `internet`, `outside` (a private line), `service`.

    An interface whose address is not known may have any of `spans`; of a subnet or a range any one address will do.
    """

    label: str
    kind: str
    spans: tuple[Interval, ...]
    subnet: Subnet | None = None
    interface: Interface | None = None
    view: View | None = None

    @property
    def everywhere(self) -> bool:
        """True for the internet as a whole, of which any one address will do."""
        return self.kind == "internet" and self.spans == INTERNET

    @property
    def vague(self) -> bool:
        """True when its one address is not known."""
        return self.interface is not None and not self.interface.exact

    def groups(self, topology: Topology) -> Peer:
        """How a rule that names groups sees it."""
        if self.interface is not None:
            return Peer(self.interface.groups, topology.groups, self.interface.ungrouped)
        return Peer(None, topology.groups)


class Leg(NamedTuple):
    """A stretch of a way between translations of the source address."""

    steps: tuple[Step, ...]
    nat: Gateway | None  # what translates at its end


class Trace(NamedTuple):
    """What came of one way there and back: the flows, and where they ended if they did."""

    flows: Admitted
    blocked: str = ""
    at: View | None = None


def legs(way: Way) -> list[Leg]:
    found: list[Leg] = []
    steps: list[Step] = []
    for step in way.steps:
        steps.append(step)
        if step.kind == "nat" and isinstance(step.node, Gateway):
            found.append(Leg(tuple(steps), step.node))
            steps = []
    found.append(Leg(tuple(steps), None))
    return found


class Flow:
    """One protocol between two ends over given ways."""

    def __init__(self, topology: Topology, a: End, b: End, protocol: int, port: Interval) -> None:
        self.topology = topology
        self.a = a
        self.b = b
        self.protocol = protocol
        request = PING.get(protocol)
        self.ports = (request[0], request[0]) if request else port
        self.source_ports = (0, 0) if request else EPHEMERAL

    def trace(self, there: Way, back: Sequence[Way], sources: Sequence[Interval], goals: Sequence[Interval]) -> Trace:
        """The flows from `sources` to `goals` that pass on `there` and whose replies pass on `back` (a way a leg)."""
        start: Packets = [(s, d, self.source_ports, self.ports) for s in sources for d in goals]
        packets = Admitted(start, start)
        if there.doubts or any(w.doubts for w in back):
            packets = Admitted([], start, tuple(dict.fromkeys((*there.doubts, *(d for w in back for d in w.doubts)))))
        found = self._interface(packets, self.a, self.b, incoming=False)
        if found.blocked:
            return found
        done: list[Admitted] = []
        stretch = legs(there)
        passed = {id(s.node) for s in there.steps}
        for leg in stretch:
            found = self._steps(leg.steps, found.flows)
            if found.blocked:
                return found
            done.append(found.flows)
            if leg.nat is not None:
                found = Trace(translated(found.flows, leg.nat))
        if self.b.kind == "place":
            found = self._interface(found.flows, self.b, self.a, incoming=True, hidden=len(stretch) > 1)
            if found.blocked:
                return found
            done[-1] = found.flows
        return self._replies(done, back, passed)

    def _replies(self, done: list[Admitted], back: Sequence[Way], passed: set[int]) -> Trace:
        """The replies, leg by leg from the far end; what they let stand is projected onto the leg before."""
        later: Admitted | None = None
        for flows, way in zip(reversed(done), back, strict=True):
            kept = flows if later is None else projected(flows, later)
            turned = Admitted(
                answered(kept.certain, self.protocol), answered(kept.possible, self.protocol), kept.reasons
            )
            found = self._steps(way.steps, turned, passed)
            if found.blocked:
                return found
            turned = found.flows
            later = Admitted(
                answered(turned.certain, self.protocol), answered(turned.possible, self.protocol), turned.reasons
            )
        assert later is not None
        return Trace(Admitted(tidy(later.certain), tidy(later.possible), later.reasons))

    def _interface(self, packets: Admitted, end: End, peer: End, *, incoming: bool, hidden: bool = False) -> Trace:
        """Past the security groups or lists of one end, replies included."""
        way, back = filters_of(end, incoming)
        if way is None or back is None:
            return Trace(packets)
        seen = NOBODY if hidden else peer.groups(self.topology)
        found = both_ways(way, back, packets, self.protocol, seen, incoming)
        return self._judged(found, way, end.label)

    def _steps(self, steps: Sequence[Step], packets: Admitted, passed: set[int] | None = None) -> Trace:
        """Past the edges and the interfaces on a stretch. `passed`: it is a reply, and these saw the request."""
        found = Trace(packets)
        for step in steps:
            for subnet, incoming in crossings(step):
                edge = subnet.inward if incoming else subnet.outward
                if edge is not None:
                    admitted = edge.passes(found.flows, self.protocol, NOBODY, incoming)
                    found = self._judged(admitted, edge, str(subnet.resource), passed is not None)
                    if found.blocked:
                        return found
            interface = step.node.interface if isinstance(step.node, Gateway) else None
            if interface is not None and (passed is None or id(step.node) not in passed):
                found = self._through(interface, found.flows, passed is not None)
                if found.blocked:
                    return found
            policy = _policy(step, passed)
            if policy is not None:
                admitted = policy.passes(found.flows, self.protocol, NOBODY, True)
                found = self._judged(admitted, policy, str(step.node.resource), passed is not None)
                if found.blocked:
                    return found
        return found

    def _through(self, interface: Interface, packets: Admitted, reply: bool) -> Trace:
        """In and out of an interface that forwards; a reply whose request it did not see needs rules of its own."""
        found = Trace(packets)
        ways = ((interface.inward, interface.outward, True), (interface.outward, interface.inward, False))
        for way, back, incoming in ways:
            if way is None or back is None:
                continue
            if reply:
                admitted = way.passes(found.flows, self.protocol, NOBODY, incoming)
            else:
                admitted = both_ways(way, back, found.flows, self.protocol, NOBODY, incoming)
            found = self._judged(admitted, way, str(interface.resource), reply)
            if found.blocked:
                return found
        return found

    def _judged(self, found: Admitted, by: Filter, where: str, reply: bool = False) -> Trace:
        if found.possible:
            return Trace(found)
        what = "the reply is refused by" if reply else "refused by"
        name = by.name if where in by.name else f"{by.name} of {where}"
        return Trace(found, f"{what} {name}", by.view)


def _policy(step: Step, passed: set[int] | None) -> Filter | None:
    """What a firewall on the way says: of requests, of replies it sees anew, of replies to what it has not seen."""
    if not isinstance(step.node, Gateway):
        return None
    return step.node.replies if passed is not None and id(step.node) in passed else step.node.policy


def filters_of(end: End, incoming: bool) -> tuple[Filter | None, Filter | None]:
    """The rules of an end for one direction and for the other."""
    if end.interface is not None:
        pair = end.interface.inward, end.interface.outward
    elif end.subnet is not None:
        pair = end.subnet.any_inward, end.subnet.any_outward
    else:
        return None, None
    return pair if incoming else (pair[1], pair[0])


def crossings(step: Step) -> list[tuple[Subnet, bool]]:
    """The subnet edges that a step crosses: out of one (False), into another (True).

    What stays in a subnet crosses none, save towards a transit gateway's interface there (AWS documents both).
    """
    if step.out_of is step.into and step.kind != "attachment":
        return []
    found = [(step.out_of, False)] if step.out_of is not None else []
    return [*found, (step.into, True)] if step.into is not None else found


def translated(flows: Admitted, nat: Gateway) -> Admitted:
    """The packets as they leave a NAT gateway: its address and a port of its choice as the source."""
    spans = nat.addresses or [EVERYWHERE]

    def turn(packets: Packets) -> Packets:
        return tidy([(span, d, EPHEMERAL if sp != (0, 0) else sp, p) for _, d, sp, p in packets for span in spans])

    return Admitted(turn(flows.certain), turn(flows.possible), flows.reasons)


def projected(flows: Admitted, later: Admitted) -> Admitted:
    """Of the flows before a translation those whose translated ones survive."""

    def onto(before: Packets, after: Packets) -> Packets:
        wide = [(EVERYWHERE, d, (0, 65535), p) for _, d, _, p in after]
        return tidy(both(before, tidy(wide)))

    return Admitted(onto(flows.certain, later.certain), onto(flows.possible, later.possible), later.reasons)


# --- the ways back ----------------------------------------------------------------------------------------------------


def ways_back(walker: Walker, a: End, b: End, there: Way, source: int, goal: int) -> list[list[Way]] | str:
    """Every way the replies may take, a list of ways a leg, the far leg first; a sentence when there is none.

    A reply goes to the address that the far end saw: the sender's, or that of the last translation.
    """
    nats = [s.node for s in there.steps if s.kind == "nat" and isinstance(s.node, Gateway)]
    at: list[tuple[int, Subnet | Gateway | None]] = [(source, a.subnet)]
    at += [(n.addresses[0][0] if n.addresses else -1, n.subnet or n) for n in nats]
    found: list[list[Way]] = []
    for i in range(len(at) - 1, -1, -1):
        address, home = at[i]
        last = i == len(at) - 1
        if last:
            ways = _far_reply(walker, a, b, there, address, goal)
        else:
            place = at[i + 1][1]
            ways = _onward(walker, place, address)
        good = [w for w in ways if _arrives(w, home, a)]
        if not good:
            said = next((_instead(w) for w in ways if _instead(w)), "")
            return "the reply does not come back" + (f": {said}" if said else "")
        found.append(good)
    return found


def _onward(walker: Walker, place: object, address: int) -> Sequence[Way]:
    if isinstance(place, Subnet):
        return walker.leaving(place, address)
    assert isinstance(place, Gateway)
    return walker.entering(place, address)


def _far_reply(walker: Walker, a: End, b: End, there: Way, address: int, goal: int) -> Sequence[Way]:
    from assay.analysis.reach.walk import Way as Found

    if b.kind == "place" and b.subnet is not None:
        ways = walker.leaving(b.subnet, address, anywhere=a.everywhere)
        if a.kind == "internet":
            home = b.subnet.network
            good = [_of_somewhere(w) for w in ways if _same_gate(w, home)]
            return good or [Found((), "dropped", note=_why_not_back(ways))]
        return ways
    last = there.steps[-1].node if there.steps else None
    if last is not None and isinstance(last, Gateway):
        if last.kind == "nat" and last.subnet is None:
            return [Found((), "translated")]
        if last.kind in ("internet", "egress", "outside", "services"):
            if last.network is not None:
                return walker.entering(last, address)
            if last.hub_table is not None:
                return tuple(walker.within(last.hub_table, last, address))
    return [Found((), "unknown", doubts=("how the reply comes back is not known",))]


def _same_gate(way: Way, network: object) -> bool:
    """The reply to the internet leaves untranslated, by a gateway of the same network; or nobody knows."""
    if way.end == "unknown":
        return True
    last = way.steps[-1] if way.steps else None
    if last is None or last.kind != "internet" or way.translation() is not None:
        return False
    return last.node.network is network or placeless(last.node)


def placeless(node: Gateway | Subnet) -> bool:
    """True for a gateway of which nobody knows the network."""
    return node.network is None or node.network.resource.source == "uncollected"


def _of_somewhere(way: Way) -> Way:
    """A way by a gateway of which nobody knows the network is a possible one."""
    if way.end != "internet" or not placeless(way.steps[-1].node):
        return way
    said = f"which network {way.steps[-1].node.resource} is attached to is not known"
    return way._replace(doubts=(*way.doubts, said))


def _why_not_back(ways: Sequence[Way]) -> str:
    for way in ways:
        if way.end == "internet":
            return f"it leaves by {way.steps[-1].node.resource}, not by the gateway the request came in by"
        if way.note:
            return way.note
    return "no route leads back"


def _instead(way: Way) -> str:
    """What becomes of a reply that does not arrive."""
    nat = way.translation()
    return f"{nat.resource} translates it, and nobody waits for that address" if nat is not None else way.note


def _arrives(way: Way, home: Subnet | Gateway | None, a: End) -> bool:
    if way.end in ("unknown", "translated"):
        return True
    if way.translation() is not None:
        return False
    if home is None:
        return way.end == {"internet": "internet", "outside": "outside"}.get(a.kind)
    if way.end == "delivered":
        return way.subnet is home
    return False


# --- versions ---------------------------------------------------------------------------------------------------------


def of_version(spans: Sequence[Interval], goal: int) -> list[Interval]:
    """The addresses that can talk to `goal`: of its version, any to a service."""
    from assay.analysis.reach.addresses import SERVICES, V4_ALL, V6_ALL

    if goal >= SERVICES:
        return list(spans)
    return common(spans, [V6_ALL if goal >= V6 else V4_ALL])


def rest_of(spans: Sequence[Interval], passed: Packets, side: int) -> list[Interval]:
    """The addresses of one side (0 source, 1 destination) that no packet of the set has."""
    return without(spans, joined(box[side] for box in passed))


def public_address(span: Interval) -> bool:
    """True for addresses of the internet themselves, as IPv6 ones are."""
    return bool(common([span], list(INTERNET)))
