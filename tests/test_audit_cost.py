"""`assay audit cost`: real files, real DuckDB, moto's Cost Explorer and Budgets."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from assay.analysis.cost import anomalies, expected, forecast
from assay.cli import main

START = date(2026, 8, 3)  # a Monday
FOCUS = """
    ChargePeriodStart EffectiveCost BillingCurrency ServiceName SubAccountId ChargeCategory Tags ChargeDescription
    ResourceId
""".split()  # noqa: SIM905 - nine quoted strings would be nine lines
WEEK = [100, 102, 99, 101, 100, 60, 58]


def rows(costs: Sequence[float], service: str = "Amazon EC2", start: date = START, **more: str) -> Iterator[list[str]]:
    usual = {"BillingCurrency": "USD", "SubAccountId": "111", "ChargeCategory": "Usage", "Tags": '{"a": "b"}', **more}
    for i, cost in enumerate(costs):
        day = f"{start + timedelta(days=i)}T00:00:00Z"
        values = {**usual, "ChargePeriodStart": day, "EffectiveCost": str(cost), "ServiceName": service}
        yield [values.get(name, "") for name in FOCUS]


def write(path: Path, *several: Iterator[list[str]]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(FOCUS)
        for some in several:
            writer.writerows(some)
    return path


def audit(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    code = main(["audit", "cost", *map(str, arguments), "-o", "json", "--select", "cost-*"])
    out, err = capsys.readouterr()
    assert out, err
    document: dict[str, Any] = json.loads(out)
    return code, document


def failed(report: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((f["rule"], f["resource"]["address"]) for f in report["findings"] if f["verdict"] == "fail")


def test_a_spike_is_found_with_its_numbers_and_noise_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(3)
    usual = [c * rng.gauss(1, 0.03) for c in WEEK * 10]
    spike = list(usual)
    spike[60] = 400.0
    file = write(tmp_path / "a.csv", rows(usual, "Amazon S3"), rows(spike))
    code, report = audit(capsys, file)
    assert code == 1
    assert failed(report) == [("cost-anomaly", "Amazon EC2 111 USD")]
    (finding,) = report["findings"]
    day = START + timedelta(days=60)
    assert finding["message"].startswith(f"spike on {day}: 400.00 USD where ")
    assert report["summary"]["spend"] == {"USD": {"total": round(sum(usual) + sum(spike), 2), "untagged": 0.0}}


def test_parquet_and_the_other_reports_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import duckdb

    file = write(tmp_path / "a.csv", rows([*WEEK * 8, 101, 300]))
    told = audit(capsys, file)[1]["findings"]
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM read_csv('{file}')) TO '{tmp_path}/b.parquet'")
    renamed = {
        "cur.csv": {"ChargePeriodStart": "lineItem/UsageStartDate", "EffectiveCost": "lineItem/UnblendedCost",
                    "BillingCurrency": "lineItem/CurrencyCode", "ServiceName": "product/ProductName",
                    "SubAccountId": "lineItem/UsageAccountId", "ChargeCategory": "lineItem/LineItemType"},
        "oci.csv": {"ChargePeriodStart": "lineItem/intervalUsageStart", "EffectiveCost": "cost/myCost",
                    "BillingCurrency": "cost/currencyCode", "ServiceName": "product/service",
                    "SubAccountId": "product/compartmentId", "ChargeCategory": "-"},
    }  # fmt: skip
    for name, names in renamed.items():
        head, _, rest = file.read_text().partition("\n")
        (tmp_path / name).write_text(",".join(names.get(h.strip(), h.strip()) for h in head.split(",")) + "\n" + rest)
    for name in ("b.parquet", *renamed):
        assert [f["message"] for f in audit(capsys, tmp_path / name)[1]["findings"]] == [f["message"] for f in told], (
            name
        )


def test_budgets_in_all_and_of_an_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "a.csv", rows(WEEK * 9), rows([c / 10 for c in WEEK * 9], SubAccountId="222"))
    month = sum(c for i, c in enumerate(WEEK * 9) if (START + timedelta(days=i)).month == 9) * 1.1
    assert failed(audit(capsys, file, "--budget", f"{month * 1.3}")[1]) == []
    _, report = audit(capsys, file, "--budget", "2000", "--budget", "222=50000")
    assert failed(report) == [("cost-budget-unrealistic", "budget 222"), ("cost-forecast-over-budget", "budget all")]


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = list(rows(WEEK * 6))
    gone = usual[20:23]
    whole = write(
        tmp_path / "a.csv", (r for r in usual if r not in gone), rows([50.0] * 42, "Oracle", BillingCurrency="EUR")
    )
    with whole.open("a") as stream:
        stream.write("not a day,1,USD,Amazon EC2,111,Usage,,,\n2026-08-04T00:00:00Z,much,USD,Amazon EC2,111,Usage,,,\n")
    write(tmp_path / "b.csv", rows(WEEK * 2))
    (tmp_path / "c.csv").write_text("a,b\n1,2\n")
    (tmp_path / "d.parquet").write_bytes(b"PAR1 not at all")
    code, report = audit(capsys, tmp_path)
    assert code == 3
    notes = " ".join(report["coverage"]["notes"])
    for said in ("costs are in EUR, USD: each is judged by itself", "1 rows have no day", "1 rows have no cost",
                 "14 days of a service are in"):  # fmt: skip
        assert said in notes
    reasons = {Path(i["path"]).name: i["reason"] for i in report["coverage"]["inputs"] if i["status"] == "failed"}
    assert reasons.keys() == {"c.csv", "d.parquet"}
    assert "lacks a column for day: ChargePeriodStart" in reasons["c.csv"]


def test_refunds_and_purchases_are_no_anomalies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = START + timedelta(days=50)
    file = write(
        tmp_path / "a.csv", rows(WEEK * 8), rows([5000.0], start=day, ChargeCategory="Purchase"),
        rows([-900.0], start=day + timedelta(days=1), ChargeCategory="Credit"),
    )  # fmt: skip
    assert failed(audit(capsys, file)[1]) == []


def test_days_without_any_cost_are_no_free_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = list(rows(WEEK * 8))
    file = write(tmp_path / "a.csv", iter(usual[:30] + usual[34:]))
    _, report = audit(capsys, file)
    assert failed(report) == []
    assert any("4 days have no costs at all" in n for n in report["coverage"]["notes"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.csv"], "gone.csv: there is no such file or directory"), (["."], "no cost file in it"),
        (["a.csv", "aws"], "aws stands alone"), (["a.csv", "--budget", "much"], "--budget much: write AMOUNT"),
    ],
)  # fmt: skip
def test_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code = main(["audit", "cost", *arguments])
    assert code == 2
    assert said in capsys.readouterr().err


def test_the_spend_of_an_account(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from moto import mock_aws

    for name, value in (
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "y"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws():
        limit = {
            "BudgetName": "all",
            "BudgetLimit": {"Amount": "10", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        }
        boto3.client("budgets", region_name="us-east-1").create_budget(AccountId="123456789012", Budget=limit)
        code, report = audit(capsys, "aws")
    assert {u["service"]: u["status"] for u in report["coverage"]["units"]} == {"ce": "ok", "budgets": "ok"}
    assert code == 0


def test_expected_knows_weekdays_and_forgives_one_spike() -> None:
    costs = [float(c) for c in WEEK * 6]
    costs[30] *= 5
    days = [i % 7 for i in range(len(costs))]
    for weekday, usual in enumerate(WEEK):
        found = expected(costs, days, weekday)
        assert found is not None
        assert found.low <= usual <= found.high
        assert abs(found.amount - usual) < 0.15 * usual
    assert expected(costs[:10], days[:10], 0) is None


def test_a_forecast_holds_nineteen_times_of_twenty() -> None:
    rng = random.Random(5)
    inside = 0
    for _ in range(120):
        costs = [c * rng.gauss(1, 0.08) for c in WEEK * 10]
        days = [START + timedelta(days=i) for i in range(len(costs))]
        cut = next(i for i in range(35, len(days)) if days[i].day == 12)
        end = forecast(days[:cut], costs[:cut])
        assert end is not None
        month = sum(
            c
            for d, c in zip(days, costs, strict=True)
            if (d.year, d.month) == (days[cut - 1].year, days[cut - 1].month)
        )
        inside += end.low <= month <= end.high
    assert inside >= 120 * 0.8


def test_a_step_and_a_drift_are_told_as_what_they_are() -> None:
    days = [START + timedelta(days=i) for i in range(84)]
    rng = random.Random(9)
    usual = [c * rng.gauss(1, 0.02) for c in WEEK * 12]
    step = [c * (2 if i >= 78 else 1) for i, c in enumerate(usual)]
    drift = [c * (1.03 ** max(0, i - 56)) for i, c in enumerate(usual)]
    assert anomalies(days, usual) == []
    assert [a.kind for a in anomalies(days, step)] == ["step"]
    assert "drift" in {a.kind for a in anomalies(days, drift)}
