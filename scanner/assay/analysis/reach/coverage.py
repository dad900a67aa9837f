"""Does every path pass the firewall: spoke to internet, internet to spoke, spoke to spoke, and the reply by the same.

A path is judged by routes alone: what a filter refuses today it admits tomorrow, and the detour is open then. A subnet
of which no interface can have a public address has no path by an internet gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach.addresses import INTERNET, V6, Interval, common
from assay.analysis.reach.ends import of_subnet
from assay.analysis.reach.flows import ways_back
from assay.analysis.reach.questions import internet
from assay.analysis.reach.topology import Gateway
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.analysis.reach.build import Model
    from assay.analysis.reach.topology import Hub, Network, Subnet
    from assay.analysis.reach.walk import Way


class Detour(NamedTuple):
    """A way that avoids the firewall, or whose reply does; `doubts` say why it is not certain."""

    source: Subnet | None  # None: the internet
    goal: Subnet | None
    way: Way
    back: Way | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        return (*self.way.doubts, *(self.back.doubts if self.back is not None else ()))

    def hub(self) -> Hub | None:
        """The hub that it leads over."""
        nodes = (s.node for s in self.way.steps if s.kind == "attachment")
        return next((n.hub for n in nodes if isinstance(n, Gateway) and n.hub is not None), None)


class Fare(NamedTuple):
    """What becomes of packets to a subnet: the firewalls on each way that arrives, and whether one may pass none."""

    seen: frozenset[frozenset[int]]
    open: int  # 0 no, 1 perhaps, 2 yes


class Estate:
    """Networks that are joined, directly or by hubs, and the firewalls in them."""

    def __init__(self, model: Model, networks: Sequence[Network], guards: Sequence[Gateway]) -> None:
        self.model = model
        self.networks = list(networks)
        self.guards = list(guards)
        self.kinds = {g.kind for g in guards}
        homes = {id(g.network) for g in guards}
        self.hubs = [n for n in networks if id(n) in homes]
        self.spokes = [n for n in networks if id(n) not in homes]
        self._known: dict[str, list[Detour]] = {}
        self._by_table: dict[object, dict[int, Fare]] = {}
        self._alike: dict[int, dict[int, Fare]] = {}
        self._crossed = crossed(self.networks) | crossed_by_hubs(self.networks, model.topology.hubs)
        stands = {id(g.subnet) for g in guards}
        self._starts = {id(n): [s for s in n.subnets if id(s) not in stands and not idle(model, s)] for n in networks}

    def protected(self) -> list[Network]:
        """The networks whose paths are to be inspected: the spokes; without any, those the firewall stands in.

        A firewall of AWS may guard its own VPC although that is joined to others: those count only where a hub sends
        to the firewall's VPC what is not addressed to it, and its own other subnets always do.
        """
        if not any(n.resource.type.startswith("aws_") for n in self.hubs):
            return self.spokes or self.hubs
        return [*self.hubs, *(self.spokes if self._serves() else [])]

    def _serves(self) -> bool:
        """A hub hands to the firewall's network what is on its way to somewhere else."""
        mine = {id(n): n for n in self.hubs}
        tables = {id(a.hub_table): a.hub_table for h in self.model.topology.hubs for a in h.attachments if a.hub_table}
        attached = any(g.hub is not None for g in self.guards)
        return attached or any(
            (home := mine.get(id(r.hop.network))) is not None and common([r.span], home.prefixes) != [r.span]
            for t in tables.values()
            for r in t.routes
        )

    def subnets(self, network: Network) -> list[Subnet]:
        """The subnets of a network from which paths begin: not those of firewalls, nor those that only hand on."""
        return self._starts[id(network)]

    def passes(self, way: Way) -> bool:
        """True when the way is inspected."""
        return bool(way.guards) and bool(self.guarded(way))

    def guarded(self, way: Way) -> frozenset[int]:
        """The firewalls on a way, each known by its resource: endpoints in several zones are one firewall."""
        return frozenset(id(g.resource) for g in way.guards if g.kind in self.kinds)

    # --- the internet -------------------------------------------------------------------------------------------------

    def outward(self, network: Network) -> list[Detour]:
        """The first way of each subnet to the internet that is not inspected."""
        found: list[Detour] = []
        for subnet in self.subnets(network):
            ways = (w for s in _internet(self.model) for w in self.model.walker.leaving(subnet, s[0], anywhere=True))
            detour = self._first(w for w in ways if w.end in ("internet", "unknown") and _can_leave(subnet, w))
            if detour is not None:
                found.append(Detour(subnet, None, detour))
        return found

    def inward(self, network: Network) -> list[Detour]:
        """The first way from the internet to each subnet with a public address that is not inspected."""
        found: list[Detour] = []
        for subnet in self.subnets(network):
            if not has_public(subnet):
                continue
            for gate in network.gateways:
                if gate.kind != "internet" or gate.closed is not None or not subnet.prefixes:
                    continue
                ways = [w for cell in self._cells(subnet) for w in self.model.walker.entering(gate, cell[0])]
                detour = self._first(w for w in ways if w.end in ("delivered", "unknown"))
                if detour is not None and self._answers(subnet):
                    found.append(Detour(None, subnet, detour))
        return found

    def _answers(self, subnet: Subnet) -> bool:
        """Something of the subnet can answer the internet by the gateway of its network."""
        ways = [w for s in _internet(self.model) for w in self.model.walker.leaving(subnet, s[0], anywhere=True)]
        return any(w.end == "internet" and w.translation() is None for w in ways)

    def _first(self, ways: Iterable[Way]) -> Way | None:
        """The first way past the firewall, a certain one before a possible one."""
        doubtful = None
        for way in ways:
            if self.passes(way):
                continue
            if not way.doubts:
                return way
            doubtful = doubtful or way
        return doubtful

    # --- between spokes -----------------------------------------------------------------------------------------------

    def one_way(self) -> list[Detour]:
        """Ways between protected networks that one firewall sees and the reply does not, or another."""
        if "one way" not in self._known:
            joined = self.protected()
            pairs = ((a, b) for i, a in enumerate(joined) for b in joined[i + 1 :])
            self._known["one way"] = [found for a, b in pairs if (found := self._lopsided(a, b)) is not None]
        return self._known["one way"]

    def between(self) -> list[Detour]:
        """Ways from one protected network to another that are not inspected: the first of each pair of networks."""
        if "between" not in self._known:
            joined = self.protected()
            pairs = ((a, b) for a in joined for b in joined if a is not b)
            self._known["between"] = [found for a, b in pairs if (found := self._uninspected(a, b)) is not None]
        return self._known["between"]

    def _uninspected(self, a: Network, b: Network) -> Detour | None:
        best: tuple[int, Subnet, Subnet] | None = None
        for source in self.subnets(a):
            fares = self._fares(source)
            for goal in self.subnets(b):
                fare = fares.get(id(goal)) or self._fare(fares, source, goal)
                if fare.open and (best is None or fare.open > best[0]):
                    best = (fare.open, source, goal)
        if best is None:
            return None
        _, source, goal = best
        ways = self._ways(source, goal)
        way = self._first(w for w in ways if w.subnet is goal or w.end == "unknown")
        return Detour(source, goal, way) if way is not None else None

    def _lopsided(self, a: Network, b: Network) -> Detour | None:
        for source in self.subnets(a):
            fares = self._fares(source)
            for goal in self.subnets(b):
                there = (fares.get(id(goal)) or self._fare(fares, source, goal)).seen
                backs = self._fares(goal)
                back = (backs.get(id(source)) or self._fare(backs, goal, source)).seen
                if there != back and there and back:
                    return self._both(source, goal)
        return None

    def _both(self, source: Subnet, goal: Subnet) -> Detour | None:
        for way in self._ways(source, goal):
            for back in self._ways(goal, source):
                if way.subnet is goal and back.subnet is source and self.guarded(way) != self.guarded(back):
                    return Detour(source, goal, way, back) if self.passes(way) else Detour(goal, source, back, way)
        return None

    def _fares(self, source: Subnet) -> dict[int, Fare]:
        """What is known of ways from subnets like this one, by goal. Alike are those whose tables say the same."""
        found = self._alike.get(id(source))
        if found is None:
            found = self._alike[id(source)] = self._by_table.setdefault(self._signature(source), {})
        return found

    def _fare(self, fares: dict[int, Fare], source: Subnet, goal: Subnet) -> Fare:
        ways = self._ways(source, goal)
        seen = frozenset(self.guarded(w) for w in ways if w.subnet is goal)
        past = [w for w in ways if (w.subnet is goal or w.end == "unknown") and not self.passes(w)]
        fare = fares[id(goal)] = Fare(seen, 0 if not past else 2 if any(not w.doubts for w in past) else 1)
        return fare

    def _ways(self, source: Subnet, goal: Subnet) -> list[Way]:
        """The ways to every address of the goal, one for those that fare alike."""
        return [w for cell in self._cells(goal) for w in self.model.walker.leaving(source, cell[0])]

    def _cells(self, subnet: Subnet) -> list[Interval]:
        return self.model.once(("cells", id(subnet)), lambda: self.model.topology.atoms.split(subnet.prefixes))

    def _signature(self, source: Subnet) -> object:
        """Equal for subnets whose packets to other networks fare alike: into the same table of the same hub."""
        table, network = source.table, source.network
        if table.missing is not None or table.doubts or id(network) in self._crossed:
            return id(source)
        routes = [r for r in table.routes if r.hop.kind != "local"]
        return tuple(
            (r.span, r.rank, id(r.hop.hub_table) if r.hop.kind == "attachment" else id(r.hop)) for r in routes
        )  # fmt: skip

    def replies(self, network: Network) -> list[Detour]:
        """Ways to the internet that are inspected while the reply is delivered without."""
        found: list[Detour] = []
        for subnet in self.subnets(network):
            detour = self._reply(subnet)
            if detour is not None:
                found.append(detour)
        return found

    def _reply(self, subnet: Subnet) -> Detour | None:
        a, b = of_subnet(subnet), internet()
        if not subnet.prefixes:
            return None
        for span in _internet(self.model):
            for way in self.model.walker.leaving(subnet, span[0], anywhere=True):
                if way.end != "internet" or not self.passes(way) or not _can_leave(subnet, way):
                    continue
                backs = ways_back(self.model.walker, a, b, way, subnet.prefixes[0][0], span[0])
                if isinstance(backs, str):
                    continue  # nothing comes back at all
                seen = frozenset(i for leg in backs for w in leg for i in self.guarded(w))
                if seen != self.guarded(way):
                    return Detour(subnet, None, way, backs[0][0])
        return None


def crossed(networks: Sequence[Network]) -> set[int]:
    """The networks that share addresses with another."""
    found: set[int] = set()
    widest = (-1, 0)
    for first, last, at in sorted((p[0], p[1], id(n)) for n in networks for p in n.prefixes):
        if first <= widest[0] and at != widest[1]:
            found |= {at, widest[1]}
        widest = max(widest, (last, at))
    return found


def crossed_by_hubs(networks: Sequence[Network], hubs: Sequence[Hub]) -> set[int]:
    """The networks to which a hub sends addresses that are not theirs: those do not fare as others do."""
    mine = {id(n) for n in networks}
    found: set[int] = set()
    for hub in hubs:
        for table in {id(a.hub_table): a.hub_table for a in hub.attachments if a.hub_table is not None}.values():
            for route in table.routes:
                home = route.hop.network
                if home is not None and id(home) in mine and common([route.span], home.prefixes) != [route.span]:
                    found.add(id(home))
    return found


def idle(model: Model, subnet: Subnet) -> bool:
    """True for a subnet that holds a NAT gateway or a hub's interface and nothing else: a step, not a beginning."""
    return not subnet.interfaces and id(subnet) in model.steps()


def _internet(model: Model) -> list[Interval]:
    """The addresses of the internet, cut where anything in the model begins or ends."""
    return model.once("internet", lambda: model.topology.atoms.split(INTERNET))


def _can_leave(subnet: Subnet, way: Way) -> bool:
    """False for what the last gateway has no address of the internet for."""
    if way.end != "internet" or way.translation() is not None:
        nat = way.translation()
        return nat is None or not nat.private
    last = way.steps[-1].node
    if last.network is not subnet.network:
        return False
    return subnet.public is not False or any(p[0] >= V6 for p in subnet.prefixes)


def has_public(subnet: Subnet) -> bool:
    """True when something in the subnet certainly has, or gets by itself, an address of the internet."""
    from assay.analysis.reach.reading import value

    if any(i.public is True for i in subnet.interfaces):
        return True
    if subnet.resource.type.startswith("oci_"):
        return subnet.public is True
    return value(subnet.resource, "map_public_ip_on_launch") is True


def estates(model: Model, kinds: Sequence[str]) -> list[Estate]:
    """The joined networks that hold a firewall of these kinds."""
    return model.once(("estates", *kinds), lambda: list(_estates(model, kinds)))


def _estates(model: Model, kinds: Sequence[str]) -> Iterator[Estate]:
    group: dict[int, int] = {id(n): i for i, n in enumerate(model.topology.networks)}
    members: dict[int, list[Network]] = {i: [n] for i, n in enumerate(model.topology.networks)}

    def join(a: Network, b: Network) -> None:
        x, y = group[id(a)], group[id(b)]
        if x != y:
            if len(members[x]) < len(members[y]):
                x, y = y, x
            for n in members.pop(y):
                group[id(n)] = x
                members[x].append(n)

    for hub in model.topology.hubs:
        networks = [g.network for g in hub.attachments if g.network is not None]
        far = [g.peer.hub for g in hub.attachments if g.peer is not None and g.peer.hub is not None]
        networks += [g.network for h in far for g in h.attachments if g.network is not None]
        for other in networks[1:]:
            join(networks[0], other)
    gates = [g for found in model.topology.gateways.values() for g in found]
    for gate in gates:
        if gate.kind == "peering" and gate.peer is not None and gate.network and gate.peer.network:
            join(gate.network, gate.peer.network)
    guards: dict[int, list[Gateway]] = {}
    for guard in gates:
        if guard.kind in kinds and guard.subnet is not None and guard.closed is None:
            guard.network = guard.network or guard.subnet.network
            guards.setdefault(group[id(guard.network)], []).append(guard)
    for at, found in guards.items():
        yield Estate(model, members[at], found)


def estate_of(model: Model, network: Network, kinds: Sequence[str]) -> Estate | None:
    """The estate a network belongs to, if there is a firewall in it."""
    index = model.once(("estate of", *kinds), lambda: {id(n): e for e in estates(model, kinds) for n in e.networks})
    return index.get(id(network))
