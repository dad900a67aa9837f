"""What rules ask about firewalls: which paths of a network or a hub avoid them, in sentences with the way as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.analysis.reach.coverage import Detour, Estate
    from assay.graph import Graph
    from assay.model import Finding, Hop, Resource

AWS = ("firewall",)
OCI = ("firewall", "appliance")
"""In a VCN a route to a private address is how any firewall is put in the way; in a VPC an interface may be a NAT."""


class Past(NamedTuple):
    """One thing to say: the sentence, the way, why it is not certain (empty when it is), and what tells it apart."""

    message: str
    hops: list[Hop]
    doubts: tuple[str, ...]
    key: str

    def finding(self, r: Resource) -> Finding:
        """As a failure, or as unknown with what is missing."""
        if self.doubts:
            return r.unsure(f"cannot prove that {self.message}: {self.doubts[0]}", key=self.key, hops=self.hops)
        places = [hop.place for hop in self.hops if hop.place is not None]
        return r.fails(self.message, because=places, key=self.key, hops=self.hops)


def of_network(network: Resource, graph: Graph, kinds: Sequence[str]) -> tuple[Estate | None, bool]:
    """The estate with a firewall that a network is part of, and whether its paths are to be inspected."""
    from assay.analysis.reach.build import model

    made = model(graph)
    if not made.has_gateway(kinds):
        return None, False
    from assay.analysis.reach.coverage import estate_of

    home = made.topology.networks_by.get(id(network))
    estate = estate_of(made, home, kinds) if home is not None else None
    return estate, estate is not None and any(n is home for n in estate.protected())


_PARTS = {
    "aws": ("aws_subnet", "aws_route_table", "aws_internet_gateway", "aws_vpc_endpoint"),
    "oci": ("oci_core_subnet", "oci_core_route_table", "oci_core_internet_gateway"),
}
"""What an audit has to list before it can say that there is no way."""


def internet_paths(network: Resource, graph: Graph, kinds: Sequence[str]) -> Iterator[Past]:
    """The ways between the subnets of a network and the internet that are not inspected, one for each subnet.

    Raises:
        Undetermined: an audit could not list what the ways are made of.
    """
    for type_ in _PARTS.get(network.source, ()):
        next(iter(graph.users(network, type_)), None)
    estate, protected = of_network(network, graph, kinds)
    if estate is None or not protected:
        return
    home = estate.model.topology.networks_by[id(network)]
    seen: set[str] = set()
    for detour in (*estate.outward(home), *estate.inward(home)):
        subnet = detour.source or detour.goal
        assert subnet is not None
        if str(subnet.resource) not in seen:
            seen.add(str(subnet.resource))
            said = "reaches the internet" if detour.source is not None else "is reached from the internet"
            yield _past(detour, f"{subnet.resource} {said} without the firewall", str(subnet.resource))


def direct_paths(network: Resource, graph: Graph, kinds: Sequence[str]) -> Iterator[Past]:
    """The ways from a network to others that lead over no hub and are not inspected."""
    estate, protected = of_network(network, graph, kinds)
    if estate is None or not protected:
        return
    for detour in estate.between():
        assert detour.source is not None
        assert detour.goal is not None
        if detour.source.network.resource is network and detour.hub() is None:
            goal = detour.goal.network.resource
            yield _past(detour, f"{network} reaches {goal} without the firewall", f"to {goal}")


def hub_paths(hub: Resource, graph: Graph, kinds: Sequence[str]) -> Iterator[Past]:
    """The ways between networks that lead over a hub and are not inspected, as one sentence with the first as proof."""
    estate = _estate_of_hub(hub, graph, kinds)
    if estate is not None:
        yield from _counted([d for d in estate.between() if _over(d, hub)], "without the firewall", "between")


def _estate_of_hub(hub: Resource, graph: Graph, kinds: Sequence[str]) -> Estate | None:
    from assay.analysis.reach.build import model

    made = model(graph)
    if not made.has_gateway(kinds):
        return None
    from assay.analysis.reach.coverage import estate_of

    for found in made.topology.hubs:
        if found.resource is hub:
            networks = (g.network for g in found.attachments if g.network is not None)
            return next((e for n in networks if (e := estate_of(made, n, kinds)) is not None), None)
    return None


def _over(detour: Detour, hub: Resource) -> bool:
    over = detour.hub()
    return over is not None and over.resource is hub


def _counted(found: Sequence[Detour], how: str, key: str) -> Iterator[Past]:
    for certain in (True, False):
        some = [d for d in found if bool(d.doubts) is not certain]
        if some:
            first = some[0]
            assert first.source is not None
            assert first.goal is not None
            a, b = first.source.network.resource, first.goal.network.resource
            more = f" (and {len(some) - 1} more pairs)" if len(some) > 1 else ""
            yield _past(first, f"{a} reaches {b} {how}{more}", key)


def one_way_paths(r: Resource, graph: Graph, kinds: Sequence[str]) -> Iterator[Past]:
    """The ways that a firewall sees in one direction only: of a network to the internet, of a hub between networks."""
    estate, protected = of_network(r, graph, kinds)
    if estate is None:
        over = _estate_of_hub(r, graph, kinds)
        if over is not None:
            yield from _counted([d for d in over.one_way() if _over(d, r)], _ONE_WAY, "one way")
    elif protected:
        for detour in estate.replies(estate.model.topology.networks_by[id(r)]):
            assert detour.source is not None
            said = f"{detour.source.resource} reaches the internet through the firewall and the reply avoids it"
            yield _past(detour, said, str(detour.source.resource))
        yield from _each([d for d in estate.one_way() if d.hub() is None and _from(d, r)])


_ONE_WAY = "through the firewall and the reply avoids it, or meets another"


def _from(detour: Detour, r: Resource) -> bool:
    return detour.source is not None and detour.source.network.resource is r


def _each(found: Iterable[Detour]) -> Iterator[Past]:
    for detour in found:
        assert detour.source is not None
        assert detour.goal is not None
        a, b = detour.source.network.resource, detour.goal.network.resource
        yield _past(detour, f"{a} reaches {b} {_ONE_WAY}", f"to {b}")


def _past(detour: Detour, message: str, key: str) -> Past:
    from assay.analysis.reach.present import way_hops
    from assay.model import Hop

    start = detour.source.resource if detour.source is not None else None
    hops = way_hops(detour.way, start)
    if start is None:
        hops.insert(0, Hop("internet", "internet", "from the internet"))
    if detour.goal is None:
        hops.append(Hop("internet", "internet", "to the internet"))
    if detour.back is not None:
        hops += [hop._replace(note=f"the reply: {hop.note}") for hop in way_hops(detour.back)]
    return Past(message, hops, tuple(dict.fromkeys(detour.doubts)), key)
