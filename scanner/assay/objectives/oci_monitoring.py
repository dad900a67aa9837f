"""Series out of OCI Monitoring: SummarizeMetricsData through the oci SDK."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from assay.objectives.sources import USUAL_STEP, Query, Series, SourceError, filled, step_of
from assay.objectives.windows import DAY, HOUR, seconds
from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.objectives.sources import Wish

REACH = ((USUAL_STEP, 30 * DAY), (HOUR, 90 * DAY))
"""By interval: how long a range one query of it may have; below five minutes, a week."""
WEEK = 7 * DAY
_INTERVAL = pattern(r"\[\s*(\d+[mhd])\s*\]")


class OciMonitoring:
    """Monitoring of one tenancy, its credentials those of every OCI audit."""

    source = "oci"
    lag = 600

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._lock = Lock()
        self._clients: Any = None

    def grain(self, query: Query, seconds_: int) -> int:
        """The query's own interval, `[5m]`, decides."""
        interval = _INTERVAL.search(str(query.spec.get("query", "")))
        if interval is None:
            return step_of(query) or (USUAL_STEP if seconds_ <= 30 * DAY else HOUR)
        return seconds(interval[1], "the interval of the query")

    def place(self, query: Query) -> tuple[str | None, str | None, str]:
        me = self._clients.identity if self._clients else None
        return me and me.tenancy, query.said("region") or (me and me.region), "monitoring"

    def series(self, query: Query, start: int, end: int, step: int) -> Series:
        text, namespace = query.spec.get("query"), query.said("namespace")
        if not isinstance(text, str) or not isinstance(namespace, str):
            raise SourceError("failed", "the metric source names no metric: write namespace, and query in Monitoring's "
                              "language (HttpRequests[5m].sum())")  # fmt: skip
        clients = self._signed_in()
        most = next((reach for size, reach in reversed(REACH) if step >= size), WEEK)
        found: Series = {}
        for first in range(start, end + 1, most):
            last = min(end + step, first + most)
            found |= self._asked(clients, query, filled(text, step), (first, last, step))
        return {at: value for at, value in found.items() if start <= at <= end}

    def _asked(self, clients: Any, query: Query, text: str, span: tuple[int, int, int]) -> Series:
        from assay.inventory.collect import CollectionStopped
        from assay.inventory.oci.clients import sdk, status_of

        first, last, step = span
        region = str(query.said("region") or clients.identity.region)
        details = sdk().monitoring.models.SummarizeMetricsDataDetails(
            namespace=query.said("namespace"), query=text, start_time=datetime.fromtimestamp(first, UTC),
            end_time=datetime.fromtimestamp(last, UTC), resource_group=query.said("resourceGroup"),
        )  # fmt: skip
        compartment = str(query.said("compartmentId", "compartmentID", "compartment") or clients.identity.tenancy)
        more = {"compartment_id_in_subtree": True} if query.said("compartmentIdInSubtree") is True else {}
        try:
            client = clients.client("monitoring.MonitoringClient", region)
            answer = clients.call(client, "summarize_metrics_data", compartment, details, **more).data
        except Exception as error:  # noqa: BLE001 - status_of sorts them, and raises what is no answer of the service
            try:
                status, reason = status_of(error)
            except CollectionStopped as stop:
                status, reason = "denied", str(stop)
            raise SourceError(status, f"OCI Monitoring does not give the metric: {reason}") from None
        return _one(answer, step)

    def _signed_in(self) -> Any:
        from assay.inventory.oci.clients import Clients, identify
        from assay.scan import UsageError

        wish = self._wish
        with self._lock:
            if self._clients is None:
                try:
                    self._clients = Clients(identify(wish.auth, wish.config_file, wish.oci_profile), wish.endpoint)
                except UsageError as error:
                    raise SourceError("failed", f"OCI Monitoring cannot be asked: {error}") from None
            return self._clients


def _one(answer: list[Any], step: int) -> Series:
    if len(answer) > 1:
        raise SourceError("failed", f"the query gives {len(answer)} streams and an objective needs one: put them "
                          "together with .grouping()")  # fmt: skip
    points = [p for data in answer for p in data.aggregated_datapoints or ()]
    return {int(p.timestamp.timestamp()) // step * step: float(p.value) for p in points if p.value is not None}
