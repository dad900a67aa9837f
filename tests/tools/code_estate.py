"""A snapshot of a few live resources beside Terraform, and what a scan of both says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from assay.inventory.snapshot import SnapshotWriter
from assay.model import Resource

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
        # A server of another test may still be saying good-bye on the stderr that they share.
        assert "assay" not in told.err, told.err
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
        """By path: the live value and the code's. Over a link that is not sure it is no failure."""
        report = self.report("--select", RULE, *more)
        found = [f for f in report["findings"] if f["verdict"] in ("fail", "unknown")]
        for f in found:
            assert (f["verdict"] == "unknown") == (f["code"]["confidence"] == "low"), f
        return {f["evidence"][0]["path"]: (f["evidence"][0]["value"], f["evidence"][1]["value"]) for f in found}


def held(type_: str, name: str, attributes: dict[str, Any], key: Any = None, **more: Any) -> dict[str, Any]:
    """A resource of one instance as a state holds it."""
    instance = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}
    if key is not None:
        instance["index_key"] = key
    return {"mode": "managed", "type": type_, "name": name, "instances": [instance],
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]', **more}  # fmt: skip


def sg(*ingress: dict[str, Any]) -> Live:
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1"
    return "aws_security_group", arn, {"id": "sg-1", "arn": arn, "name": "web", "ingress": list(ingress), "egress": []}


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
