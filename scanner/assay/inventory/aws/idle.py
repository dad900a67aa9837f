"""What single resources of an account cost (Cost Explorer) and how much they were used (CloudWatch)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.idle import LEAST, LIVE_DAYS, Used
from assay.inventory.aws.walk import CallFailed
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


class _Costly(NamedTuple):
    id: str
    region: str
    currency: str
    cost: float
    measure: Measure
    value: str


def idle(
    home: Transport, there: Callable[[str], Transport], account: str, end: date, services: Iterable[str]
) -> tuple[list[Used], list[tuple[str, str | None]]]:
    """The resources that cost something, with their use, and the calls that failed: the service and the region.

    Args:
        home: what asks Cost Explorer.
        there: what asks CloudWatch in a region.
        end: the first day that is not looked at.
        services: the services of the bill, to which Cost Explorer narrows the answer.

    Raises:
        CallFailed: the costs of single resources are not told.
    """
    days = [(end - timedelta(days=n)).isoformat() for n in range(LIVE_DAYS, 0, -1)]
    by_region: dict[str, list[_Costly]] = {}
    for one in _costs(home, account, (days[0], end.isoformat()), sorted(services)):
        by_region.setdefault(one.region, []).append(one)
    found: list[Used] = []
    failed: list[tuple[str, str | None]] = []
    for region, several in sorted(by_region.items()):
        try:
            values = _use(there(region), several, days, end)
        except CallFailed as error:
            failed.append((region, f"GetMetricData: {error}"))
            continue
        for one in several:
            used = [values.get((one.id, day)) for day in days]
            service = one.measure.namespace.removeprefix("AWS/")
            found.append(Used(one.id, service, account, region, one.currency, one.cost, days, one.measure.name, used))
    return found, failed


def _costs(home: Transport, account: str, period: tuple[str, str], services: list[str]) -> Iterator[_Costly]:
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
                yield _Costly(id_, region, currency, cost, measure, match[1])
                break


def _use(transport: Transport, several: list[_Costly], days: list[str], end: date) -> dict[tuple[str, str], float]:
    """The value of each resource and day, by what was measured of it."""
    asked = [(one, metric) for one in several for metric in one.measure.metrics]
    found: dict[tuple[str, str], float] = {}
    period = {"StartTime": _midnight(days[0]), "EndTime": _midnight(end.isoformat())}
    for first in range(0, len(asked), AT_ONCE):
        some = asked[first : first + AT_ONCE]
        queries = [_query(f"m{i}", one, metric) for i, (one, metric) in enumerate(some)]
        for page in transport.call("cloudwatch", "GetMetricData", MetricDataQueries=queries, **period):
            for result in page.get("MetricDataResults", ()):
                one = some[int(result["Id"][1:])][0]
                for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False):
                    day = (at if isinstance(at, str) else at.isoformat())[:10]
                    found[one.id, day] = found.get((one.id, day), 0.0) + float(value)
    return found


def _query(id_: str, one: _Costly, metric: str) -> dict[str, Any]:
    m = one.measure
    named = {"Namespace": m.namespace, "MetricName": metric, "Dimensions": [{"Name": m.dimension, "Value": one.value}]}
    return {"Id": id_, "MetricStat": {"Metric": named, "Period": 86400, "Stat": m.stat}}


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
