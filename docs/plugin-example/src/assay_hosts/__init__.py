"""An example plugin: hosts from a CSV file as resources, a rule, a report, and a note on every report."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence

from assay.engine import Report
from assay.model import Intake, Location, Request, Resource, Source, Step, ValuePath
from assay.paths import display
from assay.plugins import hookimpl


class Row:
    """The origin of a host: its line."""

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line

    def locate(self, path: ValuePath) -> Location:
        return Location(self.file, self.line, 1, self.line, 1)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


class HostsSource:
    """Reads `hosts.csv`."""

    name = "hosts"
    trees = False

    def claims(self, path: str, head: Callable[[], bytes]) -> bool:
        return os.path.basename(path) == "hosts.csv" and head().startswith(b"name,owner")

    def load(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        for path in paths:
            shown = display(path, request.base)
            with open(path, encoding="utf-8", newline="") as handle:
                for line, row in enumerate(csv.DictReader(handle), 2):
                    values = {key: value or None for key, value in row.items()}
                    intake.add(Resource("host", row["name"], "hosts", values, Row(shown, line), name=row["name"]))
            intake.coverage.input(shown, "read")


@hookimpl
def assay_sources() -> list[Source]:
    return [HostsSource()]


@hookimpl
def assay_rules() -> list[str]:
    return [os.path.join(os.path.dirname(__file__), "rules")]


@hookimpl
def assay_reports() -> dict[str, str]:
    return {"owners": "assay_hosts.owners"}


@hookimpl
def assay_findings(report: Report, paths: Sequence[str]) -> None:
    report.coverage.notes.append(f"assay-hosts looked at {len(report.findings)} findings")
