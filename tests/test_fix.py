"""`assay fix`: the smallest edit at the place that decides, judged by the real `terraform fmt` and by a new scan."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from assay.cli import main
from oracles import require_oracle

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
ESTATES = sorted(p.parent.name for p in FIXTURES.glob("*/README.md") if any(p.parent.rglob("*.tf")))
SQS = "aws-sqs-unencrypted"


def fix(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["fix", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], *arguments: str
) -> tuple[dict[str, str], str]:
    """The files after `assay fix --write`, and what was said; a second run must have nothing to do."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    code, _, said = fix(capsys, str(tmp_path), "--write", *arguments)
    assert code == 0, said
    after = {name: (tmp_path / name).read_bytes().decode() for name in files}
    assert fix(capsys, str(tmp_path), *arguments)[1] == ""
    return after, said


def one(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *arguments: str) -> str:
    return mended(tmp_path, capsys, {"main.tf": text}, *arguments)[0]["main.tf"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (  # a value: nothing but the value changes, its comment stays
            'resource "aws_sqs_queue" "q" {\n  fifo_queue = true\n\n  sqs_managed_sse_enabled = false # y\n}\n',
            'resource "aws_sqs_queue" "q" {\n  fifo_queue = true\n\n  sqs_managed_sse_enabled = true # y\n}\n',
        ),
        (  # a name: what it stands for is changed
            'locals {\n  on = false\n}\nresource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = local.on\n}\n',
            'locals {\n  on = true\n}\nresource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = local.on\n}\n',
        ),
        (
            ('variable "on" {\n  default = "false"\n}\nresource "aws_sqs_queue" "q" {\n'
            '  sqs_managed_sse_enabled = var.on\n}\n'),
            ('variable "on" {\n  default = true\n}\nresource "aws_sqs_queue" "q" {\n'
            '  sqs_managed_sse_enabled = var.on\n}\n'),
        ),
    ],
)  # fmt: skip
def test_only_what_decides_is_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str
) -> None:
    assert one(tmp_path, capsys, before, "--select", SQS) == after


POINT_IN_TIME = ["--select", "aws-dynamodb-no-point-in-time-recovery"]
PROTECTED = ["--select", "aws-rds-no-deletion-protection"]


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (  # joins the aligned group it fits into
            'resource "aws_db_instance" "d" {\n  identifier          = "d"\n  backup_retention_period = 7\n}\n',
            ('resource "aws_db_instance" "d" {\n  identifier          = "d"\n  backup_retention_period = 7\n'
            "  deletion_protection     = true\n}\n"),
            PROTECTED,
        ),
        (  # stands apart where it would shift the others; CRLF stays CRLF
            'resource "aws_db_instance" "d" {\r\n\tidentifier = "d" # it\r\n}\r\n',
            'resource "aws_db_instance" "d" {\r\n\tidentifier = "d" # it\r\n\r\n\tdeletion_protection = true\r\n}\r\n',
            PROTECTED,
        ),
        ('resource "aws_db_instance" "d" {}\n', 'resource "aws_db_instance" "d" {\n  deletion_protection = true\n}\n',
         PROTECTED),
        (
            'resource "aws_db_instance" "d" { identifier = "d" }\n',
            'resource "aws_db_instance" "d" {\n  identifier          = "d"\n  deletion_protection = true\n}\n',
            PROTECTED,
        ),
        (  # before nested blocks
            'resource "aws_db_instance" "d" {\n  identifier = "d"\n\n  timeouts {\n    create = "1h"\n  }\n}\n',
            ('resource "aws_db_instance" "d" {\n  identifier = "d"\n\n  deletion_protection = true\n\n'
            '  timeouts {\n    create = "1h"\n  }\n}\n'),
            PROTECTED,
        ),
        (  # after a heredoc
            'resource "aws_db_instance" "d" {\n  character_set_name = <<EOT\nx\nEOT\n}\n',
            ('resource "aws_db_instance" "d" {\n  character_set_name = <<EOT\nx\nEOT\n\n'
            "  deletion_protection = true\n}\n"),
            PROTECTED,
        ),
        (  # a whole block
            'resource "aws_dynamodb_table" "t" {\n  name = "t"\n}\n',
            ('resource "aws_dynamodb_table" "t" {\n  name = "t"\n\n  point_in_time_recovery {\n'
            "    enabled = true\n  }\n}\n"),
            POINT_IN_TIME,
        ),
        (
            'resource "aws_dynamodb_table" "t" {\n  name = "t"\n  point_in_time_recovery { enabled = false }\n}\n',
            'resource "aws_dynamodb_table" "t" {\n  name = "t"\n  point_in_time_recovery { enabled = true }\n}\n',
            POINT_IN_TIME,
        ),
    ],
)  # fmt: skip
def test_a_new_line_is_written_in_the_block_s_own_style(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, rule: list[str]
) -> None:
    assert one(tmp_path, capsys, before, *rule) == after


def test_new_lines_at_one_place_are_one_group_in_the_line_ends_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'resource "aws_s3_bucket_public_access_block" "b" {\r\n  bucket = "x" # y\r\n}\r\n'
    lines = one(tmp_path, capsys, text).split("\r\n")
    assert lines[:3] == ['resource "aws_s3_bucket_public_access_block" "b" {', '  bucket = "x" # y', ""]
    assert sorted(lines[3:7]) == [
        "  block_public_acls       = true", "  block_public_policy     = true", "  ignore_public_acls      = true",
        "  restrict_public_buckets = true",
    ]  # fmt: skip
    assert lines[7:] == ["}", ""]


def test_a_fix_of_a_module_goes_to_the_argument_that_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "main.tf": 'module "a" {\n  source = "./q"\n  on     = false\n}\nmodule "b" {\n  source = "./q"\n}\n',
        "q/main.tf": 'variable "on" {\n  default = false\n}\nresource "aws_sqs_queue" "q" {\n'
        "  sqs_managed_sse_enabled = var.on\n}\n",
    }
    after, _ = mended(tmp_path, capsys, files, "--select", SQS)
    assert after["q/main.tf"] == files["q/main.tf"]
    assert after["main.tf"] == (
        'module "a" {\n  source = "./q"\n  on     = true\n}\nmodule "b" {\n  source = "./q"\n  on     = true\n}\n'
    )


def test_through_modules_and_locals_the_outermost_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = local.on\n}\n'
    files = {
        "main.tf": 'locals {\n  plain = false # of the team\n}\nmodule "outer" {\n  for_each = toset(["a", "b"])\n'
        '  source   = "./outer"\n  on       = local.plain\n}\n',
        "outer/main.tf": 'variable "on" {}\nmodule "inner" {\n  source = "./inner"\n  on     = var.on\n}\n',
        "outer/inner/main.tf": f'variable "on" {{\n  default = true\n}}\nlocals {{\n  on = var.on\n}}\n{queue}',
    }
    after, said = mended(tmp_path, capsys, files, "--select", SQS)
    assert "2 findings mended in 1 file" in said
    assert after == {**files, "main.tf": files["main.tf"].replace("plain = false", "plain = true")}


def test_a_variable_file_decides_where_there_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "main.tf": 'variable "on" {}\nresource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = var.on\n}\n',
        "terraform.tfvars": "on = false\n",
    }
    after, _ = mended(tmp_path, capsys, files, "--select", SQS)
    assert after == {**files, "terraform.tfvars": "on = true\n"}


def test_a_value_that_others_need_as_it_is_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        'variable "on" {\n  default = false\n}\nresource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = var.on\n}\n'
        'resource "aws_sqs_queue" "r" {\n  sqs_managed_sse_enabled = !var.on\n}\n'
        'resource "aws_sqs_queue" "s" {\n  sqs_managed_sse_enabled = false\n}\n'
    )
    after, said = mended(tmp_path, capsys, {"main.tf": text}, "-v")
    assert after["main.tf"] == text.replace("enabled = false", "enabled = true")
    assert "aws_sqs_queue.q gets its value from what others share: aws_sqs_queue.r would fail in its place" in said


def test_a_link_stays_one_and_the_file_it_names_is_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "main.tf").symlink_to("../a/main.tf")
    text = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = false\n}\n'
    after, said = mended(tmp_path, capsys, {"a/main.tf": text}, "-v")
    assert "true" in after["a/main.tf"]
    assert (tmp_path / "b" / "main.tf").is_symlink()
    assert "a symbolic link: mend the one it names" in said


def test_a_value_in_json_is_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '{"resource": {"aws_sqs_queue": {"q": {"name": "q", "sqs_managed_sse_enabled": false}}}}\n'
    after, _ = mended(tmp_path, capsys, {"main.tf.json": text}, "--select", SQS)
    assert after["main.tf.json"] == text.replace("false", "true")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('sqs_managed_sse_enabled = tobool("false")', "from an expression"),
        ("sqs_managed_sse_enabled = length([]) > 0", "from an expression"),
    ],
)  # fmt: skip
def test_what_is_computed_is_left_to_a_person_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    code = f'resource "aws_sqs_queue" "q" {{\n  {text}\n}}\n'
    after, said = mended(tmp_path, capsys, {"main.tf": code}, "--select", SQS)
    assert after["main.tf"] == code
    assert f"main.tf:2: {SQS}: aws_sqs_queue.q gets sqs_managed_sse_enabled {reason}" in said.replace(
        f"{tmp_path}/", ""
    )


def test_without_write_nothing_is_changed_and_the_diff_applies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FIXTURES / "serverless_api", tmp_path / "it")
    monkeypatch.chdir(tmp_path / "it")
    before = {p: p.read_bytes() for p in Path().rglob("*.tf")}
    code, diff, said = fix(capsys, ".")
    assert code == 0
    assert "can be mended in" in said
    assert {p: p.read_bytes() for p in before} == before
    subprocess.run(["git", "apply", "--check", "-"], input=diff, text=True, check=True)
    subprocess.run(["git", "apply", "-"], input=diff, text=True, check=True)
    assert fix(capsys, ".")[1] == ""


def test_an_unsafe_fix_is_made_on_request_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = 'resource "aws_instance" "i" {\n  metadata_options {\n    http_tokens = "optional"\n  }\n}\n'
    rule = ["--select", "aws-ec2-imdsv1"]
    (tmp_path / "main.tf").write_text(text)
    _, diff, said = fix(capsys, str(tmp_path), *rule)
    assert diff == ""
    assert "--unsafe makes it" in said
    assert one(tmp_path, capsys, text, *rule, "--unsafe") == text.replace("optional", "required")


@pytest.mark.oracle
@pytest.mark.parametrize("name", ESTATES)
def test_a_mended_estate_is_formatted_parses_and_has_fewer_failures(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terraform = require_oracle("terraform")
    it = tmp_path / name
    shutil.copytree(FIXTURES / name, it)
    subprocess.run([terraform, "fmt", "-recursive", it], check=True, capture_output=True)
    code, _, said = fix(capsys, str(it), "--write", "--unsafe")
    assert code in (0, 3), said
    checked = subprocess.run(
        [terraform, "fmt", "-recursive", "-check", "-diff", it], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert fix(capsys, str(it), "--unsafe")[1] == ""
