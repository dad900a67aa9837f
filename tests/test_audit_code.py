"""`assay audit aws|oci --code`: an account on a moto server and a tenancy on the control plane, beside their code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from assay.cli import main
from aws_account import apart
from aws_population import populate
from moto import mock_aws
from moto.server import ThreadedMotoServer
from oci_control_plane import ControlPlane, write_config
from oci_tenancy import tenancy
from sarif_judges import github_refusals, multitool_complaints, results, schema_errors

REGION = "eu-west-1"
RULE = "live-drift-from-code"

MAIN = """terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { owner = "payments" }
  }
}
variable "env" {}
variable "site" {}

resource "aws_vpc" "main" {
  cidr_block = "10.7.0.0/16"
  tags       = { Name = "main" }
}
resource "aws_subnet" "app" {
  count                   = 2
  vpc_id                  = aws_vpc.main.id
  cidr_block              = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  map_public_ip_on_launch = false
}
resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_s3_bucket" "logs" {
  bucket = "logs-${var.env}"
}
resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id
  versioning_configuration {
    status = "Enabled"
  }
}
resource "aws_s3_bucket" "site" {
  bucket = var.site
}
resource "aws_sqs_queue" "orders" {
  name                    = "orders"
  sqs_managed_sse_enabled = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.failed.arn
    maxReceiveCount     = 5
  })
}
resource "aws_sqs_queue" "failed" {
  name = "orders-failed"
}
resource "aws_sqs_queue" "twin" {
  name = "twin"
}
resource "aws_sqs_queue" "other_twin" {
  name = "twin"
}
module "topics" {
  source   = "./topics"
  for_each = toset(["alerts", "gone"])
  name     = each.key
}
"""
TOPICS = """variable "name" {}

resource "aws_sns_topic" "this" {
  name              = var.name
  kms_master_key_id = "alias/aws/sns"
}
"""


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        apart(patch)
        yield


@pytest.fixture(scope="module")
def server(environment: None) -> Iterator[str]:
    """An account that was made by the code, and changed by hand since."""
    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    url = f"http://{host}:{port}"
    boto3.client("sts", endpoint_url=url)
    _network(boto3.client("ec2", endpoint_url=url))
    sqs, s3 = boto3.client("sqs", endpoint_url=url), boto3.client("s3", endpoint_url=url)
    tags = {"owner": "payments"}
    sqs.create_queue(QueueName="orders-failed", tags=tags)
    redrive = {"maxReceiveCount": "5", "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:123456789012:orders-failed"}
    attributes = {"SqsManagedSseEnabled": "false", "RedrivePolicy": json.dumps(redrive)}
    sqs.create_queue(QueueName="orders", Attributes=attributes, tags=tags)
    sqs.create_queue(QueueName="twin", tags=tags)
    sqs.create_queue(QueueName="byhand")
    for name in ("logs-prod", "www-shop"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "owner", "Value": "payments"}]})
    s3.put_bucket_versioning(Bucket="logs-prod", VersioningConfiguration={"Status": "Suspended"})
    boto3.client("sns", endpoint_url=url).create_topic(Name="alerts", Tags=[{"Key": "owner", "Value": "payments"}])
    yield url
    made.stop()


def _network(ec2: Any) -> None:
    def tagged(id_: str, **tags: str) -> str:
        ec2.create_tags(
            Resources=[id_], Tags=[{"Key": k, "Value": v} for k, v in {"owner": "payments", **tags}.items()]
        )
        return id_

    vpc = tagged(ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"], Name="main")
    for i in range(2):
        subnet = tagged(ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{i}.0/24")["Subnet"]["SubnetId"])
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    group = tagged(ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": p, "ToPort": p, "IpRanges": [{"CidrIp": c}]}
        for p, c in ((443, "10.0.0.0/8"), (22, "0.0.0.0/0"))
    ])  # fmt: skip


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate")
    (folder / "infra" / "topics").mkdir(parents=True)
    (folder / "infra" / "main.tf").write_text(MAIN)
    (folder / "infra" / "topics" / "main.tf").write_text(TOPICS)
    return folder


def audit(server: str, folder: Path, *more: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        arguments = ["--endpoint", server, "--regions", REGION, "--services", "vpc,s3,sqs,sns"]
        return main(["audit", "aws", *arguments, *more])


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def audited(server: str, code: Path) -> Path:
    """The reports of one audit beside its code, and the snapshot; the folder that holds them."""
    formats = [f"{name}={code}/out.{name}" for name in ("json", "sarif", "github", "html", "text", "markdown", "csv")]
    outputs = [word for f in formats for word in ("-o", f)]
    assert audit(server, code, "--code", "infra", "--save", "a.jsonl.gz", "--show-passes", *outputs) == 1
    return code


def line_of(text: str, source: str = MAIN) -> int:
    return source[: source.index(text)].count("\n") + 1


DRIFT = {
    "sqs_managed_sse_enabled": ("orders", "infra/main.tf", line_of("sqs_managed_sse_enabled = true"), False, True),
    "map_public_ip_on_launch": ("subnet-", "infra/main.tf", line_of("map_public_ip_on_launch"), True, False),
    "versioning_configuration.status": ("logs-prod", "infra/main.tf", line_of('status = "Enabled"'), "Suspended",
                                        "Enabled"),
    "kms_master_key_id": ("alerts", "infra/topics/main.tf", line_of("kms_master", TOPICS), None, "alias/aws/sns"),
}  # fmt: skip


def test_what_was_changed_by_hand_is_a_finding_with_both_values_at_its_line(audited: Path) -> None:
    found = [f for f in read(audited / "out.json")["findings"] if f["rule"] == RULE and f["verdict"] != "pass"]
    assert {(f["verdict"], f["code"]["confidence"] == "low") for f in found} == {("fail", False), ("unknown", True)}
    by_path = {f["evidence"][0]["path"]: f for f in found}
    assert set(by_path) == {*DRIFT, "ingress"}
    assert len(found) == len(by_path)
    for path, (name, file, line, live, declared) in DRIFT.items():
        f = by_path[path]
        assert name in f["resource"]["address"]
        assert (f["location"]["file"], f["location"]["start_line"]) == (file, line)
        assert [e["value"] for e in f["evidence"]] == [live, declared]
        assert f["evidence"][1]["address"] == f["code"]["address"]
    ingress = by_path["ingress"]
    assert ingress["location"]["start_line"] == line_of("  ingress {")
    assert '["tcp 22 from 0.0.0.0/0", "tcp 443 from 10.0.0.0/8"]' in ingress["message"]


def test_each_live_finding_stands_at_its_block_with_a_stated_confidence(audited: Path) -> None:
    findings = [f for f in read(audited / "out.json")["findings"] if f["resource"]["type"] != "declaration"]
    told = {}
    for f in findings:
        if "code" in f:
            assert f["location"]["file"] in ("infra/main.tf", "infra/topics/main.tf")
            assert f["resource"]["address"].startswith("arn:aws:")
            told[f["code"]["address"]] = (f["code"]["confidence"], f["code"]["line"])

    def block(kind: str, name: str) -> int:
        return line_of(f'resource "{kind}" "{name}"')

    assert {k: v for k, v in told.items() if "topics" not in k} == {
        "aws_vpc.main": ("high", block("aws_vpc", "main")),
        "aws_subnet.app[0]": ("high", block("aws_subnet", "app")),
        "aws_subnet.app[1]": ("high", block("aws_subnet", "app")),
        "aws_security_group.web": ("high", block("aws_security_group", "web")),
        "aws_s3_bucket.logs": ("low", block("aws_s3_bucket", "logs")),
        "aws_s3_bucket_versioning.logs": ("low", block("aws_s3_bucket_versioning", "logs")),
        "aws_sqs_queue.orders": ("high", block("aws_sqs_queue", "orders")),
        "aws_sqs_queue.failed": ("high", block("aws_sqs_queue", "failed")),
    }
    assert told['module.topics["alerts"].aws_sns_topic.this'] == ("high", 3)


def test_what_is_not_linked_is_counted_and_listed(audited: Path) -> None:
    code = read(audited / "out.json")["coverage"]["code"]
    queues = [u["address"].rpartition(":")[2] for u in code["unmanaged"] if u["type"] == "aws_sqs_queue"]
    assert queues == ["byhand"]
    buckets = [u["name"] for u in code["unmanaged"] if u["type"] == "aws_s3_bucket"]
    assert buckets == ["www-shop"], "var.site has no value: the bucket may be it, and nobody says so"
    (twin,) = code["ambiguous"]
    assert [c["address"] for c in twin["candidates"]] == ["aws_sqs_queue.other_twin", "aws_sqs_queue.twin"] or [
        c["address"] for c in twin["candidates"]
    ] == ["aws_sqs_queue.twin", "aws_sqs_queue.other_twin"]
    assert [m["address"] for m in code["missing"]] == ['module.topics["gone"].aws_sns_topic.this']
    assert {u["address"] for u in code["undecided"]} == {
        "aws_s3_bucket.site", "aws_sqs_queue.twin", "aws_sqs_queue.other_twin"
    }  # fmt: skip
    assert code["linked"] == sum(code["confidence"].values())


def test_sarif_shows_the_place_in_the_code_and_the_judges_take_it(audited: Path) -> None:
    log = read(audited / "out.sarif")
    (found,) = [r for r in results(log) if r["ruleId"] == RULE and "sqs_managed" in r["message"]["text"]
                and r.get("kind") != "pass"]  # fmt: skip
    physical = found["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "infra/main.tf"
    assert physical["region"]["startLine"] == line_of("sqs_managed_sse_enabled = true")
    assert physical["region"]["snippet"]["text"] == "sqs_managed_sse_enabled = true"
    names = [n["fullyQualifiedName"] for n in found["locations"][0]["logicalLocations"]]
    assert names == [f"arn:aws:sqs:{REGION}:123456789012:orders", "aws_sqs_queue.orders"]
    assert found["properties"]["codeConfidence"] == "high"
    assert found["properties"]["codeAddress"] == "aws_sqs_queue.orders"
    assert github_refusals(read(audited / "out.github")) == []


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.parametrize("name", ["sarif", "github"])
def test_the_sarif_multitool_and_the_schema_have_no_complaint(audited: Path, name: str, tmp_path: Path) -> None:
    log = read(audited / f"out.{name}")
    assert schema_errors(log) == []
    assert multitool_complaints(log, tmp_path) == []


def test_text_and_html_show_both_the_live_resource_and_the_place(audited: Path) -> None:
    text = (audited / "out.text").read_text()
    line = line_of("sqs_managed_sse_enabled = true")
    assert re.search(rf"{line}:3 arn:aws:sqs:{REGION}:123456789012:orders: sqs_managed_sse_enabled is false", text)
    assert "code aws_sqs_queue.orders (high confidence, by its name)" in text
    said = r"^Code infra: \d+ of \d+ live resources linked to their blocks \(\d+ high, \d+ low\); 1 ambiguous"
    assert re.search(said, text, re.MULTILINE)
    page = (audited / "out.html").read_text()
    assert f"aws_sqs_queue.orders declares arn:aws:sqs:{REGION}:123456789012:orders" in page
    assert "infra/main.tf" in page
    for other in (page, (audited / "out.markdown").read_text()):
        assert re.search(r"Code infra: \d+ of \d+ live resources linked to their blocks", other)


def _place(result: dict[str, Any]) -> tuple[Any, ...]:
    (where,) = result["locations"]
    physical = where["physicalLocation"]
    names = [n["fullyQualifiedName"] for n in where["logicalLocations"]]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"], *names


def test_a_report_that_is_read_back_says_the_same_of_the_code(audited: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(audited)
        main(["report", "out.json", "-o", f"json={tmp_path}/again.json", "-o", f"sarif={tmp_path}/again.sarif"])
    first, again = read(audited / "out.json"), read(tmp_path / "again.json")
    assert again["coverage"]["code"] == first["coverage"]["code"]
    assert [f.get("code") for f in again["findings"]] == [f.get("code") for f in first["findings"]]
    told = [[_place(r) for r in results(log)] for log in (read(audited / "out.sarif"), read(tmp_path / "again.sarif"))]
    assert told[0] == told[1]


def test_the_snapshot_beside_the_code_gives_the_same_report(audited: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(audited)
        main(["scan", "a.jsonl.gz", "--code", "infra", "--show-passes", "-q", "-o", f"json={tmp_path}/b.json"])
    told = [
        [(f["rule"], f["verdict"], f["resource"], f["location"], f.get("code"), f["fingerprint"]) for f in r["findings"]
         if "code" in f]
        for r in (read(audited / "out.json"), read(tmp_path / "b.json"))
    ]  # fmt: skip
    assert told[0] == told[1]
    assert read(tmp_path / "b.json")["coverage"]["code"] == read(audited / "out.json")["coverage"]["code"]


def test_without_code_nothing_but_the_places_is_different(server: str, audited: Path, tmp_path: Path) -> None:
    audit(server, audited, "-o", f"json={tmp_path}/plain.json", "--show-passes")
    told = [
        sorted((f["fingerprint"], f["rule"], f["verdict"], f["message"]) for f in r["findings"] if f["rule"] != RULE)
        for r in (read(tmp_path / "plain.json"), read(audited / "out.json"))
    ]
    assert told[0] == told[1]
    assert len(told[0]) > 50


def test_a_state_tells_what_no_name_does_and_variables_can(server: str, code: Path, tmp_path: Path) -> None:
    state = {
        "version": 4, "terraform_version": "1.9.8", "serial": 3, "lineage": "7c0b", "outputs": {},
        "resources": [{
            "mode": "managed", "type": "aws_s3_bucket", "name": "site",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"schema_version": 0, "attributes": {
                "arn": "arn:aws:s3:::www-shop", "bucket": "www-shop", "id": "www-shop"}, "sensitive_attributes": []}],
        }],
    }  # fmt: skip
    (tmp_path / "terraform.tfstate").write_text(json.dumps(state))
    for more, confidence in (
        (("--state", f"{tmp_path}/terraform.tfstate"), "exact"),
        (("--var", "site=www-shop"), "high"),
    ):
        audit(server, code, "--code", "infra", *more, "-o", f"json={tmp_path}/a.json", "--show-passes")
        found = read(tmp_path / "a.json")["findings"]
        told = {f["code"]["confidence"] for f in found if f.get("code", {}).get("address") == "aws_s3_bucket.site"}
        assert told == {confidence}


def test_a_state_that_is_none_is_said_before_the_cloud_is_asked(code: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(code)
        nowhere = "http://127.0.0.1:9"
        arguments = ["audit", "aws", "--endpoint", nowhere, "--code", "infra", "--state", "infra/main.tf"]
        assert main(arguments) == 2
    assert "infra/main.tf is not a Terraform state: it is not JSON" in capsys.readouterr().err


# --- an account as its code made it -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_account_as_its_code_made_it_is_wholly_linked_and_has_no_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some forty types, written as people write them: names that are built, documents, blocks that come of others."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text((Path(__file__).parent / "tools" / "aws_population.tf").read_text())
    monkeypatch.chdir(tmp_path)
    config: Any = {"lambda": {"use_docker": False}}
    with mock_aws(config=config):
        populate(boto3.Session(), copies=1)
        main(["audit", "aws", "--regions", REGION, "--code", "infra", "-q", "-o", "json=a.json"])
    report = read(tmp_path / "a.json")
    assert [f["message"] for f in report["findings"] if f["rule"] == RULE] == []
    code = report["coverage"]["code"]
    assert (code["missing"], code["undecided"], code["ambiguous"]) == ([], [], [])
    assert code["linked"] >= code["declared"] > 60
    assert code["compared"] > 100
    unmanaged = {u["type"] for u in code["unmanaged"]}
    assert {"aws_sqs_queue", "aws_s3_bucket", "aws_lambda_function", "aws_iam_role", "aws_lb"}.isdisjoint(unmanaged)


# --- OCI --------------------------------------------------------------------------------------------------------------

PLACE = "ocid1.compartment.oc1..c0"
OCI = """variable "compartment" {}

resource "oci_core_vcn" "main" {
  compartment_id = "ocid1.compartment.oc1..c0"
  cidr_blocks    = ["10.0.0.0/16"]
  display_name   = "main"
}
resource "oci_core_subnet" "app" {
  compartment_id             = var.compartment
  vcn_id                     = oci_core_vcn.main.id
  cidr_block                 = "10.0.1.0/24"
  display_name               = "app"
  prohibit_public_ip_on_vnic = true
  route_table_id             = oci_core_route_table.app.id
}
resource "oci_core_route_table" "app" {
  compartment_id = "ocid1.compartment.oc1..c0"
  vcn_id         = oci_core_vcn.main.id
  display_name   = "app"
}
resource "oci_objectstorage_bucket" "invoices" {
  compartment_id = "ocid1.compartment.oc1..c0"
  namespace      = "plane"
  name           = "invoices"
  access_type    = "NoPublicAccess"
  versioning     = "Enabled"
  freeform_tags  = { team = "pay" }
}
"""


def _tenancy() -> dict[str, Any]:
    here = {"compartmentId": PLACE, "lifecycleState": "AVAILABLE"}
    inside: dict[str, Any] = {"vcnId": "ocid1.vcn.oc1..m", "routeRules": [], **here}
    tables = [{"id": f"ocid1.routetable.oc1..{n}", "displayName": n, **inside} for n in ("app", "byhand")]
    return {
        "identity.list_compartments": [
            {"id": PLACE, "name": "team", "compartmentId": "ocid1.tenancy.oc1..plane", "lifecycleState": "ACTIVE"}
        ],
        "virtual_network.list_vcns": [
            {"id": "ocid1.vcn.oc1..m", "displayName": "main", "cidrBlocks": ["10.0.0.0/16"], **here}
        ],
        "virtual_network.list_route_tables": tables,
        "virtual_network.list_subnets": [{
            "id": "ocid1.subnet.oc1..a", "displayName": "app", "vcnId": "ocid1.vcn.oc1..m", "cidrBlock": "10.0.1.0/24",
            "prohibitPublicIpOnVnic": False, "routeTableId": "ocid1.routetable.oc1..byhand", **here,
        }],
        "object_storage.list_buckets": [{
            "name": "invoices", "namespace": "plane", "compartmentId": PLACE, "id": "ocid1.bucket.oc1..i",
            "publicAccessType": "ObjectRead", "versioning": "Enabled", "freeformTags": {"team": "pay"},
            "definedTags": {"Oracle-Tags": {"CreatedBy": "someone"}},
        }],
    }  # fmt: skip


def test_a_tenancy_beside_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.tf").write_text(OCI)
    write_config(tmp_path)
    with ControlPlane(_tenancy()) as plane, pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        code = main(["audit", "oci", "--endpoint", plane.url, "--config-file", "config", "--code", "code", "-q",
                     "-o", "json", "--select", f"{RULE},oci-bucket-public"])  # fmt: skip
    report = json.loads(capsys.readouterr().out)
    assert code == 1

    def line(text: str) -> int:
        return line_of(text, OCI)

    drift = {
        f["evidence"][0]["path"]: (f["location"]["start_line"], *(e["value"] for e in f["evidence"]))
        for f in report["findings"]
        if f["rule"] == RULE
    }
    assert drift == {
        "prohibit_public_ip_on_vnic": (line("prohibit_public_ip_on_vnic"), False, True),
        "route_table_id": (line("route_table_id "), "ocid1.routetable.oc1..byhand", "ocid1.routetable.oc1..app"),
        "access_type": (line("access_type"), "ObjectRead", "NoPublicAccess"),
    }
    (public,) = [f for f in report["findings"] if f["rule"] == "oci-bucket-public"]
    assert public["location"] == {
        "file": "code/main.tf", "start_line": line("access_type"), "start_column": 3, "end_line": line("access_type"),
        "end_column": 36,
    }  # fmt: skip
    assert public["resource"]["address"] == "n/plane/b/invoices"
    told = report["coverage"]["code"]
    assert told["confidence"] == {"exact": 0, "high": 4, "low": 0}
    assert [u["address"] for u in told["unmanaged"] if u["type"] == "oci_core_route_table"] == [
        "ocid1.routetable.oc1..byhand"
    ]


@pytest.mark.slow
def test_a_tenancy_as_its_code_made_it_is_linked_and_has_no_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text((Path(__file__).parent / "tools" / "oci_tenancy.tf").read_text())
    write_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    with ControlPlane(tenancy(1, 2)[0]) as plane:
        main(["audit", "oci", "--endpoint", plane.url, "--config-file", "config", "--code", "infra", "-q",
              "-o", "json=a.json"])  # fmt: skip
    report = read(tmp_path / "a.json")
    assert [f["message"] for f in report["findings"] if f["rule"] == RULE] == []
    code = report["coverage"]["code"]
    assert code["ambiguous"] == []
    # The control plane's log group has no name, as none in a real tenancy is.
    assert [m["address"] for m in [*code["missing"], *code["undecided"]]] == ["oci_logging_log_group.flow"]
    assert code["linked"] == code["declared"] - 1
    assert code["compared"] > 80
