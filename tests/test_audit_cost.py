"""`assay audit cost`: real files, real DuckDB, moto's Cost Explorer and Budgets."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
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
        (["a.csv", "aws"], "aws stands alone"), (["oci", "a.csv"], "oci stands alone"),
        (["oci", "--tag", "team"], "--tag is of files and aws"),
        (["aws", "--utilisation", "u.csv"], "--utilisation is of files"),
        ([__file__, "--utilisation", "gone.csv"], "--utilisation gone.csv: there is no such file"),
        (["oci", "--config-file", "/nowhere"], "/nowhere: there is no OCI configuration file"),
        (["a.csv", "--budget", "much"], "--budget much: write AMOUNT"),
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


def test_spend_without_a_tag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any tag, one by its name in FOCUS's column, and one that AWS's and OCI's reports have as a column of its own."""
    several = [rows([1.0] * 20, tags, Tags=tags) for tags in ('{"team": "a"}', '{"stage": "team"}', "{}")]
    file = write(tmp_path / "a.csv", *several)
    for arguments, untagged in (([], 20.0), (["--tag", "team"], 40.0), (["--tag", "owner"], 60.0)):
        _, report = audit(capsys, file, *arguments)
        assert report["summary"]["spend"]["USD"] == {"total": 60.0, "untagged": untagged}
    lines = file.read_text().splitlines()
    (tmp_path / "b.csv").write_text(
        "\n".join([lines[0].replace("Tags", "tags/Finance.team"), *(x.replace("{}", "") for x in lines[1:])]) + "\n"
    )
    for tag, untagged in (("Finance.team", 20.0), ("Finance.owner", 60.0)):
        _, report = audit(capsys, tmp_path / "b.csv", "--tag", tag)
        assert report["summary"]["spend"]["USD"]["untagged"] == untagged


def test_aws_is_asked_for_spend_without_a_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shape only: moto groups nothing, so the answers are recorded ones."""
    from assay.inventory.aws.replay import Replay
    from assay.inventory.aws.spend import _untagged

    groups = [
        {"Keys": [key], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for key, amount in (("team$", "7.5"), ("team$shop", "100"))
    ]
    answer = {"ResultsByTime": [{"TimePeriod": {"Start": "2026-10-01"}, "Groups": groups}] * 2}
    transport: Any = Replay({"ce.GetCostAndUsage": answer}, {})
    assert _untagged(transport, 60, "team") == {"USD": 15.0}


# --- what costs and is not used ---------------------------------------------------------------------------------------


def idle(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        f["resource"]["address"]: (f["verdict"], f["message"])
        for f in report["findings"] if f["rule"] == "cost-idle-resource"
    }  # fmt: skip


def resources(tmp_path: Path) -> Path:
    several = [rows([5.0] * 20, ResourceId=name, service="EC2") for name in ("busy", "idle", "gaps", "unmeasured")]
    return write(tmp_path / "a.csv", *several, rows([0.1] * 20, ResourceId="cheap", service="EC2"))


def use(days: int, **percent: float) -> list[list[str]]:
    return [
        [name, (START + timedelta(days=i)).isoformat(), str(value)]
        for name, value in percent.items() for i in range(days if name != "gaps" else days - 3)
    ]  # fmt: skip


def test_files_with_utilisation_beside_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    beside = tmp_path / "use.csv"
    table = [["resource_id", "day", "utilization"], *use(20, busy=70.0, idle=2.0, gaps=1.0, cheap=0.0)]
    beside.write_text("\n".join(map(",".join, table)) + "\n")
    _, report = audit(capsys, resources(tmp_path), "--utilisation", beside)
    assert {n: v for n, (v, _) in idle(report).items()} == {"idle": "fail", "gaps": "unknown"}
    assert idle(report)["idle"][1] == (
        "150.00 USD a month for 2 % at most used on any day (20 days, 2026-08-03 to 2026-08-22)"
    )
    assert "known of 17 days of 20" in idle(report)["gaps"][1]
    assert any(i["path"].endswith("use.csv") for i in report["coverage"]["inputs"])
    _, report = audit(capsys, resources(tmp_path))
    assert idle(report) == {}, "without utilisation nothing is said"


def test_a_column_of_utilisation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = resources(tmp_path)
    lines = file.read_text().splitlines()
    values = {"busy": "60", "idle": "1"}
    named = [f"{line},{values.get(line.rpartition(',')[2], '')}" for line in lines[1:]]
    file.write_text("\n".join([lines[0] + ",x_Utilization", *named]) + "\n")
    _, report = audit(capsys, file)
    assert {n: v for n, (v, _) in idle(report).items()} == {"idle": "fail"}


def test_a_file_of_utilisation_that_lacks_a_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    beside = tmp_path / "use.csv"
    beside.write_text("resource_id,value\nidle,1\n")
    assert main(["audit", "cost", str(resources(tmp_path)), "--utilisation", str(beside)]) == 2
    assert "it lacks a column day, utilization" in capsys.readouterr().err


def test_the_use_of_aws_resources_is_asked_of_cloudwatch(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto tells no costs of single resources, so these are recorded; the metrics are moto's."""
    from assay.inventory.aws.idle import idle as of_account
    from assay.inventory.aws.replay import Replay
    from assay.inventory.aws.transport import Boto, Clients, make_session
    from aws_account import account, client

    end = date.today()  # noqa: DTZ011 - moto keeps what is younger than two weeks
    days = [end - timedelta(days=n) for n in range(14, 0, -1)]
    groups = [
        {"Keys": [name, "eu-west-1"], "Metrics": {"UnblendedCost": {"Amount": "9", "Unit": "USD"}}}
        for name in ("i-0a", "arn:aws:ec2:eu-west-1:1:volume/vol-0b", "a-bucket")
    ]
    told = {"ce.GetCostAndUsageWithResources": {"ResultsByTime": [{"Groups": groups}]}}
    with account(monkeypatch):
        watch = client("cloudwatch")
        for day in days:
            at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            for space, metric, dimension, name, value in (
                ("AWS/EC2", "CPUUtilization", "InstanceId", "i-0a", 3.0),
                ("AWS/EBS", "VolumeReadOps", "VolumeId", "vol-0b", 400.0),
                ("AWS/EBS", "VolumeWriteOps", "VolumeId", "vol-0b", 200.0),
            ):
                data = {"MetricName": metric, "Value": value, "Timestamp": at}
                data["Dimensions"] = [{"Name": dimension, "Value": name}]
                watch.put_metric_data(Namespace=space, MetricData=[data])
        clients = Clients(make_session())
        found, failed = of_account(Replay(told, {}), lambda region: Boto(clients, region), "1", end, ["all"])
    assert failed == []
    assert [(one.measure, set(one.used)) for one in found] == [("operations", {600.0}), ("cpu", {3.0})]


# --- oci --------------------------------------------------------------------------------------------------------------

INSTANCE = "ocid1.instance.oc1.eu-frankfurt-1.{}"


def usage(details: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    """Usage reports of ten weeks, two compartments, and three instances; the pages are small."""
    first, end = (date.fromisoformat(details[k][:10]) for k in ("timeUsageStarted", "timeUsageEnded"))
    assert details["queryType"] == "COST"
    items: list[dict[str, Any]] = []
    if "resourceId" in details["groupBy"]:
        assert details["isAggregateByTime"]
        ids = [*map(INSTANCE.format, ("idle", "busy", "dark")), "ocid1.vcn.oc1.eu-frankfurt-1.net"]
        items = [{"service": "COMPUTE", "resourceId": id_, "computedAmount": 28.0} for id_ in ids]
    else:
        for i in range((end - first).days):
            cost = 500.0 if i == (end - first).days - 3 else float(WEEK[i % 7])
            items.append({"service": "COMPUTE", "compartmentId": "ocid1.compartment.oc1..shop", "computedAmount": cost,
                          "timeUsageStarted": f"{first + timedelta(days=i)}T00:00:00Z"})  # fmt: skip
    start = int(query.get("page", "0"))
    told = [{"currency": "EUR", **item} for item in items[start : start + 50]]
    return {"groupBy": details["groupBy"], "items": told, "next": start + 50 if start + 50 < len(items) else None}


def metrics(details: dict[str, Any], query: dict[str, str]) -> Any:
    assert query["compartmentIdInSubtree"] == "true"
    first = datetime.fromisoformat(details["startTime"])
    streams = []
    for name, value in (("idle", 1.0), ("busy", 50.0)):
        points = [{"timestamp": (first + timedelta(days=i)).isoformat(), "value": value} for i in range(14)]
        streams.append({"namespace": details["namespace"], "name": "CpuUtilization", "aggregatedDatapoints": points,
                        "dimensions": {"resourceId": INSTANCE.format(name)}})  # fmt: skip
    return streams


def test_the_spend_of_a_tenancy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("oci")
    from oci_control_plane import TENANCY, ControlPlane, write_config

    budget = {
        "id": "b", "compartmentId": TENANCY, "targetType": "COMPARTMENT", "targets": [TENANCY], "amount": 900.0,
        "resetPeriod": "MONTHLY", "displayName": "all", "lifecycleState": "ACTIVE", "alertRuleCount": 0,
    }  # fmt: skip
    content = {
        "usageapi.request_summarized_usages": usage, "monitoring.summarize_metrics_data": metrics,
        "budget.list_budgets": [budget],
    }  # fmt: skip
    with ControlPlane(content) as plane:
        arguments = ["oci", "--config-file", str(write_config(tmp_path)), "--endpoint", plane.url]
        code, report = audit(capsys, *arguments, "--days", "70")
        plane.denied = {"monitoring.summarize_metrics_data", "budget.list_budgets"}
        blind_code, blind = audit(capsys, *arguments, "--days", "70")
    assert code == 1
    assert plane.calls.count("usageapi.request_summarized_usages") == 6, "two pages of days and one of resources, twice"
    assert {u["service"]: u["status"] for u in report["coverage"]["units"]} == {
        "usage": "ok", "budget": "ok", "monitoring": "ok"
    }  # fmt: skip
    failures = failed(report)
    assert ("cost-anomaly", "COMPUTE ocid1.compartment.oc1..shop EUR") in failures
    assert ("cost-forecast-over-budget", "budget all") in failures
    assert {n.rpartition(".")[2]: v for n, (v, _) in idle(report).items()} == {"idle": "fail", "dark": "unknown"}
    assert report["summary"]["spend"]["EUR"]["untagged"] is None, "the usage reports do not tell"
    assert {f["resource"]["source"] for f in report["findings"] if f["rule"] == "cost-idle-resource"} == {"oci"}
    assert blind_code == 1
    assert idle(blind) == {}
    assert {u["service"] for u in blind["coverage"]["units"] if u["status"] == "denied"} == {"monitoring", "budget"}


def test_the_rights_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    from assay.analysis.aws_actions import expand

    assert main(["audit", "cost", "aws", "--print-permissions"]) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    assert {level for action in statement["Action"] for level in (expand(action)[0].level,)} <= {"l", "r"}
    assert main(["audit", "cost", "oci", "--print-permissions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Allow group Auditors to read usage-report in tenancy" in lines
    assert {line.split()[4] for line in lines} == {"inspect", "read"}
    assert main(["audit", "cost", "x.csv", "--print-permissions"]) == 2


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
