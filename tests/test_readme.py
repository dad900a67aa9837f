"""The README is true: its commands run, its rule and its waiver do what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gitrepo import git, start

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    lines = (line.partition("  #")[0].strip() for block in blocks("sh") for line in block.splitlines())
    return [line for line in lines if line.startswith("assay ")]


def assay(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assay.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_the_first_commands_are_the_two_that_need_no_set_up(repository: Path) -> None:
    first = [line.split()[0] for line in blocks("sh")[0].splitlines()]
    assert first == ["scripts/try", "scripts/check"]
    for name in first:
        assert os.access(repository / name, os.X_OK)


@pytest.fixture
def project(tmp_path: Path, repository: Path) -> Path:
    """What the README's commands speak of: a folder `infra` and a plan, in a repository with a branch `origin/main`."""
    shutil.copytree(repository / "fixtures" / "serverless_api", tmp_path / "infra")
    plan = {"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {}}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    start(tmp_path, "first")
    assert assay("scan", "infra", "-o", "json=run.json", "-q", cwd=tmp_path).returncode in (0, 1)
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD")
    return tmp_path


@pytest.mark.parametrize("command", commands())
def test_a_daily_command_runs(command: str, project: Path) -> None:
    ran = assay(*shlex.split(command)[1:], cwd=project)
    judges = command.startswith(("assay scan", "assay report"))
    assert ran.returncode in ((0, 1) if judges else (0,)), ran.stdout + ran.stderr


def test_every_command_of_the_program_is_shown_and_no_other(tmp_path: Path) -> None:
    said = assay("--help", cwd=tmp_path).stdout
    there = set(re.findall(r"^  ([a-z]+) ", said, re.MULTILINE))
    assert {command.split()[1] for command in commands()} == there


def test_the_formats_are_those_there_are(tmp_path: Path) -> None:
    listed = re.search(r"Reports: `([a-z ]+)`", README)
    assert listed
    from assay.cli.scan import report_formats

    assert set(listed[1].split()) == set(report_formats())


def verdicts(*arguments: str, cwd: Path) -> list[tuple[str, str]]:
    ran = assay("scan", *arguments, "-o", "json", cwd=cwd)
    assert ran.returncode in (0, 1), ran.stderr
    found: list[dict[str, Any]] = json.loads(ran.stdout)["findings"]
    return [(finding["rule"], finding["verdict"]) for finding in found]


def test_the_rule_judges_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "owner.py").write_text(blocks("python")[0])
    ask = ("--rules", "mine", "--select", "queue-without-owner")
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n}\n')
    assert verdicts(*ask, cwd=tmp_path) == [("queue-without-owner", "fail")]
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n  tags = { owner = "payments" }\n}\n')
    assert verdicts(*ask, cwd=tmp_path) == []


def test_the_waiver_waives(tmp_path: Path) -> None:
    waived = blocks("hcl")[0] + "  sqs_managed_sse_enabled = false\n}\n"
    (tmp_path / "main.tf").write_text(waived)
    assert verdicts("--select", "aws-sqs-unencrypted", cwd=tmp_path) == [("aws-sqs-unencrypted", "waived")]
    (tmp_path / "main.tf").write_text(waived.split("\n", 1)[1])
    assert verdicts("--select", "aws-sqs-unencrypted", cwd=tmp_path) == [("aws-sqs-unencrypted", "fail")]


def test_its_links_lead_somewhere(repository: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (repository / target).exists(), target
