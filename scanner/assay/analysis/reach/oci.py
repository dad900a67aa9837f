"""The networks of OCI from a graph: VCNs, subnets, route tables, gateways, firewalls; DRGs are in `oci_hub`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.reach import reading as rd
from assay.analysis.reach.oci_filters import Lists
from assay.analysis.reach.oci_policy import policy_filter
from assay.analysis.reach.topology import Gateway, Interface, Network, Public, Subnet, Table, Topology, contested
from assay.model import Unknown

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource, View

GATES = {
    "oci_core_internet_gateway": "internet", "oci_core_nat_gateway": "nat", "oci_core_service_gateway": "services",
    "oci_core_local_peering_gateway": "peering",
}  # fmt: skip
WORDS = {
    "internetgateway": "internet", "natgateway": "nat", "servicegateway": "services",
    "localpeeringgateway": "peering", "drg": "attachment", "privateip": "appliance",
}  # fmt: skip
"""What an OCID says of a gateway that was not collected."""
VCN_PREFIXES = ("cidr_block", "cidr_blocks", "ipv6cidr_blocks", "ipv6private_cidr_blocks")
SUBNET_PREFIXES = ("cidr_block", "ipv4cidr_blocks", "ipv6cidr_block", "ipv6cidr_blocks")
FIREWALL = "oci_network_firewall_network_firewall"
SERVICES_LABEL = "Oracle Services Network"


class Builder:
    """Builds the OCI part of a topology."""

    def __init__(self, graph: Graph, topology: Topology) -> None:
        self.graph = graph
        self.topology = topology
        self.lists = Lists(graph)
        self._networks: dict[str, Network] = {}
        self._tables: dict[str, Table] = {}
        self._hops: dict[str, Gateway] = {}

    def build(self) -> None:
        from assay.analysis.reach.oci_hub import drgs
        from assay.analysis.reach.oci_interfaces import interfaces

        graph = self.graph
        for vcn in graph.all("oci_core_vcn"):
            self.network(vcn)
        for r in graph.all("oci_core_subnet"):
            self._subnet(r)
        for type_ in GATES:
            for r in graph.all(type_):
                self._gate(r)
        for r in graph.all(FIREWALL):
            self._firewall(r)
        hubs = drgs(self)
        for subnet in list(self.topology.subnets.values()):
            if subnet.resource.type == "oci_core_subnet":
                subnet.table = self._table_of(subnet)
                subnet.any_inward, subnet.any_outward = self.filters(subnet, [], None)
        for type_ in GATES:
            for r in graph.all(type_):
                self._ingress(r)
        for hub in hubs:
            hub.route()
        interfaces(self)

    # --- networks and subnets -----------------------------------------------------------------------------------------

    def network(self, vcn: Resource) -> Network:
        at = rd.key(vcn)
        network = self._networks.get(at)
        if network is None:
            network = self._networks[at] = Network(vcn)
            self.topology.networks.append(network)
            self.topology.networks_by[id(vcn)] = network
            if rd.known(vcn):
                network.prefixes, network.unknown = rd.spans(*(rd.value(vcn, name) for name in VCN_PREFIXES))
            else:
                network.unknown = f"{vcn} is not among the inputs"
        return network

    def _subnet(self, r: Resource) -> None:
        vcn = rd.one(self.graph, r, "vcn_id")
        if vcn is None:
            return
        subnet = Subnet(r, self.network(vcn))
        subnet.prefixes, subnet.unknown = rd.spans(*(rd.value(r, name) for name in SUBNET_PREFIXES))
        if subnet.unknown or not subnet.prefixes:
            subnet.unknown = f"the addresses of {r} are not known: {subnet.unknown or 'none are written'}"
        subnet.public = allows_public(r)
        subnet.network.subnets.append(subnet)
        self.topology.subnets[id(r)] = subnet
        if isinstance(w := rd.value(r, "vcn_id"), Unknown) and not rd.names_something(w):
            self.topology.homeless.append(subnet)

    def filters(self, subnet: Subnet, groups: list[Resource], doubt: str | None) -> tuple[Any, Any]:
        """What the lists of a subnet and some groups admit in and out."""
        r = subnet.resource
        lists, missing = rd.linked(self.graph, r, "security_list_ids")
        if not lists and missing is None:
            lists = self._default_lists(subnet.network.resource)
        return self.lists.filters(lists, groups, doubt or missing, subnet.network)

    def _default_lists(self, vcn: Resource) -> list[Resource]:
        if not rd.known(vcn):
            return [vcn]
        return rd.users(self.graph, vcn, "oci_core_default_security_list")[0] or [vcn]

    # --- gateways -----------------------------------------------------------------------------------------------------

    def _gate(self, r: Resource) -> Gateway:
        at = rd.key(r)
        if at not in self._hops:
            gate = self._hops[at] = Gateway(GATES[r.type], r)
            vcn = rd.one(self.graph, r, "vcn_id")
            if vcn is not None:
                gate.network = self.network(vcn)
                gate.network.gateways.append(gate)
            if rd.value(r, "enabled") is False:
                gate.closed = f"{r} is disabled"
            if rd.value(r, "block_traffic") is True:
                gate.closed = f"{r} blocks traffic"
            self.topology.gateways[id(r)] = [gate]
        return self._hops[at]

    def _ingress(self, r: Resource) -> None:
        """The table for what enters by a gateway, and the other side of a peering."""
        gate = self._gate(r)
        table = rd.one(self.graph, r, "route_table_id")
        if table is not None and gate.network is not None:
            gate.ingress = self.table(table, gate.network)
        if gate.kind == "peering" and gate.peer is None:
            gate.note = f"the other side of {r} is not among the inputs"
            other = rd.one(self.graph, r, "peer_id")
            if other is not None and rd.known(other) and other is not r:
                far = self._gate(other)
                gate.peer, far.peer = far, gate

    def _firewall(self, r: Resource) -> None:
        gate = self._hops[rd.key(r)] = Gateway("firewall", r, note=f"in which subnet {r} stands is not known")
        place = rd.one(self.graph, r, "subnet_id")
        gate.subnet = self.topology.subnet_of(place) if place is not None else None
        self.topology.gateways[id(r)] = [gate]
        if gate.subnet is None:
            return
        gate.network = gate.subnet.network
        gate.addresses, _ = rd.spans(rd.value(r, "ipv4address"), rd.value(r, "ipv6address"))
        gate.policy = policy_filter(r, self.graph)
        gate.interface = Interface(r, gate.subnet)
        groups, doubt = rd.linked(self.graph, r, "network_security_group_ids")
        gate.interface.inward, gate.interface.outward = self.filters(gate.subnet, groups, doubt)

    # --- tables -------------------------------------------------------------------------------------------------------

    def _table_of(self, subnet: Subnet) -> Table:
        r, network = subnet.resource, subnet.network
        written = rd.value(r, "route_table_id")
        if isinstance(written, Unknown) and not rd.linked(self.graph, r, "route_table_id")[0]:
            return Table(str(r), r, f"which route table {r} has is not known: {written.reason}")
        table = rd.one(self.graph, r, "route_table_id")
        if table is None:
            found, doubt = rd.users(self.graph, r, "oci_core_route_table_attachment")
            for attachment in found:
                table = table or rd.one(self.graph, attachment, "route_table_id")
            if doubt:
                return Table(str(r), r, f"which route table {r} has is not known: {doubt}")
        return self.table(table or network.resource, network)

    def table(self, r: Resource, network: Network) -> Table:
        """A route table; a VCN stands for its default one."""
        if r.type == "oci_core_vcn" and rd.known(r):
            managed = rd.users(self.graph, r, "oci_core_default_route_table")[0]
            if managed:
                r = managed[0]
        at = rd.key(r)
        if at not in self._tables:
            name = f"the default route table of {r}" if r.type == "oci_core_vcn" else str(r)
            table = self._tables[at] = Table(name, r)
            self.topology.tables.append(table)
            local = Gateway("local", network.resource, network)
            for span in network.local():
                table.add(span, local, None)
            if any(s in self.topology.homeless for s in network.subnets):
                reason = f"in which network {network.subnets[0].resource} is, is not known"
                table.doubt(Gateway("unknown", None, network, reason), None, reason)
            if not rd.known(r):
                table.missing = rd.absent("route table", r)
            elif r.type == "oci_core_vcn" and r.source == "oci":
                table.missing = f"the default route table of {r} was not collected"
            else:
                self._rules(table, r, network)
                contested(table, network)
        return self._tables[at]

    def _rules(self, table: Table, r: Resource, network: Network) -> None:
        rules, doubt = rd.blocks(r, "route_rules")
        if doubt:
            table.missing = f"the rules of {r} are not known: {doubt}"
        for view in rules:
            hop = self._hop(view, network)
            destination = rd.value(view, "destination")
            if rd.word(view, "destination_type") == "service_cidr_block" or hop.kind == "services":
                point = self.topology.service(SERVICES_LABEL)
                table.add((point, point), hop, view, rank=1)
                continue
            spans, vague = rd.spans(destination if destination is not None else rd.value(view, "cidr_block"))
            for span in spans:
                table.add(span, hop, view, rank=1)
            if vague:
                table.doubt(hop, view, f"where {view} leads is not known: {vague}")

    def _hop(self, view: View, network: Network) -> Gateway:
        written = rd.value(view, "network_entity_id")
        named = rd.one(self.graph, view, "network_entity_id")
        if named is None:
            return Gateway("unknown", None, network, f"where {view} leads is not known")
        if not rd.known(named):
            owner = view.resource
            named = self.graph.find(named.address, owner.root, owner.source) or named
        if named.type in GATES and rd.known(named):
            return self._gate(named)
        if named.type == "oci_core_drg" and rd.known(named):
            from assay.analysis.reach.oci_hub import attachment_of

            return attachment_of(self, named, network)
        if named.type in ("oci_core_private_ip", "data.oci_core_private_ips", FIREWALL) and rd.known(named):
            return self._private_ip(named)
        return self._unread(named, written, view, network)

    def _private_ip(self, r: Resource) -> Gateway:
        """The firewall, or the machine, whose address a route names."""
        if r.type == FIREWALL:
            return self._hops[rd.key(r)]
        at = rd.key(r)
        if at not in self._hops:
            self._hops[at] = self._firewall_at(r) or self._machine(r)
        return self._hops[at]

    def _firewall_at(self, r: Resource) -> Gateway | None:
        from assay.model import Ref

        written = rd.value(r, "ip_address")
        if isinstance(written, Ref):
            named = self.graph.find(written.target, r.root, r.source)
            if named is not None and named.type == FIREWALL:
                return self._hops[rd.key(named)]
        spans, _ = rd.spans(written)
        place = rd.one(self.graph, r, "subnet_id") or self._place(r)
        for gates in self.topology.gateways.values():
            for gate in gates:
                if gate.kind == "firewall" and spans and gate.addresses[:1] == spans[:1]:
                    return gate
                same = place is not None and gate.subnet is not None and gate.subnet.resource is place
                if gate.kind == "firewall" and same and not (spans and gate.addresses):
                    return gate  # the only thing a subnet made for a firewall holds
        return None

    def _place(self, r: Resource) -> Resource | None:
        """The subnet that a data source names: links are declared for resources."""
        from assay.model import Ref

        written = rd.value(r, "subnet_id")
        return self.graph.find(written.target, r.root, r.source) if isinstance(written, Ref) else None

    def _machine(self, r: Resource) -> Gateway:
        gate = Gateway("appliance", r, note=f"where {r} stands is not known")
        place = rd.one(self.graph, r, "subnet_id") or self._place(r)
        holder = rd.one(self.graph, r, "vnic_id")
        vnic = "create_vnic_details"
        if place is None and holder is not None and rd.known(holder):
            place = rd.one(self.graph, holder, f"{vnic}.subnet_id") or rd.one(self.graph, holder, "subnet_id")
        if holder is not None and rd.known(holder) and rd.value(holder, f"{vnic}.skip_source_dest_check") is not True:
            gate.closed = f"{holder} drops what is not addressed to it (skip_source_dest_check)"
        gate.subnet = self.topology.subnet_of(place) if place is not None else None
        self.topology.gateways[id(r)] = [gate]
        return gate

    def _unread(self, named: Resource, written: Any, view: View, network: Network) -> Gateway:
        address = named.address.strip('"')
        types = {**GATES, "oci_core_drg": "attachment", "oci_core_private_ip": "appliance"}
        kind = next((k for t, k in types.items() if f".{t}." in f".{address}"), None)
        if kind is None and isinstance(written, str) and written.startswith("ocid1."):
            kind = WORDS.get(written.split(".")[1])
        reason = written.reason if isinstance(written, Unknown) else f"{address} is not among the inputs"
        if kind in ("internet", "nat", "services"):
            return Gateway(kind, named, network)
        if kind is not None:
            return Gateway(kind, named, network, f"{address} is not among the inputs")
        return Gateway("unknown", named, network, f"where {view} leads is not known: {reason}")


def allows_public(subnet: Resource) -> Public:
    """Whether VNICs of the subnet may have public addresses; either of two switches forbids them."""
    unknown = None
    for path in ("prohibit_public_ip_on_vnic", "prohibit_internet_ingress"):
        written = rd.value(subnet, path)
        if isinstance(written, Unknown):
            unknown = written.reason
        elif written is True:
            return False
    return True if unknown is None else f"whether {subnet} allows public addresses is not known: {unknown}"
