"""The tutorial is true: its steps are run in order, and each prints what the page says it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")
_STEP = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, list[str] | None]]:
    """The commands of the page, each block with the lines it is to print, if the page shows any."""
    found: list[tuple[str, list[str] | None]] = []
    for language, text in _BLOCK.findall(PAGE):
        if language == "sh":
            found.append((text, None))
        else:
            assert found[-1][1] is None, "two outputs for one block"
            found[-1] = (found[-1][0], text.splitlines())
    return found


def prints(output: str, wanted: list[str]) -> str | None:
    """The first line that did not come where the page has it; None when all did. `...` stands for any lines."""
    lines, at, free = output.splitlines(), 0, False
    for line in wanted:
        if line == "...":
            free = True
            continue
        places = range(at, len(lines)) if free else range(at, min(at + 1, len(lines)))
        found = next((n for n in places if lines[n].rstrip() == line.rstrip()), None)
        if found is None:
            return line
        at, free = found + 1, False
    return None


def test_steps_are_numbered_from_one() -> None:
    assert [int(number) for number, _ in _STEP.findall(PAGE)] == list(range(1, 10))


def test_the_steps_do_what_the_page_says(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "assay"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m assay.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    folder = tmp_path / "shop"
    folder.mkdir()
    who = {f"GIT_{role}_{what}": "me@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = os.environ | who | {"PATH": f"{program.parent}:{os.environ['PATH']}", "ASSAY_CACHE_DIR": str(tmp_path / "c")}
    env.pop("ASSAY_LEDGER", None)
    for commands, wanted in blocks():
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", f"exec 2>&1\n{commands}"], cwd=folder, env=env, text=True,
            stdout=subprocess.PIPE, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        missing = prints(done.stdout, wanted or ["..."])
        assert missing is None, f"{commands}\nhas no line {missing!r} there, but printed\n{done.stdout}"
    header = (folder / "report.html").read_text(encoding="utf-8")
    assert "1 new" in header


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)", PAGE))
def test_its_links_lead_somewhere(target: str, repository: Path) -> None:
    assert (repository / "docs" / target).exists()


def test_the_judge_of_outputs_would_tell() -> None:
    said = "one\ntwo\nthree\nfour\n"
    assert prints(said, ["one", "two"]) is None
    assert prints(said, ["...", "three", "four"]) is None
    assert prints(said, ["two"]) == "two"
    assert prints(said, ["one", "three"]) == "three"
    assert prints(said, ["...", "two", "one"]) == "one"
