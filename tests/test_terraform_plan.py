"""Plans as a source: terraform's own, and AWS and OCI plans of the shape its documentation gives."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from assay.graph import Graph
from assay.model import Intake, Ref, Request, Resource, Undetermined, Unknown
from assay.terraform import TerraformSource
from assay.terraform.plan import PlanSource
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracles import require_oracle

QUIET = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}


def load(path: Path) -> Intake:
    intake = Intake()
    PlanSource().load(Request([str(path)], str(path.parent)), [str(path)], intake)
    return intake


def loaded(directory: Path, document: dict[str, Any]) -> Intake:
    path = directory / "plan.json"
    path.write_text(json.dumps(document), "utf-8")
    assert PlanSource().claims(str(path), path.read_bytes)
    return load(path)


def resources(intake: Intake) -> dict[str, Resource]:
    assert [i["status"] for i in intake.coverage.inputs] == ["read"], intake.coverage.inputs
    return {r.address: r for r in intake.resources}


# --- terraform's own plans --------------------------------------------------------------------------------------------

CODE = {
    "main.tf": """\
variable "name" { default = "web" }
variable "secret" {
  default   = "hunter2"
  sensitive = true
}
# assay: allow[some-rule] it is meant
resource "terraform_data" "vpc" { input = "10.0.0.0/16" }
resource "terraform_data" "subnet" {
  count = 2
  input = { vpc = terraform_data.vpc.id, n = count.index, password = var.secret, none = null }
}
module "net" {
  source   = "./net"
  for_each = toset(["a", "b.c"])
  vpc      = terraform_data.vpc.id
  label    = "${var.name}-${each.key}"
}
resource "terraform_data" "user" { input = module.net["a"].made }
resource "terraform_data" "list" {
  input = [terraform_data.vpc.id, terraform_data.subnet[0].id]
}
resource "terraform_data" "mixed" {
  input = [{ on = true, size = 1.5, name = upper(var.name) }, { deep = [terraform_data.vpc.output] }]
}
""",
    "net/main.tf": """\
variable "vpc" {}
variable "label" {}
resource "terraform_data" "inner" {
  input            = var.vpc
  triggers_replace = [var.label]
}
output "made" { value = terraform_data.inner.id }
""",
}


def plan_of(directory: Path, files: dict[str, str], *arguments: str) -> Path:
    """The plan that terraform makes of these files, beside them."""
    terraform = require_oracle("terraform")
    for name, text in files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text)
    for command in (["init", "-input=false"], ["plan", "-input=false", "-out=tfplan", *arguments]):
        subprocess.run([terraform, *command], cwd=directory, env=QUIET, capture_output=True, check=True)
    shown = subprocess.run(
        [terraform, "show", "-json", "tfplan"], cwd=directory, env=QUIET, capture_output=True, check=True
    )
    (directory / "plan.json").write_bytes(shown.stdout)
    return directory / "plan.json"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plan_of(tmp_path_factory.mktemp("planned"), CODE)


@pytest.mark.oracle
def test_a_plan_and_its_code_are_the_same_resources(planned: Path) -> None:
    from_plan = resources(load(planned))
    intake = Intake()
    TerraformSource().load(Request([str(planned.parent)], str(planned.parent)), [str(planned.parent)], intake)
    from_code = {r.address: r for r in intake.resources}
    assert from_plan.keys() == from_code.keys()
    compared = 0
    for address, code in from_code.items():
        plan = from_plan[address]
        assert (plan.type, plan.name if address != "." else "") == (code.type, code.name if address != "." else "")
        assert plan.source == "plan"
        if code.type == "terraform_data":
            for name, value in code.values.items():
                assert alike(value, plan.values.get(name)), (address, name, value, plan.values.get(name))
                compared += 1
    assert compared >= 9


def alike(code: Any, plan: Any) -> bool:
    if isinstance(code, Ref) and isinstance(plan, Ref):
        return (code.target, code.attribute) == (plan.target, plan.attribute)
    if isinstance(code, Unknown) or isinstance(plan, Unknown):
        return isinstance(plan, Unknown) and (isinstance(code, Unknown) or plan.sensitive)
    if isinstance(code, dict):
        known = {k: v for k, v in code.items() if v is not None}
        return known.keys() == plan.keys() and all(alike(v, plan[k]) for k, v in known.items())
    if isinstance(code, list):
        return len(code) == len(plan) and all(map(alike, code, plan))
    return bool(code == plan)


@pytest.mark.oracle
def test_unknown_leaves_are_terraforms_and_say_what_they_wait_for(planned: Path) -> None:
    document = json.loads(planned.read_bytes())
    found = resources(load(planned))
    for entry in document["resource_changes"]:
        got = found[entry["address"]]
        wanted = set(leaves(entry["change"]["after_unknown"])) | set(leaves(entry["change"]["after_sensitive"]))
        assert set(unknown_leaves(got.values)) == wanted, entry["address"]
    user = found["terraform_data.user"]["input"]
    assert isinstance(user, Ref)
    assert (user.target, user.attribute) == ('module.net["a"].terraform_data.inner', "id")
    inner = found['module.net["b.c"].terraform_data.inner']["input"]
    assert isinstance(inner, Ref)
    assert inner.target == "terraform_data.vpc"
    assert found["terraform_data.vpc"]["id"].reason == "terraform_data.vpc.id is known only after apply"


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> Any:
    if tree is True:
        yield path
    for step, inner in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from leaves(inner, (*path, step))


def unknown_leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, Unknown):
        yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from unknown_leaves(inner, (*path, step))


@pytest.mark.oracle
def test_findings_stand_in_the_code_beside_the_plan(planned: Path) -> None:
    intake = load(planned)
    found = resources(intake)
    subnet = found["terraform_data.subnet[1]"].where("input")
    assert (subnet.file, subnet.start_line) == ("main.tf", 10)
    assert subnet.note == "the value is the plan's, plan.json"
    inner = found['module.net["a"].terraform_data.inner']
    assert (inner.where("input").file, inner.where("input").start_line) == ("net/main.tf", 4)
    assert inner.origin.trace(("input",))[0][:2] == ("main.tf", 15)
    assert found['module.net["a"]'].where().start_line == 12
    assert [r.start_line for r in intake.remarks] == [7]  # a waiver in the code holds for its plan


@pytest.mark.oracle
def test_without_the_code_findings_stand_in_the_plan(planned: Path, tmp_path: Path) -> None:
    alone = tmp_path / "plan.json"
    alone.write_text(json.dumps(json.loads(planned.read_bytes()), indent=2))
    place = resources(load(alone))["terraform_data.vpc"].where("input")
    assert place.file == "plan.json"
    lines = alone.read_text().splitlines()
    assert '"address": "terraform_data.vpc"' in lines[place.start_line - 1]
    alone.write_bytes(planned.read_bytes())
    assert resources(load(alone))["terraform_data.vpc"].where("input").start_line == 1


@pytest.mark.oracle
def test_no_secret_of_a_plan_is_kept(planned: Path) -> None:
    found = resources(load(planned))
    assert b"hunter2" in planned.read_bytes()
    assert "hunter2" not in repr([r.values for r in found.values()])
    masked = found["terraform_data.subnet[0]"]["input.password"]
    assert masked.sensitive
    with pytest.raises(Undetermined, match="is sensitive"):
        bool(masked == "hunter2")


# --- what the code beside it knows ------------------------------------------------------------------------------------

HOLES = """\
variable "action" { default = "code:Default" }
variable "secret" {
  default   = "hunter2"
  sensitive = true
}
resource "terraform_data" "bucket" { input = "b" }
resource "terraform_data" "policy" {
  input            = jsonencode({ Action = var.action, Resource = "${terraform_data.bucket.id}/*" })
  triggers_replace = ["pw=${var.secret} ${terraform_data.bucket.id}", "n=${terraform_data.bucket.id}"]
}
"""


@pytest.mark.oracle
def test_the_code_tells_what_stands_around_what_a_plan_calls_unknown(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {"main.tf": HOLES}, "-var=action=given:ToThePlan")
    policy = resources(load(plan))["terraform_data.policy"]
    assert policy.json("input")["Action"] == "given:ToThePlan"
    resource = policy.json("input")["Resource"]
    assert isinstance(resource, Unknown)
    assert resource.endswith("/*")
    masked, named = policy["triggers_replace"]
    assert masked.sensitive
    assert "hunter2" not in repr(policy.values)
    assert named.startswith("n=")
    (tmp_path / "main.tf").unlink()
    alone = resources(load(plan))["terraform_data.policy"]
    assert isinstance(alone.json("input"), Unknown)


@pytest.mark.oracle
def test_code_that_is_not_the_plans_adds_nothing(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {"main.tf": HOLES})
    for other in ("", "resource {", HOLES.replace('"terraform_data" "policy"', '"null_resource" "policy"')):
        (tmp_path / "main.tf").write_text(other)
        assert isinstance(resources(load(plan))["terraform_data.policy"].json("input"), Unknown), other


def test_blocks_that_the_code_cannot_count_leave_the_plan_as_it_is(tmp_path: Path) -> None:
    code = """\
variable "groups" {}
resource "aws_lb_target_group" "g" {}
resource "aws_lb_listener" "l" {
  default_action {
    target_group_arn = aws_lb_target_group.g.arn
    forward {
      dynamic "target_group" {
        for_each = var.groups
        content { arn = target_group.value }
      }
    }
  }
}
"""
    action = {"forward": [{"target_group": [{"arn": "arn:aws:x"}]}], "target_group_arn": None}
    change = {
        "actions": ["create"], "after": {"default_action": [action]},
        "after_unknown": {"default_action": [{"target_group_arn": True}]},
    }  # fmt: skip
    entry = {"address": "aws_lb_listener.l", "type": "aws_lb_listener", "name": "l", "change": change}
    document = {"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": [entry]}
    (tmp_path / "main.tf").write_text(code)
    found = resources(loaded(tmp_path, document))["aws_lb_listener.l"]
    assert found["default_action.forward.target_group.arn"] == "arn:aws:x"
    target = found["default_action.target_group_arn"]
    assert isinstance(target, Ref)
    assert target.target == "aws_lb_target_group.g"


def test_blocks_in_another_order_are_not_mixed(tmp_path: Path) -> None:
    code = """\
resource "aws_s3_bucket" "b" {}
resource "aws_security_group" "g" {
  ingress {
    from_port   = 1
    description = "one of ${aws_s3_bucket.b.id}"
  }
  ingress {
    from_port   = 2
    description = "two of ${aws_s3_bucket.b.id}"
  }
}
"""
    after = {"ingress": [{"from_port": 2, "description": None}, {"from_port": 1, "description": None}]}
    change = {"actions": ["create"], "after": after, "after_unknown": {"ingress": [{"description": True}] * 2}}
    entry = {"address": "aws_security_group.g", "type": "aws_security_group", "name": "g", "change": change}
    document = {"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": [entry]}
    (tmp_path / "main.tf").write_text(code)
    first = resources(loaded(tmp_path, document))["aws_security_group.g"]["ingress"][0]
    assert first["from_port"] == 2
    with pytest.raises(Undetermined):
        first["description"].startswith("one")
    after["ingress"].reverse()
    first = resources(loaded(tmp_path, document))["aws_security_group.g"]["ingress"][0]
    assert first["description"].startswith("one")


# --- AWS and OCI ------------------------------------------------------------------------------------------------------


def change(
    address: str,
    after: dict[str, Any] | None,
    unknown: Any = (),
    sensitive: Any = (),
    actions: tuple[str, ...] = ("create",),
    **more: Any,
) -> dict[str, Any]:
    """One member of `resource_changes`."""
    local = address.rpartition("]." if address.startswith("module.") and "]." in address else ".module.")[2]
    words = local.removeprefix("data.").split(".")
    return {
        "address": address,
        "mode": "data" if ".data." in f".{address}" else "managed",
        "type": words[-2] if len(words) > 1 else "",
        "name": words[-1].partition("[")[0],
        "change": {
            "actions": list(actions),
            "before": None,
            "after": after,
            "after_unknown": dict(unknown),
            "before_sensitive": False,
            "after_sensitive": dict(sensitive),
        },
        **more,
    }


def written(type_: str, name: str, expressions: dict[str, Any], mode: str = "managed") -> dict[str, Any]:
    """One resource of `configuration`."""
    prefix = "data." if mode == "data" else ""
    return {
        "address": f"{prefix}{type_}.{name}",
        "mode": mode,
        "type": type_,
        "name": name,
        "provider_config_key": type_.partition("_")[0],
        "expressions": expressions,
        "schema_version": 1,
    }


def reads(*references: str) -> dict[str, Any]:
    """An expression with references, each with the shorter ones that terraform adds."""
    told: list[str] = []
    for reference in references:
        told.append(reference)
        while "." in reference:
            reference = reference.rpartition(".")[0] if not reference.endswith("]") else reference.rpartition("[")[0]
            if "." in reference:
                told.append(reference)
    return {"references": told}


def document(changes: list[dict[str, Any]], configured: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    configuration = {
        "provider_config": {
            "aws": {
                "name": "aws",
                "full_name": "registry/hashicorp/aws",
                "expressions": {
                    "region": {"constant_value": "eu-west-1"},
                    "default_tags": [{"tags": {"constant_value": {"team": "net"}}}],
                },
            },
            "aws.us": {
                "name": "aws",
                "alias": "us",
                "expressions": {"region": {"references": ["var.other"]}},
            },
        },
        "root_module": {"resources": configured, "variables": {"name": {}}},
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "variables": {"name": {"value": "web"}},
        "planned_values": {"root_module": {}},
        "resource_changes": changes,
        "configuration": configuration,
        "complete": True,
        "errored": False,
        **more,
    }


LAMBDA = "aws_lambda_function.api"
AWS = document(
    [
        change("aws_vpc.main", {"cidr_block": "10.0.0.0/16", "tags": None}, {"id": True, "arn": True}),
        change("aws_subnet.a[0]", {"cidr_block": "10.0.1.0/24", "map_public_ip_on_launch": False},
               {"id": True, "vpc_id": True}, index=0),
        change(LAMBDA,
               {"function_name": "api", "layers": None, "dead_letter_config": [], "timeout": 3,
                "environment": [{"variables": {"TOKEN": "s3cret", "STAGE": "prod"}}],
                "vpc_config": [{"subnet_ids": [None], "security_group_ids": [None, None],
                                "ipv6_allowed_for_dual_stack": None}],
                "tags": {"Name": "api"}, "tags_all": {"Name": "api", "team": "net"}},
               {"arn": True, "role": True,
                "vpc_config": [{"subnet_ids": [True], "security_group_ids": [True, True], "vpc_id": True}],
                "environment": [{"variables": {}}], "tags": {}},
               {"environment": [{"variables": {"TOKEN": True}}], "tags": {}}),
        change("aws_sqs_queue.q", {"name": "q", "visibility_timeout_seconds": 30},
               {"id": True, "policy": True, "redrive_policy": True, "kms_master_key_id": True}),
        change("aws_s3_bucket.old", None, actions=("delete",)),
        change("aws_s3_bucket.given_up", {"bucket": "x"}, actions=("forget",)),
        change("aws_s3_bucket.kept", {"bucket": "kept", "grant": [], "lifecycle_rule": []}, actions=("no-op",)),
        change("aws_s3_bucket.renewed", {"bucket": "renewed"}, {"id": True}, actions=("delete", "create")),
        change("aws_s3_bucket.renewed", {"bucket": "gone"}, deposed="byebye", actions=("delete",)),
        change("data.aws_iam_policy_document.late", {"statement": [{"actions": ["s3:*"]}]}, {"json": True},
               actions=("read",)),
    ],
    [
        written("aws_vpc", "main", {"cidr_block": {"constant_value": "10.0.0.0/16"}}),
        written("aws_subnet", "a", {"vpc_id": reads("aws_vpc.main.id"),
                                    "cidr_block": {"constant_value": "10.0.1.0/24"}}),
        written("aws_lambda_function", "api", {
            "function_name": reads("var.name"),
            "role": reads("aws_iam_role.r.arn"),
            "vpc_config": [{"subnet_ids": reads("aws_subnet.a[0].id"),
                            "security_group_ids": reads("aws_security_group.x.id", "aws_security_group.y.id")}],
            "environment": [{"variables": reads("var.token")}],
        }),
        written("aws_sqs_queue", "q", {
            "name": {"constant_value": "q"},
            "policy": reads("aws_vpc.main.arn"),
            "redrive_policy": reads("aws_sqs_queue.dead.arn"),
            "kms_master_key_id": reads("aws_kms_key.k.arn", "local.fallback"),
        }),
        written("aws_s3_bucket", "kept", {"bucket": {"constant_value": "kept"}, "grant": {"constant_value": []}}),
    ],
    prior_state={"format_version": "1.0", "values": {"root_module": {"resources": [
        {"address": "data.aws_caller_identity.me", "mode": "data", "type": "aws_caller_identity", "name": "me",
         "values": {"account_id": "123456789012", "user_id": None}, "sensitive_values": {}},
        {"address": "aws_s3_bucket.old", "mode": "managed", "type": "aws_s3_bucket", "name": "old",
         "values": {"bucket": "old"}, "sensitive_values": {}},
    ]}}},
)  # fmt: skip


@pytest.fixture
def aws(tmp_path: Path) -> dict[str, Resource]:
    return resources(loaded(tmp_path, AWS))


def test_what_the_plan_deletes_or_forgets_is_not_there(aws: dict[str, Resource]) -> None:
    buckets = {r.address for r in aws.values() if r.type == "aws_s3_bucket"}
    assert buckets == {"aws_s3_bucket.kept", "aws_s3_bucket.renewed"}
    assert aws["aws_s3_bucket.renewed"]["bucket"] == "renewed"


def test_nested_blocks_are_lists_and_absent_is_absent(aws: dict[str, Resource]) -> None:
    function = aws[LAMBDA]
    assert function["timeout"] == 3
    assert function.absent("dead_letter_config")
    assert function.absent("layers")
    assert len(function.each("vpc_config")) == 1
    assert "ipv6_allowed_for_dual_stack" not in function.values["vpc_config"][0]
    assert aws["aws_s3_bucket.kept"].values == {"bucket": "kept", "grant": []}  # written as an empty list


def test_references_are_links(aws: dict[str, Resource]) -> None:
    graph = Graph(list(aws.values()))
    function = aws[LAMBDA]
    subnets = function["vpc_config.subnet_ids"]
    assert [(r.target, r.attribute) for r in list.__iter__(subnets)] == [("aws_subnet.a[0]", "id")]
    assert [r.address for r in graph.follow(function, "vpc_config.subnet_ids")] == ["aws_subnet.a[0]"]
    assert [r.address for r in graph.follow(aws["aws_subnet.a[0]"], "vpc_id")] == ["aws_vpc.main"]
    groups = list(list.__iter__(function["vpc_config.security_group_ids"]))
    assert [g.target for g in groups] == ["aws_security_group.x", "aws_security_group.y"]
    assert function["role"].startswith("arn:")


def test_a_reference_is_claimed_only_where_it_is_the_value(aws: dict[str, Resource]) -> None:
    queue = aws["aws_sqs_queue.q"]
    for name in ("policy", "redrive_policy", "kms_master_key_id"):
        value = queue[name]
        assert isinstance(value, Unknown)
        assert not isinstance(value, Ref), name  # a document made from one, or one of several references
        assert value.reason == f"aws_sqs_queue.q.{name} is known only after apply"


def test_sensitive_values_are_masked_one_by_one(aws: dict[str, Resource]) -> None:
    function = aws[LAMBDA]
    assert function["environment.variables.STAGE"] == "prod"
    assert function["environment.variables.TOKEN"].sensitive
    assert "s3cret" not in repr(function.values)


def test_data_sources_come_from_the_prior_state_and_from_reads(aws: dict[str, Resource]) -> None:
    identity = aws["data.aws_caller_identity.me"]
    assert (identity.type, identity["account_id"]) == ("data.aws_caller_identity", "123456789012")
    late = aws["data.aws_iam_policy_document.late"]
    assert late["statement.actions"] == ["s3:*"]
    assert isinstance(late["json"], Unknown)


def test_providers_modules_and_the_account_are_there_as_in_code(aws: dict[str, Resource]) -> None:
    provider = aws["provider.aws"]
    assert (provider.type, provider["region"]) == ("provider.aws", "eu-west-1")
    assert provider["default_tags.tags"] == {"team": "net"}
    other = aws["provider.aws.us"]
    assert (other.type, other["alias"]) == ("provider.aws", "us")
    assert "var.other" in other["region"].reason
    assert aws["account"].type == "account"
    assert aws["."].values == {"name": "web"}
    assert "tenancy" not in aws


def test_oci_plans_read_alike_and_modules_hand_references_on(tmp_path: Path) -> None:
    changes = [
        change("oci_core_vcn.main", {"cidr_blocks": ["10.0.0.0/16"]}, {"id": True}),
        change('module.net["app"].oci_core_subnet.app', {"prohibit_public_ip_on_vnic": False},
               {"id": True, "vcn_id": True}, module_address='module.net["app"]'),
        change("oci_functions_application.app", {"display_name": "app", "subnet_ids": [None], "config": {"A": "b"}},
               {"id": True, "subnet_ids": [True]}),
        change("oci_functions_function.f", {"memory_in_mbs": "128"}, {"application_id": True, "id": True}),
    ]  # fmt: skip
    call = {
        "source": "./net",
        "version_constraint": "~> 1.0",
        "for_each_expression": {"constant_value": ["app"]},
        "expressions": {"vcn": reads("oci_core_vcn.main.id"), "key": {"constant_value": "k3y"}},
        "module": {
            "resources": [written("oci_core_subnet", "app", {"vcn_id": reads("var.vcn")})],
            "outputs": {"subnet": {"expression": reads("oci_core_subnet.app.id")}},
            "variables": {"vcn": {}, "key": {"sensitive": True}, "size": {"default": 2}},
        },
    }
    plan = document(changes, [
        written("oci_core_vcn", "main", {}),
        written("oci_functions_application", "app", {"subnet_ids": reads('module.net["app"].subnet')}),
        written("oci_functions_function", "f", {"application_id": reads("oci_functions_application.app.id")}),
    ])  # fmt: skip
    plan["configuration"]["root_module"]["module_calls"] = {"net": call}
    found = resources(loaded(tmp_path, plan))
    graph = Graph(list(found.values()))
    subnet = 'module.net["app"].oci_core_subnet.app'
    assert [r.address for r in graph.follow(found["oci_functions_application.app"], "subnet_ids")] == [subnet]
    assert [r.address for r in graph.follow(found[subnet], "vcn_id")] == ["oci_core_vcn.main"]
    assert found["oci_functions_function.f"]["application_id"].target == "oci_functions_application.app"
    module = found['module.net["app"]']
    assert (module["source"], module["version"], module["size"]) == ("./net", "~> 1.0", 2)
    assert module["vcn"].target == "oci_core_vcn.main"
    assert module["key"].sensitive
    assert "tenancy" in found


def test_a_state_is_read_like_a_plan_without_changes(tmp_path: Path) -> None:
    entry = {"address": "module.m.aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q",
             "values": {"name": "q", "policy": "{}", "kms_master_key_id": None},
             "sensitive_values": {"policy": True}}  # fmt: skip
    state = {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {"root_module": {"child_modules": [{"address": "module.m", "resources": [entry]}]}},
    }
    queue = resources(loaded(tmp_path, state))["module.m.aws_sqs_queue.q"]
    assert queue["name"] == "q"
    assert queue["policy"].sensitive
    assert queue.absent("kms_master_key_id")


# --- what is no plan, and what is hostile -----------------------------------------------------------------------------


def failure(path: Path) -> str:
    intake = load(path)
    assert not intake.resources
    [told] = intake.coverage.inputs
    assert told["status"] == "failed"
    return str(told["reason"])


def test_a_newer_major_version_is_refused_and_a_newer_minor_one_is_read(tmp_path: Path) -> None:
    assert resources(loaded(tmp_path, {**AWS, "format_version": "1.99"}))
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**AWS, "format_version": "2.0"}))
    assert "format version 2.0" in failure(path)
    assert "use a newer Assay" in failure(path)


def test_a_broken_plan_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(AWS)[:-50])
    assert "not JSON" in failure(path)
    path.write_text('{"format_version": "1.2", "terraform_version": "1.11.4"}')
    assert "neither planned values nor changes" in failure(path)
    path.write_text(json.dumps({**AWS, "resource_changes": [{"address": 3}]}))
    assert "shape of a plan" in failure(path)
    path.write_text('{"format_version":"1.2","planned_values":{},"resource_changes":' + "[" * 3000)
    assert failure(path)
    with path.open("wb") as handle:
        handle.truncate(20_000_001)
    assert "at most 20,000,000" in failure(path)
    binary = tmp_path / "x.tfplan"
    binary.write_bytes(b"PK\x03\x04")
    assert PlanSource().claims(str(binary), binary.read_bytes)
    assert "terraform show -json" in failure(binary)


def test_an_errored_plan_counts_as_incomplete(tmp_path: Path) -> None:
    intake = loaded(tmp_path, {**AWS, "errored": True})
    assert intake.resources
    assert intake.coverage.incomplete


def test_plans_are_claimed_by_content(tmp_path: Path) -> None:
    source = PlanSource()
    sorted_keys = json.dumps(AWS, sort_keys=True, indent=1).encode()
    utf16 = b"\xff\xfe" + json.dumps(AWS).encode("utf-16-le")
    for data in (json.dumps(AWS).encode(), sorted_keys, sorted_keys[:2000], utf16):
        assert source.claims("a/b.json", lambda data=data: data)  # type: ignore[misc]
    for data in (
        b"{}",
        b"[]",
        b'{"format_version":"1.0","provider_schemas":{}}',
        b'{"version":4,"terraform_version":"1"}',
    ):
        assert not source.claims("a/b.json", lambda data=data: data)  # type: ignore[misc]
    assert not source.claims("main.tf.json", lambda: json.dumps(AWS).encode())
    (tmp_path / "plan.json").write_bytes(utf16)
    assert resources(load(tmp_path / "plan.json"))


def paths_into(value: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from paths_into(inner, (*path, step))


PLACES = [p for p in paths_into(AWS) if p]
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 3, "x", [], {}, [[]], [{}], {"a": []}, [None], {"references": ["a"]}, 'module.["', -1.5]
)


@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=4))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_to_a_plan_stops_a_scan(tmp_path: Path, damages: list[tuple[tuple[Any, ...], Any]]) -> None:
    damaged = copy.deepcopy(AWS)
    for path, junk in damages:
        inner: Any = damaged
        try:
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = copy.deepcopy(junk)  # a later damage may fall into it
        except (KeyError, IndexError, TypeError):
            continue  # an earlier damage has taken the place away
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(damaged))
    intake = load(file)
    assert {i["status"] for i in intake.coverage.inputs} <= {"read", "failed"}
    assert intake.coverage.inputs
    for resource in intake.resources:
        assert isinstance(resource.values, dict)
        resource.where()
