"""An audit of some rules asks for what they look at and nothing more, and says of the rest nothing at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.cli import main
from assay.engine import _Run
from assay.example_graphs import replayed
from assay.examples import of_rule
from assay.graph import Graph
from assay.inventory.snapshot import records
from assay.needs import types_of
from assay.rule import Rule
from aws_account import apart
from aws_population import REGION, populate
from moto import mock_aws
from oci_control_plane import ControlPlane, write_config
from oci_tenancy import tenancy

CONFIG: Any = {"lambda": {"use_docker": False}}
THEMES = ("budget-alerts", "dead-letter-queues", "encryption", "private-subnets", "aws-sqs-no-dlq")


class Audited:
    """What full and narrowed audits of one account say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: Counter[str] = Counter()

    def audit(self, name: str, *more: str) -> list[dict[str, Any]]:
        self.calls.clear()
        report = self.folder / f"{name}.json"
        save = ("--save", str(self.folder / f"{name}.jsonl.gz"), "--show-passes", "-o", f"json={report}")
        main(["audit", "aws", "--regions", REGION, "-q", *save, *more])
        return _findings(report)


def _findings(report: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(report.read_text())["findings"]
    return found


def _verdicts(findings: list[dict[str, Any]]) -> Counter[tuple[str, str, str, str]]:
    return Counter((f["rule"], f["resource"]["address"], f["verdict"], f["message"]) for f in findings)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    from assay.inventory.aws.transport import Clients

    audited = Audited(tmp_path_factory.mktemp("narrowed"))
    original = Clients.get

    def counted(self: Clients, service: str, region: str) -> Any:
        client = original(self, service, region)
        if not hasattr(client, "counted"):
            client.counted = True

            def sent(event_name: str, **_: object) -> None:
                audited.calls[f"{service}.{event_name.rpartition('.')[2]}"] += 1

            client.meta.events.register_first("before-send", sent)
        return client

    with pytest.MonkeyPatch.context() as patch:
        apart(patch)
        patch.setattr(Clients, "get", counted)
        with mock_aws(config=CONFIG):
            populate(boto3.Session(), copies=1)
            yield audited


@pytest.fixture(scope="module")
def whole(account: Audited) -> tuple[list[dict[str, Any]], int]:
    """What the audit of everything says, and how many calls it takes."""
    return account.audit("whole"), account.calls.total()


@pytest.mark.parametrize("selected", THEMES)
def test_a_narrowed_audit_says_of_its_rules_what_the_whole_one_says(
    account: Audited, whole: tuple[list[dict[str, Any]], int], selected: str
) -> None:
    said = account.audit(selected, "--select", selected)
    full = [f for f in whole[0] if selected in (f["rule"], f["theme"])]
    assert said
    assert _verdicts(said) == _verdicts(full)
    assert account.calls.total() < whole[1] * 0.7


def test_queues_and_their_senders_cost_no_call_to_networks_or_keys(account: Audited) -> None:
    account.audit("queues", "--select", "aws-sqs-no-dlq")
    services = {name.partition(".")[0] for name in account.calls}
    assert {"sqs", "lambda", "sns", "events"} <= services
    assert services.isdisjoint({"rds", "kms", "iam", "cloudtrail", "apigateway", "secretsmanager", "elbv2"})


def test_budgets_cost_a_handful_of_calls(account: Audited) -> None:
    account.audit("budgets", "--select", "aws-budget-no-forecast-alert")
    assert {name.partition(".")[0] for name in account.calls} == {"sts", "budgets"}
    assert account.calls.total() < 10


def test_a_narrowed_snapshot_never_lets_another_rule_pass_or_fail_by_absence(
    account: Audited, whole: tuple[list[dict[str, Any]], int]
) -> None:
    known = _verdicts(whole[0])
    for selected in ("dead-letter-queues", "private-subnets", "budget-alerts"):
        account.audit(selected, "--select", selected)
        report = account.folder / "again.json"
        snapshot = str(account.folder / f"{selected}.jsonl.gz")
        main(["scan", snapshot, "-q", "--show-passes", "--fail-on", "never", "-o", f"json={report}"])
        decided = _verdicts([f for f in _findings(report) if f["verdict"] in ("pass", "fail")])
        assert decided
        assert decided - known == Counter(), f"verdicts of {selected} that the whole account does not bear out"


def test_printed_permissions_are_those_of_the_selected_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "aws", "--select", "aws-budget-no-forecast-alert", "--print-permissions"]) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    assert "budgets:ViewBudget" in statement["Action"]
    assert {a.partition(":")[0] for a in statement["Action"]} == {"budgets", "ec2", "sts"}
    assert main(["audit", "oci", "--select", "oci-bucket-public", "--print-permissions"]) == 0
    assert "vcns" not in (text := capsys.readouterr().out)
    assert "read buckets" in text


def test_a_narrowed_audit_of_a_tenancy_asks_for_its_rules_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(tmp_path)
    calls = {}
    said = {}
    with ControlPlane(tenancy(1, 1)[0]) as plane:
        for name, select in (("whole", ()), ("some", ("--select", "oci-bucket-public"))):
            before = len(plane.calls)
            report = tmp_path / f"{name}.json"
            config = ("--endpoint", plane.url, "--config-file", str(tmp_path / "config"))
            main(["audit", "oci", *config, *select, "-q", "--show-passes", "-o", f"json={report}"])
            calls[name] = len(plane.calls) - before
            said[name] = [f for f in _findings(report) if f["rule"] == "oci-bucket-public"]
    capsys.readouterr()
    assert _verdicts(said["some"]) == _verdicts(said["whole"])
    assert said["some"]
    assert calls["some"] * 5 < calls["whole"]


# --- what rules look at ---------------------------------------------------------------------------------------------


def _known() -> set[str]:
    from assay.inventory.aws.replay import all_services
    from assay.inventory.oci import types

    return {t for s in all_services() for t in s.types} | set(types())


@pytest.mark.slow
def test_rules_look_at_no_type_that_is_not_read_off_their_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every live example of every rule, with what the graph is asked written down."""
    known, asked = _known(), set()
    for name in ("all", "_identity", "_links_of"):
        original = getattr(Graph, name)

        def noted(self: Graph, type_: str, *more: Any, original: Any = original) -> Any:
            asked.add(type_)
            return original(self, type_, *more)

        monkeypatch.setattr(Graph, name, noted)
    beside = Graph.beside

    def noted_beside(self: Graph, view: Any, type_: str) -> Any:
        asked.add(type_)
        return beside(self, view, type_)

    monkeypatch.setattr(Graph, "beside", noted_beside)
    catalogue = Catalogue()
    missed: dict[str, set[str]] = {}
    examples = 0
    for rule in catalogue.load(catalogue.entries):
        needed = types_of([rule], known)
        for graph in _live_graphs(rule):
            asked.clear()
            examples += 1
            _Run(graph, passes=False, timings=False).rule(rule)
            if beyond := (asked & known) - needed:
                missed.setdefault(rule.id, set()).update(beyond)
    assert missed == {}
    assert examples > 1000


def _live_graphs(rule: Rule) -> Iterator[Graph]:
    for example in of_rule(rule, RULES):
        if example.source in ("aws", "oci"):
            try:
                yield replayed(example)
            except ValueError:  # files of objectives beside the answers
                continue


def test_a_snapshot_says_what_was_left_out(account: Audited) -> None:
    account.audit("budgets", "--select", "aws-budget-no-forecast-alert")
    header = next(records(str(account.folder / "budgets.jsonl.gz")))
    assert "aws_budgets_budget" in header["feeds"]["aws"]
    assert "aws_sqs_queue" in header["left_out"]
    assert set(header["feeds"]["aws"]).isdisjoint(header["left_out"])
