"""SARIF: judged by its schema, by the SARIF Multitool and by what GitHub refuses although the Multitool takes it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from assay.engine import Report
from assay.model import Finding, Resource, Severity, Verdict
from assay.reports import github, writer
from assay.reports.fingerprints import LineHashes
from assay.reports.sarif_model import as_dict
from report_samples import sample
from sarif_judges import github_refusals, multitool_complaints, results, schema_errors

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning:pbr")


def rendered(report: Report, name: str, **options: Any) -> dict[str, Any]:
    said = io.StringIO()
    writer(name)(report, said, options)
    log: dict[str, Any] = json.loads(said.getvalue())
    return log


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.parametrize("name", ["sarif", "github"])
@pytest.mark.parametrize("strict", [False, True])
def test_the_multitool_and_the_schema_have_no_complaint(name: str, strict: bool, tmp_path: Path) -> None:
    report = sample(tmp_path / "estate")
    report.strict = strict
    log = rendered(report, name, category="assay/terraform/net")
    assert schema_errors(log) == []
    assert multitool_complaints(log, tmp_path) == []


@pytest.mark.oracle
def test_the_multitool_does_complain_about_a_bad_log(tmp_path: Path) -> None:
    log = rendered(sample(tmp_path / "estate"), "github")
    results(log)[0]["locations"] = []
    assert any("GH10" in c or "SARIF" in c for c in multitool_complaints(log, tmp_path))


def test_github_takes_it(tmp_path: Path) -> None:
    assert github_refusals(rendered(sample(tmp_path), "github")) == []


def test_the_github_check_sees_what_it_must(tmp_path: Path) -> None:
    log = rendered(sample(tmp_path), "github")
    changes: list[Callable[[dict[str, Any]], object]] = [
        lambda r: r["locations"][0]["physicalLocation"]["artifactLocation"].update(uri="aws://x/y"),
        lambda r: r["locations"][0]["physicalLocation"]["artifactLocation"].update(uri="a b.tf"),
        lambda r: r.pop("partialFingerprints"),
        lambda r: r["locations"][0].pop("physicalLocation"),
    ]
    for change in changes:
        broken = json.loads(json.dumps(log))
        change(results(broken)[0])
        assert github_refusals(broken)
    log["runs"][0]["tool"]["driver"]["rules"][0]["properties"].update({"security-severity": "11"})
    assert github_refusals(log)


def test_github_omits_what_it_would_show_wrongly(tmp_path: Path) -> None:
    report = sample(tmp_path)
    shown = [r["properties"]["verdict"] for r in results(rendered(report, "github"))]
    assert set(shown) == {"fail"}
    assert len(shown) == report.summary["fail"]
    report.strict = True
    strict = results(rendered(report, "github"))
    assert {r["properties"]["verdict"] for r in strict} == {"fail", "unknown"}
    assert all(r["level"] != "none" and "kind" not in r for r in strict)


def test_github_gets_the_most_severe_and_is_told_of_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "RESULTS_SHOWN", 2)
    log = rendered(sample(tmp_path), "github")
    assert [r["properties"]["severity"] for r in results(log)] == ["critical", "high"]
    said = [n["message"]["text"] for n in log["runs"][0]["invocations"][0]["toolExecutionNotifications"]]
    assert any("3 results are left out" in text for text in said)
    assert {r["id"] for r in log["runs"][0]["tool"]["driver"]["rules"]} == {"plain-password", "function-subnet-public"}


def test_paths_are_relative_to_the_repository_and_encoded(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    report = sample(tmp_path / "deep" / "estate")
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results(rendered(report, "github"))
    }
    assert "deep/estate/data%20base/db%20%281%29.tf" in uris
    assert all((tmp_path / unquote(u)).is_file() for u in uris if not u.startswith("inventory/"))


def test_symbolic_links_are_resolved(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    report = sample(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    report.base = str(tmp_path / "link")
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results(rendered(report, "github"))
    }
    assert "real/net/main.tf" in uris
    assert not any(u.startswith("link/") for u in uris)


def test_every_verdict_has_its_place(tmp_path: Path) -> None:
    report = sample(tmp_path)
    log = rendered(report, "sarif")
    by_verdict: dict[str, list[dict[str, Any]]] = {}
    for r in results(log):
        by_verdict.setdefault(r["properties"]["verdict"], []).append(r)
    assert {v: len(rs) for v, rs in by_verdict.items()} == {
        v: report.summary[v] for v in ("fail", "unknown", "waived", "pass")
    }  # fmt: skip
    assert {(r.get("kind", "fail"), r["level"] == "none") for r in by_verdict["fail"]} == {("fail", False)}
    assert {(r["kind"], r["level"]) for r in by_verdict["unknown"]} == {("open", "none")}
    assert {(r["kind"], r["level"]) for r in by_verdict["pass"]} == {("pass", "none")}
    assert by_verdict["waived"][0]["suppressions"] == [
        {"kind": "inSource", "status": "accepted", "justification": "replayed by hand",
         "properties": {"place": "data base/db (1).tf:7", "owner": "data team", "expires": "2031-01-31"}}
    ]  # fmt: skip
    invocation = log["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    kinds = [n["descriptor"]["id"] for n in invocation["toolExecutionNotifications"]]
    assert kinds == [f"assay/{k}" for k in ("input-failed", "input-skipped", "unit-not-read", "not-listed", "remark",
                                            "not-evaluated")]  # fmt: skip


def test_the_line_hash_is_the_line_s(tmp_path: Path) -> None:
    report = sample(tmp_path)
    log = rendered(report, "github")
    hashes = LineHashes((tmp_path / "net/main.tf").read_text(encoding="utf-8"))
    found = {r["ruleId"]: r["partialFingerprints"]["primaryLocationLineHash"] for r in results(log)}
    assert found["function-subnet-public"] == hashes[12]


def test_fingerprints_do_not_move_with_the_lines(tmp_path: Path) -> None:
    before = {r["fingerprints"]["assay/v1"] for r in results(rendered(sample(tmp_path), "sarif"))}
    report = sample(tmp_path)
    for f in report.findings:
        if f.location is not None:
            f.location = f.location._replace(start_line=f.location.start_line + 50)
    assert {r["fingerprints"]["assay/v1"] for r in results(rendered(report, "sarif"))} == before


def test_the_trace_is_a_flow_to_the_deciding_line(tmp_path: Path) -> None:
    result = next(r for r in results(rendered(sample(tmp_path), "sarif")) if "codeFlows" in r)
    steps = [s["location"] for s in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert [s["physicalLocation"]["region"]["startLine"] for s in steps] == [2, 7, 12]
    related = result["relatedLocations"][0]
    assert related["message"]["text"] == "oci_core_subnet.app: prohibit_public_ip_on_vnic = false"


def test_a_live_resource_has_its_address_and_a_stand_in_path(tmp_path: Path) -> None:
    live = next(r for r in results(rendered(sample(tmp_path), "github")) if r["properties"]["source"] == "aws")
    place = live["locations"][0]
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "arn:aws:sqs:eu-west-1:123456789012:live"
    assert place["physicalLocation"]["artifactLocation"]["uri"] == (
        "inventory/aws/123456789012/eu-west-1/aws_sqs_queue.json"
    )


def test_a_hostile_base_reads_nothing_outside(tmp_path: Path) -> None:
    """A snapshot may claim any file as its place; no line of it may reach the report."""
    (tmp_path / "outside.tf").write_text('resource "x" "private-line" {}\n')
    report = sample(tmp_path / "estate")
    (tmp_path / "estate" / "link.tf").symlink_to(tmp_path / "outside.tf")
    for f in report.findings:
        if f.location is not None:
            f.location = f.location._replace(
                file="link.tf" if f.severity is Severity.LOW else "../outside.tf", start_line=1
            )
    for name in ("sarif", "github", "text", "html"):
        said = io.StringIO()
        writer(name)(report, said, {})
        assert "private-line" not in said.getvalue(), name
    assert github_refusals(rendered(report, "github")) == []


def test_the_head_equals_sarif_om_s_own_fields() -> None:
    """The walker names every field as the schema does and drops what is a default."""
    import sarif_om as om

    result = om.Result(message=om.Message(text="x"), rule_id="a", rule_index=3, level="warning", kind="fail")
    assert as_dict(result) == {"message": {"text": "x"}, "ruleId": "a", "ruleIndex": 3}
    run = om.Run(tool=om.Tool(driver=om.ToolComponent(name="x")))
    assert as_dict(run) == {"tool": {"driver": {"name": "x"}}}


@pytest.mark.slow
def test_another_tool_reads_it(tmp_path: Path) -> None:
    """sarif-tools as a consumer: the same counts, and its gate fails on our errors."""
    log = rendered(sample(tmp_path / "estate"), "github")
    (tmp_path / "log.sarif").write_text(json.dumps(log), encoding="utf-8")
    command = [sys.executable, "-m", "sarif", "--check", "error", "summary", "log.sarif"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    levels = [r["level"] for r in results(log)]
    assert done.returncode == levels.count("error") > 0, done.stderr
    for level in ("error", "warning", "note"):
        assert f"{level}: {levels.count(level)}" in done.stdout


def test_many_results_stream(tmp_path: Path) -> None:
    """The log is written piece by piece: no single piece grows with the number of findings."""
    report = sample(tmp_path)
    first = report.findings[0]
    for n in range(2000):
        f = Finding(Resource("aws_sqs_queue", f"aws_sqs_queue.q{n}", "terraform", {}), Verdict.FAIL, "no")
        f.rule, f.severity, f.location, f.fingerprint = first.rule, Severity.LOW, first.location, f"{n:032x}"
        report.findings.append(f)

    class Pieces(io.StringIO):
        longest = 0

        def write(self, text: str) -> int:
            self.longest = max(self.longest, len(text))
            return super().write(text)

    said = Pieces()
    writer("sarif")(report, said, {})
    assert len(results(json.loads(said.getvalue()))) == len(report.findings) - report.summary["not_evaluated"]
    assert said.longest < len(said.getvalue()) / 20
