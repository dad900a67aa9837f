"""The nouns of the network model, the same for both clouds: networks, subnets, interfaces, tables, gateways, hubs.

Builders fill them from a graph; nothing here knows a resource type. What a builder could not know stands in the model
as a sentence (`missing`, `unknown`, `doubts`), so that the questions can say it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from assay.analysis.reach.addresses import SERVICES, V4_ALL, V6_ALL, Atoms, Interval, holds
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.analysis.reach.packets import Filter
    from assay.model import Resource, View

Public = bool | str
"""Whether an interface has, or a subnet allows, a public address; a sentence when nobody can tell."""


class Route(NamedTuple):
    """One route of a table. `rank` orders routes to the same prefix: static ones before those that were learned."""

    span: Interval
    hop: Gateway
    view: View | None
    rank: int = 0


class Table:
    """A route table with longest prefix match.

    `doubts` are routes of which the destination is not known: they may take any packet, or none. `learned` may take
    what no route does. `missing` says why the whole table is not known.
    """

    __slots__ = ("_cells", "_starts", "doubts", "learned", "missing", "name", "routes", "view")

    def __init__(self, name: str, view: View | None = None, missing: str | None = None) -> None:
        self.name = name
        self.view = view
        self.missing = missing
        self.routes: list[Route] = []
        self.doubts: list[tuple[Route, str]] = []
        self.learned: tuple[Gateway, str] | None = None  # a line whose announcements nobody here knows
        self._starts: list[int] | None = None
        self._cells: list[tuple[Route, ...]] = []

    def add(self, span: Interval, hop: Gateway, view: View | None, rank: int = 0) -> None:
        self.routes.append(Route(span, hop, view, rank))
        self._starts = None

    def doubt(self, hop: Gateway, view: View | None, reason: str, spans: Iterable[Interval] = ()) -> None:
        """A route that may be here: to `spans`, else to anywhere."""
        self.doubts += [(Route(span, hop, view), reason) for span in spans or ((0, SERVICES - 1),)]

    def doubts_on(self, address: int) -> list[tuple[Route, str]]:
        """The routes that may take an address."""
        return [(r, reason) for r, reason in self.doubts if r.span[0] <= address <= r.span[1]]

    def lookup(self, address: int) -> tuple[Route, ...]:
        """The routes that the longest prefix selects: usually one, several where equals compete, none for no route."""
        if self._starts is None:
            self._cut()
        return self._cells[bisect_right(self._starts or (), address)]

    def _cut(self) -> None:
        starts = sorted({p for r in self.routes for p in (r.span[0], r.span[1] + 1)})
        cells: list[tuple[Route, ...]] = [()] * (len(starts) + 1)
        best = sorted(self.routes, key=lambda r: (r.span[0] - r.span[1], r.rank))  # widest first, best rank last
        for route in best:
            for i in range(bisect_right(starts, route.span[0]), bisect_right(starts, route.span[1]) + 1):
                there = cells[i]
                same = there and there[0].span == route.span and there[0].rank == route.rank
                cells[i] = (*there, route) if same and all(route.hop is not r.hop for r in there) else (
                    there if same else (route,)
                )  # fmt: skip
        self._starts, self._cells = starts, cells


class Gateway:
    """A next hop, and for what enters a network through it the place where that begins.

    kinds: `local`, `internet`, `egress` (outward only, IPv6), `nat`, `services`, `peering`, `attachment`, `firewall`,
    `appliance` (an interface that forwards), `outside` (a private line), `blackhole`, `unknown`.

    `subnet` is where it stands (NAT gateways, endpoints, attachments of AWS), `ingress` the table for what enters by
    it (absent: local delivery), `addresses` its own private ones, `closed` why it does not forward.
    """

    __slots__ = (
        "addresses", "closed", "hub", "hub_table", "ingress", "interface", "kind", "network", "note", "others", "peer",
        "policy", "private", "replies", "resource", "subnet",
    )  # fmt: skip

    def __init__(self, kind: str, resource: Resource | None, network: Network | None = None, note: str = "") -> None:
        self.kind = kind
        self.resource = resource
        self.network = network
        self.note = note
        self.subnet: Subnet | None = None
        self.others: list[Gateway] = []  # the same attachment or firewall in other zones
        self.addresses: list[Interval] = []
        self.ingress: Table | None = None
        self.closed: str | None = None
        self.peer: Gateway | None = None
        self.hub: Hub | None = None
        self.hub_table: Table | None = None
        self.private = False  # a NAT gateway without a public address
        self.policy: Filter | None = None  # what a firewall lets through, from source to destination
        self.replies: Filter | None = None  # and what of the replies, where it does not remember all connections
        self.interface: Interface | None = None  # whose filters what passes must pass too

    def __repr__(self) -> str:
        return f"<{self.kind} {self.resource or self.note}>"


class Subnet:
    """A subnet: its prefixes, the table for what leaves it, and the filters of its edge."""

    __slots__ = (
        "any_inward",
        "any_outward",
        "interfaces",
        "inward",
        "network",
        "outward",
        "prefixes",
        "public",
        "resource",
        "table",
        "unknown",
        "zone",
    )  # fmt: skip

    def __init__(self, resource: Resource, network: Network) -> None:
        self.resource = resource
        self.network = network
        self.prefixes: list[Interval] = []
        self.unknown: str | None = None  # why its prefixes are not known
        self.table = Table(f"the routes of {resource}")
        self.inward: Filter | None = None  # of the subnet's edge: a network ACL
        self.outward: Filter | None = None
        self.any_inward: Filter | None = None  # of every interface in it: security lists
        self.any_outward: Filter | None = None
        self.public: Public = True
        self.zone: Any = None
        self.interfaces: list[Interface] = []

    def __repr__(self) -> str:
        return f"<subnet {self.resource}>"


class Interface:
    """A network interface of a resource in one subnet.

    `exact` says that `addresses` is its address and not merely the range it will be from.
    """

    __slots__ = (
        "addresses", "exact", "groups", "inward", "outward", "public", "relays", "resource", "subnet", "ungrouped",
        "view",
    )  # fmt: skip

    def __init__(self, resource: Resource, subnet: Subnet, view: View | None = None) -> None:
        self.resource = resource
        self.subnet = subnet
        self.view = view or resource
        self.addresses: list[Interval] = list(subnet.prefixes)
        self.exact = False
        self.groups: frozenset[str] = frozenset()
        self.ungrouped: str | None = None  # why it may be in more groups
        self.inward: Filter | None = None
        self.outward: Filter | None = None
        self.public: Public = False
        self.relays: list[Relay] = []

    def __repr__(self) -> str:
        return f"<interface {self.resource}>"


class Relay(NamedTuple):
    """What a load balancer hands on: who listens on `listen` is sent to `port` of the target."""

    protocol: int
    listen: Interval
    target: Resource
    port: Interval | None
    keeps_source: bool
    view: View


class Network:
    """A VPC or VCN."""

    __slots__ = ("gateways", "prefixes", "resource", "subnets", "unknown")

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.prefixes: list[Interval] = []
        self.unknown: str | None = None
        self.subnets: list[Subnet] = []
        self.gateways: list[Gateway] = []

    def local(self) -> list[Interval]:
        """What is routed inside it; its subnets' prefixes are, whether its own are known or not."""
        if self.unknown is None:
            return self.prefixes
        return list({*self.prefixes, *(p for s in self.subnets for p in s.prefixes)})

    def __repr__(self) -> str:
        return f"<network {self.resource}>"


class Hub:
    """A transit gateway or a DRG: attachments, each with the table for what enters by it."""

    __slots__ = ("attachments", "resource")

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.attachments: list[Gateway] = []


class Topology:
    """All of it. `problems` are sentences about what cannot be right: overlaps, routes to nowhere."""

    def __init__(self) -> None:
        self.networks: list[Network] = []
        self.subnets: dict[int, Subnet] = {}
        self.homeless: list[Subnet] = []  # of which nobody knows the network
        self.networks_by: dict[int, Network] = {}
        self.interfaces: dict[int, list[Interface]] = {}
        self.hubs: list[Hub] = []
        self.gateways: dict[int, list[Gateway]] = {}
        self.tables: list[Table] = []
        self.groups: dict[str, list[Interval]] = {}
        self.services: dict[str, int] = {}
        self.problems: list[Problem] = []
        self._atoms: Atoms | None = None

    @property
    def atoms(self) -> Atoms:
        """The points where any route, subnet or network begins or ends."""
        if self._atoms is None:
            spans = [r.span for t in self.tables for r in t.routes]
            spans += [p for n in self.networks for p in n.prefixes]
            spans += [p for s in self.subnets.values() for p in s.prefixes]
            spans += [(p, p) for p in self.services.values()]
            self._atoms = Atoms(spans)
        return self._atoms

    def service(self, label: str) -> int:
        """The point that stands for a service's addresses."""
        return self.services.setdefault(label, SERVICES + 1 + len(self.services))

    def subnet_of(self, r: Resource) -> Subnet | None:
        return self.subnets.get(id(r))

    def homes(self, address: int) -> list[Subnet]:
        """The subnets that hold an address."""
        return [s for s in self.subnets.values() if holds(s.prefixes, address)]


class Problem(NamedTuple):
    """Something that cannot be right, said once; the rest is analysed all the same."""

    message: str
    view: View | None


def deliver(network: Network, address: int) -> list[Subnet]:
    """The subnets of a network that hold an address; several only when they overlap."""
    return [s for s in network.subnets if holds(s.prefixes, address)]


def contested(table: Table, network: Network) -> None:
    """Where a network's own prefix is not known, a route as wide as it, or wider, may or may not win over local
    routing; a default route does not."""
    if network.unknown is None:
        return
    for route in list(table.routes):
        if route.hop.kind == "local" or route.span in (V4_ALL, V6_ALL):
            continue
        inside = [p for p in network.local() if route.span[0] <= p[0] and p[1] <= route.span[1]]
        if inside:
            said = f"whether {network.resource} routes locally before {route.view} is not known: {network.unknown}"
            table.doubt(route.hop, route.view, said, inside)


def unknown_prefixes(network: Network) -> list[str]:
    """Why some address of the network may be in a subnet whose prefix is not known."""
    return [s.unknown for s in network.subnets if s.unknown]


def all_tables(found: Iterable[Table]) -> list[Table]:
    """Each table once."""
    return list({id(t): t for t in found}.values())
