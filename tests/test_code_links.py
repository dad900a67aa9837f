"""From the cloud back to the code: links, their confidence, what stays open, and drift, on snapshots beside Terraform.

What an account really answers is in `test_audit_code`; here every case is a snapshot of a few resources.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from assay.inventory.snapshot import SnapshotWriter
from assay.model import PartialList, Ref, Resource, Text, Unknown
from assay.scan import UsageError

ACCOUNT = "111122223333"
REGION = "eu-west-1"
RULE = "live-drift-from-code"
Live = tuple[str, str, dict[str, Any]]


def bucket(name: str, **values: Any) -> Live:
    arn = f"arn:aws:s3:::{name}"
    return "aws_s3_bucket", arn, {"bucket": name, "id": name, "arn": arn, **values}


def queue(name: str, *, region: str = REGION, account: str = ACCOUNT, **values: Any) -> Live:
    arn = f"arn:aws:sqs:{region}:{account}:{name}"
    url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
    return "aws_sqs_queue", arn, {"name": name, "arn": arn, "id": url, "url": url, **values}


def vpc(id_: str, **values: Any) -> Live:
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{id_}"
    return "aws_vpc", arn, {"id": id_, "arn": arn, **values}


def subnet(id_: str, **values: Any) -> Live:
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{id_}"
    return "aws_subnet", arn, {"id": id_, "arn": arn, **values}


class Estate:
    """A directory of Terraform and a snapshot of what runs; `report` is what a scan of both says."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        (folder / "code").mkdir()

    def code(self, text: str, name: str = "main.tf") -> None:
        path = self.folder / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def live(self, *resources: Live, unlisted: str = "") -> None:
        feeds = sorted({"aws_s3_bucket", "aws_sqs_queue", "aws_vpc", "aws_subnet", "aws_security_group", "aws_kms_key",
                        *(r[0] for r in resources)})  # fmt: skip
        writer = SnapshotWriter(str(self.folder / "live.jsonl"), {"feeds": {"aws": feeds}})
        for type_, address, values in resources:
            parts = address.split(":")
            region = parts[3] if address.startswith("arn:") and parts[3] else None
            account = parts[4] if address.startswith("arn:") and parts[4] else ACCOUNT
            source = type_.partition("_")[0]
            writer.resource(Resource(type_, address, source, values, name="", account=account, region=region))
        if unlisted:
            writer.unlisted(unlisted, ACCOUNT, REGION, "denied")
        writer.unit(ACCOUNT, REGION, "all", "ok")
        writer.close()
        (self.folder / "live.jsonl").rename(self.folder / "live.jsonl.gz")

    def state(self, *resources: dict[str, Any], name: str = "the.tfstate", **more: Any) -> str:
        document = {"version": 4, "terraform_version": "1.9.0", "serial": 7, "lineage": "x", "outputs": {},
                    "resources": list(resources), **more}  # fmt: skip
        path = self.folder / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    def report(self, *more: str) -> dict[str, Any]:
        main(["scan", str(self.folder / "live.jsonl.gz"), "--code", str(self.folder / "code"), "-o", "json", *more])
        told = self.capsys.readouterr()
        assert told.err == ""
        found: dict[str, Any] = json.loads(told.out)
        return found

    def links(self, *more: str) -> dict[str, tuple[str, str]]:
        """By the last word of a live address: the block's address and the confidence."""
        report = self.report("--show-passes", *more)
        return {
            f["resource"]["address"].replace("/", ":").rpartition(":")[2]: (
                f["code"]["address"],
                f["code"]["confidence"],
            )
            for f in report["findings"]
            if "code" in f
        }

    def drift(self, *more: str) -> dict[str, tuple[Any, Any]]:
        """By path: the live value and the code's."""
        found = [f for f in self.report("--select", RULE, *more)["findings"] if f["verdict"] == "fail"]
        return {f["evidence"][0]["path"]: (f["evidence"][0]["value"], f["evidence"][1]["value"]) for f in found}


@pytest.fixture
def estate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Estate:
    return Estate(tmp_path, capsys)


def held(type_: str, name: str, attributes: dict[str, Any], key: Any = None, **more: Any) -> dict[str, Any]:
    """A resource of one instance as a state holds it."""
    instance = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}
    if key is not None:
        instance["index_key"] = key
    return {"mode": "managed", "type": type_, "name": name, "instances": [instance],
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]', **more}  # fmt: skip


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


# --- drift ------------------------------------------------------------------------------------------------------------


def allows(principal: str) -> str:
    """A policy attribute in the code, for a principal as HCL."""
    statement = f'{{ Effect = "Allow", Action = "sqs:SendMessage", Resource = "*", Principal = {principal} }}'
    return f'policy = jsonencode({{ Version = "2012-10-17", Statement = {statement} }})'


def policy(*actions: str, principal: Any = "*", **more: Any) -> str:
    statement = {"Sid": "", "Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": ["*"]}
    return json.dumps({"Statement": [{**statement, **more}], "Version": "2012-10-17"}, indent=1)


SAME: dict[str, tuple[str, dict[str, Any]]] = {
    "policy in other words": (allows('"*"'), {"policy": policy("sqs:SendMessage", principal={"AWS": "*"})}),
    "account in other words": (
        allows('{ AWS = "123456789012" }'),
        {"policy": policy("sqs:SendMessage", principal={"AWS": "arn:aws:iam::123456789012:root"})},
    ),
    "policy with an unknown": (
        allows("{ AWS = var.n }"),
        {"policy": policy("sqs:SendMessage", principal={"AWS": "arn:aws:iam::123456789012:root"})},
    ),
    "true as text": ('sqs_managed_sse_enabled = "true"', {"sqs_managed_sse_enabled": True}),
    "number as text": ('message_retention_seconds = "60"', {"message_retention_seconds": 60}),
    "a default": ("", {"kms_master_key_id": None, "redrive_policy": ""}),
    "unknown in the code": ("sqs_managed_sse_enabled = var.n", {"sqs_managed_sse_enabled": False}),
    "unknown live": ("sqs_managed_sse_enabled = true", {"sqs_managed_sse_enabled": Unknown("denied")}),
    "masked live": ('kms_master_key_id = "a"', {"kms_master_key_id": Unknown("masked", not_null=True, sensitive=True)}),
    "an alias in full": ('kms_master_key_id = "alias/k"',
                         {"kms_master_key_id": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/k"}),
    "not told live": ('redrive_allow_policy = "{}"', {}),
    "tags of others": ('tags = { a = "1" }', {"tags": {"a": "1", "aws:cloudformation:stack-id": "x", "added": "y"}}),
    "another case": ('kms_master_key_id = "ALIAS/k"', {"kms_master_key_id": "alias/K"}),
    "ignored": ("sqs_managed_sse_enabled = true\n  lifecycle {\n    ignore_changes = [sqs_managed_sse_enabled]\n  }",
                {"sqs_managed_sse_enabled": False}),
    "all ignored": ('tags = { a = "1" }\n  lifecycle {\n    ignore_changes = all\n  }', {"tags": {}}),
    "an ignored tag": ('tags = { "a:b" = "1" }\n  lifecycle {\n    ignore_changes = [tags["a:b"]]\n  }', {"tags": {}}),
    "nothing rules look at": ("delay_seconds = 5", {"delay_seconds": 0}),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_is_no_drift(estate: Estate, name: str) -> None:
    text, values = SAME[name]
    estate.code(f'variable "n" {{}}\nresource "aws_sqs_queue" "a" {{\n  name = "q"\n  {text}\n}}\n')
    estate.live(queue("q", **values))
    report = estate.report("--select", RULE)
    assert report["coverage"]["code"]["linked"] == 1
    assert report["findings"] == []


OTHER: dict[str, tuple[str, dict[str, Any], str, Any, Any]] = {
    "a flag": ("sqs_managed_sse_enabled = true", {"sqs_managed_sse_enabled": False}, "sqs_managed_sse_enabled",
               False, True),
    "a number": ("message_retention_seconds = 60", {"message_retention_seconds": 90}, "message_retention_seconds",
                 90, 60),
    "taken away": ('kms_master_key_id = "alias/k"', {"kms_master_key_id": None}, "kms_master_key_id", None, "alias/k"),
    "added where the default is nothing": ("", {"kms_master_key_id": "alias/x"}, "kms_master_key_id", "alias/x", None),
    "a tag": ('tags = { a = "1", b = "2" }', {"tags": {"a": "9", "b": "2"}}, "tags.a", "9", "1"),
    "default tags": ("", {"tags": {}}, "tags.owner", None, "pay"),
    "not the ignored one": (
        'tags = { a = "1", b = "2" }\n  lifecycle {\n    ignore_changes = [tags["a"], policy]\n  }', {"tags": {}},
        "tags.b", None, "2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_what_is_drift(estate: Estate, name: str) -> None:
    text, values, path, live, code = OTHER[name]
    provider = 'provider "aws" {\n  default_tags {\n    tags = { owner = "pay" }\n  }\n}\n'
    estate.code(f"{provider if name == 'default tags' else ''}"
                f'resource "aws_sqs_queue" "a" {{\n  name = "q"\n  {text}\n}}\n')  # fmt: skip
    estate.live(queue("q", **values))
    assert estate.drift() == {path: (live, code)}


def test_one_tag_or_several_are_one_finding_with_one_fingerprint(estate: Estate) -> None:
    estate.code('resource "aws_sqs_queue" "a" {\n  name = "q"\n  tags = { a = "1", b = "2" }\n}\n')
    told = []
    for tags in ({"a": "1"}, {}, {"b": "2"}):
        estate.live(queue("q", tags=tags))
        (found,) = estate.report("--select", RULE)["findings"]
        told.append(found["fingerprint"])
    assert len(set(told)) == 1


def test_a_policy_of_its_own_block_is_compared_there_and_located_there(estate: Estate) -> None:
    estate.code(
        'resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n'
        'resource "aws_sqs_queue_policy" "a" {\n  queue_url = aws_sqs_queue.a.id\n'
        + allows('{ AWS = "123456789012" }')
        + "\n}\n"
    )
    estate.live(queue("q", policy=policy("sqs:SendMessage", principal="*")))
    (found,) = estate.report("--select", RULE)["findings"]
    assert found["location"]["start_line"] == 6
    assert found["evidence"][1]["address"] == "aws_sqs_queue_policy.a"
    assert estate.report()["coverage"]["code"]["missing"] == []


def sg(*ingress: dict[str, Any]) -> Live:
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1"
    return "aws_security_group", arn, {"id": "sg-1", "arn": arn, "name": "web", "ingress": list(ingress), "egress": []}


LOW = " (if it is that block: the link is of low confidence, by its name and vpc_id)"


def rule(port: int, *cidrs: str, **more: Any) -> dict[str, Any]:
    return {
        "protocol": "tcp",
        "from_port": port,
        "to_port": port,
        "cidr_blocks": list(cidrs),
        "description": "",
        **more,
    }


INLINE = """resource "aws_security_group" "web" {
  name = "web"
  ingress {
    protocol    = "6"
    from_port   = 443
    to_port     = "443"
    cidr_blocks = ["10.0.0.0/8", "192.168.0.0/16"]
  }
}
"""
APART = """resource "aws_security_group" "web" {
  name = "web"
}
resource "aws_security_group_rule" "a" {
  security_group_id = aws_security_group.web.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["10.0.0.0/8"]
}
resource "aws_vpc_security_group_ingress_rule" "b" {
  security_group_id = aws_security_group.web.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "192.168.0.0/16"
}
"""


@pytest.mark.parametrize("code", [INLINE, APART])
def test_the_rules_of_a_security_group_are_one_set_however_they_are_written(estate: Estate, code: str) -> None:
    estate.code(code)
    estate.live(sg(rule(443, "192.168.0.0/16", "10.0.0.0/8")))
    assert estate.drift() == {}
    estate.live(sg(rule(443, "192.168.0.0/16"), rule(443, "10.0.0.0/8"), rule(22, "0.0.0.0/0")))
    before = '"tcp 443 from 10.0.0.0/8", "tcp 443 from 192.168.0.0/16"'
    for ingress, told in (
        ([rule(443, "192.168.0.0/16"), rule(443, "10.0.0.0/8"), rule(22, "0.0.0.0/0")],
         f'["tcp 22 from 0.0.0.0/0", {before}]'),
        ([rule(443, "192.168.0.0/16", "10.0.0.0/8", ipv6_cidr_blocks=["::/0"])], f'[{before}, "tcp 443 from ::/0"]'),
        ([rule(443, "10.0.0.0/8")], '["tcp 443 from 10.0.0.0/8"]'),
    ):  # fmt: skip
        estate.live(sg(*ingress))
        (found,) = estate.report("--select", RULE)["findings"]
        assert found["message"] == f"ingress is {told}, and aws_security_group.web says [{before}]{LOW}"


@pytest.mark.parametrize("hole", ["cidr_ipv4 = var.n", 'cidr_ipv4 = "10.9.0.0/16"\n  security_group_id = var.n'])
def test_a_rule_that_nobody_knows_may_be_the_one_that_is_there(estate: Estate, hole: str) -> None:
    group = "" if "security_group_id" in hole else "security_group_id = aws_security_group.web.id"
    estate.code(
        f'{INLINE}variable "n" {{}}\nresource "aws_vpc_security_group_ingress_rule" "x" {{\n  {group}\n'
        f'  ip_protocol = "tcp"\n  from_port = 22\n  to_port = 22\n  {hole}\n}}\n'
    )
    estate.live(sg(rule(443, "192.168.0.0/16", "10.0.0.0/8"), rule(22, "10.9.0.0/16")))
    assert estate.drift() == {}
    estate.live(sg(rule(443, "192.168.0.0/16"), rule(22, "10.9.0.0/16")))
    assert list(estate.drift()) == ["ingress"], "one that the code certainly has is gone"


def test_credentials_are_neither_compared_nor_printed(estate: Estate) -> None:
    estate.code(
        'resource "aws_db_instance" "d" {\n  identifier = "d"\n  password = "hunter2-code"\n'
        "  publicly_accessible = false\n}\n"
        'resource "aws_lambda_function" "f" {\n  function_name = "f"\n'
        '  environment {\n    variables = { DB_PASSWORD = "hunter2-code" }\n  }\n}\n'
    )
    db, fn = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:d", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    variables = [{"variables": {"DB_PASSWORD": "hunter2-live"}}]
    estate.live(
        (
            "aws_db_instance",
            db,
            {"identifier": "d", "arn": db, "password": "hunter2-live", "publicly_accessible": True},
        ),
        ("aws_lambda_function", fn, {"function_name": "f", "arn": fn, "environment": variables}),
    )
    report = estate.report("--select", RULE)
    assert [f["evidence"][0]["path"] for f in report["findings"]] == ["publicly_accessible"]
    assert "hunter2" not in json.dumps(report)


# --- what stays as it was, and what follows from it -------------------------------------------------------------------


def test_fingerprints_and_verdicts_are_those_of_a_scan_without_code(
    estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    estate.code(INLINE + 'resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n')
    estate.live(sg(rule(22, "0.0.0.0/0")), queue("q"), queue("r"), bucket("b"))
    main(["scan", str(estate.folder / "live.jsonl.gz"), "-o", "json"])
    plain = json.loads(capsys.readouterr().out)
    linked = estate.report()
    told = [
        sorted((f["fingerprint"], f["rule"], f["verdict"], f["message"]) for f in r["findings"] if f["rule"] != RULE)
        for r in (plain, linked)
    ]
    assert told[0] == told[1]
    assert len(told[0]) > 3
    assert {k: v for k, v in plain["summary"].items() if k in ("resources", "rules")} == {
        k: v for k, v in linked["summary"].items() if k in ("resources", "rules")
    }
    assert "code" not in plain["coverage"]
    assert all("code" not in f for f in plain["findings"])


def test_the_finding_stands_at_the_attribute_that_decides_and_follows_moved_code(estate: Estate) -> None:
    estate.code(INLINE)
    estate.live(sg(rule(22, "0.0.0.0/0"), rule(443, "192.168.0.0/16", "10.0.0.0/8")))
    first = next(f for f in estate.report("--select", RULE)["findings"])
    assert (first["location"]["file"], first["location"]["start_line"]) == (f"{estate.folder}/code/main.tf", 3)
    assert first["trace"][0]["note"].startswith("aws_security_group.web declares arn:aws:ec2:")
    estate.code("\n\n" + INLINE)
    moved = next(f for f in estate.report("--select", RULE)["findings"])
    assert moved["location"]["start_line"] == 5
    assert moved["fingerprint"] == first["fingerprint"]


def test_the_html_report_shows_the_edit_of_the_code_that_mends_what_runs(estate: Estate) -> None:
    databases = {"a": True, "b": False}  # what the code says; live both are public
    estate.code("".join(
        f'resource "aws_db_instance" "{n}" {{\n  identifier          = "{n}"\n'
        f"  publicly_accessible = {str(public).lower()}\n}}\n"
        for n, public in databases.items()
    ))  # fmt: skip
    arn = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:"
    estate.live(*(
        ("aws_db_instance", arn + n, {"identifier": n, "arn": arn + n, "id": n, "publicly_accessible": True})
        for n in databases
    ))  # fmt: skip
    page = estate.folder / "report.html"
    report = estate.report("--select", "aws-rds-public", "-o", f"html={page}")
    assert [f["verdict"] for f in report["findings"]] == ["fail", "fail"]
    text = page.read_text()
    assert text.count("+  publicly_accessible = false") == 1
    assert "-  publicly_accessible = true" in text


@pytest.mark.parametrize("by", ["comment", "file", "file by block"])
def test_drift_can_be_waived_where_it_stands_or_by_its_address(estate: Estate, by: str) -> None:
    said = f"  # assay: allow[{RULE}] opened for the migration, ticket 12\n"
    estate.code(INLINE.replace("  ingress", f"{said if by == 'comment' else ''}  ingress", 1))
    estate.live(sg(rule(22, "0.0.0.0/0"), rule(443, "192.168.0.0/16", "10.0.0.0/8")))
    file = estate.folder / "assay-waivers.toml"
    address = {"file": "arn:aws:ec2:*security-group/sg-1"}.get(by, "aws_security_group.web")
    file.write_text(
        f'[[waiver]]\nrule = "{RULE}"\naddress = "{address}"\nreason = "migration"\n'
        'owner = "pay"\nexpires = "2999-01-01"\n' if by != "comment" else ""
    )  # fmt: skip
    (found,) = estate.report("--select", RULE, "--waivers", str(file))["findings"]
    assert found["verdict"] == "waived"
    assert found["waiver"]["kind"] == ("inline" if by == "comment" else "file")


def test_a_waiver_of_the_code_that_waives_nothing_live_is_not_called_unused(estate: Estate) -> None:
    estate.code('# assay: allow[aws-sqs-no-dlq] fine\nresource "aws_sqs_queue" "gone" {\n  name = "gone"\n}\n')
    estate.live(queue("q"))
    assert not [n for n in estate.report()["coverage"].get("notes", []) if "waives nothing" in n]


def test_code_that_cannot_be_read_is_said_and_the_rest_is_linked(estate: Estate) -> None:
    estate.code('resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n')
    estate.code("resource {{{\n", "broken.tf")
    estate.live(queue("q"))
    report = estate.report("--select", RULE)
    assert report["coverage"]["code"]["linked"] == 1
    assert [i["path"].rpartition("/")[2] for i in report["coverage"]["inputs"] if i["status"] == "failed"] == [
        "broken.tf"
    ]


WRONG: dict[str, tuple[Callable[[Estate], list[str]], str]] = {
    "no directory": (lambda e: ["scan", str(e.folder / "live.jsonl.gz"), "--code", "nowhere"], "no such directory"),
    "no Terraform": (
        lambda e: ["scan", str(e.folder / "live.jsonl.gz"), "--code", str(e.folder / "empty")],
        "no Terraform",
    ),
    "state alone": (lambda e: ["scan", str(e.folder / "live.jsonl.gz"), "--state", "x"], "--state needs --code"),
    "state missing": (
        lambda e: ["scan", str(e.folder / "live.jsonl.gz"), "--code", str(e.folder / "code"), "--state", "nowhere"],
        "cannot be read",
    ),
    "nothing live": (lambda e: ["scan", str(e.folder / "code"), "--code", str(e.folder / "code")], "name a snapshot"),
    "diff": (lambda e: ["scan", ".", "--code", str(e.folder / "code"), "--diff", "HEAD"], "do not go together"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use(estate: Estate, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, said = WRONG[name]
    estate.code('resource "aws_sqs_queue" "a" {\n  name = "q"\n}\n')
    estate.live(queue("q"))
    (estate.folder / "empty").mkdir()
    try:
        code = main(arguments(estate))
    except UsageError as error:
        code, text = 2, str(error)
    else:
        text = capsys.readouterr().err
    assert code == 2
    assert said in text


def test_the_tables_name_types_and_attributes_that_exist() -> None:
    from assay.inventory.aws.replay import all_services
    from assay.provenance.drift import defaults
    from assay.provenance.identity import table
    from assay.terraform.schema import attributes, has

    known = table()
    exact = {t for t in known.keys if "*" not in t}
    types = {*exact, *known.parts, *known.aliases.values(), *known.through, *defaults()}
    types |= {p.owner for p in known.parts.values()}
    collected = {t for service in all_services() for t in service.types}  # no rule need name these
    assert [t for t in sorted(types - collected) if not attributes(t)] == []
    named = [(t, a.code) for t in exact for key in known.keys[t] for a in key.attributes]
    named += [(t, name) for t, values in defaults().items() for name in values]
    named += [(t, p.attribute) for t, p in known.parts.items()]
    named += [(user, attribute) for users in known.through.values() for user, attribute in users]
    wrong = [(t, a) for t, a in named if a.partition(".")[0] not in ("tags", "id") and not has(t, a) and attributes(t)]
    assert wrong == []
