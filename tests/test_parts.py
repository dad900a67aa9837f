"""A part that nobody knows, or that has a shape of its own, hides no certain failure beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.model import Request, Verdict
from assay.scan import run

CATALOGUE = Catalogue([RULES])
SECRET = '{ name = "DB_PASSWORD", value = "abcDEF123x!" }'


@pytest.mark.parametrize(
    ("rule", "terraform", "verdicts"),
    [
        (
            "aws-ecs-env-secret",
            (
                f'resource "aws_ecs_task_definition" "a" {{\n  container_definitions = jsonencode([var.x, '
                f'{{ name = "a", environment = [var.x, {SECRET}] }}])\n}}'
            ),
            ["fail", "unknown"],
        ),
        (
            "aws-ecs-env-secret",
            (
                f'resource "aws_ecs_task_definition" "a" {{\n  container_definitions = jsonencode(["x", null, '
                f'{{ name = "a", environment = ["x", null, {SECRET}] }}])\n}}'
            ),
            ["fail"],
        ),
        (
            "aws-codebuild-env-secret",
            (
                'resource "aws_codebuild_project" "p" {\n  secondary_sources {\n    location = var.x\n  }\n'
                '  secondary_sources {\n    location = "https://bob:abcDEF123x@example.com/x"\n  }\n}'
            ),
            ["fail", "unknown"],
        ),
        (
            "aws-layer-unpinned",
            (
                'resource "aws_lambda_function" "f" {\n'
                '  layers = [var.x, "arn:aws:lambda:eu-west-1:111122223333:layer:mine"]\n}'
            ),
            ["fail", "unknown"],
        ),
        (
            "aws-lambda-runtime-deprecated",
            'resource "aws_lambda_layer_version" "l" {\n  compatible_runtimes = [var.x, "python2.7"]\n}',
            ["fail", "unknown"],
        ),
    ],
)
def test_an_unknown_part_hides_none(tmp_path: Path, rule: str, terraform: str, verdicts: list[str]) -> None:
    (tmp_path / "main.tf").write_text(f'variable "x" {{}}\n{terraform}\n')
    entries = [e for e in CATALOGUE.entries if e.id == rule]
    found = run(Request([str(tmp_path)], str(tmp_path)), CATALOGUE, entries).findings
    assert sorted(f.verdict.value for f in found) == verdicts
    assert all(f.verdict in (Verdict.FAIL, Verdict.UNKNOWN) for f in found)
