"""Checkov's own checks on the same paths, in a process of its own, merged into one report (`--plugin checkov`).

Its import alone costs seconds of CPU, so it never runs unasked. A failure that one of our rules names among its
`equivalents` on the same resource is the same failure and is not said twice; the rest keeps Checkov's id as its rule.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from assay.model import Finding, Location, NowhereOrigin, Resource, Severity, Verdict
from assay.paths import display
from assay.plugins import hookimpl
from assay.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.engine import Report
    from assay.graph import Graph
    from assay.model import Step, ValuePath, View

OPTIONS = [
    "--framework", "terraform", "terraform_plan", "-o", "json", "--compact", "--quiet", "--soft-fail",
    "--skip-download", "--download-external-modules", "false",
]  # fmt: skip
TIMEOUT = 3600  # seconds; Checkov takes minutes on nested modules
THEME = "checkov"


@hookimpl
def assay_findings(report: Report, paths: Sequence[str]) -> None:
    """Run Checkov on the paths and add what no rule of ours has said."""
    command = executable()
    if command is None:
        reason = "Checkov is not installed: pip install 'assay[checkov]', or put a `checkov` on the PATH"
        report.coverage.input("checkov", "failed", reason)
        return
    merged = added = 0
    ours = _said(report)
    for path in paths:
        for check in _failures(command, path, report):
            if (check["check_id"], _plain(_address(check))) in ours:
                merged += 1
            else:
                _add(report, check)
                added += 1
    report.recount()
    report.coverage.notes.append(
        f"Checkov failed {merged + added} checks: {merged} the same as ours by their equivalents, {added} of its own"
    )


def executable() -> list[str] | None:
    """How to start Checkov: of this interpreter, else from the PATH; None when it is nowhere."""
    if find_spec("checkov") is not None:
        return [sys.executable, "-m", "checkov.main"]
    found = shutil.which("checkov")
    return [found] if found else None


def _failures(command: list[str], path: str, report: Report) -> Iterable[dict[str, Any]]:
    where = ["-d", path] if os.path.isdir(path) else ["-f", path]
    shown = f"checkov on {display(path, report.base)}"
    try:
        done = subprocess.run(
            [*command, *where, *OPTIONS], capture_output=True, text=True, timeout=TIMEOUT, check=False,
            stdin=subprocess.DEVNULL, env={**os.environ, "LOG_LEVEL": "ERROR", "CHECKOV_RENDER_MAX_LEN": "10000"},
        )  # fmt: skip
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        report.coverage.input(shown, "failed", f"Checkov took longer than {TIMEOUT} seconds and was stopped")
        return
    except (OSError, ValueError) as error:
        report.coverage.input(shown, "failed", f"Checkov gave no answer that can be read: {error}")
        return
    for part in answer if isinstance(answer, list) else [answer]:
        results = part.get("results", {})
        for name in results.get("parsing_errors", ()):
            report.coverage.input(display(name, report.base), "failed", "Checkov could not parse this file")
        yield from results.get("failed_checks", ())


def _said(report: Report) -> set[tuple[str, str]]:
    """(check id, address without keys) of everything our findings stand for."""
    counted = (Verdict.FAIL, Verdict.WAIVED, Verdict.UNKNOWN)
    mine = [f for f in report.findings if f.verdict in counted]
    return {(check, _plain(f.resource.address)) for f in mine for check in f.equivalents}


def _plain(address: str) -> str:
    """An address without instance keys: Checkov judges a block, we its instances."""
    out, depth = [], 0
    for char in address:
        depth += char == "["
        if not depth:
            out.append(char)
        depth -= char == "]"
    return "".join(out)


def _address(check: dict[str, Any]) -> str:
    return str(check.get("resource_address") or check.get("resource") or "")


class _Place:
    """Where Checkov says it is."""

    __slots__ = ("location",)

    def __init__(self, location: Location) -> None:
        self.location = location

    def locate(self, path: ValuePath) -> Location:
        return self.location

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def _add(report: Report, check: dict[str, Any]) -> None:
    file = check.get("file_abs_path")
    lines = check.get("file_line_range") or [1, 1]
    address = _address(check)
    origin: Any = NowhereOrigin(address)
    if file:
        origin = _Place(Location(display(file, report.base), lines[0], 1, lines[-1], 1))
    kind = next((p for p in address.split(".") if p.startswith(("aws_", "oci_", "kubernetes_"))), "unknown")
    resource = Resource(kind, address, "terraform", {}, origin)
    rule = report.rules.get(check["check_id"]) or _rule(check)
    report.rules[rule.id] = rule
    finding = Finding(resource, Verdict.FAIL, check.get("check_name") or rule.id)
    finding.rule, finding.theme, finding.severity = rule.id, THEME, rule.severity
    finding.location = origin.locate(())
    finding.fingerprint = _fingerprint(rule.id, address, finding.location.file)
    report.findings.append(finding)


def _fingerprint(*parts: str) -> str:
    from assay.digest import digest

    return digest("\x1f".join(parts).encode())


def _rule(check: dict[str, Any]) -> Rule:
    """Checkov's check as our reports describe a rule; its severities are the vendor's and not known offline."""
    guideline = check.get("guideline")
    why = f"A check of Checkov. {guideline}" if guideline else "A check of Checkov."
    severity = Severity.__members__.get(str(check.get("severity") or "").upper(), Severity.MEDIUM)
    made = Rule(
        check["check_id"], _judged_elsewhere, on=(), severity=severity,
        text=f"{check.get('check_name') or check['check_id']}\n\n## Why\n{why}\n", controls=(),
        equivalents=(), each=None, sources=("terraform",), waivable=True, fixable=False, params={},
    )  # fmt: skip
    made.theme = THEME
    return made


def _judged_elsewhere(view: View, graph: Graph) -> Iterable[Finding]:
    raise RuntimeError("Checkov judges this, not the engine")
