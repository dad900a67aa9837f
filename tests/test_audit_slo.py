"""`assay audit slo`: OpenSLO documents on a Prometheus API over HTTP, moto's CloudWatch and the OCI control plane."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from assay.analysis.service_levels import burns, lasting, percent, sliced, spent
from assay.cli import main
from assay.model import Resource
from assay.objectives.windows import Fault, Window, window
from prometheus_api import PrometheusApi

NOW = 1_795_996_800  # 2026-11-30, midnight
DAY, HOUR = 86400, 3600
BREACHED, BURN = "sla-objective-breached", "sla-error-budget-burn"


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOW))


def slo(
    name: str, indicator: str, objectives: str = "[{target: 0.99}]", window: str = "{duration: 28d, isRolling: true}",
    method: str = "Occurrences",
) -> str:  # fmt: skip
    return (
        f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n  service: shop\n  {indicator}\n"
        f"  timeWindow: [{window}]\n  budgetingMethod: {method}\n  objectives: {objectives}\n---\n"
    )


def inline(metric: str) -> str:
    return f"indicator: {{metadata: {{name: i}}, spec: {metric}}}"


def prometheus(query: str, **more: str) -> str:
    spec = ", ".join([f"query: '{query}'", *(f"{k}: {v}" for k, v in more.items())])
    return f"{{metricSource: {{type: Prometheus, spec: {{{spec}}}}}}}"


def ratio(good: str, total: str, *, counter: bool = False, part: str = "good", **more: str) -> str:
    flag = "true" if counter else "false"
    return inline(
        f"{{ratioMetric: {{counter: {flag}, {part}: {prometheus(good, **more)}, total: {prometheus(total)}}}}}"
    )


def threshold(query: str, **more: str) -> str:
    return inline(f"{{thresholdMetric: {prometheus(query, **more)}}}")


Audit = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def audit(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Audits a text, and gives the exit code and the report."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *more: str) -> tuple[int, dict[str, Any]]:
        (tmp_path / "slo.yaml").write_text(text, encoding="utf-8")
        code = main(["audit", "slo", "slo.yaml", "-o", "json", "--show-passes", *more])
        out, err = capsys.readouterr()
        assert out, err
        return code, json.loads(out)

    return run


def said(report: dict[str, Any], rule: str = BREACHED) -> dict[str, tuple[str, str]]:
    """Verdict and message of a rule, by objective."""
    return {f["resource"]["address"]: (f["verdict"], f["message"]) for f in report["findings"] if f["rule"] == rule}


@pytest.fixture
def api() -> Iterator[PrometheusApi]:
    steady = {
        "good": lambda t: 999.0, "bad": lambda t: 1.0, "total": lambda t: 1000.0,
        # counters: 10 a second, of which one in two fails in the last half hour
        "sum(all)": lambda t: 10.0 * t, "sum(fine)": lambda t: 10.0 * t - max(0.0, 5.0 * (t - NOW + 1800)),
    }  # fmt: skip
    with PrometheusApi(steady).serving() as made:
        yield made


# --- what an objective comes to -------------------------------------------------------------------------------------


def test_a_ratio_says_how_much_budget_is_left(audit: Audit, api: PrometheusApi) -> None:
    text = slo("good", ratio("good", "total"), "[{target: 0.998}]") + slo("bad", ratio("bad", "total", part="bad"),
                                                                        "[{targetPercent: 99.95}]")  # fmt: skip
    code, report = audit(text, "--prometheus", api.url)
    assert code == 1
    told = said(report)
    assert told["good"][0] == "pass"
    assert told["good"][1] == (
        "99.9 % of events were good over 28d to 2026-11-30T00:00:00Z, the objective is 99.8 %: 50 % of the "
        "error budget is left (8,064 of 8,064,000 bad, 16,128 allowed)"
    )
    assert told["bad"][0] == "fail"
    assert "nothing of the error budget is left, 200 % of it is spent" in told["bad"][1]
    (one, other) = report["summary"]["slo"]
    assert (one["name"], one["target"], one["level"], one["budget_left"]) == ("good", 0.998, 0.999, 0.5)
    assert other["budget_left"] == -1.0
    assert report["findings"][0]["location"]["start_line"] == 19, "the line of targetPercent"


def test_counters_rise_and_a_fast_burn_is_told(audit: Audit, api: PrometheusApi) -> None:
    code, report = audit(slo("shop", ratio("sum(fine)", "sum(all)", counter=True), "[{target: 0.99}]"),
                         "--prometheus", api.url)  # fmt: skip
    assert code == 1
    assert said(report)["shop"][0] == "pass"
    verdict, message = said(report, BURN)["shop"]
    assert verdict == "fail"
    assert message.startswith("the error budget burns at 25 times its pace over 1 hour and 50 over 5 minutes (fast")
    # half of 1,800 s of 28 days, of a budget of 1 %: 3.72 % are gone; the rest lasts 28 days x 0.9628 / 25
    assert "96.28 % of it is left, which lasts 1.1 days at this pace" in message
    (finding,) = [f for f in report["findings"] if f["rule"] == BURN]
    assert finding["severity"] == "high"


def test_a_counter_that_goes_back_is_a_gap_and_no_negative(audit: Audit, api: PrometheusApi) -> None:
    api.series["reset"] = lambda t: 10.0 * t if t < NOW - HOUR else 10.0 * (t - NOW + HOUR)
    text = slo("shop", ratio("reset", "sum(all)", counter=True), "[{target: 0.9}]", "{duration: 6h, isRolling: true}")
    _, report = audit(text, "--prometheus", api.url)
    (told,) = report["summary"]["slo"]
    assert (told["points"], told["expected"], told["level"]) == (359, 360, 1.0)


def test_percentiles_in_time_slices(audit: Audit, api: PrometheusApi) -> None:
    """Two of ten minutes slow make a bad slice where 90 % are to be fast, and none where 50 % are."""
    api.series["p99"] = lambda t: 0.8 if t % 600 in (60, 120) and t > NOW - 6 * HOUR else 0.2
    objectives = """
      - {displayName: strict, op: lt, value: 0.5, target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 10m}
      - {displayName: lax, op: lt, value: 0.5, target: 0.9, timeSliceTarget: 0.5, timeSliceWindow: 10}"""
    text = slo("p99", threshold("p99", step="1m"), objectives, "{duration: 1d, isRolling: true}", "Timeslices")
    code, report = audit(text, "--prometheus", api.url)
    assert code == 1
    told = said(report)
    assert told["p99/strict"][0] == "fail"
    assert told["p99/strict"][1].startswith("75 % of time slices < 0.5 (the last value is 0.2) were good over 1d")
    assert "(36 of 144 bad, 14.4 allowed)" in told["p99/strict"][1]
    assert told["p99/lax"][0] == "pass"


def test_ratio_time_slices_are_weighed_alike(audit: Audit, api: PrometheusApi) -> None:
    """A busy half with 1 % bad and a quiet one with 50 %: by events 1.5 %, by slices a quarter."""
    api.series["all"] = lambda t: 10_000.0 if t <= NOW - 12 * HOUR else 100.0
    api.series["ok"] = lambda t: 9_900.0 if t <= NOW - 12 * HOUR else 50.0
    window, goal = "{duration: 1d, isRolling: true}", "[{target: 0.9, timeSliceWindow: 30m}]"
    text = slo("slices", ratio("ok", "all"), goal, window, "RatioTimeslices")
    text += slo("events", ratio("ok", "all"), "[{target: 0.9}]", window)
    told = {o["name"]: o["level"] for o in audit(text, "--prometheus", api.url)[1]["summary"]["slo"]}
    assert told == {"slices": pytest.approx(0.745), "events": pytest.approx(1 - 150 / 10_100, rel=1e-4)}


def test_raw_ratios_of_either_kind(audit: Audit, api: PrometheusApi) -> None:
    api.series |= {"raw": lambda t: 0.97, "failed": lambda t: 0.03, "percent": lambda t: 97.0}
    raw = {
        n: inline(f"{{ratioMetric: {{rawType: {k}, raw: {prometheus(n)}}}}}")
        for n, k in (("raw", "success"), ("failed", "failure"), ("percent", "success"))
    }
    code, report = audit("".join(slo(n, r, "[{target: 0.95}]") for n, r in raw.items()), "--prometheus", api.url)
    assert code == 3
    told = said(report)
    assert told["raw"][0] == told["failed"][0] == "pass"
    assert "40 % of the error budget is left" in told["raw"][1]
    assert told["percent"][0] == "not_evaluated"
    assert "the raw ratio is 97, and a share is from 0 to 1: divide a percentage by 100" in told["percent"][1]


def test_backup_age_and_certificate_days_are_thresholds(audit: Audit, api: PrometheusApi) -> None:
    api.series["age"] = lambda t: 90_000.0 if t > NOW - 2 * DAY else 40_000.0
    api.series["days"] = lambda t: 10.0 + (NOW - t) / DAY
    text = slo("backup", threshold("age", step="1h"), "[{op: lte, value: 86400, target: 0.95}]") + slo(
        "certificate", threshold("days", step="1d"), "[{op: gt, value: 20, target: 0.9}]"
    )
    code, report = audit(text, "--prometheus", api.url)
    assert code == 1
    told = said(report)
    assert told["backup"][0] == "fail"
    assert "48 of 672 bad" in told["backup"][1]
    assert "of points > 20 (the last value is 10) were good" in told["certificate"][1]
    assert "11 of 28 bad" in told["certificate"][1]
    assert {a["step"] for a in api.asked} == {"3600", "86400"}


def test_a_calendar_month_begins_in_its_own_zone(audit: Audit, api: PrometheusApi) -> None:
    """In Berlin, November began at 23:00 UTC; slices that are still to come belong to the month's budget."""
    api.series["p99"] = lambda t: 0.9 if NOW - 30 * HOUR < t <= NOW - 20 * HOUR else 0.1
    month = '{duration: 1M, calendar: {startTime: "2026-01-01 00:00:00", timeZone: Europe/Berlin}}'
    goal = "[{op: lt, value: 0.5, target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 1h}]"
    api_now = NOW - 12 * HOUR
    text = slo("month", threshold("p99"), goal, month, "Timeslices")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", str(api_now))
        _, report = audit(text, "--prometheus", api.url)
    (told,) = report["summary"]["slo"]
    assert told["from"] == "2026-10-31T23:00:00Z"
    # 685 hours of it are over; 1 % of all 720 are 7.2
    assert "(10 of 685 bad, 7.2 allowed)" in said(report)["month"][1]


def test_the_month_before_serves_the_burn_rates_of_a_young_window(audit: Audit, api: PrometheusApi) -> None:
    api.series["age"] = lambda t: 0.9 if t > NOW - 4 * DAY else 0.1
    month = '{duration: 1M, calendar: {startTime: "2026-01-29 22:00:00", timeZone: UTC}}'
    goal = "[{op: lt, value: 0.5, target: 0.5}]"
    _, report = audit(slo("young", threshold("age"), goal, month), "--prometheus", api.url)
    (told,) = report["summary"]["slo"]
    assert (told["from"], told["expected"]) == ("2026-11-29T22:00:00Z", 24)
    verdict, message = said(report, BURN)["young"]
    assert (verdict, "over 3 days and 2 over 6 hours (creeping" in message) == ("fail", True)


# --- missing points ---------------------------------------------------------------------------------------------------


def test_no_points_at_all_are_unknown(audit: Audit, api: PrometheusApi) -> None:
    code, report = audit(slo("nothing", ratio("gone", "gone too")), "--prometheus", api.url)
    assert code == 0
    verdict, message = said(report)["nothing"]
    assert verdict == "unknown"
    assert "0 of 8,064 expected points were there" in message
    assert said(report, BURN)["nothing"][0] == "unknown"
    assert audit(slo("nothing", ratio("gone", "gone too")), "--prometheus", api.url, "--strict")[0] == 1


def _tenth_missing(value: float, at: float) -> float | None:
    return value if at % 3000 else None


def test_gaps_are_bounds_and_not_good_news(audit: Audit, api: PrometheusApi) -> None:
    """A tenth of the points is missing: 99 % may be met or not, 80 % is met and 99.9 % is not, whatever they held."""
    for name, bad in (("x", 5.0), ("z", 0.0)):
        api.series[f"{name} bad"] = partial(_tenth_missing, bad)
        api.series[f"{name} all"] = lambda t: 1000.0 if t % 3000 else None
    goals = "[{displayName: a, target: 0.8}, {displayName: b, target: 0.99}, {displayName: c, target: 0.999}]"
    text = slo("x", ratio("x bad", "x all", part="bad"), goals) + slo("z", ratio("z bad", "z all", part="bad"), goals)
    _, report = audit(text, "--prometheus", api.url)
    told = said(report)
    assert [told[f"x/{n}"][0] for n in "abc"] == ["pass", "unknown", "fail"]
    assert [told[f"z/{n}"][0] for n in "abc"] == ["pass", "unknown", "unknown"]
    assert "7,258 of 8,064 expected points were there" in told["x/b"][1]
    assert "0 % to 55 % of the error budget" in told["x/b"][1]


def test_what_a_missing_point_means_may_be_said(audit: Audit, api: PrometheusApi) -> None:
    api.series["rare"] = lambda t: 100.0 if t == NOW - HOUR else None
    api.series["p99"] = lambda t: 0.1 if t % DAY < 8 * HOUR else None
    text = slo("rare", ratio("rare", "total", part="bad", missing="zero")) + slo(
        "night", threshold("p99", missing="skip"), "[{op: lt, value: 0.5, target: 0.99}]"
    )
    told = said(audit(text, "--prometheus", api.url)[1])
    assert [told[n][0] for n in ("rare", "night")] == ["pass", "pass"]
    assert "(100 of 8,064,000 bad" in told["rare"][1]
    assert (
        said(audit(slo("rare", ratio("rare", "total", part="bad")), "--prometheus", api.url)[1])["rare"][0] == "unknown"
    )


def test_a_window_without_events_has_no_level(audit: Audit, api: PrometheusApi) -> None:
    api.series["none"] = lambda t: 0.0
    _, report = audit(slo("quiet", ratio("none", "none")), "--prometheus", api.url)
    assert said(report)["quiet"][0] == "unknown"
    assert "there were no events" in said(report)["quiet"][1]
    assert said(report, BURN)["quiet"][0] == "pass"


# --- documents --------------------------------------------------------------------------------------------------------

DOCUMENTS = textwrap.dedent("""\
    apiVersion: openslo/v1
    kind: DataSource
    metadata: {{name: metrics}}
    spec: {{type: Prometheus, connectionDetails: {{url: '{url}', secretAccessKey: hunter2}}}}
    ---
    apiVersion: openslo/v1
    kind: Service
    metadata: {{name: shop}}
    spec: {{description: sells}}
    ---
    apiVersion: openslo/v1
    kind: SLI
    metadata: {{name: answers}}
    spec:
      ratioMetric:
        good: {{metricSource: {{metricSourceRef: metrics, spec: {{query: good}}}}}}
        total: {{metricSource: {{metricSourceRef: metrics, spec: {{query: total}}}}}}
    ---
    """)


def test_references_lead_across_files(tmp_path: Path, api: PrometheusApi, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sources.yaml").write_text(DOCUMENTS.format(url=api.url))
    (tmp_path / "slo.json").write_text(json.dumps({
        "apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "shop"},
        "spec": {"indicatorRef": "answers", "budgetingMethod": "Occurrences", "objectives": [{"target": 0.99}]},
    }))  # fmt: skip
    (tmp_path / "deployment.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\n")
    assert main(["audit", "slo", str(tmp_path), "-o", "json"]) == 0
    out = capsys.readouterr().out
    report = json.loads(out)
    assert report["summary"]["slo"][0]["window"] == "28d"
    assert "hunter2" not in out
    assert any("metrics holds secretAccessKey, which is not used" in n for n in report["coverage"]["notes"])
    assert api.url.removeprefix("http://") in report["coverage"]["units"][0]["service"]


def composite(*parts: str) -> str:
    return slo("whole", "description: parts", "".join(f"\n      - {{{part}}}" for part in parts))


def test_a_composite_is_weighed_and_its_parts_are_judged(audit: Audit, api: PrometheusApi) -> None:
    """Each part fails a thousandth. Allowed are a hundredth and a ten-thousandth, weighed 2 to 1, or 1 to 20."""
    parts = ("displayName: one, target: 0.99, indicatorRef: answers, compositeWeight: {}",
             "displayName: two, target: 0.9999, indicatorRef: answers, compositeWeight: {}")  # fmt: skip
    for weights, verdict, left in (((2, 1), "pass", 1 - 0.003 / 0.0201), ((1, 20), "fail", 1 - 0.021 / 0.012)):
        text = composite(*(part.format(weight) for part, weight in zip(parts, weights, strict=True)))
        _, report = audit(DOCUMENTS.format(url=api.url) + text)
        told = said(report)
        assert {n: v for n, (v, _) in told.items()} == {"whole": verdict, "whole/one": "pass", "whole/two": "fail"}
        whole = next(o for o in report["summary"]["slo"] if o["name"] == "whole")
        assert whole["budget_left"] == pytest.approx(left, abs=1e-6)
        assert whole["level"] == pytest.approx(0.999)
    assert told["whole"][1].startswith(
        "99.9 % of its parts, weighed 1, 20, were good over 28d to 2026-11-30T00:00:00Z, the objective is 99.94"
    )
    assert "(one: 90 % of its own, two: -900 % of its own)" in told["whole"][1]


def test_a_composite_without_weights_weighs_its_parts_alike(audit: Audit, api: PrometheusApi) -> None:
    part = "target: 0.9, indicatorRef: {}, displayName: {}"
    text = DOCUMENTS.format(url=api.url) + (
        "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: other}\nspec:\n  ratioMetric:\n    rawType: failure\n"
        f"    raw: {prometheus('other')}\n---\n"
    ) + composite(part.format("answers", "a"), part.format("other", "b"))  # fmt: skip
    api.series["other"] = lambda t: 0.019
    (whole,) = [o for o in audit(text, "--prometheus", api.url)[1]["summary"]["slo"] if o["name"] == "whole"]
    assert whole["level"] == pytest.approx(0.99)


def test_gaps_of_a_part_are_gaps_of_the_composite(audit: Audit, api: PrometheusApi) -> None:
    """Of the heavy part nothing is known: it alone may have spent all. Of the light one, it does not matter."""
    api.series["good"] = lambda t: 1000.0
    lost = ratio("gone", "gone")
    for weights, verdict in (((9, 1), "unknown"), ((1, 99), "pass")):
        text = DOCUMENTS.format(url=api.url) + composite(
            f"displayName: a, target: 0.5, compositeWeight: {weights[0]}, {lost}",
            f"displayName: b, target: 0.5, compositeWeight: {weights[1]}, indicatorRef: answers",
        )
        told = said(audit(text, "--prometheus", api.url)[1])
        assert (told["whole"][0], told["whole/a"][0], told["whole/b"][0]) == (verdict, "unknown", "pass")


def test_a_composite_of_what_could_not_be_measured(audit: Audit, api: PrometheusApi) -> None:
    text = DOCUMENTS.format(url=api.url) + composite(
        "displayName: a, target: 0.9, indicatorRef: answers", "displayName: b, target: 0.9, indicatorRef: gone"
    )
    code, report = audit(text)
    assert code == 3
    verdict, message = said(report)["whole"]
    assert (verdict, "whole/b could not, of which it is made" in message) == ("not_evaluated", True)
    weightless = composite(
        "target: 0.9, indicatorRef: answers, compositeWeight: 0", "target: 0.9, indicatorRef: answers"
    )
    code, report = audit(DOCUMENTS.format(url=api.url) + weightless)
    assert "compositeWeight is 0; a weight is more than 0" in said(report)["whole"][1]
    assert said(report)["whole/1"][0] == "pass"


# --- alerts that a document declares ----------------------------------------------------------------------------------

DUE = "sla-alert-condition-met"


def alerting(condition: str, *signs: str, severity: str = "page") -> str:
    signs = signs or ("alertWhenBreaching: true",)
    return (
        f"\n  alertPolicies: [{{kind: AlertPolicy, metadata: {{name: policy}}, spec: {{{', '.join(signs)}, "
        f"notificationTargets: [{{targetRef: team}}], conditions: [{{kind: AlertCondition, metadata: {{name: burns}}, "
        f"spec: {{severity: {severity}, condition: {{kind: burnrate, {condition}}}}}}}]}}}}]\n---\n"
    )


TEAM = "apiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: team}\nspec: {target: email}\n---\n"


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("threshold: 8, lookbackWindow: 5m", "fail"),  # the pace is ten times, for twenty minutes
        ("threshold: 10, lookbackWindow: 5m", "pass"),
        ("op: gte, threshold: 10, lookbackWindow: 5m", "fail"),
        ("threshold: 8, lookbackWindow: 5m, alertAfter: 15m", "fail"),
        ("threshold: 8, lookbackWindow: 5m, alertAfter: 20m", "pass"),
        ("threshold: 3, lookbackWindow: 1h", "fail"),  # ten times for a third of it
        ("threshold: 4, lookbackWindow: 1h", "pass"),
        ("threshold: 0.009, lookbackWindow: 2w", "fail"),  # longer than the three days of the workbook's alerts
        ("op: lt, threshold: 11, lookbackWindow: 5m", "fail"),
        ("threshold: 8, lookbackWindow: 1m", "unknown"),  # of points of five minutes
    ],
)
def test_a_declared_alert_is_judged(audit: Audit, api: PrometheusApi, condition: str, verdict: str) -> None:
    api.series["bad"] = lambda t: 100.0 if t > NOW - 1200 else 0.0
    text = TEAM + slo("shop", ratio("bad", "total", part="bad")).removesuffix("\n---\n") + alerting(condition)
    _, report = audit(text, "--prometheus", api.url, "--select", DUE)
    assert said(report, DUE)["shop"][0] == verdict
    assert "notes" not in report["coverage"]


def test_what_an_alert_says(audit: Audit, api: PrometheusApi) -> None:
    api.series["bad"] = lambda t: 100.0 if t > NOW - 1200 else 0.0
    condition = alerting("threshold: 8, lookbackWindow: 5m, alertAfter: 15m", severity="ticket")
    text = slo("shop", ratio("bad", "total", part="bad")).removesuffix("\n---\n") + condition
    _, report = audit(text, "--prometheus", api.url, "--select", DUE)
    (finding,) = report["findings"]
    assert finding["severity"] == "medium"
    assert finding["message"] == (
        "the error budget burns at 10 times its pace over 5 minutes, and the alert condition burns of policy (ticket) "
        "is over 8 for 15 minutes: it is due"
    )
    assert report["coverage"]["notes"] == [
        "the AlertPolicy policy tells team, and no AlertNotificationTarget has that name"
    ]


def test_missing_points_of_an_alert(audit: Audit, api: PrometheusApi) -> None:
    """A policy that tells of missing data is due by it; for another one it is open."""
    api.series["bad"] = lambda t: 100.0 if t < NOW - 2 * HOUR else None
    start = TEAM + slo("shop", ratio("bad", "total", part="bad")).removesuffix("\n---\n")
    condition = "threshold: 2, lookbackWindow: 1h"
    for signs, verdict in (((), "unknown"), (("alertWhenNoData: true",), "fail"),
                           (("alertWhenBreaching: false", "alertWhenResolved: true"), "pass")):  # fmt: skip
        _, report = audit(start + alerting(condition, *signs), "--prometheus", api.url, "--select", DUE)
        assert said(report, DUE)["shop"][0] == verdict
    assert "alerts neither when breaching nor without data: it is not judged" in report["coverage"]["notes"][0]


def test_alerts_of_a_composite_and_by_reference(audit: Audit, api: PrometheusApi) -> None:
    """One part burns at 20 times its pace: the whole at 10 times."""
    api.series["bad"] = lambda t: 200.0 if t > NOW - 1200 else 0.0
    api.series["none"] = lambda t: 0.0
    objects = (
        "apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: policy}\nspec: {alertWhenBreaching: true, "
        "conditions: [{conditionRef: nine}], notificationTargets: [{targetRef: team}]}\n---\n"
        "apiVersion: openslo/v1\nkind: AlertCondition\nmetadata: {name: nine}\nspec: {severity: page, condition: "
        "{kind: burnrate, threshold: 9, lookbackWindow: 10m}}\n---\n"
    )
    parts = [f"displayName: {n}, target: 0.99, {ratio(n, 'total', part='bad')}" for n in ("bad", "none")]
    text = (
        TEAM + objects + composite(*parts).removesuffix("\n---\n") + "\n  alertPolicies: [{alertPolicyRef: policy}]\n"
    )
    _, report = audit(text, "--prometheus", api.url, "--select", DUE)
    told = said(report, DUE)
    assert {name: verdict for name, (verdict, _) in told.items()} == {
        "whole": "fail", "whole/bad": "pass", "whole/none": "pass"
    }  # fmt: skip
    assert "burns at 10 times its pace over 10 minutes" in told["whole"][1]


BURNS = (
    "[{{kind: AlertPolicy, metadata: {{name: p}}, spec: {{alertWhenBreaching: true, conditions: [{{kind: "
    "AlertCondition, metadata: {{name: c}}, spec: {{condition: {{{}}}}}}}]}}}}]"
)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("[{alertPolicyRef: gone}]", "alertPolicyRef gone: there is no AlertPolicy of that name in the files given"),
        ("[gone]", "'gone' is no AlertPolicy: write alertPolicyRef: NAME, or the object itself"),
        ("{}", "alertPolicies is no list"),
        ("[{kind: AlertPolicy, metadata: {name: p}, spec: {conditions: []}}]", "the AlertPolicy p has one condition"),
        ("[{kind: AlertPolicy, metadata: {name: p}, spec: {conditions: [{conditionRef: c}]}}]",
         "conditionRef c: there is no AlertCondition of that name in the files given"),
        ("[{kind: AlertPolicy, metadata: {name: p}, spec: {alertWhenBreaching: 'yes', conditions: [{}]}}]",
         "alertWhenBreaching of the AlertPolicy p is 'yes'; it is true or false"),
        *(
            (BURNS.format(condition), sentence)
            for condition, sentence in (
                ("kind: budget, threshold: 1", "the AlertCondition c is of kind 'budget'; OpenSLO has burnrate"),
                ("op: over, threshold: 1", "op of the AlertCondition c is 'over'; there are gt, gte, lt, lte"),
                ("threshold: much", "threshold of the AlertCondition c is 'much'; it is a number, times the budget's"),
                ("threshold: 1", "lookbackWindow of the AlertCondition c is None; a duration is a number and one of"),
                ("threshold: 1, lookbackWindow: 1h, alertAfter: soon", "alertAfter of the AlertCondition c is 'soon'"),
            )
        ),
    ],
)  # fmt: skip
def test_an_alert_that_cannot_be_read(audit: Audit, api: PrometheusApi, written: str, sentence: str) -> None:
    text = slo("shop", ratio("good", "total")).removesuffix("\n---\n") + f"\n  alertPolicies: {written}\n"
    code, report = audit(text, "--prometheus", api.url)
    assert code == 3
    (lost,) = [f for f in report["findings"] if f["verdict"] == "not_evaluated"]
    assert sentence in lost["message"]
    assert lost["rule"] == DUE
    assert lost["location"]["start_line"] == 10
    assert [f["verdict"] for f in report["findings"] if f["rule"] == BREACHED and f is not lost] == ["pass"]


def test_a_waiver_beside_the_objective(audit: Audit, api: PrometheusApi) -> None:
    text = slo("shop", ratio("good", "total"), f"\n    # assay: allow[{BREACHED}] until the new disks are in\n"
               "    - {target: 0.9999}")  # fmt: skip
    _, report = audit(text, "--prometheus", api.url)
    assert said(report)["shop"][0] == "waived"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (slo("x", "indicatorRef: gone"), "indicatorRef gone: there is no SLI of that name in the files given"),
        (slo("x", "indicatorRef: gone", method="Often"), "budgetingMethod is 'Often'; there are Occurrences, Time"),
        (slo("x", ratio("a", "b"), "[]"), "it has no objectives"),
        (slo("x", ratio("a", "b"), "[{target: 99.9}]"), "than 1; write targetPercent: 99.9"),
        (slo("x", ratio("a", "b"), "[{targetPercent: 100}]"), "targetPercent is 100; it is from 0 to less than 100"),
        (slo("x", ratio("a", "b"), "[{target: 0.9, targetPercent: 90}]"), "it has one of target and targetPercent"),
        (slo("x", threshold("a"), "[{target: 0.9, value: 1}]"), "op is None; a thresholdMetric is compared by lt, lte"),
        (slo("x", threshold("a"), "[{target: 0.9, op: lt, value: much}]"), "value is 'much', which is no number"),
        (slo("x", ratio("a", "b"), method="Timeslices"), "timeSliceWindow is missing, which Timeslices needs"),
        (slo("x", ratio("a", "b"), window="{duration: 4 weeks}"), "timeWindow[0].duration is '4 weeks'; a duration is"),
        (slo("x", ratio("a", "b"), window="{duration: 1M, calendar: {startTime: 2026-01-01, timeZone: Moon/Tycho}}"),
         "timeZone is 'Moon/Tycho'; there is no such time zone"),
        (slo("x", inline("{ratioMetric: {good: {metricSource: {type: Datadog}}, total: {metricSource: {}}}}")),
         "good is measured by Datadog; Assay asks Prometheus, CloudWatch and OCIMonitoring"),
        (slo("x", inline(f"{{ratioMetric: {{good: {prometheus('a')}}}}}")), "its ratioMetric has good; it takes good"),
        (slo("x", inline(f"{{ratioMetric: {{raw: {prometheus('a')}}}}}")), "rawType is None; a raw ratio is of"),
    ],
)  # fmt: skip
def test_an_objective_that_cannot_be_read_is_not_evaluated(
    audit: Audit, api: PrometheusApi, text: str, sentence: str
) -> None:
    code, report = audit(text + slo("other", ratio("good", "total")), "--prometheus", api.url)
    assert code == 3
    verdict, message = said(report)["x"]
    assert verdict == "not_evaluated"
    assert sentence in message
    assert said(report)["other"][0] == "pass", "the others are judged"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "it is not YAML"), ("hello: world\n", "there is no OpenSLO document in it"),
        ("apiVersion: openslo/v1alpha\nkind: SLO\n", "its apiVersion is openslo/v1alpha; Assay reads openslo/v1"),
        ("apiVersion: openslo/v1\nkind: Slo\nmetadata: {name: x}\n", "its kind is 'Slo'; OpenSLO has SLO, SLI"),
        ("apiVersion: openslo/v1\nkind: SLO\nmetadata: {}\n", "metadata.name of this SLO is None; a name is a text"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_openslo_is_a_failed_input(audit: Audit, text: str, sentence: str) -> None:
    code, report = audit(text)
    assert code == 3
    (entry,) = report["coverage"]["inputs"]
    assert entry["status"] == "failed"
    assert sentence in entry["reason"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone.yaml"], "gone.yaml: there is no such file or directory"), (["."], "no file of objectives in it"),
        (["x.yaml", "--token-file", "t"], "--token-file needs --prometheus"),
        (["x.yaml", "--jobs", "0"], "--jobs 0: at least 1"),
        (["x.yaml", "--prometheus", "file:///etc/passwd"], "--prometheus takes an address: http://HOST:PORT"),
    ],
)  # fmt: skip
def test_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str],
    sentence: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["audit", "slo", *arguments]) == 2
    assert sentence in capsys.readouterr().err


# --- Prometheus -------------------------------------------------------------------------------------------------------


def test_long_windows_are_asked_in_pieces(audit: Audit, api: PrometheusApi) -> None:
    _, report = audit(slo("quarter", ratio("good", "total"), window="{duration: 1Q, isRolling: true}"),
                      "--prometheus", api.url)  # fmt: skip
    (told,) = report["summary"]["slo"]
    assert (told["points"], told["expected"]) == (25_920, 25_920)
    assert len(api.asked) == 6, "more than 11,000 points at once are refused"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("sum(", "Prometheus refuses the query sum(: invalid parameter"),
        ("several", "the query gives 2 series and an objective needs one: several; add them up, sum(...)"),
    ],
)
def test_a_bad_query_is_said(audit: Audit, api: PrometheusApi, query: str, sentence: str) -> None:
    api.series["several"] = [lambda t: 1.0, lambda t: 2.0]
    code, report = audit(slo("x", ratio(query, "total")), "--prometheus", api.url)
    assert code == 3
    assert said(report)["x"][0] == "not_evaluated"
    assert sentence in said(report)["x"][1]
    assert report["coverage"]["units"][0]["status"] == "failed"


def test_who_does_not_answer_is_asked_once_and_said(audit: Audit) -> None:
    text = slo("x", ratio("good", "total")) + slo("z", ratio("good", "total"))
    code, report = audit(text, "--prometheus", "http://user:secret@127.0.0.1:9", "--jobs", "1")
    assert code == 3
    assert "Prometheus at http://127.0.0.1:9 cannot be reached: Connection refused" in said(report)["x"][1]
    assert "secret" not in json.dumps(report)
    assert len(report["coverage"]["units"]) == 1


def test_a_token_goes_to_the_address_of_the_command_line_only(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    with PrometheusApi({"good": lambda t: 1.0, "total": lambda t: 1.0}, token="t0ken").serving() as api:
        text = slo("x", ratio("good", "total"))
        assert audit(text, "--prometheus", api.url, "--token-file", "token")[0] == 0
        code, report = audit(text, "--prometheus", api.url)
        assert code == 3
        assert "wants other credentials (HTTP 401): --token-file" in said(report)["x"][1]
        assert report["coverage"]["units"][0]["status"] == "denied"
        text = DOCUMENTS.format(url=api.url) + slo("x", "indicatorRef: answers")
        assert audit(text)[0] == 3


def test_what_does_not_speak_like_prometheus(audit: Audit, api: PrometheusApi) -> None:
    api.status = 503
    assert "HTTP 503: planned" in said(audit(slo("x", ratio("a", "b")), "--prometheus", api.url)[1])["x"][1]
    api.status = None
    told = said(audit(slo("x", ratio("a", "b")), "--prometheus", api.url + "/elsewhere")[1])["x"][1]
    assert "did not answer as Prometheus does (HTTP 404: page not found)" in told
    assert "nothing says where Prometheus is" in said(audit(slo("x", ratio("a", "b")))[1])["x"][1]
    bad = audit(DOCUMENTS.format(url="file:///etc/passwd") + slo("x", "indicatorRef: answers"))[1]
    assert "is no address of a Prometheus" in said(bad)["x"][1]


@pytest.mark.parametrize(
    ("greeting", "sentence"),
    [(b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be reached"), (b"", "cannot be reached"),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "did not answer as")],
)  # fmt: skip
def test_what_is_no_prometheus_at_all(audit: Audit, greeting: bytes, sentence: str) -> None:
    import socket
    import threading

    server = socket.create_server(("127.0.0.1", 0))

    def greet() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(greeting)

    threading.Thread(target=greet, daemon=True).start()
    with server:
        code, report = audit(slo("x", ratio("a", "b")), "--prometheus", f"http://127.0.0.1:{server.getsockname()[1]}")
        server.shutdown(socket.SHUT_RDWR)
    assert code == 3
    assert sentence in said(report)["x"][1]


@pytest.mark.parametrize("url", ["http://host:port", "http://[::1", "https://:9090", "http://host:0"])
def test_an_address_that_is_none(audit: Audit, url: str) -> None:
    code, report = audit(slo("x", ratio("a", "b")), "--prometheus", url)
    assert code == 3
    assert "is no address of a Prometheus: http://HOST:PORT" in said(report)["x"][1]


def test_an_address_of_six_bytes(audit: Audit, api: PrometheusApi) -> None:
    """Its brackets stay, or the port would be a part of it."""
    _, report = audit(slo("x", ratio("a", "b")), "--prometheus", "http://[::1]:1")
    assert "Prometheus at http://[::1]:1 cannot be reached: Connection refused" in said(report)["x"][1]


def test_a_part_that_is_more_than_the_whole(audit: Audit, api: PrometheusApi) -> None:
    code, report = audit(slo("x", ratio("total", "good")) + slo("swapped", ratio("total", "bad", part="bad")),
                         "--prometheus", api.url)  # fmt: skip
    assert said(report)["x"][0] == "pass", "1,000 of 999 may be samples of different moments"
    assert code == 3
    assert "bad is 8,064,000 of a total of 8,064: a part is not more than the whole" in said(report)["swapped"][1]


def test_one_nameless_document_does_not_take_the_others_along(audit: Audit, api: PrometheusApi) -> None:
    text = slo("fine", ratio("good", "total")) + "apiVersion: openslo/v1\nkind: SLO\nmetadata: {}\n"
    code, report = audit(text, "--prometheus", api.url)
    assert code == 3
    assert said(report)["fine"][0] == "pass"
    assert [i["status"] for i in report["coverage"]["inputs"]] == ["failed"]


# --- CloudWatch -------------------------------------------------------------------------------------------------------


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """moto's CloudWatch with six hours of a load balancer's metrics, five minutes apart."""
    import boto3
    from moto import mock_aws

    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "y"), ("DEFAULT_REGION", "eu-west-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        client = boto3.client("cloudwatch")
        for i in range(1, 75):
            at = datetime.fromtimestamp(NOW - 300 * i, UTC)
            data = [{"MetricName": "Requests", "Value": 1000, "Timestamp": at}]
            data += [{"MetricName": "Errors", "Value": 30, "Timestamp": at}] if i % 3 == 0 else []
            data += [{"MetricName": "Latency", "Value": 0.1 * (1 + i % 2), "Timestamp": at}]
            client.put_metric_data(Namespace="Shop", MetricData=data)
        yield client


def cloudwatch(**spec: str) -> str:
    return "{metricSource: {type: CloudWatch, spec: {" + ", ".join(f"{k}: {v}" for k, v in spec.items()) + "}}}"


SIX_HOURS = "{duration: 6h, isRolling: true}"


def test_cloudwatch_is_asked_for_sums_and_statistics(audit: Audit, aws: Any) -> None:
    errors = cloudwatch(namespace="Shop", metricName="Errors", missing="zero")
    total = cloudwatch(namespace="Shop", metricName="Requests")
    latency = cloudwatch(namespace="Shop", metricName="Latency", stat="Average")
    text = slo("answers", inline(f"{{ratioMetric: {{bad: {errors}, total: {total}}}}}"), window=SIX_HOURS) + slo(
        "latency", inline(f"{{thresholdMetric: {latency}}}"), "[{op: lte, value: 0.15, target: 0.4}]", SIX_HOURS
    )
    code, report = audit(text)
    told = said(report)
    assert told["answers"][0] == "pass"
    assert told["answers"][1] == (
        "99 % of events were good over 6h to 2026-11-29T23:55:00Z, the objective is 99 %: 0 % of the error budget "
        "is left (720 of 72,000 bad, 720 allowed)"
    )
    assert told["latency"][0] == "pass"
    assert "36 of 72 bad" in told["latency"][1]
    assert {f["resource"]["source"] for f in report["findings"]} == {"aws"}
    assert report["coverage"]["units"] == [
        {"account": "123456789012", "region": "eu-west-1", "service": "cloudwatch", "status": "ok", "reason": None}
    ]
    assert code == 0


def test_cloudwatch_without_points_in_between(audit: Audit, aws: Any) -> None:
    """Without `missing: zero`, periods that have no datum are gaps: two thirds of them."""
    errors, total = (cloudwatch(namespace="Shop", metricName=n) for n in ("Errors", "Requests"))
    goals = "[{displayName: two, target: 0.99}, {displayName: three, target: 0.995}]"
    text = slo("answers", inline(f"{{ratioMetric: {{bad: {errors}, total: {total}}}}}"), goals, SIX_HOURS)
    told = said(audit(text)[1])
    assert told["answers/two"][0] == "unknown"
    assert told["answers/two"][1].startswith("24 of 72 expected points were there over 6h")
    assert told["answers/three"][0] == "fail", "3 % of a third is 1 % of all, were the rest all good"


def test_cloudwatch_metric_math(audit: Audit, aws: Any) -> None:
    """Of expressions, moto knows a metric's id; the query that is not returned must not count as a second series."""
    queries = (
        "[{Id: a, ReturnData: false, MetricStat: {Metric: {Namespace: Shop, MetricName: Requests}, Stat: Sum}},"
        " {Id: b, Expression: a}]"
    )
    total = cloudwatch(queries=queries, region="eu-west-1")
    text = slo("math", inline(f"{{ratioMetric: {{good: {total}, total: {total}}}}}"), window=SIX_HOURS)
    code, report = audit(text)
    assert (code, report["coverage"]["units"][0]["status"]) == (0, "ok")
    (told,) = report["summary"]["slo"]
    assert (told["level"], told["points"], told["expected"]) == (1.0, 72, 72)


def test_cloudwatch_that_is_denied_is_not_evaluated(audit: Audit, aws: Any) -> None:
    from moto.core.authorization import enable_iam_authentication

    total = cloudwatch(namespace="Shop", metricName="Requests")
    text = slo("x", inline(f"{{ratioMetric: {{good: {total}, total: {total}}}}}"), window=SIX_HOURS)
    import boto3

    user = boto3.client("iam")
    user.create_user(UserName="u")
    key = user.create_access_key(UserName="u")["AccessKey"]
    with pytest.MonkeyPatch.context() as patch, enable_iam_authentication():
        patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        code, report = audit(text)
    assert code == 3
    assert said(report)["x"][0] == "not_evaluated"
    assert "CloudWatch does not give the metric: AccessDenied" in said(report)["x"][1]
    assert report["coverage"]["units"][0]["status"] == "denied"


def test_no_credentials_is_one_sentence(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("OCI_CLI_CONFIG_FILE", "/nowhere/config")
    aws = cloudwatch(namespace="Shop", metricName="Requests")
    oci = "{metricSource: {type: OCIMonitoring, spec: {namespace: shop, query: 'q[5m].sum()'}}}"
    text = slo("aws", inline(f"{{ratioMetric: {{good: {aws}, total: {aws}}}}}")) + slo(
        "oci", inline(f"{{ratioMetric: {{good: {oci}, total: {oci}}}}}")
    )
    code, report = audit(text)
    assert code == 3
    told = said(report)
    assert "CloudWatch cannot be asked: there are no AWS credentials: set --profile, AWS_PROFILE" in told["aws"][1]
    assert "OCI Monitoring cannot be asked: /nowhere/config: there is no OCI configuration file" in told["oci"][1]


def test_the_rights_that_the_metrics_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    aws, oci = cloudwatch(namespace="Shop", metricName="Requests"), monitoring("All[5m].sum()")
    file = tmp_path / "slo.yaml"
    file.write_text(slo("both", inline(f"{{ratioMetric: {{good: {aws}, total: {oci}}}}}")))
    assert main(["audit", "slo", str(file), "--print-permissions"]) == 0
    policy, _, statements = capsys.readouterr().out.rpartition("}\n")
    assert json.loads(policy + "}")["Statement"][0]["Action"] == ["cloudwatch:GetMetricData"]
    assert statements.strip() == "Allow group Auditors to read metrics in tenancy"


# --- OCI --------------------------------------------------------------------------------------------------------------


def metrics(details: dict[str, Any], query: dict[str, str]) -> Any:
    """A metric's points from the details of the request, one every five minutes."""
    text = details["query"]
    if "broken" in text:
        return 400, "InvalidParameter", "the query cannot be parsed"
    if query["compartmentId"] != "ocid1.compartment.oc1..shop":
        return 404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found."
    first, last = (datetime.fromisoformat(details[k]) for k in ("startTime", "endTime"))
    assert last - first <= timedelta(days=30), "five-minute values are given for a month at once"
    points, at = [], first
    while at < last:
        value = {"All[5m].sum()": 100.0, "Bad[5m].sum()": 2.0 if at.timestamp() > NOW - DAY else 0.0}[text]
        points.append({"timestamp": at.isoformat(), "value": value})
        at += timedelta(minutes=5)
    return [
        {"namespace": details["namespace"], "compartmentId": query["compartmentId"], "name": text.partition("[")[0],
         "dimensions": {}, "aggregatedDatapoints": points}
    ]  # fmt: skip


def monitoring(query: str, compartment: str = "ocid1.compartment.oc1..shop") -> str:
    spec = f"{{namespace: oci_apigateway, query: '{query}', compartmentId: {compartment}}}"
    return f"{{metricSource: {{type: OCIMonitoring, spec: {spec}}}}}"


def test_oci_monitoring_is_asked_by_the_sdk(audit: Audit, tmp_path: Path) -> None:
    pytest.importorskip("oci")
    from oci_control_plane import ControlPlane, write_config

    config = str(write_config(tmp_path))
    bad, total = monitoring("Bad[5m].sum()"), monitoring("All[5m].sum()")
    text = (
        slo("gateway", inline(f"{{ratioMetric: {{bad: {bad}, total: {total}}}}}"))
        + slo("broken", inline(f"{{ratioMetric: {{bad: {monitoring('broken[5m].sum()')}, total: {total}}}}}"))
        + slo("denied", inline(f"{{ratioMetric: {{bad: {monitoring('Bad[5m].sum()', 'ocid1.b')}, total: {total}}}}}"))
    )
    with ControlPlane({"monitoring.summarize_metrics_data": metrics}) as plane:
        code, report = audit(text, "--config-file", config, "--endpoint", plane.url)
    told = said(report)
    assert told["gateway"][0] == "pass"
    assert "(572 of 806,400 bad, 8,064 allowed)" in told["gateway"][1]
    verdict, message = said(report, BURN)["gateway"]
    assert verdict == "pass"
    assert "burns at 2 times its pace" in message
    assert "400 InvalidParameter: the query cannot be parsed" in told["broken"][1]
    assert "404 NotAuthorizedOrNotFound" in told["denied"][1]
    assert code == 3


# --- the arithmetic -----------------------------------------------------------------------------------------------


def test_spent_is_bounded_by_the_busiest_point() -> None:
    one = spent([1, None, 0], [10, None, 30], 0.9)
    assert (one.bad, one.total, one.present, one.expected) == (1, 40, 2, 3)
    assert [one.seen, one.best, one.worst] == pytest.approx([1 / 40 / 0.1, 1 / 70 / 0.1, 31 / 70 / 0.1])


def test_a_slice_is_missing_only_where_its_gaps_decide() -> None:
    bad: list[float | None] = [0, 0, None, 1, 1, None, 0, None, None]
    total = [None if b is None else 1.0 for b in bad]
    assert sliced(bad, total, 3, 0.5) == ([0.0, 1.0, None], [1.0, 1.0, None])
    assert sliced([0.0, 0.0], [0.0, 0.0], 2, 0.9) == ([0.0], [1.0])
    assert sliced([0.0, 0.0, 1.0, 3.0], [0.0, 0.0, 4.0, 4.0], 2, None) == ([0.0, 0.5], [0.0, 1.0])


def service(bad: list[float | None], seconds: int = 28 * DAY) -> Resource:
    recent = {"step": 300, "bad": bad, "total": [None if b is None else 100.0 for b in bad]}
    return Resource("service", "x", "cluster", {"recent": recent, "target": 0.99, "seconds": seconds})


@pytest.mark.parametrize(
    ("last_bad", "expected"),
    [
        ([(12, 15.0)], "fast"),  # 15 % of an hour
        ([(12, 14.0)], None),  # below 14.4, and 14 % of one hour are 2.3 % of six
        ([(72, 7.0)], "slow"),
        ([(864, 1.1)], "creeping"),
        ([(11, 20.0), (1, 0.0)], None),  # over: the short window says so
    ],
)
def test_the_rates_of_the_workbook(last_bad: list[tuple[int, float]], expected: str | None) -> None:
    bad: list[float | None] = [0.0] * 864
    tail = [value for count, value in last_bad for _ in range(count)]
    bad[len(bad) - len(tail) :] = tail
    rates = {"fast": 14.4, "slow": 6, "creeping": 1}
    certain = [b.alert for b in burns(service(bad), rates) if b.certain]
    assert certain[:1] == ([expected] if expected else [])


def test_alerts_longer_than_the_window_are_left_out() -> None:
    assert [b.alert for b in burns(service([0.0] * 864, DAY), {"fast": 1, "slow": 1, "creeping": 1})] == [
        "fast",
        "slow",
    ]


@pytest.mark.parametrize(
    ("written", "now", "start", "over"),
    [
        ("2026-01-31 00:00:00", "2026-03-01T00:00:00", "2026-02-28", "2026-03-31"),  # a short month
        ("2027-05-15 00:00:00", "2026-03-01T00:00:00", "2026-02-15", "2026-03-15"),  # a start to come
        ("1990-01-01 00:00:00", "2026-12-31T23:00:00", "2026-12-01", "2027-01-01"),
    ],
)
def test_months_of_a_calendar(written: str, now: str, start: str, over: str) -> None:
    made = window([{"duration": "1M", "calendar": {"startTime": written, "timeZone": "UTC"}}])
    found = made.bounds(int(datetime.fromisoformat(now + "+00:00").timestamp()), 60)
    assert [datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d") for t in (found.start, found.over)] == [start, over]


def test_a_week_of_a_calendar_keeps_its_hour_when_the_clocks_change() -> None:
    made = window([{"duration": "1w", "calendar": {"startTime": "2026-10-19 00:00:00", "timeZone": "Europe/Berlin"}}])
    found = made.bounds(int(datetime(2026, 10, 27, tzinfo=UTC).timestamp()), 60)
    assert datetime.fromtimestamp(found.start, UTC).isoformat() == "2026-10-25T23:00:00+00:00"


def test_a_rolling_window_holds_whole_steps() -> None:
    found = Window("28d", 28, "d").bounds(NOW + 17, 300)
    assert (found.start, found.end, found.over) == (NOW - 28 * DAY, NOW, NOW)
    with pytest.raises(Fault, match="neither rolling nor"):
        window([{"duration": "28d", "isRolling": False}])


def test_percentages_tell_themselves_from_the_objective() -> None:
    assert [percent(0.99899, 0.999), percent(0.9989999, 0.999)] == ["99.899 %", "99.89999 %"]
    assert [percent(0.5), percent(1.0)] == ["50 %", "100 %"]
    assert (lasting(90), lasting(3600), lasting(100_000)) == ("1.5 minutes", "1 hour", "1.2 days")


# --- reports ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["text", "json", "jsonl", "sarif", "github", "gitlab", "html", "junit", "markdown", "csv", "ocsf", "oscal"]
)
def test_every_report_says_it(
    name: str, tmp_path: Path, api: PrometheusApi, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "slo.yaml"
    file.write_text(slo("checkout", ratio("good", "total"), "[{target: 0.9999}]"))
    assert main(["audit", "slo", str(file), "--prometheus", api.url, "-o", name]) == 1
    out = capsys.readouterr().out
    assert "checkout" in out
    assert "error budget" in out or name == "csv", out[:2000]


def test_the_budget_is_drawn(tmp_path: Path, api: PrometheusApi, capsys: pytest.CaptureFixture[str]) -> None:
    """A day of trouble in the middle: all is left before it, and the line ends where the report says."""
    api.series["p99"] = lambda t: 0.9 if NOW - 15 * DAY < t <= NOW - 14 * DAY else 0.1
    file = tmp_path / "slo.yaml"
    file.write_text(slo("drawn", threshold("p99"), "[{op: lt, value: 0.5, target: 0.9}]"))
    main(["audit", "slo", str(file), "--prometheus", api.url, "-o", "html"])
    page = capsys.readouterr().out
    section = page.partition('id="view-objectives"')[2].partition("</section>")[0]
    assert "drawn: 96.43 % over 28d (objective 90 %), 64.29 % of the error budget left" in section
    line = section.partition('<polyline points="')[2].partition('"')[0]
    heights = [float(point.partition(",")[2]) for point in line.split()]
    assert (heights[0], heights[len(heights) // 3]) == (4.0, 4.0)
    assert heights[-1] == pytest.approx(4 + 88 * (1 - 0.6429), abs=0.1)
    assert heights == sorted(heights), "a budget does not come back within its window"
