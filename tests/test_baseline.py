"""Baselines and `--diff`: only what is new counts, whatever moved. Git is the real one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from gitrepo import git, start

RULE = "aws-sqs-unencrypted"
QUEUE = (
    'resource "aws_sqs_queue" "{name}" {{\n  name                    = "{name}"\n  sqs_managed_sse_enabled = {on}\n}}\n'
)


def queue(name: str, on: str = "false") -> str:
    return QUEUE.format(name=name, on=on)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "repo"
    here.mkdir()
    (here / "main.tf").write_text(queue("a") + queue("b"))
    start(here, "first")
    git(here, "branch", "base")
    monkeypatch.chdir(here)
    return here


def scan(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["scan", "--select", RULE, "--no-cache", "-o", "json", *arguments])
    out, err = capsys.readouterr()
    assert out, err
    document: dict[str, Any] = json.loads(out)
    return code, document


def failing(report: dict[str, Any]) -> list[str]:
    return sorted(f["resource"]["address"] for f in report["findings"] if f["verdict"] == "fail")


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_what_a_baseline_knows_does_not_count(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "baseline", "write", "known.txt", "--select", RULE)
    assert code == 0
    assert out.endswith("2 new, 0 fixed, 0 unchanged\n")
    code, report = scan(capsys, "--baseline", "known.txt")
    assert code == 0
    assert {f["waiver"]["kind"] for f in report["findings"]} == {"baseline"}
    # Lines move, blocks change places, one comes, one goes.
    (tree / "main.tf").write_text("# a comment\n\n" * 25 + queue("c") + queue("b"))
    code, report = scan(capsys, "--baseline", "known.txt")
    assert code == 1
    assert failing(report) == ["aws_sqs_queue.c"]
    code, out, _ = call(capsys, "baseline", "diff", "known.txt", "--select", RULE)
    assert code == 1
    assert [line.split(" ")[0] + line.split(" ")[-1] for line in out.splitlines()[:2]] == [
        "+aws_sqs_queue.c", "-aws_sqs_queue.a",
    ]  # fmt: skip
    assert call(capsys, "baseline", "write", "known.txt", "--select", RULE)[1].endswith("1 new, 1 fixed, 1 unchanged\n")
    assert scan(capsys, "--baseline", "known.txt")[0] == 0
    lines = Path("known.txt").read_text().splitlines()[1:]
    assert lines == sorted(lines)
    assert not any(".tf" in line for line in lines)


def test_an_unknown_that_becomes_a_failure_is_new(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "main.tf").write_text('variable "on" {}\n' + queue("a", "var.on"))
    call(capsys, "baseline", "write", "known.txt", "--select", RULE)
    assert scan(capsys, "--baseline", "known.txt", "--strict")[0] == 0
    assert failing(scan(capsys, "--baseline", "known.txt", "--var", "on=false")[1]) == ["aws_sqs_queue.a"]


def test_an_address_with_line_ends_is_one_line(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = 'resource "aws_sqs_queue" "m" {\n  for_each = toset(["a\\nb", "c\\u2028d", "e\\u0085f"])\n'
    (tree / "main.tf").write_text(many + "  sqs_managed_sse_enabled = false\n}\n")
    assert call(capsys, "baseline", "write", "known.txt", "--select", RULE)[0] == 0
    assert len((tree / "known.txt").read_text().splitlines()) == 1 + 3
    assert call(capsys, "baseline", "diff", "known.txt", "--select", RULE)[:2] == (0, "0 new, 0 fixed, 3 unchanged\n")


def test_an_incomplete_scan_does_not_shrink_a_baseline(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "baseline", "write", "known.txt", "--select", RULE)
    before = Path("known.txt").read_bytes()
    (tree / "main.tf").write_text(queue("a") + 'resource "aws_sqs_queue" "b" {\n  name = \n')
    code, _, err = call(capsys, "baseline", "write", "known.txt", "--select", RULE)
    assert code == 2
    assert "left as it was" in err
    assert Path("known.txt").read_bytes() == before
    assert call(capsys, "baseline", "write", "known.txt", "--select", RULE, "--allow-incomplete")[0] == 0


@pytest.mark.parametrize(("text", "said"), [(None, "No such file"), ("nonsense\n", ":1: not a line of a baseline")])
def test_a_baseline_that_cannot_be_read(
    tree: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    if text is not None:
        Path("known.txt").write_text(text)
    code, _, err = call(capsys, "scan", "--baseline", "known.txt")
    assert code == 2
    assert said in err


def test_a_diff_is_what_the_change_brought(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "main.tf").unlink()
    (tree / "queues.tf").write_text("\n" * 30 + queue("c") + queue("b"))  # renamed, moved, reordered
    code, report = scan(capsys, "--diff", "base")
    assert code == 1
    assert failing(report) == ["aws_sqs_queue.c"]
    assert (report["diff"]["new"], report["diff"]["unchanged"]) == (1, 1)
    assert [f["resource"]["address"] for f in report["diff"]["fixed"]] == ["aws_sqs_queue.a"]
    (tree / "queues.tf").write_text(queue("b"))
    code, report = scan(capsys, "--diff", "base")
    assert (code, report["findings"]) == (0, [])
    assert "0 new, 1 fixed, 1 unchanged" in call(capsys, "scan", "--select", RULE, "--diff", "base")[1]
    assert git(tree, "status", "--porcelain").splitlines() == [" D main.tf", "?? queues.tf"]  # nothing was touched
    assert git(tree, "worktree", "list").count("\n") == 1


def test_a_changed_variable_shows_in_files_that_did_not_change(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "main.tf").write_text('variable "on" {}\n' + queue("a", "var.on"))
    (tree / "terraform.tfvars").write_text("on = true\n")
    git(tree, "add", "--all")
    git(tree, "commit", "-q", "-m", "second")
    (tree / "terraform.tfvars").write_text("on = false\n")
    assert failing(scan(capsys, "--diff", "HEAD")[1]) == ["aws_sqs_queue.a"]


def test_what_is_called_otherwise_now_is_not_new(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files, documents that are known by their file, a root module that moves as a whole."""
    for name in ("one", "two"):
        (tree / name).mkdir()
        (tree / name / "main.tf").write_text(queue(name))
        (tree / name / "names.tf").write_text(f'locals {{\n  name = "{name}"\n}}\n')
    (tree / "Dockerfile").write_text("FROM python\n")
    git(tree, "add", "--all")
    git(tree, "commit", "-q", "-m", "second")
    (tree / "live").mkdir()
    git(tree, "mv", "one", "live/one")
    git(tree, "mv", "two/main.tf", "two/queues.tf")
    git(tree, "mv", "Dockerfile", "Dockerfile.build")
    every = (RULE, "dockerfile-base-unpinned")
    for _ in range(2):
        assert main(["scan", "--select", ",".join(every), "--no-cache", "-o", "json", "--diff", "HEAD"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert report["diff"] == {**report["diff"], "new": 0, "fixed": [], "unchanged": 5}
        if (tree / "main.tf").exists():
            git(tree, "mv", "main.tf", "live/main.tf")  # the module at the top too
    (tree / "two" / "more.tf").write_text(queue("more"))
    assert failing(scan(capsys, "--diff", "HEAD")[1]) == ["aws_sqs_queue.more"]


def test_what_git_ignores_and_terraform_reads_is_there_on_both_sides(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / ".gitignore").write_text(".terraform/\n*.tfvars\n")
    downloaded = tree / ".terraform" / "modules"
    (downloaded / "q").mkdir(parents=True)
    (downloaded / "q" / "main.tf").write_text('variable "on" {}\n' + queue("deep", "var.on"))
    start(downloaded / "q", "as `terraform init` clones a module")
    (downloaded / "modules.json").write_text('{"Modules":[{"Key":"q","Source":"x/q","Dir":".terraform/modules/q"}]}')
    (tree / "main.tf").write_text('variable "on" {}\nmodule "q" {\n  source = "x/q"\n  on     = var.on\n}\n')
    (tree / "terraform.tfvars").write_text("on = false\n")
    git(tree, "add", "--all")
    git(tree, "commit", "-q", "-m", "second")
    assert failing(scan(capsys)[1]) == ["module.q.aws_sqs_queue.deep"]
    (tree / "more.tf").write_text(queue("c"))
    assert failing(scan(capsys, "--diff", "HEAD")[1]) == ["aws_sqs_queue.c"]


def test_a_pull_request_is_compared_with_where_it_left(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tree, "checkout", "-q", "base")
    (tree / "main.tf").write_text(queue("b"))  # mended there in the meantime: not our doing
    git(tree, "commit", "-q", "-a", "-m", "theirs")
    git(tree, "checkout", "-q", "-")
    (tree / "more.tf").write_text(queue("c"))
    assert failing(scan(capsys, "--diff", "base")[1]) == ["aws_sqs_queue.c"]


def test_a_waiver_taken_away_is_new(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "main.tf").write_text(f"# assay: allow[{RULE}] prices\n" + queue("a") + queue("b"))
    git(tree, "commit", "-q", "-a", "-m", "waived")
    (tree / "main.tf").write_text(queue("a") + queue("b"))
    assert failing(scan(capsys, "--diff", "HEAD")[1]) == ["aws_sqs_queue.a"]


def test_from_a_folder_elsewhere_and_a_folder_that_is_new(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "sub").mkdir()
    (tree / "sub" / "main.tf").write_text(queue("s"))
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    _, report = scan(capsys, "--diff", "base", str(tree))
    assert failing(report) == ["aws_sqs_queue.s"]
    assert report["findings"][0]["location"]["file"] == "sub/main.tf"
    assert failing(scan(capsys, "--diff", "base", str(tree / "sub"))[1]) == ["aws_sqs_queue.s"]


def test_a_shallow_clone_says_what_to_fetch(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "more.tf").write_text(queue("c"))
    git(tree, "add", "--all")
    git(tree, "commit", "-q", "-m", "second")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{tree}", str(clone)], check=True)
    monkeypatch.chdir(clone)
    code, _, err = call(capsys, "scan", "--diff", "origin/base")
    assert code == 2
    assert "this clone is shallow" in err
    assert "git fetch --depth=1 origin base:refs/remotes/origin/base" in err
    git(clone, "fetch", "-q", "--depth=1", "origin", "base:refs/remotes/origin/base")
    code, report = scan(capsys, "--diff", "origin/base")
    assert failing(report) == ["aws_sqs_queue.c"]
    assert any("cannot be told (this clone is shallow)" in note for note in report["coverage"]["notes"])


def test_submodules_are_there_on_both_sides(tree: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "main.tf").write_text(queue("inner"))
    start(tmp_path / "lib", "first")
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "lib"), "lib")
    (tree / "main.tf").write_text('module "lib" {\n  source = "./lib"\n}\n')
    git(tree, "add", "--all")
    git(tree, "commit", "-q", "-m", "second")
    (tree / "more.tf").write_text(queue("more"))
    report = scan(capsys, "--diff", "HEAD")[1]
    assert failing(report) == ["aws_sqs_queue.more"]
    assert report["diff"] == {**report["diff"], "new": 1, "fixed": [], "unchanged": 1}
    git(tree / "lib", "commit", "-q", "--allow-empty", "-m", "gone")
    git(tree, "commit", "-q", "-a", "-m", "third")
    git(tree / "lib", "reset", "-q", "--hard", "HEAD~1")
    git(tree / "lib", "reflog", "expire", "--expire=now", "--all")
    git(tree / "lib", "gc", "-q", "--prune=now")
    code, _, said = call(capsys, "scan", "--diff", "HEAD")
    assert (code, "lib; `git fetch` there may bring them" in said) == (2, True)


def test_in_a_hook_git_is_asked_about_the_files_and_not_about_its_variables(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "sub").mkdir()
    (tree / "sub" / "main.tf").write_text(queue("s"))
    git(tree, "add", "--all")
    git(tree, "commit", "-q", "-m", "second")
    (tree / "sub" / "more.tf").write_text(queue("more"))
    monkeypatch.setenv("GIT_DIR", str(tree / ".git"))  # as in a hook of a linked worktree
    monkeypatch.setenv("GIT_INDEX_FILE", str(tree / ".git" / "index.lock"))
    code, report = scan(capsys, "--diff", "HEAD", "sub")
    assert (code, failing(report)) == (1, ["aws_sqs_queue.more"])
    assert report["diff"] == {**report["diff"], "new": 1, "fixed": [], "unchanged": 1}


@pytest.mark.parametrize("ref", ["nothing", "--output=x", "HEAD:main.tf"])
def test_a_commit_that_is_none(tree: Path, capsys: pytest.CaptureFixture[str], ref: str) -> None:
    code, _, err = call(capsys, "scan", f"--diff={ref}")
    assert code == 2
    assert "git knows no such commit" in err


def test_outside_a_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "main.tf").write_text(queue("a"))
    code, _, err = call(capsys, "scan", "--diff", "HEAD", str(tmp_path))
    assert code == 2
    assert "is not in a git repository" in err
