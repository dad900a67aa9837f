"""The engine against packets followed one by one, on generated networks of both clouds.

`python tests/test_reach_simulated.py aws 10000 13000` asks about other networks than the tests do; thousands agree.
"""

from __future__ import annotations

import random
import sys
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
import simulated_aws
import simulated_oci
from assay.analysis.reach.build import Model, model
from assay.analysis.reach.coverage import estates
from assay.analysis.reach.ends import NoSuchEnd, ends
from assay.analysis.reach.packets import PROTOCOLS
from assay.graph import Graph
from assay.model import Resource, Unknown

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


def hidden(value: Any, r: random.Random, name: str = "") -> Any:
    """A value with some of its leaves, and some references, made unknown."""
    if isinstance(value, dict):
        return {k: hidden(v, r, k) for k, v in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [hidden(v, r, name) for v in value]
    if name in ("private_ip", "type") or r.random() >= 0.03:  # the question names these
        return value
    return Unknown(f"{name} is hidden", ("hidden", str(r.random())))


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_what_is_hidden_makes_no_answer_wrong(cloud: str) -> None:
    """Whatever cannot be known, the answer is unknown or it is the true one."""
    module, asked, sure = CLOUDS[cloud], 0, 0
    for seed in range(150):
        world, r = module.generate(seed), random.Random(seed + 7)
        found = [Resource(x.type, x.address, x.source, hidden(x.values, r), name=x.name)
                 for x in module.resources(world)]  # fmt: skip
        graph = Graph(found)
        made = model(graph)
        for _ in range(12):
            source, goal = r.sample([*world.machines, *module.HOSTS], 2)
            names = [n if n in module.HOSTS else f"{module.MACHINE}.{n}" for n in (source, goal)]
            protocol, port = r.choice(["tcp", "udp"]), r.choice(module.PORTS)
            try:
                got = verdict(made, graph, names[0], names[1], protocol, port)
            except NoSuchEnd:  # in which subnet it stands is hidden
                continue
            if {source, goal} <= set(module.HOSTS):
                continue
            truth = "yes" if module.connects(world, source, goal, protocol, port) else "no"
            assert got in ("unknown", truth), f"seed {seed}: {source} -> {goal} {protocol} {port} is {truth}, not {got}"
            asked, sure = asked + 1, sure + (got != "unknown")
    assert sure > 0.8 * asked, "an engine that never knows proves nothing"


@pytest.mark.parametrize("batch", range(2))
def test_what_avoids_the_firewall_is_what_packets_avoid(batch: int) -> None:
    said = 0
    for seed in range(batch * 100, (batch + 1) * 100):
        world = simulated_oci.generate(seed, joined=True)
        made = model(Graph(simulated_oci.resources(world)))
        for estate in estates(made, ("firewall",)):
            names = {n.resource.name for n in estate.protected()}
            past = {(d.source.network.resource.name, d.goal.network.resource.name) for d in estate.between()
                    if d.source is not None and d.goal is not None}  # fmt: skip
            lopsided = {frozenset((d.source.network.resource.name, d.goal.network.resource.name))
                        for d in estate.one_way() if d.source is not None and d.goal is not None}  # fmt: skip
            for a, b in permutations(sorted(names), 2):
                ways = simulated_oci.between(world, a, b)
                assert ((a, b) in past) == any(not there for there, _ in ways), f"seed {seed}: {a} -> {b}"
                differ = any(back is not None and there != back for there, back in ways)
                assert (frozenset((a, b)) in lopsided) == differ, f"seed {seed}: {a} <-> {b}"
                said += len(ways)
    assert said > 100


def main() -> None:
    cloud, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    found = [compare(CLOUDS[cloud], seed) for seed in range(first, last)]
    wrong = [line for _, lines in found for line in lines]
    sys.stdout.write(
        "\n".join([*wrong, f"{last - first} networks, {sum(n for n, _ in found)} reached, {len(wrong)} wrong"]) + "\n"
    )


if __name__ == "__main__":
    main()
