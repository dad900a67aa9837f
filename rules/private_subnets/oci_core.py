"""Subnets, instances and networks: what has, or may get, a public address."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Finding, Graph, Resource, all_of, any_of, is_map, rule
from assay.analysis.naming import words
from assay.analysis.oci_network import allows_public_ip
from assay.analysis.oci_tenancy import is_code
from assay.analysis.reach.public import service_routes

PUBLIC_WORDS = {"public", "pub", "dmz", "bastion", "lb", "loadbalancer", "balancer", "edge"}
FACING = (
    "oci_load_balancer_load_balancer", "oci_network_load_balancer_network_load_balancer", "oci_apigateway_gateway",
    "oci_bastion_bastion",
)  # fmt: skip
NEEDS_SERVICES = ("oci_functions_application", "oci_containerengine_node_pool", "oci_database_db_system")
VNICS = {
    "oci_core_instance": "create_vnic_details",
    "oci_core_instance_configuration": "instance_details.launch_details.create_vnic_details",
}


@rule(on=list(VNICS), severity=HIGH, controls=["nist-800-53r5:SC-7"])
def oci_instance_public_ip(instance: Resource, graph: Graph) -> Iterator[Finding]:
    """Instances have no public address.

    ## Why
    A public address puts the machine, and all that listens on it, in reach of everybody; a mistake in one list
    exposes it.
    ## Fix
    Set `assign_public_ip = false`, put a load balancer in front and reach the machine through a bastion.
    """
    vnic = VNICS[instance.type]
    assigned = instance[f"{vnic}.assign_public_ip"]
    if assigned in (True, "true"):
        yield instance.fails("it gets a public address", at=f"{vnic}.assign_public_ip")
    elif assigned == None:  # then the subnet decides
        for subnet in graph.follow(instance, f"{vnic}.subnet_id"):
            if subnet.source != "uncollected" and allows_public_ip(subnet):
                yield instance.fails(
                    f"it gets a public address, because {subnet} allows them",
                    at=f"{vnic}.assign_public_ip",
                    because=[subnet.where("prohibit_public_ip_on_vnic")],
                )


def _words(subnet: Resource) -> set[str]:
    """The words of its names and tags.

    An unknown name raises by itself: it might say that the subnet is public.
    """
    found = set(words(subnet.name))
    for path in ("display_name", "dns_label"):
        found |= set(words(subnet[path] if subnet[path] != None else ""))
    for path in ("freeform_tags", "defined_tags"):
        if is_map(subnet[path]):
            for value in subnet[path].values():
                found |= set(words(value))
    return found


@rule(
    on="oci_core_subnet",
    fixable=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["steampipe-tf-oci:vcn_subnet_public_access_blocked"],
)
def oci_subnet_public_ip_allowed(subnet: Resource, graph: Graph) -> Iterator[Finding]:
    """Subnets that are not meant to be public prohibit public addresses.

    ## Why
    Where the subnet allows it, one attribute on one machine is enough to put it on the internet.
    ## Fix
    Set `prohibit_public_ip_on_vnic = true`; call a subnet that is meant to be public by that name.
    """
    if not allows_public_ip(subnet) or any_of(FACING, lambda type_: graph.users(subnet, type_)):
        return
    if not _words(subnet) & PUBLIC_WORDS:
        yield subnet.fails(
            "its VNICs may take public addresses, and nothing says that they should",
            at="prohibit_public_ip_on_vnic",
            fix=subnet.set("prohibit_public_ip_on_vnic", True),
        )


@rule(on="oci_core_subnet", severity=MEDIUM, controls=["nist-800-53r5:SC-7"])
def oci_subnet_default_security_list(subnet: Resource, graph: Graph) -> Iterator[Finding]:
    """Subnets name their own security lists.

    ## Why
    A subnet that names none gets the VCN's default list, whose rules admit SSH from anywhere unless somebody changed
    them.
    ## Fix
    Set `security_list_ids` to lists of the subnet's own.
    """
    lists = subnet["security_list_ids"]
    if lists == None or lists == []:
        yield subnet.fails("no security lists of its own: the VCN's default list applies", at="security_list_ids")
    elif not is_code(subnet):  # where it runs, the default list is named as any other
        named = graph.follow(subnet, "security_list_ids")
        if all_of(named, lambda one: one.type == "oci_core_default_security_list"):
            yield subnet.fails("only the VCN's default list applies", at="security_list_ids")


@rule(on="oci_core_subnet", severity=MEDIUM, controls=["nist-800-53r5:SC-7"])
def oci_private_subnet_no_service_gateway(subnet: Resource, graph: Graph) -> Iterator[Finding]:
    """Private subnets reach Oracle's services through a service gateway.

    ## Why
    Functions, cluster nodes and databases fetch images and keep backups in Oracle's services: without the gateway
    they reach them not at all, or over the internet.
    ## Fix
    Add an `oci_core_service_gateway`, and a route rule to it in the subnet's route table.
    """
    if allows_public_ip(subnet) or not any_of(NEEDS_SERVICES, lambda type_: graph.users(subnet, type_)):
        return
    if not service_routes(subnet, graph):
        yield subnet.fails("no route to a service gateway", at="route_table_id")


def _joins(drg: Resource, graph: Graph) -> int:
    """How many VCNs are attached to the gateway."""
    vcns: list[Resource] = []
    for attachment in graph.users(drg, "oci_core_drg_attachment"):
        for path in ("vcn_id", "network_details.id"):
            vcns += [vcn for vcn in graph.follow(attachment, path) if vcn not in vcns]
    return len(vcns)


@rule(
    on="oci_core_vcn",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["cis_reports:OBP:Networking_Hub_Spoke"],
)
def oci_network_no_hub(vcn: Resource, graph: Graph) -> Iterator[Finding]:
    """Several networks are joined by one gateway.

    ## Why
    Networks that are joined pair by pair, or not at all, cannot be inspected and routed in one place.
    ## Fix
    Attach the VCNs to one `oci_core_drg`.
    """
    vcns = graph.beside(vcn, "oci_core_vcn")
    if len(vcns) < 2 or vcns[0] != vcn:  # said once, of the first
        return
    if not any_of(graph.beside(vcn, "oci_core_drg"), lambda drg: _joins(drg, graph) > 1):
        yield vcn.fails(f"{len(vcns)} VCNs and no DRG that joins two of them")


@rule(
    on="oci_core_drg",
    sources=("oci",),
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["cis_reports:OBP:Networking_DRG_Upgraded"],
)
def oci_drg_old_version(drg: Resource) -> Iterator[Finding]:
    """Dynamic routing gateways have route tables of their own.

    ## Why
    A gateway of the first version sends everything everywhere: traffic between networks cannot be led past a firewall.
    ## Fix
    Upgrade the gateway, which cannot be undone and interrupts its connections for minutes.
    """
    if drg.absent("default_drg_route_tables"):
        yield drg.fails("a gateway of the first version, without route tables", at="default_drg_route_tables")


@rule(
    on="opc_compute_ip_address_reservation",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["AVD-OCI-0001"],
)
def oci_classic_public_ip_reservation(reservation: Resource) -> Iterator[Finding]:
    """Addresses reserved in OCI Classic are of the cloud's private pool.

    ## Why
    An address of the public pool puts the instance it is given to on the internet.
    ## Fix
    Use `ip_address_pool = "cloud-ippool"`.
    """
    if reservation["ip_address_pool"] != None and "public-ippool" in reservation["ip_address_pool"]:
        yield reservation.fails("the address is of the public pool", at="ip_address_pool")
