"""Service levels over time, on the metrics that an OpenSLO document names: what is left of the budget, and its pace."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, MEDIUM, Finding, Resource, rule
from assay.analysis.service_levels import (
    RATES,
    Alert,
    Burn,
    Standing,
    alerted,
    amount,
    burns,
    lasting,
    of_parts,
    percent,
    standing,
)  # fmt: skip


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
    if not service.absent("parts"):
        left = "nothing" if at.left < 0 else percent(at.left)
        return f"{left} of the error budget is left ({of_parts(service)})"
    allowed = s.total * (1 - at.target) if service["whole"] == None else service["whole"] * (1 - at.target)
    counts = f"{amount(s.bad)} of {amount(s.total)} bad, {amount(allowed)} allowed"
    if at.left >= 0:
        return f"{percent(at.left)} of the error budget is left ({counts})"
    return f"nothing of the error budget is left, {percent(s.seen)} of it is spent ({counts})"


def good(service: Resource) -> str:
    """What was to be good, in words: `of events`, `of points < 0.3 (the last is 0.2)`."""
    condition, last = service["condition"], service["last"]
    if not service.absent("parts"):
        weights = ", ".join(f"{part['weight']:g}" for part in service["parts"])
        return f"of its parts, weighed {weights},"
    said = f"of {service['unit']}" + (f" {condition}" if condition != None else "")
    return said + (f" (the last value is {amount(last)})" if last != None and condition != None else "")


@rule(on="service", severity=HIGH, sources=["aws", "oci", "cluster"], controls=["nist-800-53r5:SI-4"])
def sla_objective_breached(service: Resource) -> Iterator[Finding]:
    """A service's level over its window is at or above its objective.

    A composite (several objectives with indicators of their own) meets its objective when its parts together, by their
    `compositeWeight`, spent no more than their budgets together; each part is judged besides.

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


@rule(on="service", severity=HIGH, sources=["aws", "oci", "cluster"], controls=["nist-800-53r5:SI-4"])
def sla_alert_condition_met(service: Resource) -> Iterator[Finding]:
    """No alert that an objective declares is due.

    ## Why
    What the team itself wrote down as the pace at which somebody is to be told has been reached; whether anybody was
    told, the document does not say.
    ## Fix
    Look at what fails since then. An alert that is due every day and bothers nobody has the wrong threshold.
    """
    for alert in service["alerts"]:
        at = alerted(service, alert)
        severity = MEDIUM if alert["severity"].lower() in ("ticket", "warning", "info", "low") else HIGH
        if at == None:
            yield service.unsure(
                f"{named(alert)}: its lookbackWindow of {lasting(alert['lookback'])} is shorter than a point of the "
                "series, or longer than what there is of them: whether it is due cannot be told",
                at="target", key=alert["condition"],
            )  # fmt: skip
        elif at.now.present == 0:
            if alert["no_data"]:
                yield service.fails(
                    f"{named(alert)}, which tells of missing data, is due: there are no points of the last "
                    f"{lasting(alert['lookback'])}", at="target", key=alert["condition"], severity=severity,
                )  # fmt: skip
            elif alert["breaching"]:
                yield service.unsure(f"{pace(alert, at)}: there are no points", at="target", key=alert["condition"])
        elif alert["breaching"] and at.certain:
            yield service.fails(
                f"{pace(alert, at)}: it is due", at="target", key=alert["condition"], severity=severity
            )  # fmt: skip
        elif alert["breaching"] and at.possible:
            yield service.unsure(
                f"{pace(alert, at)}: {at.now.present} of {at.now.expected} expected points were there, and whether it "
                "is due cannot be told", at="target", key=alert["condition"],
            )  # fmt: skip
    due = "no declared alert is due" if service["alerts"] else "it declares no alert that can be judged"
    yield service.passes(due, at="target")


def named(alert: Any) -> str:
    """An alert condition in words."""
    policy = "" if alert["policy"] == alert["condition"] else f" of {alert['policy']}"
    return f"the alert condition {alert['condition']}{policy}" + (
        f" ({alert['severity']})" if alert["severity"] else ""
    )


def pace(alert: Any, at: Alert) -> str:
    """What the budget's pace is, and what the alert says of it."""
    limit = {"gt": "over", "gte": "at or over", "lt": "under", "lte": "at or under"}[alert["op"]]
    after = f" for {lasting(alert['after'])}" if alert["after"] else ""
    return (
        f"the error budget burns at {at.now.seen:.3g} times its pace over {lasting(alert['lookback'])}, and "
        f"{named(alert)} is {limit} {alert['threshold']:g}{after}"
    )
