"""What stands in the subnets of OCI: interfaces of instances, load balancers, gateways, databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach import reading as rd
from assay.analysis.reach.packets import PROTOCOLS
from assay.analysis.reach.topology import Interface, Public, Relay
from assay.model import Ref, Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.reach.oci import Builder
    from assay.analysis.reach.topology import Subnet
    from assay.model import Resource


class Placed(NamedTuple):
    """Where a type says its subnets and groups; `public` is an attribute and `when` its value that means yes.

    `default` is what an absent value means: True, False, or "subnet" for what the subnet allows.
    """

    subnets: tuple[str, ...]
    groups: tuple[str, ...] = ()
    public: str = ""
    when: object = True
    default: bool | str = False


VNIC = "create_vnic_details"
LOAD_BALANCER, NETWORK_BALANCER = (
    "oci_load_balancer_load_balancer", "oci_network_load_balancer_network_load_balancer",
)  # fmt: skip
PLACED = {
    "oci_core_instance": Placed(
        (f"{VNIC}.subnet_id", "subnet_id"), (f"{VNIC}.nsg_ids",), f"{VNIC}.assign_public_ip", default="subnet"
    ),
    "oci_core_vnic_attachment": Placed(
        (f"{VNIC}.subnet_id",), (f"{VNIC}.nsg_ids",), f"{VNIC}.assign_public_ip", default="subnet"
    ),
    LOAD_BALANCER: Placed(("subnet_ids",), ("network_security_group_ids",), "is_private", False, True),
    NETWORK_BALANCER: Placed(("subnet_id",), ("network_security_group_ids",), "is_private", False, True),
    "oci_apigateway_gateway": Placed(("subnet_id",), ("network_security_group_ids",), "endpoint_type", "PUBLIC"),
    "oci_containerengine_cluster": Placed(
        ("endpoint_config.subnet_id",), ("endpoint_config.nsg_ids",), "endpoint_config.is_public_ip_enabled"
    ),
    "oci_containerengine_node_pool": Placed(
        ("node_config_details.placement_configs.subnet_id", "subnet_ids"), ("node_config_details.nsg_ids",)
    ),
    "oci_database_db_system": Placed(("subnet_id",), ("nsg_ids",), default="subnet"),
    "oci_database_autonomous_database": Placed(("subnet_id",), ("nsg_ids",)),
    "oci_functions_application": Placed(("subnet_ids",), ("network_security_group_ids",)),
    "oci_opensearch_opensearch_cluster": Placed(("subnet_id",), ("nsg_id",)),
    "oci_file_storage_mount_target": Placed(("subnet_id",), ("nsg_ids",)),
    "oci_mysql_mysql_db_system": Placed(("subnet_id",)),
}
ADDRESSES = ("private_ip", "private_ip_address", f"{VNIC}.private_ip", "assigned_private_ipv4")


def interfaces(builder: Builder) -> None:
    """Every interface with the filters of its subnet's lists and its groups; then who is in which group."""
    for type_, placed in PLACED.items():
        for r in builder.graph.all(type_):
            seen: set[int] = set()
            for path in placed.subnets:
                for place in rd.linked(builder.graph, r, path)[0]:
                    subnet = builder.topology.subnet_of(place)
                    if subnet is not None and id(subnet) not in seen:
                        seen.add(id(subnet))
                        _add(builder, r, placed, subnet)
    for type_ in (LOAD_BALANCER, NETWORK_BALANCER):
        for r in builder.graph.all(type_):
            for front in builder.topology.interfaces.get(id(r), []):
                front.relays = list(_relays(builder, r))


def _add(builder: Builder, r: Resource, placed: Placed, subnet: Subnet) -> None:
    interface = Interface(r, subnet)
    found, doubt = rd.spans(*(rd.value(r, name) for name in ADDRESSES))
    if found and not doubt:
        interface.addresses, interface.exact = found, True
    groups: list[Resource] = []
    missing = None
    for path in placed.groups:
        named, reason = rd.linked(builder.graph, r, path)
        groups += named
        missing = missing or reason or rd.unnamed(rd.value(r, path))
    interface.inward, interface.outward = builder.filters(subnet, groups, missing)
    interface.groups = frozenset(rd.key(g) for g in groups)
    interface.ungrouped = missing
    interface.public = _public(builder, r, placed, subnet)
    builder.topology.interfaces.setdefault(id(r), []).append(interface)
    subnet.interfaces.append(interface)
    for name in interface.groups:
        builder.topology.groups.setdefault(name, []).extend(interface.addresses)


def _public(builder: Builder, r: Resource, placed: Placed, subnet: Subnet) -> Public:
    """Whether it has a public address: what is written, what the subnet allows, or a reserved one."""
    if rd.users(builder.graph, r, "oci_core_public_ip")[0]:
        return subnet.public
    written = rd.value(r, placed.public) if placed.public else None
    if isinstance(written, Unknown):
        return f"whether {r} has a public address is not known: {written.reason}"
    if written is None:
        return subnet.public if placed.default == "subnet" else placed.default
    yes = str(written).lower() == str(placed.when).lower()
    return subnet.public if yes and subnet.public is not True else yes


def _relays(builder: Builder, balancer: Resource) -> Iterator[Relay]:
    """What a balancer's listeners hand on: by the name of the backend set."""
    small = balancer.type == NETWORK_BALANCER
    listener_type, backend_type, owner, of_set, in_set = (
        ("oci_network_load_balancer_listener", "oci_network_load_balancer_backend", "network_load_balancer_id",
         "default_backend_set_name", "backend_set_name")
        if small else
        ("oci_load_balancer_listener", "oci_load_balancer_backend", "load_balancer_id", "default_backend_set_name",
         "backendset_name")
    )  # fmt: skip
    del owner
    backends = rd.users(builder.graph, balancer, backend_type)[0]
    for listener in rd.users(builder.graph, balancer, listener_type)[0]:
        port = rd.value(listener, "port")
        if not isinstance(port, int):
            continue
        protocol = PROTOCOLS["udp"] if rd.word(listener, "protocol") == "udp" else PROTOCOLS["tcp"]
        for backend in backends:
            if not _same_set(rd.value(backend, in_set), rd.value(listener, of_set)):
                continue
            at = rd.value(backend, "port")
            span = (at, at) if isinstance(at, int) else None
            for target in _targets(builder, backend):
                yield Relay(protocol, (port, port), target, span, small, listener)


def _same_set(one: object, other: object) -> bool:
    if isinstance(one, Ref) and isinstance(other, Ref):
        return one.target == other.target
    return not isinstance(one, Unknown) and not isinstance(other, Unknown) and one == other


def _targets(builder: Builder, backend: Resource) -> Iterator[Resource]:
    for path in ("ip_address", "target_id"):
        yield from (t for t in rd.linked(builder.graph, backend, path)[0] if rd.known(t))
