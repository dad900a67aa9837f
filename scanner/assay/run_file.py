"""A report as JSON and back: what the cache keeps and what later commands read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.engine import Report
from assay.model import Coverage, Finding, Fix, Location, Resource, Severity, Step, Verdict, Waiver, parse_path

if TYPE_CHECKING:
    from assay.catalogue import Catalogue


def record(report: Report) -> dict[str, Any]:
    """The report as plain, masked JSON."""
    from assay.reports.shape import coverage_dict, finding_dict

    return {
        "summary": report.summary,
        "coverage": coverage_dict(report.coverage),
        "consulted": report.coverage.consulted,
        "findings": [finding_dict(f) | {"path": list(f.path)} for f in report.findings],
        "rules": list(report.rules),
    }


def restore(kept: dict[str, Any], catalogue: Catalogue, base: str) -> Report:
    """The report that `record` was made from; its resources know their address, not their values."""
    coverage = Coverage()
    coverage.inputs = kept["coverage"]["inputs"]
    coverage.units = kept["coverage"]["units"]
    coverage.notes = kept["coverage"].get("notes", [])
    coverage.consulted = kept["consulted"]
    coverage.unlisted = [
        (u["type"], u["account"], u["region"], u["reason"]) for u in kept["coverage"].get("unlisted", [])
    ]
    findings = [_finding(f) for f in kept["findings"]]
    wanted = set(kept["rules"])
    report = Report(findings, kept["summary"], coverage, [e.as_rule() for e in catalogue.entries if e.id in wanted])
    report.base = base
    return report


def _finding(kept: dict[str, Any]) -> Finding:
    r = kept["resource"]
    resource = Resource(r["type"], r["address"], r["source"], {}, account=r["account"], region=r["region"])
    path = tuple(kept["path"])
    because = tuple(Location(**place) for place in kept.get("related", ()))
    fix = Fix(resource, path or parse_path("unknown"), None) if kept["fixable"] else None
    finding = Finding(resource, Verdict(kept["verdict"]), kept["message"], path, because, fix)
    finding.rule = kept["rule"]
    finding.theme = kept["theme"]
    finding.severity = Severity[kept["severity"].upper()]
    finding.location = Location(**kept["location"]) if kept["location"] else None
    finding.trace = [Step(s["file"], s["start_line"], s["note"]) for s in kept["trace"]]
    finding.evidence = kept["evidence"]
    finding.controls = kept["controls"]
    finding.equivalents = kept["equivalents"]
    finding.fingerprint = kept["fingerprint"]
    finding.waiver = Waiver(**kept["waiver"]) if kept["waiver"] else None
    return finding
