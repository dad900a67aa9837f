"""State machines as `assay graph` draws them: their states as nodes of a group, their ways as arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.state_graph import Drawn
    from assay.graph import Graph
    from assay.model import Resource


def dot(graph: Graph, numbers: dict[int, str], stream: TextIO) -> None:
    """A cluster for each machine; `numbers` are the names of the nodes of resources, by their ids."""
    from assay.cli.graph import quoted

    for r, machine, ids in _machines(graph, numbers):
        stream.write(f"  subgraph cluster_{numbers[id(r)]} {{\n    label={quoted(r.address)};\n")
        stream.writelines(
            f"    {ids[path]} [label={quoted(f'{name} ({kind})')}];\n" for path, name, kind in machine.nodes
        )
        stream.write("  }\n")
        stream.writelines(
            f"  {ids[begin]} -> {ids[end]} [label={quoted(via)}];\n" for begin, end, via in machine.arrows if end in ids
        )


def mermaid(graph: Graph, numbers: dict[int, str], stream: TextIO) -> None:
    """A subgraph for each machine."""
    from assay.cli.graph import clean

    for r, machine, ids in _machines(graph, numbers):
        stream.write(f'  subgraph {numbers[id(r)]}_states["{clean(r.address)}"]\n')
        stream.writelines(f'    {ids[path]}["{clean(f"{name} ({kind})")}"]\n' for path, name, kind in machine.nodes)
        for begin, end, via in machine.arrows:
            if end in ids:
                label = f'|"{clean(via)}"|' if via else ""
                stream.write(f"    {ids[begin]} -->{label} {ids[end]}\n")
        stream.write("  end\n")


def _machines(graph: Graph, numbers: dict[int, str]) -> Iterator[tuple[Resource, Drawn, dict[str, str]]]:
    """The state machines with their states and the names of these; one that a document defines is drawn once."""
    for r in graph.all("aws_sfn_state_machine"):
        if id(r) in numbers and id(r) not in graph.stand_ins:
            from assay.analysis.state_graph import drawn
            from assay.analysis.state_machine import read

            machine = drawn(read(r, graph, needed=False))
            if machine.nodes:
                yield r, machine, {path: f"{numbers[id(r)]}_{i}" for i, (path, _, _) in enumerate(machine.nodes)}
