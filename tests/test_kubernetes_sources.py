"""One rule, every source: what a rule says of a manifest it says of the same object in Terraform and in a cluster."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from assay.bundled import RULES
from assay.catalogue import claimed_sources
from assay.engine import evaluate
from assay.examples import Example, of_rule
from assay.graph import Graph
from assay.kubernetes.documents import parse, split
from assay.kubernetes.objects import flatten
from assay.model import Request, Resource
from assay.rule import Rule, load_directory
from assay.scan import collect
from kubernetes_hcl import terraform

Said = set[tuple[str, str, str, str]]


@cache
def shown() -> dict[str, tuple[Rule, list[Example]]]:
    """The rules with examples as manifests."""
    rules = {r.id: r for r in load_directory(RULES)}
    found = {i: (r, [e for e in of_rule(r, RULES) if e.source == "manifest"]) for i, r in rules.items()}
    return {i: pair for i, pair in found.items() if pair[1]}


def said(graph: Graph, rule: Rule) -> Said:
    """Verdict, object and field of everything the rule finds."""
    findings = evaluate(graph, [rule]).findings
    return {(f.verdict.value, f.resource.type, known_name(f.resource), ".".join(map(str, f.path))) for f in findings}


def known_name(r: Resource) -> str:
    """The object's own name; empty when it is filled in later."""
    name = (r.values.get("metadata") or {}).get("name")
    return name if isinstance(name, str) else ""


def manifest(example: Example, folder: Path) -> Graph:
    for name, text in example.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return collect(Request([str(folder)], str(folder)))


CLAIMING = [(i, s) for i, (r, _) in sorted(shown().items()) for s in claimed_sources(r.on, r.sources)]


@pytest.mark.parametrize("rule_id", [i for i, source in CLAIMING if source == "cluster"])
def test_a_live_object_is_judged_as_its_manifest(rule_id: str, tmp_path: Path) -> None:
    rule, examples = shown()[rule_id]
    for number, example in enumerate(examples):
        graph = manifest(example, tmp_path / str(number))
        live = Graph([Resource(r.type, r.address, "cluster", r.values, r.origin, name=r.name) for r in graph.resources])
        assert said(live, rule) == said(graph, rule), example.place


@pytest.mark.parametrize("rule_id", [i for i, source in CLAIMING if source == "terraform"])
def test_an_object_of_terraform_is_judged_as_its_manifest(rule_id: str, tmp_path: Path) -> None:
    rule, examples = shown()[rule_id]
    for number, example in enumerate(examples):
        graph = manifest(example, tmp_path / str(number))
        objects = [
            values
            for text in example.files.values()
            for chunk in split(text.encode())
            for values, _ in flatten(parse(text.encode()[chunk.start : chunk.end]).value)
        ]
        folder = tmp_path / f"{number}-terraform"
        folder.mkdir()
        (folder / "main.tf").write_text(terraform(objects), encoding="utf-8")
        code = collect(Request([str(folder)], str(folder)))
        assert [i for i in code.coverage.inputs if i["status"] != "read"] == []
        made = {(r.type, r.name) for r in code.resources if r.type in {o["kind"] for o in objects}}
        assert len(made) == len(objects), terraform(objects)
        kept = Graph([r for r in code.resources if r.type[0].isupper()], code.coverage)
        assert said(kept, rule) == said(graph, rule), f"{example.place}\n{terraform(objects)}"


@pytest.mark.parametrize("rule_id", sorted(shown()))
def test_objects_come_back_from_terraform_as_they_were(rule_id: str, tmp_path: Path) -> None:
    _, examples = shown()[rule_id]
    for number, example in enumerate(examples):
        for text in example.files.values():
            for chunk in split(text.encode()):
                for values, _ in flatten(parse(text.encode()[chunk.start : chunk.end]).value):
                    if "kind" not in values or "${" in text:
                        continue
                    folder = tmp_path / f"{number}-{chunk.start}"
                    folder.mkdir(exist_ok=True)
                    (folder / "main.tf").write_text(terraform([values]), encoding="utf-8")
                    graph = collect(Request([str(folder)], str(folder)))
                    back = [r.values for r in graph.resources if r.type == values["kind"]]
                    assert back == [values], terraform([values])
