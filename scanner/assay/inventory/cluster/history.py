"""What earlier looks at a cluster told: read from snapshots, so that restarts are counted and counters compared."""

from __future__ import annotations

from assay.clock import instant
from assay.inventory.cluster.units import Earlier, restarts_of
from assay.inventory.snapshot import records

KEPT_SECONDS = 3600.0
"""How far back `--watch` remembers: an hour of restarts, more than the quarter that throttling is judged over."""


def looks(snapshot: str) -> dict[str, Earlier]:
    """By context, what a snapshot tells of a cluster.

    Raises:
        OSError, EOFError, ValueError, KeyError: it is no snapshot of clusters.
    """
    found: dict[str, Earlier] = {}
    restarts: dict[str, dict[str, int]] = {}
    for record in records(snapshot):
        r = record.get("resource")
        if r and r["type"] == "cluster":
            values = r["values"]
            found[r["account"]] = Earlier(instant(values["collectedAt"]), {}, values.get("counters"))
        elif r and r["type"] == "Pod":
            count = restarts_of(r["values"])
            if count:
                restarts.setdefault(r["account"], {})[r["values"]["metadata"].get("uid", r["address"])] = count
    for name, look in found.items():
        look.restarts = restarts.get(name, {})
    return found
