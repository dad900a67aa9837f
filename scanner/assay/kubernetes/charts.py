"""A rendered Helm chart: its objects, each found in the template it was made from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Location
from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.kubernetes.manifests import DocumentOrigin, Estate
    from assay.model import Step, ValuePath

_SOURCE = pattern(rb"^# Source: (\S+)\s*$", 8)  # 8: `^` at every line


def rendered(estate: Estate, chart: str, shown: str, text: bytes) -> None:
    """Read what `helm template` wrote for a chart."""
    before = len(estate.intake.coverage.inputs)
    estate.text(
        shown, shown, text, shown, keep=True,
        origin=lambda values, own: TemplateOrigin(_template(chart, shown, text, own), values, own),
    )  # fmt: skip
    for entry in estate.intake.coverage.inputs[before:]:
        if entry["status"] == "failed":
            entry["reason"] = f"in the rendered chart: {entry['reason']}"


def _template(chart: str, shown: str, text: bytes, own: DocumentOrigin) -> tuple[str, str]:
    """The path of a document's template, and how reports spell it."""
    chunk = own.document.chunk
    match = _SOURCE.search(text, chunk.start, chunk.end)
    inside = match[1].decode(errors="replace").partition("/")[2] if match else ""
    path = os.path.normpath(os.path.join(chart, inside))
    if not inside or not path.startswith(os.path.normpath(chart) + os.sep):
        return os.path.join(chart, "Chart.yaml"), f"{shown}/Chart.yaml"
    return path, f"{shown}/{inside}" if shown != "." else inside


class TemplateOrigin:
    """The origin of an object of a chart: the line of the template that writes the field, as near as its name tells."""

    __slots__ = ("kind", "own", "path", "shown")

    def __init__(self, template: tuple[str, str], values: dict[str, Any], own: DocumentOrigin) -> None:
        self.path, self.shown = template
        self.kind = str(values.get("kind"))
        self.own = own

    def locate(self, path: ValuePath) -> Location:
        note = "the value is that of the rendered chart"
        try:
            with open(self.path, encoding="utf-8", errors="replace") as handle:
                lines = handle.read().splitlines()
        except OSError:
            return Location(self.shown, note=note)
        start = next((n for n, line in enumerate(lines) if line.strip() == f"kind: {self.kind}"), 0)
        for step in path:  # each field below the line of the one that holds it
            if isinstance(step, str):
                found = _line_of(lines, step, start)
                if found is None:
                    break
                start = found
        line = lines[start] if lines else ""
        first = len(line) - len(line.lstrip())
        return Location(self.shown, start + 1, first + 1, start + 1, len(line) + 1, note)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def _line_of(lines: list[str], key: str, start: int) -> int | None:
    names = (f"{key}:", f"- {key}:")
    return next((n for n in range(start, len(lines)) if lines[n].strip().startswith(names)), None)
