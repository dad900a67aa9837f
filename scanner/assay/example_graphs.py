"""Graphs of examples: files are scanned, recorded answers collected, assertions asked, objectives measured."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.examples import LIVE
from assay.graph import Graph
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from assay.examples import Example
    from assay.model import Intake

RECORDED = (*LIVE, "cost")
"""The sources of examples that tell what was answered or spent, and are no files."""
OPENSLO = "apiVersion: openslo/v1"
"""In an example of a live source: its series are recorded, not the API's answers."""
SPEND = {"aws": "ce.GetCostAndUsageWithResources", "oci": "usageapi.request_summarized_usages"}
"""By source: the recorded operation that makes an example one of `audit cost`, not of the inventory."""
METRICS = frozenset(("cloudwatch.GetMetricData", "monitoring.summarize_metrics_data"))
"""Answers whose points may be written short."""
_COMMENT = pattern(r"[ \t]*(?:#|//)\s*(?:error|unsure):[^\n]*")


def graph_of(example: Example, folder: str) -> Graph:
    """The graph of an example; its files are written to the folder.

    Raises:
        ValueError: it cannot be understood, or the collector stops over what it records.
    """
    recorded = example.source in RECORDED
    for name, text in list(example.files.items())[1:] if recorded else ():
        if name not in LIVE:  # what a parameter names
            _write(folder, name, text)
    if recorded and OPENSLO in example.text:
        return _measured(example, folder)
    if any(f"{operation}:" in example.text for operation in SPEND.values()):
        return _costly(example)
    if example.source == "database":
        return _asked(example)
    if example.source == "cost":
        return _spent(example)
    return replayed(example) if recorded else written(example, folder)


def written(example: Example, folder: str) -> Graph:
    """The graph of an example that is a file, or several."""
    from assay.model import Request
    from assay.scan import collect

    for name, text in example.files.items():
        _write(folder, name, text)
    return collect(Request([folder], folder))


def _write(folder: str, name: str, text: str) -> None:
    """One file of an example, or an entry of its archive; marks are left out where no comment may end a line."""
    archive, inside, entry = name.partition(".zip!/")
    path = f"{folder}/{archive}.zip" if inside else f"{folder}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if inside:
        from zipfile import ZIP_DEFLATED, ZipFile

        entry, _, megabytes = entry.partition("*")  # `model.bin*251` has so many megabytes of zeros behind its text
        with ZipFile(path, "a", ZIP_DEFLATED, compresslevel=1) as into, into.open(entry, "w") as stream:
            stream.write((_COMMENT.sub("", text) if entry.endswith(".json") else text).encode())
            for _ in range(int(megabytes or 0)):
                stream.write(bytes(1 << 20))
        return
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(_COMMENT.sub("", text) if name.endswith((".json", "Dockerfile")) else text)


def _asked(example: Example) -> Graph:
    """The graph of assertions asked of a SQLite database, which the statements before the first assertion make."""
    import re
    import sqlite3

    from assay.assertions.database import SqliteSession
    from assay.assertions.judge import Source, ask
    from assay.assertions.language import read

    (name,) = example.files
    first = re.search(r"^(?:-- (?:assert|rule|severity):|CREATE ASSERTION)", example.text, re.MULTILINE)
    if first is None:
        raise ValueError("there is no assertion in it")
    before = example.text[: first.start()]
    connection = sqlite3.connect(":memory:")
    connection.executescript(before)
    assertions = read("\n" * before.count("\n") + example.text[first.start() :], name)
    sources = [Source(a, name, "tickets" if a.rule == "sla-uncovered-ticket" else "assertion") for a in assertions]
    asked, unasked = ask(sources, SqliteSession(connection, 10), 20)
    connection.close()
    if unasked:
        raise ValueError(unasked[0][1])
    return Graph(asked)


def _measured(example: Example, folder: str) -> Graph:
    """The graph of an OpenSLO document, measured on the `series:` that stand below it in a document of their own."""
    import yaml

    from assay.objectives.replay import measured

    document, sign, record = example.text.rpartition("\n---\nseries:")
    if not sign:
        raise ValueError("below the documents there are no series")
    with open(f"{folder}/slo.yaml", "w", encoding="utf-8") as handle:
        handle.write(document)
    return measured(f"{folder}/slo.yaml", yaml.safe_load(f"series:{record}")["series"])


def _spent(example: Example) -> Graph:
    """The graph of daily spend: so many `weeks` of a `week`, `then` further days, of a service; a `budget` with it."""
    from datetime import date, timedelta

    from assay.model import Coverage
    from assay.spend import Row, resources

    told = answers(example)
    if "resource" in told:
        from assay.idle import Used, resource
        from assay.spend import SpendOrigin

        days = [
            (date.fromisoformat(str(told["start"])) + timedelta(days=i)).isoformat() for i in range(len(told["used"]))
        ]
        one = Used(told["resource"], told["service"], "", "", "USD", told["cost"], days, "utilisation", told["used"])
        return Graph([resource(one, "cost", SpendOrigin(example.place))])
    costs = told.get("week", []) * told.get("weeks", 0) + told.get("then", [])
    egress = told.get("egress", [0] * len(costs))
    first = date.fromisoformat(str(told["start"]))
    rows = [
        Row(told["service"], "", "USD", first + timedelta(days=i), cost, 0.0, 0.0, out)
        for i, (cost, out) in enumerate(zip(costs, egress, strict=True))
    ]
    coverage = Coverage()
    budgets = {("", ""): float(told["budget"])} if "budget" in told else {}
    return Graph(resources(rows, coverage, example.place, "9999-12-31", budgets), coverage)


def _costly(example: Example) -> Graph:
    """The graph of recorded answers about spend: resources that cost something, with their use."""
    from importlib import import_module

    from assay.idle import resource
    from assay.spend import SpendOrigin

    found = import_module(LIVE[example.source]).idle(answers(example))
    return Graph([resource(one, example.source, SpendOrigin(example.place)) for one in found])


# --- recorded answers -------------------------------------------------------------------------------------------------


def replayed(example: Example) -> Graph:
    """The graph of recorded answers: collected by the real collector, written and read as a snapshot is."""
    import gzip
    from importlib import import_module
    from io import BytesIO

    from assay.documents.packages import join_live
    from assay.inventory.collect import run_unit
    from assay.inventory.snapshot import RecordWriter, SnapshotWriter, read
    from assay.model import Intake

    units: list[Any] = []
    feeds: dict[str, list[str]] = {}
    for source, text in _live_parts(example):
        mine = list(import_module(LIVE[source]).units(_recorded(text)))
        feeds[source] = sorted({t for u in mine for t in u.types})
        units += mine
    stream = BytesIO()
    SnapshotWriter.begin(stream, {"feeds": feeds})
    with RecordWriter(stream) as writer:
        for unit in units:
            run_unit(unit, writer)
    SnapshotWriter.end(stream, writer.count)
    stream.seek(0)
    intake = Intake()
    with gzip.open(stream) as lines:
        read(lines, example.place, intake, kept=False)
    join_live(intake)
    code = {name: text for name, text in example.files.items() if name.endswith(".tf")}
    if code:
        _declared(intake, code)
    broken = [u["reason"] for u in intake.coverage.units if "the collector stopped" in (u["reason"] or "")]
    if broken:
        raise ValueError(broken[0])
    return Graph(intake.resources, intake.coverage, links=intake.links)


def _declared(intake: Intake, code: Mapping[str, str]) -> None:
    """Link what was collected to the Terraform files beside it, as `--code` does."""
    from tempfile import TemporaryDirectory

    from assay.bundled import RULES
    from assay.provenance import attach
    from assay.provenance.code import load

    with TemporaryDirectory(prefix="assay-code-") as folder:
        for name, text in code.items():
            _write(folder, name, text)
        attach(intake, load(folder, [], folder, {}, []), [RULES])


def _live_parts(example: Example) -> Iterator[tuple[str, str]]:
    """The live sources of an example, each with the text of its answers and the archives that these tell of."""
    held = _archives(example)
    parts = [(name, text) for name, text in list(example.files.items())[1:] if name in LIVE]
    for source, text in [(example.source, example.text), *parts]:
        for name, data in held.items():
            text = text.replace(f"data:{name}", f"data:application/zip;base64,{data}")
        yield source, text


def _archives(example: Example) -> dict[str, str]:
    """The archives of an example by name, in base64."""
    from base64 import b64encode
    from tempfile import TemporaryDirectory

    entries = {name: text for name, text in example.files.items() if ".zip!/" in name}
    if not entries:
        return {}
    with TemporaryDirectory(prefix="assay-archives-") as folder:
        for name, text in entries.items():
            _write(folder, name, text)
        held = {}
        for archive in dict.fromkeys(f"{name.partition('.zip!/')[0]}.zip" for name in entries):
            with open(f"{folder}/{archive}", "rb") as file:
                held[archive] = b64encode(file.read()).decode()
    return held


def answers(example: Example) -> dict[str, Any]:
    """The recorded answers of a live example, by operation.

    The points of a metric may be written short, as `Hours` or `hours`: a value for each hour up to the end of the last
    day of November 2026, or `[value, how often]`.

    Raises:
        ValueError: it is not a mapping of operations.
    """
    told = _recorded(example.text)
    for name in METRICS.intersection(told):
        told[name] = _hourly(told[name])
    return told


def _hourly(value: Any) -> Any:
    from datetime import UTC, datetime, timedelta

    from assay.objectives.replay import spread

    if isinstance(value, list):
        return [_hourly(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "Hours" not in value and "hours" not in value:
        return {key: _hourly(inner) for key, inner in value.items()}
    rest = {key: inner for key, inner in value.items() if key not in ("Hours", "hours")}
    values = spread(value["Hours"] if "Hours" in value else value["hours"])
    end = datetime(2026, 11, 30, tzinfo=UTC)
    moments = [end - timedelta(hours=n) for n in range(len(values), 0, -1)]
    if "Hours" in value:
        return {**rest, "Timestamps": moments, "Values": values}
    points = [{"timestamp": at, "value": v} for at, v in zip(moments, values, strict=True)]
    return {**rest, "aggregatedDatapoints": points}


def _recorded(text: str) -> dict[str, Any]:
    import yaml

    try:
        recorded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from error
    if not isinstance(recorded, dict):
        raise ValueError("a live example is a mapping of operations to their recorded answers")
    return recorded
