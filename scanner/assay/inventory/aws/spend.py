"""Daily spend out of Cost Explorer, and the budgets of the account, for `assay audit cost aws`."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from assay import clock
from assay.inventory.aws.accounts import Audit, Options
from assay.inventory.aws.idle import NOT_ENABLED, idle
from assay.inventory.aws.transport import Boto
from assay.inventory.aws.walk import UNSUPPORTED, CallFailed
from assay.spend import Budgets, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.idle import Used
    from assay.model import Coverage

_STATUS = {"denied": "denied", "throttled": "throttled"}
_NO_PATTERN = ("Tax", "Refund", "Credit", "Fee", "RIFee", "Upfront")


def collect(
    profile: str | None, days: int, endpoint: str | None, coverage: Coverage, tag: str | None = None
) -> tuple[list[Row], Budgets, list[Used], dict[str, float | None]]:
    """The rows of the last days, the monthly budget of the whole account, resources with their use, and what was
    spent without the tag, by currency.

    A denied or failed call is a row of the coverage: nothing is said of what it would have told.

    Raises:
        UsageError: there are no credentials, or they cannot be used.
    """
    audit = Audit(Options(profile=profile, endpoint=endpoint, services=[]))
    account, boto = audit.own.account, audit.boto()
    rows: list[Row] = []
    budgets: Budgets = {}
    untagged: dict[str, float | None] = {}
    for service in ("ce", "budgets"):
        try:
            if service == "ce":
                rows += _rows(boto, days)
                untagged |= _untagged(boto, days, tag, {r.currency for r in rows}) if tag else {}
            else:
                budgets = _budgets(boto, account)
        except CallFailed as error:
            coverage.unit(account, None, service, _STATUS.get(error.kind, "failed"), str(error))
        else:
            coverage.unit(account, None, service, "ok")
    return rows, budgets, _idle(audit, rows, coverage) if rows else [], untagged


def _idle(audit: Audit, rows: list[Row], coverage: Coverage) -> list[Used]:
    """What single resources cost and how much they were used, where the account lets Cost Explorer tell."""
    end, account = date.fromisoformat(clock.today()), audit.own.account
    there = partial(Boto, audit.clients)
    try:
        found, blind, less = idle(audit.boto(), there, account, end, {r.service for r in rows})
    except CallFailed as error:
        if error.code in NOT_ENABLED or error.kind == UNSUPPORTED:
            coverage.notes.append(
                f"costs of single resources are not told ({error.code}): switch them on in Cost Explorer's settings, "
                "and what costs without being used is told too"
            )
        else:
            coverage.unit(account, None, "ce", _STATUS.get(error.kind, "failed"), f"of resources: {error}")
            coverage.not_listed("resource", account, None, f"GetCostAndUsageWithResources: {error}")
        return []
    for one in (*blind, *less):
        coverage.unit(account, one.region, one.service, one.status, one.reason)
    for one in blind:
        coverage.not_listed("resource", account, one.region, one.reason)
    return found


def _rows(boto: Boto, days: int) -> list[Row]:
    end = date.fromisoformat(clock.today())
    period = {"Start": (end - timedelta(days=days)).isoformat(), "End": end.isoformat()}
    groups = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}]
    usage = {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(_NO_PATTERN)}}
    found = []
    for page in boto.call(
        "ce", "GetCostAndUsage", TimePeriod=period, Granularity="DAILY", Metrics=["UnblendedCost"], GroupBy=groups,
        Filter={"Not": usage},
    ):  # fmt: skip
        for result in page.get("ResultsByTime", []):
            day = date.fromisoformat(result["TimePeriod"]["Start"][:10])
            for group in result.get("Groups", []):
                keys, cost = group["Keys"], group["Metrics"]["UnblendedCost"]
                linked, amount = keys[1] if keys[1:] else "", float(cost["Amount"])
                found.append(Row(keys[0], linked, cost.get("Unit", ""), day, amount, 0.0, 0.0, 0.0))
    return found


def _untagged(boto: Boto, days: int, tag: str, currencies: Iterable[str]) -> dict[str, float]:
    """What was spent without a value of a cost allocation tag, by currency."""
    end = date.fromisoformat(clock.today())
    period = {"Start": (end - timedelta(days=days)).isoformat(), "End": end.isoformat()}
    usage = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(_NO_PATTERN)}}}
    found = dict.fromkeys(currencies, 0.0)
    for page in boto.call(
        "ce", "GetCostAndUsage", TimePeriod=period, Granularity="MONTHLY", Metrics=["UnblendedCost"],
        GroupBy=[{"Type": "TAG", "Key": tag}], Filter=usage,
    ):  # fmt: skip
        for result in page.get("ResultsByTime", []):
            for group in result.get("Groups", []):
                cost = group["Metrics"]["UnblendedCost"]
                if group["Keys"][0] == f"{tag}$":  # the tag's name, and no value
                    unit = cost.get("Unit", "")
                    found[unit] = found.get(unit, 0.0) + float(cost["Amount"])
    return found


def _budgets(boto: Boto, account: str) -> Budgets:
    """The smallest monthly cost budget without a filter of each currency: the one that is to hold for everything."""
    found: Budgets = {}
    for page in boto.call("budgets", "DescribeBudgets", AccountId=account):
        for b in page.get("Budgets", []):
            whole = not b.get("CostFilters") and not b.get("FilterExpression")
            if b.get("BudgetType") == "COST" and b.get("TimeUnit") == "MONTHLY" and "BudgetLimit" in b and whole:
                amount, key = float(b["BudgetLimit"]["Amount"]), ("", b["BudgetLimit"].get("Unit", ""))
                if amount > 0:
                    found[key] = min(amount, found.get(key, amount))
    return found
