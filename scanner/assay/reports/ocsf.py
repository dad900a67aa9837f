"""`-o ocsf`: Compliance Findings of the Open Cybersecurity Schema Framework 1.5, one array, a record a line.

Every verdict is a Compliance Finding (class 2003), because each is a check of one resource; a rule without controls
only names no standard. `compliance.status` says pass, fail, warning (nobody can know: information is missing) or
unknown (not evaluated); a waived failure is a failure whose record is suppressed. What `--diff` found to be fixed
closes its record. `unmapped` holds what the schema has no word for, as `-o json` writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay import clock
from assay.model import Severity, Verdict
from assay.reports import shape
from assay.reports.json import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding

VERSION = "1.5.0"
CLASS = 2003
_STATUS = {
    Verdict.PASS: (1, "Pass"), Verdict.FAIL: (3, "Fail"), Verdict.WAIVED: (3, "Fail"),
    Verdict.UNKNOWN: (2, "Warning"), Verdict.NOT_EVALUATED: (0, "Unknown"),
}  # fmt: skip
_SEVERITY = {Severity.INFO: "Informational"}
_CLOUDS = {"aws": "AWS", "oci": "OCI"}
_UNMAPPED = ("verdict", "theme", "location", "trace", "equivalents", "fixable", "waiver")


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the findings, and those that an earlier state had and this one has not."""
    stream.write("[")
    stream.writelines(f"{',' if n else ''}\n{dumps(record)}" for n, record in enumerate(_records(report)))
    stream.write("\n]\n")


def _records(report: Report) -> Iterator[dict[str, Any]]:
    now = int(clock.seconds()) * 1000
    for finding in report.findings:
        yield _record(report, finding, now)
    for finding in report.difference.fixed if report.difference is not None else ():
        closed = {"activity_id": 3, "activity_name": "Close", "type_uid": CLASS * 100 + 3,
                  "type_name": "Compliance Finding: Close", "status_id": 4, "status": "Resolved"}  # fmt: skip
        yield {**_record(report, finding, now), **closed}


def _record(report: Report, finding: Finding, now: int) -> dict[str, Any]:
    shown, rule = shape.finding_dict(finding), report.rules.get(finding.rule)
    title = rule.title if rule is not None else finding.rule
    level = int(finding.severity) + 1
    caption = _SEVERITY.get(finding.severity, finding.severity.label.capitalize())
    record: dict[str, Any] = {
        "activity_id": 1, "activity_name": "Create", "category_uid": 2, "category_name": "Findings",
        "class_uid": CLASS, "class_name": "Compliance Finding", "type_uid": CLASS * 100 + 1,
        "type_name": "Compliance Finding: Create", "time": now, "severity_id": level, "severity": caption,
        "status_id": 1, "status": "New", "status_code": shown["verdict"], "message": shown["message"],
        "metadata": {
            "version": VERSION, "event_code": finding.rule,
            "product": {"name": "Assay", "vendor_name": "Assay", "version": report.tool_version},
        },
        "finding_info": {
            "uid": finding.fingerprint, "title": title, "desc": shown["message"], "types": [finding.theme],
            "analytic": {"uid": finding.rule, "name": title, "type_id": 1, "type": "Rule"},
        },
        "compliance": _compliance(finding, title, level, caption),
        "resources": [_resource(shown["resource"])],
        "unmapped": {name: shown[name] for name in _UNMAPPED if shown[name]},
    }  # fmt: skip
    if shown["evidence"]:
        record["evidences"] = [{"data": item} for item in shown["evidence"]]
    if rule is not None and rule.fix:
        record["remediation"] = {"desc": shape.one_line(rule.fix)}
    if finding.verdict is Verdict.WAIVED:
        record |= {"status_id": 3, "status": "Suppressed"}
        if shown["waiver"]:
            record["status_detail"] = shown["waiver"]["reason"]
    return record | _cloud(record, shown["resource"])


def _compliance(finding: Finding, title: str, level: int, caption: str) -> dict[str, Any]:
    number, status = _STATUS[finding.verdict]
    check = {
        "uid": finding.rule, "name": title, "severity_id": level, "severity": caption, "status_id": number,
        "status": status,
    }  # fmt: skip
    found: dict[str, Any] = {"status_id": number, "status": status, "checks": [check]}
    if finding.controls:
        found["standards"] = sorted({c.partition(":")[0] for c in finding.controls})
        found["requirements"] = list(finding.controls)
    return found


def _resource(resource: dict[str, Any]) -> dict[str, Any]:
    details = {"uid": resource["address"], "name": resource["address"], "type": resource["type"],
               "namespace": resource["source"]}  # fmt: skip
    return details | ({"region": resource["region"]} if resource["region"] else {})


def _cloud(record: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    """The cloud profile, for what was read from a cloud itself."""
    provider = _CLOUDS.get(resource["source"])
    if provider is None:
        return {}
    cloud: dict[str, Any] = {"provider": provider}
    if resource["region"]:
        cloud["region"] = resource["region"]
    if resource["account"]:
        kind = (10, "AWS Account") if provider == "AWS" else (99, "Other")
        cloud["account"] = {"uid": resource["account"], "name": resource["account"], "type_id": kind[0],
                            "type": kind[1]}  # fmt: skip
    return {"cloud": cloud, "metadata": {**record["metadata"], "profiles": ["cloud"]}}
