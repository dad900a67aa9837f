"""What a finding weighs where the rule itself lowers it, which the examples of a rule do not say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from assay.bundled import RULES
from assay.engine import evaluate
from assay.model import Request, Severity, Verdict
from assay.rule import Rule, load_directory
from assay.scan import collect

BUCKET = """
resource "aws_s3_bucket" "b" {
  bucket = "b"
}

resource "aws_s3_bucket_acl" "b" {
  bucket = aws_s3_bucket.b.id
  acl    = "public-read"
}

resource "aws_s3_object" "o" {
  bucket = aws_s3_bucket.b.id
  key    = "o"
  acl    = "public-read"
}

resource "aws_s3_bucket_policy" "b" {
  bucket = aws_s3_bucket.b.id
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "arn:aws:s3:::b/*" }]
  })
}
"""
SETTINGS = """
  ignore_public_acls      = true
  restrict_public_buckets = true
}
"""
OWN = f'resource "aws_s3_bucket_public_access_block" "b" {{\n  bucket = aws_s3_bucket.b.id{SETTINGS}'
ACCOUNT = f'resource "aws_s3_account_public_access_block" "all" {{{SETTINGS}'
OTHER = f'resource "aws_s3_bucket_public_access_block" "b" {{\n  bucket = "another"{SETTINGS}'
OPEN = {
    "aws-s3-public-acl": Severity.CRITICAL,
    "aws-s3-object-public": Severity.HIGH,
    "aws-s3-open-policy": Severity.CRITICAL,
}
VOID = dict.fromkeys(OPEN, Severity.LOW)


@cache
def rules() -> list[Rule]:
    return load_directory(RULES)


def weighed(text: str, folder: Path, ids: set[str]) -> dict[str, Severity]:
    (folder / "main.tf").write_text(text)
    graph = collect(Request([str(folder)], str(folder)))
    report = evaluate(graph, [r for r in rules() if r.id in ids])
    return {f.rule: f.severity for f in report.findings if f.verdict is Verdict.FAIL}


@pytest.mark.parametrize(
    ("beside", "wanted"),
    [("", OPEN), (OTHER, OPEN), (OWN, VOID), (ACCOUNT, VOID)],
    ids=["no block", "another's block", "the bucket's block", "the account's block"],
)
def test_what_a_public_access_block_voids_weighs_little(
    beside: str, wanted: dict[str, Severity], tmp_path: Path
) -> None:
    assert weighed(BUCKET + beside, tmp_path, set(OPEN)) == wanted


@pytest.mark.parametrize(("types", "wanted"), [("PRIVATE", Severity.MEDIUM), ("REGIONAL", Severity.HIGH)])
def test_a_private_api_without_an_authorizer_weighs_less(types: str, wanted: Severity, tmp_path: Path) -> None:
    text = f"""
resource "aws_api_gateway_rest_api" "a" {{
  name = "a"

  endpoint_configuration {{
    types = ["{types}"]
  }}
}}

resource "aws_api_gateway_method" "m" {{
  rest_api_id   = aws_api_gateway_rest_api.a.id
  resource_id   = "r"
  http_method   = "GET"
  authorization = "NONE"
}}
"""
    assert weighed(text, tmp_path, {"aws-api-no-authorizer"}) == {"aws-api-no-authorizer": wanted}
