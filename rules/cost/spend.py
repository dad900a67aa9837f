"""Spend that leaves its pattern, its budget or its share: the figures are in the findings."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, LOW, MEDIUM, Finding, Resource, rule
from assay.analysis.cost import anomalies, days_of, forecast


def money(amount: float, currency: str) -> str:
    """An amount as a reader wants it."""
    return f"{amount:,.2f} {currency}".strip()


@rule(
    on="service", severity=MEDIUM, sources=["cost"], controls=["nist-800-53r5:SI-4"],
    params={"days": 35, "width": 8.0, "least": 1.0, "share": 0.2},
)  # fmt: skip
def cost_anomaly(service: Resource, graph: Any, params: dict[str, Any]) -> Iterator[Finding]:
    """A service's daily spend stays within its own pattern.

    ## Why
    A loop, a forgotten cluster or a stolen key shows on the bill within a day, and is paid for weeks when nobody looks.
    ## Fix
    Find what was started on the day that is named. If it is meant, the next weeks become the pattern.
    """
    limits = {name: params[name] for name in ("width", "least", "share")}
    for a in anomalies(days_of(service["days"]), service["costs"], judged=params["days"], **limits):
        c = service["currency"]
        when = f"on {a.start}" if a.start == a.end else f"from {a.start} to {a.end}"
        yield service.fails(
            f"{a.kind} {when}: {money(a.cost, c)} where {money(a.expected, c)} was expected "
            f"(band {money(a.low, c)} to {money(a.high, c)}), {money(a.over, c)} over",
            at="costs", key=f"{a.kind} {a.start}",
        )  # fmt: skip


@rule(on="budget", severity=HIGH, sources=["cost"])
def cost_forecast_over_budget(budget: Resource) -> Iterator[Finding]:
    """The month is expected to end within its budget.

    ## Why
    On the last day of the month nothing can be saved any more.
    ## Fix
    Look at the services that grew (`cost-anomaly`), or raise the budget knowingly.
    """
    ends = forecast(days_of(budget["days"]), budget["costs"])
    if ends != None and ends.high > budget["amount"]:
        c = budget["currency"]
        certain = "will" if ends.low > budget["amount"] else "may"
        yield budget.fails(
            f"the month {certain} end over {money(budget['amount'], c)}: {money(ends.spent, c)} spent, "
            f"{money(ends.expected, c)} expected in all ({money(ends.low, c)} to {money(ends.high, c)})",
            at="amount",
        )  # fmt: skip


@rule(on="budget", severity=LOW, sources=["cost"], params={"times": 3.0})
def cost_budget_unrealistic(budget: Resource, graph: Any, params: dict[str, Any]) -> Iterator[Finding]:
    """A budget is near enough to the spend for its alerts to fire.

    ## Why
    An alert at 80 percent of ten times the spend never fires, and whoever set it believes to be warned.
    ## Fix
    Set the amount to what a month may cost, not to what it could never cost.
    """
    ends = forecast(days_of(budget["days"]), budget["costs"])
    if ends != None and ends.high > 0 and budget["amount"] > params["times"] * ends.high:
        c = budget["currency"]
        yield budget.fails(
            f"{money(budget['amount'], c)} is over {params['times']:g} times what the month may cost at most "
            f"({money(ends.high, c)})",
            at="amount",
        )  # fmt: skip


@rule(on="service", severity=LOW, sources=["cost"], params={"share": 0.25, "growth": 2.0, "least": 5.0})
def cost_egress_surge(service: Resource, graph: Any, params: dict[str, Any]) -> Iterator[Finding]:
    """Data transfer out keeps its share of a service's cost.

    ## Why
    Traffic between clouds and to the internet is the one cost that no size of machine bounds, and how data leaves.
    ## Fix
    Keep the traffic in the region or behind an endpoint, and ask who reads so much.
    """
    costs, out = service["costs"], service["egress"]
    if len(costs) < 28:
        return
    recent, before = sum(out[-7:]), sum(out[-28:-7]) / 3
    total = sum(costs[-7:])
    if recent >= params["least"] and recent > params["share"] * total and recent > params["growth"] * before:
        c = service["currency"]
        yield service.fails(
            f"data transfer out cost {money(recent, c)} in the last week, {recent / total:.0%} of the service; "
            f"a week before it was {money(before, c)}",
            at="egress",
        )  # fmt: skip
