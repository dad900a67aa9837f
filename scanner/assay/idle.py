"""What single resources cost beside how much they were used: from cost files with utilisation, or a live account.

A `resource` of the graph has `name` (its id), `service`, `currency`, `cost` (of the days that are known), `days`,
`measure` (what was measured: cpu, connections, requests, operations, bytes, utilisation) and `used`, a value a day,
None where nobody measured. cpu and utilisation are percentages, the others counts of a day, connections the most at
once.

A machine of a live account has also `busiest`: `cpu` and `memory`, each with `usual` (the percentage that 99 of 100
hours stayed at or below), `most`, `day` (the busiest day's mean of the hours' busiest moments) and `hours` (how many
are known of `HOURS`), None where nobody measures it;
`size`, None where there is none to choose; and `smaller`, the next size down: its `name`, how many times busier it
would be (`cpu`, `memory`), and `sustained`, the mean percentage that a burstable one carries; None when there is none.
What a denied call would have told is unknown.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import Resource, Unknown
from assay.scan import UsageError
from assay.spend import Table, database, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.model import Coverage

WINDOW = 30
"""How many of the last days of a file are looked at."""
LIVE_DAYS = 14
"""Of a live account: for so long Cost Explorer tells the costs of single resources."""
UTILISATION = ("x_Utilization", "x_Utilisation", "Utilization", "Utilisation", "utilization", "utilisation",
               "utilization_percent", "utilisation_percent", "cpu_utilization", "cpu_utilisation")  # fmt: skip
"""A column of percentages; FOCUS lets a provider add columns that begin with x_."""
_RESOURCE = ("ResourceId", "resource_id", "resource", "id")
_DAY = ("ChargePeriodStart", "Day", "day", "Date", "date", "timestamp")
LEAST = 0.01
"""What costs less in the window is not worth a row."""


HOURS = 24 * LIVE_DAYS
USUAL = 0.99
"""The share of the hours by which the CPU is judged: in the others it may wait."""


class Busiest(NamedTuple):
    """The busiest moments of the hours that are known, in percent; `day` is the busiest day's mean of them."""

    usual: float
    most: float
    day: float
    hours: int


class Smaller(NamedTuple):
    """The next size down: how many times busier it would be, and the mean percentage that a burstable one carries."""

    name: str
    cpu: float
    memory: float
    sustained: float | None = None


class Sized(NamedTuple):
    """How busy a machine was, what size it has, and which one would be next."""

    cpu: Busiest | Unknown | None
    memory: Busiest | Unknown | None
    size: str | Unknown | None
    smaller: Smaller | Unknown | None


def busiest(hours: Mapping[str, float]) -> Busiest | None:
    """What the busiest moments of hours, by their ISO times, come to; None without any."""
    if not hours:
        return None
    ordered = sorted(hours.values())
    days: dict[str, list[float]] = {}
    for at, value in hours.items():
        days.setdefault(at[:10], []).append(value)
    day = max(sum(values) / len(values) for values in days.values())
    return Busiest(ordered[max(0, ceil(USUAL * len(ordered)) - 1)], ordered[-1], day, len(ordered))


class Used(NamedTuple):
    """What one resource cost, and how much it was used on each day."""

    id: str
    service: str
    account: str
    region: str
    currency: str
    cost: float
    days: list[str]
    measure: str
    used: list[float | None]
    sized: Sized | None = None


def resource(one: Used, source: str, origin: Any) -> Resource:
    """The resource of the graph."""
    values = {
        "name": one.id, "service": one.service, "currency": one.currency, "cost": one.cost, "days": one.days,
        "measure": one.measure, "used": one.used,
    }  # fmt: skip
    if one.sized is not None:
        cpu, memory, size, smaller = one.sized
        values |= {"busiest": {"cpu": _members(cpu), "memory": _members(memory)}, "size": size,
                   "smaller": _members(smaller)}  # fmt: skip
    return Resource("resource", one.id, source, values, origin, name=one.id, account=one.account or None,
                    region=one.region or None)  # fmt: skip


def _members(one: Busiest | Smaller | Unknown | None) -> Any:
    return one._asdict() if isinstance(one, tuple) else one


def from_files(paths: Sequence[str], utilisation: str | None, base: str, coverage: Coverage) -> list[Used]:
    """The resources of cost files that have a column of utilisation, or of all with a file of it beside them.

    Raises:
        UsageError: the utilisation file has not the columns that it needs.
    """
    import duckdb

    from assay.paths import display

    with database() as connection:
        connection.execute(_DAILY)
        if utilisation is not None:
            _load(connection, utilisation)
            coverage.input(display(utilisation, base), "read")
            coverage.notes += [f"{display(utilisation, base)}: {note}" for note in _unreadable(connection)]
        failed = {i["path"] for i in coverage.inputs if i["status"] == "failed"}
        for path in paths:
            shown = display(path, base)
            try:
                if not _add(connection, path, beside=utilisation is not None) and utilisation is not None:
                    coverage.notes.append(f"{shown}: it has no column of resources: nothing is said of their use")
            except (duckdb.Error, UsageError) as error:
                if shown not in failed:  # else that was said when its costs were read
                    coverage.input(shown, "failed", str(error).splitlines()[0])
        if utilisation is not None:
            connection.execute("UPDATE daily SET used = u.used FROM utilisation u WHERE daily.id = u.id AND "
                               "daily.day = u.day AND u.used IS NOT NULL")  # fmt: skip
            coverage.notes += _strangers(connection, display(utilisation, base))
        return _found(connection)


_DAILY = (
    "CREATE TABLE daily (id VARCHAR, day VARCHAR, currency VARCHAR, service VARCHAR, account VARCHAR, cost DOUBLE, "
    "used DOUBLE, of BIGINT, first VARCHAR, last VARCHAR)"
)
"""What every file says of a resource's day; `of`, `first` and `last` tell a part of a day from the day over again."""


def _unreadable(connection: Any) -> list[str]:
    (count,) = connection.execute("SELECT count(*) FROM utilisation WHERE used IS NULL").fetchone()
    return [f"{count:,} days have no percentage that can be read (48.4, without a sign)"] if count else []


def _strangers(connection: Any, shown: str) -> list[str]:
    query = "SELECT count(DISTINCT id), count(DISTINCT id) FILTER (id IN (SELECT id FROM daily)) FROM utilisation"
    count, met = connection.execute(query).fetchone()
    return (
        [f"{shown}: none of its {count:,} resources is in the cost files: are their ids the same?"] if not met else []
    )


def _load(connection: Any, path: str) -> None:
    """The utilisation file as the table `utilisation`: resource, day, percentage."""
    import duckdb

    reader = "read_parquet(?)" if path.endswith(".parquet") else "read_csv(?, all_varchar=true, header=true)"
    try:
        names = [d[0] for d in connection.execute(f"SELECT * FROM {reader} LIMIT 0", [path]).description]
    except (duckdb.Error, OSError) as error:
        raise UsageError(f"--utilisation {path}: cannot be read: {str(error).splitlines()[0]}") from None
    parts = [next((n for n in known if n in names), None) for known in (_RESOURCE, _DAY, UTILISATION)]
    if None in parts:
        lacks = [w for w, part in zip(("resource_id", "day", "utilization"), parts, strict=True) if part is None]
        raise UsageError(
            f"--utilisation {path}: it lacks a column {', '.join(lacks)} (a row a resource and day, percent)"
        )
    name, day, value = (quoted(str(p)) for p in parts)
    connection.execute(
        f"CREATE TABLE utilisation AS SELECT CAST({name} AS VARCHAR) AS id, substr(CAST({day} AS VARCHAR), 1, 10) AS "
        f"day, avg(try_cast({value} AS DOUBLE)) AS used FROM {reader} GROUP BY 1, 2", [path],
    )  # fmt: skip


def _add(connection: Any, path: str, *, beside: bool) -> bool:
    """Put the days of a file's resources into `daily`; False when it names none."""
    table = Table(connection, path)
    column = next((c for c in UTILISATION if c in table.names), None)
    if table.columns["resource"] is None:
        return False
    if column is None and not beside:
        return True
    used = f"avg(try_cast({quoted(column)} AS DOUBLE))" if column is not None else "NULL"
    connection.execute(f"""
        INSERT INTO daily
        SELECT {table.column("resource")} AS id, {table.day} AS day, {table.column("currency")} AS currency,
               any_value({table.column("service")}), any_value({table.column("account")}), sum({table.cost}), {used},
               count(*), min({table.column("day")}), max({table.column("day")})
        FROM {table.relation} WHERE {table.cost} > 0 GROUP BY 1, 2, 3""", [path])  # fmt: skip
    return True


def _found(connection: Any) -> list[Used]:
    """The resources of the last days of all files together; a day that two files tell alike counts once."""
    (newest,) = connection.execute("SELECT max(day) FROM daily WHERE try_cast(day AS DATE) IS NOT NULL").fetchone()
    if newest is None:
        return []
    query = f"""
        SELECT id, any_value(service), any_value(account), currency, sum(cost), list(day ORDER BY day),
               list(used ORDER BY day)
        FROM (
            SELECT id, day, currency, any_value(service) AS service, any_value(account) AS account, sum(cost) AS cost,
                   max(used) AS used
            FROM (SELECT id, day, currency, of, first, last, any_value(service) AS service,
                         any_value(account) AS account, max(cost) AS cost, max(used) AS used FROM daily GROUP BY ALL)
            WHERE id <> '' AND try_cast(day AS DATE) > CAST(? AS DATE) - {WINDOW} GROUP BY 1, 2, 3)
        GROUP BY id, currency HAVING sum(cost) >= {LEAST} AND count(used) > 0 ORDER BY 5 DESC, 1"""
    return [
        Used(id_, service, account, "", currency, cost, days, "utilisation", list(values))
        for id_, service, account, currency, cost, days, values in connection.execute(query, [newest]).fetchall()
    ]
