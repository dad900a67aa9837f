"""Daily spend of a tenancy out of its usage reports, its budgets, and what costs without being used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from assay import clock
from assay.idle import LEAST, LIVE_DAYS, Used
from assay.inventory.collect import OTHER_REGIONS
from assay.inventory.oci.clients import Clients, status_of
from assay.inventory.oci.units import subscribed_regions
from assay.spend import Budgets, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.inventory.oci.clients import Identity
    from assay.model import Coverage

USAGE = "usage_api.UsageapiClient"
METRICS = "monitoring.MonitoringClient"
DEPTH = 6
"""How deep compartments are told apart; the service wants it where costs are asked by compartment."""


class Measure(NamedTuple):
    """How the use of a kind of resource is measured: the queries' values are added up."""

    name: str
    namespace: str
    queries: tuple[str, ...]


_CPU = ("CpuUtilization[1d].groupBy(resourceId).mean()",)
_BLOCKS = ("VolumeReadOps[1d].groupBy(resourceId).sum()", "VolumeWriteOps[1d].groupBy(resourceId).sum()")
MEASURES = {
    "instance": Measure("cpu", "oci_computeagent", _CPU),
    "autonomousdatabase": Measure("cpu", "oci_autonomous_database", _CPU),
    "mysqldbsystem": Measure("connections", "oci_mysql_database",
                             ("CurrentConnections[1d].groupBy(resourceId).max()",)),
    "loadbalancer": Measure("requests", "oci_lbaas", ("HttpRequests[1d].groupBy(resourceId).sum()",)),
    "volume": Measure("operations", "oci_blockstore", _BLOCKS),
    "bootvolume": Measure("operations", "oci_blockstore", _BLOCKS),
}  # fmt: skip
"""By the second word of an OCID."""


def collect(
    identity: Identity, days: int, endpoint: str | None, coverage: Coverage, tag: str | None = None
) -> tuple[list[Row], Budgets, list[Used], dict[str, float | None]]:
    """The rows of the last days, the monthly budget of the tenancy, resources with their use, and what was spent
    without the tag, by currency; nothing where nobody asks or tells.

    A denied or failed call is a row of the coverage: nothing is said of what it would have told.

    Raises:
        CollectionStopped: the credentials are refused, or nobody answers.
    """
    clients = Clients(identity, endpoint)
    home, subscribed, refused = subscribed_regions(clients)
    if refused and not endpoint:
        coverage.unit(identity.tenancy, OTHER_REGIONS, "regions", *refused)
    end = date.fromisoformat(clock.today())
    asking = Asking(clients, home, coverage)
    rows = asking.told("usage", home, lambda: list(_rows(asking, end - timedelta(days=days), end)), [])
    budgets = asking.told("budget", home, lambda: _budgets(asking), {})
    untagged: dict[str, float | None] = {}
    if tag and rows:
        untagged = asking.told("usage", home, lambda: _untagged(asking, tag, rows, end - timedelta(days=days), end), {})
    places = [identity.region] if endpoint else subscribed or [home]
    return rows, budgets, _idle(asking, places, end), untagged


def idle_of(clients: Clients, home: str, places: list[str], end: date, coverage: Coverage) -> list[Used]:
    """What costs something in the days before `end`, with its use in these regions."""
    return _idle(Asking(clients, home, coverage), places, end)


def _idle(asking: Asking, places: list[str], end: date) -> list[Used]:
    costly = asking.told("usage", asking.home, lambda: _costly(asking, end), [], decides=True)
    return list(_used(asking, costly, places, end))


class Asking:
    """Calls of one audit of spend, with their rows for the coverage."""

    def __init__(self, clients: Clients, home: str, coverage: Coverage) -> None:
        self.clients = clients
        self.home = home
        self.coverage = coverage
        self.tenancy = clients.identity.tenancy
        self._told: set[tuple[str, str, str]] = set()

    def told(self, service: str, region: str, ask: Callable[[], Any], nothing: Any, *, decides: bool = False) -> Any:
        """What `ask` gives, else `nothing` and a row that says why.

        Args:
            decides: without the answer nothing can be said of resources there.
        """
        try:
            found = ask()
        except Exception as error:  # noqa: BLE001 - status_of sorts them, and raises what concerns every call
            status, reason = status_of(error)
            if (service, region, status) not in self._told:
                self._told.add((service, region, status))
                self.coverage.unit(self.tenancy, region, service, status, reason)
            if decides:
                self.coverage.not_listed("resource", self.tenancy, region, f"{service}: {reason}")
            return nothing
        if (service, region, "ok") not in self._told:
            self._told.add((service, region, "ok"))
            self.coverage.unit(self.tenancy, region, service, "ok")
        return found

    def usage(
        self, start: date, end: date, *, by: list[str], whole: bool, tag: dict[str, str] | None = None
    ) -> Iterator[Any]:
        """The summaries of costs, page by page: a day each, or with `whole` one for the time in all."""
        import oci

        details = oci.usage_api.models.RequestSummarizedUsagesDetails(
            tenant_id=self.tenancy, time_usage_started=_midnight(start), time_usage_ended=_midnight(end),
            granularity="DAILY", query_type="COST", group_by=by or None, is_aggregate_by_time=whole,
            compartment_depth=DEPTH if "compartmentId" in by else None,
            group_by_tag=[oci.usage_api.models.Tag(**tag)] if tag else None,
        )  # fmt: skip
        client = self.clients.client(USAGE, self.home)
        for page in self.clients.pages(client, "request_summarized_usages", details):
            yield from page

    def streams(
        self, namespace: str, query: str, region: str, span: tuple[date, date]
    ) -> Iterator[tuple[str, datetime, float]]:
        """The points of every resource of the tenancy in a region: its OCID, the moment, the value."""
        import oci

        interval = query.partition("[")[2].partition("]")[0]
        details = oci.monitoring.models.SummarizeMetricsDataDetails(
            namespace=namespace, query=query, start_time=_midnight(span[0]), end_time=_midnight(span[1]),
            resolution=interval,
        )  # fmt: skip
        answer = self.clients.call(
            self.clients.client(METRICS, region), "summarize_metrics_data", self.tenancy, details,
            compartment_id_in_subtree=True,
        ).data  # fmt: skip
        for stream in answer:
            id_ = (stream.dimensions or {}).get("resourceId")
            if stream.namespace == namespace and stream.name == query.partition("[")[0] and id_:
                for p in stream.aggregated_datapoints or ():
                    yield id_, p.timestamp.astimezone(UTC), float(p.value)


def _rows(asking: Asking, start: date, end: date) -> Iterator[Row]:
    for one in asking.usage(start, end, by=["service", "compartmentId"], whole=False):
        cost = float(one.computed_amount or 0)
        usage, other = (cost, 0.0) if cost >= 0 else (0.0, cost)
        day = one.time_usage_started.date()
        place, currency = one.compartment_id or "", (one.currency or "").strip()
        yield Row(one.service or "", place, currency, day, usage, other, 0.0, 0.0)


def _untagged(asking: Asking, tag: str, rows: list[Row], start: date, end: date) -> dict[str, float]:
    """What was spent without a value of a tag: all but what was spent with one, by currency.

    Args:
        asking: what asks.
        tag: `Namespace.key`, or the key of a free-form tag.
        rows: what was spent in all.
        start: the first day.
        end: the day after the last one.
    """
    namespace, _, key = tag.rpartition(".")
    found: dict[str, float] = {}
    for row in rows:
        found[row.currency] = found.get(row.currency, 0.0) + row.usage + row.other
    asked = {"namespace": namespace, "key": key} if namespace else {"key": key}
    for one in asking.usage(start, end, by=[], whole=True, tag=asked):
        if any(t.value and (t.key or "").lower() == key.lower() for t in one.tags or ()):
            currency = (one.currency or "").strip()
            found[currency] = found.get(currency, 0.0) - float(one.computed_amount or 0)
    return {currency: max(0.0, amount) for currency, amount in found.items()}


def _budgets(asking: Asking) -> Budgets:
    """The smallest monthly budget of the whole tenancy: the one that is to hold for everything."""
    client = asking.clients.client("budget.BudgetClient", asking.home)
    amounts = [
        float(b.amount)
        for page in asking.clients.pages(client, "list_budgets", asking.tenancy, target_type="ALL")
        for b in page
        if b.reset_period == "MONTHLY" and asking.tenancy in (b.targets or [b.target_compartment_id])
    ]
    return {("", ""): min(amounts)} if amounts else {}


class _Costly(NamedTuple):
    """What a resource cost, in all compartments that it lay in; `compartment` is the one that cost most."""

    id: str
    service: str
    compartment: str
    currency: str
    cost: float


def _costly(asking: Asking, end: date) -> list[_Costly]:
    start = end - timedelta(days=LIVE_DAYS)
    parts: dict[tuple[str, str], list[_Costly]] = {}
    for one in asking.usage(start, end, by=["service", "resourceId", "compartmentId"], whole=True):
        if _kind(one.resource_id) in MEASURES:
            part = _Costly(one.resource_id, one.service or "", one.compartment_id or "", (one.currency or "").strip(),
                           float(one.computed_amount or 0))  # fmt: skip
            parts.setdefault((part.id, part.currency), []).append(part)
    whole = [max(some, key=lambda p: p.cost)._replace(cost=sum(p.cost for p in some)) for some in parts.values()]
    return [one for one in whole if one.cost >= LEAST]


def _kind(ocid: str | None) -> str:
    words = (ocid or "").split(".")
    return words[1] if words[0] == "ocid1" and len(words) > 4 else ""


def _used(asking: Asking, costly: list[Any], places: list[str], end: date) -> Iterator[Used]:
    """Every costly resource with its use: the streams of a metric are asked for all resources of a region at once."""
    from assay.inventory.oci.sizes import sizes

    days = [(end - timedelta(days=n)).isoformat() for n in range(LIVE_DAYS, 0, -1)]
    measures = {MEASURES[_kind(one.id)] for one in costly}
    values: dict[tuple[str, str, str], float] = {}
    blind: set[str] = set()
    for measure in sorted(measures):
        for region in places:
            asked = lambda m=measure, r=region: _daily(asking, m, r, end)  # noqa: E731
            found = asking.told("monitoring", region, asked, None, decides=True)
            if found is None:
                blind.add(measure.namespace)
                continue
            for key, value in found:
                values[measure.namespace, *key] = values.get((measure.namespace, *key), 0.0) + value
    seen = {id_ for _, id_, _ in values}
    instances = {one.id: one.compartment for one in costly if _kind(one.id) == "instance"}
    sized = sizes(asking, places, instances, end) if instances else {}
    for one in costly:
        m = MEASURES[_kind(one.id)]
        if m.namespace not in blind or one.id in seen:
            used = [values.get((m.namespace, one.id, day)) for day in days]
            yield Used(one.id, one.service, one.compartment, "", one.currency, one.cost, days, m.name, used,
                       sized.get(one.id))  # fmt: skip


def _daily(asking: Asking, measure: Measure, region: str, end: date) -> list[tuple[tuple[str, str], float]]:
    """What was measured of each resource and day, query by query."""
    found = []
    for query in measure.queries:
        points: dict[str, list[tuple[datetime, float]]] = {}
        for id_, at, value in asking.streams(measure.namespace, query, region, (end - timedelta(days=LIVE_DAYS), end)):
            points.setdefault(id_, []).append((at, value))
        for id_, several in points.items():
            late = timedelta(days=1) if any(at >= _midnight(end) for at, _ in several) else timedelta()  # a day's end
            found += [((id_, (at - late).date().isoformat()), value) for at, value in several]
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
