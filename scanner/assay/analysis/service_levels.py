"""Service levels over time: how good a service was, what is left of its error budget, how fast it goes.

A level is bounded where points are missing: at best nothing bad happened in them, at worst nothing else, and in each as
much as in the busiest point that is there. Certain is only what both bounds say; without gaps they are the same.
Rates and windows of the alerts are those of the Site Reliability Workbook, chapter 5.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.model import Resource

HOUR = 3600
WINDOWS = {"fast": (HOUR, 300), "slow": (6 * HOUR, 1800), "creeping": (72 * HOUR, 6 * HOUR)}
"""By alert: its long and its short window in seconds. The short one ends the alert soon after the trouble ends."""
RATES = {"fast": 14.4, "slow": 6.0, "creeping": 1.0}
"""By alert: how many times faster than its window allows the budget burns."""
_SLACK = 1 + 1e-9  # budgets are differences of nearly equal numbers

Points = list[float | None]


class Spent(NamedTuple):
    """The share of an error budget that is spent, 1 is all of it: as seen, and at best and at worst.

    `bad`, `total`: what was counted; `present` of `expected` points were there.
    """

    seen: float
    best: float
    worst: float
    bad: float
    total: float
    present: int
    expected: int

    @property
    def complete(self) -> bool:
        return self.present == self.expected


class Standing(NamedTuple):
    """An objective at the moment: what is spent over its window, the level that was seen (None: nothing was)."""

    spent: Spent
    level: float | None
    target: float
    left: float


class Burn(NamedTuple):
    """An alert's rate over its long and its short window, in multiples of what the objective's window allows."""

    alert: str
    rate: float
    long: Spent
    short: Spent

    @property
    def certain(self) -> bool:
        return min(self.long.best, self.short.best) > self.rate * _SLACK

    @property
    def possible(self) -> bool:
        return min(self.long.worst, self.short.worst) > self.rate * _SLACK


def spent(bad: Sequence[float | None], total: Sequence[float | None], target: float, whole: int | None = None) -> Spent:
    """The share of the budget that these points have spent.

    Args:
        bad: of each point how much was bad; None where nobody knows.
        total: of each point how much there was; None where `bad` is.
        target: the share that is to be good.
        whole: how many points the window will have when it is over, where the budget is one of time.
    """
    known = [(b, t) for b, t in zip(bad, total, strict=True) if b is not None and t is not None]
    missing = len(bad) - len(known)
    b, t = sum(one[0] for one in known), sum(one[1] for one in known)
    unseen = missing * max((one[1] for one in known), default=1.0)
    budget = 1 - target

    def share(part: float, of: float) -> float:
        of = max(of, whole or 0)
        return part / of / budget if of > 0 else 0.0

    return Spent(share(b, t), share(b, t + unseen), share(b + unseen, t + unseen), b, t, len(known), len(bad))


def sliced(
    bad: Sequence[float | None], total: Sequence[float | None], size: int, least: float | None
) -> tuple[Points, Points]:
    """Time slices of `size` points: of each whether it was bad, or with `least` None how much of it was.

    A slice without events was not bad; one whose missing points decide is missing itself.
    """
    marks: Points = []
    counts: Points = []
    for i in range(0, len(bad) - size + 1, size):
        one = spent(bad[i : i + size], total[i : i + size], 0.0)  # without a target: the bad share itself
        if least is None:
            known = one.complete
            marks.append(one.seen if known else None)
            counts.append((1.0 if one.total else 0.0) if known else None)
            continue
        allowed = (1 - least) * _SLACK + 1e-12
        decided = one.best > allowed or one.worst <= allowed
        marks.append(float(one.best > allowed) if decided else None)
        counts.append(1.0 if decided else None)
    return marks, counts


def together(parts: Sequence[tuple[float, float, Spent]]) -> Spent:
    """The budget of a composite: its parts' by their weights, as shares of what they had, not as counts.

    Args:
        parts: of each part the weight, the target and what is spent of its own budget.
    """
    budgets = [weight * (1 - target) for weight, target, _ in parts]
    whole, weights = sum(budgets), sum(weight for weight, _, _ in parts)

    def mean(shares: Sequence[float]) -> float:
        return sum(b * share for b, share in zip(budgets, shares, strict=True)) / whole

    every = [one for _, _, one in parts]
    bad = sum(weight * one.bad / one.total for weight, _, one in parts if one.total) / weights
    return Spent(
        mean([one.seen for one in every]), mean([one.best for one in every]), mean([one.worst for one in every]), bad,
        1.0 if any(one.total for one in every) else 0.0, sum(one.present for one in every),
        sum(one.expected for one in every),
    )  # fmt: skip


def standing(service: Resource) -> Standing:
    """Where an objective stands: see `assay.objectives.measure` for what its resource holds."""
    told = service.values  # what is measured has no unknown values, and looking for some takes as long as adding up
    parts = [(p["weight"], p["target"], _over_window(p)) for p in told.get("parts", ())]
    one = together(parts) if parts else _over_window(told)
    return Standing(one, 1 - one.bad / one.total if one.total else None, told["target"], 1 - one.seen)


def _over_window(told: Mapping[str, Any]) -> Spent:
    return spent(told["bad"], told["total"], told["target"], told["whole"])


def burnt(told: Mapping[str, Any], length: int, ago: int = 0) -> Spent | None:
    """The budget's pace over a stretch of `length` seconds that ended `ago` seconds ago, in multiples of what the
    objective's window allows; None where the series does not reach so far, or its points are longer.

    Args:
        told: the values of an objective's resource, or of a part of a composite.
        length: in seconds.
        ago: in seconds.
    """
    if "parts" in told:
        several = [(p["weight"], p["target"], burnt(p, length, ago)) for p in told["parts"]]
        known = [(weight, target, one) for weight, target, one in several if one is not None]
        return together(known) if len(known) == len(several) else None
    recent = told["recent"]
    step, bad, total = recent["step"], recent["bad"], recent["total"]
    count, end = max(1, round(length / step)), len(bad) - ago // step
    if step > length or count > end:
        return None
    return spent(bad[end - count : end], total[end - count : end], told["target"])


def burns(service: Resource, rates: dict[str, Any]) -> list[Burn]:
    """The alerts' rates over their windows, the fastest first; those that are longer than the objective's window, or
    shorter than a point of its series, are left out."""
    found = []
    for alert, (long, short) in WINDOWS.items():
        one = burnt(service.values, long) if long <= service["seconds"] else None
        if one is not None:  # a short window may well be shorter than a point: the last one stands for it
            other = burnt(service.values, max(short, _point(service.values))) or one
            found.append(Burn(alert, float(rates[alert]), one, other))
    return found


def _point(told: Mapping[str, Any]) -> int:
    """How long a point of the series is in seconds, the longest of a composite's parts."""
    if "parts" in told:
        return max(_point(p) for p in told["parts"])
    step: int = told["recent"]["step"]
    return step


class Alert(NamedTuple):
    """What an alert condition comes to: `certain`, `possible`, or nothing known at all; the pace at the moment."""

    certain: bool
    possible: bool
    now: Spent


def alerted(service: Resource, alert: Mapping[str, Any]) -> Alert | None:
    """Whether a declared condition holds, and has for as long as it says; None where the points are too coarse for it.

    Args:
        service: the resource of an objective.
        alert: `op` (gt, gte, lt, lte), `threshold` (multiples of the pace), `lookback` and `after` in seconds.
    """
    step = _point(service.values)
    now = burnt(service.values, alert["lookback"])
    if now is None:
        return None
    paces = [burnt(service.values, alert["lookback"], ago) for ago in range(0, alert["after"] + 1, step)]
    every = [pace for pace in paces if pace is not None]
    more = alert["op"] in ("gt", "gte")
    certain = [_beyond(one.best if more else one.worst, alert) for one in every]
    possible = [_beyond(one.worst if more else one.best, alert) for one in every]
    return Alert(all(certain) and len(every) == len(paces), all(possible), now)


def _beyond(pace: float, alert: Mapping[str, Any]) -> bool:
    limit, op = alert["threshold"], alert["op"]
    near = abs(pace - limit) <= limit * 1e-9
    return near if near and op in ("gte", "lte") else not near and (pace > limit) == (op in ("gt", "gte"))


def left_over_time(service: Resource, most: int = 160) -> list[float]:
    """What was left of the budget from the window's start to its end, at no more than so many moments; 1 is all."""
    told = service.values
    if "parts" in told:
        lines = [(p["weight"] * (1 - p["target"]), _left(p, most)) for p in told["parts"]]
        known = [(budget, line) for budget, line in lines if line]
        size = max((len(line) for _, line in known), default=0)
        budgets = sum(budget for budget, _ in known)
        return [sum(b * line[i * (len(line) - 1) // (size - 1)] for b, line in known) / budgets for i in range(size)]
    return _left(told, most)


def _left(told: Mapping[str, Any], most: int) -> list[float]:
    bad, total = told["bad"], told["total"]
    whole = max(sum(t for t in total if t is not None), told["whole"] or 0) * (1 - told["target"])
    left = [1 - gone / whole for gone in accumulate(b or 0.0 for b in bad)] if whole > 0 else []
    step = -(-len(left) // most) or 1
    return [1.0, *left[step - 1 :: step]] + (left[-1:] if len(left) % step else [])


def of_parts(service: Resource) -> str:
    """What is left of each part's own budget, in words."""
    return ", ".join(
        f"{p['name'].removeprefix(service.address + '/')}: {percent(1 - _over_window(p).seen)} of its own"
        for p in service.values["parts"]
    )


def sentence(told: dict[str, Any]) -> str:
    """One objective of a report's summary in a line."""
    goal = f"over {told['window']} (objective {percent(told['target'])})"
    if told["level"] is None:
        return f"{told['name']}: no level is known {goal}"
    level, left = percent(told["level"], told["target"]), percent(max(0.0, told["budget_left"]))
    if told["points"] == told["expected"]:
        return f"{told['name']}: {level} {goal}, {left} of the error budget left"
    worst, best = (percent(max(0.0, share)) for share in told["budget_between"])
    points = f"{told['points']:,} of {told['expected']:,} points were there"
    return f"{told['name']}: {level} of what was seen {goal}, {worst} to {best} of the error budget left, {points}"


def percent(share: float, near: float | None = None) -> str:
    """A share as a percentage, with as many digits as tell it from another one."""
    for digits in range(2, 7):
        text = f"{100 * share:.{digits}f}"
        if near is None or share == near or text != f"{100 * near:.{digits}f}":
            break
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


def amount(count: float) -> str:
    """A number as a reader wants it: of many whole ones, of few as many digits as matter."""
    return f"{count:,.0f}" if abs(count) >= 1000 else f"{count:.4g}"


def lasting(seconds: float) -> str:
    """A stretch of time in words: `28 days`, `6 hours`, `5 minutes`."""
    for size, word in ((86400, "day"), (HOUR, "hour"), (60, "minute")):
        if seconds >= size or size == 60:
            amount = round(seconds / size, 1)
            return f"{amount:g} {word}{'' if amount == 1 else 's'}"
    raise AssertionError
