"""The engine against packets followed one by one, on generated networks."""

from __future__ import annotations

from itertools import product

import pytest
import simulated_aws as aws
from assay.analysis.reach.build import Model, model
from assay.analysis.reach.ends import ends
from assay.analysis.reach.packets import PROTOCOLS
from assay.graph import Graph

BATCH = 40


def verdict(made: Model, graph: Graph, source: str, goal: str, protocol: str, port: int) -> str:
    a, b = ends(source, graph, made.topology), ends(goal, graph, made.topology)
    return made.reach.best(a, b, PROTOCOLS[protocol], (port, port)).verdict


@pytest.mark.parametrize("batch", range(5))
def test_aws_agrees_with_the_packets(batch: int) -> None:
    reached = 0
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        world = aws.generate(seed)
        graph = Graph(aws.resources(world))
        made = model(graph)
        everybody = [*world.machines, *aws.HOSTS]
        for source, goal in product(everybody, everybody):
            if source == goal or {source, goal} <= set(aws.HOSTS):
                continue
            names = [n if n in aws.HOSTS else f"aws_instance.{n}" for n in (source, goal)]
            for protocol, port in (("tcp", 22), ("tcp", 443), ("udp", 50000)):
                wanted = "yes" if aws.connects(world, source, goal, protocol, port) else "no"
                got = verdict(made, graph, names[0], names[1], protocol, port)
                assert got == wanted, f"seed {seed}: {source} -> {goal} {protocol} {port}"
                reached += wanted == "yes"
    assert reached > 50, "networks in which nothing reaches anything prove nothing"
