"""Transit gateways and peerings of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.reach import reading as rd
from assay.analysis.reach.topology import Gateway, Hub, Network, Table
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.reach.aws import Builder
    from assay.model import Resource

VPC_ATTACHMENT = "aws_ec2_transit_gateway_vpc_attachment"
PEERING = "aws_ec2_transit_gateway_peering_attachment"
FIREWALL = "aws_networkfirewall_firewall"
LINES = ("aws_vpn_connection", "aws_dx_gateway_association", "aws_ec2_transit_gateway_connect")


def join_networks(builder: Builder) -> None:
    """Every peering and every transit gateway with its attachments, then the tables, which name attachments."""
    for r in builder.graph.all("aws_vpc_peering_connection"):
        peering(builder, r)
    hubs = [_TransitGateway(builder, r) for r in builder.graph.all("aws_ec2_transit_gateway")]
    for hub in hubs:
        hub.attach()
    for hub in hubs:
        hub.route()


class _TransitGateway:
    """One transit gateway being read."""

    def __init__(self, builder: Builder, r: Resource) -> None:
        self.builder = builder
        self.graph = builder.graph
        self.resource = r
        self.hub = Hub(r)
        builder.topology.hubs.append(self.hub)
        self.tables: dict[str, Table] = {}

    def attach(self) -> None:
        graph, r = self.graph, self.resource
        for attachment in rd.users(graph, r, VPC_ATTACHMENT)[0]:
            self._vpc(attachment)
        for firewall in rd.users(graph, r, FIREWALL)[0]:
            from assay.analysis.reach.aws_policy import policy_filters

            gate = Gateway("firewall", firewall)
            gate.policy, gate.replies = policy_filters(firewall, graph)
            self._add(gate)
        for peering in rd.users(graph, r, PEERING)[0]:
            self._add(Gateway("peering", peering, note=f"the other side of {peering} is not among the inputs"))
        for type_ in LINES:
            for line in rd.users(graph, r, type_)[0]:
                self._add(Gateway("outside", line, note=str(line)))

    def _add(self, gate: Gateway) -> None:
        gate.hub = self.hub
        self.hub.attachments.append(gate)
        self.builder.topology.gateways.setdefault(id(gate.resource), []).append(gate)

    def _vpc(self, attachment: Resource) -> None:
        """One gateway for each subnet in which the attachment stands, the first with the others beside it."""
        vpc = rd.one(self.graph, attachment, "vpc_id")
        network = self.builder.network(vpc) if vpc is not None else None
        places, doubt = rd.linked(self.graph, attachment, "subnet_ids")
        doors: list[Gateway] = []
        for place in places:
            subnet = self.builder.topology.subnet_of(place)
            gate = Gateway("attachment", attachment, network)
            gate.subnet = subnet
            if subnet is None:
                gate.note = f"the subnet {place} of {attachment} is not among the inputs"
                gate.ingress = Table(str(place), attachment, gate.note)
            doors.append(gate)
        if not doors:
            gate = Gateway("attachment", attachment, network, doubt or f"{attachment} names no subnet")
            gate.ingress = Table(str(attachment), attachment, gate.note)
            doors.append(gate)
        doors[0].others = doors[1:]
        for gate in doors[1:]:
            gate.hub = self.hub
        self._add(doors[0])

    # --- tables -------------------------------------------------------------------------------------------------------

    def route(self) -> None:
        for gate in self.hub.attachments:
            table = self._associated(gate)
            for door in (gate, *gate.others):
                door.hub_table = table
        for gate in self.hub.attachments:
            if gate.kind == "peering" and gate.resource is not None:
                self._join(gate, gate.resource)

    def _join(self, gate: Gateway, r: Resource) -> None:
        other = rd.one(self.graph, r, "peer_transit_gateway_id")
        for hub in self.builder.topology.hubs:
            if hub.resource is other:
                far = Gateway("peering", r)
                far.hub, far.peer, gate.peer = hub, gate, far
                hub.attachments.append(far)
                far.hub_table = _TransitGateway.__new__(_TransitGateway)._again(self, hub)._associated(far)

    def _again(self, near: _TransitGateway, hub: Hub) -> _TransitGateway:
        self.builder, self.graph, self.resource, self.hub, self.tables = near.builder, near.graph, hub.resource, hub, {}
        return self

    def _associated(self, gate: Gateway) -> Table:
        r = gate.resource
        assert r is not None
        found, doubt = rd.users(self.graph, r, "aws_ec2_transit_gateway_route_table_association")
        for association in found:
            table = rd.one(self.graph, association, "transit_gateway_route_table_id")
            if table is not None:
                return self.table(table)
        if doubt:
            return Table(str(r), r, f"which table of {self.resource} {r} uses is not known: {doubt}")
        if r.source == "aws":  # an account tells its associations, the default one too
            if not self.graph.all("aws_ec2_transit_gateway_route_table"):
                return Table(str(r), r, f"the route tables of {self.resource} were not collected")
            return Table(f"{r}, which no table of {self.resource} is associated with,", r)
        by_default = self._switch("default_route_table_association", r, "association")
        if isinstance(by_default, str):
            return Table(str(r), r, by_default)
        if by_default:
            return self.default()
        return Table(f"{r}, which no table of {self.resource} is associated with,", r)

    def _switch(self, name: str, r: Resource, kind: str) -> bool | str:
        """Whether the hub's default table applies to an attachment; a sentence when nobody can tell."""
        of_hub = rd.value(self.resource, name)
        own = rd.value(r, f"transit_gateway_default_route_table_{kind}")
        for written in (of_hub, own):
            if isinstance(written, Unknown):
                return f"whether {r} uses the default table of {self.resource} is not known: {written.reason}"
        return of_hub != "disable" and own is not False

    def default(self) -> Table:
        """The default table: what every attachment propagates into unless it is told not to."""
        at = "default"
        if at not in self.tables:
            table = self.tables[at] = Table(f"the default route table of {self.resource}", self.resource)
            self.builder.topology.tables.append(table)
            self._static(table, self.resource)
            for gate in self.hub.attachments:
                if gate.resource is None or gate.kind != "attachment":
                    continue
                propagates = self._switch("default_route_table_propagation", gate.resource, "propagation")
                if isinstance(propagates, str):
                    table.missing = propagates
                elif propagates:
                    self._learn(table, gate)
        return self.tables[at]

    def table(self, r: Resource) -> Table:
        if r is self.resource:
            return self.default()
        at = rd.key(r)
        if at not in self.tables:
            if not rd.known(r):
                return Table(str(r), r, f"the route table {r} is not among the inputs")
            table = self.tables[at] = Table(str(r), r)
            self.builder.topology.tables.append(table)
            self._static(table, r)
            found, doubt = rd.users(self.graph, r, "aws_ec2_transit_gateway_route_table_propagation")
            for propagation in found:
                for gate in self._named(propagation):
                    self._learn(table, gate)
            if doubt:
                table.missing = f"what propagates into {r} is not known: {doubt}"
        return self.tables[at]

    def _static(self, table: Table, r: Resource) -> None:
        found, doubt = rd.users(self.graph, r, "aws_ec2_transit_gateway_route")
        if doubt:
            table.missing = f"the routes of {r} are not known: {doubt}"
        for view in found:
            hops = [Gateway("blackhole", None)] if rd.value(view, "blackhole") is True else list(self._named(view))
            if not hops:
                hops = [Gateway("unknown", None, note=f"the attachment that {view} names is not among the inputs")]
            spans, vague = rd.spans(rd.value(view, "destination_cidr_block"))
            for span in spans:
                table.add(span, hops[0], view, rank=2)
            if vague:
                table.doubt(hops[0], view, f"where {view} leads is not known: {vague}")
        self._listed(table, r)

    def _listed(self, table: Table, r: Resource) -> None:
        from assay.analysis.reach.aws_filters import prefix_lists

        for view in rd.users(self.graph, r, "aws_ec2_transit_gateway_prefix_list_reference")[0]:
            hop = next(iter(self._named(view)), None) or Gateway("blackhole", None)
            spans, vague = prefix_lists(self.graph, view, "prefix_list_id")
            for span in spans:
                table.add(span, hop, view, rank=2)
            if vague:
                table.doubt(hop, view, vague)

    def _named(self, view: Resource) -> Iterator[Gateway]:
        """The attachment that a route, association or propagation names."""
        written: Any = rd.value(view, "transit_gateway_attachment_id")
        named = rd.one(self.graph, view, "transit_gateway_attachment_id")
        if named is None or not rd.known(named):
            named = self.builder._derived(view, written) or named
        for gate in self.hub.attachments:
            if gate.resource is named:
                yield gate

    def _learn(self, table: Table, gate: Gateway) -> None:
        """What an attachment propagates: the prefixes of its VPC."""
        if gate.network is None:
            if gate.kind == "outside":
                table.learned = (gate, f"what {gate.resource} announces is not known")
            return
        for span in gate.network.prefixes:
            table.add(span, gate, gate.resource, rank=1)
        if gate.network.unknown:
            table.doubt(gate, gate.resource, gate.network.unknown)


def attachment_of(builder: Builder, r: Resource, network: Network) -> Gateway:
    """The attachment by which a network sends to a transit gateway."""
    for hub in builder.topology.hubs:
        if hub.resource is r:
            for gate in hub.attachments:
                if gate.kind == "attachment" and gate.network is network:
                    return gate
    return Gateway("unknown", r, network, f"{network.resource} has no attachment to {r} among the inputs")


def peering(builder: Builder, r: Resource) -> list[Gateway]:
    """A VPC peering, as a gateway for each side. What arrives is delivered locally: peerings are not transitive."""
    gates = builder.topology.gateways.get(id(r))
    if gates is None:
        sides = [rd.one(builder.graph, r, name) for name in ("vpc_id", "peer_vpc_id")]
        gates = builder.topology.gateways[id(r)] = []
        for vpc in sides:
            gate = Gateway("peering", r, builder.network(vpc) if vpc is not None and rd.known(vpc) else None)
            gate.note = f"{vpc} on the other side of {r} is not among the inputs"
            gates.append(gate)
        if all(g.network is not None for g in gates):
            gates[0].peer, gates[1].peer = gates[1], gates[0]
    return gates
