"""What costs and is not used: the figures are in the findings."""

from collections.abc import Iterator
from typing import Any

from assay import LOW, Finding, Resource, rule
from assay.idle import HOURS

MEASURES = {
    "cpu": "a CPU use of {:.2g} % at most on a day's average",
    "utilisation": "{:.2g} % at most used on any day",
    "connections": "{:.3g} connections at most at once",
    "requests": "{:,.0f} requests at most a day",
    "operations": "{:,.0f} reads and writes at most a day",
    "bytes": "{:,.0f} bytes at most a day",
}


FLOORS = {"cpu": 5.0, "utilisation": 5.0, "connections": 1.0, "requests": 10.0, "operations": 1000.0, "bytes": 1e6}
"""What is used less than this is idle."""


def monthly(r: Resource) -> tuple[float, str]:
    """What it costs a month, and the same in words."""
    month = 30 * r["cost"] / len(r["days"])
    return month, f"{month:,.2f} {r['currency']} a month".replace("  ", " ")


@rule(
    on="resource", severity=LOW, sources=["cost", "aws", "oci"], controls=["nist-800-53r5:CM-7"],
    params={"least": 10.0, "days": 7, **FLOORS},
)  # fmt: skip
def cost_idle_resource(r: Resource, graph: Any, params: dict[str, Any]) -> Iterator[Finding]:
    """What costs more than a little is used.

    ## Why
    A machine that nobody uses costs as much as one that is busy, and is patched by nobody.
    ## Fix
    Stop or remove it, or take the smallest size. `least` is what it may cost a month, `days` how many days have to be
    known; the other parameters are the floors of what is measured, all of which count for a day.
    """
    days, used, measure = r["days"], r["used"], r["measure"]
    month, cost = monthly(r)
    if month < params["least"]:
        return
    known = [value for value in used if value != None]
    if any(value >= params[measure] for value in known):
        return
    needed = max(params["days"], len(used))
    if len(known) < needed:
        yield r.unsure(f"{cost}, and how much it was used is known of {len(known)} days of {needed}", at="used")
        return
    how = MEASURES[measure].format(max(known))
    yield r.fails(f"{cost} for {how} ({len(known)} days, {days[0]} to {days[-1]})", at="used")


@rule(
    on="resource", severity=LOW, sources=["aws", "oci"], controls=["nist-800-53r5:CM-7"],
    params={"least": 10.0, "limit": 80.0, "hours": 168},
)  # fmt: skip
def cost_oversized_resource(r: Resource, graph: Any, params: dict[str, Any]) -> Iterator[Finding]:
    """A machine is as large as its busiest hours need.

    ## Why
    Half a machine that is never needed is paid for every hour, and the next size down does the same work.
    ## Fix
    Take the size that is named, at the next maintenance. `limit` is the percentage to which it would be used at most:
    the CPU in 99 of 100 hours, by the busiest moment of each, memory in all of them. A burstable size has to carry the
    mean of the busiest day too, members of one cluster the load of the busiest. `least` is what the machine may cost a
    month, `hours` how many hours have to be known. The CPU alone proves nothing: where memory is not reported (an EC2
    instance without the CloudWatch agent) this is undecided. What is hardly used at all is told by
    `cost-idle-resource` instead.
    """
    month, cost = monthly(r)
    if r.absent("busiest") or month < params["least"] or is_idle(r):
        return
    limit, cpu, memory = params["limit"], r["busiest.cpu"], r["busiest.memory"]
    if (cpu != None and cpu["usual"] > limit) or (memory != None and memory["most"] > limit):
        return
    smaller = r["smaller"]
    if smaller == None or fully_used(cpu, memory, smaller, limit):
        return
    said = f"{cost} as {r['size']}, {busy(cpu)}"
    if cpu == None or cpu["hours"] < params["hours"]:
        yield r.unsure(f"{said}: too little to tell whether {smaller['name']} would do", at="busiest")
        return
    if memory == None or memory["hours"] < 0.9 * cpu["hours"]:
        how = "is not reported" if memory == None else f"is known of {memory['hours']} hours only"
        yield r.unsure(f"{said}; memory {how}, so whether {smaller['name']} would do is open", at="busiest")
        return
    yield r.fails(
        f"{said}, memory at most {memory['most']:.3g} % used: {smaller['name']} would be used to "
        f"{cpu['usual'] * smaller['cpu']:.3g} % and {memory['most'] * smaller['memory']:.3g} % of memory, "
        f"and {limit:g} % are allowed ({r['days'][0]} to {r['days'][-1]})",
        at="busiest",
    )  # fmt: skip


def fully_used(cpu: Any, memory: Any, smaller: Any, limit: float) -> bool:
    """Whether the next size down is known to be too small: its CPU, the credits for it, or its memory."""
    if cpu != None:
        sustained = smaller["sustained"]
        if cpu["usual"] * smaller["cpu"] > limit or (sustained != None and cpu["day"] * smaller["cpu"] > sustained):
            return True
    return bool(memory != None and memory["most"] * smaller["memory"] > limit)


def is_idle(r: Resource) -> bool:
    """Whether nothing that is known says that it was used."""
    known = [value for value in r["used"] if value != None]
    return bool(known) and max(known) < FLOORS[r["measure"]]


def busy(cpu: Any) -> str:
    """How busy its CPU was, in words."""
    if cpu == None:
        return "and how busy its CPU was is not known"
    return (
        f"its CPU at or below {cpu['usual']:.3g} % in 99 of 100 hours, {cpu['most']:.3g} % at most "
        f"({cpu['hours']} of {HOURS} hours known)"
    )
