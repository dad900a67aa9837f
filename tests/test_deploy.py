"""What is shipped to run Assay elsewhere holds to our own rules, names options there are, and its tools accept it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.cli.audit import parser as audit
from assay.engine import Report
from assay.model import Request, Verdict
from assay.scan import run

FILES = {
    "github/assay.yml": ".github/workflows/assay.yml",
    "gitlab/assay.gitlab-ci.yml": ".gitlab-ci.yml",
    "pre-commit/.pre-commit-config.yaml": ".pre-commit-config.yaml",
    "systemd/assay-audit.service": "units/assay-audit.service",
    "systemd/assay-audit.timer": "units/assay-audit.timer",
}
"""Each file, and where its user puts it: rules on workflows go by the place."""


@pytest.fixture
def installed(repository: Path, tmp_path: Path) -> Path:
    for source, target in FILES.items():
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / "deploy" / source, tmp_path / target)
    return tmp_path


def judged(folder: Path) -> Report:
    catalogue = Catalogue([RULES])
    return run(Request([str(folder)], str(folder)), catalogue, catalogue.entries)


def test_our_own_rules_find_nothing(installed: Path) -> None:
    report = judged(installed)
    found = [f for f in report.findings if f.verdict is not Verdict.PASS]
    assert [f"{f.rule}: {f.message}" for f in found] == []
    assert report.summary["pass"] >= 10
    assert not report.incomplete


def test_the_rules_would_tell(installed: Path) -> None:
    workflow = installed / ".github/workflows/assay.yml"
    text = workflow.read_text(encoding="utf-8")
    workflow.write_text(text.replace("run: gh pr comment", "run: terraform apply -auto-approve #"), encoding="utf-8")
    assert "workflow-deploy-ungated" in {f.rule for f in judged(installed).findings}


def commands(node: Any) -> list[str]:
    """Every shell line of a parsed file that runs Assay."""
    if isinstance(node, dict):
        return [c for value in node.values() for c in commands(value)]
    if isinstance(node, list):
        return [c for value in node for c in commands(value)]
    return [node] if isinstance(node, str) and node.startswith("assay ") else []


def test_the_commands_are_ones_there_are(installed: Path) -> None:
    from assay.cli import scan

    found = []
    for name in (".github/workflows/assay.yml", ".gitlab-ci.yml"):
        found += commands(yaml.safe_load((installed / name).read_text(encoding="utf-8")))
    unit = (installed / "units/assay-audit.service").read_text(encoding="utf-8")
    found += re.findall(r"^ExecStart=/opt/assay/bin/(.*)$", unit, re.MULTILINE)
    assert len(found) == 3
    for command in found:
        words = shlex.split(command)[1:]
        args = scan.parser().parse_args(words[1:]) if words[0] == "scan" else audit(words[1]).parse_args(words[2:])
        assert scan.parse_outputs(args.output)


def test_the_hooks_are_ours(installed: Path, repository: Path) -> None:
    ours = yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    used = yaml.safe_load((installed / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {h["id"] for h in used["repos"][0]["hooks"]} == {h["id"] for h in ours}


ZIZMOR = shutil.which("zizmor") or shutil.which("zizmor", path=Path(sys.executable).parent)


@pytest.mark.skipif(ZIZMOR is None, reason="no zizmor here")
def test_zizmor_finds_nothing_in_the_workflow(installed: Path) -> None:
    command = [str(ZIZMOR), "--offline", "--no-progress", str(installed / ".github/workflows/assay.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_accepts_the_units(installed: Path) -> None:
    service = installed / "units/assay-audit.service"
    text = service.read_text(encoding="utf-8")
    service.write_text(text.replace("/opt/assay/bin/assay", shutil.which("true") or "/bin/true"), encoding="utf-8")
    units = [str(service), str(service.with_suffix(".timer"))]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
