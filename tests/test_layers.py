"""Layers as a function sees them: what is not at hand leaves a doubt, what is certain is told, in every form."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.documents.layer_archive import PackageOrigin, ZipPackage
from assay.engine import evaluate
from assay.graph import Graph
from assay.model import Request, Resource, Verdict
from assay.rule import load_directory
from assay.scan import run

if TYPE_CHECKING:
    from pathlib import Path

    from assay.engine import Report

CATALOGUE = Catalogue([RULES])
SIZE, SHADOWS, CODE = "aws-layer-too-large", "aws-layer-shadows-runtime", "aws-layer-dangerous-code"
RULES_ON_FUNCTIONS = (SIZE, SHADOWS)
ARN = "arn:aws:lambda:eu-west-1:444455556666:layer:theirs:3"
SAID = {SIZE: "what its code and layers have together", SHADOWS: "whether its layers hide anything"}
MEGABYTE = 1024 * 1024


def scan(folder: Path, *rules: str) -> Report:
    entries = [e for e in CATALOGUE.entries if e.id in rules]
    return run(Request([str(folder)], str(folder)), CATALOGUE, entries)


def told(report: Report) -> list[tuple[str, str]]:
    return sorted((f.verdict.value, f.message) for f in report.findings if f.verdict is not Verdict.PASS)


def zipped(path: Path, **files: str | int) -> None:
    """A zip file; a number is so many megabytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, b"\0" * (content * MEGABYTE) if isinstance(content, int) else content)


def layer(name: str, body: str) -> str:
    return f'resource "aws_lambda_layer_version" "{name}" {{\n  layer_name = "{name}"\n  {body}\n}}\n'


def function(layers: str, body: str = 'filename = "code.zip"') -> str:
    named = f'  function_name = "f"\n  role = "r"\n  {body}\n  layers = {layers}\n'
    return f'resource "aws_lambda_function" "f" {{\n{named}}}\n'


MINE = layer("mine", 'filename = "mine.zip"')
MANY = {
    f'["{ARN}"]': f'aws_lambda_layer_version "{ARN}" is not among the inputs',
    "[data.aws_lambda_layer_version.x.arn]": "data.aws_lambda_layer_version.x is not among the inputs",
    "[var.layer]": "var.layer has no value",
    "var.layers": "var.layers has no value",
    "[aws_lambda_layer_version.gone.arn]": "the archive of aws_lambda_layer_version.gone, gone.zip, is not here",
    "[aws_lambda_layer_version.far.arn]": "the code of aws_lambda_layer_version.far lies in a bucket",
    "[aws_lambda_layer_version.made.arn]": "the code of aws_lambda_layer_version.made lies in a bucket",
    "[aws_lambda_layer_version.open.arn]": "var.file has no value",
    "[aws_lambda_layer_version.broken.arn]": "cannot be parsed",
}
TERRAFORM = (
    'variable "layer" {}\nvariable "layers" {}\nvariable "file" {}\n'
    'data "aws_lambda_layer_version" "x" {\n  layer_name = "x"\n}\n'
    + MINE
    + layer("gone", 'filename = "gone.zip"')
    + layer("far", 's3_bucket = "b"\n  s3_key = "k"')
    + layer("made", 's3_bucket = aws_s3_bucket.b.id\n  s3_key = "k"')
    + 'resource "aws_s3_bucket" "b" {}\n'
    + layer("open", "filename = var.file")
    + layer("broken", 'filename = "broken.zip"')
)


@pytest.mark.parametrize(("layers", "reason"), MANY.items())
@pytest.mark.parametrize("rule", RULES_ON_FUNCTIONS)
def test_a_layer_that_is_not_at_hand_is_unknown(tmp_path: Path, layers: str, reason: str, rule: str) -> None:
    zipped(tmp_path / "code.zip", **{"app.py": "x = 1\n"})
    zipped(tmp_path / "mine.zip", **{"python/a.py": "x = 1\n"})
    (tmp_path / "broken.zip").write_text("no zip")
    (tmp_path / "main.tf").write_text(TERRAFORM + function(layers))
    found = [
        (f.verdict.value, f.message) for f in scan(tmp_path, rule).findings if f.resource.type == "aws_lambda_function"
    ]
    assert [verdict for verdict, _ in found] == ["unknown"]
    assert reason in found[0][1]


@pytest.mark.parametrize("layers", ["null", "[]", "[aws_lambda_layer_version.mine.arn]"])
@pytest.mark.parametrize("rule", RULES_ON_FUNCTIONS)
def test_what_is_at_hand_passes(tmp_path: Path, layers: str, rule: str) -> None:
    zipped(tmp_path / "code.zip", **{"app.py": "x = 1\n"})
    zipped(tmp_path / "mine.zip", **{"python/a.py": "x = 1\n"})
    (tmp_path / "main.tf").write_text(MINE + function(layers))
    assert told(scan(tmp_path, rule)) == []


def test_a_certain_failure_is_told_beside_a_doubt(tmp_path: Path) -> None:
    mine: dict[str, str | int] = {"python/a.bin": 130, "python/b.py": "x = 1\n"}
    zipped(tmp_path / "code.zip", **{"app.py": 130})
    zipped(tmp_path / "mine.zip", **mine)
    zipped(tmp_path / "two.zip", **{"python/b.py": "x = 2\n"})
    more = layer("two", 'filename = "two.zip"')
    layers = f'["{ARN}", aws_lambda_layer_version.mine.arn, aws_lambda_layer_version.two.arn]'
    (tmp_path / "main.tf").write_text(MINE + more + function(layers))
    assert told(scan(tmp_path, SIZE)) == [("fail", "its code and layers have 260 MB unpacked, of 250 MB allowed")]
    found = told(scan(tmp_path, SHADOWS))
    assert [verdict for verdict, _ in found] == ["fail", "unknown"]
    assert found[0][1] == "two.zip overwrites python/b.py of mine.zip"


def test_a_function_whose_own_code_is_not_at_hand(tmp_path: Path) -> None:
    zipped(tmp_path / "mine.zip", **{"python/a.bin": 130})
    body = 's3_bucket = "b"\n  s3_key = "k"'
    (tmp_path / "main.tf").write_text(MINE + function("[aws_lambda_layer_version.mine.arn]", body))
    report = scan(tmp_path, SIZE)
    assert told(report) == [
        ("unknown", "what its code and layers have together: the code of aws_lambda_function.f lies in a bucket")
    ]
    skipped = [(i["path"], i["reason"]) for i in report.coverage.inputs if i["status"] == "skipped"]
    assert skipped == [("aws_lambda_function.f", "its code lies in a bucket, so its content was not judged")]


def plan(folder: Path, layers: list[str], **more: Any) -> None:
    def changed(address: str, after: dict[str, Any]) -> dict[str, Any]:
        type_, _, name = address.partition(".")
        return {
            "address": address, "mode": "managed", "type": type_, "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": None, "after": after, "after_unknown": {}},
        }  # fmt: skip

    changes = [
        changed("aws_lambda_function.f", {"function_name": "f", "filename": "code.zip", "layers": layers, **more})
    ]
    (folder / "plan.json").write_text(
        json.dumps({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": changes})
    )


@pytest.mark.parametrize("rule", RULES_ON_FUNCTIONS)
def test_the_same_in_a_plan(tmp_path: Path, rule: str) -> None:
    zipped(tmp_path / "code.zip", **{"app.py": "x = 1\n"})
    plan(tmp_path, [ARN])
    reason = f'aws_lambda_layer_version "{ARN}" is not among the inputs'
    assert told(scan(tmp_path, rule)) == [("unknown", f"{SAID[rule]}: {reason}")]
    plan(tmp_path, [])
    assert told(scan(tmp_path, rule)) == []


SITE = "python/lib/python3.12/site-packages"
NODE, NODE_20 = "nodejs/node_modules", "nodejs/node20/node_modules"


@pytest.mark.parametrize(
    ("runtime", "one", "two", "said"),
    [
        ("python3.12", "python/orders.py", f"{SITE}/orders.py", "two.zip hides orders of one.zip"),
        ("python3.12", f"{SITE}/orders.py", "python/orders.py", "one.zip hides orders of two.zip"),
        ("python3.12", "python/orders/__init__.py", f"{SITE}/orders/__init__.py", "two.zip hides"),
        ("python3.12", "python/orders/a.py", f"{SITE}/orders.cpython-312-x86_64.so", "two.zip hides"),
        ("python3.12", "python/orders/a.py", f"{SITE}/orders/b.py", ""),  # parts of a namespace
        ("python3.12", "python/orders.py", "python/lib/python3.11/site-packages/orders.py", ""),  # not searched
        ("python3.12", "python/orders-1.dist-info/RECORD", f"{SITE}/orders-1.dist-info/RECORD", ""),
        ("nodejs20.x", f"{NODE}/a/index.js", f"{NODE_20}/a/index.js", "two.zip hides a of one.zip"),
        ("nodejs20.x", f"{NODE}/@o/a/x.js", f"{NODE_20}/@o/a/x.js", "two.zip hides @o/a of one.zip"),
        ("nodejs20.x", f"{NODE}/@o/a/x.js", f"{NODE_20}/@o/b/x.js", ""),
        ("nodejs22.x", f"{NODE}/a/index.js", f"{NODE_20}/a/index.js", ""),
        ("java21", "java/lib/a.jar", "java/lib/b.jar", ""),
        ("", "python/orders.py", f"{SITE}/orders.py", ""),
    ],
)  # fmt: skip
def test_which_of_two_layers_hides_the_module_of_the_other(
    tmp_path: Path, runtime: str, one: str, two: str, said: str
) -> None:
    zipped(tmp_path / "code.zip", **{"app.py": "x = 1\n"})
    zipped(tmp_path / "one.zip", **{one: "x = 1\n"})
    zipped(tmp_path / "two.zip", **{two: "x = 2\n"})
    text = layer("one", 'filename = "one.zip"') + layer("two", 'filename = "two.zip"')
    body = f'filename = "code.zip"\n  runtime = "{runtime}"'
    for order in ("one.arn, aws_lambda_layer_version.two", "two.arn, aws_lambda_layer_version.one"):
        (tmp_path / "main.tf").write_text(text + function(f"[aws_lambda_layer_version.{order}.arn]", body))
        found = told(scan(tmp_path, SHADOWS))
        assert [verdict for verdict, _ in found] == (["fail"] if said else [])
        assert not said or said in found[0][1]
        assert not said or f"searches {(one if said.startswith('one') else two)[:7]}" in found[0][1]
    zipped(tmp_path / "two.zip", **{two: "x = 1\n"})  # the same module: it does not matter which is found
    assert not said or one.rpartition("/")[2] != two.rpartition("/")[2] or told(scan(tmp_path, SHADOWS)) == []
    if said:
        zipped(tmp_path / "two.zip", **{two: "x = 2\n"})
        body = 'filename = "code.zip"\n  runtime = var.runtime'
        unknown = 'variable "runtime" {}\n' + text + function(f"[aws_lambda_layer_version.{order}.arn]", body)
        (tmp_path / "main.tf").write_text(unknown)
        assert told(scan(tmp_path, SHADOWS)) == [
            ("unknown", "whether its layers hide anything: var.runtime has no value")
        ]


def test_what_is_known_of_an_archive_is_judged_whatever_else_goes_into_it(tmp_path: Path) -> None:
    (tmp_path / "src" / "python").mkdir(parents=True)
    (tmp_path / "src" / "python" / "json.py").write_text("def f(x):\n    return eval(x)\n")
    (tmp_path / "main.tf").write_text(
        'variable "name" {}\n'
        'data "archive_file" "a" {\n  type = "zip"\n  source_dir = "src"\n  output_path = "a.zip"\n'
        '  source {\n    filename = var.name\n    content = "x"\n  }\n}\n'
        + layer("a", "filename = data.archive_file.a.output_path")
    )
    found = told(scan(tmp_path, CODE))
    assert [verdict for verdict, _ in found] == ["fail", "unknown"]
    assert "python/json.py:2 calls eval" in found[0][1]
    assert "a part of it was not judged: the name of a file in it is not known" in found[1][1]
    assert [verdict for verdict, _ in told(scan(tmp_path, SHADOWS))] == ["fail", "unknown"]
    assert [verdict for verdict, _ in told(scan(tmp_path, SIZE))] == ["unknown"]
    assert [verdict for verdict, _ in told(scan(tmp_path, "aws-layer-dead-weight"))] == ["unknown"]


def test_the_size_of_a_text_that_nobody_knows_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "text" {}\n'
        'data "archive_file" "a" {\n  type = "zip"\n  output_path = "a.zip"\n'
        '  source {\n    filename = "python/a.md"\n    content = var.text\n  }\n}\n'
        + layer("a", "filename = data.archive_file.a.output_path")
    )
    assert [verdict for verdict, _ in told(scan(tmp_path, SIZE))] == ["unknown"]
    assert [verdict for verdict, _ in told(scan(tmp_path, "aws-layer-dead-weight"))] == ["unknown"]


@pytest.mark.parametrize(
    ("layers", "verdicts"),
    [
        ("[var.layer]", ["unknown"]),
        ("[data.aws_lambda_layer_version.x.arn]", ["unknown"]),
        ("[aws_lambda_layer_version.mine.arn]", []),
        (f'["{ARN}", var.layer]', ["fail", "unknown"]),
    ],
)
def test_the_drift_of_a_version_that_nobody_knows(tmp_path: Path, layers: str, verdicts: list[str]) -> None:
    newer = function(f'["{ARN.removesuffix("3")}4"]').replace('"f"', '"g"')
    (tmp_path / "main.tf").write_text(TERRAFORM + function(layers) + newer)
    assert [verdict for verdict, _ in told(scan(tmp_path, "aws-layer-version-drift"))] == verdicts


def test_more_layers_than_lambda_takes_are_told_beside_those_that_nobody_knows(tmp_path: Path) -> None:
    six = ", ".join(f'"{ARN.removesuffix("3")}{n}"' for n in range(1, 7))
    several = f"[{six}, var.layer]"
    for layers, verdict in ((f"[{six}]", "fail"), (several, "fail"), (f"concat([{six}], var.layers)", "unknown")):
        (tmp_path / "main.tf").write_text(TERRAFORM + function(layers))
        assert [v for v, _ in told(scan(tmp_path, "aws-layer-too-many"))] == [verdict]


@pytest.mark.parametrize("listed", [True, False])
def test_the_same_of_a_live_function(tmp_path: Path, listed: bool) -> None:
    """Its own code was downloaded; that of a layer was not, be the layer one of the account or of another."""
    mine = "arn:aws:lambda:eu-west-1:111122223333:function:f"
    zipped(tmp_path / "code.zip", **{"app.py": "x = 1\n"})
    package = ZipPackage(str(tmp_path / "code.zip"), "code.zip")
    function_ = Resource("aws_lambda_function", mine, "aws", {"layers": [ARN], "runtime": "python3.13"})
    code = Resource("archive", f"{mine}/code", "aws", {}, PackageOrigin(package))
    layer_ = [Resource("aws_lambda_layer_version", ARN, "aws", {"arn": ARN})] if listed else []
    graph = Graph([function_, code, *layer_], links=[(function_, code, "filename")])
    rules = [r for r in load_directory(RULES) if r.id in RULES_ON_FUNCTIONS]
    found = {f.rule: (f.verdict.value, f.message) for f in evaluate(graph, rules).findings if f.resource is function_}
    reason = f"the code of {ARN} was not looked at"
    reason = reason if listed else f'aws_lambda_layer_version "{ARN}" is not among the inputs'
    assert found == {rule: ("unknown", f"{SAID[rule]}: {reason}") for rule in RULES_ON_FUNCTIONS}
