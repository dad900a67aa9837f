"""`assay report`: what was written as JSON comes back as it was, merges, compares, and takes any other form."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from assay.reports import FORMATS, writer
from assay.reports.reading import read
from report_samples import sample

RULE = "aws-sqs-unencrypted"


def queue(name: str, on: str = "false") -> str:
    return f'resource "aws_sqs_queue" "{name}" {{\n  sqs_managed_sse_enabled = {on}\n}}\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scan(folder: Path, name: str, code: str, *more: str) -> str:
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "main.tf").write_text(code)
    main(["scan", name, "--select", RULE, "--no-cache", "-q", "-o", f"json={name}.json", *more])
    return f"{name}.json"


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["report", "-o", "json", *arguments])
    out, err = capsys.readouterr()
    assert out, err
    shown: dict[str, Any] = json.loads(out)
    return code, shown


def addresses(shown: list[dict[str, Any]]) -> list[str]:
    return [f["resource"]["address"].rpartition(".")[2] for f in shown]


def test_a_report_comes_back_to_the_byte(tmp_path: Path) -> None:
    said, again = io.StringIO(), io.StringIO()
    writer("json")(sample(tmp_path), said, {})
    (tmp_path / "run.json").write_text(said.getvalue(), encoding="utf-8")
    back = read(str(tmp_path / "run.json"))
    writer("json")(back, again, {})
    assert again.getvalue() == said.getvalue()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_is_written_from_it(name: str, here: Path) -> None:
    run = scan(here, "a", queue("orders"))
    assert main(["report", run, "-o", f"{name}=out"]) == 1
    assert RULE in (here / "out").read_text(encoding="utf-8")


def test_what_nobody_knew_is_not_said_to_be_unset(here: Path) -> None:
    code = 'variable "on" {}\n' + queue("orders", "var.on")
    main(["report", scan(here, "a", code), "-o", "html=out"])
    assert "the report that was read does not say why" in (here / "out").read_text(encoding="utf-8")


def test_two_runs_become_one_report(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = scan(here, "a", queue("x") + queue("y", "true")), scan(here, "b", queue("z"))
    code, merged = report(capsys, one, two)
    assert code == 1
    assert sorted(addresses(merged["findings"])) == ["x", "z"]
    assert (merged["summary"]["resources"], merged["summary"]["fail"], merged["summary"]["pass"]) == (3, 2, 1)
    assert len(merged["coverage"]["inputs"]) == 2


def test_one_finding_of_two_runs_stands_once_and_the_graver_verdict_wins(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waived = "# assay: allow[aws-sqs-unencrypted] holds public prices only\n"
    failed = scan(here, "a", queue("x"))
    (here / failed).rename("failed.json")
    calm = scan(here, "a", waived + queue("x"))
    assert report(capsys, calm)[0] == 0
    for order in ((calm, "failed.json"), ("failed.json", calm)):
        code, merged = report(capsys, *order)
        assert (code, [f["verdict"] for f in merged["findings"]]) == (1, ["fail"])


def test_comparing_leaves_what_is_new(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path(scan(here, "a", queue("old") + queue("same"))).rename("old.json")
    now = scan(here, "a", "\n\n" + queue("same") + queue("new"))
    code, shown = report(capsys, now, "--compare", "old.json")
    assert (code, addresses(shown["findings"])) == (1, ["new"])
    assert (shown["diff"]["new"], addresses(shown["diff"]["fixed"]), shown["diff"]["unchanged"]) == (1, ["old"], 1)
    assert report(capsys, "old.json", "--compare", "old.json")[0] == 0
    assert main(["report", now, "--compare", "old.json"]) == 1
    assert "Compared with old.json: 1 new, 1 fixed, 1 unchanged." in capsys.readouterr().out


def test_the_gate_and_what_was_not_read_count_as_in_a_scan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = scan(here, "a", queue("x"))
    assert report(capsys, run, "--fail-on", "never")[0] == 0
    broken = scan(here, "b", "resource {{{")
    assert report(capsys, broken)[0] == 3
    assert report(capsys, run, broken, "--fail-on", "never")[0] == 3
    assert report(capsys, broken, "--allow-incomplete")[0] == 0


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("findings.0.rule", 5), ("findings.0.resource.source", ["x"]), ("findings.0.location.end_column", None),
        ("findings.0.location.file", {}), ("findings.0.evidence.0.path", -1), ("findings.0.fingerprint", True),
        ("coverage.inputs.0.path", None), ("coverage.notes", [1]), ("findings", "none"), ("summary.fail", "many"),
    ],
)  # fmt: skip
def test_a_report_that_was_edited_is_refused_by_its_place(
    place: str, value: object, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = here / scan(here, "a", queue("orders"))
    written = json.loads(run.read_text())
    *way, last = (int(step) if step.isdecimal() else step for step in place.split("."))
    inner = written
    for step in way:
        inner = inner[step]
    inner[last] = value
    run.write_text(json.dumps(written))
    assert main(["report", "a.json", "-o", "html=out.html", "-o", "sarif=out.sarif"]) == 2
    said = capsys.readouterr().err
    assert "a.json: not a whole report: " in said
    assert place.replace(".0", "[0]") in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a report: it is no JSON"),
        ("[]", "it names no schema"),
        ('{"schema": "assay-snapshot/1"}', "its schema is 'assay-snapshot/1'"),
        ('{"schema": "assay-report/1", "summary": {}}', "not a whole report: 'coverage' is missing"),
    ],
)
def test_what_is_no_report_is_refused(text: str, said: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "run.json").write_text(text)
    assert main(["report", "run.json"]) == 2
    assert said in capsys.readouterr().err
    assert main(["report", "absent.json"]) == 2
    assert "absent.json: cannot be read" in capsys.readouterr().err
