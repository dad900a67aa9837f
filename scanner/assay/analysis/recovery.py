"""Recovery points: what a resource has declared, and how old the newest copy is that one could go back to.

Ages of what has a date are those of the moment of the scan (`SOURCE_DATE_EPOCH` sets another), also of a snapshot. How
far point-in-time recovery lags behind is measured when the inventory is taken, for it moves with the clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import clock
from assay.analysis.service_levels import lasting
from assay.model import Unknown
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from assay.graph import Graph
    from assay.model import Resource

TAGS = ("rpo", "recovery_point", "recovery-point", "recovery_point_objective", "recovery-point-objective")
HOUR = 3600
DAILY = 36 * HOUR
"""How old the newest of daily backups may be before they count as stopped."""
REDO = 60
"""What Oracle states as the recovery point of an autonomous database with automatic backups, from its archived logs."""
_UNITS = {
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": HOUR, "hour": HOUR, "d": 86400, "day": 86400,
    "w": 7 * 86400, "week": 7 * 86400,
}  # fmt: skip
_PLAIN = pattern(r"(\d+(?:\.\d+)?)\s*([a-z]+?)s?")
_ISO = pattern(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


class Point(NamedTuple):
    """A copy to go back to: its age in seconds, None where nobody knows, and what it is."""

    age: float | None
    what: str
    at: str = ""


def seconds(text: str) -> float | None:
    """`24h`, `15 min`, `1 day` or `PT1H` in seconds; None for what has no unit."""
    iso = _ISO.fullmatch(text.strip().upper())
    if iso is not None and any(iso.groups()):
        days, hours, minutes = (int(n or 0) for n in iso.groups())
        return days * 86400.0 + hours * HOUR + minutes * 60
    plain = _PLAIN.fullmatch(text.strip().lower())
    return float(plain[1]) * _UNITS[plain[2]] if plain is not None and plain[2] in _UNITS else None


def age(text: str) -> float:
    """How long ago a moment was, in seconds."""
    return clock.seconds() - clock.instant(text)


def points(r: Resource, graph: Graph) -> Iterator[Point]:
    """The copies of a resource, in no order; what could not be listed raises `Undetermined` when it is come to."""
    yield from _BY_TYPE[r.type](r, graph)


def _relational(r: Resource, graph: Graph) -> Iterator[Point]:
    cluster = r.type == "aws_rds_cluster"
    lag = r["restorable_lag_minutes"]
    if isinstance(lag, Unknown) or lag is not None:
        yield Point(float(lag) * 60, "point-in-time recovery", "restorable_lag_minutes")
    for name in r["read_replica_identifiers" if cluster else "read_replica_db_instance_identifiers"] or ():
        yield Point(None, f"the lag of the replica {name}")
    for snapshot in graph.users(r, "aws_db_cluster_snapshot" if cluster else "aws_db_snapshot"):
        made = snapshot["snapshot_create_time"]
        if made != None:  # noqa: E711 - one that is being made has none
            yield Point(age(made), f"the snapshot {snapshot.name}")
    if graph.all("aws_backup_selection"):  # by tags too, so that any of them may mean this one
        yield Point(None, "what AWS Backup keeps")


def _autonomous(r: Resource, graph: Graph) -> Iterator[Point]:
    for path, remote in (("local_standby_db", ""), ("standby_db", "remote ")):
        if r["is_local_data_guard_enabled" if not remote else "is_remote_data_guard_enabled"] == True:  # noqa: E712
            lag = r[f"{path}.lag_time_in_seconds"]
            yield Point(None if lag == None else float(lag), f"the lag of the {remote}standby")  # noqa: E711
    made = r["latest_backup_time"]
    if made != None:  # noqa: E711
        old = age(made)
        yield Point(REDO if old <= DAILY else old, "the newest backup", "latest_backup_time")


def _system(r: Resource, graph: Graph) -> Iterator[Point]:
    for home in graph.users(r, "oci_database_db_home"):
        for database in graph.users(home, "oci_database_database"):
            yield from _database(database, graph)


def _database(database: Resource, graph: Graph) -> Iterator[Point]:
    for guard in graph.users(database, "oci_database_data_guard_association"):
        if guard["role"] == "PRIMARY":
            lag = seconds(str(guard["apply_lag"]))
            yield Point(lag, f"the lag of the standby of {database.name}")
    made = database["last_backup_timestamp"]
    if made != None:  # noqa: E711
        old = age(made)
        yield Point(old, f"the newest backup of {database.name}")
        if old <= DAILY and database["db_backup_config.auto_backup_enabled"] == True:  # noqa: E712
            yield Point(None, f"what of {database.name} its archived logs hold since the last backup")


def _volume(r: Resource, graph: Graph) -> Iterator[Point]:
    for replica in r["block_volume_replicas"] or ():
        yield Point(None, f"the lag of the replica {replica.get('display_name')}")
    for backup in graph.users(r, "oci_core_volume_backup"):
        if backup["state"] == "AVAILABLE":
            yield Point(age(backup["time_created"]), f"the backup {backup.name}")


_BY_TYPE: dict[str, Callable[[Resource, Graph], Iterator[Point]]] = {
    "aws_db_instance": _relational, "aws_rds_cluster": _relational, "oci_database_autonomous_database": _autonomous,
    "oci_database_db_system": _system, "oci_core_volume": _volume,
}  # fmt: skip
TYPES = tuple(_BY_TYPE)


def said(point: Point) -> str:
    """A copy and its age in words."""
    if point.age is None:
        return point.what
    behind = "" if point.what.startswith("the lag") else " old"
    return f"{point.what} is {lasting(max(point.age, 60))}{behind}"


def is_copy(r: Resource) -> bool:
    """Whether a resource is itself the copy of another, whose recovery point is the other's."""
    if r.type == "oci_database_autonomous_database":
        return bool(r["role"] == "STANDBY")
    paths: Any = {"aws_db_instance": "replicate_source_db", "aws_rds_cluster": "replication_source_identifier"}
    return r.type in paths and not r.absent(paths[r.type])
