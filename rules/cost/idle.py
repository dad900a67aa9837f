"""What costs and is not used: the figures are in the findings."""

from collections.abc import Iterator
from typing import Any

from assay import LOW, Finding, Resource, rule

MEASURES = {
    "cpu": "a CPU use of {:.2g} % at most on a day's average",
    "utilisation": "{:.2g} % at most used on any day",
    "connections": "{:.3g} connections at most at once",
    "requests": "{:,.0f} requests at most a day",
    "operations": "{:,.0f} reads and writes at most a day",
    "bytes": "{:,.0f} bytes at most a day",
}


@rule(
    on="resource", severity=LOW, sources=["cost", "aws", "oci"], controls=["nist-800-53r5:CM-7"],
    params={"least": 10.0, "days": 7, "cpu": 5.0, "utilisation": 5.0, "connections": 1.0, "requests": 10.0,
            "operations": 1000.0, "bytes": 1e6},
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
    month = 30 * r["cost"] / len(days)
    if month < params["least"]:
        return
    known = [value for value in used if value != None]
    if any(value >= params[measure] for value in known):
        return
    cost = f"{month:,.2f} {r['currency']} a month".replace("  ", " ")
    needed = max(params["days"], len(used))
    if len(known) < needed:
        yield r.unsure(f"{cost}, and how much it was used is known of {len(known)} days of {needed}", at="used")
        return
    how = MEASURES[measure].format(max(known))
    yield r.fails(f"{cost} for {how} ({len(known)} days, {days[0]} to {days[-1]})", at="used")
