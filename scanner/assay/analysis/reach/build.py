"""From a graph of resources to one topology, built once and kept with the graph."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from assay.analysis.reach.addresses import common, show
from assay.analysis.reach.topology import Problem, Topology

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.analysis.reach.questions import Reach
    from assay.analysis.reach.topology import Network
    from assay.analysis.reach.walk import Walker
    from assay.graph import Graph

T = TypeVar("T")


_PLACELESS = ("oci_identity_", "oci_objectstorage_", "oci_kms_", "oci_vault_", "oci_logging_", "oci_budget_")
"""OCI's types that have no place in a network: for them alone none is read."""


class Model:
    """The topology of a graph with what walks it."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._kept: dict[object, Any] = {}

    @cached_property
    def walker(self) -> Walker:
        from assay.analysis.reach.walk import Walker

        return Walker(self.topology)

    @cached_property
    def reach(self) -> Reach:
        from assay.analysis.reach.questions import Reach

        return Reach(self.topology, self.walker)

    def has_gateway(self, kinds: Sequence[str]) -> bool:
        """Whether a gateway of one of the kinds stands anywhere."""
        return self.once(
            ("has", *kinds), lambda: any(g.kind in kinds for found in self.topology.gateways.values() for g in found)
        )

    def once(self, name: object, make: Callable[[], T]) -> T:
        """What `make` gives, made once for each name."""
        if name not in self._kept:
            self._kept[name] = make()
        found: T = self._kept[name]
        return found

    def steps(self) -> set[int]:
        """The subnets in which a NAT gateway or an interface of a hub stands."""
        return self.once("steps", self._steps)

    def _steps(self) -> set[int]:
        gates = [g for found in self.topology.gateways.values() for g in found]
        return {id(d.subnet) for g in gates if g.kind in ("nat", "attachment") for d in (g, *g.others)}


def model(graph: Graph) -> Model:
    """The network model of a graph; rules and commands that ask for it share one."""
    found = graph._memo.get("network model")
    if isinstance(found, Model):
        return found
    topology = Topology()
    if any(t.startswith("aws_") for t in graph.types):
        from assay.analysis.reach import aws

        aws.Builder(graph, topology).build()
    if any(t.startswith("oci_") and not t.startswith(_PLACELESS) for t in _seen(graph)):
        from assay.analysis.reach import oci

        oci.Builder(graph, topology).build()
    topology.problems = list(_problems(topology))
    made = graph._memo["network model"] = Model(topology)
    return made


def _seen(graph: Graph) -> set[str]:
    return {*graph.types, *(type_ for type_, *_ in graph.coverage.unlisted)}


def _problems(topology: Topology) -> list[Problem]:
    """What cannot be right: networks that overlap and are joined, routes that lead nowhere."""
    found: list[Problem] = []
    for hub in topology.hubs:
        joined = [g.network for g in hub.attachments if g.network is not None]
        found += _overlaps(joined, str(hub.resource))
    for gates in topology.gateways.values():
        for gate in gates:
            if gate.kind == "peering" and gate.peer is not None and gate.network and gate.peer.network:
                found += _overlaps([gate.network, gate.peer.network], str(gate.resource))
    for table in topology.tables:
        for route in table.routes:
            hop = route.hop
            if hop.closed is not None or hop.kind == "blackhole":
                why = hop.closed or hop.note or "it is a blackhole"
                found.append(Problem(f"{route.view or table.name} leads nowhere: {why}", route.view))
    return list({p.message: p for p in found}.values())


def _overlaps(networks: list[Network], by: str) -> list[Problem]:
    """Sorted by their first address, each is compared with the ones that begin before it ends."""
    spans = sorted((p[0], p[1], i) for i, n in enumerate(networks) for p in n.prefixes)
    found: list[Problem] = []
    open_spans: list[tuple[int, int, int]] = []
    for first, last, i in spans:
        open_spans = [s for s in open_spans if s[1] >= first]
        for a, b, j in open_spans:
            if networks[i] is not networks[j]:
                both = common([(first, last)], [(a, b)])
                one, other = networks[j].resource, networks[i].resource
                found.append(Problem(f"{one} and {other}, joined by {by}, overlap at {show(both[0])}", other))
        open_spans.append((first, last, i))
    return found
