"""Each foreign judge really runs here, or the summary names it as absent; and absence is never silent."""

from __future__ import annotations

import subprocess
from pathlib import Path

import oracles
import pytest

VERSION = {
    "terraform": ["version"],
    "kubectl": ["version", "--client"],
    "git": ["--version"],
    "node": ["--version"],
    "multitool": ["--version"],
    "chromium": ["--version"],
    "postgres": ["--version"],
    "checkov": ["--version"],
}
"""How a program shows that it starts. Node packages have none: they are read."""


@pytest.mark.oracle
@pytest.mark.parametrize("name", oracles.ORACLES)
def test_oracle_is_there_and_starts(name: str) -> None:
    path = oracles.require_oracle(name)
    if name not in VERSION:
        assert path.is_dir() or path.stat().st_size > 0
        return
    ran = subprocess.run([path, *VERSION[name]], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert any(sign.isdigit() for sign in ran.stdout + ran.stderr)


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(oracles.ORACLES, "diviner", oracles.Oracle(("no-such-diviner",), "fate", "ask elsewhere"))
    return "diviner"


def test_an_absent_oracle_is_named_in_the_skip(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAY_REQUIRE_ORACLES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="diviner is absent, so it did not judge fate: ask elsewhere"):
        oracles.require_oracle(absent)


def test_an_absent_oracle_fails_where_all_are_demanded(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_REQUIRE_ORACLES", "1")
    with pytest.raises(pytest.fail.Exception, match="diviner is absent"):
        oracles.require_oracle(absent)


def test_a_program_is_found_on_the_path(absent: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "no-such-diviner"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert oracles.require_oracle(absent) == program
