"""What OCI subnets and security rules allow: public addresses, routes to a gateway, open ports. No path finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.network import carries, covers, covers_all, is_address, is_anywhere
from assay.model import Ref, Text, Undetermined, Unknown, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Block, Resource, View

GATEWAYS = {
    "oci_core_internet_gateway": "internetgateway",
    "oci_core_nat_gateway": "natgateway",
    "oci_core_service_gateway": "servicegateway",
    "oci_core_drg": "drg",
    "oci_core_local_peering_gateway": "localpeeringgateway",
    "oci_core_private_ip": "privateip",
}


def allows_public_ip(subnet: Resource) -> bool:
    """True when VNICs of the subnet may have public addresses; either of two switches forbids them."""
    switches = ("prohibit_public_ip_on_vnic", "prohibit_internet_ingress")
    return not any_of(switches, lambda path: subnet[path] == True)  # noqa: E712 - an Unknown answers ==


def routes(subnet: Resource, graph: Graph) -> Iterator[Block]:
    """The rules of the route table that the subnet uses: its own, an attached one, else the VCN's default.

    Raises:
        Undetermined: the table is not among the inputs.
    """
    for table in _tables(subnet, graph):
        if table.source == "uncollected":
            raise Undetermined(Unknown(f"{table} is not among the inputs"))
        yield from table.each("route_rules")


def _tables(subnet: Resource, graph: Graph) -> Iterator[Resource]:
    found = graph.follow(subnet, "route_table_id")
    if not found:
        for attachment in graph.users(subnet, "oci_core_route_table_attachment"):
            found = [*found, *graph.follow(attachment, "route_table_id")]
    for table in found or graph.follow(subnet, "vcn_id"):
        if table.type == "oci_core_vcn" and table.source != "uncollected":
            yield from graph.users(table, "oci_core_default_route_table")
        else:
            yield table


def leads_to(rule: Block, graph: Graph, kind: str) -> bool:
    """True when the route rule's next hop is a gateway of this Terraform type.

    Raises:
        Undetermined: nobody knows what the next hop is.
    """
    return any_of(graph.follow(rule, "network_entity_id"), lambda hop: _is(hop, rule["network_entity_id"], kind))


def _is(hop: Resource, written: Any, kind: str) -> bool:
    if hop.source != "uncollected":
        return hop.type == kind
    for type_, word in GATEWAYS.items():  # the address of what is missing still says what it is
        if f".{type_}." in f".{hop.address}" or hop.address.strip('"').startswith(f"ocid1.{word}."):
            return type_ == kind
    if isinstance(written, str):
        return False
    raise Undetermined(Unknown(f"what {hop} is, is not known"))


def internet_routes(subnet: Resource, graph: Graph) -> list[Block]:
    """The route rules by which the subnet reaches an enabled internet gateway.

    Raises:
        Undetermined: none is certain and the table or a next hop is unknown.
    """
    found = []
    doubt: Undetermined | None = None
    try:
        for rule in routes(subnet, graph):
            try:
                if leads_to(rule, graph, "oci_core_internet_gateway") and _open(rule, graph):
                    found.append(rule)
            except Undetermined as error:
                doubt = doubt or error
    except Undetermined as error:
        doubt = doubt or error
    if doubt and not found:
        raise doubt
    return found


def _open(rule: Block, graph: Graph) -> bool:
    gateways = [g for g in graph.follow(rule, "network_entity_id") if g.source != "uncollected"]
    return not gateways or any_of(gateways, lambda g: g["enabled"] != False)  # noqa: E712 - an Unknown answers !=


def has_service_gateway(subnet: Resource, graph: Graph) -> bool:
    """True when the subnet's route table leads to a service gateway."""
    return any_of(routes(subnet, graph), lambda rule: leads_to(rule, graph, "oci_core_service_gateway"))


# --- security rules ---------------------------------------------------------------------------------------------------


def admits(rule: View, name: str, port: int) -> bool:
    """True when an ingress rule lets the whole internet reach `port` over the protocol `name` (tcp, udp)."""
    return all_of(
        (
            lambda: is_anywhere(rule["source"]),
            lambda: carries(rule["protocol"], name),
            lambda: covers(*port_bounds(rule, name), port),
        ),
        lambda test: test(),
    )


def admits_all(rule: View) -> bool:
    """True when an ingress rule lets the whole internet in over every protocol, or to every TCP or UDP port."""
    tests = (
        lambda: is_anywhere(rule["source"]),
        lambda: any_of(
            ("tcp", "udp"),
            lambda name: carries(rule["protocol"], name) and covers_all(*port_bounds(rule, name)),
        ),
    )
    return all_of(tests, lambda test: test())


def port_bounds(rule: View, name: str) -> tuple[Any, Any]:
    """Lowest and highest destination port of a rule; None does not bound.

    Terraform writes a security list's ports straight into `tcp_options`, a group's (and the API) one block deeper.
    """
    for path in (f"{name}_options.destination_port_range", f"{name}_options"):
        bounds = rule[f"{path}.min"], rule[f"{path}.max"]
        if not (rule.absent(f"{path}.min") and rule.absent(f"{path}.max")):
            return bounds
    return None, None


def whitelist_entry(entry: Any) -> str:
    """What an entry of a database's access list is: `address`, `vcn`, `anywhere`, or `other`, which matches nobody.

    Raises:
        Undetermined: nobody can tell.
    """
    if isinstance(entry, Ref):
        if ".data." in f".{entry.target}":
            raise Undetermined(entry)
        return "vcn" if "oci_core_vcn." in entry.target and entry.attribute == "id" else "other"
    if isinstance(entry, Text):
        first = entry.parts[0]
        if isinstance(first, Ref) and whitelist_entry(first) == "vcn":
            return "vcn"
        if is_anywhere(entry):
            return "anywhere"
        raise Undetermined(entry)
    if is_anywhere(entry):
        return "anywhere"
    if is_address(entry):
        return "address"
    return "vcn" if isinstance(entry, str) and entry.startswith("ocid1.vcn.") else "other"
