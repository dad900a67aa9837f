"""An account that refuses all calls, or one: nothing of it is said to be well or ill, and that is said."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import evaluate
from assay.example_graphs import OPENSLO, SPEND, answers
from assay.examples import Example, read
from assay.graph import Graph
from assay.inventory.aws.replay import CODE, Replay, all_services, looked_into, tables
from assay.inventory.aws.table import Place, Service
from assay.inventory.aws.walk import CallFailed, Transport, Walk
from assay.inventory.collect import DENIED, Unit, run_unit
from assay.inventory.snapshot import RecordWriter, SnapshotWriter
from assay.inventory.snapshot import read as read_snapshot
from assay.model import Intake, Verdict
from assay.rule import rule_files

ACCOUNT = "123456789012"


@cache
def catalogue() -> Catalogue:
    return Catalogue()


@cache
def operations(recorded: frozenset[str]) -> list[tuple[Service, set[str]]]:
    return [(s, {f"{a}.{b}" for a, b in s.operations()}) for s in tables(recorded)]


class Refusing:
    """Answers as the recording says, and refuses one operation, or all of them."""

    def __init__(self, recorded: dict[str, Any], refused: str | None = None) -> None:
        self.replay = Replay(recorded, {})
        self.refused = refused

    def call(self, service: str, operation: str, **params: Any) -> Iterator[dict[str, Any]]:
        if self.refused in (None, f"{service}.{operation}"):
            raise CallFailed(DENIED, "AccessDeniedException", "not authorised")
        yield from self.replay.call(service, operation, **params)


def collected(services: list[Service], transport: Transport) -> Graph:
    stream = BytesIO()
    SnapshotWriter.begin(stream, {"feeds": {"aws": sorted({t for s in services for t in s.types})}})
    with RecordWriter(stream) as writer:
        for service in services:
            place = Place(ACCOUNT, "us-east-1" if service.home else "eu-west-1")
            work = lambda emit, s=service, p=place: Walk(s, p, transport, emit, None).run()  # noqa: E731
            region = None if service.home else place.region
            run_unit(Unit("aws", ACCOUNT, region, service.label or service.name, service.types, work), writer)
    SnapshotWriter.end(stream, writer.count)
    stream.seek(0)
    intake = Intake()
    with gzip.open(stream) as lines:
        read_snapshot(lines, "denied.jsonl.gz", intake, kept=False)
    return Graph(intake.resources, intake.coverage)


def test_where_everything_is_refused_nothing_passes_and_nothing_fails() -> None:
    services = all_services()
    graph = collected(services, Refusing({}))
    report = evaluate(graph, catalogue().load(catalogue().entries))
    assert {f.verdict for f in report.findings} <= {Verdict.NOT_EVALUATED, Verdict.UNKNOWN}
    refused = {u["service"] for u in graph.coverage.units if u["status"] == "denied"}
    assert refused == {service.label or service.name for service in services}


WRITTEN = [e for file in rule_files(RULES) for e in read(f"{RULES}/{file[:-3]}.md") if e.source == "aws"]
BESIDE = ("live-drift-from-code",)
"""Judged beside code alone: without any nothing is declared, and what is not known differs from nothing."""
EXAMPLES = [e for e in WRITTEN if OPENSLO not in e.text and SPEND["aws"] not in e.text and e.rule not in BESIDE]


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if e.kind != "unknown"], ids=lambda e: f"{e.rule}-{e.place.rpartition(':')[2]}"
)
def test_a_refused_call_neither_condemns_nor_acquits(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call that an example records, refused in turn: the good one does not fail, the bad one is not passed."""
    monkeypatch.setattr("assay.inventory.aws.walk.sleep", lambda _: None)
    recorded = answers(example)
    services = [s for s, names in operations(CODE & set(recorded)) if names & set(recorded)]
    rules = catalogue().load([e for e in catalogue().entries if e.id == example.rule])
    for name in set(recorded) - {"sts.GetCallerIdentity"}:
        transport = looked_into(Refusing(recorded, name), recorded)
        found = evaluate(collected(services, transport), rules).findings
        if example.kind == "good":
            assert [(name, f.resource.address, f.message) for f in found if f.verdict is Verdict.FAIL] == []
        else:
            assert found, f"without {name} nothing is said"
