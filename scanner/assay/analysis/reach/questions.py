"""Can this reach that: on which ports, by which way, and if not, what stands between them."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

from assay.analysis.reach.addresses import INTERNET, V6, Interval, joined, show
from assay.analysis.reach.flows import (
    End,
    Flow,
    Trace,
    of_version,
    placeless,
    public_address,
    rest_of,
    ways_back,
)
from assay.analysis.reach.packets import PORTS, Packets, ports_of
from assay.analysis.reach.walk import Step, Way, classes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.analysis.reach.topology import Gateway, Interface, Public, Relay, Topology
    from assay.analysis.reach.walk import Walker
    from assay.model import View

MOST_WAYS = 64
"""Ways there and back tried for one pair of address classes; what is beyond is said."""


class Answer:
    """Yes, no or unknown for one protocol between two ends, with the way there and back, or what is in the way."""

    __slots__ = ("a", "at", "b", "back", "blocked", "ports", "protocol", "reasons", "relay", "there", "verdict")

    def __init__(self, a: End, b: End, protocol: int) -> None:
        self.a = a
        self.b = b
        self.protocol = protocol
        self.verdict = "no"
        self.ports: list[Interval] = []
        self.there: Way | None = None
        self.back: list[Way] = []
        self.reasons: list[str] = []
        self.blocked = ""
        self.at: View | None = None
        self.relay: tuple[Relay, Answer] | None = None  # a load balancer hands it on: the second half

    def assumed(self) -> list[str]:
        """What the answer takes for granted: that a firewall whose rules were not read lets the packets through."""
        guards = self.there.guards if self.there is not None else ()
        found = [
            f"{g.resource} lets it through: its rules are not among the inputs" for g in guards if g.policy is None
        ]
        return [*found, *(self.relay[1].assumed() if self.relay is not None else ())]

    @property
    def rank(self) -> tuple[int, int]:
        """To choose among answers: yes before unknown before no, and of the noes the one that got furthest."""
        return {"yes": 2, "unknown": 1, "no": 0}[self.verdict], len(self.there.steps) if self.there else -1


class Reach:
    """Answers on one topology."""

    def __init__(self, topology: Topology, walker: Walker) -> None:
        self.topology = topology
        self.walker = walker

    def best(self, sources: Sequence[End], goals: Sequence[End], protocol: int, port: Interval = PORTS) -> Answer:
        """The best answer over several ends on either side: one that reaches is enough."""
        found: Answer | None = None
        for a in sources:
            for b in goals:
                answer = self.relayed(a, b, protocol, port)
                if found is None or answer.rank > found.rank:
                    found = answer
                if answer.verdict == "yes":
                    return answer
        assert found is not None, "both sides have an end"
        return found

    def relayed(self, a: End, b: End, protocol: int, port: Interval = PORTS) -> Answer:
        """From one end to the other, directly or through a load balancer."""
        direct = self.between(a, b, protocol, port)
        if direct.verdict == "yes" or b.interface is None:
            return direct
        best = direct
        for front, relay in self._relays(b):
            if relay.protocol != protocol or a.interface is front.interface:
                continue
            answer = self._through(a, front, relay, b, port)
            if answer is not None and answer.rank[0] > best.rank[0]:
                best = answer
        return best

    def _relays(self, b: End) -> Iterator[tuple[End, Relay]]:
        assert b.interface is not None
        for interfaces in self.topology.interfaces.values():
            for front in interfaces:
                for relay in front.relays:
                    if relay.target is b.interface.resource:
                        yield of_interface(front), relay

    def _through(self, a: End, front: End, relay: Relay, b: End, port: Interval) -> Answer | None:
        onto = relay.port or relay.listen
        if onto[1] < port[0] or onto[0] > port[1]:
            return None
        first = self.between(a, front, relay.protocol, relay.listen)
        second = self.between(front, b, relay.protocol, onto)
        if relay.keeps_source and a.kind != "place":
            second = self._seen_by_target(a, second)
        answer = Answer(a, b, relay.protocol)
        verdicts = {first.verdict, second.verdict}
        answer.verdict = "no" if "no" in verdicts else "unknown" if "unknown" in verdicts else "yes"
        answer.there, answer.back, answer.reasons = first.there, first.back, [*first.reasons, *second.reasons]
        answer.ports, answer.relay = second.ports, (relay, second)
        answer.blocked = first.blocked or second.blocked
        return answer

    def _seen_by_target(self, a: End, second: Answer) -> Answer:
        """A network load balancer hands on the client's own address: the target's rules must admit that."""
        flow = Flow(self.topology, a, second.b, second.protocol, second.ports[0] if second.ports else PORTS)
        spans = list(a.spans)
        trace = flow.trace(Way((), "delivered", second.b.subnet), [Way((), "delivered")], spans, list(second.b.spans))
        if not trace.flows.certain and second.verdict == "yes":
            second.verdict = "unknown" if trace.flows.possible else "no"
            second.blocked = trace.blocked
        return second

    # --- one pair -----------------------------------------------------------------------------------------------------

    def between(self, a: End, b: End, protocol: int, port: Interval = PORTS) -> Answer:
        """From one end to the other without help."""
        flow = Flow(self.topology, a, b, protocol, port)
        answer = Answer(a, b, protocol)
        lost = [e.subnet.unknown for e in (a, b) if e.subnet is not None and not e.spans and e.subnet.unknown]
        if lost:
            answer.verdict, answer.reasons, answer.ports = "unknown", lost, [port]
            return answer
        certain: Packets = []
        possible: Packets = []
        for ways, goals in self._there(a, b):
            for there in ways:
                for trace, back in self._tried(flow, a, b, there, goals):
                    self._note(answer, there, back, trace, bool(certain))
                    certain += trace.flows.certain
                    possible += trace.flows.possible
        self._conclude(answer, certain, possible)
        return answer

    def _there(self, a: End, b: End) -> list[tuple[tuple[Way, ...], list[Interval]]]:
        """The ways to the goal, addresses that fare alike together."""
        walker, atoms = self.walker, self.topology.atoms
        anywhere = b.everywhere
        found: list[tuple[tuple[Way, ...], Interval]] = []
        for span in atoms.split(b.spans):
            if a.kind == "place" and a.subnet is not None:
                found.append((walker.leaving(a.subnet, span[0], anywhere), span))
                continue
            found.append((self._entering(a, b, span), span))
        if b.kind == "service" and not any(w.end in ("services", "unknown") for ways, _ in found for w in ways):
            assert a.subnet is not None
            found = [(walker.leaving(a.subnet, s[0], True), s) for s in atoms.split(INTERNET)]  # its public address
        return classes(walker, found)

    def _entering(self, a: End, b: End, span: Interval) -> tuple[Way, ...]:
        """The ways of what comes from outside: by every gateway, if the goal has an address that can be sent to."""
        if a.kind == "internet" and _public(b) is False and not public_address(span):
            return (Way((), "dropped", note=f"{b.label} has no public address"),)
        ways: tuple[Way, ...] = ()
        for gate in self._gates(a, b):
            on = self.walker.entering(gate, span[0])
            ways += tuple(w._replace(steps=(_step_in(gate), *w.steps)) for w in on)
        said = self._lost_gate(a, b) if not ways else None
        if said is not None:
            return (Way((), "unknown", doubts=(said,)),)
        return ways or (Way((), "dropped", note=_no_gate(a, b)),)

    def _lost_gate(self, a: End, b: End) -> str | None:
        """Why a network without a gateway may have one."""
        if b.subnet is None:
            return None
        home = b.subnet.network.resource
        if home.source == "uncollected":
            return f"the gateways of {home} are not among the inputs"
        kind = "internet" if a.kind == "internet" else "outside"
        for gates in self.topology.gateways.values():
            for gate in gates:
                lost = gate.network is None or gate.network.resource.source == "uncollected"
                here = gate.resource is not None and gate.resource.root == home.root
                if gate.kind == kind and gate.hub is None and gate.closed is None and lost and here:
                    return f"which network {gate.resource} is attached to is not known"
        return None

    def _gates(self, a: End, b: End) -> list[Gateway]:
        """Where what comes from outside enters."""
        if b.subnet is None:
            return []
        kind = "internet" if a.kind == "internet" else "outside"
        return [g for g in b.subnet.network.gateways if g.kind == kind and g.closed is None] + [
            g for h in self.topology.hubs for g in h.attachments if kind == "outside" and g.kind == "outside"
        ]

    def _tried(
        self, flow: Flow, a: End, b: End, there: Way, goals: Sequence[Interval]
    ) -> Iterator[tuple[Trace, list[Way]]]:  # fmt: skip
        """What comes of a way there, for each class of senders and each way back."""
        from assay.analysis.reach.packets import Admitted

        nothing = Admitted([], [])
        said = self._ends_well(a, b, there)
        if said is not None:
            yield Trace(nothing, said, there.steps[-1].view if there.steps else None), []
            return
        there = there._replace(doubts=(*there.doubts, *self._doubts(a, b, there, goals)))
        for backs, sources in self._senders(a, b, there, goals[0][0]):
            if isinstance(backs, str):
                yield Trace(nothing, backs), []
                continue
            chosen = list(islice(product(*backs), MOST_WAYS))
            for back in chosen:
                yield flow.trace(there, back, sources, goals), list(back)

    def _senders(
        self, a: End, b: End, there: Way, goal: int
    ) -> list[tuple[list[list[Way]] | str, list[Interval]]]:  # fmt: skip
        """The senders' addresses, those together whose replies take the same ways."""
        found: dict[object, tuple[list[list[Way]] | str, list[Interval]]] = {}
        for span in self.topology.atoms.split(of_version(a.spans, goal)):
            backs = ways_back(self.walker, a, b, there, span[0], goal)
            key: object = backs
            if not isinstance(backs, str):
                key = tuple(tuple((tuple(id(s.view) for s in w.steps), w.end) for w in leg) for leg in backs)
            found.setdefault(key, (backs, []))[1].append(span)
        return [(backs, joined(spans)) for backs, spans in found.values()]

    def _ends_well(self, a: End, b: End, there: Way) -> str | None:
        """None when the way ends where the question ends; else why not."""
        if there.end == "unknown":
            return None
        if there.end == "delivered":
            if b.kind == "place" and (b.subnet is None or there.subnet is b.subnet):
                return None
            return f"it ends in {there.subnet.resource if there.subnet else 'another subnet'}"
        if there.end == "services":
            return None if b.kind == "service" else "it ends at a service gateway"
        if there.end == "internet" and b.kind in ("internet", "service"):
            return self._address_for(a, there)
        if there.end == "outside" and b.kind == "outside":
            return None
        if there.note:
            return there.note
        return {
            "internet": "it leaves to the internet", "outside": "it leaves by a private line",
            "loop": "the routes lead round in a circle",
        }.get(there.end, "no route leads there")  # fmt: skip

    def _address_for(self, a: End, there: Way) -> str | None:
        """Why what leaves by the last gateway has no address of the internet; None when it has, or may have."""
        last = there.steps[-1].node
        nat = there.translation()
        if nat is not None and nat.private:
            return f"{nat.resource} has no public address"
        if nat is not None or a.subnet is None or last.kind == "egress":  # type: ignore[union-attr]
            return None
        if last.network is not a.subnet.network and not placeless(last):
            return f"{last.resource} does not translate addresses of another network"
        if any(public_address(s) for s in a.spans):
            return None
        return f"{a.label} has no public address" if _public(a) is False else None

    def _doubts(self, a: End, b: End, there: Way, goals: Sequence[Interval]) -> tuple[str, ...]:
        """What is not known of public addresses on this way."""
        found = []
        plain = there.end == "internet" and there.translation() is None
        if plain and placeless(there.steps[-1].node):
            found.append(f"which network {there.steps[-1].node.resource} is attached to is not known")
        if plain and isinstance(said := _public(a), str) and goals[0][0] < V6:
            found.append(said)
        if a.kind == "internet" and isinstance(said := _public(b), str) and goals[0][0] < V6:
            found.append(said)
        return tuple(found)

    def _note(self, answer: Answer, there: Way, back: list[Way], trace: Trace, settled: bool) -> None:
        """Keep the way that says most."""
        now = 2 if trace.flows.certain else 1 if trace.flows.possible else 0
        have = {"yes": 2, "unknown": 1, "no": 0}[answer.verdict]
        for reason in trace.flows.reasons if now == 1 else ():
            if reason not in answer.reasons:
                answer.reasons.append(reason)
        further = answer.there is None or len(there.steps) > len(answer.there.steps)
        if now > have or (now == have == 0 and further):
            answer.verdict = ("no", "unknown", "yes")[now]
            answer.there, answer.back = there, back
            answer.blocked, answer.at = trace.blocked, trace.at
        if settled:
            answer.reasons.clear()

    def _conclude(self, answer: Answer, certain: Packets, possible: Packets) -> None:
        if answer.verdict == "yes":
            answer.reasons.clear()
            for end, side in ((answer.a, 0), (answer.b, 1)):
                goal = certain[0][1 - side][0]
                rest = rest_of(of_version(end.spans, goal), certain, side) if end.vague else []
                if rest:
                    part = ", ".join(show(s) for s in joined(box[side] for box in certain))
                    answer.verdict = "unknown"
                    answer.reasons.append(f"the address of {end.label} is not known, and only {part} passes")
        answer.ports = ports_of(certain or possible)


def _step_in(gate: Gateway) -> Step:
    return Step(gate.kind, gate, gate.resource)


def _no_gate(a: End, b: End) -> str:
    if b.subnet is None:
        return f"{b.label} is not in a network that was read"
    way = "internet gateway" if a.kind == "internet" else "private line"
    return f"{b.subnet.network.resource} has no {way}"


def _public(end: End) -> Public:
    """Whether what stands there has an address of the internet."""
    if end.interface is not None:
        return end.interface.public
    return end.subnet.public if end.subnet is not None else True


def of_interface(interface: Interface) -> End:
    """An interface as an end."""
    label = str(interface.resource)
    return End(label, "place", tuple(interface.addresses), interface.subnet, interface, interface.view)


def internet() -> End:
    return End("internet", "internet", INTERNET)
