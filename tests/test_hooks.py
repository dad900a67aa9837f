"""The hooks as a user meets them: the real pre-commit, a repository of theirs, `git commit`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from gitrepo import git, start
from oracles import require_oracle

pytestmark = pytest.mark.slow

GOOD = 'locals {\n  greeting = "hello"\n}\n'
BAD = 'resource "aws_sqs_queue" "orders" {\n  name = "orders"\n\n  sqs_managed_sse_enabled = false\n}\n'
RULE = "aws-sqs-unencrypted"
LINE = 4


class Ran(NamedTuple):
    status: int
    said: str


class Theirs:
    """A user's repository, clean at its one commit, with the hooks taken from a clone of ours."""

    def __init__(self, place: Path, ours: Path, home: Path) -> None:
        self.place = place
        self.environment = {**os.environ, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"}
        self.write(".pre-commit-config.yaml", _config(ours))
        self.write("net/main.tf", GOOD)
        self.write("old/main.tf", BAD)  # was there before the hook was
        self.write("net/.terraform/modules/theirs/main.tf", BAD)
        start(place, "before the hooks")

    def write(self, name: str, text: str) -> None:
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def pre_commit(self, *arguments: str) -> Ran:
        return self._run(sys.executable, "-m", "pre_commit", *arguments)

    def commit(self) -> Ran:
        git(self.place, "add", "--all", "--force")
        return self._run("git", "-c", "user.name=test", "-c", "user.email=test@example.invalid", "commit", "-m", "next")

    def _run(self, *command: str) -> Ran:
        ran = subprocess.run(
            command, cwd=self.place, env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )
        return Ran(ran.returncode, ran.stdout + ran.stderr)


def _config(ours: Path) -> str:
    revision = git(ours, "rev-parse", "HEAD").strip()
    hooks = "[{id: assay}, {id: assay-all, stages: [manual]}]"
    return f"repos:\n  - repo: {ours.as_uri()}\n    rev: {revision}\n    hooks: {hooks}\n"


def faults(ran: Ran, file: str) -> set[tuple[int, str]]:
    """Line and rule of what the text report lists under the file's name."""
    part = re.search(rf"^{re.escape(file)}\n((?:[ \n].*\n?)*)", ran.said, re.MULTILINE)
    lines = re.findall(r"^  [A-Z]+ +(\d+):\d+ .*\[([a-z0-9-]+)\]$", part[1] if part else "", re.MULTILINE)
    return {(int(line), rule) for line, rule in lines}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit installs Assay, once for all tests here."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def theirs(tmp_path: Path, clone: Path, home: Path) -> Theirs:
    require_oracle("git")
    repository = Theirs(tmp_path / "theirs", clone, home)
    installed = repository.pre_commit("install", "--install-hooks")
    assert installed.status == 0, installed.said
    return repository


def test_a_commit_with_a_fault_is_refused_at_its_line(theirs: Theirs) -> None:
    theirs.write("net/queue.tf", BAD)
    ran = theirs.commit()
    assert ran.status == 1, ran.said
    assert faults(ran, "net/queue.tf") >= {(LINE, RULE)}
    assert not faults(ran, "old/main.tf")
    assert git(theirs.place, "rev-list", "--count", "HEAD").strip() == "1"


def test_only_what_the_commit_touches_is_judged(theirs: Theirs) -> None:
    theirs.write("net/main.tf", GOOD + "\n")
    ran = theirs.commit()
    assert ran.status == 0, ran.said
    assert "assay (changed files)" in ran.said
    assert "Passed" in ran.said


@pytest.mark.parametrize("name", ["README.md", "net/.terraform/modules/theirs/main.tf", "old/main.tf.bak"])
def test_other_files_do_not_start_it(theirs: Theirs, name: str) -> None:
    theirs.write(name, BAD + "\n")
    ran = theirs.commit()
    assert ran.status == 0, ran.said
    assert "(no files to check)Skipped" in ran.said


@pytest.mark.parametrize("name", ["net/x.tofu", "net/x.tf.json", "net/terraform.tfvars", "net/x.auto.tfvars.json"])
def test_every_form_of_terraform_starts_it(theirs: Theirs, name: str) -> None:
    theirs.write(name, "{}\n" if name.endswith(".json") else "")
    ran = theirs.commit()
    assert "Skipped" not in ran.said
    assert ran.status == 0, ran.said


def test_the_whole_repository_when_asked(theirs: Theirs) -> None:
    ran = theirs.pre_commit("run", "assay-all", "--hook-stage", "manual")
    assert ran.status == 1, ran.said
    assert faults(ran, "old/main.tf") >= {(LINE, RULE)}
    assert not faults(ran, "net/.terraform/modules/theirs/main.tf")
