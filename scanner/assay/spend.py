"""Spend as resources: daily costs by service and account out of cost files, Cost Explorer or OCI's usage.

Files are FOCUS, AWS cost and usage reports or OCI cost reports, as CSV (gzip too) or Parquet, told by their columns;
DuckDB adds them up without holding their rows. Costs of different currencies are never added to each other.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import Location, Resource
from assay.scan import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.model import Coverage, Step, ValuePath

COLUMNS: dict[str, tuple[str, ...]] = {
    "day": (
        "ChargePeriodStart",
        "lineItem/UsageStartDate",
        "line_item_usage_start_date",
        "lineItem/intervalUsageStart",
    ),
    "cost": ("EffectiveCost", "BilledCost", "lineItem/UnblendedCost", "line_item_unblended_cost", "cost/myCost"),
    "currency": ("BillingCurrency", "lineItem/CurrencyCode", "line_item_currency_code", "cost/currencyCode"),
    "service": (
        "ServiceName",
        "product/ProductName",
        "line_item_product_code",
        "lineItem/ProductCode",
        "product/service",
    ),
    "account": ("SubAccountId", "lineItem/UsageAccountId", "line_item_usage_account_id", "product/compartmentId"),
    "category": ("ChargeCategory", "lineItem/LineItemType", "line_item_line_item_type"),
    "resource": ("ResourceId", "lineItem/ResourceId", "line_item_resource_id", "product/resourceId"),
    "detail": ("ChargeDescription", "lineItem/UsageType", "line_item_usage_type", "product/Description", "SkuId"),
    "tags": ("Tags", "resource_tags"),
}  # fmt: skip
"""What is asked of a file, and the columns that have it: FOCUS, AWS's reports old and new, OCI's."""
NEEDED = ("day", "cost", "service")
_NOT_USAGE = ("credit", "refund", "tax", "adjustment", "purchase", "fee", "rifee", "discount")
_EGRESS = ("out-bytes", "datatransfer-out", "data transfer out", "egress", "outbound data", "internet data out")


Budgets = dict[tuple[str, str], float]


class Row(NamedTuple):
    """The spend of one day: `other` are credits, taxes and purchases, which have no daily pattern; `untagged` is None
    where nobody tells."""

    service: str
    account: str
    currency: str
    day: date
    usage: float
    other: float
    untagged: float | None
    egress: float


class Piece(NamedTuple):
    """What a file says of a service's day: the row, how many lines it is made of, their first and last moments."""

    row: Row
    lines: int
    first: str
    last: str

    @property
    def key(self) -> tuple[str, str, str, date]:
        return self.row.service, self.row.account, self.row.currency, self.row.day

    def same(self, other: Piece) -> bool:
        """Whether this is the other one over again, and not another part of the day."""
        return self[1:] == other[1:] and abs(self.row.usage - other.row.usage) < 1e-6


class SpendOrigin:
    """Spend is found in its file, or nowhere."""

    __slots__ = ("file",)

    def __init__(self, file: str) -> None:
        self.file = file

    def locate(self, path: ValuePath) -> Location:
        return Location(self.file)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def read(paths: Sequence[str], base: str, coverage: Coverage, tag: str | None = None) -> list[Row]:
    """The daily rows of cost files; what cannot be read, is there twice or lacks days is said in `coverage`.

    Args:
        tag: what does not have this one counts as untagged; without it, what has none at all.

    Raises:
        UsageError: DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise UsageError("reading cost files needs DuckDB: pip install 'assay[cost]'") from None
    from assay.paths import display

    told: dict[tuple[str, str, str, date], Piece] = {}
    owner: dict[tuple[str, str, str, date], str] = {}
    with database() as connection:
        for path in paths:
            shown = display(path, base)
            try:
                found, notes = _file(connection, path, tag, alone=len(paths) == 1)
            except (duckdb.Error, UsageError, ValueError, OSError) as error:
                coverage.input(shown, "failed", str(error).splitlines()[0])
                continue
            coverage.input(shown, "read")
            twice = [piece for piece in found if piece.key in told] if told else []
            again = sum(piece.same(told[piece.key]) for piece in twice)
            add = 2 * again < len(twice)  # exports that overlap say most of a day again, parts of one do not
            if twice:
                first = owner[twice[0].key]
                how = "in part: they are added up" if add else "too; they are counted once"
                notes.append(f"{len(twice)} days of a service are in {first} {how}")
            coverage.notes += [f"{shown}: {note}" for note in notes]
            if len(paths) == 1:  # nothing can be there twice
                return [piece.row for piece in found]
            for piece in found:
                before = told.get(piece.key)
                told[piece.key] = piece if before is None else _joined(before, piece) if add else _larger(before, piece)
                owner.setdefault(piece.key, shown)
    return [piece.row for piece in told.values()]


@contextmanager
def database() -> Iterator[Any]:
    """DuckDB: bounded, asking nobody for what it lacks, its days those of UTC on every machine."""
    import duckdb

    bounds: dict[str, Any] = {"threads": 2, "memory_limit": "450MB", "autoinstall_known_extensions": False}
    with duckdb.connect(config=bounds) as connection:
        with suppress(duckdb.Error):  # a build without time zones has no others than UTC
            connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _larger(one: Piece, other: Piece) -> Piece:
    """Of two tellings of a day the one with more lines: the other was written before the day was over."""
    return other if other.lines > one.lines else one


def _joined(one: Piece, other: Piece) -> Piece:
    return Piece(
        added(one.row, other.row), one.lines + other.lines, min(one.first, other.first), max(one.last, other.last)
    )


def added(one: Row, other: Row) -> Row:
    """The sum of two rows of the same day."""
    untagged = None if one.untagged is None or other.untagged is None else one.untagged + other.untagged
    return one._replace(
        usage=one.usage + other.usage, other=one.other + other.other, untagged=untagged,
        egress=one.egress + other.egress,
    )  # fmt: skip


def _names(connection: Any, relation: str, path: str) -> list[str]:
    """The columns of a file, looked up once as long as it stays as it is: how a CSV is written has to be guessed."""
    found = os.stat(path) if os.path.isfile(path) else None  # of what is not there DuckDB says so
    key = (path, found and found.st_mtime_ns, found and found.st_size)
    if key not in _looked_at:
        _looked_at[key] = [d[0] for d in connection.execute(f"SELECT * FROM {relation} LIMIT 0", [path]).description]
    return _looked_at[key]


_looked_at: dict[Any, list[str]] = {}


class Table:
    """A cost file as a relation of DuckDB, with its columns by what they tell.

    Raises:
        UsageError: it has no day, cost or service.
    """

    def __init__(self, connection: Any, path: str) -> None:
        reader = "read_parquet(?)" if path.endswith(".parquet") else "read_csv(?, all_varchar=true, header=true)"
        self.relation = f"(SELECT * FROM {reader})"
        self.names = _names(connection, self.relation, path)
        self.columns = {what: next((c for c in known if c in self.names), None) for what, known in COLUMNS.items()}
        lacking = [what for what in NEEDED if self.columns[what] is None]
        if lacking:
            known = "; ".join(f"{what}: {', '.join(COLUMNS[what])}" for what in lacking)
            raise UsageError(f"no cost report that is known: it lacks a column for {known}")

    def column(self, what: str) -> str:
        """The text of a column, empty where there is none."""
        name = self.columns[what]
        return f"coalesce(CAST({quoted(name)} AS VARCHAR), '')" if name is not None else "''"

    def tagless(self, tag: str | None) -> str:
        """What is true of a row that lacks a tag, or without one named, any; NULL where the file does not tell."""
        own = (f"resourceTags/user:{tag}", f"resource_tags_user_{tag}", f"tags/{tag}") if tag else ()
        name = next((n for n in own if n in self.names), None)
        if name is not None:
            return f"coalesce(CAST({quoted(name)} AS VARCHAR), '') = ''"
        if self.columns["tags"] is None:
            return "true" if own and any(n.startswith(("resourceTags/", "tags/")) for n in self.names) else "NULL"
        if tag is None:
            return f"{self.column('tags')} IN ('', '{{}}', '[]', 'null')"
        key = re.escape(json.dumps(tag)) + r"\s*:"
        return f"NOT regexp_matches({self.column('tags')}, {text(key)})"

    @property
    def day(self) -> str:
        return f"substr({self.column('day')}, 1, 10)"

    @property
    def cost(self) -> str:
        return f"try_cast({self.column('cost')} AS DOUBLE)"


def text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


_USAGE = f"NOT ({' OR '.join(f'category LIKE {chr(39)}%{w}%{chr(39)}' for w in _NOT_USAGE)}) AND NOT negative"


def _file(connection: Any, path: str, tag: str | None, *, alone: bool) -> tuple[list[Piece], list[str]]:
    table = Table(connection, path)
    moment = "''" if alone else f"substr({table.column('day')}, 12, 8)"  # of a file alone no day is told twice
    column = table.column
    egress = " OR ".join(f"lower({column('detail')}) LIKE '%{w}%'" for w in _EGRESS)
    # What tells usage from the rest is a word of few: it is asked of the groups, not of every row.
    groups = f"""
        SELECT {column("service")} AS service, {column("account")} AS account, {column("currency")} AS currency,
               {table.day} AS day, {column("category")} AS word, coalesce({table.cost}, 0) < 0 AS negative,
               {table.tagless(tag)} AS tagless, ({egress}) AS egress,
               coalesce(sum({table.cost}), 0) AS cost, count(*) AS count, count({table.cost}) AS priced,
               min({moment}) AS first, max({moment}) AS last
        FROM {table.relation} GROUP BY ALL"""
    query = f"""
        SELECT service, account, currency, try_cast(day AS DATE) AS at, sum(CASE WHEN usage THEN cost ELSE 0 END),
               sum(CASE WHEN usage THEN 0 ELSE cost END), sum(CASE WHEN usage AND tagless THEN cost ELSE 0 END),
               sum(CASE WHEN usage AND egress THEN cost ELSE 0 END), sum(count), sum(count) - sum(priced),
               count(tagless) > 0, min(first), max(last)
        FROM (SELECT *, ({_USAGE}) AS usage FROM (SELECT *, lower(word) AS category FROM ({groups})))
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
    rows, undated, unpriced = [], 0, 0
    for service, account, currency, day, used, other, bare, out, count, without, tells, *ends in connection.execute(
        query, [path]
    ).fetchall():
        unpriced += without
        if day is None:
            undated += count
        else:
            row = Row(service, account, currency, day, used, other, bare if tells else None, out)
            rows.append(Piece(row, int(count), *ends))
    notes = [f"{undated:,} rows have no day that can be read and were left out"] if undated else []
    notes += [f"{unpriced:,} rows have no cost that can be read and count as nothing"] if unpriced else []
    return rows, notes


def resources(rows: Iterable[Row], coverage: Coverage, file: str, today: str, budgets: Budgets) -> list[Resource]:
    """A `service` for each service, account and currency, and a `budget` for each budget that can be judged.

    Args:
        today: the ISO day on which this runs: its costs are not complete and are left out.
        budgets: monthly amounts by account id, or "" for everything, and currency, or "" for the only one.
    """
    series: dict[tuple[str, str, str], dict[date, Row]] = defaultdict(dict)
    end = date.fromisoformat(today)
    for r in rows:
        if r.day < end:
            one = series[r.service, r.account, r.currency]
            one[r.day] = added(one[r.day], r) if r.day in one else r
    days = sorted({d for one in series.values() for d in one})
    if not days:
        return []
    every = [days[0] + timedelta(days=i) for i in range((days[-1] - days[0]).days + 1)]
    gaps = sorted(set(every) - set(days))
    if gaps:
        some = ", ".join(map(str, gaps[:5])) + (" ..." if len(gaps) > 5 else "")
        coverage.notes.append(f"{len(gaps)} days have no costs at all ({some}): they count as unknown, not as free")
    currencies = sorted({currency for _, _, currency in series})
    if len(currencies) > 1:
        coverage.notes.append(
            f"costs are in {', '.join(c or 'no currency' for c in currencies)}: each is judged by itself"
        )
    known = [d for d in every if d not in set(gaps)]
    found = [_service(key, one, known, file) for key, one in sorted(series.items())]
    for (name, wanted), amount in sorted(budgets.items()):
        spent_in = {c for _, account, c in series if name in ("", account)}
        if wanted and wanted in spent_in:
            spent_in = {wanted}
        elif wanted or not spent_in:
            said = f" in {wanted}" if wanted and spent_in else ""
            coverage.notes.append(
                f"nothing was spent{said} by {name or 'anybody'}, of which there is a budget: it is not judged"
            )
            continue
        if len(spent_in) > 1:
            coverage.notes.append(
                f"the budget of {name or 'all'} names no currency, and costs are in {', '.join(sorted(spent_in))}: it "
                f"is not judged; write {amount:g}{min(spent_in) or 'USD'}"
            )
            continue
        (currency,) = spent_in
        mine = [one for (_, account, c), one in series.items() if c == currency and name in ("", account)]
        totals = [sum(one[d].usage + one[d].other for one in mine if d in one) for d in known]
        values = {
            "name": name or "all", "amount": amount, "currency": currency, "days": [d.isoformat() for d in known],
            "costs": totals,
        }  # fmt: skip
        address = f"budget {name or 'all'}" + (f" ({currency})" if len(currencies) > 1 else "")
        found.append(Resource("budget", address, "cost", values, SpendOrigin(file), name=name or "all"))
    return found


def _service(key: tuple[str, str, str], one: dict[date, Row], days: Sequence[date], file: str) -> Resource:
    service, account, currency = key

    def column(name: str) -> list[float]:
        return [getattr(one[d], name) or 0.0 if d in one else 0.0 for d in days]

    costs = column("usage")
    untagged = sum(column("untagged")) if all(r.untagged is not None for r in one.values()) else None
    values = {
        "service": service, "account": account or None, "currency": currency, "days": [d.isoformat() for d in days],
        "costs": costs, "egress": column("egress"), "untagged": untagged, "total": sum(costs),
    }  # fmt: skip
    address = " ".join(part for part in (service or "(no service)", account, currency) if part)
    return Resource("service", address, "cost", values, SpendOrigin(file), name=service, account=account or None)


def files_of(paths: Sequence[str]) -> list[str]:
    """The cost files below the paths, in a fixed order.

    Raises:
        UsageError: a path does not exist, or a directory holds none.
    """
    endings = (".csv", ".csv.gz", ".parquet")
    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            inside = sorted(os.path.join(t, n) for t, _, names in os.walk(path) for n in names if n.endswith(endings))
            if not inside:
                raise UsageError(f"{path}: no cost file in it ({', '.join(endings)})")
            found += inside
        elif os.path.isfile(path):
            found.append(path)
        else:
            raise UsageError(f"{path}: there is no such file or directory")
    return found
