"""What earlier looks at a cluster told: read from snapshots, so that restarts are counted and counters compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.clock import instant
from assay.inventory.cluster.units import Earlier, restarts_of
from assay.inventory.snapshot import records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.model import Resource

_TYPES = ("cluster", "Pod")
KEPT_SECONDS = 3600.0
"""How far back `--watch` remembers: an hour of restarts, more than the quarter that throttling is judged over."""


def looks(snapshot: str) -> dict[str, Earlier]:
    """By context, what a snapshot tells of a cluster.

    Raises:
        OSError, EOFError, ValueError, KeyError: it is no snapshot of clusters.
    """
    found = (record["resource"] for record in records(snapshot) if "resource" in record)
    return _looks((r["type"], r["account"], r["values"]) for r in found if r["type"] in _TYPES)


def looks_at(resources: Iterable[Resource]) -> dict[str, Earlier]:
    """By context, what collected resources tell of a cluster."""
    return _looks((r.type, r.account or "", r.values) for r in resources if r.type in _TYPES)


def _looks(resources: Iterable[tuple[str, str, dict[str, Any]]]) -> dict[str, Earlier]:
    found: dict[str, Earlier] = {}
    restarts: dict[str, dict[str, int]] = {}
    for type_, account, values in resources:
        if type_ == "cluster":
            found[account] = Earlier(instant(values["collectedAt"]), {}, values.get("counters"))
        elif count := restarts_of(values):
            restarts.setdefault(account, {})[values["metadata"].get("uid", "")] = count
    for name, look in found.items():
        look.restarts = restarts.get(name, {})
    return found
