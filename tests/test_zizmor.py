"""zizmor as an optional plugin: its findings on the right line, merged; its absence said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WORKFLOW = """on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.event.pull_request.title }}
"""


def scan(folder: Path, **environment: str) -> dict[str, Any]:
    (folder / ".github" / "workflows").mkdir(parents=True, exist_ok=True)
    (folder / ".github" / "workflows" / "a.yml").write_text(WORKFLOW)
    done = subprocess.run(
        [sys.executable, "-m", "assay", "scan", ".", "--plugin", "zizmor", "-o", "json", "--no-cache"],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_findings_are_merged_where_they_stand(tmp_path: Path) -> None:
    from oracles import require_oracle

    require_oracle("zizmor")
    answer = scan(tmp_path)
    found = {f["rule"]: f for f in answer["findings"]}
    injection = found["zizmor-template-injection"]
    assert injection["severity"] == "high"
    assert injection["location"]["file"] == ".github/workflows/a.yml"
    assert injection["location"]["start_line"] == 6
    assert answer["summary"]["fail"] == len(answer["findings"])


def test_its_absence_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if (Path(sys.executable).parent / "zizmor").exists():
        pytest.skip("zizmor stands beside this interpreter, where the plugin finds it")
    answer = scan(tmp_path)
    told = next(i for i in answer["coverage"]["inputs"] if i["path"] == "zizmor")
    assert told["status"] == "failed"
    assert "zizmor is not installed" in told["reason"]


@pytest.mark.parametrize(
    ("prints", "said"), [("nonsense", "no answer that can be read"), ("", "no answer that can be read")]
)
def test_an_answer_that_is_none_is_said(tmp_path: Path, prints: str, said: str) -> None:
    fake = tmp_path / "bin" / "zizmor"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho '{prints}'\n")
    fake.chmod(0o755)
    answer = scan(tmp_path, PATH=f"{fake.parent}:{os.environ['PATH']}")
    told = next(i for i in answer["coverage"]["inputs"] if i["path"].startswith("zizmor"))
    assert said in told["reason"]
