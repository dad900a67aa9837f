"""Daily spend of a tenancy out of its usage reports, its budgets, and what costs without being used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from assay import clock
from assay.idle import LEAST, LIVE_DAYS, Used
from assay.inventory.oci.clients import Clients, status_of
from assay.inventory.oci.units import subscribed_regions
from assay.spend import Row

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
    identity: Identity, days: int, endpoint: str | None, coverage: Coverage
) -> tuple[list[Row], dict[str, float], list[Used]]:
    """The rows of the last days, the monthly budget of the tenancy by "", and resources with their use.

    A denied or failed call is a row of the coverage: nothing is said of what it would have told.

    Raises:
        CollectionStopped: the credentials are refused, or nobody answers.
    """
    clients = Clients(identity, endpoint)
    home, subscribed = subscribed_regions(clients)
    end = date.fromisoformat(clock.today())
    asking = _Asking(clients, home, coverage)
    rows = asking.told("usage", home, lambda: list(_rows(asking, end - timedelta(days=days), end)), [])
    budgets = asking.told("budget", home, lambda: _budgets(asking), {})
    places = [identity.region] if endpoint else subscribed or [home]
    return rows, budgets, _idle(asking, places, end)


def idle_of(clients: Clients, home: str, places: list[str], end: date, coverage: Coverage) -> list[Used]:
    """What costs something in the days before `end`, with its use in these regions."""
    return _idle(_Asking(clients, home, coverage), places, end)


def _idle(asking: _Asking, places: list[str], end: date) -> list[Used]:
    costly = asking.told("usage", asking.home, lambda: list(_costly(asking, end)), [])
    return list(_used(asking, costly, places, end))


class _Asking:
    """Calls of one audit of spend, with their rows for the coverage."""

    def __init__(self, clients: Clients, home: str, coverage: Coverage) -> None:
        self.clients = clients
        self.home = home
        self.coverage = coverage
        self.tenancy = clients.identity.tenancy
        self._ok: set[tuple[str, str]] = set()

    def told(self, service: str, region: str, ask: Callable[[], Any], nothing: Any) -> Any:
        """What `ask` gives, else `nothing` and a row that says why."""
        try:
            found = ask()
        except Exception as error:  # noqa: BLE001 - status_of sorts them, and raises what concerns every call
            self.coverage.unit(self.tenancy, region, service, *status_of(error))
            return nothing
        if (service, region) not in self._ok:
            self._ok.add((service, region))
            self.coverage.unit(self.tenancy, region, service, "ok")
        return found

    def usage(self, start: date, end: date, *, by: list[str], whole: bool) -> Iterator[Any]:
        """The summaries of costs, page by page: a day each, or with `whole` one for the time in all."""
        import oci

        details = oci.usage_api.models.RequestSummarizedUsagesDetails(
            tenant_id=self.tenancy, time_usage_started=_midnight(start), time_usage_ended=_midnight(end),
            granularity="DAILY", query_type="COST", group_by=by, is_aggregate_by_time=whole,
            compartment_depth=DEPTH if "compartmentId" in by else None,
        )  # fmt: skip
        client = self.clients.client(USAGE, self.home)
        for page in self.clients.pages(client, "request_summarized_usages", details):
            yield from page


def _rows(asking: _Asking, start: date, end: date) -> Iterator[Row]:
    for one in asking.usage(start, end, by=["service", "compartmentId"], whole=False):
        cost = float(one.computed_amount or 0)
        usage, other = (cost, 0.0) if cost >= 0 else (0.0, cost)
        day = one.time_usage_started.date()
        place, currency = one.compartment_id or "", (one.currency or "").strip()
        yield Row(one.service or "", place, currency, day, usage, other, 0.0, 0.0)


def _budgets(asking: _Asking) -> dict[str, float]:
    """The smallest monthly budget of the whole tenancy: the one that is to hold for everything."""
    client = asking.clients.client("budget.BudgetClient", asking.home)
    amounts = [
        float(b.amount)
        for page in asking.clients.pages(client, "list_budgets", asking.tenancy, target_type="ALL")
        for b in page
        if b.reset_period == "MONTHLY" and asking.tenancy in (b.targets or [b.target_compartment_id])
    ]
    return {"": min(amounts)} if amounts else {}


def _costly(asking: _Asking, end: date) -> Iterator[Any]:
    start = end - timedelta(days=LIVE_DAYS)
    for one in asking.usage(start, end, by=["service", "resourceId", "compartmentId"], whole=True):
        if _kind(one.resource_id) in MEASURES and float(one.computed_amount or 0) >= LEAST:
            yield one


def _kind(ocid: str | None) -> str:
    words = (ocid or "").split(".")
    return words[1] if words[0] == "ocid1" and len(words) > 4 else ""


def _used(asking: _Asking, costly: list[Any], places: list[str], end: date) -> Iterator[Used]:
    """Every costly resource with its use: the streams of a metric are asked for all resources of a region at once."""
    days = [(end - timedelta(days=n)).isoformat() for n in range(LIVE_DAYS, 0, -1)]
    measures = {MEASURES[_kind(one.resource_id)] for one in costly}
    values: dict[tuple[str, str, str], float] = {}
    blind: set[str] = set()
    for measure in sorted(measures):
        for region in places:
            asked = lambda m=measure, r=region: _streams(asking, m, r, end)  # noqa: E731
            found = asking.told("monitoring", region, asked, None)
            if found is None:
                blind.add(measure.namespace)
                continue
            for key, value in found:
                values[measure.namespace, *key] = values.get((measure.namespace, *key), 0.0) + value
    for one in costly:
        m = MEASURES[_kind(one.resource_id)]
        if m.namespace not in blind:
            used = [values.get((m.namespace, one.resource_id, day)) for day in days]
            yield Used(one.resource_id, one.service or "", one.compartment_id or "", "", (one.currency or "").strip(),
                       float(one.computed_amount), days, m.name, used)  # fmt: skip


def _streams(asking: _Asking, measure: Measure, region: str, end: date) -> list[tuple[tuple[str, str], float]]:
    import oci

    client = asking.clients.client(METRICS, region)
    found = []
    for query in measure.queries:
        details = oci.monitoring.models.SummarizeMetricsDataDetails(
            namespace=measure.namespace, query=query, start_time=_midnight(end - timedelta(days=LIVE_DAYS)),
            end_time=_midnight(end), resolution="1d",
        )  # fmt: skip
        answer = asking.clients.call(
            client, "summarize_metrics_data", asking.tenancy, details, compartment_id_in_subtree=True
        ).data
        for stream in answer:
            id_ = (stream.dimensions or {}).get("resourceId")
            if stream.namespace != measure.namespace or not id_:
                continue
            points = [(p.timestamp.astimezone(UTC), float(p.value)) for p in stream.aggregated_datapoints or ()]
            late = timedelta(days=1) if any(at >= _midnight(end) for at, _ in points) else timedelta()  # a day's end
            found += [((id_, (at - late).date().isoformat()), value) for at, value in points]
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
