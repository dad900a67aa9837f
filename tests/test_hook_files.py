"""With file arguments a scan loads fewer rules, and finds in the named files what a scan of everything finds there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import evaluate
from assay.examples import read
from assay.model import Finding, Request
from assay.needs import looks
from assay.rule import Rule
from assay.scan import collect, run

PAGES = sorted(str(p.relative_to(RULES)) for p in Path(RULES).glob("*/*.md"))
TOP = re.compile(r"(?ms)^[a-z]+\b[^\n=]*\{(?:[^\n]*\}[ \t]*$|.*?^\})")
"""A block at the top level, on one line or up to the brace at the beginning of a line."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture(scope="module")
def rules(catalogue: Catalogue) -> dict[str, Rule]:
    return {r.id: r for r in catalogue.load(catalogue.entries)}


def files_of(finding: Finding) -> set[str]:
    places = [finding.location.file] if finding.location else []
    return {*places, *(s.file for s in finding.trace), *(p.file for p in finding.because)}


def apart(text: str) -> list[str]:
    """The blocks of a configuration, none of which holds more than one; empty when it cannot be cut."""
    blocks = [m[0] for m in TOP.finditer(text)]
    left = TOP.sub("", text)
    return blocks if not re.search(r"(?m)^\s*[^#\s]", left) else []


def beyond(found: list[Finding]) -> Iterator[tuple[str, Finding]]:
    """Each finding with each file that it touches without standing there: the type in the file is another's."""
    for finding in found:
        own = {finding.location.file} if finding.location else set()
        for file in sorted(files_of(finding) - own):
            yield file, finding


def told(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.resource.address, finding.verdict.value, finding.message


@pytest.mark.parametrize("page", PAGES)
def test_no_finding_that_touches_a_named_file_is_lost(
    page: str, catalogue: Catalogue, rules: dict[str, Rule], tmp_path: Path
) -> None:
    """Every example with each of its blocks in a file of its own: what a rule cites elsewhere is still found there."""
    wrong: list[str] = []
    for number, example in enumerate(read(f"{RULES}/{page}")):
        if example.source != "terraform" or example.kind == "good" or list(example.files) != ["main.tf"]:
            continue
        blocks = apart(example.text)
        rule = rules[example.rule]
        if len(blocks) < 2 or example.params:
            continue
        folder = tmp_path / f"{number}"
        folder.mkdir()
        for i, block in enumerate(blocks):
            (folder / f"f{i}.tf").write_text(block + "\n")
        found = evaluate(collect(Request([str(folder)], str(folder))), [rule]).findings
        for file, finding in beyond(found):
            request = Request([f"{folder}/{file}"], str(folder), files_only=True)
            heard = [told(f) for f in run(request, catalogue, catalogue.entries).findings]
            if told(finding) not in heard:
                wrong.append(f"{example.place}: {file} alone loses {told(finding)}")
    assert not wrong, "\n".join(wrong)


def both(folder: Path, named: str, catalogue: Catalogue) -> tuple[list[tuple[str, str, str, str]], ...]:
    """What a scan of the named file says, and what a scan of the folder says that touches it."""
    said = run(Request([f"{folder}/{named}"], str(folder), files_only=True), catalogue, catalogue.entries).findings
    whole = run(Request([str(folder)], str(folder)), catalogue, catalogue.entries).findings
    return sorted(map(told, said)), sorted(told(f) for f in whole if named in files_of(f))


ESTATES = sorted(p for p in (Path(RULES).parent / "fixtures").iterdir() if p.is_dir())


@pytest.mark.parametrize("estate", ESTATES, ids=lambda p: p.name)
def test_each_file_of_an_estate_is_told_the_same_alone(estate: Path, catalogue: Catalogue) -> None:
    for file in sorted(str(p.relative_to(estate)) for p in estate.rglob("*.tf")):
        alone, among_all = both(estate, file, catalogue)
        assert alone == among_all, file


QUEUE = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = %s\n}\n'
RULE = "aws-sqs-unencrypted"


CALL = 'module "m" {\n  source = "./m"\n  a      = local.a\n}\n'
FALSE = "locals {\n  a = false\n}\n"
INPUT = 'variable "a" {}\n'


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"q.tf": QUEUE % "local.b", "l.tf": "locals {\n  b = local.a\n}\n", "a.tf": FALSE}, "a.tf"),
        ({"q.tf": QUEUE % "var.a", "v.tf": 'variable "a" {\n  default = false\n}\n'}, "v.tf"),
        ({"q.tf": QUEUE % "var.a", "v.tf": INPUT, "terraform.tfvars": "a = false\n"}, "terraform.tfvars"),
        ({"m/q.tf": QUEUE % "var.a", "m/v.tf": INPUT, "main.tf": CALL, "a.tf": FALSE}, "a.tf"),
        ({"m/o.tf": 'output "a" {\n  value = false\n}\n', "main.tf": CALL, "q.tf": QUEUE % "module.m.a"}, "m/o.tf"),
        ({"q.tf": QUEUE % "true", "q_override.tf": QUEUE % "false"}, "q_override.tf"),
        ({"q.tf": QUEUE % "local.a", "a.tf.json": '{"locals": {"a": false}}'}, "a.tf.json"),
    ],
    ids=["locals", "variable", "tfvars", "module argument", "output", "override", "JSON"],
)
def test_a_value_that_comes_from_the_named_file_is_followed(
    files: dict[str, str], named: str, catalogue: Catalogue, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()  # the callers of a module are looked for in its repository
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    alone, among_all = both(tmp_path, named, catalogue)
    assert alone == among_all
    assert RULE in {rule for rule, *_ in alone}


def test_what_stands_apart_loads_no_rule_and_opens_no_archive(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "queue.tf").write_text(QUEUE % "false")
    (tmp_path / "function.tf").write_text(
        'resource "aws_lambda_function" "f" {\n  filename = "code.zip"\n}\nresource "aws_db_instance" "d" {}\n'
    )
    (tmp_path / "code.zip").write_bytes(b"not an archive")
    hook = run(Request([f"{tmp_path}/queue.tf"], str(tmp_path), files_only=True), catalogue, catalogue.entries)
    whole = run(Request([str(tmp_path)], str(tmp_path)), catalogue, catalogue.entries)
    assert "code.zip" in {i["path"] for i in whole.coverage.inputs}
    assert "code.zip" not in {i["path"] for i in hook.coverage.inputs}
    assert "aws-rds-unencrypted" in whole.rules
    assert "aws-rds-unencrypted" not in hook.rules
    assert RULE in hook.rules


def test_what_rules_look_at_hangs_on_their_code_and_not_on_what_was_scanned(catalogue: Catalogue) -> None:
    rules = [r for r in catalogue.load(catalogue.entries) if r.id.startswith(("aws-iam-", "aws-s3-", "aws-sqs-"))]
    before = looks(rules)
    for estate in ESTATES[:6]:
        run(Request([str(estate)], str(estate)), catalogue, catalogue.entries)
    assert looks(rules) == before
