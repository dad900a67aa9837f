"""Sets of packets of one protocol, and the filters that admit them.

A packet is a point of four dimensions: source, destination, source port, destination port. A set of packets is a list
of boxes. Where a rule holds something unknown, what is certainly admitted and what is possibly admitted differ, so a
filter answers with both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach.addresses import EVERYTHING, Interval
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.model import View

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMP6}
NAMES = {number: name for name, number in PROTOCOLS.items()}
PORTS: Interval = (0, 65535)
EPHEMERAL: Interval = (1024, 65535)
"""The ports that clients use: what a stateless filter has to let back."""
EVERYWHERE = EVERYTHING

# A ping: type and code as one number stand in the place of the destination port (request, reply).
PING = {ICMP: (8 << 8, 0), ICMP6: (128 << 8, 129 << 8)}

Box = tuple[Interval, Interval, Interval, Interval]
"""Source, destination, source port, destination port."""
Packets = list[Box]


def meet(one: Box, other: Box) -> Box | None:
    """The packets of both boxes."""
    found = []
    for (a, b), (c, d) in zip(one, other, strict=True):
        first, last = (max(c, a)), (min(d, b))
        if first > last:
            return None
        found.append((first, last))
    return found[0], found[1], found[2], found[3]


def both(left: Iterable[Box], right: Sequence[Box]) -> Packets:
    """The packets of both sets."""
    return [box for x in left for y in right if (box := meet(x, y))]


def less(left: Iterable[Box], taken: Iterable[Box]) -> Packets:
    """The packets of the first set that are not in the second."""
    rest = list(left)
    for other in taken:
        rest = [piece for box in rest for piece in _less_one(box, other)]
    return rest


def _less_one(box: Box, other: Box) -> Packets:
    if meet(box, other) is None:
        return [box]
    pieces: Packets = []
    sides = list(box)
    for i, (first, last) in enumerate(other):
        a, b = sides[i]
        for span in ((a, first - 1), (last + 1, b)):
            if max(span[0], a) <= min(span[1], b):
                piece = [*sides[:i], (max(span[0], a), min(span[1], b)), *sides[i + 1 :]]
                pieces.append((piece[0], piece[1], piece[2], piece[3]))
        sides[i] = (max(a, first), min(b, last))
    return pieces


def answered(packets: Iterable[Box], protocol: int) -> Packets:
    """The replies to these packets, and of replies what they reply to."""
    if protocol in PING:
        request, reply = PING[protocol]
        other = {request: reply, reply: request}
        return [(d, s, sp, (other[p[0]],) * 2) for s, d, sp, p in packets if p[0] == p[1] and p[0] in other]
    return [(d, s, dp, sp) for s, d, sp, dp in packets]


def ports_of(packets: Iterable[Box]) -> list[Interval]:
    """The destination ports of a set, as disjoint intervals in order."""
    from assay.analysis.reach.addresses import joined

    return joined(box[3] for box in packets)


# --- filters ----------------------------------------------------------------------------------------------------------


class Rule(NamedTuple):
    """One line of a filter. `remote` is the far end's addresses; an unknown part makes the rule possible, not certain.

    `groups` names security groups whose members are the far end; `protocol` 0 is all of them.
    """

    allow: bool
    protocol: int
    remote: tuple[Interval, ...]
    source_ports: Interval = PORTS
    ports: Interval = PORTS
    stateless: bool = False
    groups: frozenset[str] = frozenset()
    unknown: str | None = None
    view: View | None = None
    local: tuple[Interval, ...] = (EVERYTHING,)
    """The near end's addresses, where a rule names both ends as firewalls' rules do."""

    def doubt(self, peer: Peer) -> str | None:
        """Why it is not certain that it matches what it speaks of."""
        if self.unknown is None and self.groups and peer.doubt is not None and not (peer.groups or set()) & self.groups:
            return peer.doubt
        return self.unknown

    def boxes(self, peer: Peer, incoming: bool) -> Packets:
        """What it speaks of, with the far end's place in the packet."""
        spans = self.remote
        if self.groups:
            spans = (*spans, *peer.members(self.groups))
        if incoming:
            return [(span, near, self.source_ports, self.ports) for span in spans for near in self.local]
        return [(near, span, self.source_ports, self.ports) for span in spans for near in self.local]


class Peer(NamedTuple):
    """The far end as a rule that names groups sees it: its own groups, else who is in a group and at which address."""

    groups: frozenset[str] | None
    directory: dict[str, list[Interval]]
    doubt: str | None = None  # why it may be in more groups

    def members(self, groups: frozenset[str]) -> tuple[Interval, ...]:
        if self.groups is not None:
            return (EVERYWHERE,) if self.groups & groups or self.doubt is not None else ()
        return tuple(span for g in groups for span in self.directory.get(g, ()))


NOBODY = Peer(frozenset(), {})


class Admitted(NamedTuple):
    """What passes for certain, what may pass, and what is not known of the rest."""

    certain: Packets
    possible: Packets
    reasons: tuple[str, ...] = ()


class Filter:
    """Rules for one direction. `ordered`: the first that matches decides, else any rule that allows is enough.

    `missing` says why the rules are not known at all. What nothing admits is refused.
    """

    __slots__ = ("missing", "name", "ordered", "rules", "view")

    def __init__(
        self, name: str, rules: Sequence[Rule], *, ordered: bool = False, missing: str | None = None,
        view: View | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.rules = tuple(rules)
        self.ordered = ordered
        self.missing = missing
        self.view = view

    def of(self, protocol: int) -> list[Rule]:
        """The rules that speak of a protocol."""
        return [r for r in self.rules if r.protocol in (0, protocol)]

    def passes(self, packets: Admitted, protocol: int, peer: Peer, incoming: bool) -> Admitted:
        """What of these packets the rules admit, replies not considered."""
        if self.ordered:
            return self._in_order(packets, protocol, peer, incoming)
        certain, possible, reasons = Packets(), Packets(), list(packets.reasons)
        for rule in self.of(protocol):
            boxes = rule.boxes(peer, incoming)
            possible += both(packets.possible, boxes)
            doubt = rule.doubt(peer)
            if doubt is None:
                certain += both(packets.certain, boxes)
            elif doubt not in reasons:
                reasons.append(doubt)
        return self._or_missing(packets, Admitted(tidy(certain), tidy(possible), tuple(reasons)))

    def _in_order(self, packets: Admitted, protocol: int, peer: Peer, incoming: bool) -> Admitted:
        certain, possible, reasons = Packets(), Packets(), list(packets.reasons)
        surely, maybe = packets.certain, packets.possible
        for rule in self.of(protocol):
            boxes = rule.boxes(peer, incoming)
            if rule.allow:
                possible += both(maybe, boxes)
                if rule.unknown is None:
                    certain += both(surely, boxes)
            surely = less(surely, boxes)
            if rule.unknown is None:
                maybe = less(maybe, boxes)
            elif rule.unknown not in reasons:
                reasons.append(rule.unknown)
        return self._or_missing(packets, Admitted(certain, possible, tuple(reasons)))

    def _or_missing(self, packets: Admitted, found: Admitted) -> Admitted:
        if self.missing is None:
            return found
        certain = [] if self.ordered else found.certain
        return Admitted(certain, packets.possible, (*found.reasons, self.missing))


def both_ways(
    way: Filter, back: Filter, packets: Admitted, protocol: int, peer: Peer, incoming: bool
) -> Admitted:  # fmt: skip
    """What one interface's rules admit so that the reply passes too.

    A stateful rule remembers the connection; where a stateless one matches, it wins, and the reply needs a rule of the
    other direction (Oracle documents both; the groups of AWS are stateful).
    """
    stateless = [r for r in way.of(protocol) if r.stateless]
    if not stateless:
        return way.passes(packets, protocol, peer, incoming)
    surely = [b for r in stateless if r.doubt(peer) is None for b in r.boxes(peer, incoming)]
    maybe = [b for r in stateless for b in r.boxes(peer, incoming)]
    stateful = Filter(way.name, [r for r in way.rules if not r.stateless], missing=way.missing)
    rest = Admitted(less(packets.certain, maybe), less(packets.possible, surely), packets.reasons)
    tracked = stateful.passes(rest, protocol, peer, incoming)
    once = Filter(way.name, stateless).passes(packets, protocol, peer, incoming)
    replies = Admitted(answered(once.certain, protocol), answered(once.possible, protocol), once.reasons)
    replies = back.passes(replies, protocol, peer, not incoming)
    return Admitted(
        tracked.certain + answered(replies.certain, protocol),
        tracked.possible + answered(replies.possible, protocol),
        tuple(dict.fromkeys((*tracked.reasons, *replies.reasons))),
    )


def tidy(packets: Packets) -> Packets:
    """The set without boxes that lie in another of it."""
    if len(packets) < 2:
        return packets
    kept: Packets = []
    for box in sorted(set(packets), key=lambda b: -(b[0][1] - b[0][0] + b[1][1] - b[1][0] + b[3][1] - b[3][0])):
        if not any(meet(box, other) == box for other in kept):
            kept.append(box)
    return kept
