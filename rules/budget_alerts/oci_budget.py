"""Budgets that somebody hears from in time."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, rule, show
from assay.analysis.literals import number
from assay.analysis.oci_tenancy import answers_for, exists, is_code


@rule(on="oci_budget_alert_rule", severity=HIGH)
def oci_budget_alert_no_recipients(alert: Resource) -> Iterator[Finding]:
    """Budget alerts go to somebody.

    ## Why
    An alert without a valid address is computed and thrown away.
    ## Fix
    Set `recipients` to mail addresses, separated by commas.
    """
    recipients = alert["recipients"]
    if recipients == None or recipients.strip() == "":
        yield alert.fails("nobody is told", at="recipients")
        return
    for address in recipients.replace(";", " ").replace(",", " ").split():
        name, _, domain = address.partition("@")
        if not name or "." not in domain or "@" in domain:
            yield alert.fails(f"{show(address)} is no mail address", at="recipients")
            return


@rule(
    on="oci_budget_budget",
    severity=MEDIUM,
    equivalents=["cis_reports:OBP:Cost_Tracking_Budgets", "steampipe-oci-thrifty:budget_alert_count"],
)
def oci_budget_no_alert(budget: Resource, graph: Graph) -> Iterator[Finding]:
    """Budgets have an alert rule.

    ## Why
    A budget limits nothing: without an alert it is a number that somebody would have to go and look at.
    ## Fix
    Add an `oci_budget_alert_rule` with its `budget_id`.
    """
    if not graph.users(budget, "oci_budget_alert_rule"):
        yield budget.fails("no alert rule: nobody hears of the money spent")


def _warns(alert: Resource, budget: Resource, kind: str, percent: int) -> bool:
    """True for an alert of this kind that comes at or below this share of the budget."""
    if alert["type"] != kind:
        return False
    if alert["threshold_type"] == "ABSOLUTE":
        return bool(number(alert["threshold"]) * 100 <= percent * number(budget["amount"]))
    return number(alert["threshold"]) <= percent


@rule(on="oci_budget_budget", params={"threshold": 80}, severity=LOW)
def oci_budget_no_early_alert(budget: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Budgets alert while there is still something left to save.

    ## Why
    An alert at the full amount arrives when the money is gone.
    ## Fix
    Add an `oci_budget_alert_rule` of type `ACTUAL` with a threshold of 80 percent or less.
    """
    alerts = graph.users(budget, "oci_budget_alert_rule")
    if not any_of(alerts, lambda alert: _warns(alert, budget, "ACTUAL", params["threshold"])):
        yield budget.fails(f"no alert on actual spend at or below {params['threshold']} percent")


@rule(on="oci_budget_budget", severity=MEDIUM)
def oci_budget_no_forecast_alert(budget: Resource, graph: Graph) -> Iterator[Finding]:
    """Budgets alert when the forecast exceeds them.

    ## Why
    A forecast tells in the first days of a month what the bill tells after its end.
    ## Fix
    Add an `oci_budget_alert_rule` of type `FORECAST` with a threshold of 100 percent or less.
    """
    alerts = graph.users(budget, "oci_budget_alert_rule")
    if not any_of(alerts, lambda alert: _warns(alert, budget, "FORECAST", 100)):
        yield budget.fails("no alert on the forecast at or below 100 percent")


def _parents(compartment: Resource, graph: Graph) -> list[Resource]:
    """The compartment and those it lies in, as far as they are among the inputs."""
    found = [compartment]
    for current in found:
        found += [p for p in graph.follow(current, "compartment_id") if p.source != "uncollected" and p not in found]
    return found


def _covers(budget: Resource, line: list[Resource], graph: Graph) -> bool:
    """True when the budget watches one of the compartments in `line`, or what they all lie in."""
    if budget["target_type"] == "TAG":
        return False
    targets = [*as_list(budget["targets"]), *as_list(budget["target_compartment_id"])]
    for path in ("targets", "target_compartment_id"):
        named = graph.follow(budget, path)
        known = [c for c in named if c.source != "uncollected"]
        if any(c in line for c in known):
            return True
        if len(known) < len(named) and any_of(line, lambda c: any_of(targets, lambda t: c["compartment_id"] == t)):
            return True
    return False


@rule(
    on=["oci_identity_compartment", "tenancy"],
    severity=MEDIUM,
    equivalents=["cis_reports:OBP:Cost_Tracking_Budgets", "steampipe-oci-thrifty:budget_alert_count"],
)
def oci_compartment_no_budget(scope: Resource, graph: Graph) -> Iterator[Finding]:
    """Every compartment is watched by a budget.

    ## Why
    Spend in a compartment that no budget covers is noticed on the bill.
    ## Fix
    Let an `oci_budget_budget` target the compartment, one it lies in, or the tenancy.
    """
    budgets = graph.beside(scope, "oci_budget_budget")
    if scope.type == "tenancy":
        if answers_for(scope, graph) and not exists(scope, graph, "oci_budget_budget"):
            yield scope.fails("no budget at all")
    elif budgets or not is_code(scope):
        line = _parents(scope, graph)
        if not any_of(budgets, lambda budget: _covers(budget, line, graph)):
            yield scope.fails("no budget targets the compartment, one it lies in, or the tenancy")


@rule(
    on=["oci_limits_quota", "tenancy"],
    severity=LOW,
    controls=["nist-800-53r5:SC-6"],
    equivalents=["cis_reports:OBP:Quotas"],
)
def oci_no_quota(scope: Resource, graph: Graph) -> Iterator[Finding]:
    """Quotas bound what compartments may create.

    ## Why
    A budget tells of spend after it happened; a quota keeps a mistake or a thief from creating it.
    ## Fix
    Add `set` or `zero` statements to an `oci_limits_quota`.
    """
    if scope.type == "tenancy":
        if answers_for(scope, graph) and not exists(scope, graph, "oci_limits_quota"):
            yield scope.fails("no quota bounds what may be created")
    elif not any_of(as_list(scope["statements"]), lambda s: s.strip().lower().startswith(("set ", "zero "))):
        yield scope.fails("no statement sets a bound", at="statements")
