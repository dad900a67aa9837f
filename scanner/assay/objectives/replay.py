"""Recorded series instead of metric sources: what an example of a rule shows is measured as live series are.

The record maps what is asked for (a query, or the name of a CloudWatch metric) to the values of the last steps, the
newest last: a number, or `[number, how often]`; null is a point that is missing, and so is all that lies before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.objectives.sources import Query, Series, SourceError, Sources, Wish

if TYPE_CHECKING:
    from assay.graph import Graph

NOW = 1_795_996_800
"""The moment of every record: 2026-11-30, midnight."""


class Recorded(Sources):
    """Sources that answer from a record; steps, lags and places are those of the real ones."""

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__(Wish(prometheus="http://recorded"))
        self.record = {name: spread(values) for name, values in record.items()}

    def series(self, query: Query, start: int, end: int, step: int) -> Series:
        name = query.said("query", "metricName", "expression")
        if name not in self.record:
            raise SourceError("failed", f"nothing is recorded of {name}")
        values = self.record[name]
        moments = range(end, start - 1, -step)
        return {at: v for at, v in zip(moments, reversed(values), strict=False) if v is not None}


def spread(values: list[Any]) -> list[float | None]:
    """Values of a record, one for each step."""
    found: list[float | None] = []
    for one in values:
        value, times = one if isinstance(one, list) else (one, 1)
        found += [None if value is None else float(value)] * times
    return found


def measured(path: str, record: dict[str, Any]) -> Graph:
    """The graph of a document's objectives, measured on a record.

    Raises:
        ValueError: one cannot be measured.
    """
    import os

    from assay.graph import Graph
    from assay.model import Coverage
    from assay.objectives.measure import everything
    from assay.objectives.openslo import read

    coverage = Coverage()
    found, lost = everything(read([path], os.path.dirname(path), coverage), Recorded(record), NOW)
    if lost:
        raise ValueError(lost[0].reason)
    return Graph(found, coverage)
