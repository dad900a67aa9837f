"""Subnets, routes and security groups of AWS, as far as a rule needs them before the network engine answers.

A route table is the one associated with the subnet, else the VPC's main one; its routes are its own blocks and the
separate `aws_route` resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis import network
from assay.model import PartialList, Ref, Text, Undetermined, Unknown, any_of
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Block, Resource, View


class Route(NamedTuple):
    """One route: the block or resource that says it, and the names its destinations have there."""

    view: View
    destinations: tuple[str, ...]

    @property
    def default(self) -> bool:
        """True when it leads anywhere."""
        return any_of(
            self.destinations, lambda name: self.view[name] is not None and network.is_anywhere(self.view[name])
        )


def leads_to_internet_gateway(route: View, graph: Graph) -> bool:
    """True when the route's next hop is an internet gateway."""
    gateway = route["gateway_id"]
    if gateway is None:
        return False
    found = graph.follow(route, "gateway_id")
    if any_of(found, lambda r: r.source != "uncollected"):
        return any_of(found, lambda r: r.type == "aws_internet_gateway")
    return bool(gateway.startswith("igw-"))


def wider_than_vpc(cidr: Any) -> bool:
    """True for a block larger than any one VPC's can be: over /16, or over /44 in version 6."""
    if network.is_anywhere(cidr):
        return True
    found = network.parse_cidr(cidr)
    return found is not None and found[2] - found[1] >= 1 << (16 if found[0] == 4 else 84)


def subnets_of(table: Resource, graph: Graph) -> list[Resource]:
    """The subnets associated with a route table."""
    associations = graph.users(table, "aws_route_table_association")
    return [s for a in associations for s in graph.follow(a, "subnet_id") if s.source != "uncollected"]


def called_private(subnet: Resource) -> str:
    """The word by which the subnet's name, its tags or its name in the configuration say that it is private.

    A name that says public as well (`no-private-subnets-public-a`) says nothing.
    """
    from assay.analysis.naming import tags, words

    texts = [subnet.name, *(value for key, value in tags(subnet) if not isinstance(key, Unknown))]
    said = [words(text) for text in texts]
    found = [w for w in ("private", "internal", "isolated", "database") if any(w in of for of in said)]
    return found[0] if found and not any("public" in of for of in said) else ""


def has_endpoint(vpc: Resource, service: str, graph: Graph) -> bool:
    """True when the VPC has an endpoint for a service (`secretsmanager`, `ecr.api`)."""
    return any_of(graph.users(vpc, "aws_vpc_endpoint"), lambda e: e["service_name"].endswith(f".{service}"))


def routes_written(r: Resource) -> list[Resource | Block]:
    """The routes that a resource writes: those of a table, or a separate one."""
    if r.type == "aws_route":
        return [r]
    blocks = r.each("route")
    known: list[Resource | Block] = [*list.__iter__(blocks)]
    return PartialList(known, blocks.unknown) if isinstance(blocks, PartialList) else known


def written_address(value: Any) -> bool:
    """True for a public address that is written out; a reference is held by what it refers to.

    Raises:
        Undetermined: a variable stands there.
    """
    if isinstance(value, Ref):
        return False
    return network.is_address(value) and not network.is_private(value)


_HOLDERS = ("aws_eip", "aws_instance", "aws_nat_gateway", "aws_network_interface")


def held(address: str, view: View, graph: Graph) -> bool:
    """True when something beside `view` has the public address; what is made only later cannot be meant by it.

    Raises:
        Undetermined: what may have it could not be listed.
    """
    return any_of(_HOLDERS, lambda type_: any_of(graph.beside(view, type_), lambda r: _has(r, address)))


def _has(r: Resource, address: str) -> bool:
    known = r.values.get("public_ip")
    return isinstance(known, str) and known == address


def written_name(value: Any) -> bool:
    """True for a name that is written out.

    Raises:
        Undetermined: a variable stands there.
    """
    if isinstance(value, Ref) or (isinstance(value, Text) and value.refs()):
        return False
    if isinstance(value, Unknown):
        raise Undetermined(value)
    return isinstance(value, str) and value != ""


def public_among(subnets: list[Resource], graph: Graph) -> tuple[list[tuple[Resource, View]], str]:
    """The subnets from which a route leads to an internet gateway, each with that route; and why there may be more."""
    from assay.analysis.reach.public import internet_routes
    from assay.analysis.reach.reading import absent

    found: list[tuple[Resource, View]] = []
    doubt = subnets.unknown.reason if isinstance(subnets, PartialList) else ""
    for subnet in list.__iter__(subnets):
        if subnet.source == "uncollected":
            doubt = doubt or absent("subnet", subnet.address)
            continue
        try:
            routes = internet_routes(subnet, graph)
        except Undetermined as undecided:
            doubt = doubt or undecided.reason
            continue
        if routes:
            found.append((subnet, routes[0]))
    return found, doubt


def zones_of(subnets: list[Resource]) -> set[str]:
    """The zones that subnets lie in, as written.

    Raises:
        Undetermined: one of them is not known.
    """
    certain: set[str] = set()
    doubts: dict[Any, Unknown] = {}
    for subnet in subnets:
        zone = subnet["availability_zone"]
        if zone is None:
            zone = subnet["availability_zone_id"]
        if zone is None:
            zone = Unknown(f"{subnet} names no zone: AWS chooses one")
        if isinstance(zone, Ref):
            certain.add(f"{zone.target}.{zone.attribute}")
        elif isinstance(zone, Unknown):
            doubts[zone.key if zone.key is not None else id(zone)] = zone
        else:
            certain.add(str(zone))
    if len(certain) < 2 and doubts:
        first = next(iter(doubts.values()))
        if certain or len(doubts) > 1 or first.key is None:
            raise Undetermined(first)
        return {first.reason}  # the same unknown everywhere
    return certain


def private_with_same_role(instance: Resource, graph: Graph) -> list[Resource]:
    """The instances beside this one that certainly have no public address and share its instance profile."""
    profile = _named(instance.values.get("iam_instance_profile"))
    return [
        i
        for i in list.__iter__(graph.beside(instance, instance.type))
        if i is not instance
        and i.values.get("associate_public_ip_address") is False
        and profile is not None
        and _named(i.values.get("iam_instance_profile")) == profile
    ]


def _named(value: Any) -> Any:
    if isinstance(value, Unknown):
        return value.key
    return value if isinstance(value, str) else None
