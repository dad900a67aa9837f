"""`assay doctor` tells what is there and what is not, and never what a credential is."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from assay.cli import main
from assay.cli.doctor import EXTRAS


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it but this Python."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "KUBECONFIG",
                 "AWS_WEB_IDENTITY_TOKEN_FILE", "OCI_CLI_CONFIG_FILE"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("ASSAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def looked(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str, str]]:
    assert main(["doctor", "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == "assay-doctor/1"
    return {f"{c['group']}.{c['name']}": (c["status"], c["detail"], c["hint"]) for c in shown["checks"]}


def test_the_extras_are_those_of_the_project(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = {"": project["dependencies"], **project["optional-dependencies"]}
    wanted = {
        extra: tuple(re.split(r"[\[<>=]", line)[0] for line in lines)
        for extra, lines in listed.items()
        if extra not in ("all", "dev")
    }
    assert {extra: names for extra, (_, names) in EXTRAS.items()} == wanted


def test_a_bare_machine(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = looked(capsys)
    assert found["programs.git"] == ("missing", "not on PATH (assay scan --diff)", "")
    assert found["credentials.aws"][:2] == ("missing", "none found")
    assert found["files.config"][0] == "missing"
    assert found["files.cache"] == ("missing", str(bare / "cache"), "the first scan makes it")
    assert found["packages.core"][0] == "ok"


def test_what_is_there_is_found_and_no_secret_is_said(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare / ".aws").mkdir()
    secret = bare / ".aws" / "credentials"
    secret.write_text("[default]\naws_secret_access_key = hunter2\n")
    secret.chmod(0)  # it is not even readable, and need not be
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHUNTER2")
    (bare / "helm").write_text("#!/bin/sh\n")
    (bare / "helm").chmod(0o755)
    (bare / "cache").mkdir()
    (bare / "assay.toml").write_text('fail-on = "high"\n')
    found = looked(capsys)
    assert found["credentials.aws"][:2] == (
        "ok", "named by AWS_ACCESS_KEY_ID, ~/.aws/credentials (not read, not tried)",
    )  # fmt: skip
    assert found["programs.helm"][:2] == ("ok", str(bare / "helm"))
    assert found["files.cache"][0] == "ok"
    assert found["files.config"][1].endswith("assay.toml")
    assert main(["doctor"]) == 0
    assert "hunter2" not in capsys.readouterr().out.lower().replace(str(bare).lower(), "")


def test_a_package_that_lacks_names_the_command(monkeypatch: pytest.MonkeyPatch, bare: Path,
                                                capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setitem(EXTRAS, "aws", ("assay audit aws", ("boto3-that-nobody-has",)))
    assert looked(capsys)["packages.aws"] == (
        "missing", "no boto3-that-nobody-has (assay audit aws)", "pip install 'assay[aws]'",
    )  # fmt: skip


def test_a_broken_configuration_is_said_and_is_no_failure(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bare / "assay.toml").write_text("fail-onn = 3\n")
    status, detail, _ = looked(capsys)["files.config"]
    assert (status, "fail-onn" in detail) == ("broken", True)
