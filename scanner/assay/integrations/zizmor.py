"""zizmor's audits of GitHub workflows, run as the program it is and merged into one report (`--plugin zizmor`).

Assay asks of workflows only what concerns the infrastructure that they deploy; everything else about them is zizmor's.
It runs offline, and only when it is asked for and installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from assay.model import Finding, Location, Resource, Severity, Verdict
from assay.paths import display
from assay.plugins import hookimpl
from assay.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.engine import Report
    from assay.graph import Graph
    from assay.model import Step, ValuePath, View

OPTIONS = ["--offline", "--format", "json-v1", "--no-exit-codes", "--quiet"]
TIMEOUT = 600  # seconds
THEME = "zizmor"
_SEVERITIES = {"informational": Severity.INFO, "unknown": Severity.MEDIUM}


@hookimpl
def assay_findings(report: Report, paths: Sequence[str]) -> None:
    """Run zizmor on the paths and add what it finds."""
    command = shutil.which("zizmor") or shutil.which("zizmor", path=os.path.dirname(sys.executable))
    if command is None:
        reason = "zizmor is not installed: pip install zizmor, or put a `zizmor` on the PATH"
        report.coverage.input("zizmor", "failed", reason)
        return
    count = 0
    for path in paths:
        for found in _audits(command, path, report):
            count += _add(report, found, path)
    report.recount()
    report.coverage.notes.append(f"zizmor found {count} faults of workflows")


def _audits(command: str, path: str, report: Report) -> list[dict[str, Any]]:
    shown = f"zizmor on {display(path, report.base)}"
    try:
        done = subprocess.run(
            [command, *OPTIONS, path], capture_output=True, encoding="utf-8", errors="replace", timeout=TIMEOUT,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode == 3:  # there are no workflows
            return []
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        report.coverage.input(shown, "failed", f"zizmor took longer than {TIMEOUT} seconds and was stopped")
        return []
    except OSError as error:
        report.coverage.input(shown, "failed", f"zizmor could not be started: {error}")
        return []
    except ValueError as error:
        report.coverage.input(shown, "failed", f"zizmor gave no answer that can be read: {_last_words(done) or error}")
        return []
    return answer if isinstance(answer, list) else []


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1][:200] if lines else ""


class _Place:
    """Where zizmor says it is."""

    __slots__ = ("location",)

    def __init__(self, location: Location) -> None:
        self.location = location

    def locate(self, path: ValuePath) -> Location:
        return self.location

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def _add(report: Report, found: dict[str, Any], path: str) -> int:
    """Add one of zizmor's findings; what a comment of its own ignores is left out."""
    if found.get("ignored"):
        return 0
    places = found.get("locations") or [{}]
    place = next((p for p in places if p.get("symbolic", {}).get("kind") == "Primary"), places[0])
    location = _location(place, path, report.base)
    rule = report.rules.setdefault(f"zizmor-{found['ident']}", _rule(found))
    resource = Resource("workflow", location.file, "document", {}, _Place(location))
    annotation = place.get("symbolic", {}).get("annotation") or ""
    finding = Finding(resource, Verdict.FAIL, f"{found.get('desc', rule.id)}: {annotation}".rstrip(": "))
    finding.rule, finding.theme, finding.severity = rule.id, THEME, rule.severity
    finding.location = location
    finding.fingerprint = _fingerprint(rule.id, location.file, str(place.get("symbolic", {}).get("route")), annotation)
    report.findings.append(finding)
    return 1


def _location(place: dict[str, Any], path: str, base: str) -> Location:
    key = place.get("symbolic", {}).get("key", {}).get("Local", {})
    file = key.get("verbatim_path") or key.get("given_path") or path
    points = place.get("concrete", {}).get("location", {})
    start, end = points.get("start_point", {}), points.get("end_point", {})
    return Location(
        display(file, base), start.get("row", 0) + 1, start.get("column", 0) + 1, end.get("row", 0) + 1,
        end.get("column", 0) + 1,
    )  # fmt: skip


def _fingerprint(*parts: str) -> str:
    from assay.digest import digest

    return digest("\x1f".join(parts).encode())


def _rule(found: dict[str, Any]) -> Rule:
    """zizmor's audit as our reports describe a rule."""
    level = str(found.get("determinations", {}).get("severity", "")).lower()
    severity = _SEVERITIES.get(level) or Severity.__members__.get(level.upper(), Severity.MEDIUM)
    url = found.get("url") or "its documentation"
    made = Rule(
        f"zizmor-{found['ident']}", _judged_elsewhere, on=(), severity=severity,
        text=f"{found.get('desc', found['ident'])}\n\n## Why\nAn audit of zizmor: {url}\n", controls=(),
        equivalents=(f"zizmor:{found['ident']}",), each=None, sources=("document",), waivable=True, fixable=False,
        params={},
    )  # fmt: skip
    made.theme = THEME
    return made


def _judged_elsewhere(view: View, graph: Graph) -> Iterable[Finding]:
    raise RuntimeError("zizmor judges this, not the engine")
