"""Which directories are evaluated as root modules, and what the coverage says of every file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from assay.model import Ref, Unknown
from terraform_estate import evaluate

BUCKET = 'variable "v" { default = "d" }\nresource "aws_s3_bucket" "b" { bucket = var.v }'


def call(source: str, **arguments: str) -> str:
    inner = "\n".join(f"  {name} = {value}" for name, value in arguments.items())
    return f'module "m" {{\n  source = "{source}"\n{inner}\n}}'


def test_a_directory_that_another_calls_is_no_root(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "envs/a/main.tf": call("../../modules/b", v='"a"'),
            "envs/z/main.tf": call("../../modules/b", v='"z"'),
            "modules/b/main.tf": BUCKET,
            "alone/main.tf": BUCKET,
        },
    )
    buckets = {f"{r.root}//{r.address}": r.values["bucket"] for r in estate.resources if r.type == "aws_s3_bucket"}
    assert buckets == {
        "alone//aws_s3_bucket.b": "d",
        "envs/a//module.m.aws_s3_bucket.b": "a",
        "envs/z//module.m.aws_s3_bucket.b": "z",
    }


@pytest.mark.parametrize(
    "own",
    [
        {"mod/prod.tfvars": 'v = "x"'},
        {"mod/p.tf": 'provider "aws" {}'},
        {"mod/t.tf": 'terraform {\n  backend "s3" {}\n}'},
    ],
)
def test_a_called_directory_with_values_state_or_provider_of_its_own_is_a_root_too(
    tmp_path: Path, own: dict[str, str]
) -> None:
    estate = evaluate(tmp_path, {"main.tf": call("./mod"), "mod/main.tf": BUCKET, **own})
    assert estate.roots == ["", "mod"]


def test_every_directory_is_evaluated_once_it_is_reached_from_nowhere(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "self/main.tf": call("../self") + "\n" + BUCKET,
            "ping/main.tf": call("../pong") + "\n" + BUCKET,
            "pong/main.tf": call("../ping") + "\n" + BUCKET,
            "commented/main.tf": '# source = "../lonely"',
            "lonely/main.tf": BUCKET,
        },
    )
    assert estate.roots == ["commented", "lonely", "ping", "self"]
    found = sorted(a for a in estate.addresses if a.endswith("aws_s3_bucket.b"))
    assert found == [
        "lonely//aws_s3_bucket.b",
        "ping//aws_s3_bucket.b",
        "ping//module.m.aws_s3_bucket.b",
        "self//aws_s3_bucket.b",
    ]
    assert sum("without end" in reason for reason in estate.failed) == 2


def test_a_module_nobody_calls_has_unknown_variables(tmp_path: Path) -> None:
    value = evaluate(tmp_path, {"m/main.tf": 'variable "v" {}\nresource "x_y" "z" { a = var.v }'})["x_y.z"].values["a"]
    assert isinstance(value, Unknown)


def test_with_file_arguments_the_roots_that_hold_the_files_are_evaluated(tmp_path: Path) -> None:
    files = {
        "envs/a/main.tf": call("../../modules/b", v='"a"'),
        "envs/z/main.tf": call("../../modules/b", v='"z"'),
        "envs/other/main.tf": BUCKET,
        "modules/b/main.tf": BUCKET,
        "modules/b/more.tf": 'output "o" { value = 1 }',
        "modules/c/main.tf": call("../b"),
        "examples/e/main.tf": call("../../modules/c"),
    }
    inner = evaluate(tmp_path, files, ["modules/b/more.tf"], files_only=True)
    assert inner.roots == ["envs/a", "envs/z", "examples/e"]
    assert "examples/e//module.m.module.m.aws_s3_bucket.b" in inner.addresses
    outer = evaluate(tmp_path, {}, ["envs/other/main.tf"], files_only=True)
    assert outer.roots == ["envs/other"]
    assert list(outer.inputs("read")) == ["envs/other/main.tf"]


def test_of_many_roots_that_use_a_file_the_nearest_are_evaluated(tmp_path: Path) -> None:
    files = {f"envs/e{i:02}/main.tf": call("../../modules/b") for i in range(20)}
    files["modules/b/main.tf"] = BUCKET
    files["modules/near/main.tf"] = call("../b")
    estate = evaluate(tmp_path, files, ["modules/b/main.tf"], files_only=True)
    assert estate.roots == [*(f"envs/e{i:02}" for i in range(7)), "modules/near"]
    assert "21 root modules use these files; the 8 nearest were evaluated" in estate.intake.coverage.notes[-1]
    assert len(evaluate(tmp_path, {}).roots) == 21


def test_the_examples_of_a_module_give_it_its_values(tmp_path: Path) -> None:
    files = {"main.tf": BUCKET, "examples/complete/main.tf": call("../../", v='"example"')}
    single = evaluate(tmp_path, files, ["main.tf"], files_only=True)
    assert single.addresses == evaluate(tmp_path, {}).addresses == ["examples/complete//module.m.aws_s3_bucket.b"]


def test_downloaded_modules_are_read_and_others_said_to_be_unread(tmp_path: Path) -> None:
    manifest = {
        "Modules": [
            {"Key": "", "Source": "", "Dir": "."},
            {"Key": "here", "Source": "registry/x", "Version": "1.0", "Dir": ".terraform/modules/here"},
            {"Key": "here.inner", "Source": "git::x", "Dir": ".terraform/modules/here.inner"},
        ]
    }
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            module "here" {
              source  = "registry/x/aws"
              version = "~> 1.0"
            }
            module "absent" {
              source = "terraform-aws-modules/vpc/aws"
              cidr   = "10.0.0.0/16"
            }
            resource "x_y" "z" { id = module.absent.vpc_id }
            """,
            ".terraform/modules/modules.json": json.dumps(manifest),
            ".terraform/modules/here/main.tf": 'module "inner" { source = "git::x" }\n' + BUCKET,
            ".terraform/modules/here.inner/main.tf": BUCKET,
            ".terraform/modules/unused/main.tf": BUCKET,
        },
    )
    assert [a for a in estate.addresses if "bucket" in a] == [
        "module.here.aws_s3_bucket.b",
        "module.here.module.inner.aws_s3_bucket.b",
    ]
    assert estate.roots == [""]
    skipped = estate.inputs("skipped")
    assert list(skipped) == ["terraform-aws-modules/vpc/aws"]
    assert "main.tf:6" in skipped["terraform-aws-modules/vpc/aws"][0]
    call = estate["module.absent"].values
    assert (call["source"], call["cidr"]) == ("terraform-aws-modules/vpc/aws", "10.0.0.0/16")
    assert "was not read" in call["$unread"]
    unknown = estate["x_y.z"].values["id"]
    assert isinstance(unknown, Unknown)
    assert not isinstance(unknown, Ref)
    assert "terraform-aws-modules/vpc/aws" in unknown.reason


def test_tofu_files_stand_in_for_their_terraform_twins(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": 'resource "a_b" "old" {}',
            "main.tofu": 'resource "a_b" "new" {}',
            "other.tf.json": '{"resource": {"a_b": {"json_old": {}}}}',
            "other.tofu.json": '{"resource": {"a_b": {"json_new": {}}}}',
            "kept.tf": 'resource "a_b" "kept" {}',
        },
    )
    assert sorted(estate.addresses) == ["a_b.json_new", "a_b.kept", "a_b.new"]


def test_hidden_folders_and_vendored_ones_are_not_walked(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path, {"a/main.tf": BUCKET, ".hidden/main.tf": BUCKET, "node_modules/x/main.tf": BUCKET, "a/.git/x.tf": "x"}
    )
    assert estate.roots == ["a"]


def test_variable_values_in_terraforms_order_and_var_files(tmp_path: Path) -> None:
    files = {
        "main.tf": 'variable "a" {}\nvariable "n" { type = number }\nresource "x_y" "z" {\n  a = var.a\n  n = var.n\n}',
        "terraform.tfvars": 'a = "file"\nn = 1',
        "given.tfvars": 'a = "given"',
    }
    given = str(tmp_path / "given.tfvars")
    assert evaluate(tmp_path, files)["x_y.z"].values == {"a": "file", "n": 1}
    assert evaluate(tmp_path, files, var_files=[given])["x_y.z"].values == {"a": "given", "n": 1}
    line = evaluate(tmp_path, files, var_files=[given], variables={"a": "line", "n": "7"})
    assert line["x_y.z"].values == {"a": "line", "n": 7}


def test_a_variable_file_that_cannot_be_read_leaves_its_values_unknown(tmp_path: Path) -> None:
    files = {"main.tf": 'variable "a" { default = "d" }\nresource "x_y" "z" { a = var.a }'}
    missing = evaluate(tmp_path, files, var_files=[str(tmp_path / "nope.tfvars")])
    assert missing.failed == ["nope.tfvars:: it cannot be read: No such file or directory"]
    value = missing["x_y.z"].values["a"]
    assert isinstance(value, Unknown)
    assert "nope.tfvars" in value.reason
    broken = evaluate(tmp_path, {**files, "terraform.tfvars": "a = [\n"})
    assert broken.failed == ['terraform.tfvars:1: "a = [" is never closed: expected "]"']
    assert isinstance(broken["x_y.z"].values["a"], Unknown)


def test_every_file_is_an_input(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": 'resource "a_b" "c" { x = file("policy.json") }',
            "terraform.tfvars": "",
            "x_override.tf": "",
            "policy.json": "{}",
            "broken.tf": 'resource "a_b" "d" {',
            "notes.txt": "",
        },
    )
    assert sorted(estate.inputs("read")) == ["main.tf", "policy.json", "terraform.tfvars", "x_override.tf"]
    assert list(estate.inputs("failed")) == ["broken.tf"]


def test_copies_of_a_file_are_evaluated_each_in_its_place(tmp_path: Path) -> None:
    text = 'variable "v" { default = 1 }\nresource "a_b" "c" {\n  x = upper(null)\n  y = "${path.module}-${var.v}"\n}'
    estate = evaluate(tmp_path, {"a/main.tf": text, "b/main.tf": text, "b/terraform.tfvars": "v = 2"})
    first, second = estate["a//a_b.c"], estate["b//a_b.c"]
    assert (first.values["y"], second.values["y"]) == (".-1", ".-2")
    assert "a/main.tf:3" in first.values["x"].reason
    assert "b/main.tf:3" in second.values["x"].reason
    assert first.origin.locate(("x",)).file == "a/main.tf"
    assert second.origin.locate(("x",)).file == "b/main.tf"


def test_a_fault_of_the_evaluator_is_said_and_costs_one_root_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assay.terraform.root import Root

    whole = Root.run

    def run(self: Root) -> None:
        if self.shown == "a":
            raise ZeroDivisionError("planted")
        whole(self)

    monkeypatch.setattr(Root, "run", run)
    estate = evaluate(tmp_path, {"a/main.tf": BUCKET, "b/main.tf": BUCKET})
    assert estate.addresses == ["b//aws_s3_bucket.b"]
    assert estate.failed == [
        "a:: Assay itself failed on this root module (ZeroDivisionError: planted); please report it"
    ]


def test_a_directory_reached_through_a_link_inside_the_tree_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "shared.tf").write_text(BUCKET)
    (tmp_path / "root").mkdir()
    os.symlink("../real/shared.tf", tmp_path / "root" / "shared.tf")
    estate = evaluate(tmp_path, {})
    assert estate.addresses == ["real//aws_s3_bucket.b", "root//aws_s3_bucket.b"]
    assert estate["root//aws_s3_bucket.b"].origin.locate(()).file == "root/shared.tf"
