"""What stands in the subnets of AWS: interfaces of instances, load balancers, databases, functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach import reading as rd
from assay.analysis.reach.packets import PROTOCOLS
from assay.analysis.reach.topology import Interface, Public, Relay
from assay.model import Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.reach.aws import Builder
    from assay.analysis.reach.topology import Subnet
    from assay.model import Resource, View


class Placed(NamedTuple):
    """Where a resource type says its subnets and groups, and what gives it a public address.

    `public` is an attribute and `when` its value that means yes; `never` types take no connections or no address.
    """

    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    public: str = ""
    when: object = True
    through: str = ""  # a subnet group between


PLACED = {
    "aws_instance": Placed(("subnet_id",), ("vpc_security_group_ids", "security_groups")),
    "aws_network_interface": Placed(("subnet_id",), ("security_groups",)),
    "aws_lb": Placed(("subnets", "subnet_mapping.subnet_id"), ("security_groups",), "internal", False),
    "aws_alb": Placed(("subnets", "subnet_mapping.subnet_id"), ("security_groups",), "internal", False),
    "aws_elb": Placed(("subnets",), ("security_groups",), "internal", False),
    "aws_db_instance": Placed((), ("vpc_security_group_ids",), "publicly_accessible", through="db_subnet_group_name"),
    "aws_rds_cluster": Placed((), ("vpc_security_group_ids",), through="db_subnet_group_name"),
    "aws_docdb_cluster": Placed((), ("vpc_security_group_ids",), through="db_subnet_group_name"),
    "aws_neptune_cluster": Placed((), ("vpc_security_group_ids",), through="neptune_subnet_group_name"),
    "aws_redshift_cluster": Placed(
        (), ("vpc_security_group_ids",), "publicly_accessible", through="cluster_subnet_group_name"
    ),
    "aws_elasticache_cluster": Placed((), ("security_group_ids",), through="subnet_group_name"),
    "aws_elasticache_replication_group": Placed((), ("security_group_ids",), through="subnet_group_name"),
    "aws_dms_replication_instance": Placed(
        (), ("vpc_security_group_ids",), "publicly_accessible", through="replication_subnet_group_id"
    ),
    "aws_mq_broker": Placed(("subnet_ids",), ("security_groups",), "publicly_accessible"),
    "aws_msk_cluster": Placed(
        ("broker_node_group_info.client_subnets",), ("broker_node_group_info.security_groups",)
    ),
    "aws_opensearch_domain": Placed(("vpc_options.subnet_ids",), ("vpc_options.security_group_ids",)),
    "aws_ecs_service": Placed(
        ("network_configuration.subnets",), ("network_configuration.security_groups",),
        "network_configuration.assign_public_ip",
    ),
    "aws_lambda_function": Placed(("vpc_config.subnet_ids",), ("vpc_config.security_group_ids",)),
    "aws_eks_cluster": Placed(("vpc_config.subnet_ids",), ("vpc_config.security_group_ids",)),
    "aws_efs_mount_target": Placed(("subnet_id",), ("security_groups",)),
    "aws_vpc_endpoint": Placed(("subnet_ids",), ("security_group_ids",)),
}  # fmt: skip
ADDRESSES = ("private_ip", "private_ips", "ipv6_addresses")
BALANCERS = ("aws_lb", "aws_alb")


def interfaces(builder: Builder) -> None:
    """Every interface, with its groups' filters and its public address; then who is in which group."""
    for type_, placed in PLACED.items():
        for r in builder.graph.all(type_):
            if type_ == "aws_vpc_endpoint" and rd.word(r, "vpc_endpoint_type") != "interface":
                continue
            for subnet in _places(builder, r, placed):
                _add(builder, r, placed, subnet)
    for type_ in BALANCERS:
        for r in builder.graph.all(type_):
            for front in builder.topology.interfaces.get(id(r), []):
                front.relays = list(_relays(builder, r))


def _places(builder: Builder, r: Resource, placed: Placed) -> Iterator[Subnet]:
    holders: list[Resource] = [r]
    paths = placed.subnets
    if placed.through:
        holders, paths = rd.linked(builder.graph, r, placed.through)[0], ("subnet_ids",)
    seen = set()
    for holder in holders:
        for path in paths:
            for place in rd.linked(builder.graph, holder, path)[0] if rd.known(holder) else []:
                subnet = builder.topology.subnet_of(place)
                if subnet is not None and id(subnet) not in seen:
                    seen.add(id(subnet))
                    yield subnet


def _add(builder: Builder, r: Resource, placed: Placed, subnet: Subnet) -> None:
    interface = Interface(r, subnet)
    found, doubt = rd.spans(*(rd.value(r, name) for name in ADDRESSES))
    if found and not doubt:
        interface.addresses, interface.exact = found, True
    groups: list[Resource] = []
    missing = None
    for path in placed.groups:
        if rd.value(r, path) is not None:
            named, reason = rd.linked(builder.graph, r, path)
            groups += [builder.groups.resolved(g, r) for g in named]
            missing = missing or reason or rd.unnamed(rd.value(r, path))
    groups += [
        g
        for a in rd.users(builder.graph, r, "aws_network_interface_sg_attachment")[0]
        for g in rd.linked(builder.graph, a, "security_group_id")[0]
    ]
    if not groups and missing is None:
        groups, missing = _default_group(builder, subnet)
    interface.inward, interface.outward = builder.groups.filters(groups, missing)
    if r.type in BALANCERS and rd.word(r, "load_balancer_type") in ("network", "gateway") and not groups:
        interface.inward = interface.outward = None
    interface.groups = frozenset(rd.key(g) for g in groups)
    interface.ungrouped = missing
    interface.public = _public(builder, r, placed, subnet)
    builder.topology.interfaces.setdefault(id(r), []).append(interface)
    subnet.interfaces.append(interface)
    for name in interface.groups:
        builder.topology.groups.setdefault(name, []).extend(interface.addresses)


def _default_group(builder: Builder, subnet: Subnet) -> tuple[list[Resource], str | None]:
    """The VPC's default group, which an interface without any of its own gets."""
    vpc = subnet.network.resource
    found, _ = rd.users(builder.graph, vpc, "aws_default_security_group") if rd.known(vpc) else ([], None)
    return (found, None) if found else ([], f"the default security group of {vpc} is not among the inputs")


def _public(builder: Builder, r: Resource, placed: Placed, subnet: Subnet) -> Public:
    """Whether it has an address of the internet: an elastic one, an assigned one, or what its type says."""
    graph = builder.graph
    for type_ in ("aws_eip", "aws_eip_association"):
        found, _ = rd.users(graph, r, type_)
        if found:
            return True
    if rd.word(r, "public_ip"):
        return True  # of a live account
    if placed.public:
        written = rd.value(r, placed.public)
        if isinstance(written, Unknown):
            return f"whether {r} has a public address is not known: {written.reason}"
        return written is placed.when if written is not None else placed.when is False
    if r.type != "aws_instance":
        return False
    assigned = rd.value(r, "associate_public_ip_address")
    if assigned is None:
        assigned = rd.value(subnet.resource, "map_public_ip_on_launch")
    if isinstance(assigned, Unknown):
        return f"whether {r} has a public address is not known: {assigned.reason}"
    return assigned is True


def _relays(builder: Builder, balancer: Resource) -> Iterator[Relay]:
    """What a load balancer's listeners hand on to whom."""
    graph = builder.graph
    for type_ in ("aws_lb_listener", "aws_alb_listener"):
        for listener in rd.users(graph, balancer, type_)[0]:
            port = rd.value(listener, "port")
            kind = rd.word(listener, "protocol")
            if not isinstance(port, int):
                continue
            protocol = PROTOCOLS["udp"] if kind == "udp" else PROTOCOLS["tcp"]
            for group in _target_groups(builder, listener):
                yield from _targets(builder, group, protocol, port, listener)


def _target_groups(builder: Builder, listener: Resource) -> Iterator[Resource]:
    for path in ("default_action.target_group_arn", "default_action.forward.target_group.arn"):
        yield from (g for g in rd.linked(builder.graph, listener, path)[0] if rd.known(g))


def _targets(builder: Builder, group: Resource, protocol: int, port: int, view: View) -> Iterator[Relay]:
    own = rd.value(group, "port")
    keeps = rd.value(group, "preserve_client_ip")  # "true" or "false"; on for what is not named by address
    network = rd.word(group, "protocol") in ("tcp", "udp", "tls", "tcp_udp")
    keeps_source = network and keeps not in (False, "false") if not isinstance(keeps, Unknown) else True
    for attachment in rd.users(builder.graph, group, "aws_lb_target_group_attachment")[0]:
        at = rd.value(attachment, "port")
        at = own if at is None else at
        span = (int(at), int(at)) if isinstance(at, int) else None
        for target in rd.linked(builder.graph, attachment, "target_id")[0]:
            yield Relay(protocol, (port, port), target, span, keeps_source, view)
