"""Service levels over time, on the metrics that an OpenSLO document names: what is left of the budget, and its pace."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, MEDIUM, Finding, Resource, rule
from assay.analysis.service_levels import RATES, Burn, Standing, amount, burns, lasting, percent, standing


def over(service: Resource) -> str:
    """The window in words."""
    window = service["window"]
    if service["rolling"] == True:
        return f"over {window} to {service['to']}"
    return f"from {service['from']} to {service['to']} (a window of {window})"


def gaps(at: Standing) -> str:
    """What is missing, in words; nothing when nothing is."""
    s = at.spent
    return "" if s.complete else f"{s.present:,} of {s.expected:,} expected points were there"


def budget(service: Resource, at: Standing) -> str:
    """What is left of the error budget, in words."""
    s = at.spent
    allowed = s.total * (1 - at.target) if service["whole"] == None else service["whole"] * (1 - at.target)
    counts = f"{amount(s.bad)} of {amount(s.total)} bad, {amount(allowed)} allowed"
    if at.left >= 0:
        return f"{percent(at.left)} of the error budget is left ({counts})"
    return f"nothing of the error budget is left, {percent(s.seen)} of it is spent ({counts})"


def good(service: Resource) -> str:
    """What was to be good, in words: `of events`, `of points < 0.3 (the last is 0.2)`."""
    condition, last = service["condition"], service["last"]
    said = f"of {service['unit']}" + (f" {condition}" if condition != None else "")
    return said + (f" (the last value is {amount(last)})" if last != None and condition != None else "")


@rule(on="service", severity=HIGH, sources=["aws", "oci", "cluster"], controls=["nist-800-53r5:SI-4"])
def sla_objective_breached(service: Resource) -> Iterator[Finding]:
    """A service's level over its window is at or above its objective.

    ## Why
    The objective is what users were promised; below it they pay for what they do not get, and the error budget that
    changes may spend is gone.
    ## Fix
    Look at what failed in the window that is named, and spend time on that before new features. An objective that
    nobody needs is lowered, knowingly.
    """
    at = standing(service)
    missing, goal = gaps(at), f"the objective is {percent(at.target)}"
    if at.level == None:
        why = missing if at.spent.present == 0 else "there were no events"
        yield service.unsure(f"no level can be told {over(service)}: {why}; {goal}", at="target")
        return
    seen = f"{percent(at.level, at.target)} {good(service)} were good {over(service)}, {goal}"
    said = "; ".join(part for part in (f"{seen}: {budget(service, at)}", missing) if part)
    if at.spent.best > 1 + 1e-9:
        yield service.fails(said, at="target")
    elif at.spent.worst > 1 + 1e-9:
        bounds = " to ".join(percent(max(0.0, 1 - share)) for share in (at.spent.worst, at.spent.best))
        yield service.unsure(f"{missing} {over(service)}: {bounds} of the error budget is left, {goal}", at="target")
    else:
        yield service.passes(said, at="target")


@rule(
    on="service", severity=HIGH, sources=["aws", "oci", "cluster"], controls=["nist-800-53r5:SI-4"], params=RATES,
)  # fmt: skip
def sla_error_budget_burn(service: Resource, graph: Any, params: dict[str, Any]) -> Iterator[Finding]:
    """The error budget burns slower than its alert rates.

    ## Why
    At 14.4 times its pace the budget of a month is gone in two days. The windows are those of the Site Reliability
    Workbook: fast, 14.4 times over 1 hour and 5 minutes; slow, 6 times over 6 hours and 30 minutes; creeping, once
    over 3 days and 6 hours. The short window ends an alert when the trouble has ended.
    ## Fix
    Fast and slow: somebody has to act now. Creeping: within days. The parameters `fast`, `slow` and `creeping` are
    the rates.
    """
    doubt = None
    for burn in burns(service, params):
        if burn.certain:
            yield service.fails(
                burning(service, burn), at="target", severity=MEDIUM if burn.alert == "creeping" else HIGH,
                key=burn.alert,
            )  # fmt: skip
            return
        if burn.possible and doubt == None:
            doubt = burn
    if doubt != None:
        present, expected = doubt.long.present, doubt.long.expected
        yield service.unsure(
            f"{present:,} of {expected:,} expected points were there in {window(doubt, 0)}, {doubt.short.present} of "
            f"{doubt.short.expected} in {window(doubt, 1)}: whether the budget burns over {doubt.rate:g} times its "
            f"pace ({doubt.alert}) cannot be told",
            at="target", key=doubt.alert,
        )  # fmt: skip
    else:
        pace = max((b.long.seen for b in burns(service, params)), default=0.0)
        yield service.passes(f"the error budget burns at {pace:.3g} times its pace at most", at="target")


def window(burn: Burn, which: int) -> str:
    """The long (0) or the short (1) window of an alert in words."""
    from assay.analysis.service_levels import WINDOWS

    return lasting(WINDOWS[burn.alert][which])


def burning(service: Resource, burn: Burn) -> str:
    """How fast the budget goes, what is left of it, and for how long."""
    at = standing(service)
    pace = (
        f"the error budget burns at {burn.long.seen:.3g} times its pace over {window(burn, 0)} and "
        f"{burn.short.seen:.3g} over {window(burn, 1)} ({burn.alert}: the alert rate is {burn.rate:g})"
    )
    if at.level == None or at.left <= 0:
        return f"{pace}; nothing of it is left"
    left = lasting(at.left * service["seconds"] / burn.long.seen)
    return f"{pace}; {percent(at.left)} of it is left, which lasts {left} at this pace"
