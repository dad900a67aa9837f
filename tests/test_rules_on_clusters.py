"""Rules say of a cluster what they say of the manifests that were applied to it: every example of both, side by side.

What was applied is kept as an API server keeps it (`tools/api_server.py`: defaults, owners, pods), listed by the real
collector, and judged again.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from api_server import kept
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import _Run
from assay.example_graphs import written
from assay.examples import Example, of_rule
from assay.graph import Graph
from assay.inventory.cluster.replay import units
from assay.inventory.collect import _Kept, run_unit
from assay.model import Intake
from assay.rule import Rule

OTHERWISE = {
    "k8s-deprecated-service-account-field": "the server writes the field itself, beside the one that replaced it",
    "k8s-removed-api-version": "a server stores no version of an API; clients ask for the one that is served",
}
"""Rules of which a cluster cannot tell what a manifest does."""

CATALOGUE = Catalogue()
CLAIMING = [e for e in CATALOGUE.entries if {"cluster", "manifest"} <= set(e.sources)]

Told = set[tuple[str, str, str | None, str]]


def _live(objects: list[dict[str, Any]]) -> Graph:
    intake = Intake()
    for unit in units({"objects": objects}):
        intake.coverage.feeds.setdefault("cluster", set()).update(unit.types)
        seen = _Kept()
        run_unit(unit, seen)
        intake.resources += seen.resources
        for row in seen.denied:
            intake.coverage.not_listed(*row)
        for row in seen.units:
            intake.coverage.unit(*row)
    return Graph(intake.resources, intake.coverage)


def _told(graph: Graph, rule: Rule) -> Told:
    run = _Run(graph, passes=False, timings=False)
    run.rule(rule)
    found: Told = set()
    for f in run.findings:
        meta = f.resource.values.get("metadata") or {}
        found.add((f.resource.type, meta.get("namespace") or "default", meta.get("name"), f.verdict.name))
    return found


UNSERVED = ("kubeadm.k8s.io/", "kubelet.config.k8s.io/")
"""API groups of documents that programs read from files; a cluster keeps them in ConfigMaps."""


def _served(example: Example) -> bool:
    return not any(str(o.get("apiVersion")).startswith(UNSERVED) for o in _applied(example))


def _applied(example: Example) -> list[dict[str, Any]]:
    text = "\n---\n".join(t for name, t in example.files.items() if name.endswith(("yaml", "yml")))
    documents = [o for o in yaml.safe_load_all(text) if isinstance(o, dict) and "kind" in o]
    return [o for d in documents for o in (d["items"] if d["kind"] == "List" else [d])]


@pytest.mark.parametrize("theme", sorted({e.theme for e in CLAIMING}))
def test_a_cluster_is_judged_as_its_manifests_are(theme: str) -> None:
    differing: dict[str, str] = {}
    rules = CATALOGUE.load([e for e in CLAIMING if e.theme == theme])
    for rule in rules:
        examples = [e for e in of_rule(rule, RULES) if (e.source, e.language) == ("manifest", "yaml")]
        for example in (
            e for e in examples if e.kind != "unknown" and _served(e)
        ):  # an unknown is of templates, which are rendered
            with TemporaryDirectory() as folder:
                declared = _told(written(example, folder), rule)
            live = _told(_live(kept(_applied(example))), rule)
            if live != declared:
                only = f"{sorted(declared - live, key=str)}, live {sorted(live - declared, key=str)}"
                differing[rule.id] = f"{example.place}: {only}"
    assert differing.keys() == OTHERWISE.keys() & {r.id for r in rules}, differing
