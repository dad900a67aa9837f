"""Nested blocks, references, partial text and whole objects: what `terraform_data` cannot show of the evaluator."""

from __future__ import annotations

from pathlib import Path

import pytest
from assay.model import PartialList, Ref, Text, Undetermined, Unknown
from terraform_estate import evaluate


def test_nested_blocks_are_lists_and_nulls_are_left_out(tmp_path: Path) -> None:
    group = evaluate(
        tmp_path,
        {
            "main.tf": """
            resource "aws_security_group" "g" {
              name        = "g"
              description = null
              count       = 1
              depends_on  = [aws_vpc.v]
              provider    = aws.west
              ingress { from_port = 80 }
              ingress {
                from_port = 443
                to_port   = null
              }
              timeouts { create = "5m" }
              lifecycle {
                prevent_destroy = true
                ignore_changes  = [tags["a"], name]
              }
              provisioner "local-exec" { command = "true" }
              connection { host = "h" }
            }
            resource "aws_vpc" "v" {}
            """
        },
    )["aws_security_group.g[0]"]
    assert group.values == {
        "name": "g",
        "ingress": [{"from_port": 80}, {"from_port": 443}],
        "timeouts": [{"create": "5m"}],
        "lifecycle": [{"prevent_destroy": True, "ignore_changes": ['tags["a"]', "name"]}],
    }


def test_dynamic_blocks_are_expanded_in_order_and_nested(tmp_path: Path) -> None:
    values = evaluate(
        tmp_path,
        {
            "main.tf": """
            locals { groups = { b = [2, 3], a = [1] } }
            resource "x_y" "z" {
              rule { id = "first" }
              dynamic "rule" {
                for_each = local.groups
                content {
                  id = rule.key
                  dynamic "port" {
                    for_each = rule.value
                    iterator = p
                    content { number = "${rule.key}${p.key}${p.value}" }
                  }
                }
              }
              dynamic "none" {
                for_each = []
                content { id = 1 }
              }
              dynamic "set" {
                for_each = toset(["q", "p"])
                content { same = set.key == set.value }
              }
            }
            """
        },
    )["x_y.z"].values
    assert values == {
        "rule": [
            {"id": "first"},
            {"id": "a", "port": [{"number": "a01"}]},
            {"id": "b", "port": [{"number": "b02"}, {"number": "b13"}]},
        ],
        "set": [{"same": True}, {"same": True}],
    }


def test_an_unknown_dynamic_block_leaves_what_is_known_and_says_that_there_is_more(tmp_path: Path) -> None:
    blocks = evaluate(
        tmp_path,
        {
            "main.tf": """
            variable "rules" {}
            resource "x_y" "z" {
              ingress { port = 22 }
              dynamic "ingress" {
                for_each = var.rules
                content { port = ingress.value }
              }
              ingress { port = 80 }
            }
            """
        },
    )["x_y.z"].values["ingress"]
    assert isinstance(blocks, PartialList)
    assert blocks.known() == [{"port": 22}, {"port": 80}]
    assert blocks.unknown.reason == "var.rules has no value"


def test_a_reference_is_the_configured_value_or_a_ref_to_the_target(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            resource "aws_subnet" "s" {
              count      = 2
              cidr_block = "10.0.${count.index}.0/24"
              filter { name = "f" }
            }
            resource "aws_vpc" "v" {
              for_each = toset(["a"])
              tags     = { Name = each.key }
            }
            data "aws_region" "here" { name = "eu-west-1" }
            resource "x_y" "z" {
              configured = aws_subnet.s[1].cidr_block
              id         = aws_subnet.s[0].id
              ids        = aws_subnet.s[*].id
              keyed      = aws_vpc.v["a"].arn
              tag        = aws_vpc.v["a"].tags.Name
              all        = [for k, v in aws_vpc.v : "${k}=${v.id}"]
              region     = data.aws_region.here.name
              other      = data.aws_region.here.endpoint
              inner      = aws_subnet.s[0].filter[0].hidden
              nested     = aws_subnet.s[0].filter[0].name
              text       = "arn:aws:s3:::${aws_vpc.v["a"].id}/*"
              looked_up  = lookup(aws_vpc.v["a"].tags, "Name", "none")
              tried      = try(aws_vpc.v["b"].id, aws_vpc.v["a"].id)
            }
            """
        },
    )
    z = estate["x_y.z"].values
    assert z["configured"] == "10.0.1.0/24"
    refs = {k: (v.target, v.attribute) for k, v in z.items() if isinstance(v, Ref)}
    assert refs == {
        "id": ("aws_subnet.s[0]", "id"),
        "keyed": ('aws_vpc.v["a"]', "arn"),
        "other": ("data.aws_region.here", "endpoint"),
        "inner": ("aws_subnet.s[0]", "filter[0].hidden"),
        "tried": ('aws_vpc.v["a"]', "id"),
    }
    assert [i.target for i in z["ids"]] == ["aws_subnet.s[0]", "aws_subnet.s[1]"]
    assert (z["tag"], z["region"], z["nested"], z["looked_up"]) == ("a", "eu-west-1", "f", "a")
    assert isinstance(z["text"], Text)
    assert (z["text"].prefix, z["text"].suffix) == ("arn:aws:s3:::", "/*")
    assert isinstance(z["all"][0], Text)
    assert [r.target for r in z["all"][0].refs()] == ['aws_vpc.v["a"]']


def test_refs_carry_the_whole_address_through_modules(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            module "net" {
              source   = "./net"
              for_each = { eu = 1 }
            }
            resource "aws_instance" "i" { subnet_id = module.net["eu"].subnets[0] }
            """,
            "net/main.tf": """
            resource "aws_subnet" "app" { count = 1 }
            output "subnets" { value = aws_subnet.app[*].id }
            """,
        },
    )
    assert estate.addresses == ["aws_instance.i", 'module.net["eu"].aws_subnet.app[0]']
    found = estate["aws_instance.i"].values["subnet_id"]
    assert isinstance(found, Ref)
    assert found.target == 'module.net["eu"].aws_subnet.app[0]'


def test_an_unset_variable_is_one_unknown_and_a_sensitive_one_says_so(tmp_path: Path) -> None:
    values = evaluate(
        tmp_path,
        {
            "main.tf": """
            variable "cidr" {}
            variable "password" { sensitive = true }
            resource "x_y" "z" {
              a = var.cidr
              b = [var.cidr]
              p = var.password
            }
            """
        },
    )["x_y.z"].values
    assert isinstance(values["a"], Unknown)
    assert values["a"].reason == "var.cidr has no value"
    assert values["a"].key is not None
    assert values["a"].key[0] == "var"
    assert values["a"] == values["b"][0]
    assert values["p"].sensitive
    with pytest.raises(Undetermined):
        bool(values["a"] == "10.0.0.0/8")


@pytest.mark.parametrize("reference", ["var.nope", "local.nope", "aws_vpc.nope.id", "module.nope.out", "data.a_b.c.d"])
def test_an_undeclared_reference_is_unknown_with_its_name(tmp_path: Path, reference: str) -> None:
    value = evaluate(tmp_path, {"main.tf": f'resource "x_y" "z" {{ a = {reference} }}'})["x_y.z"].values["a"]
    assert isinstance(value, Unknown)
    assert value.key is not None
    assert value.key[0] in ("undeclared", "ref")
    assert "is not declared" in value.reason


def test_what_terraform_rejects_is_unknown_with_the_reason_and_the_line(tmp_path: Path) -> None:
    value = evaluate(tmp_path, {"main.tf": 'resource "x_y" "z" {\n  a = upper(null)\n}'})["x_y.z"].values["a"]
    assert isinstance(value, Unknown)
    assert "Terraform would reject a (main.tf:2)" in value.reason


def test_instances_nobody_can_count_are_judged_once(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            variable "n" {}
            resource "aws_vpc" "v" {
              count      = var.n
              cidr_block = "10.0.0.0/16"
              tags       = { Name = "v-${count.index}" }
            }
            resource "aws_eip" "e" {
              for_each = var.n
              domain   = each.key
            }
            resource "x_y" "z" { vpc = aws_vpc.v[0].id }
            """
        },
    )
    assert estate.addresses == ["aws_vpc.v[?]", "aws_eip.e[?]", "x_y.z"]
    assert estate["aws_vpc.v[?]"].values["cidr_block"] == "10.0.0.0/16"
    assert isinstance(estate["aws_vpc.v[?]"].values["tags"]["Name"], Text)
    assert isinstance(estate["aws_eip.e[?]"].values["domain"], Unknown)
    vpc = estate["x_y.z"].values["vpc"]
    assert isinstance(vpc, Ref)
    assert vpc.target == "aws_vpc.v[?]"


def test_blocks_without_instances_are_counted(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            resource "aws_vpc" "a" { count = 0 }
            resource "aws_vpc" "b" { for_each = {} }
            resource "aws_vpc" "c" {}
            module "m" {
              source = "./m"
              count  = 0
            }
            """,
            "m/main.tf": 'resource "aws_vpc" "d" {}',
        },
    )
    assert estate.addresses == ["aws_vpc.c"]
    (note,) = estate.intake.coverage.notes
    assert note == (
        ".: 3 of 4 resource blocks have no instance with the values given "
        "(1 because count is 0, 1 because for_each is empty, 1 because the module has no instance)"
    )


def test_default_tags_reach_resources_through_aliases_and_modules(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            provider "aws" {
              default_tags { tags = { Team = "a", Env = "p" } }
            }
            provider "aws" {
              alias = "west"
              default_tags { tags = { Team = "w" } }
            }
            resource "aws_s3_bucket" "plain" { tags = { Env = "mine" } }
            resource "aws_s3_bucket" "west" {
              provider = aws.west
              tags     = { a = "b" }
            }
            module "m" {
              source    = "./m"
              providers = { aws = aws.west }
            }
            module "n" { source = "./m" }
            """,
            "m/main.tf": 'resource "aws_s3_bucket" "b" { tags = { x = "y" } }',
        },
    )
    tags = {r.address: r.values["tags_all"] for r in estate.resources if r.type == "aws_s3_bucket"}
    assert tags == {
        "aws_s3_bucket.plain": {"Team": "a", "Env": "mine"},
        "aws_s3_bucket.west": {"Team": "w", "a": "b"},
        "module.m.aws_s3_bucket.b": {"Team": "w", "x": "y"},
        "module.n.aws_s3_bucket.b": {"Team": "a", "Env": "p", "x": "y"},
    }
    assert estate["provider.aws.west"].type == "provider.aws"


def test_a_template_file_is_rendered(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            resource "aws_vpc" "v" {}
            data "template_file" "t" {
              template = file("t.tpl")
              vars     = { name = "n", id = aws_vpc.v.id }
            }
            resource "x_y" "z" { text = data.template_file.t.rendered }
            """,
            "t.tpl": '%{ if name != "" }hello ${name}, ${id}.%{ endif }',
        },
    )
    text = estate["x_y.z"].values["text"]
    assert isinstance(text, Text)
    assert (text.prefix, text.suffix, text.refs()[0].target) == ("hello n, ", ".", "aws_vpc.v")


def test_modules_roots_scopes_and_settings_are_resources(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            terraform {
              required_version = ">= 1.5"
              required_providers {
                aws = {
                  source                = "hashicorp/aws"
                  configuration_aliases = [aws.west]
                }
              }
              backend "s3" { bucket = "state" }
            }
            variable "size" { default = 3 }
            module "m" {
              source = "./m"
              name   = "n"
            }
            resource "oci_core_vcn" "v" {}
            """,
            "m/main.tf": 'variable "name" {}\nvariable "kind" { default = "k" }\nresource "aws_vpc" "v" {}',
        },
    )
    assert estate["."].values == {"size": 3}
    assert estate["module.m"].values == {"name": "n", "kind": "k", "source": "./m"}
    terraform = estate["terraform"].values
    assert terraform["required_providers"] == [
        {"aws": {"source": "hashicorp/aws", "configuration_aliases": ["aws.west"]}}
    ]
    assert terraform["backend"] == [{"bucket": "state", "type": "s3"}]
    assert {r.type for r in estate.resources if r.address in ("account", "tenancy")} == {"account", "tenancy"}


def test_values_are_converted_as_the_schema_demands_wherever_they_are_read(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": """
            resource "aws_s3_bucket_public_access_block" "b" {
              bucket            = 12
              block_public_acls = "true"
            }
            resource "x_y" "z" { seen = aws_s3_bucket_public_access_block.b.block_public_acls }
            """
        },
    )
    assert estate["aws_s3_bucket_public_access_block.b"].values == {"bucket": "12", "block_public_acls": True}
    assert estate["x_y.z"].values["seen"] is True


def test_every_scalar_of_the_schema_is_found_however_deep_its_blocks() -> None:
    from assay.terraform import schema

    missed = []
    for type_, line in schema._table().items():
        for path, kind in schema.attributes(type_).items():
            found: object = schema.Plan(" " + line)
            for step in path.split("."):
                found = found[step] if isinstance(found, schema.Plan) else found
            if kind in "bns" and found != kind:
                missed.append(f"{type_}.{path}")
    assert missed == []
