"""OCSF and OSCAL: what their own models accept, and what the records say."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from assay.engine import Report
from assay.ledger.difference import Difference
from assay.model import Verdict
from assay.reports import writer
from assay.reports.oscal import token
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from report_samples import sample
from trestle.oscal.assessment_results import AssessmentResults


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return sample(tmp_path)


def rendered(report: Report, name: str) -> Any:
    said = io.StringIO()
    writer(name)(report, said, {})
    return json.loads(said.getvalue())


def rule_of(record: dict[str, Any]) -> str:
    return str(record["metadata"]["event_code"])


def oscal(report: Report) -> dict[str, Any]:
    found = rendered(report, "oscal")["assessment-results"]
    AssessmentResults.model_validate(found)
    result: dict[str, Any] = found["results"][0]
    return result


def test_every_ocsf_record_is_one_to_its_model(report: Report) -> None:
    records = rendered(report, "ocsf")
    assert len(records) == len(report.findings) > 8
    for record in records:
        ComplianceFinding.model_validate(record)
    assert {r["finding_info"]["uid"] for r in records} == {f.fingerprint for f in report.findings}


def test_ocsf_says_each_verdict_in_its_own_words(report: Report) -> None:
    said = {
        (r["status_code"], r["compliance"]["status"], r["compliance"]["status_id"], r["status"])
        for r in rendered(report, "ocsf")
    }
    assert said == {
        ("fail", "Fail", 3, "New"), ("waived", "Fail", 3, "Suppressed"), ("unknown", "Warning", 2, "New"),
        ("not_evaluated", "Unknown", 0, "New"), ("pass", "Pass", 1, "New"),
    }  # fmt: skip


def test_ocsf_carries_standards_cloud_and_remedy(report: Report) -> None:
    records = rendered(report, "ocsf")
    subnet = next(r for r in records if rule_of(r) == "function-subnet-public")
    assert subnet["compliance"]["standards"] == ["cis-oci-3.0", "nist-800-53r5"]
    assert subnet["compliance"]["requirements"] == ["cis-oci-3.0:2.5", "nist-800-53r5:SC-7"]
    assert (subnet["severity_id"], subnet["severity"]) == (4, "High")
    assert subnet["remediation"]["desc"].startswith("Set `prohibit_public_ip_on_vnic")
    assert subnet["unmapped"]["location"]["start_line"] == 12
    live = next(r for r in records if r["resources"][0]["namespace"] == "aws")
    assert live["cloud"]["account"]["uid"] == "123456789012"
    assert live["cloud"]["region"] == "eu-west-1"
    assert live["metadata"]["profiles"] == ["cloud"]
    assert "cloud" not in subnet


def test_ocsf_closes_what_a_difference_found_fixed(report: Report) -> None:
    gone = report.findings.pop(0)
    report.difference = Difference("main", "0" * 40, 0, [gone], len(report.findings))
    last = rendered(report, "ocsf")[-1]
    ComplianceFinding.model_validate(last)
    assert (last["finding_info"]["uid"], last["activity_name"], last["status"]) == (
        gone.fingerprint, "Close", "Resolved",
    )  # fmt: skip


def test_oscal_references_only_what_it_defines(report: Report) -> None:
    result = oscal(report)
    observations = [o["uuid"] for o in result["observations"]]
    assert len(observations) == len(set(observations)) == len(report.findings)
    items = {i["uuid"] for i in result["local-definitions"]["inventory-items"]}
    assert {s["subject-uuid"] for o in result["observations"] for s in o["subjects"]} == items
    related = {r["observation-uuid"] for f in result["findings"] for r in f["related-observations"]}
    assert related <= set(observations)
    assert "broken.tf:3" in result["remarks"]


def statuses(result: dict[str, Any]) -> dict[str, tuple[str, str]]:
    found = {}
    for f in result.get("findings", []):
        status = f["target"]["status"]
        found[f["target"]["target-id"]] = (status["state"], f["props"][0]["value"])
    return found


def excluded(result: dict[str, Any]) -> set[str]:
    selections = result["reviewed-controls"]["control-selections"]
    return {c["control-id"] for s in selections for c in s.get("exclude-controls", [])}


def test_a_control_is_satisfied_only_by_a_pass_and_nothing_open(report: Report) -> None:
    assert statuses(oscal(report)) == {
        "cis-oci-3.0_2.5": ("not-satisfied", "fail"), "sc-7": ("not-satisfied", "fail"),
        "ia-5": ("not-satisfied", "fail"),
    }  # fmt: skip
    password = next(f for f in report.findings if f.rule == "plain-password" and f.verdict is Verdict.FAIL)
    password.verdict = Verdict.WAIVED
    assert statuses(oscal(report))["ia-5"] == ("not-satisfied", "waived")
    password.verdict = Verdict.UNKNOWN
    assert "ia-5" in excluded(oscal(report))
    assert "ia-5" not in statuses(oscal(report))
    report.findings.remove(password)
    assert statuses(oscal(report))["ia-5"] == ("satisfied", "pass"), "the other database passes"
    report.difference = Difference("main", "0" * 40, 0, [], 1)
    assert "ia-5" in excluded(oscal(report)), "known failures are not in a report of what is new"


def test_passes_count_though_they_are_no_findings(tmp_path: Path) -> None:
    report = sample(tmp_path, passes=False)
    report.findings = []
    assert statuses(oscal(report))["ia-5"] == ("satisfied", "pass")
    assert {"sc-7", "cis-oci-3.0_2.5"} <= excluded(oscal(report)), "no application passed: nothing was shown"


def test_a_report_without_findings_or_controls_is_still_valid(report: Report) -> None:
    report.findings, report.rules, report.passed = [], {}, {}
    assert statuses(oscal(report)) == {}


def test_control_ids_are_oscal_s() -> None:
    assert token("nist-800-53r5:AC-2(12)") == "ac-2.12"
    assert token("cis-aws-7.0:2.1.1") == "cis-aws-7.0_2.1.1"
