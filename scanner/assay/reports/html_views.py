"""The views of the HTML report beside the list: what is said once about the whole, printed without any script."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from assay import clock
from assay.ledger.trend import COUNTS
from assay.model import Severity, Verdict, lookup_quietly
from assay.reports import shape

if TYPE_CHECKING:
    from assay.engine import Report
    from assay.ledger.waivers import Problem
    from assay.model import Resource

STATUSES = ("fail", "waived", "pass", "not assessed")
MOST = 500  # waivers, mended findings
CHARTS = 24
WIDE, HIGH = 640, 96
"""The size of a chart in its own units."""
SPARK = (150, 26)
"""That of the line of failures in the header."""
_OWNER_TAGS = ("owner", "team")
_TAGS = ("tags_all", "tags", "freeform_tags", "metadata.labels", "metadata.annotations")


def views(report: Report) -> dict[str, Any]:
    """What the template of the views prints; what there is nothing to say about is empty."""
    return {
        "waivers": waivers(report), "waiver_problems": [_problem(p) for p in report.waiver_problems[:MOST]],
        "matrix": matrix(report), "statuses": STATUSES, "changes": changes(report), "clusters": health(report),
        "charts": charts(report), "chart_size": (WIDE, HIGH), "spark_size": SPARK, "budgets": budgets(report),
        "new_only": report.difference is not None,
    }  # fmt: skip


def owner(r: Resource) -> str:
    """Who owns a resource by its tags or labels, if they say so in plain text."""
    for place in _TAGS:
        tags = lookup_quietly(r.values, tuple(place.split(".")))
        if type(tags) is dict:
            named = {str(k).lower(): v for k, v in tags.items()}
            said = next((named[n] for n in _OWNER_TAGS if type(named.get(n)) is str and named[n]), None)
            if said is not None:
                return shape.text(said)
    return ""


# --- waivers ----------------------------------------------------------------------------------------------------------


def waivers(report: Report) -> list[dict[str, Any]]:
    """Every waiver that waives something, the one that ends first leading; `days` until it ends, None for never."""
    today = date.fromisoformat(clock.today())
    found: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for f in report.findings:
        if f.verdict is Verdict.WAIVED and f.waiver is not None:
            found[f.rule, *f.waiver].append(shape.cleaner(f)(f.resource.address))
    rows = []
    for (rule, kind, reason, place, by, expires), addresses in found.items():
        rows.append(
            {"rule": rule, "kind": kind, "reason": shape.text(reason), "place": shape.utf8(place), "owner": by or "",
             "expires": expires or "", "days": _days(expires, today), "addresses": addresses[:3],
             "more": max(0, len(addresses) - 3)}
        )  # fmt: skip
    rows.sort(key=lambda w: (w["expires"] or "9999", w["place"], w["rule"]))
    return rows[:MOST]


def _days(expires: str | None, today: date) -> int | None:
    try:
        return (date.fromisoformat(expires) - today).days if expires else None
    except ValueError:
        return None


def _problem(problem: Problem) -> dict[str, str]:
    return {
        "kind": problem.kind, "place": shape.utf8(problem.place),
        "sentence": shape.one_line(shape.text(problem.sentence)),
    }  # fmt: skip


# --- frameworks -------------------------------------------------------------------------------------------------------


class Control(NamedTuple):
    """One control of a framework: its status, the rules that look at it, how often they said what."""

    id: str
    number: str
    status: str
    rules: list[str]
    counts: dict[str, int]


def matrix(report: Report) -> list[dict[str, Any]]:
    """Framework by framework its controls; those nobody assessed are only named."""
    rules: dict[str, list[str]] = defaultdict(list)
    for rule in report.rules.values():
        for control in rule.controls:
            rules[control].append(rule.id)
    said: Counter[tuple[str, Verdict]] = Counter()
    said.update((f.rule, f.verdict) for f in report.findings if f.verdict is not Verdict.PASS)
    if report.difference is None:  # else failures that were there before are left out: nothing may look passed
        said.update({(n, Verdict.PASS): count for n, count in report.passed.items()})
    frameworks: dict[str, list[Control]] = defaultdict(list)
    for control, names in rules.items():
        counts = {v.value: sum(said[n, v] for n in names) for v in Verdict}
        framework, _, number = control.partition(":")
        frameworks[framework].append(Control(control, number or control, status(counts), sorted(names), counts))
    found = []
    for framework, controls in sorted(frameworks.items()):
        controls.sort(key=lambda c: (STATUSES.index(c.status), _natural(c.number)))
        found.append(
            {"name": framework, "counts": Counter(c.status for c in controls), "total": len(controls),
             "controls": [c for c in controls if sum(c.counts.values())],
             "untouched": [c.number for c in controls if not sum(c.counts.values())]}
        )  # fmt: skip
    return found


def status(counts: dict[str, int]) -> str:
    """The status of a control: what could not be decided, or was never looked at, leaves it not assessed."""
    if counts["fail"]:
        return "fail"
    if counts["unknown"] or counts["not_evaluated"]:
        return "not assessed"
    return "waived" if counts["waived"] else "pass" if counts["pass"] else "not assessed"


def _natural(text: str) -> list[tuple[int, str]]:
    """A key by which 2.10 follows 2.9."""
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in text.replace("-", ".").split(".")]


# --- changes, health, spend -------------------------------------------------------------------------------------------


def changes(report: Report) -> dict[str, Any] | None:
    """How the report differs from an earlier state, or from the last run that the ledger kept.

    `since` says from what, `counts` how many findings are new, fixed, regressed and unchanged, `fixed` which are gone;
    `spark` is the line of failures over the runs, None where there are not two. None where nothing was compared.
    """
    if (d := report.difference) is not None:
        gone = [
            {"rule": f.rule, "severity": f.severity.label, "message": shape.cleaner(f)(f.message),
             "address": shape.cleaner(f)(f.resource.address)} for f in d.fixed[:MOST]
        ]  # fmt: skip
        counts = {"new": d.new, "fixed": len(d.fixed), "unchanged": d.unchanged}
        commit = f" ({d.commit[:10]})" if d.commit else ""
        return {"since": f"Compared with {shape.text(d.ref)}{commit}", "counts": counts, "fixed": gone, "spark": None}
    if (trend := report.trend) is None:
        return None
    if len(trend.runs) < 2:
        return {"since": trend.sentence(), "counts": {}, "fixed": [], "spark": None}
    gravest = sorted(trend.fixed, key=lambda r: -Severity[r.severity.upper()])[:MOST]
    kept = [{name: getattr(r, name) for name in ("rule", "severity", "message", "address")} for r in gravest]
    counts = {name: trend.runs[0].changes[name] for name in COUNTS}
    since = f"Since run {trend.runs[1].id} of {clock.stamp(trend.runs[1].at)[:16].replace('T', ' ')} UTC"
    return {"since": since, "counts": counts, "fixed": kept, "spark": _spark(trend.failures())}


def _spark(failures: list[int]) -> dict[str, Any]:
    """The line of failures over the runs, the earliest on the left; zero is at the bottom."""
    (wide, high), top = SPARK, max(*failures, 1)
    points = [
        (round(4 + (wide - 8) * i / (len(failures) - 1), 1), round(high - 4 - (high - 8) * n / top, 1))
        for i, n in enumerate(failures)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    return {"line": line, "end": points[-1], "first": failures[0], "last": failures[-1], "failures": failures}


def health(report: Report) -> list[dict[str, Any]]:
    """Each cluster's score with its parts as shares of what they could give."""
    found = report.summary.get("health")
    if not found:
        return []
    return [
        {"name": shape.text(one["cluster"] or ""), "score": one["score"], "reason": shape.text(one["reason"] or ""),
         "parts": [{"name": p["part"], "most": 100 * p["weight"], "points": 100 * p["weight"] * p["value"],
                    "value": 100 * p["value"], "said": shape.text(p["said"])} for p in one.get("parts", ())],
         "caps": [f"at most {c['at_most']}: {shape.text(c['because'])}" for c in one.get("caps", ())],
         "losses": [{**loss, "address": shape.text(loss["address"])} for loss in one.get("losses", ())]}
        for one in found.get("clusters") or [found]
    ]  # fmt: skip


def charts(report: Report) -> list[dict[str, Any]]:
    """The daily spend of the dearest services as lines, with the days on which it left its pattern."""
    services = [r for r in report.graph.all("service") if r.source == "cost"] if report.graph is not None else []
    marks: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for f in report.findings:
        if f.resource.type == "service" and f.key and f.verdict is not Verdict.PASS:
            marks[id(f.resource)].append((f.key.rpartition(" ")[2], shape.cleaner(f)(f.message)))
    drawn = []
    for r in services:
        days, costs = r.values.get("days"), r.values.get("costs")
        if (
            isinstance(days, list)
            and isinstance(costs, list)
            and len(days) == len(costs) > 1
            and all(map(_amount, costs))
        ):
            drawn.append((sum(costs), r, _chart(r, days, costs, marks[id(r)])))
    drawn.sort(key=lambda one: (not one[2]["marks"], -one[0], one[1].address))
    return [chart for _, _, chart in drawn[:CHARTS]]


def budgets(report: Report) -> list[dict[str, Any]]:
    """What was left of each objective's error budget over its window as a line, those with the least left leading."""
    told = report.summary.get("slo")
    if not told or report.graph is None:
        return []
    from assay.analysis.service_levels import left_over_time

    measured = {r.address: r for r in report.graph.all("service") if r.source != "cost"}
    lines = dict(zip((one["name"] for one in told), shape.levels(report), strict=True))
    drawn = []
    for one in sorted(told, key=lambda o: 1.0 if o["budget_left"] is None else o["budget_left"])[:CHARTS]:
        left = left_over_time(measured[one["name"]])
        if len(left) < 3:
            continue
        low = max(-1.0, min(0.0, *left))
        xs = [round(4 + (WIDE - 8) * i / (len(left) - 1), 1) for i in range(len(left))]
        ys = [round(4 + (HIGH - 8) * (1 - max(share, low)) / (1 - low), 1) for share in left]
        drawn.append({
            "said": lines[one["name"]], "name": shape.text(one["name"]), "first": one["from"], "last": one["to"],
            "line": " ".join(f"{x},{y}" for x, y in zip(xs, ys, strict=True)), "end": xs[-1],
            "zero": round(4 + (HIGH - 8) / (1 - low), 1),
        })  # fmt: skip
    return drawn


def _amount(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _chart(r: Resource, days: list[str], costs: list[float], marks: list[tuple[str, str]]) -> dict[str, Any]:
    top = max(*costs, 0.01)
    xs = [round(4 + (WIDE - 8) * i / (len(days) - 1), 1) for i in range(len(days))]
    ys = [round(HIGH - 4 - (HIGH - 14) * max(cost, 0) / top, 1) for cost in costs]
    at = {day: (x, y) for day, x, y in zip(days, xs, ys, strict=True)}
    return {
        "name": shape.text(r.address), "first": days[0], "last": days[-1], "top": f"{top:,.2f}",
        "total": f"{sum(costs):,.2f}", "currency": shape.text(str(r.values.get("currency") or "")),
        "line": " ".join(f"{x},{y}" for x, y in at.values()), "end": xs[-1],
        "marks": [{"x": at[day][0], "y": at[day][1], "day": day, "said": said} for day, said in marks if day in at],
    }  # fmt: skip
