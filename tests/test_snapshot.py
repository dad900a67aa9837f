"""Snapshots: what is written is what is read, unknowns included; a half-written one says so."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from assay import Resource, Unknown
from assay.inventory.snapshot import SnapshotWriter, decode, encode
from assay.inventory.source import SnapshotSource
from assay.model import Intake, PartialList, Ref, Request, Text
from assay.scan import collect


def values() -> dict[str, Any]:
    return {
        "plain": [1, "a", None, True, {"k": "v"}],
        "unknown": Unknown("denied"),
        "ref": Ref("aws_kms_key.k", "arn"),
        "text": Text(("a-", Unknown("denied"), "-b")),
        "partial": PartialList([1], Unknown("throttled")),
    }


def load(path: Path) -> Intake:
    intake = Intake()
    source = SnapshotSource()
    assert source.claims(str(path), lambda: path.read_bytes()[:65536])
    source.load(Request([str(path)], str(path.parent)), [str(path)], intake)
    return intake


def write(path: Path) -> None:
    writer = SnapshotWriter(str(path), {"sources": ["aws"]})
    writer.resource(Resource("aws_sqs_queue", "arn:q", "aws", values(), account="123", region="eu-west-1"))
    writer.unit("123", "eu-west-1", "sqs", "ok")
    writer.unlisted("aws_sns_topic", "123", "eu-west-1", "AccessDenied")
    writer.close()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl.gz")
    intake = load(tmp_path / "a.jsonl.gz")
    (r,) = intake.resources
    assert (r.type, r.address, r.source, r.account, r.region) == ("aws_sqs_queue", "arn:q", "aws", "123", "eu-west-1")
    assert encode(r.values) == encode(values())
    assert encode(decode(encode(values()))) == encode(values())
    assert intake.coverage.unlisted == [("aws_sns_topic", "123", "eu-west-1", "AccessDenied")]
    assert r.where().start_line == 2


def test_the_same_inventory_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl.gz")
    write(tmp_path / "b.jsonl.gz")
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_snapshot_that_was_cut_off_keeps_what_it_has_and_says_so(tmp_path: Path, cut: float) -> None:
    path = tmp_path / "a.jsonl.gz"
    write(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])
    intake = load(path)
    assert [i["status"] for i in intake.coverage.inputs] == ["failed"]


def test_a_newer_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wt") as handle:
        handle.write(json.dumps({"schema": "assay-snapshot/9"}) + "\n")
    (entry,) = load(path).coverage.inputs
    assert entry["status"] == "failed"
    assert "assay-snapshot/9" in entry["reason"]


def test_a_snapshot_whose_header_is_long_is_known_as_one(tmp_path: Path) -> None:
    """What an audit of AWS collects takes more than the look that tells what a file is."""
    path = tmp_path / "a.jsonl.gz"
    feeds = {"aws": [f"aws_{n * 7919 % 104729}_{n}" for n in range(5_000)]}
    writer = SnapshotWriter(str(path), {"feeds": feeds, "accounts": ["1"]})
    writer.resource(Resource("aws_sqs_queue", "q", "aws", {"name": "q"}))
    writer.close()
    (read,) = [r for r in collect(Request([str(path)], str(tmp_path))).resources if r.type == "aws_sqs_queue"]
    assert read["name"] == "q"


QUEUE = {"type": "aws_sqs_queue", "address": "arn:q", "source": "aws", "values": {}}


@pytest.mark.parametrize(
    "record",
    [[], 5, {}, {"resource": 5}, {"resource": {**QUEUE, "type": 5}}, {"resource": {**QUEUE, "address": ["arn:q"]}},
     {"resource": {**QUEUE, "values": []}}, {"resource": {**QUEUE, "values": {"a": {"$ref": 1}}}}, {"unit": {}},
     {"unlisted": {"type": []}}],
)  # fmt: skip
def test_a_line_that_is_no_record_is_named(tmp_path: Path, record: Any) -> None:
    path = tmp_path / "s.jsonl"
    lines = [{"schema": "assay-snapshot/1"}, record, {"end": {"resources": 1}}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    intake = load(path)
    assert intake.resources == []
    (told,) = intake.coverage.inputs
    assert (told["status"], told["reason"]) == ("failed", "line 2 is no record of a snapshot")


@pytest.mark.parametrize("header", [{"feeds": []}, {"feeds": {"aws": 5}}, {"left_out": [{}]}])
def test_a_header_that_is_none_is_named(tmp_path: Path, header: dict[str, Any]) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps({"schema": "assay-snapshot/1", **header}) + "\n", encoding="utf-8")
    (told,) = load(path).coverage.inputs
    assert told["reason"] == "line 1 is no record of a snapshot"


@pytest.mark.parametrize("size", [12, 20, 30])
def test_a_snapshot_of_which_next_to_nothing_is_left_is_not_passed_over(tmp_path: Path, size: int) -> None:
    write(tmp_path / "s.jsonl.gz")
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes((tmp_path / "s.jsonl.gz").read_bytes()[:size])
    (told,) = load(path).coverage.inputs
    assert told["status"] == "failed"
    assert "cut off" in told["reason"]
