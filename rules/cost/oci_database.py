"""Databases that were meant to be there for a while."""

from __future__ import annotations

from collections.abc import Iterator

from assay import INFO, LOW, Finding, Graph, Resource, rule
from assay.analysis.literals import days_from_now
from assay.analysis.naming import tags

METRIC_DAYS = 90
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


@rule(
    on="oci_nosql_table",
    sources=("oci",),
    params={"days": 90},
    severity=LOW,
    equivalents=["steampipe-oci-thrifty:nosql_table_stale_data"],
)
def oci_nosql_table_stale(table: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Tables are read or written.

    ## Why
    Provisioned read and write units are paid for by the hour, and the storage by the month, whether anybody asks for a
    row or not. OCI keeps metrics for 90 days: of a longer window nobody can tell.
    ## Fix
    Export what may still be needed to Object Storage and delete the table, or set its `capacity_mode` to `ON_DEMAND`.
    """
    if table["state"] != "ACTIVE" or -days_from_now(table["time_created"]) < params["days"]:
        return
    last = table["time_last_used"]
    if last != None:
        idle = -days_from_now(last)
        if idle > params["days"]:
            yield table.fails(f"nobody has read or written it for {idle:.0f} days", at="time_last_used")
    elif params["days"] > METRIC_DAYS:
        yield table.unsure(f"OCI keeps metrics for {METRIC_DAYS} days, and in these nobody has read or written it")
    else:
        yield table.fails(f"nobody has read or written it for {METRIC_DAYS} days", at="time_last_used")
