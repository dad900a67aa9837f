"""Where what runs differs from its code, what is no difference, and what stays as it is without code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from assay.model import Unknown
from assay.scan import UsageError
from code_estate import ACCOUNT, INLINE, REGION, RULE, Estate, bucket, queue, rule, sg


@pytest.fixture
def estate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Estate:
    return Estate(tmp_path, capsys)


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


LOW = " (if it is that block: the link is of low confidence, by its name and vpc_id)"


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
        assert found["verdict"] == "unknown"
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


def test_a_block_that_fits_two_leaves_the_one_to_the_block_that_fits_no_other() -> None:
    """The code may say less of a block than runs: taken in order, the first would take what only the second fits."""
    from assay.provenance.normal import same

    code = [{"port": 80}, {"port": 80, "cidr": "10.0.0.0/8"}]
    live = [{"port": 80, "cidr": "10.0.0.0/8"}, {"port": 80, "cidr": "10.1.0.0/16"}]
    assert same(code, live, lambda _: None) is True
    assert same([code[1], code[1]], live, lambda _: None) is False
