"""Where a value stands, how it came to be, and which lines a comment speaks about."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from assay.model import parse_path
from assay.terraform.syntax import SourceFile
from terraform_estate import Estate, evaluate

FILES = {
    "main.tf": """variable "acl" {
  default = "private"
}
locals {
  acl   = var.acl
  ports = { a = 22, b = 443 }
}
module "net" {
  source = "./net"
  acl    = local.acl
  names  = ["x", "y"]
}
resource "aws_security_group" "sg" {
  name = "sg"
  tags = {
    Owner = "me"
    "Env" = module.net.env
  }
  ingress {
    from_port   = 80
    cidr_blocks = ["10.0.0.0/8", "0.0.0.0/0"]
  }
  dynamic "ingress" {
    for_each = local.ports
    content {
      from_port   = ingress.value
      description = "é ${ingress.key}"
    }
  }
}
resource "aws_iam_policy" "p" {
  policy = jsonencode({
    Statement = [{
      Action   = "*"
      Resource = aws_s3_bucket.b.arn
    }]
  })
}
resource "aws_s3_bucket" "b" {
  bucket = "b"
  acl    = data.aws_x.d.acl
}
data "aws_x" "d" { acl = var.acl }
""",
    "net/main.tf": """variable "acl" { type = string }
variable "names" {}
variable "size" { default = 1 }
variable "none" {}
resource "aws_s3_bucket_acl" "a" {
  for_each = toset(var.names)
  acl      = var.acl
  bucket   = each.key
  size     = var.size
  none     = var.none
}
output "env" {
  value = upper(var.acl)
}
""",
    "terraform.tfvars": '# values\nacl = "public-read"\n',
    "main_override.tf": 'resource "aws_s3_bucket" "b" {\n  bucket = "over"\n}\n',
    "extra.tf.json": """{
  "resource": {
    "aws_x": {
      "j": {
        "name": "é ${var.acl}",
        "list": ["a", {"k": 1}]
      }
    }
  }
}
""",
}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    return evaluate(tmp_path_factory.mktemp("places"), FILES)


SG, POLICY, ACL = "aws_security_group.sg", "aws_iam_policy.p", 'module.net.aws_s3_bucket_acl.a["x"]'


@pytest.mark.parametrize(
    ("address", "path", "place"),
    [
        (SG, "", "main.tf:13:1-30:2"),
        (SG, "not_there", "main.tf:13:1-30:2"),
        (SG, "name", "main.tf:14:3-14:14"),
        (SG, "tags", "main.tf:15:3-18:4"),
        (SG, "tags.Owner", "main.tf:16:5-16:17"),
        (SG, "tags.Env", "main.tf:17:5-17:27"),
        (SG, "tags_all.Owner", "main.tf:16:5-16:17"),
        (SG, "ingress[0]", "main.tf:19:3-22:4"),
        (SG, "ingress.from_port", "main.tf:20:5-20:21"),
        (SG, "ingress[0].cidr_blocks[1]", "main.tf:21:34-21:45"),
        (SG, "ingress[1]", "main.tf:25:5-28:6"),
        (SG, "ingress[2].from_port", "main.tf:26:7-26:34"),
        (SG, "ingress[2].description", "main.tf:27:7-27:39"),
        (SG, "ingress[2].absent", "main.tf:25:5-28:6"),
        (POLICY, "policy", "main.tf:32:3-37:5"),
        (POLICY, "policy.Statement[0].Action", "main.tf:34:7-34:21"),
        (ACL, "bucket", "net/main.tf:8:3-8:22"),
        ("module.net", "names[1]", "main.tf:11:18-11:21"),
        ("aws_s3_bucket.b", "bucket", "main_override.tf:2:3-2:18"),
        ("aws_s3_bucket.b", "acl", "main.tf:41:3-41:28"),
        ("aws_x.j", "name", "extra.tf.json:5:9-5:31"),
        ("aws_x.j", "list[1].k", "extra.tf.json:6:24-6:30"),
    ],
)
def test_the_narrowest_span(estate: Estate, address: str, path: str, place: str) -> None:
    found = estate[address].origin.locate(parse_path(path))
    spelled = f"{found.file}:{found.start_line}:{found.start_column}-{found.end_line}:{found.end_column}"
    assert spelled == place


def steps(estate: Estate, address: str, path: str) -> list[str]:
    return [f"{s.file}:{s.start_line} {s.note}" for s in estate[address].origin.trace(parse_path(path))]


@pytest.mark.parametrize(
    ("address", "path", "trace"),
    [
        (SG, "name", []),
        (
            ACL,
            "acl",
            [
                "main.tf:10 var.acl is set here",
                "main.tf:5 local.acl is set here",
                "terraform.tfvars:2 var.acl is set here",
            ],
        ),
        (
            SG,
            "tags.Env",
            [
                "net/main.tf:13 module.net.env is set here",
                "main.tf:10 var.acl is set here",
                "main.tf:5 local.acl is set here",
                "terraform.tfvars:2 var.acl is set here",
            ],
        ),
        (SG, "tags.Owner", []),
        (SG, "ingress[2].from_port", ["main.tf:24 ingress goes over this", "main.tf:6 local.ports is set here"]),
        (SG, "ingress[2]", ["main.tf:6 local.ports is set here"]),
        (ACL, "bucket", ["net/main.tf:6 each.key comes from here", "main.tf:11 var.names is set here"]),
        (ACL, "size", ["net/main.tf:3 var.size has this default"]),
        (ACL, "none", ["net/main.tf:4 var.none is declared here and has no value"]),
        (
            "aws_s3_bucket.b",
            "acl",
            ["main.tf:43 data.aws_x.d.acl is set here", "terraform.tfvars:2 var.acl is set here"],
        ),
        (POLICY, "policy.Statement[0].Resource", ["main.tf:39 aws_s3_bucket.b is declared here"]),
        ("aws_x.j", "name", ["terraform.tfvars:2 var.acl is set here"]),
    ],
)
def test_how_a_value_came_to_be(estate: Estate, address: str, path: str, trace: list[str]) -> None:
    assert steps(estate, address, path) == trace


def test_a_value_from_the_command_line_is_said_to_be_one(tmp_path: Path) -> None:
    estate = evaluate(tmp_path, FILES, variables={"acl": "x"})
    assert estate[ACL].values["acl"] == "x"
    assert steps(estate, ACL, "acl")[-1] == "main.tf:1 var.acl is set on the command line"


def test_origins_survive_pickling_and_a_file_that_is_gone(tmp_path: Path) -> None:
    estate = evaluate(tmp_path, FILES)
    again: Any = pickle.loads(pickle.dumps(estate[ACL]))  # noqa: S301 - our own bytes
    assert again.origin.locate(("bucket",)).start_line == 8
    assert len(again.origin.trace(("acl",))) == 3
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "x.tf").write_text('resource "a_b" "c" {}')
    gone = evaluate(tmp_path, {}, ["gone"])["gone//a_b.c"]
    (tmp_path / "gone" / "x.tf").unlink()
    assert gone.origin.locate(()).file == "gone/x.tf"
    assert gone.origin.trace(("a",)) == []


def test_a_file_outside_the_working_directory_is_named_in_full(tmp_path: Path) -> None:
    from assay.model import Intake, Request
    from assay.terraform import TerraformSource

    evaluate(tmp_path, {"a/main.tf": 'resource "a_b" "c" {}', "b/x.txt": ""})
    intake = Intake()
    TerraformSource().load(Request([str(tmp_path / "a")], str(tmp_path / "b")), [str(tmp_path / "a")], intake)
    file = next(r for r in intake.resources if r.type == "a_b").origin.locate(()).file
    assert file == str(tmp_path.resolve() / "a" / "main.tf").replace("\\", "/")


REMARKS = """# kics-scan ignore
#checkov:skip=CKV_1:above the block
# another comment
resource "a_b" "c" {
  # checkov:skip=CKV_2:inside the block
  x = 1
  inner {
    # assay: allow[r] the innermost block
    # checkov:skip=CKV_3:the whole resource
    y = 1 # trivy:ignore:T1
    # trivy:ignore:T2
    z = [
      1,
    ]
  }
  # tfsec:ignore:T3
  inner {
    y = 2
  }
}
# assay: allow[r] nothing follows
/* assay: allow[s] a block
   comment */
resource "a_b" "d" { x = "# assay: allow[t] a text, no comment" }
# kics-scan ignore-line
resource "a_b" "e" {
  # kics-scan ignore-block
  inner {
    y = 1
  }
}
"""


def test_each_remark_speaks_of_its_block(tmp_path: Path) -> None:
    estate = evaluate(tmp_path, {"main.tf": REMARKS, "quiet.tf": '# nothing here\nresource "a_b" "q" {}'})
    found = {(r.line, r.start_line, r.end_line) for r in estate.intake.remarks}
    assert {r.file for r in estate.intake.remarks} == {"main.tf"}
    last = REMARKS.count("\n") + 1
    assert found == {
        (1, 1, last),
        (2, 4, 20),
        (5, 4, 20),
        (8, 7, 15),
        (9, 4, 20),
        (10, 10, 10),
        (11, 12, 14),
        (16, 17, 19),
        (21, 24, 24),
        (22, 24, 24),
        (25, 26, 26),
        (27, 28, 30),
    }
    assert next(r.text for r in estate.intake.remarks if r.line == 2) == "#checkov:skip=CKV_1:above the block"


def test_places_in_a_large_file_are_those_of_a_small_one() -> None:
    """Above a size the lines are looked up instead of counted."""
    data = b"a = 1\n\n\xc3\xa9 = 2\r\n" * 3000 + b"end"
    large = SourceFile("x.tf", "x.tf", data)
    for byte in (0, 4, 5, 6, 7, 9, 30, len(data) // 2, len(data) - 3, len(data)):
        start = data.rfind(b"\n", 0, byte) + 1
        wanted = data.count(b"\n", 0, byte) + 1, len(data[start:byte].decode("utf-8", "replace")) + 1
        assert (large.line(byte), large.position(byte)) == (wanted[0], wanted)
    assert large.ends is not None


def test_a_block_is_found_among_dynamic_ones_by_what_it_is(tmp_path: Path) -> None:
    text = """
variable "none" {}
data "aws_iam_policy_document" "d" {
  dynamic "statement" {
    for_each = [1]
    content {
      sid     = "First"
      actions = ["s3:ListBucket"]
    }
  }
  dynamic "statement" {
    for_each = []
    content { actions = ["sqs:SendMessage"] }
  }
  statement {
    sid     = "Plain"
    actions = ["sns:Publish"]
  }
  dynamic "statement" {
    for_each = ["ec2:*", "rds:*"]
    content {
      actions = [statement.value]
      dynamic "condition" {
        for_each = var.none
        content { test = "Bool" }
      }
    }
  }
}
"""
    document = evaluate(tmp_path, {"main.tf": text})["data.aws_iam_policy_document.d"]
    lines = [document.where(f"statement[{i}]").start_line for i in range(4)]
    assert [v["actions"] for v in document.values["statement"]] == [
        ["s3:ListBucket"],
        ["sns:Publish"],
        ["ec2:*"],
        ["rds:*"],
    ]
    assert lines == [6, 15, 21, 21]
    assert pickle.loads(pickle.dumps(document)).where("statement[2]").start_line == 21  # noqa: S301 - our own
