"""Daily spend: what a day was expected to cost, which days left their pattern, and how the month will end.

The baseline is robust and knows weekdays: the level is a median, the spread a median absolute deviation, the weekday's
factor a median of ratios, so that neither a spike nor a bill run hides the next one. Every answer carries its numbers.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

HISTORY = 56
"""Days of history that a day is compared with."""
LEAST = 14
"""With less history nothing is said of a day."""
LEVEL = 21
WIDTH = 8.0
"""Half a band in standard deviations: few weeks of history tell the deviation badly, and bills have long tails."""
_SIGMA = 1.4826
"""A median absolute deviation times this is the standard deviation of normal noise."""


class Expected(NamedTuple):
    """What a day should cost: the expected amount and the band around it."""

    amount: float
    low: float
    high: float


class Anomaly(NamedTuple):
    """Days in a row that cost more than their band, or a level that has crept up.

    `kind` is spike (it ended), step (it goes on) or drift; amounts are sums over the days, `over` what is too much.
    """

    kind: str
    start: date
    end: date
    cost: float
    expected: float
    low: float
    high: float
    over: float


class Forecast(NamedTuple):
    """A month's end: what is spent, what is expected in all, and the bounds that it will be within 19 times of 20."""

    spent: float
    expected: float
    low: float
    high: float


def _median(values: list[float]) -> float:
    """The median of what is not empty; that of `statistics`, without its questions."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def factors(costs: Sequence[float], weekdays: Sequence[int]) -> list[float]:
    """What each weekday costs, Monday first, as a ratio to the level of its own week; 1 where too little is known."""
    ratios: list[list[float]] = [[] for _ in range(7)]
    sums = [0.0, *accumulate(costs)]
    if len(costs) < 7:
        return [1.0] * 7
    # The mean of the week around each day, of five or six days next to an end; the first and the last day have none.
    middles = [(b - a) / 7 for a, b in zip(sums, sums[7:])]  # noqa: B905 - a thousand series pass here each day
    middles = [sums[5] / 5, sums[6] / 6, *middles, (sums[-1] - sums[-7]) / 6, (sums[-1] - sums[-6]) / 5]
    for cost, middle, weekday in zip(costs[1:-1], middles, weekdays[1:-1], strict=True):
        if middle > 1e-9:
            ratios[weekday].append(cost / middle)
    found = [_median(r) if len(r) >= 3 else 1.0 for r in ratios]
    return [f if f > 0.02 else 1.0 for f in found]


def expected(
    history: Sequence[float], weekdays: Sequence[int], weekday: int, width: float = WIDTH, *, trend: bool = True
) -> Expected | None:
    """What the day after `history` should cost; None when the history is too short.

    Args:
        history: costs of the days before, the oldest first.
        weekdays: their weekdays, Monday 0.
        weekday: that of the day asked about.
        width: half the band's width in standard deviations.
        trend: go on with the slope of the last weeks; for the next day it helps, for a month it runs away.
    """
    if len(history) < LEAST:
        return None
    recent, days = list(history[-HISTORY:]), list(weekdays[-HISTORY:])
    by_day = factors(recent, days)
    last = [c / by_day[d] for c, d in zip(recent[-LEVEL:], days[-LEVEL:], strict=True)]
    half = len(last) // 2
    slope = (_median(last[-half:]) - _median(last[:half])) / (len(last) - half)
    level = _median(last)
    middle = (len(last) - 1) / 2
    spread = _SIGMA * _median([abs(x - (level + slope * (i - middle))) for i, x in enumerate(last)])
    spread = max(spread, 0.02 * abs(level), 0.005)
    ahead = slope * (len(last) + 1) / 2 if trend else 0.0
    amount = max(0.0, (level + ahead) * by_day[weekday])
    reach = width * spread * by_day[weekday]
    return Expected(amount, max(0.0, amount - reach), amount + reach)


def anomalies(
    days: Sequence[date], costs: Sequence[float], *, judged: int | None = None, width: float = WIDTH,
    least: float = 1.0, share: float = 0.2,
) -> list[Anomaly]:  # fmt: skip
    """The episodes in which spend left its pattern upwards, the oldest first.

    Args:
        days: consecutive days.
        costs: what they cost.
        judged: how many of the last days are judged; all by default.
        width: as `expected`.
        least: an episode is told when it costs so much more than expected, in the currency of the costs.
        share: and so much more relative to what was expected.
    """
    weekdays = [d.weekday() for d in days]
    clean = list(costs)
    outside: list[Expected | None] = [None] * len(days)
    for i in range(max(0, len(days) - judged) if judged is not None else 0, len(days)):
        wanted = expected(clean[:i], weekdays[:i], weekdays[i], width)
        if wanted is not None and costs[i] > wanted.high and costs[i] - wanted.amount > share * wanted.amount:
            outside[i] = wanted
            if sum(o is not None for o in outside[max(0, i - 6) : i + 1]) < 6:
                clean[i] = wanted.amount  # an episode must not become its own excuse, until it is the new level
    found: list[Anomaly] = []
    i = 0
    while i < len(days):
        if outside[i] is None:
            i += 1
            continue
        j = i
        while j + 1 < len(days) and outside[j + 1] is not None:
            j += 1
        bands = [o for o in outside[i : j + 1] if o is not None]
        cost, amount = sum(costs[i : j + 1]), sum(o.amount for o in bands)
        if cost - amount >= least:
            kind = "step" if j - i >= 2 or (j == len(days) - 1 and j > i) else "spike"
            low, high = sum(o.low for o in bands), sum(o.high for o in bands)
            found.append(Anomaly(kind, days[i], days[j], cost, amount, low, high, cost - amount))
        i = j + 1
    drifted = _drift(days, costs, least, share, width)
    if drifted is not None and not any(a.kind == "step" for a in found):
        found.append(drifted)
    return found


def _drift(days: Sequence[date], costs: Sequence[float], least: float, share: float, width: float) -> Anomaly | None:
    """The last two weeks against the four to eight weeks before: a slow rise passes every daily band."""
    if len(costs) < 42:
        return None
    recent, before = list(costs[-14:]), list(costs[-56:-14])
    weekly = [sum(before[i : i + 7]) / 7 for i in range(0, len(before) - 6, 7)]
    level, now = _median(weekly), _median([sum(recent[:7]) / 7, sum(recent[7:]) / 7])
    spread = max(_SIGMA * _median([abs(w - level) for w in weekly]), 0.02 * level)
    rising = sum(recent[7:]) > sum(recent[:7]) > level * 7
    if not rising or now - level <= max(width * spread, 1.5 * share * level):
        return None
    amount, reach = level * 14, width * spread * 14
    cost = sum(recent)
    if cost - amount < least:
        return None
    return Anomaly("drift", days[-14], days[-1], cost, amount, amount - reach, amount + reach, cost - amount)


def forecast(days: Sequence[date], costs: Sequence[float]) -> Forecast | None:
    """How the month of the last day will end; None when there is too little history.

    Days in between of which nothing is known are to be expected like those that come. The interval widens with the days
    to come: daily noise adds up by its square root, doubt about the level in full.
    """
    if len(costs) < LEAST:
        return None
    last = days[-1]
    spent = sum(c for d, c in zip(days, costs, strict=True) if (d.year, d.month) == (last.year, last.month))
    left = monthrange(last.year, last.month)[1] - last.day
    known = set(days)
    gaps = [last - timedelta(days=k) for k in range(1, last.day) if days[0] < last - timedelta(days=k) not in known]
    weekdays = [d.weekday() for d in days]
    total, noise = 0.0, 0.0
    by_weekday = [0.0] * 7  # the deviations that are the same for every day of a weekday, and add up in full
    for day in (*gaps, *(last + timedelta(days=k) for k in range(1, left + 1))):
        weekday = day.weekday()
        wanted = expected(costs, weekdays, weekday, 1.0, trend=False)
        if wanted is None:
            return None
        sigma = wanted.high - wanted.amount
        total += wanted.amount
        noise += sigma**2
        by_weekday[weekday] += sigma
    # A median of n is off by 1.25 standard deviations over the root of n: the level's of 21 days, a factor's of 8.
    level = 1.25 * sum(by_weekday) / LEVEL**0.5
    factor = sum((1.25 * s / (HISTORY / 7) ** 0.5) ** 2 for s in by_weekday)
    reach = 2.2 * (noise + level**2 + factor) ** 0.5  # the deviation itself is an estimate: a little over 1.96
    return Forecast(spent, spent + total, spent + max(0.0, total - reach), spent + total + reach)


def days_of(texts: Sequence[str]) -> list[date]:
    """ISO days as dates."""
    return [date.fromisoformat(t) for t in texts]
