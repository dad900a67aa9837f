"""`sla-rpo-exceeded` beyond its examples: what an hour is, copies whose age nobody tells, an account on moto."""

from __future__ import annotations

from typing import Any

import pytest
from assay.analysis.recovery import seconds
from assay.catalogue import Catalogue
from assay.clock import stamp
from assay.engine import evaluate
from assay.graph import Graph
from assay.model import Resource

NOW = 1_795_996_800
HOUR = 3600


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOW))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", 86400), ("15m", 900), ("15 min", 900), ("1 hour", 3600), ("7 days", 604800), ("1.5h", 5400),
        ("PT1H30M", 5400), ("P1D", 86400), ("1W", 604800), ("24", None), ("soon", None), ("P", None), ("1 month", None),
    ],
)  # fmt: skip
def test_durations_as_people_write_them(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


def judged(*resources: Resource, **params: Any) -> dict[str, tuple[str, str]]:
    catalogue = Catalogue()
    catalogue.params = {"sla-rpo-exceeded": params} if params else {}
    rules = catalogue.load([e for e in catalogue.entries if e.id == "sla-rpo-exceeded"])
    report = evaluate(Graph(resources), rules, passes=True)
    return {f.resource.name: (f.verdict.value, f.message) for f in report.findings}


def live(type_: str, name: str, **values: Any) -> Resource:
    source = type_.partition("_")[0]
    return Resource(type_, f"ocid1.{name}", source, {"id": f"ocid1.{name}", **values}, name=name)


def test_an_autonomous_database_goes_back_to_any_moment_while_its_daily_backups_run() -> None:
    tags = {"freeform_tags": {"rpo": "15m"}}
    type_ = "oci_database_autonomous_database"
    found = judged(
        live(type_, "daily", latest_backup_time=stamp(NOW - 20 * HOUR), **tags),
        live(type_, "stopped", latest_backup_time=stamp(NOW - 40 * HOUR), **tags),
        live(type_, "guarded", latest_backup_time=stamp(NOW - 40 * HOUR), is_local_data_guard_enabled=True,
             local_standby_db=[{"lag_time_in_seconds": 4}], **tags),
        live(type_, "lagging", latest_backup_time=stamp(NOW - 40 * HOUR), is_local_data_guard_enabled=True,
             local_standby_db=[{"lag_time_in_seconds": 7200}], **tags),
        live(type_, "copy", role="STANDBY", **tags),
        live(type_, "none", **tags),
    )  # fmt: skip
    assert {n: v for n, (v, _) in found.items()} == {
        "daily": "pass", "stopped": "fail", "guarded": "pass", "lagging": "fail", "copy": "pass", "none": "fail"
    }  # fmt: skip
    assert found["stopped"][1] == "15 minutes is declared, the newest backup is 1.7 days old"
    assert found["lagging"][1] == "15 minutes is declared, the lag of the standby is 2 hours"
    assert found["none"][1] == "15 minutes is declared, there is no backup"


def test_archived_logs_since_a_daily_backup_are_a_doubt_and_no_pass() -> None:
    system = live("oci_database_db_system", "erp", freeform_tags={"rpo": "1h"})
    home = live("oci_database_db_home", "home", db_system_id="ocid1.erp")
    settings = {"db_backup_config": [{"auto_backup_enabled": True}], "last_backup_timestamp": stamp(NOW - 20 * HOUR)}
    database = live("oci_database_database", "books", db_home_id="ocid1.home", **settings)
    verdict, message = judged(system, home, database)["erp"]
    assert verdict == "unknown"
    assert "the newest backup of books is 20 hours old, and nobody can tell what of books its archived logs" in message
    guard = live("oci_database_data_guard_association", "guard", database_id="ocid1.books", role="PRIMARY",
                 apply_lag="7 seconds")  # fmt: skip
    assert judged(system, home, database, guard)["erp"][0] == "pass"


def test_what_aws_backup_may_hold_is_a_doubt() -> None:
    database = live("aws_db_instance", "orders", identifier="orders", tags={"rpo": "1h"}, restorable_lag_minutes=90)
    assert judged(database)["orders"] == ("fail", "1 hour is declared, point-in-time recovery is 1.5 hours old")
    selection = live("aws_backup_selection", "all", resources=["*"])
    verdict, message = judged(database, selection)["orders"]
    assert (verdict, message.endswith("nobody can tell what AWS Backup keeps")) == ("unknown", True)


def test_the_configuration_declares_where_no_tag_does() -> None:
    database = live("aws_db_instance", "orders", identifier="orders", restorable_lag_minutes=90)
    assert judged(database)["orders"][0] == "pass"
    assert judged(database, default="1h")["orders"][0] == "fail"
    replica = live("aws_db_instance", "copy", identifier="copy", replicate_source_db="orders", tags={"rpo": "1h"})
    assert judged(replica)["copy"][0] == "pass", "the recovery point of a replica is that of what it copies"


def test_a_database_of_a_live_account(monkeypatch: pytest.MonkeyPatch) -> None:
    from aws_account import account, audit, client, failing, only

    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    with account(monkeypatch):
        rds = client("rds")
        rds.create_db_instance(
            DBInstanceIdentifier="orders", DBInstanceClass="db.t4g.medium", Engine="postgres", MasterUsername="u",
            MasterUserPassword="password1", AllocatedStorage=20, Tags=[{"Key": "rpo", "Value": "15m"}],
        )  # fmt: skip
        graph = audit("rds")
    assert only(graph, "aws_db_instance")["restorable_lag_minutes"] == 5
    assert failing(graph, "sla-rpo-exceeded") == set()
