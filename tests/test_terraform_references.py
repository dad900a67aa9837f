"""What a provider will compute stays a reference through the functions that people wrap round it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from assay.model import Base64, Ref, Text, Unknown
from terraform_estate import evaluate

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
variable "none" { default = null }
variable "few" {
  type    = list(string)
  default = []
}
data "aws_caller_identity" "me" {}
data "aws_availability_zones" "here" {}
resource "aws_sqs_queue" "q" { count = 1 }
resource "aws_sns_topic" "t" {}
resource "terraform_data" "x" { input = data.aws_availability_zones.here.names }
"""


def value(tmp_path: Path, expression: str) -> Any:
    text = f'{HEAD}\nresource "x_y" "z" {{\n  v = {expression}\n}}\n'
    return evaluate(tmp_path, {"main.tf": text})["x_y.z"].values.get("v")


def targets(found: Any) -> list[str]:
    items = found if isinstance(found, list) else [found]
    return [f"{i.target}.{i.attribute}" if isinstance(i, Ref) else repr(i) for i in items]


@pytest.mark.parametrize(
    "expression",
    [
        "coalesce(var.none, one(aws_sqs_queue.q[*].arn))",
        "coalesce(aws_sqs_queue.q[0].arn, var.none)",
        'compact([var.none, aws_sqs_queue.q[0].arn, ""])',
        "compact(distinct(concat(var.few, [aws_sqs_queue.q[0].arn])))",
        "flatten([var.few, [aws_sqs_queue.q[*].arn]])",
        '[for a in aws_sqs_queue.q[*].arn : a if a != ""]',
        'aws_sqs_queue.q[0].arn != "" ? aws_sqs_queue.q[0].arn : null',
        "length(aws_sqs_queue.q[0].arn) > 0 ? aws_sqs_queue.q[0].arn : null",
        "try({ arns = [aws_sqs_queue.q[0].arn] }.arns, null)",
    ],
)
def test_an_arn_is_a_text_with_characters_in_it(tmp_path: Path, expression: str) -> None:
    assert targets(value(tmp_path, expression)) == ["aws_sqs_queue.q[0].arn"]


def test_arns_of_two_resources_are_two(tmp_path: Path) -> None:
    found = value(tmp_path, "compact(distinct([aws_sqs_queue.q[0].arn, aws_sns_topic.t.arn]))")
    assert targets(found) == ["aws_sqs_queue.q[0].arn", "aws_sns_topic.t.arn"]


@pytest.mark.parametrize(
    "expression",
    [
        'coalesce(aws_sqs_queue.q[0].policy, "none")',  # may be empty
        "compact([aws_sqs_queue.q[0].policy])",
        "distinct([aws_sqs_queue.q[0].id, aws_sns_topic.t.id])",  # ids of two types may be one
        "slice(terraform_data.x.output, 0, 2)",
    ],
)
def test_what_may_be_empty_or_the_same_stays_unknown(tmp_path: Path, expression: str) -> None:
    assert isinstance(value(tmp_path, f"{expression}"), Unknown)


def test_a_part_of_what_a_data_source_lists_is_as_long_as_it_says(tmp_path: Path) -> None:
    zones = "data.aws_availability_zones.here.names"
    assert targets(value(tmp_path, f"slice({zones}, 1, 3)")) == [f"{zones}[1]", f"{zones}[2]"]
    assert targets(value(tmp_path, f"element({zones}, 2)")) == [f"{zones}[2]"]
    numbered = f'{{ for i, z in slice({zones}, 0, 2) : i => cidrsubnet("10.0.0.0/16", 8, i) }}'
    assert value(tmp_path, numbered) == {"0": "10.0.0.0/24", "1": "10.0.1.0/24"}


def test_an_empty_map_has_no_element_whatever_the_key(tmp_path: Path) -> None:
    key = "data.aws_availability_zones.here.names[0]"
    assert value(tmp_path, f'lookup({{}}, {key}, "none")') == "none"
    assert isinstance(value(tmp_path, f'lookup({{ a = "b" }}, {key}, "none")'), Unknown)


def test_a_name_in_part_known_is_chosen_and_links(tmp_path: Path) -> None:
    found = value(tmp_path, 'coalesce(var.none, "job-${data.aws_caller_identity.me.account_id}")')
    assert isinstance(found, Text)
    assert found.prefix == "job-"


def test_user_data_in_base64_keeps_what_is_written(tmp_path: Path) -> None:
    packed = value(tmp_path, 'base64encode("queue=${aws_sqs_queue.q[0].arn}")')
    assert isinstance(packed, Base64)
    assert packed.plain.literals == ["queue="]
    unpacked = value(tmp_path, 'base64decode(base64encode("queue=${aws_sqs_queue.q[0].arn}"))')
    assert isinstance(unpacked, Text)
    assert unpacked.literals == ["queue="]


def test_the_principal_of_a_service_begins_with_its_name(tmp_path: Path) -> None:
    text = """
    data "aws_service_principal" "logs" { service_name = "logs" }
    resource "x_y" "z" { v = data.aws_service_principal.logs.name }
    """
    found = evaluate(tmp_path, {"main.tf": text})["x_y.z"].values["v"]
    assert isinstance(found, Text)
    assert found.prefix == "logs."


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("var.unset && false", False),
        ("false && var.unset", False),
        ("var.unset || true", True),
        ("true || var.unset", True),
    ],
)
def test_a_side_that_decides_does_so(tmp_path: Path, expression: str, wanted: bool) -> None:
    text = f'variable "unset" {{}}\nresource "x_y" "z" {{\n  v = {expression}\n}}\n'
    assert evaluate(tmp_path, {"main.tf": text})["x_y.z"].values["v"] is wanted


def test_a_value_that_was_reached_does_not_fail_later(tmp_path: Path) -> None:
    text = """
    variable "unset" {}
    locals { rule = { cidr = "${var.unset}/32", ports = [1, var.unset], tags = { a = var.unset } } }
    resource "x_y" "z" {
      cidr  = try(local.rule.cidr, null)
      ports = try(local.rule.ports, [])
      tags  = try(local.rule.tags, {})
      deep  = try(local.rule.tags.a.b, "none")
      made  = try(upper(local.rule.cidr), "none")
      else  = try(local.rule.missing, local.rule.cidr)
    }
    """
    z = evaluate(tmp_path, {"main.tf": text})["x_y.z"].values
    assert isinstance(z["cidr"], Text)
    assert z["cidr"].suffix == "/32"
    assert z["ports"][0] == 1
    assert list(z["tags"]) == ["a"]
    assert isinstance(z["else"], Text)
    assert type(z["deep"]) is Unknown  # the variable may have no such attribute
    assert not isinstance(z["made"], Text)


def test_parts_of_an_unknown_range_are_so_many(tmp_path: Path) -> None:
    text = """
    variable "unset" {}
    locals { halves = cidrsubnets(var.unset, 1, 1) }
    resource "x_y" "z" { v = length(cidrsubnets(local.halves[0], 2, 2, 2)) }
    """
    assert evaluate(tmp_path, {"main.tf": text})["x_y.z"].values["v"] == 3


def test_what_hangs_on_the_same_condition_is_there_too(tmp_path: Path) -> None:
    text = """
    module "this" { source = "acme/label/null" }
    variable "on" { default = true }
    locals { enabled = module.this.enabled && var.on }
    data "aws_iam_policy_document" "d" {
      count = local.enabled ? 1 : 0
      statement { actions = ["sqs:SendMessage"] }
    }
    resource "aws_iam_policy" "same" {
      count  = local.enabled ? 1 : 0
      policy = join("", data.aws_iam_policy_document.d.*.json)
    }
    resource "aws_iam_policy" "other" {
      count  = module.this.other ? 1 : 0
      policy = one(data.aws_iam_policy_document.d[*].json)
    }
    resource "aws_iam_role_policy_attachment" "same" {
      count      = local.enabled ? 1 : 0
      policy_arn = one(aws_iam_policy.same[*].arn)
    }
    resource "aws_iam_policy" "always" { policy = one(data.aws_iam_policy_document.d[*].json) }
    """
    estate = evaluate(tmp_path, {"main.tf": text})
    assert "sqs:SendMessage" in str(estate["aws_iam_policy.same[?]"].values["policy"])
    assert targets(estate["aws_iam_role_policy_attachment.same[?]"].values["policy_arn"]) == [
        "aws_iam_policy.same[?].arn"
    ]
    assert type(estate["aws_iam_policy.other[?]"].values["policy"]).__name__ in ("Unknown", "TypedUnknown")
    assert type(estate["aws_iam_policy.always"].values["policy"]).__name__ in ("Unknown", "TypedUnknown")
