"""How busy the instances of a tenancy were at their busiest, what shape they have, and which one would be next.

CPU and memory are what the agent on the instance reports to Monitoring.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from assay.idle import LIVE_DAYS, Sized, Smaller, busiest
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from assay.inventory.oci.spend import Asking

COMPUTE = "core.ComputeClient"
NAMESPACE = "oci_computeagent"
QUERIES = {
    "cpu": "CpuUtilization[1h].groupBy(resourceId).max()",
    "memory": "MemoryUtilization[1h].groupBy(resourceId).max()",
}
AT_ONCE = 2
"""Days of one question: an answer has at most 100,000 points, which are those of 2,000 instances."""
_BASELINES = {"BASELINE_1_8": 12.5, "BASELINE_1_2": 50.0}
"""Of burstable instances: the mean percentage of the CPU that is theirs."""


def sizes(asking: Asking, places: list[str], costly: Mapping[str, str], end: date) -> dict[str, Sized]:
    """How busy instances were, and their shapes, by OCID; one that is no longer listed is left out.

    Args:
        asking: what asks, and keeps account of what failed.
        places: the regions.
        costly: the compartments of instances by their OCIDs.
        end: the first day that is not looked at.
    """
    found: dict[str, Sized] = {}
    unseen: dict[str, Unknown] = {}
    for region in places:
        instances = []
        for compartment in sorted(set(costly.values())):
            listed = _instances(asking, region, compartment)
            if isinstance(listed, Unknown):
                unseen[compartment] = listed
            else:
                instances += [i for i in listed if i.id in costly]
        if not instances:
            continue
        used = {what: _busy(asking, region, query, end) for what, query in QUERIES.items()}
        shapes = _shapes(asking, region) if any(not _flexible(i) for i in instances) else {}
        for one in instances:
            cpu, memory = (t if isinstance(t, Unknown) else busiest(t.get(one.id, {})) for t in used.values())
            found[one.id] = Sized(cpu, memory, _shape(one), _next(one, shapes))
    for id_, compartment in costly.items():
        if id_ not in found and compartment in unseen:
            found[id_] = Sized(*[unseen[compartment]] * 4)
    return found


def _instances(asking: Asking, region: str, compartment: str) -> list[Any] | Unknown:
    def ask() -> list[Any]:
        client = asking.clients.client(COMPUTE, region)
        return [i for page in asking.clients.pages(client, "list_instances", compartment) for i in page]

    listed = asking.told("compute", region, ask, None)
    if listed is None:
        return Unknown(f"the instances of {compartment} in {region} could not be listed")
    return [i for i in listed if i.lifecycle_state not in ("TERMINATED", "TERMINATING")]


def _busy(asking: Asking, region: str, query: str, end: date) -> dict[str, dict[str, float]] | Unknown:
    """The busiest moment of each hour, by instance and ISO time."""
    found: dict[str, dict[str, float]] = {}

    def ask() -> bool:
        for day in range(LIVE_DAYS, 0, -AT_ONCE):
            first = end - timedelta(days=day)
            for id_, at, value in asking.streams(NAMESPACE, query, region, (first, first + timedelta(days=AT_ONCE))):
                found.setdefault(id_, {})[at.isoformat()] = value
        return True

    if asking.told("monitoring", region, ask, nothing=False):
        return found
    return Unknown(f"the metrics of {region} could not be read")


def _shapes(asking: Asking, region: str) -> dict[str, Any] | Unknown:
    def ask() -> dict[str, Any]:
        client = asking.clients.client(COMPUTE, region)
        pages = asking.clients.pages(client, "list_shapes", asking.tenancy)
        return {shape.shape: shape for page in pages for shape in page}

    found: dict[str, Any] | None = asking.told("compute", region, ask, None)
    return Unknown(f"the shapes of {region} could not be listed") if found is None else found


def _flexible(instance: Any) -> bool:
    return instance.shape.endswith(".Flex") and instance.shape_config is not None


def _shape(instance: Any) -> str:
    if not _flexible(instance):
        return str(instance.shape)
    has = instance.shape_config
    return f"{instance.shape} ({has.ocpus:g} OCPUs, {has.memory_in_gbs:g} GB)"


def _next(instance: Any, shapes: dict[str, Any] | Unknown) -> Smaller | Unknown | None:
    """Half the OCPUs of a flexible shape with their memory, else the largest shape of the series that has less."""
    has = instance.shape_config
    if _flexible(instance):
        ocpus = ceil(has.ocpus / 2)
        if ocpus >= has.ocpus:
            return None
        times = has.ocpus / ocpus
        name = f"{instance.shape} with {ocpus} OCPU{'s' if ocpus > 1 else ''} and {has.memory_in_gbs / times:g} GB"
        return Smaller(name, times, times, _BASELINES.get(has.baseline_ocpu_utilization or ""))
    if isinstance(shapes, Unknown):
        return shapes
    own = shapes.get(instance.shape)
    if own is None:
        return Unknown(f"the shape {instance.shape} is not listed: what it has is not told")
    series = instance.shape.rpartition(".")[0]
    less = [
        s for s in shapes.values()
        if s.shape.rpartition(".")[0] == series and s.ocpus < own.ocpus and s.memory_in_gbs <= own.memory_in_gbs
    ]  # fmt: skip
    if not less:
        return None
    best = max(less, key=lambda s: (s.ocpus, s.memory_in_gbs))
    return Smaller(best.shape, own.ocpus / best.ocpus, own.memory_in_gbs / best.memory_in_gbs)
