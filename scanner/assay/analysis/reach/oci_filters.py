"""Security lists and network security groups of OCI as filters: any rule that allows is enough, some are stateless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach import reading as rd
from assay.analysis.reach.addresses import EVERYTHING, V4_ALL, Interval
from assay.analysis.reach.packets import ICMP, PORTS, TCP, Filter, Rule
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.analysis.reach.topology import Network
    from assay.graph import Graph
    from assay.model import Resource, View

BLOCKS = {True: "ingress_security_rules", False: "egress_security_rules"}
REMOTE = {True: "source", False: "destination"}
GROUP_RULE = "oci_core_network_security_group_security_rule"
Rules = tuple[list[Rule], str | None]


class Lists:
    """The security lists and groups of a graph, each read once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[tuple[str, bool], Rules] = {}

    def filters(
        self, lists: Sequence[Resource], groups: Sequence[Resource], doubt: str | None, network: Network
    ) -> tuple[Filter, Filter]:  # fmt: skip
        """What an interface under these lists and groups admits in and out."""
        found = [self._union(lists, groups, incoming, doubt, network) for incoming in (True, False)]
        return found[0], found[1]

    def _union(
        self, lists: Sequence[Resource], groups: Sequence[Resource], incoming: bool, doubt: str | None, network: Network
    ) -> Filter:  # fmt: skip
        rules: list[Rule] = []
        missing = doubt
        for r in (*lists, *groups):
            at = (rd.key(r), incoming)
            if at not in self._known:
                self._known[at] = self._read(r, incoming, network)
            found, reason = self._known[at]
            rules += found
            missing = missing or reason
        names = ", ".join(str(r) for r in (*lists, *groups)) or "nothing"
        direction = "ingress" if incoming else "egress"
        view = next((r for r in (*lists, *groups)), None)
        return Filter(f"the {direction} rules of {names}", rules, missing=missing, view=view)

    def _read(self, r: Resource, incoming: bool, network: Network) -> Rules:
        if not rd.known(r):
            return [], f"{r} is not among the inputs"
        if r.type == "oci_core_vcn":
            return built_in(r, incoming, network), None
        if r.type != "oci_core_network_security_group":
            views, missing = rd.blocks(r, BLOCKS[incoming])
            return [rule for view in views for rule in self._rule(view, incoming)], missing
        found, missing = rd.users(self.graph, r, GROUP_RULE)
        rules: list[Rule] = []
        for view in found:
            if rd.one(self.graph, view, "network_security_group_id") is not r:
                continue  # it names the group as its source or destination
            direction = rd.value(view, "direction")
            if isinstance(direction, Unknown):
                missing = missing or direction.reason
            elif direction == ("INGRESS" if incoming else "EGRESS"):
                rules += self._rule(view, incoming)
        return rules, missing

    def _rule(self, view: View, incoming: bool) -> list[Rule]:
        protocol, unknown = rd.protocol_of(rd.value(view, "protocol"))
        source_ports, ports, doubt = port_ranges(view, protocol)
        unknown = unknown or doubt
        stateless = rd.value(view, "stateless")
        if isinstance(stateless, Unknown):
            unknown = unknown or stateless.reason
        remote, groups, vague = self._remote(view, incoming)
        said = unknown or vague
        return [
            Rule(
                True, protocol, tuple(remote) if vague is None else (EVERYTHING,), source_ports, ports,
                stateless is True, groups, f"{view}: {said}" if said else None, view,
            )
        ]  # fmt: skip

    def _remote(self, view: View, incoming: bool) -> tuple[list[Interval], frozenset[str], str | None]:
        name = REMOTE[incoming]
        written, kind = rd.value(view, name), rd.word(view, f"{name}_type")
        if kind == "service_cidr_block":
            return [rd.OF_SERVICES], frozenset(), None
        if kind == "network_security_group" or (isinstance(written, str) and written.startswith("ocid1.networksec")):
            named, doubt = rd.linked(self.graph, view, name)
            return [], frozenset(rd.key(g) for g in named), doubt or rd.unnamed(written)
        spans, doubt = rd.remotes(written)
        return spans, frozenset(), doubt


def port_ranges(view: View, protocol: int) -> tuple[Interval, Interval, str | None]:
    """Source ports, destination ports (for ICMP type and code) and why they are not known."""
    if protocol in (1, 58):
        found, doubt = rd.icmp_between(rd.value(view, "icmp_options.type"), rd.value(view, "icmp_options.code"))
        return PORTS, found, doubt
    name = {6: "tcp_options", 17: "udp_options"}.get(protocol)
    if name is None:
        return PORTS, PORTS, None
    spans = []
    reason = None
    for paths in ((f"{name}.source_port_range",), (f"{name}.destination_port_range", name)):
        low = high = None
        for path in paths:
            low = low if low is not None else rd.value(view, f"{path}.min")
            high = high if high is not None else rd.value(view, f"{path}.max")
        span, doubt = rd.ports_between(low, high)
        spans.append(span)
        reason = reason or doubt
    return spans[0], spans[1], reason


def built_in(vcn: Resource, incoming: bool, network: Network) -> list[Rule]:
    """The rules that a VCN's default list is made with: SSH and path MTU discovery from anywhere, everything out."""
    if not incoming:
        return [Rule(True, 0, (EVERYTHING,), view=vcn)]
    unreachable = 3 << 8
    return [
        Rule(True, TCP, (V4_ALL,), ports=(22, 22), view=vcn),
        Rule(True, ICMP, (V4_ALL,), ports=(unreachable + 4, unreachable + 4), view=vcn),
        Rule(True, ICMP, tuple(network.prefixes), ports=(unreachable, unreachable + 255), view=vcn),
    ]
