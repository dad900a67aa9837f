"""The engine against packets followed one by one, on generated networks of both clouds.

`python tests/test_reach_simulated.py aws 10000 13000` asks about other networks than the tests do; thousands agree.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import pytest
import simulated_aws
import simulated_oci
from assay.analysis.reach.build import Model, model
from assay.analysis.reach.ends import ends
from assay.analysis.reach.packets import PROTOCOLS
from assay.graph import Graph

if TYPE_CHECKING:
    from types import ModuleType

CLOUDS: dict[str, ModuleType] = {"aws": simulated_aws, "oci": simulated_oci}
QUESTIONS = 20
NETWORKS = 60


def verdict(made: Model, graph: Graph, source: str, goal: str, protocol: str, port: int) -> str:
    a, b = ends(source, graph, made.topology), ends(goal, graph, made.topology)
    return made.reach.best(a, b, PROTOCOLS[protocol], (port, port)).verdict


def compare(cloud: ModuleType, seed: int) -> tuple[int, list[str]]:
    """How often something was reached in one network, and where the two do not agree."""
    world = cloud.generate(seed)
    graph = Graph(cloud.resources(world))
    made, r = model(graph), random.Random(seed)
    everybody = [*world.machines, *cloud.HOSTS]
    reached, wrong = 0, []
    for _ in range(QUESTIONS):
        source, goal = r.sample(everybody, 2)
        if {source, goal} <= set(cloud.HOSTS):
            continue
        names = [n if n in cloud.HOSTS else f"{cloud.MACHINE}.{n}" for n in (source, goal)]
        protocol, port = r.choice(["tcp", "udp"]), r.choice(cloud.PORTS)
        wanted = "yes" if cloud.connects(world, source, goal, protocol, port) else "no"
        got = verdict(made, graph, names[0], names[1], protocol, port)
        reached += wanted == "yes"
        if got != wanted:
            wrong.append(f"seed {seed}: {source} -> {goal} {protocol} {port} is {wanted}, not {got}")
    return reached, wrong


@pytest.mark.parametrize("batch", range(3))
@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_the_engine_agrees_with_the_packets(cloud: str, batch: int) -> None:
    found = [compare(CLOUDS[cloud], seed) for seed in range(batch * NETWORKS, (batch + 1) * NETWORKS)]
    assert [line for _, wrong in found for line in wrong] == []
    assert sum(reached for reached, _ in found) > NETWORKS, "networks in which nothing is reached prove nothing"


def main() -> None:
    cloud, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    found = [compare(CLOUDS[cloud], seed) for seed in range(first, last)]
    wrong = [line for _, lines in found for line in lines]
    sys.stdout.write(
        "\n".join([*wrong, f"{last - first} networks, {sum(n for n, _ in found)} reached, {len(wrong)} wrong"]) + "\n"
    )


if __name__ == "__main__":
    main()
