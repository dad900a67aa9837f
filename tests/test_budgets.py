"""What keeps Assay fast, counted and never timed: modules imported, files opened, patterns compiled, parses, calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from assay import HIGH
from assay.engine import evaluate
from assay.graph import Graph
from assay.model import Coverage, Finding, Request, Resource
from assay.rule import rule
from assay.scan import collect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REPOSITORY = Path(__file__).resolve().parent.parent
SMALL = """
resource "aws_sqs_queue" "orders" {
  name = "orders"
}

resource "aws_security_group" "web" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
WATCHED = """
import json, os, re, sys
opened, compiled = [], []
real = re._compiler.compile
def compile(pattern, flags=0):
    caller = sys._getframe(1)
    while "/re/" in caller.f_code.co_filename or caller.f_code.co_filename.endswith("patterns.py"):
        caller = caller.f_back
    compiled.append([caller.f_code.co_filename, caller.f_code.co_name])
    return real(pattern, flags)
if os.environ.get("WATCH_PATTERNS"):
    re._compiler.compile = compile
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
"""
RUN = """
import sys
from assay.cli import main
code = main(sys.argv[1:])
"""
TOLD = """
sys.stderr.write("\\n@" + json.dumps([code, sorted(sys.modules), opened, compiled]))
"""
BARE = """
import os
sys.stderr.write("\\n@" + repr((code, sorted(sys.modules))))
"""


class Ran(NamedTuple):
    """One run of the command line in a process of its own."""

    code: int
    out: str
    modules: set[str]
    opened: Sequence[str] = ()
    compiled: Sequence[Sequence[str]] = ()

    def own(self) -> set[str]:
        return {m for m in self.modules if m == "assay" or m.startswith("assay.")}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program and the rules, whose index is fresh whatever is being written in this tree."""
    top = tmp_path_factory.mktemp("checkout")
    for part in ("scanner", "rules"):
        shutil.copytree(REPOSITORY / part, top / part, ignore=shutil.ignore_patterns("__pycache__", "index.json"))
    done = subprocess.run(
        [sys.executable, "-m", "assay", "rules", "docs", "--out", str(top / "docs")],
        env=environment(top), cwd=top, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return top


def environment(checkout: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout / "scanner"), **more}


def run(checkout: Path, folder: Path, *arguments: str, **more: str) -> Ran:
    command = [sys.executable, "-c", WATCHED + RUN + TOLD, *arguments]
    done = subprocess.run(
        command, env=environment(checkout, **more), cwd=folder, capture_output=True, text=True, check=True
    )
    code, modules, opened, compiled = json.loads(done.stderr.rpartition("@")[2])
    return Ran(code, done.stdout, set(modules), opened, compiled)


def bare(checkout: Path, folder: Path, *arguments: str, **more: str) -> Ran:
    """As `run`, without what watching itself imports."""
    import ast

    done = subprocess.run(
        [sys.executable, "-c", RUN + BARE, *arguments],
        env=environment(checkout, **more), cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    code, modules = ast.literal_eval(done.stderr.rpartition("@")[2])
    return Ran(code, done.stdout, set(modules))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "main.tf").write_text(SMALL)
    os.utime(tmp_path / "main.tf", ns=(1, 1))
    time.sleep(0.1)  # the cache keeps nothing of files that changed within the last 50 ms
    return tmp_path


def test_the_version_imports_nothing(checkout: Path, tmp_path: Path) -> None:
    ran = bare(checkout, tmp_path, "--version")
    assert ran.own() == {"assay", "assay.cli", "assay._version"}
    assert not ran.modules & {"re", "typing", "argparse", "json"}


def test_explain_imports_the_index_and_no_noun(checkout: Path, tmp_path: Path) -> None:
    ran = bare(checkout, tmp_path, "explain", "aws-sqs-unencrypted")
    assert ran.code == 0
    assert ran.own() == {
        "assay", "assay.cli", "assay.cli.explain", "assay.bundled", "assay.catalogue", "assay.examples",
    }  # fmt: skip
    assert not ran.modules & {"typing", "shutil", "inspect", "dataclasses"}


NEVER = {
    "assay.reports.html", "assay.reports.sarif", "assay.terraform.arithmetic", "assay.terraform.complex_types",
    "assay.terraform.operations", "assay.terraform.plan_reader", "assay.terraform.sets", "ast", "base64", "boto3",
    "dataclasses", "hashlib", "importlib.metadata", "inspect", "jinja2", "kubernetes", "oci", "orjson", "pathlib",
    "pluggy", "re2", "sarif_om", "shutil", "subprocess", "tempfile", "traceback", "yaml",
}  # fmt: skip


def test_a_small_scan_imports_only_what_it_needs(checkout: Path, small: Path) -> None:
    ran = bare(checkout, small, "scan", "main.tf", "-o", "json", "--no-cache")
    assert ran.code == 1
    assert not ran.modules & NEVER
    assert len([m for m in ran.own() if not m.startswith("assay.analysis")]) <= 60  # rules ask for analyses
    assert len(ran.modules) <= 220
    rules = {m for m in ran.modules if m.startswith("assay_rules.")}
    files = len(list((checkout / "rules").rglob("*.py")))
    assert 2 <= len(rules) <= 30 < files


def test_a_small_scan_opens_no_details_and_reads_its_file_once_or_twice(checkout: Path, small: Path) -> None:
    ran = run(checkout, small, "scan", "main.tf", "-o", "json", "--no-cache")
    names = [os.path.basename(path) for path in ran.opened]
    assert names.count("index.json") == 1
    assert "details.json" not in names
    assert names.count("main.tf") <= 3  # to see what it is, to evaluate it, to show where the findings stand


def test_no_module_compiles_a_pattern_when_it_is_imported(checkout: Path, small: Path) -> None:
    ran = run(checkout, small, "scan", "main.tf", "-o", "json", "--no-cache", WATCH_PATTERNS="1")
    ours = [place for place in ran.compiled if str(checkout) in place[0]]
    assert [place for place in ours if place[1] == "<module>"] == []
    assert len(ours) <= 16


def test_a_repeated_scan_reads_the_answer_and_nothing_else(checkout: Path, small: Path, tmp_path_factory: Any) -> None:
    home = str(tmp_path_factory.mktemp("kept"))
    first = bare(checkout, small, "scan", "main.tf", "-o", "json", ASSAY_CACHE_DIR=home)
    again = bare(checkout, small, "scan", "main.tf", "-o", "json", ASSAY_CACHE_DIR=home)
    assert (again.code, again.out) == (first.code, first.out) == (1, first.out)
    assert again.own() == {"assay", "assay.cli", "assay.cache", "assay.bundled", "assay.digest", "assay._version"}
    assert not again.modules & {"re", "json", "typing", "argparse", "tree_sitter"}


def test_a_kept_answer_ends_with_what_it_came_from(checkout: Path, small: Path, tmp_path_factory: Any) -> None:
    home = str(tmp_path_factory.mktemp("kept"))

    def scan(*more: str, **variables: str) -> tuple[int, bool]:
        ran = bare(checkout, small, "scan", "main.tf", "-o", "json", *more, ASSAY_CACHE_DIR=home, **variables)
        return ran.code, "assay.engine" not in ran.modules

    assert scan() == (1, False)
    assert scan() == (1, True)
    assert scan(SOURCE_DATE_EPOCH="86400") == (1, False)
    assert scan("--no-cache") == (1, False)
    (small / "assay.toml").write_text('fail-on = "never"\n')
    os.utime(small / "assay.toml", ns=(1, 1))
    assert scan() == (0, False)
    assert scan()[0] == 0
    (small / "assay.toml").unlink()
    assert scan() == (1, False)
    (small / "main.tf").write_text("locals {}\n")
    assert scan() == (0, False)


def test_a_kept_answer_writes_its_files_again(checkout: Path, small: Path, tmp_path_factory: Any) -> None:
    home, out = tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("out") / "report.json"
    command = ("scan", "main.tf", "-o", f"json={out}", "-o", "text")
    first = bare(checkout, small, *command, ASSAY_CACHE_DIR=str(home))
    text = out.read_text()
    out.unlink()
    again = bare(checkout, small, *command, ASSAY_CACHE_DIR=str(home))
    assert "assay.engine" not in again.modules
    assert (again.out, out.read_text()) == (first.out, text)
    for kept in home.glob("*.cache"):  # whatever stands there, a scan answers
        kept.write_bytes(kept.read_bytes()[:-40])
    assert bare(checkout, small, *command, ASSAY_CACHE_DIR=str(home)).out == first.out


@pytest.mark.parametrize(("kept", "again"), [(300_000, 0), (0, 2)])
def test_a_block_with_many_findings_is_parsed_again_once_if_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int, again: int
) -> None:
    from assay.terraform import discover, recovery

    monkeypatch.setattr(discover, "KEPT_BYTES", kept)
    (tmp_path / "main.tf").write_text(
        'resource "aws_sqs_queue" "q" {\n  name = "q"\n  delay_seconds = 1\n}\n'
        'resource "aws_sqs_queue" "p" {\n  name = "p"\n}\n'
    )
    parses = []
    real = recovery.parse_range

    def counted(data: bytes, start: int, end: int) -> Any:
        parses.append((start, end))
        return real(data, start, end)

    monkeypatch.setattr(recovery, "parse_range", counted)

    @rule(on="aws_sqs_queue", severity=HIGH)
    def twenty(q: Resource) -> Iterator[Finding]:
        """Twenty."""
        for n in range(20):
            yield q.fails(f"{n}", at="name", key=str(n))

    report = evaluate(collect(Request([str(tmp_path)], str(tmp_path))), [twenty])
    assert len(report.findings) == 40
    assert {f.location.start_line for f in report.findings if f.location} == {2, 6}
    assert len(parses) == len(set(parses)) == again


class Root(str):
    """A root that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Root.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_what_stands_beside_a_resource_costs_one_pass() -> None:
    def comparisons(count: int) -> int:
        roots = [Root(f"r{n % (count // 2)}") for n in range(count)]
        many = [Resource("aws_sqs_queue", f"q{n}", "terraform", {}, root=root) for n, root in enumerate(roots)]
        graph = Graph(many, Coverage())
        Root.compared = 0
        for r in many:
            assert len(graph.beside(r, "aws_sqs_queue")) == 2
        return Root.compared

    assert comparisons(800) <= 2.5 * comparisons(400)


def test_a_rule_is_called_once_for_each_of_its_resources() -> None:
    calls = []

    @rule(on=("aws_sqs_queue", "aws_sns_topic"), severity=HIGH)
    def counted(r: Resource) -> Iterator[Finding]:
        """Counted."""
        calls.append(r.address)
        yield from ()

    kinds = ("aws_sqs_queue", "aws_sns_topic", "aws_s3_bucket")
    evaluate(Graph([Resource(kinds[n % 3], f"r{n}", "terraform", {}) for n in range(300)]), [counted])
    assert len(calls) == len(set(calls)) == 200
