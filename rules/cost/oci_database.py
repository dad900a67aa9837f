"""Databases that were meant to be there for a while."""

from __future__ import annotations

from collections.abc import Iterator

from assay import INFO, Finding, Graph, Resource, rule
from assay.analysis.literals import days_from_now
from assay.analysis.naming import tags

PERMANENT = ("permanent", "keep", "production", "prod")


def _is_permanent(database: Resource) -> bool:
    """True when a tag says that it is here to stay."""
    words = [str(word).lower() for pair in tags(database) for word in pair]
    return any(word in PERMANENT for word in words)


def _old(database: Resource, days: int) -> Iterator[Finding]:
    if database.absent("time_created") or _is_permanent(database):
        return
    age = -days_from_now(database["time_created"])
    if age > days:
        yield database.fails(f"{age:.0f} days old, and no tag says that it is permanent", at="time_created")


@rule(
    on="oci_database_autonomous_database",
    sources=("oci",),
    params={"days": 90},
    severity=INFO,
    equivalents=["steampipe-oci-thrifty:database_autonomous_database_max_age"],
)
def oci_adb_long_lived(database: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Autonomous databases are tagged as permanent, or do not grow old.

    ## Why
    A database that somebody tried something with costs the same, every month, as one that the business lives on.
    ## Fix
    Delete it, or tag it `permanent`.
    """
    yield from _old(database, params["days"])


@rule(
    on="oci_mysql_mysql_db_system",
    sources=("oci",),
    params={"days": 90},
    severity=INFO,
    equivalents=["steampipe-oci-thrifty:mysql_db_system_age"],
)
def oci_mysql_long_lived(database: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """MySQL systems are tagged as permanent, or do not grow old.

    ## Why
    A database that somebody tried something with costs the same, every month, as one that the business lives on.
    ## Fix
    Delete it, or tag it `permanent`.
    """
    yield from _old(database, params["days"])
