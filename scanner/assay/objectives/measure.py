"""An objective measured: its series fetched, made points of good and bad, and put into a resource for the rules.

The resource is a `service` with

- `target` (a share), `method`, `window` and `seconds`, `from`, `to`, `step`, `unit` (what is counted: events, points
  or time slices), and `condition` where a threshold is asked;
- `bad` and `total`: of each step how much there was, None where nobody knows; `whole`: how many points the window will
  have, where its budget is one of time and it is not over;
- `recent`: `step`, `bad` and `total` of the last three days, by which the budget's pace is judged;
- `last`: the newest value of a threshold metric;
- `alerts`: the conditions that its SLO declares, see `assay.objectives.alerts.Alert`.

A composite has `parts` instead of a series of its own, see `assay.objectives.composite`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.service_levels import WINDOWS, sliced
from assay.clock import stamp
from assay.model import Resource
from assay.objectives.composite import composed
from assay.objectives.openslo import OPERATORS, Unread
from assay.objectives.sources import USUAL_STEP, SourceError, step_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from assay.analysis.service_levels import Points
    from assay.objectives.alerts import Alert
    from assay.objectives.openslo import Documents, Objective
    from assay.objectives.sources import Query, Series, Sources

MOST_POINTS = 600_000
"""A year in minutes; beyond it nobody waits for the answer."""
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b, "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b,
}  # fmt: skip


class Span(NamedTuple):
    """The steps that are asked for: the first begins at `start`, the last ends at `end`."""

    start: int
    end: int
    step: int

    @property
    def ends(self) -> range:
        return range(self.start + self.step, self.end + 1, self.step)


def everything(
    documents: Documents, sources: Sources, now: float, pool: Executor | None = None
) -> tuple[list[Resource], list[Unread]]:
    """Every objective and composite of some documents, in their order, and what could not be had."""
    above = {name: one.alerts for one in documents.composites for name in one.parts}

    def one(objective: Objective) -> Resource | str:
        try:
            return measure(objective, sources, now, above.get(objective.name, ()))
        except SourceError as error:
            return f"{objective.name} could not be measured: {error}"

    found: list[Resource] = []
    lost = list(documents.unread)
    results = pool.map(one, documents.objectives) if pool else map(one, documents.objectives)
    for objective, result in zip(documents.objectives, results, strict=True):
        if isinstance(result, Resource):
            found.append(result)
        else:
            lost.append(Unread(objective.name, result, objective.origin))
    whole, gone = composed(documents.composites, found)
    return found + whole, lost + [Unread(one.name, reason, one.origin) for one, reason in gone]


def measure(objective: Objective, sources: Sources, now: float, alerting: Sequence[Alert] = ()) -> Resource:
    """The resource of an objective at a moment.

    Args:
        objective: what to measure.
        sources: where its series are.
        now: seconds since 1970.
        alerting: alerts of the composite that it is a part of.

    Raises:
        SourceError: a series could not be had.
    """
    alerting = (*objective.alerts, *alerting)
    queries = list(objective.indicator.queries.values())
    step = _step(objective, sources)
    moment = int(now) - max(sources.of(q).lag for q in queries)
    grid = objective.slice or step
    bounds = objective.window.bounds(moment, grid)
    if (bounds.end - bounds.start) // step > MOST_POINTS:
        raise SourceError("failed", f"{objective.window.text} in steps of {step} seconds are more than "
                          f"{MOST_POINTS:,} points: set a longer step in the metric source")  # fmt: skip
    asked: dict[Span, tuple[Points, Points, float | None]] = {}

    def points(start: int, size: int) -> tuple[Points, Points, float | None]:
        span = Span(start, bounds.end, size)
        if span not in asked:
            asked[span] = _points(objective, sources, span)
        return asked[span]

    bad, total, last = points(bounds.start, step)
    reach = max(
        *(long for long, _ in WINDOWS.values() if long <= objective.window.length),
        *(a.lookback + a.after for a in alerting), 0, 0,
    )  # fmt: skip
    fine = step if _fixed(queries) else min(step, USUAL_STEP)
    if reach > bounds.end - bounds.start or fine < step:
        size = objective.slice or fine
        recent = (fine, *points(bounds.end - -(-reach // size) * size, fine)[:2])
    else:
        recent = (step, bad, total)
    values = _declared(objective, step) | {"from": stamp(bounds.start), "to": stamp(bounds.end), "last": last}
    values |= _counted(objective, step, bad, total)
    values["whole"] = (bounds.over - bounds.start) // grid if objective.slice and bounds.over > bounds.end else None
    counted = _counted(objective, *recent)
    values["recent"] = {name: counted[name] for name in ("step", "bad", "total")}
    source = sources.of(queries[0])
    account, region, _ = source.place(queries[0])
    return Resource(
        "service", objective.name, source.source, values, objective.origin, name=objective.name, account=account,
        region=region,
    )  # fmt: skip


def _declared(objective: Objective, step: int) -> dict[str, Any]:
    condition = f"{OPERATORS[objective.operator]} {objective.value:g}" if objective.value is not None else None
    return {
        "name": objective.name, "service": objective.service, "description": objective.description,
        "target": objective.target, "method": objective.method, "window": objective.window.text,
        "seconds": objective.window.length, "rolling": objective.window.anchor is None, "condition": condition,
        "unit": "time slices" if objective.slice else "events" if objective.indicator.form == "ratio" else "points",
        "sources": sorted({q.kind for q in objective.indicator.queries.values()}), "step": step,
        "alerts": [alert._asdict() for alert in objective.alerts],
    }  # fmt: skip


def _fixed(queries: list[Query]) -> bool:
    """Whether a document itself says how far apart the points are."""
    return any(step_of(q) is not None for q in queries)


def _step(objective: Objective, sources: Sources) -> int:
    """The step in which the series are asked for: the coarsest that a query has, and a divisor of a time slice."""
    length = objective.window.length
    step = max(sources.of(q).grain(q, length) for q in objective.indicator.queries.values())
    if objective.slice:
        step = math.gcd(step, objective.slice)
    return min(step, max(60, length // 60 * 60))


def _counted(objective: Objective, step: int, bad: Points, total: Points) -> dict[str, Any]:
    """The points that the budget is about: as they are, or time slices of them."""
    if objective.slice:
        least = objective.slice_target if objective.method == "Timeslices" else None
        bad, total = sliced(bad, total, objective.slice // step, least)
        step = objective.slice
    return {"bad": bad, "total": total, "step": step}


def _points(objective: Objective, sources: Sources, span: Span) -> tuple[Points, Points, float | None]:
    """Bad and total of every step, and the newest value where a threshold is asked."""
    indicator = objective.indicator
    found = {name: sources.series(q, span.start, span.end, span.step) for name, q in indicator.queries.items()}
    if indicator.form == "ratio":
        return (*_ratio(indicator.queries, found, span, counter=indicator.counter), None)
    (name, query), series = next(iter(indicator.queries.items())), next(iter(found.values()))
    bad: Points = []
    total: Points = []
    for at in span.ends:
        value = series.get(at)
        if value is None and _missing(query) == "skip":
            bad.append(0.0)
            total.append(0.0)
            continue
        if value is None and _missing(query) == "zero":
            value = 0.0
        bad.append(None if value is None else _badness(objective, name, value))
        total.append(None if value is None else 1.0)
    newest = max((at for at in series if span.start < at <= span.end), default=None)
    return bad, total, series[newest] if newest is not None else None


def _badness(objective: Objective, name: str, value: float) -> float:
    if name == "threshold":
        assert objective.value is not None
        return 0.0 if _HOLDS[objective.operator](value, objective.value) else 1.0
    if not -1e-9 <= value <= 1 + 1e-9:
        raise SourceError(
            "failed", f"the raw ratio is {value:g}, and a share is from 0 to 1: divide a percentage by 100"
        )
    share = min(1.0, max(0.0, value))
    return share if objective.indicator.failure else 1 - share


def _ratio(queries: dict[str, Query], found: dict[str, Series], span: Span, *, counter: bool) -> tuple[Points, Points]:
    counts = {name: _counts(queries[name], series, span, counter=counter) for name, series in found.items()}
    part, total = counts.get("good") or counts["bad"], counts["total"]
    _hold(next(n for n in counts if n != "total"), part, total)
    bad: Points = []
    for i, (one, all_) in enumerate(zip(part, total, strict=True)):
        if all_ == 0:  # nothing of nothing, whatever else is missing
            bad.append(0.0)
        elif one is None or all_ is None:
            bad.append(None)
            total[i] = None
        else:
            one = min(one, all_)  # two samples are never of quite the same moment
            bad.append(all_ - one if "good" in counts else one)
    return bad, total


def _hold(name: str, part: Points, total: Points) -> None:
    """A part of something is not larger than the whole, a few samples of other moments aside.

    Raises:
        SourceError: it is.
    """
    known = [(p, t) for p, t in zip(part, total, strict=True) if p is not None and t is not None]
    some, whole = sum(p for p, _ in known), sum(t for _, t in known)
    if some > 1.1 * whole + 10:
        raise SourceError(
            "failed", f"{name} is {some:,.0f} of a total of {whole:,.0f}: a part is not more than the whole; are the "
            "queries each other's?",
        )  # fmt: skip


def _counts(query: Query, series: Series, span: Span, *, counter: bool) -> Points:
    """How many events there were in each step; of a counter, how much it rose.

    A counter that goes back (a restart, or one of several that are added up) leaves a gap: how much it had counted
    before is not told.
    """
    empty = 0.0 if _missing(query) == "zero" else None
    found: Points = []
    for at in span.ends:
        value, before = series.get(at, empty), series.get(at - span.step, empty) if counter else 0.0
        rise = value - before if value is not None and before is not None else None
        found.append(rise if rise is not None and math.isfinite(rise) and rise >= 0 else None)
    return found


def _missing(query: Query) -> str:
    """What a missing point of a query means: `unknown`, `zero` events, or one to `skip`."""
    said = query.spec.get("missing", "unknown")
    if said not in ("unknown", "zero", "skip"):
        raise SourceError("failed", f"missing is {said!r}; a missing point is unknown, zero or skip")
    return str(said)
