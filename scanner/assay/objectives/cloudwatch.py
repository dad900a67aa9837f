"""Series out of CloudWatch: GetMetricData through boto3."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from assay.objectives.sources import FINEST, USUAL_STEP, Query, Series, SourceError, filled, step_of
from assay.objectives.windows import DAY, HOUR

if TYPE_CHECKING:
    from assay.objectives.sources import Wish

KEPT = 63 * DAY
"""For so long five-minute values are kept; hourly ones for fifteen months."""
MOST_POINTS = 90_000


class CloudWatch:
    """CloudWatch of one account, its credentials those of every AWS audit."""

    source = "aws"
    lag = 300

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._lock = Lock()
        self._audit: Any = None

    def grain(self, query: Query, seconds: int) -> int:
        return step_of(query) or (FINEST if seconds <= HOUR else USUAL_STEP if seconds <= KEPT else HOUR)

    def place(self, query: Query) -> tuple[str | None, str | None, str]:
        account = self._audit.own.account if self._audit else None
        region = query.said("region") or (self._audit.own.region if self._audit else None)
        return account, region, "cloudwatch"

    def series(self, query: Query, start: int, end: int, step: int) -> Series:
        from assay.inventory.aws.transport import Boto
        from assay.inventory.aws.walk import CallFailed
        from assay.inventory.collect import CollectionStopped

        queries = _queries(query, step)
        audit = self._signed_in()
        boto = Boto(audit.clients, str(query.said("region") or audit.own.region))
        found: Series = {}
        try:
            for first in range(start - step, end, step * MOST_POINTS):
                last = min(end, first + step * MOST_POINTS)
                period = {"StartTime": _moment(first), "EndTime": _moment(last)}
                for page in boto.call("cloudwatch", "GetMetricData", MetricDataQueries=queries, **period):
                    found |= _one(page, step)
        except CallFailed as error:
            status = error.kind if error.kind in ("denied", "throttled") else "failed"
            raise SourceError(status, f"CloudWatch does not give the metric: {error}") from None
        except CollectionStopped as error:
            raise SourceError("denied", str(error)) from None
        return {at: value for at, value in found.items() if start <= at <= end}

    def _signed_in(self) -> Any:
        from assay.inventory.aws.accounts import Audit, Options
        from assay.scan import UsageError

        with self._lock:
            if isinstance(self._audit, SourceError):
                raise self._audit
            if self._audit is None:
                try:
                    options = Options(profile=self._wish.profile, endpoint=self._wish.endpoint, services=[])
                    self._audit = Audit(options)
                except UsageError as error:
                    gone, self._audit = SourceError("failed", f"CloudWatch cannot be asked: {error}"), None
                    raise gone from None
            return self._audit


def _queries(query: Query, step: int) -> list[dict[str, Any]]:
    """What GetMetricData is asked: a metric, an expression over further ones, or the API's own queries.

    Raises:
        SourceError: the spec names none of these.
    """
    spec = query.spec
    if isinstance(spec.get("queries"), list):  # as the API has them
        return [_timed(one, step) for one in spec["queries"] if isinstance(one, dict)]
    expression = spec.get("expression") or spec.get("sql")
    if isinstance(expression, str):
        return [{"Id": "answer", "Expression": filled(expression, step), "Period": step}]
    name, namespace = spec.get("metricName"), spec.get("namespace")
    if not isinstance(name, str) or not isinstance(namespace, str):
        raise SourceError(
            "failed", "the metric source names no metric: write namespace, metricName, stat and dimensions, "
            "or expression, or queries",
        )  # fmt: skip
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": _dimensions(spec.get("dimensions"))}
    stat = str(spec.get("stat") or spec.get("statistic") or "Sum")
    return [{"Id": "answer", "MetricStat": {"Metric": metric, "Period": step, "Stat": stat}}]


def _timed(one: dict[str, Any], step: int) -> dict[str, Any]:
    """A query of the API with our step where it leaves it open."""
    if isinstance(one.get("MetricStat"), dict):
        return {**one, "MetricStat": {"Period": step, **one["MetricStat"]}}
    return {"Period": step, **one} if "SELECT" in str(one.get("Expression", "")).upper() else one


def _dimensions(written: Any) -> list[dict[str, str]]:
    """Dimensions as a map, or as a list of names with values in either spelling."""
    if isinstance(written, dict):
        return [{"Name": str(k), "Value": str(v)} for k, v in written.items()]
    pairs = [{str(k).lower(): v for k, v in one.items()} for one in written or () if isinstance(one, dict)]
    return [{"Name": str(one.get("name")), "Value": str(one.get("value"))} for one in pairs]


def _one(page: dict[str, Any], step: int) -> Series:
    """The values of a page; their time stamps are the beginnings of periods."""
    results = page.get("MetricDataResults", [])
    if len({(r.get("Id"), r.get("Label")) for r in results}) > 1:
        raise SourceError(
            "failed", f"the query gives {len(results)} series and an objective needs one: return one only"
        )
    found: Series = {}
    for result in results:
        if result.get("StatusCode") in ("InternalError", "Forbidden"):
            why = "; ".join(str(m.get("Value")) for m in result.get("Messages", ())) or result["StatusCode"]
            raise SourceError("failed", f"CloudWatch does not give the metric: {why}")
        pairs = zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False)
        found |= {int(at.timestamp()) // step * step + step: float(value) for at, value in pairs}
    return found


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
