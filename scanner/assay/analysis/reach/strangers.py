"""Which ports of a machine anybody on the internet reaches: not one customer, but strangers from everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.analysis.reach.flows import End
    from assay.analysis.reach.questions import Answer
    from assay.graph import Graph
    from assay.model import Hop, Resource

STRANGERS = tuple(n << 24 | 0x4D4D4D for n in (5, 46, 93, 151, 203))
"""Addresses far apart: a rule that admits all of them was not written for somebody."""


def reached_by_anybody(machine: Resource, graph: Graph, ports: Iterable[int]) -> tuple[list[int], list[Hop], str]:
    """The ports (TCP) that every stranger reaches, the way to the machine, and why there may be more (empty: none)."""
    from assay.analysis.reach.build import model  # a hook on one instance in code need not load the engine
    from assay.analysis.reach.packets import PORTS, TCP
    from assay.analysis.reach.present import hops
    from assay.analysis.reach.questions import of_interface

    made = model(graph)
    doubt = ""
    for interface in made.topology.interfaces.get(id(machine), []):
        goal = of_interface(interface)
        answers = [made.reach.between(_stranger(a), goal, TCP, PORTS) for a in STRANGERS]
        found = [p for p in ports if all(_holds(a, p, "yes") for a in answers)]
        if found:
            return found, hops(answers[0], made.topology), ""
        reasons = [r for a in answers if a.verdict == "unknown" for r in a.reasons]
        if any(all(_holds(a, p, "yes", "unknown") for a in answers) for p in ports):
            doubt = doubt or (reasons[0] if reasons else "a route or a rule is not known")
    refused = (u for type_ in _PARTS if (u := graph._refused(type_, machine)) is not None)
    return [], [], doubt or next((u.reason for u in refused), "")


_PARTS = (
    "aws_vpc", "aws_subnet", "aws_route_table", "aws_internet_gateway", "aws_network_acl", "aws_security_group",
)  # fmt: skip
"""What an audit has to list before it can say that nobody gets through."""


def _stranger(address: int) -> End:
    from assay.analysis.reach.flows import End

    return End("internet", "internet", ((address, address),))


def _holds(answer: Answer, port: int, *verdicts: str) -> bool:
    return answer.verdict in verdicts and any(low <= port <= high for low, high in answer.ports)
