"""Plugins: the example that a user would copy, installed for real, and Checkov's own checks merged into our report."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from assay import plugins


def assay(*arguments: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(path)} if path else dict(os.environ)
    return subprocess.run(
        [sys.executable, "-m", "assay", *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def installed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("source") / "plugin"
    shutil.copytree(repository / "docs" / "plugin-example", source)
    install = ["-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run([sys.executable, *install], check=True, capture_output=True)
    return target


def test_the_example_adds_a_source_a_rule_a_report_and_a_look_at_findings(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "hosts.csv").write_text("name,owner,system\nweb-1,,debian\nweb-2,team-a,debian\n")
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {}\n')
    done = assay("scan", "-o", "json", "-o", "owners=owners.txt", "--no-cache", cwd=tmp_path, path=installed)
    report = json.loads(done.stdout)
    (finding,) = [f for f in report["findings"] if f["rule"] == "host-no-owner"]
    assert finding["location"]["file"] == "hosts.csv"
    assert finding["location"]["start_line"] == 2
    assert any("assay-hosts looked at" in n for n in report["coverage"]["notes"])
    assert "host: 1 findings" in (tmp_path / "owners.txt").read_text()
    assert any(f["resource"]["type"] == "aws_sqs_queue" for f in report["findings"]), "our own sources stay"


def test_without_the_plugin_nothing_of_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "hosts.csv").write_text("name,owner\nweb-1,\n")
    done = assay("scan", "-o", "owners", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no such format" in done.stderr


def test_a_plugin_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    (tmp_path / "site" / "broken-1.0.dist-info").mkdir(parents=True)
    (tmp_path / "site" / "broken-1.0.dist-info" / "entry_points.txt").write_text("[assay]\nbroken = no_such_module\n")
    (tmp_path / "main.tf").write_text("")
    done = assay("scan", cwd=tmp_path, path=tmp_path / "site")
    assert done.returncode == 2
    assert "the plugin broken (no_such_module) cannot be imported" in done.stderr


def test_an_unknown_plugin_is_wrong_use(tmp_path: Path) -> None:
    done = assay("scan", "--plugin", "nothing", cwd=tmp_path)
    assert done.returncode == 2
    assert "there are: checkov" in done.stderr


TERRAFORM = """resource "aws_sqs_queue" "q" {
  name                    = "orders"
  sqs_managed_sse_enabled = false
}

resource "aws_instance" "i" {
  ami           = "ami-12345678"
  instance_type = "m3.large"
}
"""


def test_checkov_is_merged_by_equivalents(require_oracle: Callable[[str], Path], tmp_path: Path) -> None:
    checkov = require_oracle("checkov")
    (tmp_path / "main.tf").write_text(TERRAFORM)
    done = subprocess.run(
        [sys.executable, "-m", "assay", "scan", "--plugin", "checkov", "-o", "json", "--no-cache"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{checkov.parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    report = json.loads(done.stdout)
    mine = [f for f in report["findings"] if f["rule"] == "aws-sqs-unencrypted"]
    assert len(mine) == 1
    assert "CKV_AWS_27" in mine[0]["equivalents"]
    theirs = {f["rule"] for f in report["findings"] if f["theme"] == "checkov"}
    assert theirs, "Checkov has failures that no rule of ours stands for"
    assert "CKV_AWS_27" not in theirs, "the same failure is said once"
    said = {(e, f["resource"]["address"]) for f in report["findings"] for e in f["equivalents"]}
    assert not {(f["rule"], f["resource"]["address"]) for f in report["findings"]} & said
    assert report["summary"]["fail"] == sum(f["verdict"] == "fail" for f in report["findings"])


def test_checkov_absent_is_incomplete_not_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.engine import Report
    from assay.integrations import checkov
    from assay.model import Coverage

    monkeypatch.setattr(checkov, "executable", lambda: None)
    report = Report([], {}, Coverage(), [])
    checkov.assay_findings(report, [str(tmp_path)])
    assert report.incomplete
    assert "pip install 'assay[checkov]'" in report.coverage.inputs[0]["reason"]


def test_entry_points_are_read_without_importlib_metadata() -> None:
    """The shortcut sees exactly what the library sees."""
    from importlib.metadata import entry_points

    assert sorted(plugins.installed()) == sorted((e.name, e.value) for e in entry_points(group="assay"))
