"""From the cloud back to the code: links by what names a resource or by its state, and what stays open."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from assay.model import PartialList, Ref, Text, Unknown
from assay.provenance.state import read
from code_estate import ACCOUNT, REGION, RULE, Estate, bucket, held, queue, subnet, vpc
from oracles import require_oracle


@pytest.fixture
def estate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Estate:
    return Estate(tmp_path, capsys)


# --- by what names it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "live", "expected"),
    [
        ('bucket = "logs"', ["logs", "other"], ("high", "logs")),
        ('bucket = "logs-${var.env}"', ["logs-prod", "site"], ("low", "logs-prod")),
        ('bucket = "${var.env}-logs"', ["prod-logs", "logs-prod"], ("low", "prod-logs")),
        ('bucket_prefix = "logs-"', ["logs-20260101", "site"], ("low", "logs-20260101")),
        ('bucket = "logs-${var.env}"', ["logs-prod", "logs-dev"], None),
        ('bucket = "logs-${var.env}"', ["site-prod"], None),
        ("bucket = var.env", ["logs-prod"], None),
        ('bucket = "${var.env}-${var.env}"', ["logs-prod"], None),
        ("", ["logs-prod"], None),
        ('bucket = "log"', ["logs"], None),
    ],
)
def test_a_name(estate: Estate, code: str, live: list[str], expected: tuple[str, str] | None) -> None:
    estate.code(f'variable "env" {{}}\nresource "aws_s3_bucket" "b" {{\n  {code}\n}}\n')
    estate.live(*map(bucket, live))
    found = estate.links()
    assert found == ({expected[1]: ("aws_s3_bucket.b", expected[0])} if expected else {})


def test_two_blocks_that_fit_equally_well_are_no_link_and_are_named(estate: Estate) -> None:
    estate.code('resource "aws_sqs_queue" "a" {\n  name = "q"\n}\nresource "aws_sqs_queue" "b" {\n  name = "q"\n}\n')
    estate.live(queue("q"))
    code = estate.report()["coverage"]["code"]
    assert code["linked"] == 0
    assert [(a["address"].rpartition(":")[2], [c["address"] for c in a["candidates"]]) for a in code["ambiguous"]] == [
        ("q", ["aws_sqs_queue.a", "aws_sqs_queue.b"])
    ]
    assert code["missing"] == []


def test_two_live_resources_of_one_name_are_no_link_until_the_provider_s_region_tells_them_apart(
    estate: Estate,
) -> None:
    estate.code('resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n')
    estate.live(queue("q"), queue("q", region="us-east-1"))
    assert estate.links() == {}
    assert len(estate.report()["coverage"]["code"]["ambiguous"]) == 2
    estate.code('provider "aws" {\n  region = "us-east-1"\n}\n', "provider.tf")
    found = estate.report("--show-passes")
    assert {f["resource"]["region"] for f in found["findings"] if "code" in f} == {"us-east-1"}


def test_the_alias_of_a_provider_tells_the_region(estate: Estate) -> None:
    estate.code(
        'provider "aws" {\n  region = "eu-west-1"\n}\nprovider "aws" {\n  alias = "us"\n  region = "us-east-1"\n}\n'
        'resource "aws_sqs_queue" "here" {\n  name = "q"\n}\n'
        'resource "aws_sqs_queue" "there" {\n  name = "q"\n  provider = aws.us\n}\n'
    )
    estate.live(queue("q"), queue("q", region="us-east-1"))
    told = {f["resource"]["region"]: f["code"]["address"] for f in estate.report("--show-passes")["findings"]}
    assert told == {"eu-west-1": "aws_sqs_queue.here", "us-east-1": "aws_sqs_queue.there"}


@pytest.mark.parametrize(
    "provider",
    ['allowed_account_ids = ["111122223333"]',
     'assume_role {\n    role_arn = "arn:aws:iam::111122223333:role/${var.role}"\n  }'],
)  # fmt: skip
def test_the_account_of_the_provider_tells_accounts_apart(estate: Estate, provider: str) -> None:
    estate.code(f'variable "role" {{}}\nprovider "aws" {{\n  {provider}\n}}\n'
                'resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n')  # fmt: skip
    estate.live(queue("q", account="999988887777"))
    assert estate.links() == {}
    estate.live(queue("q", account="999988887777"), queue("q"))
    found = estate.report("--show-passes")["findings"]
    assert {f["resource"]["account"] for f in found if "code" in f} == {ACCOUNT}


def test_a_certain_link_leaves_the_other_candidate_to_the_partial_name(estate: Estate) -> None:
    estate.code(
        'variable "env" {}\nresource "aws_s3_bucket" "all" {\n  bucket = "logs-archive"\n}\n'
        'resource "aws_s3_bucket" "env" {\n  bucket = "logs-${var.env}"\n}\n'
    )
    estate.live(bucket("logs-archive"), bucket("logs-prod"))
    assert estate.links() == {
        "logs-archive": ("aws_s3_bucket.all", "high"),
        "logs-prod": ("aws_s3_bucket.env", "low"),
    }


def test_instances_and_modules(estate: Estate) -> None:
    estate.code(
        'module "queues" {\n  source = "./queues"\n  for_each = toset(["in", "out"])\n  name = each.key\n}\n'
        'variable "on" {}\n'
        'resource "aws_sqs_queue" "maybe" {\n  count = var.on ? 1 : 0\n  name  = "maybe"\n}\n'
        'resource "aws_sqs_queue" "counted" {\n  count = 2\n  name  = "worker-${count.index}"\n}\n'
    )
    estate.code('variable "name" {}\nresource "aws_sqs_queue" "this" {\n  name = var.name\n}\n', "queues/main.tf")
    estate.live(*map(queue, ["in", "out", "maybe", "worker-0", "worker-1"]))
    assert estate.links() == {
        "in": ('module.queues["in"].aws_sqs_queue.this', "high"),
        "out": ('module.queues["out"].aws_sqs_queue.this', "high"),
        "maybe": ("aws_sqs_queue.maybe", "high"),
        "worker-0": ("aws_sqs_queue.counted[0]", "high"),
        "worker-1": ("aws_sqs_queue.counted[1]", "high"),
    }


def test_instances_that_nobody_can_tell_apart_are_linked_to_their_block_and_not_compared(estate: Estate) -> None:
    estate.code(
        'resource "aws_subnet" "a" {\n  count = 2\n  map_public_ip_on_launch = false\n  tags = { Name = "app" }\n}\n'
    )
    tags = {"Name": "app"}
    one = subnet("subnet-1", tags=tags, map_public_ip_on_launch=True, cidr_block="10.0.0.0/24")
    two = subnet("subnet-2", tags=tags, map_public_ip_on_launch=False, cidr_block="10.0.1.0/24")
    estate.live(one, two)
    report = estate.report("--show-passes")
    assert {(f["code"]["address"], f["code"]["confidence"]) for f in report["findings"] if "code" in f} == {
        ("aws_subnet.a", "low")
    }
    assert estate.drift() == {}
    estate.live(one, two, subnet("subnet-3", tags=tags, cidr_block="10.0.2.0/24"))
    assert estate.links() == {}, "three for two instances: one of them is somebody else's"


def test_a_block_under_an_unknown_for_each_may_have_made_several(estate: Estate) -> None:
    estate.code(
        'variable "names" {}\nresource "aws_sqs_queue" "each" {\n  for_each = var.names\n'
        '  name = "worker-${each.key}"\n  sqs_managed_sse_enabled = true\n}\n'
    )
    estate.live(
        queue("worker-a", sqs_managed_sse_enabled=True), queue("worker-b", sqs_managed_sse_enabled=False), queue("api")
    )
    assert estate.links() == {"worker-a": ("aws_sqs_queue.each", "low"), "worker-b": ("aws_sqs_queue.each", "low")}
    assert estate.drift() == {"sqs_managed_sse_enabled": (False, True)}


def test_what_refers_to_something_linked_is_found_by_it(estate: Estate) -> None:
    estate.code(
        'variable "env" {}\nresource "aws_vpc" "v" {\n  cidr_block = "10.0.0.0/16"\n  tags = { Name = "main" }\n}\n'
        'resource "aws_subnet" "s" {\n  vpc_id = aws_vpc.v.id\n  cidr_block = "10.0.1.0/24"\n}\n'
        'resource "aws_s3_bucket" "b" {\n  bucket = "logs-${var.env}"\n}\n'
        'resource "aws_s3_bucket_versioning" "b" {\n  bucket = aws_s3_bucket.b.id\n'
        '  versioning_configuration {\n    status = "Enabled"\n  }\n}\n'
    )
    versioning = {"bucket": "logs-x", "id": "logs-x", "versioning_configuration": [{"status": "Suspended"}]}
    estate.live(
        vpc("vpc-1", cidr_block="10.0.0.0/16", tags={"Name": "main"}), vpc("vpc-2", cidr_block="10.0.0.0/16", tags={}),
        subnet("subnet-1", vpc_id="vpc-1", cidr_block="10.0.1.0/24"),
        subnet("subnet-2", vpc_id="vpc-2", cidr_block="10.0.1.0/24"),
        bucket("logs-x"), ("aws_s3_bucket_versioning", "arn:aws:s3:::logs-x", versioning),
    )  # fmt: skip
    code = estate.report()["coverage"]["code"]
    assert code["confidence"] == {"exact": 0, "high": 2, "low": 2}
    assert [u["address"].rpartition("/")[2] for u in code["unmanaged"]] == ["vpc-2", "subnet-2"]
    assert estate.drift() == {"versioning_configuration.status": ("Suspended", "Enabled")}


@pytest.mark.parametrize(
    ("code", "live", "expected"),
    [
        ('tags = { Name = "main" }', {"tags": {"Name": "main"}}, "low"),
        ('tags = { team = "pay", stage = "prod" }', {"tags": {"team": "pay", "stage": "prod", "aws:x": "1"}}, "low"),
        ('tags = { team = "pay" }', {"tags": {"team": "other"}}, None),
        ("tags = { Name = var.env }", {"tags": {"Name": "main"}}, None),
        ('cidr_block = "10.1.0.0/16"\n  tags = { Name = "main" }', {"tags": {"Name": "main"}}, None),
        ('cidr_block = "10.0.0.0/16"\n  tags = { Name = "renamed" }', {"tags": {"Name": "main"}}, None),
        ('cidr_block = "10.0.0.0/16"', {"tags": {}}, "low"),
    ],
)
def test_tags_and_ranges(estate: Estate, code: str, live: dict[str, Any], expected: str | None) -> None:
    estate.code(f'variable "env" {{}}\nresource "aws_vpc" "v" {{\n  {code}\n}}\n')
    estate.live(vpc("vpc-1", cidr_block="10.0.0.0/16", **live))
    assert estate.report()["coverage"]["code"]["linked"] == (1 if expected else 0)
    if expected:
        assert estate.report()["coverage"]["code"]["confidence"][expected] == 1


def test_a_key_is_found_by_its_alias(estate: Estate) -> None:
    estate.code(
        'resource "aws_kms_key" "k" {\n  enable_key_rotation = true\n}\n'
        'resource "aws_kms_alias" "k" {\n  name = "alias/pay"\n  target_key_id = aws_kms_key.k.key_id\n}\n'
    )
    arn, alias = (f"arn:aws:kms:{REGION}:{ACCOUNT}:{what}" for what in ("key/k1", "alias/pay"))
    estate.live(
        ("aws_kms_key", arn, {"id": "k1", "key_id": "k1", "arn": arn, "enable_key_rotation": False}),
        ("aws_kms_alias", alias, {"name": "alias/pay", "arn": alias, "target_key_id": "k1"}),
    )
    assert estate.drift() == {"enable_key_rotation": (False, True)}


def test_what_uses_a_resource_does_not_speak_against_its_own_name(estate: Estate) -> None:
    estate.code(
        'resource "oci_core_subnet" "s" {\n  display_name = "s"\n  route_table_id = oci_core_route_table.t.id\n}\n'
        'resource "oci_core_route_table" "t" {\n  display_name = "theirs"\n}\n'
    )
    used = ("oci_core_route_table", "ocid1.routetable.oc1..x", {"id": "ocid1.routetable.oc1..x"})
    user = {"id": "ocid1.subnet.oc1..s", "display_name": "s", "route_table_id": "ocid1.routetable.oc1..x"}
    for name, linked in (("byhand", 1), ("theirs", 2), (None, 2)):
        estate.live(("oci_core_subnet", "ocid1.subnet.oc1..s", user), (*used[:2], {**used[2], "display_name": name}))
        assert estate.report()["coverage"]["code"]["linked"] == linked


def test_what_is_in_no_code_and_what_is_not_live(estate: Estate) -> None:
    estate.code(
        'variable "n" {}\nresource "aws_sqs_queue" "gone" {\n  name = "gone"\n}\n'
        'resource "aws_sqs_queue" "who" {\n  name = var.n\n}\nresource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'
    )
    estate.live(queue("byhand"), unlisted="aws_s3_bucket")
    code = estate.report()["coverage"]["code"]
    assert [u["address"].rpartition(":")[2] for u in code["unmanaged"]] == ["byhand"]
    assert [(m["address"], m["line"]) for m in code["missing"]] == [("aws_sqs_queue.gone", 2)]
    assert [m["address"] for m in code["undecided"]] == ["aws_sqs_queue.who", "aws_s3_bucket.b"], "buckets were denied"


QUOTED = '"x"'


@pytest.mark.parametrize("unknown", ["x", Unknown("denied"), None, 7, True, [], {}, [{}], ["x"], {"a": Unknown("x")},
                                     PartialList([], Unknown("denied")), [Unknown("denied")], Ref("a", "id"),
                                     Text(["a", Unknown("denied")]), "[" * 5000])  # fmt: skip
def test_nothing_that_an_inventory_may_tell_or_not_tell_stops_a_report(estate: Estate, unknown: Any) -> None:
    """Every attribute of some types is of that value, while the code knows all, or nothing."""
    from assay.terraform.schema import attributes

    types = ("aws_sqs_queue", "aws_s3_bucket", "aws_security_group", "aws_kms_alias", "aws_subnet", "oci_core_subnet",
             "oci_core_security_list", "aws_iam_role", "aws_lambda_function", "aws_vpc", "aws_instance")  # fmt: skip
    known = {"b": "true", "n": "7", "l": '["x"]'}
    blocks = []
    for type_ in types:
        kinds = {n: k for n, k in attributes(type_).items() if "." not in n and k != "m"}
        for label, lines in (
            ("known", [f"  {name} = {known.get(kind, QUOTED)}" for name, kind in kinds.items()]),
            ("not", [f"  {name} = var.n" for name in kinds]),
        ):
            blocks.append(f'resource "{type_}" "{label}" {{\n' + "\n".join(lines) + "\n}\n")
    estate.code('variable "n" {}\n' + "".join(blocks))
    estate.live(*((t, f"arn:aws:x:{REGION}:{ACCOUNT}:{t}", dict.fromkeys(attributes(t), unknown)) for t in types))
    report = estate.report("--select", f"{RULE},least-privilege,encryption,private-subnets")
    assert report["coverage"]["code"]["declared"] == 2 * len(types)


# --- by the state -----------------------------------------------------------------------------------------------------


def test_a_state_links_what_no_name_could(estate: Estate) -> None:
    estate.code(
        'variable "env" {}\nresource "aws_s3_bucket" "b" {\n  bucket = var.env\n}\n'
        'module "q" {\n  source = "./q"\n  count = 2\n}\n'
    )
    estate.code(
        'variable "who" {\n  type = set(string)\n}\nresource "aws_sqs_queue" "this" {\n  for_each = var.who\n'
        "  name = each.key\n}\n",
        "q/main.tf",
    )
    estate.live(bucket("alpha"), queue("one"), queue("two"), queue("extra"))
    arns = {n: queue(n)[1] for n in ("one", "two")}
    state = estate.state(
        held("aws_s3_bucket", "b", {"id": "alpha", "arn": "arn:aws:s3:::alpha", "bucket": "alpha"}),
        held("aws_sqs_queue", "this", {"id": queue("one")[2]["id"], "arn": arns["one"]}, "a", module="module.q[0]"),
        held("aws_sqs_queue", "this", {"id": queue("two")[2]["id"], "arn": arns["two"]}, "a", module="module.q[1]"),
        held("aws_sqs_queue", "old", {"id": queue("extra")[2]["id"], "arn": queue("extra")[1]}),
    )
    assert estate.links("--state", state) == {
        "alpha": ("aws_s3_bucket.b", "exact"),
        "one": ('module.q[0].aws_sqs_queue.this["a"]', "exact"),
        "two": ('module.q[1].aws_sqs_queue.this["a"]', "exact"),
    }
    (extra,) = estate.report("--state", state)["coverage"]["code"]["unmanaged"]
    assert extra["state"] == "aws_sqs_queue.old", "it is in the state, and no block makes it any more"


def test_which_root_module_a_state_is_of_is_told_by_what_it_holds(estate: Estate) -> None:
    text = 'variable "n" {}\nresource "aws_sqs_queue" "a" {\n  name = var.n\n}\n'
    estate.code(text, "dev/main.tf")
    estate.code(text, "prod/main.tf")
    estate.live(queue("q"), queue("r"))
    one = held("aws_sqs_queue", "a", {"arn": queue("q")[1]})
    report = estate.report("--state", estate.state(one))
    assert report["coverage"]["code"]["linked"] == 0
    assert [n for n in report["coverage"]["notes"] if "which root module" in n]
    estate.code('resource "aws_sqs_queue" "b" {\n  name = "x"\n}\n', "prod/more.tf")
    both = [one, held("aws_sqs_queue", "b", {"arn": queue("r")[1]})]
    files = {
        f["location"]["file"].rpartition("code/")[2] for f in estate.report("--state", estate.state(*both))["findings"]
    }
    assert files == {"prod/main.tf", "prod/more.tf"}
    links = estate.links("--state", estate.state(*both))
    assert links == {"q": ("aws_sqs_queue.a", "exact"), "r": ("aws_sqs_queue.b", "exact")}


def test_a_renamed_block_is_found_by_name_although_the_state_has_the_old_one(estate: Estate) -> None:
    estate.code('resource "aws_sqs_queue" "new" {\n  name = "q"\n}\n')
    estate.live(queue("q"))
    state = estate.state(held("aws_sqs_queue", "old", {"arn": queue("q")[1], "id": "x"}))
    assert estate.links("--state", state) == {"q": ("aws_sqs_queue.new", "high")}


def test_the_state_beside_the_code_is_read_and_an_arn_of_another_account_is_another_resource(estate: Estate) -> None:
    estate.code('resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n')
    estate.live(queue("q"))
    assert estate.links() == {"q": ("aws_sqs_queue.a", "high")}
    elsewhere = queue("q", account="999988887777")[1]
    path = estate.state(held("aws_sqs_queue", "a", {"arn": elsewhere, "id": "x"}), name="code/terraform.tfstate")
    assert estate.links() == {}
    code = estate.report()["coverage"]["code"]
    assert code["states"] == [path]
    assert [m["address"] for m in code["missing"]] == ["aws_sqs_queue.a"]
    estate.state(held("aws_sqs_queue", "a", {"arn": queue("q")[1], "id": "x"}), name="code/terraform.tfstate")
    assert estate.links() == {"q": ("aws_sqs_queue.a", "exact")}


def test_no_value_of_a_state_is_printed(estate: Estate) -> None:
    estate.code('resource "aws_db_instance" "d" {\n  identifier = "d"\n}\n')
    arn = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:d"
    estate.live(("aws_db_instance", arn, {"identifier": "d", "arn": arn, "id": "d", "publicly_accessible": True}))
    attributes = {
        "arn": arn,
        "id": "d",
        "identifier": "hunter2-id",
        "password": "hunter2",
        "tags": {"k": "hunter2-tag"},
    }
    state = estate.state(held("aws_db_instance", "d", attributes), outputs={"x": {"value": "hunter2-out"}})
    report = estate.report("--state", state, "--show-passes", "-v")
    assert report["coverage"]["code"]["confidence"]["exact"] == 1
    assert "hunter2" not in json.dumps(report)


STATES: dict[str, tuple[str | bytes, str]] = {
    "text": ("password = hunter2", "is not a Terraform state: it is not JSON"),
    "binary": (b"\xff\x00\x01", "is not a Terraform state: it is not JSON"),
    "list": ("[]", "it holds no object"),
    "show": ('{"format_version": "1.0", "values": {}}', "what `terraform show -json` prints"),
    "old": ('{"version": 3, "modules": []}', "format version 3"),
    "new": ('{"version": 5, "resources": []}', "format version 5"),
    "encrypted": ('{"version": 4, "encrypted_data": "x", "resources": []}', "an encrypted state"),
    "other": ('{"a": 1}', "no format version"),
    "empty": ('{"version": 4}', "lists no resources"),
    "deep": ("[" * 100_000, "it is not JSON"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_file_that_is_no_state(estate: Estate, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    content, said = STATES[name]
    estate.code('resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n')
    estate.live(queue("q"))
    path = estate.folder / "bad.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["scan", str(estate.folder / "live.jsonl.gz"), "--code", str(estate.folder / "code"), "--state",
                 str(path)]) == 2  # fmt: skip
    told = capsys.readouterr()
    assert said in told.err
    assert "--state" in told.err
    assert "hunter2" not in told.err
    assert told.out == ""
    # The one beside the code was not asked for: it is said, and left out.
    path.rename(estate.folder / "code" / "terraform.tfstate")
    assert estate.links() == {"q": ("aws_sqs_queue.a", "high")}
    assert any(said in note for note in estate.report()["coverage"]["notes"])


@pytest.mark.parametrize(
    "instances",
    [None, [None], [{"attributes": None}], [{"attributes": {"id": 7, "arn": None}}], [{"attributes": {"arn": ["x"]}}],
     [{"attributes": {"arn": "arn:aws:sqs:x"}, "index_key": {"a": 1}}],
     [{"attributes": {"arn": queue("q")[1]}, "deposed": "8a7b"}]],
)  # fmt: skip
def test_a_state_of_strange_shape_links_nothing_by_itself(estate: Estate, instances: Any) -> None:
    estate.code('variable "n" {}\nresource "aws_sqs_queue" "a" {\n  name = var.n\n}\n')
    estate.live(queue("q"))
    state = estate.state(
        {"mode": "managed", "type": "aws_sqs_queue", "name": "a", "instances": instances},
        {"mode": "data", "type": "aws_sqs_queue", "name": "a", "instances": [{"attributes": {"arn": queue("q")[1]}}]},
        {"mode": "managed", "type": ["x"], "name": None}, {},
    )  # fmt: skip
    assert estate.links("--state", state) == {}


@pytest.mark.oracle
@pytest.mark.slow
def test_a_state_that_terraform_wrote_is_read_with_its_own_addresses(tmp_path: Path) -> None:
    """`terraform_data` needs no provider; the addresses are judged by `terraform state list`."""
    terraform = str(require_oracle("terraform"))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text('resource "terraform_data" "in" {\n  count = 2\n}\n')
    (tmp_path / "main.tf").write_text(
        'resource "terraform_data" "one" {\n  input = "hunter2"\n}\n'
        'resource "terraform_data" "each" {\n  for_each = toset(["a", "b.c", "d\\"e", "$${f}", "?"])\n}\n'
        'module "m" {\n  source = "./m"\n  for_each = toset(["x/y"])\n}\n'
        'module "n" {\n  source = "./m"\n  count = 1\n}\n'
    )
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [terraform, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout

    run("init", "-input=false")
    run("apply", "-auto-approve", "-input=false")
    state = read(str(tmp_path / "terraform.tfstate"), "terraform.tfstate")
    assert sorted(state.held) == sorted(run("state", "list").split("\n")[:-1])
    assert all(isinstance(h.values["id"], str) for h in state.held.values())
    assert "hunter2" not in str(state)


def test_a_block_of_an_account_that_was_not_audited_is_not_missing(estate: Estate) -> None:
    estate.code('provider "aws" {\n  allowed_account_ids = ["999988887777"]\n}\n'
                'resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n')  # fmt: skip
    estate.live(queue("other"))
    code = estate.report()["coverage"]["code"]
    assert code["missing"] == []
    assert [b["address"] for b in code["undecided"]] == ["aws_sqs_queue.a"]


def test_an_alias_says_nothing_of_the_blocks_that_do_not_name_it(estate: Estate) -> None:
    """The default provider needs no block: its region comes from the environment."""
    estate.code('provider "aws" {\n  alias  = "us"\n  region = "us-east-1"\n}\n'
                'resource "aws_sqs_queue" "here" {\n  name = "q"\n}\n'
                'resource "aws_sqs_queue" "there" {\n  name = "r"\n  provider = aws.us\n}\n')  # fmt: skip
    estate.live(queue("q"), queue("r", region="us-east-1"), queue("r"))
    told = {
        f["resource"]["address"]: f["code"]["address"]
        for f in estate.report("--show-passes")["findings"]
        if "code" in f
    }
    assert told == {
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:q": "aws_sqs_queue.here",
        f"arn:aws:sqs:us-east-1:{ACCOUNT}:r": "aws_sqs_queue.there",
    }
