"""The networks of AWS from a graph: VPCs, subnets, route tables, gateways, ACLs; transit gateways are in `aws_hub`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.reach import reading as rd
from assay.analysis.reach.addresses import V6
from assay.analysis.reach.aws_filters import Groups, acl_filters, prefix_lists
from assay.analysis.reach.packets import Filter, Rule
from assay.analysis.reach.topology import Gateway, Network, Subnet, Table, Topology, contested
from assay.model import Unknown

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource, View

VPCS = ("aws_vpc", "aws_default_vpc")
SUBNETS = ("aws_subnet", "aws_default_subnet")
TABLES = ("aws_route_table", "aws_default_route_table")
BLOCK = ("cidr_block", "ipv6_cidr_block", "destination_prefix_list_id")
SEPARATE = ("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id")

HOPS = (
    "vpc_endpoint_id", "nat_gateway_id", "transit_gateway_id", "vpc_peering_connection_id", "network_interface_id",
    "instance_id", "egress_only_gateway_id", "gateway_id", "carrier_gateway_id", "local_gateway_id",
    "core_network_arn",
)  # fmt: skip
OUTSIDE = {
    "carrier_gateway_id": "a carrier gateway", "local_gateway_id": "a local gateway",
    "core_network_arn": "a core network",
}  # fmt: skip
PREFIXES = {"igw-": "internet", "eigw-": "egress", "vgw-": "outside", "nat-": "nat"}
"""What a live id says of a gateway that was not collected."""

ALLOW_ALL = Filter("the default rules, which admit everything", [Rule(True, 0, rd.ALL_ADDRESSES)])


class Builder:
    """Builds the AWS part of a topology."""

    def __init__(self, graph: Graph, topology: Topology) -> None:
        self.graph = graph
        self.topology = topology
        self.groups = Groups(graph)
        self._lost: list[Resource] | None = None
        self._networks: dict[str, Network] = {}
        self._tables: dict[str, Table] = {}
        self._gates: dict[str, Gateway] = {}
        self._acls: dict[str, tuple[Filter, Filter]] = {}

    def build(self) -> None:
        from assay.analysis.reach.aws_interfaces import interfaces

        graph = self.graph
        for type_ in VPCS:
            for vpc in graph.all(type_):
                self.network(vpc)
        for type_ in SUBNETS:
            for r in graph.all(type_):
                self._subnet(r)
        for kind, type_ in (("internet", "aws_internet_gateway"), ("outside", "aws_vpn_gateway")):
            for r in graph.all(type_):
                self._gate(kind, r)
        self._firewalls()
        if graph.all("aws_vpc_peering_connection") or graph.all("aws_ec2_transit_gateway"):
            from assay.analysis.reach.aws_hub import join_networks

            join_networks(self)
        interfaces(self)
        for subnet in list(self.topology.subnets.values()):
            if subnet.resource.type in SUBNETS:
                subnet.table = self._table_of(subnet)
                subnet.inward, subnet.outward = self._acl_of(subnet)
        for gate in list(self._gates.values()):
            self._edge(gate)

    # --- networks and subnets -----------------------------------------------------------------------------------------

    def network(self, vpc: Resource) -> Network:
        """The network of a VPC, that of a stand-in for one which was not read included."""
        at = rd.key(vpc)
        network = self._networks.get(at)
        if network is None:
            network = self._networks[at] = Network(vpc)
            self.topology.networks.append(network)
            self.topology.networks_by[id(vpc)] = network
            if not rd.known(vpc):
                network.unknown = f"{vpc} is not among the inputs"
                return network
            values = [rd.value(vpc, "cidr_block"), rd.value(vpc, "ipv6_cidr_block")]
            for type_, name in (
                ("aws_vpc_ipv4_cidr_block_association", "cidr_block"),
                ("aws_vpc_ipv6_cidr_block_association", "ipv6_cidr_block"),
            ):
                values += [rd.value(a, name) for a in rd.users(self.graph, vpc, type_)[0]]
            network.prefixes, network.unknown = rd.spans(*values)
            if not network.prefixes and network.unknown is None:
                network.unknown = f"the address range of {vpc} is not written"
        return network

    def _subnet(self, r: Resource) -> None:
        vpc = rd.one(self.graph, r, "vpc_id")
        if vpc is None:
            from assay.model import NowhereOrigin
            from assay.model import Resource as Made

            vpc = Made("aws_vpc", "the default VPC", "uncollected", {}, NowhereOrigin(r.address), root=r.root)
        network = self.network(vpc)
        subnet = Subnet(r, network)
        subnet.prefixes, subnet.unknown = rd.spans(rd.value(r, "cidr_block"), rd.value(r, "ipv6_cidr_block"))
        if subnet.unknown:
            subnet.unknown = f"the addresses of {r} are not known: {subnet.unknown}"
        elif not subnet.prefixes:
            subnet.unknown = f"the addresses of {r} are not written"
        subnet.zone = rd.value(r, "availability_zone")
        network.subnets.append(subnet)
        self.topology.subnets[id(r)] = subnet
        if isinstance(w := rd.value(r, "vpc_id"), Unknown) and not rd.names_something(w):
            self.topology.homeless.append(subnet)

    # --- gateways -----------------------------------------------------------------------------------------------------

    def _gate(self, kind: str, r: Resource) -> Gateway:
        """An internet or VPN gateway, attached to its VPC."""
        at = rd.key(r)
        gate = self._gates.get(at)
        if gate is None:
            gate = self._gates[at] = Gateway(kind, r)
            vpc = rd.one(self.graph, r, "vpc_id")
            for link in (f"{r.type}_attachment",):
                for attached in rd.users(self.graph, r, link)[0]:
                    vpc = vpc or rd.one(self.graph, attached, "vpc_id")
            if vpc is not None:
                gate.network = self.network(vpc)
                gate.network.gateways.append(gate)
            elif not isinstance(rd.value(r, "vpc_id"), Unknown) and rd.known(r):
                gate.closed = f"{r} is attached to no VPC"
            self.topology.gateways.setdefault(id(r), []).append(gate)
        return gate

    def _firewalls(self) -> None:
        """Endpoints of network firewalls and of gateway load balancers, one in each of their subnets."""
        for firewall in self.graph.all("aws_networkfirewall_firewall"):
            mappings, _ = rd.blocks(firewall, "subnet_mapping")
            places = [rd.one(self.graph, m, "subnet_id") for m in mappings]
            self._endpoints(firewall, places)
        for endpoint in self.graph.all("aws_vpc_endpoint"):
            if rd.word(endpoint, "vpc_endpoint_type") == "gatewayloadbalancer":
                self._endpoints(endpoint, [*rd.linked(self.graph, endpoint, "subnet_ids")[0]])

    def _endpoints(self, r: Resource, places: list[Resource | None]) -> None:
        found = []
        own = r.type == "aws_networkfirewall_firewall"
        policy = replies = None
        if own:
            from assay.analysis.reach.aws_policy import policy_filters

            policy, replies = policy_filters(r, self.graph)
        for place in places:
            gate = Gateway("firewall", r)
            gate.policy, gate.replies = policy, replies
            gate.subnet = self.topology.subnet_of(place) if place is not None else None
            gate.network = gate.subnet.network if gate.subnet is not None else None
            found.append(gate)
        self.topology.gateways[id(r)] = found

    def _edge(self, gate: Gateway) -> None:
        """The ingress table of a gateway."""
        if gate.resource is None or not rd.known(gate.resource):
            return
        for association in rd.users(self.graph, gate.resource, "aws_route_table_association")[0]:
            table = rd.one(self.graph, association, "route_table_id")
            if table is not None and gate.network is not None:
                gate.ingress = self.table(table, gate.network)

    # --- tables -------------------------------------------------------------------------------------------------------

    def _table_of(self, subnet: Subnet) -> Table:
        r, network = subnet.resource, subnet.network
        found, doubt = rd.users(self.graph, r, "aws_route_table_association")
        for association in found:
            table = rd.one(self.graph, association, "route_table_id")
            if table is not None:
                return self.table(table, network)
        if doubt:
            return Table(f"the route table of {r}", r, f"which route table {r} has is not known: {doubt}")
        return self._main(network)

    def _main(self, network: Network) -> Table:
        """The main route table of a VPC: replaced, adopted, or as it was made, with the local route only."""
        vpc = network.resource
        for association in rd.users(self.graph, vpc, "aws_main_route_table_association")[0]:
            named = rd.one(self.graph, association, "route_table_id")
            if named is not None:
                return self.table(named, network)
        for adopted in rd.users(self.graph, vpc, "aws_default_route_table")[0] if rd.known(vpc) else []:
            return self.table(adopted, network)
        at = f"main {rd.key(vpc)}"
        if at not in self._tables:
            missing = None
            if not rd.known(vpc):
                missing = f"the main route table of {vpc} is not among the inputs"
            elif vpc.source == "aws":
                missing = f"the main route table of {vpc} was not collected"
            table = self._tables[at] = Table(f"the main route table of {vpc}", vpc, missing)
            self._local(table, network)
            self._routes(table, [], self._written_to(vpc), network)
            self._strays(table, network)
            self.topology.tables.append(table)
        return self._tables[at]

    def _written_to(self, vpc: Resource) -> list[Resource]:
        """The separate routes that name the VPC's main table by the VPC's own attribute."""
        return rd.users(self.graph, vpc, "aws_route")[0] if rd.known(vpc) else []

    def table(self, r: Resource, network: Network) -> Table:
        """A route table as seen from a network (whose local routes it has)."""
        at = rd.key(r)
        if at not in self._tables:
            if r.type in VPCS and rd.known(r):
                return self._main(self.network(r))
            missing = None if rd.known(r) else rd.absent("route table", r)
            table = self._tables[at] = Table(str(r), r, missing)
            self.topology.tables.append(table)
            self._local(table, network)
            if missing is None:
                inline, doubt = rd.blocks(r, "route")
                separate, more = rd.users(self.graph, r, "aws_route")
                self._routes(table, [*inline], separate, network)
                if doubt or (more and not self._stray()):
                    table.missing = f"the routes of {r} are not known: {doubt or more}"
                contested(table, network)
                self._strays(table, network)
                self._propagated(table, r, network)
                self._endpoints_of(table, r, network)
        return self._tables[at]

    def _local(self, table: Table, network: Network) -> None:
        local = Gateway("local", network.resource, network)
        for span in network.local():
            table.add(span, local, None, rank=0)
        if any(s in self.topology.homeless for s in network.subnets):
            reason = f"in which network {network.subnets[0].resource} is, is not known"
            table.doubt(Gateway("unknown", None, network, reason), None, reason)

    def _routes(self, table: Table, inline: list[View], separate: list[Resource], network: Network) -> None:
        for views, names in ((inline, BLOCK), (separate, SEPARATE)):
            for view in views:
                self._route(table, view, names, network)

    def _stray(self) -> list[Resource]:
        """The separate routes of which nobody knows the table."""
        if self._lost is None:
            written = ((r, rd.value(r, "route_table_id")) for r in self.graph.all("aws_route"))
            self._lost = [r for r, w in written if isinstance(w, Unknown) and not rd.names_something(w)]
        return self._lost

    def _strays(self, table: Table, network: Network) -> None:
        """Each of those may be in any table of its root."""
        for view in self._stray():
            if table.view is None or (view.root, view.source) != (table.view.resource.root, table.view.resource.source):
                continue
            spans, _ = rd.spans(rd.value(view, SEPARATE[0]), rd.value(view, SEPARATE[1]))
            reason = rd.value(view, "route_table_id").reason
            table.doubt(
                self._hop(view, network, table), view, f"which table {view} is in is not known: {reason}", spans
            )

    def _route(self, table: Table, view: View, names: tuple[str, ...], network: Network) -> None:
        hop = self._hop(view, network, table)
        found, doubt = rd.spans(rd.value(view, names[0]), rd.value(view, names[1]))
        listed, more = prefix_lists(self.graph, view, names[2])
        for span in (*found, *listed):
            table.add(span, hop, view, rank=1)
        if hop.kind != "services" and (doubt or more):
            table.doubt(hop, view, f"where {view} leads is not known: {doubt or more}")

    def _hop(self, view: View, network: Network, table: Table) -> Gateway:
        """The gateway that a route names."""
        for name in HOPS:
            written = rd.value(view, name)
            if written in ("local", "") if isinstance(written, str) else written is None:
                if written == "local":
                    return Gateway("local", network.resource, network)
                continue
            if name in OUTSIDE:
                return Gateway("outside", None, note=OUTSIDE[name])
            found = rd.one(self.graph, view, name) or self._derived(view, written)
            return self._named(found, written, view, network, table)
        return Gateway("blackhole", None, note=f"{view} names no next hop")

    def _derived(self, view: View, written: Any) -> Resource | None:
        """The firewall that an endpoint id was picked from: a `for` over its status keeps only the sentence of why
        the result is unknown, which begins with its address."""
        reason = written.reason if isinstance(written, Unknown) else ""
        address, found, _ = reason.partition(".firewall_status")
        r = view.resource
        return self.graph.find(address, r.root, r.source) if found else None

    def _named(self, r: Resource | None, written: Any, view: View, network: Network, table: Table) -> Gateway:
        if r is not None and not rd.known(r):
            derived = self._derived(view, written)
            r = derived or r
        if r is None or not rd.known(r):
            return self._unread(r, written, view, network)
        if r.type in ("aws_internet_gateway", "aws_vpn_gateway"):
            return self._gate("internet" if r.type == "aws_internet_gateway" else "outside", r)
        if r.type == "aws_egress_only_internet_gateway":
            return self._once(r, "egress", network)
        if r.type == "aws_nat_gateway":
            return self._nat(r, network)
        if r.type == "aws_vpc_peering_connection":
            from assay.analysis.reach.aws_hub import peering

            sides = peering(self, r)
            return next((g for g in sides if g.network is network), sides[0])
        if r.type == "aws_ec2_transit_gateway":
            from assay.analysis.reach.aws_hub import attachment_of

            return attachment_of(self, r, network)
        if r.type == "aws_vpc_endpoint" and isinstance(rd.value(r, "vpc_endpoint_type"), Unknown):
            return Gateway("unknown", r, network, f"what kind of endpoint {r} is, is not known")
        if r.type == "aws_vpc_endpoint" and rd.word(r, "vpc_endpoint_type") in ("", "gateway"):
            return Gateway("services", r, network)
        if r.type in ("aws_networkfirewall_firewall", "aws_vpc_endpoint"):
            return self._endpoint(r, view)
        if r.type in ("aws_instance", "aws_network_interface"):
            return self._appliance(r)
        return Gateway("unknown", r, note=f"{view} leads to {r}, of which Assay does not know how it routes")

    def _endpoint(self, r: Resource, view: View) -> Gateway:
        found = self.topology.gateways.get(id(r), [])
        if not found:
            return Gateway("unknown", r, note=f"in which subnet {r} stands is not known")
        zones = self._zones_of(view.resource)
        return next((g for g in found if g.subnet is not None and g.subnet.zone in zones), found[0])

    def _zones_of(self, r: Resource) -> list[str]:
        """The zones of the subnets that use the table of a route."""
        table = rd.one(self.graph, r, "route_table_id") if r.type == "aws_route" else r
        if table is None or not rd.known(table):
            return []
        homes = [
            rd.one(self.graph, a, "subnet_id") for a in rd.users(self.graph, table, "aws_route_table_association")[0]
        ]
        zones = [s.zone for h in homes if h is not None and (s := self.topology.subnet_of(h)) is not None]
        return [z for z in zones if isinstance(z, str)]

    def _once(self, r: Resource, kind: str, network: Network) -> Gateway:
        at = rd.key(r)
        if at not in self._gates:
            self._gates[at] = Gateway(kind, r, network)
            self.topology.gateways[id(r)] = [self._gates[at]]
        return self._gates[at]

    def _nat(self, r: Resource, network: Network) -> Gateway:
        fresh = rd.key(r) not in self._gates
        gate = self._once(r, "nat", network)
        if fresh:
            place = rd.one(self.graph, r, "subnet_id")
            gate.subnet = self.topology.subnet_of(place) if place is not None else None
            if place is not None and gate.subnet is None:
                gate.kind, gate.note = "unknown", f"the subnet {place} of {r} is not among the inputs"
                return gate
            written, _ = rd.spans(rd.value(r, "private_ip"))
            own = [p for p in gate.subnet.prefixes if p[1] < V6] if gate.subnet is not None else []
            gate.addresses = written or own
            gate.private = rd.word(r, "connectivity_type") == "private"
        return gate

    def _appliance(self, r: Resource) -> Gateway:
        at = rd.key(r)
        if at not in self._gates:
            gate = self._gates[at] = Gateway("appliance", r, note=f"where {r} stands is not known")
            place = rd.one(self.graph, r, "subnet_id")
            gate.subnet = self.topology.subnet_of(place) if place is not None else None
            if rd.value(r, "source_dest_check") is not False:
                gate.closed = f"{r} drops what is not addressed to it (source_dest_check)"
        return self._gates[at]

    def _unread(self, r: Resource | None, written: Any, view: View, network: Network) -> Gateway:
        """What the id or the address of a gateway that was not read says of it."""
        text = written if isinstance(written, str) else (r.address if r is not None else "")
        for prefix, kind in PREFIXES.items():
            type_ = {"internet": "aws_internet_gateway", "egress": "aws_egress_only_internet_gateway",
                     "nat": "aws_nat_gateway", "outside": "aws_vpn_gateway"}[kind]  # fmt: skip
            if text.startswith(prefix) or f".{type_}." in f".{text}":
                gate = Gateway(kind, r, network)
                self.topology.gateways.setdefault(id(r), []).append(gate)
                return gate
        what = r.address if r is not None else view
        reason = written.reason if isinstance(written, Unknown) else f"{what} is not among the inputs"
        return Gateway("unknown", r, network, f"where {view} leads is not known: {reason}")

    def _propagated(self, table: Table, r: Resource, network: Network) -> None:
        """Routes learned from a VPN gateway are known to nobody here; they take what no other route does."""
        learned, _ = rd.linked(self.graph, r, "propagating_vgws")
        for separate in rd.users(self.graph, r, "aws_vpn_gateway_route_propagation")[0]:
            learned += rd.linked(self.graph, separate, "vpn_gateway_id")[0]
        for vgw in learned:
            gate = self._gate("outside", vgw) if rd.known(vgw) else Gateway("outside", vgw, network)
            table.learned = (gate, f"what {vgw} announces is not known")

    def _endpoints_of(self, table: Table, r: Resource, network: Network) -> None:
        """Gateway endpoints put their service's addresses into the tables they name."""
        found = [*rd.users(self.graph, r, "aws_vpc_endpoint")[0]]
        for link in rd.users(self.graph, r, "aws_vpc_endpoint_route_table_association")[0]:
            found += rd.linked(self.graph, link, "vpc_endpoint_id")[0]
        for endpoint in found:
            name = rd.value(endpoint, "service_name")
            label = name.rpartition(".")[2] if isinstance(name, str) else "a service"
            if rd.word(endpoint, "vpc_endpoint_type") in ("", "gateway"):
                point = self.topology.service(label)
                table.add((point, point), Gateway("services", endpoint, network), endpoint, rank=1)

    # --- ACLs ---------------------------------------------------------------------------------------------------------

    def _acl_of(self, subnet: Subnet) -> tuple[Filter, Filter]:
        acl, doubt = self._which_acl(subnet)
        if acl is not None:
            if not rd.known(acl):
                said = f"the network ACL {acl} is not among the inputs"
                return (Filter(str(acl), [], ordered=True, missing=said),) * 2
            at = rd.key(acl)
            if at not in self._acls:
                self._acls[at] = acl_filters(self.graph, acl)
            return self._acls[at]
        vpc = subnet.network.resource
        if doubt or not rd.known(vpc) or vpc.source == "aws":
            said = doubt or f"the network ACL of {subnet.resource} is not among the inputs"
            return (Filter(f"the network ACL of {subnet.resource}", [], ordered=True, missing=said),) * 2
        return ALLOW_ALL, ALLOW_ALL

    def _which_acl(self, subnet: Subnet) -> tuple[Resource | None, str | None]:
        r = subnet.resource
        for association in rd.users(self.graph, r, "aws_network_acl_association")[0]:
            return rd.one(self.graph, association, "network_acl_id"), None
        doubt = None
        for type_ in ("aws_network_acl", "aws_default_network_acl"):
            found, reason = rd.users(self.graph, r, type_)
            if found:
                return found[0], None
            doubt = doubt or reason
        vpc = subnet.network.resource
        for default in rd.users(self.graph, vpc, "aws_default_network_acl")[0] if rd.known(vpc) and not doubt else []:
            return default, None
        return None, doubt
