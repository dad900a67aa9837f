"""Subnets, instances and networks: what has, or may get, a public address."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Finding, Graph, Resource, all_of, any_of, is_map, rule
from assay.analysis.naming import words
from assay.analysis.oci_network import allows_public_ip
from assay.analysis.oci_tenancy import is_code
from assay.analysis.parts import one_by_one
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
    yield from one_by_one([instance], lambda i: _public(i, i, VNICS[i.type], graph))
    if is_code(instance):  # where it runs, an attachment tells nothing of addresses
        for attachment in graph.users(instance, "oci_core_vnic_attachment"):
            yield from _public(instance, attachment, "create_vnic_details", graph)


def _public(instance: Resource, holder: Resource, vnic: str, graph: Graph) -> Iterator[Finding]:
    """A finding when the VNIC that `holder` describes at a path gives the instance a public address."""
    at = f"{vnic}.assign_public_ip"
    because = [] if holder == instance else [holder.where(at)]
    what = "it gets a public address" + ("" if holder == instance else f" by {holder}")
    key = holder.address if because else None
    if holder[at] in (True, "true"):
        yield instance.fails(what, at=None if because else at, because=because, key=key)
    elif holder[at] == None:  # then the subnet decides
        for subnet in graph.follow(holder, "subnet_id" if holder.absent(vnic) else f"{vnic}.subnet_id"):
            if allows_public_ip(subnet):
                said = f"{what}, because {subnet} allows them"
                because = [*because, subnet.where("prohibit_public_ip_on_vnic")]
                yield instance.fails(said, at=None if key else at, because=because, key=key)


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


def _is_default(found: Resource, subnet: Resource) -> bool:
    """True for the list that comes with a VCN, whether code names it by the VCN or manages it."""
    if found.source != "uncollected":
        return found.type == "oci_core_default_security_list"
    if is_code(subnet):  # what is written out was chosen
        return "oci_core_vcn." in found.address
    return bool(found["vcn_id"] == "")  # nobody knows which list it is


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
    elif all_of(graph.follow(subnet, "security_list_ids"), lambda one: _is_default(one, subnet)):
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
    vcns = [v for v in graph.beside(vcn, "oci_core_vcn") if v.region == vcn.region]
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
