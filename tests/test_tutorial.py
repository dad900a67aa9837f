"""The tutorials are true: their steps are run in order, and each prints what its page says it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = {
    name: (REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("tutorial", "tutorial-spend")
}
_STEP = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, list[str] | None]]:
    """The commands of the page, each block with the lines it is to print, if the page shows any."""
    found: list[tuple[str, list[str] | None]] = []
    for language, text in _BLOCK.findall(page):
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


@pytest.mark.parametrize(("name", "steps"), [("tutorial", 9), ("tutorial-spend", 8)])
def test_steps_are_numbered_from_one(name: str, steps: int) -> None:
    assert [int(number) for number, _ in _STEP.findall(PAGES[name])] == list(range(1, steps + 1))


@pytest.mark.parametrize(
    ("name", "file", "inside"), [("tutorial", "report.html", "1 new"), ("tutorial-spend", "spend.html", "<svg")]
)
def test_the_steps_do_what_the_page_says(name: str, file: str, inside: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "assay"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m assay.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    folder = tmp_path / "shop"
    folder.mkdir()
    if name != "tutorial":  # that one begins in an empty folder
        (folder / "fixtures").symlink_to(REPOSITORY / "fixtures")
    who = {f"GIT_{role}_{what}": "me@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = os.environ | who | {"PATH": f"{program.parent}:{os.environ['PATH']}", "ASSAY_CACHE_DIR": str(tmp_path / "c")}
    env.pop("ASSAY_LEDGER", None)
    for commands, wanted in blocks(PAGES[name]):
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", f"exec 2>&1\n{commands}"], cwd=folder, env=env, text=True,
            stdout=subprocess.PIPE, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        missing = prints(done.stdout, wanted or ["..."])
        assert missing is None, f"{commands}\nhas no line {missing!r} there, but printed\n{done.stdout}"
    assert inside in (folder / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "target",
    [t for p in PAGES.values() for t in re.findall(r"\]\(([^)#]+)", _BLOCK.sub("", p)) if not t.startswith("https://")],
)
def test_its_links_lead_somewhere(target: str, repository: Path) -> None:
    assert (repository / "docs" / target).exists()


def test_the_judge_of_outputs_would_tell() -> None:
    said = "one\ntwo\nthree\nfour\n"
    assert prints(said, ["one", "two"]) is None
    assert prints(said, ["...", "three", "four"]) is None
    assert prints(said, ["two"]) == "two"
    assert prints(said, ["one", "three"]) == "three"
    assert prints(said, ["...", "two", "one"]) == "one"
