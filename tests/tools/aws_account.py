"""An account that moto plays in this process, as the collectors see it: boto3's answers made a graph of resources."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from typing import Any

import pytest
from assay.catalogue import Catalogue
from assay.engine import evaluate
from assay.graph import Graph
from assay.inventory.aws.table import Place
from assay.inventory.aws.transport import Boto, Clients, make_session
from assay.inventory.aws.walk import Shared, Walk
from assay.inventory.collect import Unit, run_unit
from assay.inventory.snapshot import RecordWriter, SnapshotWriter, read
from assay.model import Intake, Verdict

ACCOUNT, REGION = "123456789012", "eu-west-1"


def apart(patch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's AWS settings, and keys that open nothing."""
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        patch.delenv(name)
    for name, value in (
        ("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "testing"), ("DEFAULT_REGION", REGION),
        ("EC2_METADATA_DISABLED", "true"), ("CONFIG_FILE", os.devnull), ("SHARED_CREDENTIALS_FILE", os.devnull),
    ):  # fmt: skip
        patch.setenv(f"AWS_{name}", value)


@contextmanager
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside, every boto3 client of any name works on an empty account."""
    moto = pytest.importorskip("moto")
    apart(monkeypatch)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # eight thousand that no test needs
    with moto.mock_aws():
        yield


def client(service: str) -> Any:
    """A client that fills the account; it shares the parsed service models with the collectors."""
    return make_session().client(service, region_name=REGION)


def audit(*modules: str) -> Graph:
    """What the tables of these modules make of the account; calls that moto does not have are coverage rows."""
    stream = BytesIO()
    services = [s for name in modules for s in import_module(f"assay.inventory.aws.{name}").TABLES]
    SnapshotWriter.begin(stream, {"feeds": {"aws": sorted({t for s in services for t in s.types})}})
    clients = Clients(make_session())
    shared = {region: Shared() for region in (REGION, "us-east-1", "us-west-2")}
    with RecordWriter(stream) as writer:
        for service in services:
            region = (service.region or "us-east-1") if service.home else REGION
            transport = Boto(clients, region)
            place = Place(ACCOUNT, region)
            walk = lambda emit, s=service, p=place, t=transport: Walk(s, p, t, emit, None, shared[p.region]).run()  # noqa: E731
            run_unit(Unit("aws", ACCOUNT, region, service.label or service.name, service.types, walk), writer)
    SnapshotWriter.end(stream, writer.count)
    stream.seek(0)
    intake = Intake()
    import gzip

    with gzip.open(stream) as lines:
        read(lines, "account.jsonl.gz", intake, kept=False)
    broken = [u["reason"] for u in intake.coverage.units if "the collector stopped" in (u["reason"] or "")]
    assert broken == []
    return Graph(intake.resources, intake.coverage)


def failing(graph: Graph, rule_id: str) -> set[str]:
    """The names of the resources that a rule fails; none may be undecided."""
    catalogue = Catalogue()
    rules = catalogue.load([e for e in catalogue.entries if e.id == rule_id])
    findings = evaluate(graph, rules).findings
    assert [f.message for f in findings if f.verdict is not Verdict.FAIL] == []
    return {f.resource.name for f in findings}


def only(graph: Graph, type_: str) -> dict[str, Any]:
    """The values of the one resource of a type."""
    (found,) = graph.all(type_)
    return found.values
