"""Dynamic routing gateways: attachments, their route tables, and what distributions import into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach import reading as rd
from assay.analysis.reach.topology import Gateway, Hub, Network, Table
from assay.model import Ref, Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assay.analysis.reach.addresses import Interval
    from assay.analysis.reach.oci import Builder
    from assay.model import Resource, View

RPC, TUNNEL, CIRCUIT, VCN = "REMOTE_PEERING_CONNECTION", "IPSEC_TUNNEL", "VIRTUAL_CIRCUIT", "VCN"
IMPLICIT = (
    ("oci_core_remote_peering_connection", RPC, "peering"), ("oci_core_ipsec", TUNNEL, "outside"),
    ("oci_core_virtual_circuit", CIRCUIT, "outside"),
)  # fmt: skip
STATIC, OF_VCN, OF_LINE = 3, 2, 1


class Attached(NamedTuple):
    """An attachment: its kind as distributions name it, the resource that stands for it, and what may set its table."""

    kind: str
    gate: Gateway
    settings: Resource


class Statement(NamedTuple):
    """What a distribution accepts: by kind, by attachment, or everything."""

    kind: str | None
    attachment: Resource | None
    unknown: str | None


def drgs(builder: Builder) -> list[_Drg]:
    """Every DRG with its attachments; `route` fills the tables when the tables of the networks are there."""
    found = [_Drg(builder, r) for r in builder.graph.all("oci_core_drg")]
    for drg in found:
        drg.attach()
    connections = {rd.word(r, "id"): r for r in builder.graph.all(IMPLICIT[0][0])}
    by_connection: dict[int, Gateway] = {}
    ends: list[tuple[Gateway, Resource]] = []
    for attached in (a for d in found for a in d.attached if a.kind == RPC):
        r = attached.gate.resource
        assert r is not None
        r = connections.get(rd.word(r, "network_details.id"), r) if r.type == "oci_core_drg_attachment" else r
        by_connection[id(r)] = attached.gate
        ends.append((attached.gate, r))
    for gate, r in ends:
        far = by_connection.get(id(rd.one(builder.graph, r, "peer_id")))
        gate.note = f"the other side of {gate.resource} is not among the inputs"
        if far is not None and far is not gate:
            gate.peer, far.peer = far, gate
    return found


class _Drg:
    """One DRG being read."""

    def __init__(self, builder: Builder, r: Resource) -> None:
        self.builder = builder
        self.graph = builder.graph
        self.resource = r
        self.hub = Hub(r)
        self.attached: list[Attached] = []
        self.tables: dict[str, Table] = {}
        self.lost: str | None = None  # why there may be more attachments
        builder.topology.hubs.append(self.hub)

    def attach(self) -> None:
        listed: set[str] = set()  # a live account lists the attachments that Terraform leaves to the platform
        found, self.lost = rd.users(self.graph, self.resource, "oci_core_drg_attachment")
        for r in found:
            kind = rd.word(r, "network_details.type").upper() or VCN
            if kind == VCN:
                self._vcn(r)
            else:
                listed.add(rd.word(r, "network_details.id"))
                gate = "peering" if kind == RPC else "outside"
                self._add(kind, Gateway(gate, r, note=str(r)), r)
        for type_, kind, gate in IMPLICIT:
            for r in rd.users(self.graph, self.resource, type_)[0]:
                if rd.value(r, "id") is not None and rd.word(r, "id") in listed:
                    continue
                self._add(kind, Gateway(gate, r, note=str(r)), self._managed(r) or r)

    def _managed(self, r: Resource) -> Resource | None:
        """The resource that sets the table of an attachment made by itself."""
        for managed in rd.users(self.graph, self.resource, "oci_core_drg_attachment_management")[0]:
            if rd.one(self.graph, managed, "network_id") is r:
                return managed
        return None

    def _vcn(self, r: Resource) -> None:
        vcn = rd.one(self.graph, r, "network_details.id") or rd.one(self.graph, r, "vcn_id")
        gate = Gateway("attachment", r, self.builder.network(vcn) if vcn is not None else None)
        if gate.network is None:
            gate.note = f"the network of {r} is not known"
        elif not rd.known(gate.network.resource):
            gate.ingress = Table(str(r), r, f"{gate.network.resource} is not among the inputs")
        self._add(VCN, gate, r)

    def _add(self, kind: str, gate: Gateway, settings: Resource) -> None:
        gate.hub = self.hub
        self.attached.append(Attached(kind, gate, settings))
        self.hub.attachments.append(gate)
        self.builder.topology.gateways.setdefault(id(gate.resource), []).append(gate)

    # --- tables -------------------------------------------------------------------------------------------------------

    def route(self) -> None:
        for attached in self.attached:
            self._ingress(attached)
        for attached in self.attached:
            attached.gate.hub_table = self._table_of(attached)

    def _ingress(self, attached: Attached) -> None:
        """The VCN's table for what comes in by the attachment."""
        network = attached.gate.network
        for path in ("network_details.route_table_id", "route_table_id"):
            table = rd.one(self.graph, attached.settings, path)
            if table is not None and network is not None and attached.gate.ingress is None:
                attached.gate.ingress = self.builder.table(table, network)

    def _table_of(self, attached: Attached) -> Table:
        r = attached.settings
        written = rd.value(r, "drg_route_table_id")
        if written is None:
            return self._default(attached.kind)
        named = rd.one(self.graph, r, "drg_route_table_id")
        if named is self.resource and isinstance(written, Ref):
            return self._default(VCN if written.attribute.endswith(".vcn") else RPC)
        if named is not None and rd.known(named) and named.type == "oci_core_drg_route_table":
            return self._table(named)
        return Table(str(r), r, f"the route table of {r} is not among the inputs")

    def _default(self, kind: str) -> Table:
        """The tables every DRG is made with: that of VCNs imports all attachments, that of the others the VCNs."""
        at = "vcn" if kind == VCN else "other"
        if at not in self.tables:
            name = f"the default route table of {self.resource} for {'VCNs' if at == 'vcn' else 'lines and peerings'}"
            table = self.tables[at] = Table(name, self.resource)
            self.builder.topology.tables.append(table)
            self._import(table, [Statement(None if at == "vcn" else VCN, None, None)])
        return self.tables[at]

    def _table(self, r: Resource) -> Table:
        at = rd.key(r)
        if at not in self.tables:
            table = self.tables[at] = Table(str(r), r)
            self.builder.topology.tables.append(table)
            found, doubt = rd.users(self.graph, r, "oci_core_drg_route_table_route_rule")
            for view in found:
                self._static(table, view)
            if doubt:
                table.missing = f"the rules of {r} are not known: {doubt}"
            self._import(table, self._statements(table, r))
        return self.tables[at]

    def _static(self, table: Table, view: Resource) -> None:
        named = rd.one(self.graph, view, "next_hop_drg_attachment_id")
        ours = (a.gate for a in self.attached if named is not None and named in (a.gate.resource, a.settings))
        said = f"the attachment that {view} names is not among the inputs"
        hop = next(ours, None) or Gateway("unknown", named, note=said)
        if rd.value(view, "is_blackhole") is True:
            hop = Gateway("blackhole", None, note=f"{view} is a blackhole")
        rank = OF_VCN if rd.word(view, "route_type") == "dynamic" else STATIC  # a live table lists what it learned too
        spans, vague = rd.spans(rd.value(view, "destination"))
        for span in spans:
            table.add(span, hop, view, rank=rank)
        if vague:
            table.doubt(hop, view, f"where {view} leads is not known: {vague}")

    def _statements(self, table: Table, r: Resource) -> list[Statement]:
        written = rd.value(r, "import_drg_route_distribution_id")
        if written is None:
            return []
        named = rd.one(self.graph, r, "import_drg_route_distribution_id")
        if named is None or not rd.known(named):
            table.missing = f"what {r} imports is not known: {named or 'its distribution'} is not among the inputs"
            return []
        found, doubt = rd.users(self.graph, named, "oci_core_drg_route_distribution_statement")
        if doubt:
            table.missing = f"the statements of {named} are not known: {doubt}"
        return [s for view in found for s in self._criteria(view)]

    def _criteria(self, view: Resource) -> Iterator[Statement]:
        criteria, doubt = rd.blocks(view, "match_criteria")
        if doubt:
            yield Statement(None, None, f"what {view} accepts is not known: {doubt}")
        elif not criteria:
            yield Statement(None, None, None)
        for block in criteria:
            kind = rd.value(block, "match_type")
            if isinstance(kind, Unknown):
                yield Statement(None, None, f"what {view} accepts is not known: {kind.reason}")
            elif kind == "DRG_ATTACHMENT_TYPE":
                yield Statement(rd.word(block, "attachment_type").upper() or None, None, None)
            elif kind == "DRG_ATTACHMENT_ID":
                yield Statement(None, rd.one(self.graph, block, "drg_attachment_id") or self.resource, None)
            else:
                yield Statement(None, None, None)

    def _import(self, table: Table, statements: Iterable[Statement]) -> None:
        taken: set[int] = set()
        if self.lost is not None:
            reason = f"what is attached to {self.resource} is not known: {self.lost}"
            table.doubt(Gateway("unknown", None, note=reason), None, reason)
        for statement in statements:
            for attached in self.attached:
                if id(attached.gate) in taken or not _accepts(statement, attached):
                    continue
                if statement.unknown is not None:
                    table.doubt(attached.gate, attached.gate.resource, statement.unknown)
                    continue
                taken.add(id(attached.gate))
                for span, view, rank in self._offered(attached):
                    table.add(span, attached.gate, view, rank)
                self._not_known(table, attached)

    def _not_known(self, table: Table, attached: Attached) -> None:
        network = attached.gate.network
        if network is not None and network.unknown:
            table.doubt(attached.gate, attached.gate.resource, network.unknown)
        for subnet in network.subnets if network is not None else ():
            if subnet.unknown:
                table.doubt(attached.gate, subnet.resource, subnet.unknown)
        if attached.kind in (TUNNEL, CIRCUIT):
            table.learned = (attached.gate, f"what is announced over {attached.gate.resource} is not known")
        elif attached.kind == RPC and attached.gate.peer is None:
            table.learned = (attached.gate, attached.gate.note)

    def _offered(self, attached: Attached) -> Iterator[tuple[Interval, View | None, int]]:
        """The routes that an attachment gives to a table that imports it."""
        gate, r = attached.gate, attached.settings
        if attached.kind == VCN and gate.network is not None:
            if rd.word(r, "network_details.vcn_route_type") == "vcn_cidrs":
                yield from ((span, gate.network.resource, OF_VCN) for span in gate.network.prefixes)
            else:
                yield from ((span, s.resource, OF_VCN) for s in gate.network.subnets for span in s.prefixes)
            if gate.ingress is not None:  # the routes of the VCN's ingress table are always imported
                yield from ((x.span, x.view, OF_VCN) for x in gate.ingress.routes if x.hop.kind != "local")
        elif attached.kind == RPC and gate.peer is not None and gate.peer.hub is not None:
            for other in gate.peer.hub.attachments:
                if other.kind == "attachment" and other.network is not None:
                    yield from ((span, other.network.resource, OF_LINE) for span in other.network.prefixes)
        elif attached.kind == TUNNEL:
            spans, _ = rd.spans(rd.value(gate.resource, "static_routes") if gate.resource is not None else None)
            yield from ((span, gate.resource, OF_LINE) for span in spans)


def _accepts(statement: Statement, attached: Attached) -> bool:
    if statement.attachment is not None:
        return statement.attachment in (attached.gate.resource, attached.settings)
    return statement.kind is None or statement.kind == attached.kind


def attachment_of(builder: Builder, drg: Resource, network: Network) -> Gateway:
    """The attachment by which a network sends to a DRG."""
    for hub in builder.topology.hubs:
        if hub.resource is drg:
            for gate in hub.attachments:
                if gate.kind == "attachment" and gate.network is network:
                    return gate
    return Gateway("unknown", drg, network, f"{network.resource} has no attachment to {drg} among the inputs")
