"""Is a subnet public: the routes by which it reaches an internet gateway or the cloud's services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach.addresses import INTERNET, SERVICES
from assay.analysis.reach.build import model
from assay.model import Undetermined, Unknown

if TYPE_CHECKING:
    from assay.analysis.reach.topology import Route, Subnet
    from assay.graph import Graph
    from assay.model import Resource, View


def _routes(subnet: Resource, graph: Graph, kind: str) -> list[View]:
    """The routes of a subnet to gateways of a kind that any of the internet's addresses, or a service's, take.

    Raises:
        Undetermined: none is certain, and a table or a route is not known that might be one.
    """
    made = model(graph)
    home = made.topology.subnet_of(subnet)
    if home is None:
        return []
    taken = made.once(("taken", id(home.table)), lambda: _taken(home, graph))
    found = [r.view for r in taken if r.hop.kind == kind and r.hop.closed is None and r.view is not None]
    if not found:
        _undecided(home, kind)
    return found


def _taken(home: Subnet, graph: Graph) -> list[Route]:
    """The routes that some address outside the private ranges takes."""
    topology = model(graph).topology
    points = [span[0] for span in topology.atoms.split(INTERNET)]
    points += [p for p in topology.services.values() if p >= SERVICES]
    return list({id(r): r for p in points for r in home.table.lookup(p)}.values())


def _undecided(home: Subnet, kind: str) -> None:
    table = home.table
    if table.missing is not None:
        raise Undetermined(Unknown(table.missing))
    for route, reason in table.doubts:
        if route.hop.kind in (kind, "unknown"):
            raise Undetermined(Unknown(reason))
    for route in table.routes:
        if route.hop.kind == "unknown":
            raise Undetermined(Unknown(route.hop.note))


def internet_routes(subnet: Resource, graph: Graph) -> list[View]:
    """The routes by which a subnet reaches an internet gateway."""
    return _routes(subnet, graph, "internet")


def service_routes(subnet: Resource, graph: Graph) -> list[View]:
    """The routes by which a subnet reaches the cloud's services without the internet."""
    return _routes(subnet, graph, "services")
