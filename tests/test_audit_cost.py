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


def pieces(start: date, days: int, hours: Sequence[int], cost: float, **more: str) -> Iterator[list[str]]:
    """A line an hour, as OCI's cost reports have them."""
    usual = {"EffectiveCost": str(cost), "BillingCurrency": "USD", "ServiceName": "EC2", "SubAccountId": "111", **more}
    for day in range(days):
        for hour in hours:
            values = {**usual, "ChargePeriodStart": f"{start + timedelta(days=day)}T{hour:02}:00:00Z"}
            yield [values.get(name, "") for name in FOCUS]


def test_a_day_in_several_files_is_added_up_and_a_day_told_twice_counts_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """OCI writes four reports a day, and AWS cuts long ones; exports of overlapping times say the same days again."""
    parts = tmp_path / "parts"
    parts.mkdir()
    for n in range(4):
        write(parts / f"{n}.csv", pieces(START, 20, range(6 * n, 6 * n + 6), 1.0))
    _, report = audit(capsys, parts)
    assert report["summary"]["spend"]["USD"]["total"] == 20 * 24
    assert "20 days of a service are in" in report["coverage"]["notes"][0]
    assert report["coverage"]["notes"][0].endswith("0.csv in part: they are added up")
    twice = tmp_path / "twice"
    twice.mkdir()
    write(twice / "a.csv", pieces(START, 14, range(24), 1.0), pieces(START + timedelta(days=14), 1, range(5), 1.0))
    write(twice / "b.csv", pieces(START + timedelta(days=7), 13, range(24), 1.0))
    _, report = audit(capsys, twice)
    assert report["summary"]["spend"]["USD"]["total"] == 20 * 24, "of the day that was not over the whole one counts"
    assert "8 days of a service are in" in report["coverage"]["notes"][0]
    assert report["coverage"]["notes"][0].endswith("a.csv too; they are counted once")


def test_what_a_file_says_in_parquet_is_of_the_same_days_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moments with a zone are those of UTC, whatever the zone of the machine."""
    import time

    import duckdb

    file = write(tmp_path / "a.csv", pieces(START, 20, range(24), 1.0))
    with duckdb.connect() as connection:
        zoned = (
            f"SELECT * REPLACE (CAST(ChargePeriodStart AS TIMESTAMPTZ) AS ChargePeriodStart) FROM read_csv('{file}')"
        )
        connection.execute(f"COPY ({zoned}) TO '{tmp_path}/b.parquet'")
    found = []
    for zone in ("UTC", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        _, report = audit(capsys, tmp_path / "b.parquet", "--budget", "100")
        found.append([f["message"] for f in report["findings"]])
    monkeypatch.undo()
    time.tzset()
    assert found[0] == found[1]


def test_a_file_without_tags_does_not_tell_what_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "a.csv", rows([1.0] * 20))
    file.write_text(file.read_text().replace("Tags", "Other", 1))
    assert audit(capsys, file)[1]["summary"]["spend"]["USD"] == {"total": 20.0, "untagged": None}


def test_a_budget_of_an_account_that_spends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = audit(capsys, write(tmp_path / "a.csv", rows(WEEK * 9)), "--budget", "1l1=2000", "--show-passes")
    assert "nothing was spent by 1l1, of which there is a budget: it is not judged" in report["coverage"]["notes"]
    assert not [f for f in report["findings"] if f["resource"]["type"] == "budget"]


def test_a_budget_has_the_currency_of_what_it_is_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two accounts, each of a currency: a budget of all says which, that of an account need not."""
    euros = rows(WEEK * 9, "Storage", SubAccountId="222", BillingCurrency="EUR")
    file = write(tmp_path / "a.csv", rows(WEEK * 9), euros)
    _, report = audit(capsys, file, "--budget", "2000", "--budget", "222=2000", "--budget", "111=2000EUR")
    assert failed(report) == [("cost-forecast-over-budget", "budget 222 (EUR)")]
    assert (
        "the budget of all names no currency, and costs are in EUR, USD: it is not judged; write 2000EUR"
        in (report["coverage"]["notes"])
    )
    assert any("nothing was spent in EUR by 111" in note for note in report["coverage"]["notes"])
    assert failed(audit(capsys, file, "--budget", "2000usd")[1]) == [("cost-forecast-over-budget", "budget all (USD)")]


def test_days_that_are_missing_in_a_month_are_expected_in_its_forecast() -> None:
    days = [START + timedelta(days=i) for i in range(80)]
    costs = [float(c) for c in (WEEK * 12)[:80]]
    end = forecast(days, costs)
    gap = [i for i, day in enumerate(days) if day.month == 10 and 5 <= day.day <= 9]
    without = forecast(
        [d for i, d in enumerate(days) if i not in gap], [c for i, c in enumerate(costs) if i not in gap]
    )
    assert end is not None
    assert without is not None
    assert without.spent == end.spent - sum(costs[i] for i in gap)
    assert abs(without.expected - end.expected) < 0.02 * end.expected


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
        (["aws", "--utilisation", "u.csv"], "--utilisation is of files"),
        ([__file__, "--utilisation", "gone.csv"], "--utilisation gone.csv: there is no such file"),
        (["oci", "--config-file", "/nowhere"], "/nowhere: there is no OCI configuration file"),
        (["a.csv", "--budget", "much"], "--budget much: write AMOUNT"),
        (["a.csv", "--budget", "nan"], "--budget nan: write AMOUNT"),
        (["a.csv", "--budget", "111=-5"], "--budget 111=-5: a budget is more than 0"),
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
    assert _untagged(transport, 60, "team", ["USD", "EUR"]) == {"USD": 15.0, "EUR": 0.0}


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


def test_a_resource_in_the_files_of_two_months_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was idle in the first month, and is busy now."""
    folder = tmp_path / "months"
    folder.mkdir()
    half = START + timedelta(days=20)
    write(folder / "1.csv", rows([5.0] * 20, ResourceId="i-1"))
    write(folder / "2.csv", rows([5.0] * 20, start=half, ResourceId="i-1"))
    write(folder / "3.csv", rows([5.0] * 20, start=half, ResourceId="i-1"))  # once more
    beside = tmp_path / "use.csv"
    used = [["resource_id", "day", "utilization"], *use(40, **{"i-1": 1.0})]
    used[-3][2] = "60"
    beside.write_text("\n".join(map(",".join, used)) + "\n")
    _, report = audit(capsys, folder, "--utilisation", beside, "--show-passes")
    assert {n: v for n, (v, _) in idle(report).items()} == {"i-1": "pass"}
    used[-3][2] = "1"
    beside.write_text("\n".join(map(",".join, used)) + "\n")
    _, report = audit(capsys, folder, "--utilisation", beside)
    assert idle(report)["i-1"][1].startswith("150.00 USD a month for 1 % at most used on any day (30 days")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resource_id,day,utilization\nidle,2026-08-03,48%\n", "1 days have no percentage that can be read (48.4, wi"),
        ("resource_id,day,utilization\narn:idle,2026-08-03,48\n", "none of its 1 resources is in the cost files"),
    ],
)
def test_what_is_wrong_with_a_file_of_utilisation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "use.csv").write_text(text)
    _, report = audit(capsys, resources(tmp_path), "--utilisation", tmp_path / "use.csv")
    assert any(said in note for note in report["coverage"]["notes"])


def test_costs_without_resources_have_no_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "use.csv").write_text("resource_id,day,utilization\nidle,2026-08-03,1\n")
    file = write(tmp_path / "a.csv", rows([1.0] * 20))
    file.write_text(file.read_text().replace("ResourceId", "Thing", 1))
    _, report = audit(capsys, file, "--utilisation", tmp_path / "use.csv")
    assert any("it has no column of resources" in note for note in report["coverage"]["notes"])


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
        found, *failed = of_account(Replay(told, {}), lambda region: Boto(clients, region), "1", end, ["all"])
    assert failed == [[], []]
    assert [(one.measure, set(one.used)) for one in found] == [("operations", {600.0}), ("cpu", {3.0})]


def costs(*names: str) -> dict[str, Any]:
    """Recorded costs of single resources: moto tells none."""
    groups = [{"Keys": [n, "eu-west-1"], "Metrics": {"UnblendedCost": {"Amount": "60", "Unit": "USD"}}} for n in names]
    return {"ce.GetCostAndUsageWithResources": {"ResultsByTime": [{"Groups": groups}]}}


def hourly(watch: Any, end: date, namespace: str, metric: str, value: float, busy: float, **dimensions: str) -> None:
    """A value for each of 14 days' hours; in three of them it is `busy`."""
    named = [{"Name": name, "Value": of} for name, of in dimensions.items()]
    last = datetime(end.year, end.month, end.day, 0, 30, tzinfo=UTC)
    data = [
        {"MetricName": metric, "Value": busy if n in (30, 31, 32) else value, "Dimensions": named,
         "Timestamp": last - timedelta(hours=n)}
        for n in range(1, 337)
    ]  # fmt: skip
    watch.put_metric_data(Namespace=namespace, MetricData=data)


def test_how_large_aws_machines_are_and_need_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics, machines and what their types hold are moto's; the costs are recorded."""
    from assay.engine import evaluate
    from assay.graph import Graph
    from assay.idle import resource
    from assay.inventory.aws.idle import idle as of_account
    from assay.inventory.aws.replay import Replay
    from assay.inventory.aws.transport import Boto, Clients, make_session
    from assay.spend import SpendOrigin
    from aws_account import account, client

    end = date.today()  # noqa: DTZ011 - moto keeps what is younger than two weeks
    sizes = {"large": "m5.xlarge", "dark": "m5.xlarge", "burst": "t3.large"}
    with account(monkeypatch):
        ec2, watch, rds = client("ec2"), client("cloudwatch"), client("rds")
        image = ec2.register_image(Name="any", RootDeviceName="/dev/sda1")["ImageId"]
        ids = {}
        for name, size in sizes.items():
            made = ec2.run_instances(ImageId=image, InstanceType=size, MinCount=1, MaxCount=1)
            ids[name] = made["Instances"][0]["InstanceId"]
        memory = {"large": 30.0, "burst": 30.0}
        for name, id_ in ids.items():
            cpu = 30.0 if name == "burst" else 12.0  # on t3.medium that is more than its credits last for
            hourly(watch, end, "AWS/EC2", "CPUUtilization", cpu, 95.0, InstanceId=id_)
            if name in memory:  # the agent adds dimensions as it likes
                hourly(watch, end, "CWAgent", "mem_used_percent", memory[name], memory[name], InstanceId=id_,
                       InstanceType=sizes[name])  # fmt: skip
        rds.create_db_instance(DBInstanceIdentifier="wide", DBInstanceClass="db.r6g.xlarge", Engine="postgres",
                               MasterUsername="a", MasterUserPassword="not-a-secret")  # fmt: skip
        for metric, value in (("CPUUtilization", 9.0), ("FreeableMemory", 24e9), ("DatabaseConnections", 8.0)):
            hourly(watch, end, "AWS/RDS", metric, value, value, DBInstanceIdentifier="wide")
        arns = {"wide": "arn:aws:rds:eu-west-1:1:db:wide"}
        clients = Clients(make_session())
        told = costs(*ids.values(), *arns.values(), "i-0123456789abcdef0")
        found, *failed = of_account(Replay(told, {}), lambda region: Boto(clients, region), "1", end, ["all"])
    assert failed == [[], []]
    graph = Graph([resource(one, "aws", SpendOrigin("aws")) for one in found])
    findings = {
        f.resource.address: (f.verdict.value, f.message) for f in evaluate(graph, rules_of("cost-oversized-*")).findings
    }
    names = {of: name for name, of in (ids | arns).items()}
    assert {names[a]: verdict for a, (verdict, _) in findings.items()} == {
        "large": "fail", "dark": "unknown", "wide": "fail"
    }  # fmt: skip
    assert findings[ids["large"]][1].startswith(
        "128.57 USD a month as m5.xlarge, its CPU at or below 12 % in 99 of 100 hours, 95 % at most "
        "(336 of 336 hours known), memory at most 30 % used: m5.large would be used to 24 % and 60 % of memory"
    )
    assert "memory is not reported, so whether m5.large would do is open" in findings[ids["dark"]][1]
    assert "db.r6g.large would be used to 18 %" in findings[arns["wide"]][1]


def rules_of(selected: str) -> list[Any]:
    from fnmatch import fnmatch

    from assay.catalogue import Catalogue

    catalogue = Catalogue()
    return catalogue.load([e for e in catalogue.entries if fnmatch(e.id, selected)])


@pytest.mark.parametrize(
    ("refused", "verdict", "reason"),
    [
        ("cloudwatch.ListMetrics", "unknown", "cloudwatch:ListMetrics gave no answer: AccessDenied"),
        ("ec2.DescribeInstances", "unknown", "ec2:DescribeInstances gave no answer: AccessDenied"),
        ("ec2.DescribeInstanceTypes", "unknown", "ec2:DescribeInstanceTypes gave no answer: AccessDenied"),
        ("cloudwatch.GetMetricData", "not_evaluated", "GetMetricData: AccessDenied"),
        ("ce.GetCostAndUsageWithResources", "not_evaluated", "GetCostAndUsageWithResources: AccessDenied"),
    ],
)
def test_aws_calls_that_are_denied(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], refused: str, verdict: str, reason: str
) -> None:
    """What a denied call would have told is unknown or not evaluated, and a row of the coverage: the whole audit."""
    from assay.inventory.aws import spend
    from assay.inventory.aws.replay import Replay
    from aws_account import account

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1796040000")  # the last day of November 2026
    hours = [datetime(2026, 11, 16, tzinfo=UTC) + timedelta(hours=n) for n in range(336)]
    some = {"StatusCode": "Complete", "Timestamps": hours, "Values": [12.0] * 336}
    kinds = [{"InstanceType": f"m5.{size}", "VCpuInfo": {"DefaultVCpus": n}, "MemoryInfo": {"SizeInMiB": n << 12}}
             for size, n in (("large", 2), ("xlarge", 4))]  # fmt: skip
    groups = [{"Keys": ["EC2", "1"], "Metrics": {"UnblendedCost": {"Amount": "5", "Unit": "USD"}}}]
    instance = {"InstanceId": "i-0a", "InstanceType": "m5.xlarge"}
    metric = {"MetricName": "mem_used_percent", "Dimensions": [{"Name": "InstanceId", "Value": "i-0a"}]}
    told = costs("i-0a") | {
        "ce.GetCostAndUsage": {"ResultsByTime": [{"TimePeriod": {"Start": "2026-11-29"}, "Groups": groups}]},
        "cloudwatch.ListMetrics": {"Metrics": [metric]},
        "cloudwatch.GetMetricData": {"MetricDataResults": [{"Id": i, **some} for i in ("m0", "c0", "a0")]},
        "ec2.DescribeInstances": {"Reservations": [{"Instances": [instance]}]},
        "ec2.DescribeInstanceTypes": {"InstanceTypes": kinds},
    }  # fmt: skip
    with account(monkeypatch):
        monkeypatch.setattr(spend, "Boto", lambda *_: Replay(told, {}))
        monkeypatch.setattr("assay.inventory.aws.accounts.Audit.boto", lambda _: Replay(told, {}))
        _, whole = audit(capsys, "aws")
        told[refused] = {"error": "AccessDenied"}
        code, report = audit(capsys, "aws")
    verdicts = [(f["verdict"], f["message"]) for f in whole["findings"] if f["rule"] == "cost-oversized-resource"]
    assert [v for v, _ in verdicts] == ["fail"]
    ((found, said),) = [
        (f["verdict"], f["message"]) for f in report["findings"] if f["rule"] == "cost-oversized-resource"
    ]
    assert found == verdict
    assert reason in said
    assert code == 3
    assert [u["service"] for u in report["coverage"]["units"] if u["status"] == "denied"] == [refused.partition(".")[0]]


# --- oci --------------------------------------------------------------------------------------------------------------

INSTANCE = "ocid1.instance.oc1.eu-frankfurt-1.{}"


def usage(details: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    """Usage reports of ten weeks, two compartments, and three instances; the pages are small."""
    first, end = (date.fromisoformat(details[k][:10]) for k in ("timeUsageStarted", "timeUsageEnded"))
    assert details["queryType"] == "COST"
    items: list[dict[str, Any]] = []
    if tags := details.get("groupByTag"):
        assert details["isAggregateByTime"]
        (tag,) = tags
        assert tag == {"namespace": "Finance", "key": "team"}
        amounts = [("shop", 700.0), ("ledger", 200.0), (None, 9999.0)]  # the rest is what the days come to
        items = [{"tags": [{**tag, "value": value}], "computedAmount": amount} for value, amount in amounts]
    elif "resourceId" in details["groupBy"]:
        assert details["isAggregateByTime"]
        ids = [*map(INSTANCE.format, ("idle", "busy", "dark", "large")), "ocid1.vcn.oc1.eu-frankfurt-1.net"]
        items = [
            {"service": "COMPUTE", "resourceId": id_, "computedAmount": 28.0,
             "compartmentId": "ocid1.compartment.oc1..shop"} for id_ in ids
        ]  # fmt: skip
        moved = {"compartmentId": "ocid1.compartment.oc1..old", "computedAmount": 2.0}
        items.append({**items[0], **moved})  # it lay in two compartments
    else:
        for i in range((end - first).days):
            cost = 500.0 if i == (end - first).days - 3 else float(WEEK[i % 7])
            items.append({"service": "COMPUTE", "compartmentId": "ocid1.compartment.oc1..shop", "computedAmount": cost,
                          "timeUsageStarted": f"{first + timedelta(days=i)}T00:00:00Z"})  # fmt: skip
    start = int(query.get("page", "0"))
    told = [{"currency": "EUR", **item} for item in items[start : start + 50]]
    return {"groupBy": details.get("groupBy"), "items": told, "next": start + 50 if start + 50 < len(items) else None}


def metrics(details: dict[str, Any], query: dict[str, str]) -> Any:
    assert query["compartmentIdInSubtree"] == "true"
    first, end = (datetime.fromisoformat(details[k]) for k in ("startTime", "endTime"))
    name, _, interval = details["query"].partition("[")
    hours = 24 if interval.startswith("1d") else 1
    assert (end - first) / timedelta(hours=hours) * 2000 <= 100_000, "the points that one answer may have"
    streams = []
    for of, cpu, memory in (("idle", 1.0, 9.0), ("busy", 50.0, 9.0), ("large", 12.0, 30.0)):
        value = cpu if name == "CpuUtilization" else memory
        moments = [first + timedelta(hours=n) for n in range(0, int((end - first) / timedelta(hours=1)), hours)]
        points = [{"timestamp": at.isoformat(), "value": value} for at in moments]
        streams.append({"namespace": details["namespace"], "name": name, "aggregatedDatapoints": points,
                        "dimensions": {"resourceId": INSTANCE.format(of)}})  # fmt: skip
    return streams


def machine(name: str, shape: str, **config: float) -> dict[str, Any]:
    return {
        "id": INSTANCE.format(name), "compartmentId": "ocid1.compartment.oc1..shop", "availabilityDomain": "AD-1",
        "region": "eu-frankfurt-1", "lifecycleState": "RUNNING", "timeCreated": "2026-01-01T00:00:00Z", "shape": shape,
        "displayName": name, "shapeConfig": config,
    }  # fmt: skip


def oversized(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        f["resource"]["address"].rpartition(".")[2]: (f["verdict"], f["message"])
        for f in report["findings"] if f["rule"] == "cost-oversized-resource"
    }  # fmt: skip


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
        "compute.list_instances": [
            machine("idle", "VM.Standard.E5.Flex", ocpus=4, memoryInGBs=64),
            machine("busy", "VM.Standard.E5.Flex", ocpus=4, memoryInGBs=64),
            machine("dark", "VM.Standard.E5.Flex", ocpus=4, memoryInGBs=64),
            machine("large", "VM.Standard2.4", ocpus=4, memoryInGBs=60),
        ],
        "compute.list_shapes": [
            {"shape": f"VM.Standard2.{n}", "ocpus": n, "memoryInGBs": 15 * n} for n in (1, 2, 4, 8)
        ],
    }  # fmt: skip
    with ControlPlane(content) as plane:
        arguments = ["oci", "--config-file", str(write_config(tmp_path)), "--endpoint", plane.url]
        code, report = audit(capsys, *arguments, "--days", "70")
        plane.denied = {"monitoring.summarize_metrics_data", "budget.list_budgets"}
        blind_code, blind = audit(capsys, *arguments, "--days", "70")
        plane.denied = {"compute.list_instances"}
        unsized = audit(capsys, *arguments, "--days", "70")[1]
        plane.denied = {"compute.list_shapes"}
        shapeless = audit(capsys, *arguments, "--days", "70")[1]
        plane.denied = set()
        tagged = audit(capsys, *arguments, "--days", "70", "--tag", "Finance.team")[1]
    assert code == 1
    assert plane.calls.count("usageapi.request_summarized_usages") == 16, (
        "two pages of days, one of resources; of a tag"
    )
    spent = tagged["summary"]["spend"]["EUR"]
    assert spent["untagged"] == round(spent["total"] - 900.0, 2)
    assert {u["service"]: u["status"] for u in report["coverage"]["units"]} == {
        "usage": "ok", "budget": "ok", "monitoring": "ok", "compute": "ok"
    }  # fmt: skip
    failures = failed(report)
    assert ("cost-anomaly", "COMPUTE ocid1.compartment.oc1..shop EUR") in failures
    assert ("cost-forecast-over-budget", "budget all") in failures
    assert {n.rpartition(".")[2]: v for n, (v, _) in idle(report).items()} == {"idle": "fail", "dark": "unknown"}
    assert "64.29 EUR a month" in next(m for n, (_, m) in idle(report).items() if n.endswith(".idle"))
    large = oversized(report)
    assert {n: v for n, (v, _) in large.items()} == {"large": "fail", "dark": "unknown"}
    assert "VM.Standard2.2 would be used to 24 % and 60 % of memory" in large["large"][1]
    assert "how busy its CPU was is not known" in large["dark"][1]
    assert report["summary"]["spend"]["EUR"]["untagged"] is None, "nobody asked"
    assert {f["resource"]["source"] for f in report["findings"] if f["rule"] == "cost-idle-resource"} == {"oci"}
    assert blind_code == 1
    assert [v for v, _ in idle(blind).values()] == ["not_evaluated"]
    assert [v for v, _ in oversized(blind).values()] == ["not_evaluated"]
    assert {u["service"] for u in blind["coverage"]["units"] if u["status"] == "denied"} == {"monitoring", "budget"}
    assert {v for v, _ in oversized(unsized).values()} == {"unknown"}
    assert "could not be listed" in oversized(unsized)["large"][1]
    assert [u["service"] for u in unsized["coverage"]["units"] if u["status"] == "denied"] == ["compute"]
    assert oversized(shapeless)["large"] == (
        "unknown", "cannot be decided: the shapes of eu-frankfurt-1 could not be listed"
    )  # fmt: skip


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
