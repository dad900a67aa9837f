"""Networking: VCNs and what is in them, DRGs and what they join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.inventory.oci.shape import hoist, values_of
from assay.inventory.oci.table import COMPARTMENT, Row, of, table
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.inventory.oci.engine import Item
    from assay.inventory.oci.table import Made

_CLIENT = "core.VirtualNetworkClient"
_DIRECTIONS = ("ingress_security_rules", "egress_security_rules")
_STATELESS = {f"{direction}.is_stateless": "stateless" for direction in _DIRECTIONS}


def _vcn(item: Item) -> Iterator[Made]:
    item.collector.facts["vcn", item.model.id] = item.model
    yield item.made()


def _drg(item: Item) -> Iterator[Made]:
    status = item.ask(_CLIENT, "get_drg_redundancy_status", item.model.id)
    item.values["redundancy_status"] = status if isinstance(status, Unknown) else status.status
    yield item.made()


def _is_default(item: Item, attribute: str) -> bool:
    """True when the item is what its VCN gives to subnets that name none of their own."""
    vcn_id = item.model.vcn_id
    vcn: Any = item.collector.remembered(("vcn", vcn_id), lambda: item.ask(_CLIENT, "get_vcn", vcn_id))
    return not isinstance(vcn, Unknown) and getattr(vcn, attribute) == item.model.id


def _route_table(item: Item) -> Iterator[Made]:
    default = _is_default(item, "default_route_table_id")
    yield _own_or_default(item, "oci_core_default_route_table") if default else item.made()
    for rule in item.model.route_rules or []:
        hop = rule.network_entity_id or ""
        if hop.startswith("ocid1.privateip."):
            yield from _private_ip(item, hop)


def _private_ip(item: Item, ocid: str) -> Iterator[Made]:
    """The address that a route leads to, whose attributes say whose it is."""
    found = item.ask(_CLIENT, "get_private_ip", ocid)
    if not isinstance(found, Unknown):
        yield item.made("oci_core_private_ip", ocid, values_of(found))


def _security_list(item: Item) -> Iterator[Made]:
    for direction in _DIRECTIONS:
        for options in ("tcp_options", "udp_options"):
            hoist(item.values, [direction, options, "destination_port_range"])
    default = _is_default(item, "default_security_list_id")
    yield _own_or_default(item, "oci_core_default_security_list") if default else item.made()


def _own_or_default(item: Item, type_: str) -> Made:
    return item.made(type_, values={**item.values, "manage_default_resource_id": item.model.id})


NETWORK = table(
    "network",
    of(
        _CLIENT,
        Row("oci_core_vcn", "list_vcns", "inspect vcns", shape=_vcn),
        Row("oci_core_subnet", "list_subnets", "inspect subnets"),
        Row("oci_core_route_table", "list_route_tables", "inspect route-tables", shape=_route_table,
            asks=((_CLIENT, "get_vcn", "inspect vcns"), (_CLIENT, "get_private_ip", "inspect private-ips")),
            makes=("oci_core_default_route_table", "oci_core_private_ip", "oci_core_route_table_attachment")),
        Row("oci_core_security_list", "list_security_lists", "inspect security-lists", renames=_STATELESS,
            shape=_security_list, makes=("oci_core_default_security_list",)),
        Row("oci_core_network_security_group", "list_network_security_groups", "read network-security-groups"),
        Row("oci_core_network_security_group_security_rule", "list_network_security_group_security_rules",
            "use network-security-groups", args={"network_security_group_id": "parent.id"},
            within="oci_core_network_security_group", renames={"is_stateless": "stateless"},
            adds={"network_security_group_id": "parent.id"},
            address="networkSecurityGroups|parent.id|securityRules|.id"),
        Row("oci_core_internet_gateway", "list_internet_gateways", "inspect internet-gateways",
            renames={"is_enabled": "enabled"}),
        Row("oci_core_nat_gateway", "list_nat_gateways", "read nat-gateways"),
        Row("oci_core_service_gateway", "list_service_gateways", "inspect service-gateways"),
        Row("oci_core_local_peering_gateway", "list_local_peering_gateways", "inspect local-peering-gateways"),
        Row("oci_core_public_ip", "list_public_ips", "read public-ips", args={**COMPARTMENT, "scope": "REGION"}),
    ),
)  # fmt: skip

CONNECTIVITY = table(
    "connectivity",
    of(
        _CLIENT,
        Row("oci_core_drg", "list_drgs", "inspect drgs", shape=_drg,
            asks=((_CLIENT, "get_drg_redundancy_status", "read drgs"),)),
        Row("oci_core_drg_route_table", "list_drg_route_tables", "inspect drg-route-table",
            args={"drg_id": "parent.id"}, within="oci_core_drg"),
        Row("oci_core_drg_route_table_route_rule", "list_drg_route_rules", "inspect drg-route-table",
            args={"drg_route_table_id": "parent.id"}, within="oci_core_drg_route_table",
            adds={"drg_route_table_id": "parent.id"}, address="drgRouteTables|parent.id|routeRules|.id"),
        Row("oci_core_drg_route_distribution", "list_drg_route_distributions", "inspect drg-route-distribution",
            args={"drg_id": "parent.id"}, within="oci_core_drg"),
        Row("oci_core_drg_route_distribution_statement", "list_drg_route_distribution_statements",
            "inspect drg-route-distribution", args={"drg_route_distribution_id": "parent.id"},
            within="oci_core_drg_route_distribution", adds={"drg_route_distribution_id": "parent.id"},
            address="drgRouteDistributions|parent.id|statements|.id"),
        Row("oci_core_drg_attachment", "list_drg_attachments", "inspect drg-attachment",
            args={**COMPARTMENT, "attachment_type": "ALL"}),
        Row("oci_core_remote_peering_connection", "list_remote_peering_connections",
            "inspect remote-peering-connections"),
        Row("oci_core_virtual_circuit", "list_virtual_circuits", "inspect virtual-circuits"),
        Row("oci_core_ipsec", "list_ip_sec_connections", "inspect ipsec-connections"),
        Row("oci_core_ipsec_connection_tunnel_management", "list_ip_sec_connection_tunnels",
            "inspect ipsec-connections", args={"ipsc_id": "parent.id"}, within="oci_core_ipsec",
            adds={"ipsec_id": "parent.id", "tunnel_id": ".id"}),
    ),
)  # fmt: skip

TABLES = (NETWORK, CONNECTIVITY)
