"""`assay graph`: resources, values and links of what a scan would read."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from assay.cli import graph_machines
from assay.cli import scan as scan_command
from assay.engine import plain
from assay.model import PartialList, Unknown, join_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource, ValuePath


def run(argv: list[str]) -> int:
    from argparse import ArgumentParser

    from assay.scan import collect

    p = ArgumentParser(
        "assay graph", description="Print resources, values and links of what a scan would read.", allow_abbrev=False
    )
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories (default .)")
    p.add_argument("-o", "--output", choices=("json", "dot", "mermaid"), default="json")
    p.add_argument("--allow-incomplete", action="store_true", help="do not exit 3 when something could not be read")
    scan_command.add_terraform(p)
    args = p.parse_args(argv)
    paths = args.paths or ["."]
    request = scan_command.make_request(args, paths)
    request.files_only = False
    request.base = os.getcwd()
    graph = collect(request)
    {"json": _json, "dot": _dot, "mermaid": _mermaid}[args.output](graph, sys.stdout)
    for problem in _problems(graph):
        line = f":{problem['line']}" if problem.get("line") else ""
        print(f"assay graph: {problem['path']}{line}: {problem['reason']}", file=sys.stderr)
    return 3 if graph.coverage.incomplete and not args.allow_incomplete else 0


def _json(graph: Graph, stream: TextIO) -> None:
    stream.write('{"resources": [')
    for i, r in enumerate(graph.resources):
        stream.write(",\n" if i else "\n")
        stream.write(json.dumps(_record(r), ensure_ascii=False))
    stream.write('\n], "links": [')
    for i, (source, target, via) in enumerate(graph.links()):
        stream.write(",\n" if i else "\n")
        record = {"from": source.address, "to": target.address, "via": via}
        stream.write(json.dumps(record, ensure_ascii=False))
    stream.write('\n], "errors": ')
    stream.write(json.dumps(_problems(graph), ensure_ascii=False) + "}\n")


def _record(r: Resource) -> dict[str, Any]:
    place = r.origin.locate(())
    return {
        "address": r.address,
        "type": r.type,
        "source": r.source,
        "values": _shown(r),
        "unknown": [join_path(p) for p in _unknowns(r.values, ())],
        "location": {
            "file": place.file, "start_line": place.start_line, "start_column": place.start_column,
            "end_line": place.end_line, "end_column": place.end_column,
        },
    }  # fmt: skip


def _shown(r: Resource) -> Any:
    """The values without credentials. Terraform's own `terraform_data` carries what its author computes, as it is."""
    if r.type == "terraform_data":
        return plain(r.values)
    from assay.reports.masking import EVERYTHING, SECRET_ATTRIBUTES, mask_value

    values = plain(r.values)
    hidden = {k: mask_value(EVERYTHING, values[k]) for k in SECRET_ATTRIBUTES.get(r.type, ()) if k in values}
    return mask_value("", values) | hidden


def _unknowns(value: Any, path: ValuePath) -> Iterator[ValuePath]:
    if isinstance(value, Unknown):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unknowns(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(list.__iter__(value)):
            yield from _unknowns(inner, (*path, i))
        if isinstance(value, PartialList):
            yield path


def _problems(graph: Graph) -> list[dict[str, Any]]:
    return [i for i in graph.coverage.inputs if i["status"] != "read"]


def _drawn(graph: Graph) -> tuple[list[Resource], list[tuple[Resource, Resource, str]]]:
    links = list(graph.links())
    scopes = {"account", "tenancy", "module", "terraform"}
    return [r for r in graph.resources if r.type not in scopes and not r.type.startswith("provider.")], links


def _dot(graph: Graph, stream: TextIO) -> None:
    resources, links = _drawn(graph)
    stream.write("digraph assay {\n  rankdir=LR;\n  node [shape=box];\n")
    numbers = {id(r): f"r{i}" for i, r in enumerate(resources)}
    stream.writelines(f"  {numbers[id(r)]} [label={quoted(r.address)}];\n" for r in resources)
    for source, target, via in links:
        if id(source) in numbers and id(target) in numbers:
            stream.write(f"  {numbers[id(source)]} -> {numbers[id(target)]} [label={quoted(via)}];\n")
    graph_machines.dot(graph, numbers, stream)
    stream.write("}\n")


def quoted(text: str) -> str:
    """A text as dot writes it, which knows no escapes of letters."""
    return json.dumps(text, ensure_ascii=False)


def clean(text: str) -> str:
    return text.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")


def _mermaid(graph: Graph, stream: TextIO) -> None:
    resources, links = _drawn(graph)
    numbers = {id(r): f"r{i}" for i, r in enumerate(resources)}
    stream.write("graph LR\n")
    stream.writelines(f'  {numbers[id(r)]}["{clean(r.address)}"]\n' for r in resources)
    for source, target, via in links:
        if id(source) in numbers and id(target) in numbers:
            stream.write(f'  {numbers[id(source)]} -->|"{clean(via)}"| {numbers[id(target)]}\n')
    graph_machines.mermaid(graph, numbers, stream)
