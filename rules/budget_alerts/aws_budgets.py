"""Budgets and cost anomalies: somebody is told before the bill."""

from collections.abc import Iterator

from assay import LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, rule

FAMILY = ("aws_budgets_budget", "aws_budgets_budget_action", "aws_ce_anomaly_monitor", "aws_ce_anomaly_subscription")


def manages_cost(account: Resource, graph: Graph) -> bool:
    """True for a live account, and for a configuration that looks after cost at all: a small module need not."""
    return account.source not in ("terraform", "plan") or any(graph.beside(account, type_) for type_ in FAMILY)


def heard(notification: Block) -> bool:
    """True when somebody receives the notification."""
    listed = ("subscriber_email_addresses", "subscriber_sns_topic_arns")
    return any_of(listed, lambda name: notification[name] not in (None, []))


@rule(on="account", severity=MEDIUM)
def aws_account_no_budget(account: Resource, graph: Graph) -> Iterator[Finding]:
    """The account has a cost budget that tells somebody.

    ## Why
    A runaway job, or a stolen key that mines coins, shows in the bill first; without a budget that is weeks later.
    ## Fix
    Add an `aws_budgets_budget` of type `COST` with a notification.
    """
    if not manages_cost(account, graph):
        return
    budgets = graph.beside(account, "aws_budgets_budget")
    if not any_of(budgets, lambda b: b["budget_type"] == "COST"):
        yield account.fails("the account has no cost budget")
    elif not any_of(budgets, lambda b: any_of(b.each("notification"), heard)):
        yield account.fails("no budget tells anybody", because=[b.where() for b in budgets])


@rule(on="aws_budgets_budget", severity=MEDIUM)
def aws_budget_no_forecast_alert(budget: Resource) -> Iterator[Finding]:
    """Budgets warn of a forecast, and somebody hears it.

    ## Why
    A warning about money already spent comes too late to spend less; the forecast comes days earlier.
    ## Fix
    Add a `notification` with `notification_type = "FORECASTED"` and a subscriber.
    """
    forecasts = [n for n in budget.each("notification") if n["notification_type"] == "FORECASTED"]
    if not forecasts:
        yield budget.fails("no notification speaks of the forecast")
    elif not any_of(forecasts, heard):
        yield forecasts[0].fails("the forecast's notification has no subscriber")


@rule(on="account", severity=LOW)
def aws_no_cost_anomaly_monitor(account: Resource, graph: Graph) -> Iterator[Finding]:
    """Cost anomalies are watched and somebody is told.

    ## Why
    A budget compares with a number somebody guessed; the anomaly monitor notices that one service costs ten times what
    it did last week, long before the month's budget is used.
    ## Fix
    Add an `aws_ce_anomaly_monitor` and an `aws_ce_anomaly_subscription` that names it.
    """
    if not manages_cost(account, graph):
        return
    monitors = graph.beside(account, "aws_ce_anomaly_monitor")
    if not any_of(monitors, lambda m: bool(graph.users(m, "aws_ce_anomaly_subscription"))):
        yield account.fails("no cost anomaly monitor has a subscriber", because=[m.where() for m in monitors])
