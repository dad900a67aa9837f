"""How busy the machines of an account were at their busiest, what size they have, and which one would be next.

The CPU is CloudWatch's. Memory the agent alone reports for an instance, RDS tells what is left free. Sizes and what
they hold are asked of EC2, whose types RDS's classes are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.idle import Busiest, Sized, Smaller, busiest
from assay.inventory.aws.idle import lost, series, statistic
from assay.inventory.aws.walk import CallFailed
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from assay.inventory.aws.idle import Costly, Lost
    from assay.inventory.aws.walk import Transport

HOUR = 3600
AGENT = ("mem_used_percent", "Memory % Committed Bytes In Use")
"""What the CloudWatch agent calls memory on Linux and on Windows."""
AT_ONCE = 200
"""Values of one filter."""
BASELINES = {"nano": 5.0, "micro": 10.0, "small": 20.0, "medium": 20.0, "large": 30.0, "xlarge": 40.0, "2xlarge": 40.0}
"""Of burstable types: the mean percentage of a CPU that their credits last for."""
OLD_BASELINES = {**BASELINES, "xlarge": 22.5, "2xlarge": 17.0}
_BURST = ("t2", "t3", "t3a", "t4g")


class _Holds(NamedTuple):
    """What a type of machine has: virtual CPUs and bytes of memory."""

    cpus: int
    memory: int


class _Machines(NamedTuple):
    """The types of machines by their ids, and which of them must be able to carry what another one does."""

    types: dict[str, str]
    group: dict[str, str]


def sizes(transport: Transport, region: str, several: list[Costly], end: date) -> tuple[dict[str, Sized], list[Lost]]:
    """How busy the machines among the resources of a region were, and how large they are; and the calls that failed.

    One that EC2 or RDS no longer lists is left out: what is gone has no size to change.
    """
    some = [one for one in several if _kind(one)]
    if not some:
        return {}, []
    asking = _Asking(region)
    cpu = asking.told("cloudwatch", "GetMetricData", lambda: _cpu(transport, some, end))
    memory = asking.told("cloudwatch", "ListMetrics", lambda: _agent(transport, some, end))
    free = asking.told("cloudwatch", "GetMetricData", lambda: _free(transport, some, end))
    machines = {
        "AWS/EC2": asking.told("ec2", "DescribeInstances", lambda: _instances(transport, some)),
        "AWS/RDS": asking.told("rds", "DescribeDBInstances", lambda: _databases(transport, some)),
    }
    named = {t for told in machines.values() if isinstance(told, _Machines) for t in told.types.values()}
    types = asking.told("ec2", "DescribeInstanceTypes", lambda: _types(transport, named))
    found = {}
    for one in some:
        told = machines[one.measure.namespace]
        size = told if isinstance(told, Unknown) else told.types.get(one.value)
        if size is not None:
            used = _free_of(free, size, types, one) if _kind(one) == "rds" else _of(memory, one)
            found[one.id] = Sized(_of(cpu, one), used, size, _next(size, types))
    for told in machines.values():
        if isinstance(told, _Machines):
            _together(found, told.group, some)
    return found, asking.failed


class _Asking:
    def __init__(self, region: str) -> None:
        self.region = region
        self.failed: list[Lost] = []

    def told(self, service: str, operation: str, ask: Any) -> Any:
        """What `ask` gives; unknown where the call fails."""
        try:
            return ask()
        except CallFailed as error:
            self.failed.append(lost(self.region, service, operation, error))
            return Unknown(f"{service}:{operation} gave no answer: {error}")


def _kind(one: Costly) -> str:
    return {"AWS/EC2": "ec2", "AWS/RDS": "rds"}.get(one.measure.namespace, "")


def _cpu(transport: Transport, some: list[Costly], end: date) -> dict[str, Busiest | None]:
    asked = {
        (one.id, ""): statistic(one.measure, "CPUUtilization", "Maximum", HOUR, one.value) for one in some
    }  # fmt: skip
    return {id_: busiest(hours) for (id_, _), hours in series(transport, "c", asked, end).items()}


def _free(transport: Transport, some: list[Costly], end: date) -> dict[str, dict[str, float]]:
    """The bytes that databases had left at least, hour by hour."""
    asked = {
        (one.id, ""): statistic(one.measure, "FreeableMemory", "Minimum", HOUR, one.value)
        for one in some if _kind(one) == "rds"
    }  # fmt: skip
    return {id_: hours for (id_, _), hours in series(transport, "f", asked, end).items()}


def _agent(transport: Transport, some: list[Costly], end: date) -> dict[str, Busiest | None]:
    """The memory that instances used at most: under which dimensions the agent reports it is its configuration's."""
    wanted = {one.value: one.id for one in some if _kind(one) == "ec2"}
    asked: dict[tuple[str, str], dict[str, Any]] = {}
    for name in AGENT if wanted else ():
        for page in transport.call("cloudwatch", "ListMetrics", Namespace="CWAgent", MetricName=name):
            for metric in page.get("Metrics", ()):
                dimensions = metric.get("Dimensions", [])
                id_ = wanted.get(next((d["Value"] for d in dimensions if d["Name"] == "InstanceId"), ""))
                if id_ is not None and metric.get("MetricName") == name:
                    named = {"Namespace": "CWAgent", "MetricName": name, "Dimensions": dimensions}
                    asked.setdefault((id_, name), {"Metric": named, "Period": HOUR, "Stat": "Maximum"})
    found = series(transport, "a", asked, end)
    return {id_: busiest(hours) for (id_, _), hours in found.items() if hours}


def _instances(transport: Transport, some: list[Costly]) -> _Machines:
    found: dict[str, str] = {}
    for values in _portions(one.value for one in some if _kind(one) == "ec2"):
        wanted = [{"Name": "instance-id", "Values": values}]
        for page in transport.call("ec2", "DescribeInstances", Filters=wanted):
            for held in page.get("Reservations", ()):
                found |= {i["InstanceId"]: i["InstanceType"] for i in held.get("Instances", ()) if not _gone(i)}
    return _Machines(found, {})


def _gone(instance: dict[str, Any]) -> bool:
    return instance.get("State", {}).get("Name") in ("shutting-down", "terminated")


def _databases(transport: Transport, some: list[Costly]) -> _Machines:
    """The classes of databases: those of a cluster, and the replicas of one, stand in for each other."""
    wanted = {one.value for one in some if _kind(one) == "rds"}
    found: dict[str, str] = {}
    group: dict[str, str] = {}
    for page in transport.call("rds", "DescribeDBInstances") if wanted else ():
        for one in page.get("DBInstances", ()):
            name = one["DBInstanceIdentifier"]
            if name in wanted:
                found[name] = one.get("DBInstanceClass", "")
                source = one.get("DBClusterIdentifier") or one.get("ReadReplicaSourceDBInstanceIdentifier") or name
                group[name] = source.rpartition(":")[2]
    return _Machines(found, group)


def _types(transport: Transport, named: Iterable[str]) -> dict[str, _Holds]:
    """What every type of the families of these has."""
    families = sorted({f"{t.removeprefix('db.').partition('.')[0]}.*" for t in named if "." in t})
    found: dict[str, _Holds] = {}
    for values in _portions(families):
        for page in transport.call(
            "ec2", "DescribeInstanceTypes", Filters=[{"Name": "instance-type", "Values": values}]
        ):
            for one in page.get("InstanceTypes", ()):
                cpus, memory = one["VCpuInfo"]["DefaultVCpus"], one["MemoryInfo"]["SizeInMiB"] << 20
                found[one["InstanceType"]] = _Holds(cpus, memory)
    return found


def _next(size: str | Unknown, types: dict[str, _Holds] | Unknown) -> Smaller | Unknown | None:
    """The largest type of the same family that has less; None when there is none."""
    if isinstance(size, Unknown):
        return size
    if size in ("", "db.serverless"):
        return None
    if isinstance(types, Unknown):
        return types
    plain = size.removeprefix("db.")
    family, own = plain.partition(".")[0], types.get(plain)
    if own is None:
        return Unknown(f"EC2 does not tell what {plain} has")
    less = [
        (has, name) for name, has in types.items()
        if name.startswith(f"{family}.") and has != own and has.cpus <= own.cpus and has.memory <= own.memory
        if "metal" not in name and (plain == size or _of_databases(name))
    ]  # fmt: skip
    if not less:
        return None
    has, name = max(less, key=lambda one: (one[0].memory, one[0].cpus, one[1]))
    sustained = (
        (OLD_BASELINES if family == "t2" else BASELINES).get(name.partition(".")[2]) if family in _BURST else None
    )
    return Smaller(
        name if plain == size else f"db.{name}", own.cpus / has.cpus, own.memory / has.memory, sustained
    )  # fmt: skip


def _of_databases(name: str) -> bool:
    """RDS has no classes below micro, and beyond the burstable ones none below large."""
    family, _, size = name.partition(".")
    return size != "nano" if family in _BURST else size not in ("nano", "micro", "small", "medium")


def _of(told: dict[str, Busiest | None] | Unknown, one: Costly) -> Busiest | Unknown | None:
    return told if isinstance(told, Unknown) else told.get(one.id)


def _free_of(
    free: dict[str, dict[str, float]] | Unknown, size: str | Unknown, types: dict[str, _Holds] | Unknown, one: Costly
) -> Busiest | Unknown | None:
    """The memory that a database used, of what its class has."""
    for told in (free, size, types):
        if isinstance(told, Unknown):
            return told
    assert isinstance(free, dict)
    assert isinstance(types, dict)
    own = types.get(str(size).removeprefix("db."))
    hours = free.get(one.id, {})
    return None if own is None else busiest({at: 100 * (1 - left / own.memory) for at, left in hours.items()})


def _together(found: dict[str, Sized], group: dict[str, str], some: list[Costly]) -> None:
    """Machines that stand in for each other are as busy as the busiest of them."""
    members: dict[str, list[str]] = {}
    for one in some:
        if one.id in found and one.value in group:
            members.setdefault(group[one.value], []).append(one.id)
    for ids in members.values():
        cpu, memory = _top([found[id_].cpu for id_ in ids]), _top([found[id_].memory for id_ in ids])
        found.update({id_: found[id_]._replace(cpu=cpu, memory=memory) for id_ in ids})


def _top(told: list[Busiest | Unknown | None]) -> Busiest | Unknown | None:
    """What holds for every one of several: of one that nobody knows, nothing does."""
    known = [t for t in told if isinstance(t, Busiest)]
    if len(known) < len(told):
        return next(t for t in told if not isinstance(t, Busiest))
    return Busiest(
        max(t.usual for t in known), max(t.most for t in known), max(t.day for t in known), min(t.hours for t in known)
    )


def _portions(values: Iterable[str]) -> Iterator[list[str]]:
    every = list(values)
    for first in range(0, len(every), AT_ONCE):
        yield every[first : first + AT_ONCE]
