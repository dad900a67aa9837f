"""What single resources of an account cost (Cost Explorer) and how much they were used (CloudWatch)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.idle import LEAST, LIVE_DAYS, Used
from assay.inventory.aws.walk import CallFailed
from assay.inventory.collect import DENIED, FAILED, THROTTLED
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.inventory.aws.walk import Transport

NOT_ENABLED = ("DataUnavailableException", "ValidationException")
AT_ONCE = 500
"""Queries of one GetMetricData."""


class Measure(NamedTuple):
    """How the use of a kind of resource is measured: the metrics are added up."""

    ids: Any  # a pattern; its group is the dimension's value
    name: str
    namespace: str
    metrics: tuple[str, ...]
    stat: str
    dimension: str


MEASURES = (
    Measure(pattern(r"(?:.*/)?(i-[0-9a-f]+)"), "cpu", "AWS/EC2", ("CPUUtilization",), "Average", "InstanceId"),
    Measure(pattern(r"arn:[^:]*:rds:[^:]*:[^:]*:db:(.+)"), "connections", "AWS/RDS", ("DatabaseConnections",),
            "Maximum", "DBInstanceIdentifier"),
    Measure(pattern(r"arn:[^:]*:elasticloadbalancing:.*:loadbalancer/(app/.+)"), "requests", "AWS/ApplicationELB",
            ("RequestCount",), "Sum", "LoadBalancer"),
    Measure(pattern(r"arn:[^:]*:elasticloadbalancing:.*:loadbalancer/(net/.+)"), "bytes", "AWS/NetworkELB",
            ("ProcessedBytes",), "Sum", "LoadBalancer"),
    Measure(pattern(r"(?:.*/)?(nat-[0-9a-f]+)"), "bytes", "AWS/NATGateway", ("BytesOutToDestination",), "Sum",
            "NatGatewayId"),
    Measure(pattern(r"(?:.*/)?(vol-[0-9a-f]+)"), "operations", "AWS/EBS", ("VolumeReadOps", "VolumeWriteOps"), "Sum",
            "VolumeId"),
)  # fmt: skip


class Costly(NamedTuple):
    """A resource that costs something, and how its use is measured: `value` is that of the dimension."""

    id: str
    region: str
    currency: str
    cost: float
    measure: Measure
    value: str


class Lost(NamedTuple):
    """A call that failed: what of a region it was to tell, as `Coverage.unit` wants it."""

    region: str
    service: str
    status: str
    reason: str


def lost(region: str, service: str, operation: str, error: CallFailed) -> Lost:
    """What a failed call comes to."""
    status = error.kind if error.kind in (DENIED, THROTTLED) else FAILED
    return Lost(region, service, status, f"{operation}: {error}")


def idle(
    home: Transport, there: Callable[[str], Transport], account: str, end: date, services: Iterable[str]
) -> tuple[list[Used], list[Lost], list[Lost]]:
    """The resources that cost something, with their use; the calls without which nothing is known of a region's
    resources, and those without which less is known of them.

    Args:
        home: what asks Cost Explorer.
        there: what asks CloudWatch, EC2 and RDS in a region.
        end: the first day that is not looked at.
        services: the services of the bill, to which Cost Explorer narrows the answer.

    Raises:
        CallFailed: the costs of single resources are not told.
    """
    from assay.inventory.aws.sizes import sizes

    days = [(end - timedelta(days=n)).isoformat() for n in range(LIVE_DAYS, 0, -1)]
    by_region: dict[str, list[Costly]] = {}
    for one in _costs(home, account, (days[0], end.isoformat()), sorted(services)):
        by_region.setdefault(one.region, []).append(one)
    found: list[Used] = []
    blind: list[Lost] = []
    less: list[Lost] = []
    for region, several in sorted(by_region.items()):
        try:
            values = _use(there(region), several, days, end)
        except CallFailed as error:
            blind.append(lost(region, "cloudwatch", "GetMetricData", error))
            continue
        sized, failed = sizes(there(region), region, several, end)
        less += failed
        for one in several:
            used = [values.get((one.id, day)) for day in days]
            service = one.measure.namespace.removeprefix("AWS/")
            found.append(
                Used(one.id, service, account, region, one.currency, one.cost, days, one.measure.name, used,
                     sized.get(one.id))
            )  # fmt: skip
    return found, blind, less


def _costs(home: Transport, account: str, period: tuple[str, str], services: list[str]) -> Iterator[Costly]:
    """What resources of the account itself cost: CloudWatch tells nothing of those that its bill pays for others."""
    sums: dict[tuple[str, str, str], float] = {}
    wanted = {"And": [{"Dimensions": {"Key": "SERVICE", "Values": services}},
                      {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [account]}}]}  # fmt: skip
    groups = [{"Type": "DIMENSION", "Key": "RESOURCE_ID"}, {"Type": "DIMENSION", "Key": "REGION"}]
    for page in home.call(
        "ce", "GetCostAndUsageWithResources", TimePeriod=dict(zip(("Start", "End"), period, strict=True)),
        Granularity="MONTHLY",  # the days are not looked at, and every page costs a cent
        Metrics=["UnblendedCost"], GroupBy=groups, Filter=wanted,
    ):  # fmt: skip
        for result in page.get("ResultsByTime", ()):
            for group in result.get("Groups", ()):
                amount = group["Metrics"]["UnblendedCost"]
                key = (group["Keys"][0], group["Keys"][1], amount.get("Unit", ""))
                sums[key] = sums.get(key, 0.0) + float(amount["Amount"])
    for (id_, region, currency), cost in sorted(sums.items()):
        for measure in MEASURES:
            match = measure.ids.fullmatch(id_)
            if match is not None and cost >= LEAST:
                yield Costly(id_, region, currency, cost, measure, match[1])
                break


def _use(transport: Transport, several: list[Costly], days: list[str], end: date) -> dict[tuple[str, str], float]:
    """The value of each resource and day, by what was measured of it."""
    asked = {
        (one.id, metric): statistic(one.measure, metric, one.measure.stat, 86400, one.value)
        for one in several for metric in one.measure.metrics
    }  # fmt: skip
    found: dict[tuple[str, str], float] = {}
    for (id_, _), points in series(transport, "m", asked, end).items():
        for at, value in points.items():
            found[id_, at[:10]] = found.get((id_, at[:10]), 0.0) + value
    return found


def statistic(m: Measure, metric: str, stat: str, period: int, value: str) -> dict[str, Any]:
    """A statistic of the metric of a resource, as GetMetricData wants it."""
    named = {"Namespace": m.namespace, "MetricName": metric, "Dimensions": [{"Name": m.dimension, "Value": value}]}
    return {"Metric": named, "Period": period, "Stat": stat}


def series(
    transport: Transport, sign: str, asked: dict[tuple[str, str], dict[str, Any]], end: date
) -> dict[tuple[str, str], dict[str, float]]:
    """The points of the last `LIVE_DAYS` days of each statistic by their ISO moments.

    Args:
        sign: what the ids of the queries begin with.

    Raises:
        CallFailed: CloudWatch does not tell.
    """
    found: dict[tuple[str, str], dict[str, float]] = {key: {} for key in asked}
    keys = list(asked)
    period = {"StartTime": _midnight(end - timedelta(days=LIVE_DAYS)), "EndTime": _midnight(end)}
    for first in range(0, len(keys), AT_ONCE):
        some = {f"{sign}{i}": key for i, key in enumerate(keys[first : first + AT_ONCE])}
        queries = [{"Id": id_, "MetricStat": asked[key]} for id_, key in some.items()]
        for page in transport.call("cloudwatch", "GetMetricData", MetricDataQueries=queries, **period):
            for result in page.get("MetricDataResults", ()):
                if result["Id"] not in some:
                    continue
                for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False):
                    found[some[result["Id"]]][at if isinstance(at, str) else at.isoformat()] = float(value)
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
