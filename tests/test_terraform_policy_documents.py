"""`aws_iam_policy_document` as the AWS provider renders it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assay.model import Encoded, PartialList, Ref, Text, Unknown
from terraform_estate import evaluate

PROVIDERS_TEXT = r"""{
  "Version": "2012-10-17",
  "Id": "p",
  "Statement": [
    {
      "Sid": "One",
      "Effect": "Allow",
      "Action": [
        "s3:PutObject",
        "s3:GetObject",
        "s3:Abort"
      ],
      "Resource": "arn:aws:s3:::b/${aws:username}/*",
      "Principal": {
        "AWS": [
          "arn:aws:iam::2:root",
          "arn:aws:iam::1:root"
        ],
        "Service": "ec2.amazonaws.com"
      },
      "Condition": {
        "Bool": {
          "aws:SecureTransport": "true"
        },
        "StringLike": {
          "s3:prefix": [
            "home/",
            "",
            "\u003ca\u003e"
          ]
        }
      }
    },
    {
      "Effect": "Deny",
      "NotAction": "iam:*",
      "NotResource": "*",
      "Principal": "*"
    }
  ]
}"""


def rendered(top: Path, text: str, attribute: str = "json") -> Any:
    """The policy of the document `d` as a resource that uses it sees it."""
    use = f'resource "x_y" "use" {{ policy = data.aws_iam_policy_document.d.{attribute} }}'
    return evaluate(top, {"main.tf": text, "use.tf": use})["x_y.use"].values["policy"]


def test_the_text_is_the_providers_own(tmp_path: Path) -> None:
    text = rendered(
        tmp_path,
        """
        data "aws_iam_policy_document" "d" {
          policy_id = "p"
          statement {
            sid       = "One"
            actions   = ["s3:GetObject", "s3:PutObject", "s3:Abort"]
            resources = ["arn:aws:s3:::b/&{aws:username}/*"]
            principals {
              type        = "AWS"
              identifiers = ["arn:aws:iam::1:root", "arn:aws:iam::2:root"]
            }
            principals {
              type        = "Service"
              identifiers = ["ec2.amazonaws.com"]
            }
            condition {
              test     = "StringLike"
              variable = "s3:prefix"
              values   = ["home/", "", "<a>"]
            }
            condition {
              test     = "Bool"
              variable = "aws:SecureTransport"
              values   = [true]
            }
          }
          statement {
            effect        = "Deny"
            not_actions   = ["iam:*"]
            not_resources = ["*"]
            principals {
              type        = "*"
              identifiers = ["*"]
            }
          }
        }
        """,
    )
    assert text == PROVIDERS_TEXT


def test_minified_has_no_space(tmp_path: Path) -> None:
    text = rendered(
        tmp_path,
        'data "aws_iam_policy_document" "d" {\n statement {\n actions = ["a:b"]\n resources = ["*"]\n }\n}',
        "minified_json",
    )
    assert text == ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*"}]}')


SOURCES = """
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Base"
    actions   = ["s3:*"]
    resources = ["*"]
  }
  statement {
    actions   = ["sns:Publish"]
    resources = ["*"]
  }
}
"""


def test_documents_are_merged_and_a_sid_replaces_its_like(tmp_path: Path) -> None:
    text = rendered(
        tmp_path,
        SOURCES
        + """
        data "aws_iam_policy_document" "d" {
          source_policy_documents   = [data.aws_iam_policy_document.base.json]
          override_policy_documents = [jsonencode({
            Version   = "2012-10-17"
            Statement = { Sid = "Mine", Effect = "Deny", Action = "sqs:*", Resource = "*" }
          })]
          statement {
            sid       = "Base"
            actions   = ["s3:GetObject"]
            resources = ["arn:aws:s3:::b/*"]
          }
          statement {
            sid       = "Mine"
            actions   = ["sqs:SendMessage"]
            resources = ["*"]
          }
        }
        """,
    )
    assert json.loads(text)["Statement"] == [
        {"Sid": "Base", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"},
        {"Sid": "Mine", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"},
    ]


def test_unknown_leaves_stay_where_they_are(tmp_path: Path) -> None:
    document = rendered(
        tmp_path,
        """
        variable "actions" {}
        resource "aws_s3_bucket" "b" {}
        data "aws_iam_policy_document" "d" {
          statement {
            actions   = ["s3:*"]
            resources = [aws_s3_bucket.b.arn, "${aws_s3_bucket.b.arn}/*"]
          }
          statement {
            actions   = var.actions
            resources = ["*"]
          }
        }
        """,
    )
    assert isinstance(document, Encoded)
    first, second = document.value["Statement"]
    assert first["Action"] == "s3:*"
    whole, objects = first["Resource"]
    assert isinstance(whole, Ref)
    assert whole.target == "aws_s3_bucket.b"
    assert isinstance(objects, Text)
    assert objects.suffix == "/*"
    assert isinstance(second["Action"], Unknown)
    assert second["Resource"] == "*"


def test_an_unread_document_hides_no_certain_statement_and_claims_no_end(tmp_path: Path) -> None:
    source = rendered(
        tmp_path,
        """
        variable "other" {}
        data "aws_iam_policy_document" "d" {
          source_policy_documents = [var.other]
          statement {
            sid       = "Mine"
            actions   = ["*"]
            resources = ["*"]
          }
        }
        """,
    ).value["Statement"]
    assert isinstance(source, PartialList)
    assert [s["Sid"] for s in source.known()] == ["Mine"]


def test_an_unread_override_may_replace_whatever_has_a_sid(tmp_path: Path) -> None:
    over = rendered(
        tmp_path,
        """
        variable "other" {}
        data "aws_iam_policy_document" "d" {
          override_policy_documents = [var.other]
          statement {
            sid       = "Mine"
            actions   = ["*"]
            resources = ["*"]
          }
          statement {
            actions   = ["s3:*"]
            resources = ["*"]
          }
        }
        """,
    ).value["Statement"]
    assert isinstance(over, PartialList)
    assert [s["Action"] for s in over.known()] == ["s3:*"]


def test_an_unknown_dynamic_statement_is_the_same(tmp_path: Path) -> None:
    statements = rendered(
        tmp_path,
        """
        variable "extra" {}
        data "aws_iam_policy_document" "d" {
          statement {
            actions   = ["*"]
            resources = ["*"]
          }
          dynamic "statement" {
            for_each = var.extra
            content { actions = [statement.value] }
          }
        }
        """,
    ).value["Statement"]
    assert isinstance(statements, PartialList)
    assert [s["Action"] for s in statements.known()] == ["*"]
