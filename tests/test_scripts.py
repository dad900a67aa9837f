"""`scripts/try` as a stranger runs it: a fresh clone, an almost empty environment, no developer tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PATH = "/usr/local/bin:/usr/bin:/bin"


def try_it(clone: Path, home: Path, path: str = PATH) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("bash") or "bash", clone / "scripts" / "try"],
        env={"HOME": str(home), "PATH": path}, cwd=home, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def cloned(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of its own, with a space in its path: `.venv` and the reports are written there."""
    return Path(shutil.copytree(clone, tmp_path_factory.mktemp("fresh") / "my assay"))


def test_a_first_trial_writes_both_reports_and_a_second_installs_nothing(cloned: Path, tmp_path: Path) -> None:
    first = try_it(cloned, tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Installing" in first.stderr
    for name in ("report.html", "report.sarif"):
        assert str(cloned / name) in first.stdout
    sarif = json.loads((cloned / "report.sarif").read_bytes())
    assert sarif["runs"][0]["results"]
    assert (cloned / "report.html").stat().st_size > 0

    second = try_it(cloned, tmp_path)
    assert second.returncode == 0, second.stderr
    assert "Installing" not in second.stderr
    assert second.stdout == first.stdout


def test_a_scan_that_breaks_is_not_a_success(cloned: Path, tmp_path: Path) -> None:
    estate, elsewhere = cloned / "fixtures" / "serverless_api", tmp_path / "elsewhere"
    try_it(cloned, tmp_path)
    shutil.move(estate, elsewhere)
    try:
        ran = try_it(cloned, tmp_path)
    finally:
        shutil.move(elsewhere, estate)
    assert ran.returncode == 2
    assert "assay exited with 2" in ran.stderr
    assert not (cloned / "report.html").exists(), "a report of an earlier trial must not pass for this one's"


def test_a_machine_without_a_fitting_python_is_told_so(clone: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("dirname", "cksum", "cat"):
        (programs / name).symlink_to(shutil.which(name) or name)
    for name, version in (("python3", "3.9"), ("python3.12", "0")):  # too old, and a shim that refuses to run
        (programs / name).write_text(f"#!/bin/sh\necho {version} >&2\nexit 1\n")
        (programs / name).chmod(0o755)
    fresh = Path(shutil.copytree(clone, tmp_path / "fresh", ignore=shutil.ignore_patterns(".git")))
    ran = try_it(fresh, tmp_path, path=str(programs))
    assert ran.returncode == 2
    assert "No Python 3.11 or newer runs here" in ran.stderr
    assert not os.path.lexists(fresh / ".venv")
