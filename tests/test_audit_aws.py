"""`assay audit aws` on moto: what it finds in a populated account, what it says when it is refused, throttled, killed.

moto is in this process for speed, and a server process where the whole program is to be seen.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from assay.cli import main
from aws_account import apart
from aws_population import ACCOUNT, REGION, WATCHED, populate
from botocore import xform_name
from moto import mock_aws
from moto.core.authorization import enable_iam_authentication
from moto.iam.access_control import IAMPolicy, IAMRequestBase
from moto.server import ThreadedMotoServer

SOURCE = Path(__file__).resolve().parents[1] / "scanner"
MOTO = {
    "s3:ListBucket": "s3:GetEncryptionConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "batch:describejobdefinitions": "batch:DescribeJobDefinitions",
    "budgets:DescribeBudgets": "budgets:ViewBudget",
}
CONFIG: Any = {"lambda": {"use_docker": False}}
COPIES = 3


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        apart(patch)
        yield


@pytest.fixture(scope="module")
def account(environment: None) -> Iterator[None]:
    with mock_aws(config=CONFIG):
        populate(boto3.Session(), copies=COPIES)
        yield


@pytest.fixture(scope="module")
def audited(account: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot and the report of the populated account."""
    folder = tmp_path_factory.mktemp("audit")
    audit(folder / "a.jsonl.gz", "-o", f"json={folder}/a.json", "--show-passes")
    return folder


def audit(save: Path | None, *more: str, regions: str = REGION) -> int:
    """An audit of these regions; with "" of those that are enabled."""
    saved = ("--save", str(save)) if save else ()
    return main(["audit", "aws", *(("--regions", regions) if regions else ()), "-q", *saved, *more])


def report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def resources(snapshot: Path) -> list[dict[str, Any]]:
    with gzip.open(snapshot, "rt") as lines:
        return [r["resource"] for r in map(json.loads, lines) if "resource" in r]


def not_ok(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The units with a problem that is not a gap of moto."""
    units = [u for u in found["coverage"]["units"] if u["status"] != "ok"]
    return [u for u in units if "the endpoint does not support it" not in u["reason"]]


# --- what it finds ----------------------------------------------------------------------------------------------------


def test_the_account_is_large_and_whole(audited: Path) -> None:
    mine = [r for r in resources(audited / "a.jsonl.gz") if r["type"] != "aws_ebs_snapshot"]  # moto brings those
    assert len(mine) >= 150
    assert {r["account"] for r in mine} == {ACCOUNT}
    assert not_ok(report(audited / "a.json")) == []


@pytest.mark.parametrize(("type_", "rule"), WATCHED.items())
def test_good_ones_pass_and_bad_ones_fail(audited: Path, type_: str, rule: str) -> None:
    names = {r["address"]: label(r) for r in resources(audited / "a.jsonl.gz") if r["type"] == type_}
    verdicts: dict[str, set[str]] = {"good": set(), "bad": set()}
    counts = {"good": 0, "bad": 0}
    for finding in report(audited / "a.json")["findings"]:
        kind = names.get(finding["resource"]["address"], "")
        if finding["rule"] == rule and finding["resource"]["type"] == type_ and kind:
            verdicts[kind].add(finding["verdict"])
            counts[kind] += 1
    assert verdicts == {"good": {"pass"}, "bad": {"fail"}}
    assert counts["good"] == COPIES
    assert counts["bad"] == COPIES


ENCRYPTED = {True: "good", False: "bad"}


def label(r: dict[str, Any]) -> str:
    """`good` or `bad`, by the name of a resource or of what it belongs to."""
    if r["type"] == "aws_ebs_volume":
        return ENCRYPTED[r["values"]["encrypted"]]
    if r["type"] == "aws_s3_bucket_public_access_block":
        return ""
    if r["type"] == "aws_kms_key":
        return str(r["values"].get("description", "")).partition("-")[0] if "-" in r["values"]["description"] else ""
    name = str(r.get("name", "")).lstrip("/")
    kind = name.partition("-")[0]
    return kind if kind in ("good", "bad") and name.endswith((*"0123456789", "-orders")) else ""


def test_secrets_are_masked_before_they_are_written_and_found_all_the_same(audited: Path) -> None:
    text = gzip.decompress((audited / "a.jsonl.gz").read_bytes()).decode()
    assert "hunter2" not in text
    assert "DB_PASSWORD" in text
    assert "debug" not in text
    failed = [f for f in report(audited / "a.json")["findings"] if f["rule"] == "aws-lambda-env-secret"]
    assert {f["resource"]["address"].rpartition(":")[2] for f in failed if f["verdict"] == "fail"} == {
        f"bad-{i}" for i in range(COPIES)
    }


def test_the_snapshot_is_the_same_whatever_the_threads_do(audited: Path, tmp_path: Path) -> None:
    audit(tmp_path / "b.jsonl.gz", "--jobs", "2", "-o", f"json={tmp_path}/b.json")
    assert (tmp_path / "b.jsonl.gz").read_bytes() == (audited / "a.jsonl.gz").read_bytes()


def test_the_snapshot_alone_gives_the_same_findings(audited: Path, tmp_path: Path) -> None:
    main(["scan", str(audited / "a.jsonl.gz"), "-q", "--show-passes", "-o", f"json={tmp_path}/b.json"])
    assert report(tmp_path / "b.json")["findings"] == report(audited / "a.json")["findings"]


def test_without_a_snapshot_findings_stand_at_addresses(account: None, tmp_path: Path) -> None:
    code = audit(
        None,
        "--services",
        "sqs",
        "--select",
        "aws-sqs-no-customer-key",
        "-o",
        f"json={tmp_path}/a.json",
        "-o",
        f"sarif={tmp_path}/a.sarif",
    )
    assert code == 1
    found = report(tmp_path / "a.json")["findings"]
    assert len(found) == 2 * COPIES + 1
    assert {f["location"]["file"] for f in found} == {f["resource"]["address"] for f in found}
    assert not [u for f in found for u in f["location"]["file"].split("/") if "assay-audit" in u]


# --- what it may read -------------------------------------------------------------------------------------------------


def auditor(policy: dict[str, Any] | None, name: str) -> dict[str, str]:
    """The keys of a user with this policy and no other."""
    iam = boto3.client("iam")
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="audit", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def permissions(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["audit", "aws", "--print-permissions"]) == 0
    policy: dict[str, Any] = json.loads(capsys.readouterr().out)
    return policy


def as_auditor(
    keys: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str, regions: str = REGION
) -> int:
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    # moto calculates the signature of a GET in its own way, calls actions by their operation, and those of S3 that
    # it does not know `ListBucket`.
    monkeypatch.setattr(IAMRequestBase, "check_signature", lambda request: None)
    permitted = IAMPolicy.is_action_permitted

    def by_real_name(self: IAMPolicy, action: str, *more: Any, **named: Any) -> Any:
        plain = "s3:ListBucket" if action.startswith("s3:ListBucket") else action
        name = "apigateway:GET" if action.startswith("apigateway:") else MOTO.get(plain, plain)
        name = name.replace("monitoring:", "cloudwatch:")
        return permitted(self, name, *more, **named)

    monkeypatch.setattr(IAMPolicy, "is_action_permitted", by_real_name)
    with enable_iam_authentication():
        return audit(tmp_path / "s.jsonl.gz", "--show-passes", "-o", f"json={tmp_path}/r.json", *more, regions=regions)


def test_exactly_the_printed_permissions_suffice(
    account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = permissions(capsys)
    as_auditor(auditor(policy, "exact"), tmp_path, monkeypatch)
    assert not_ok(report(tmp_path / "r.json")) == []


def test_one_action_less_is_a_denial_that_is_said(
    account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = permissions(capsys)
    actions = policy["Statement"][0]["Action"]
    for action in ("sqs:ListQueues", "kms:GetKeyRotationStatus"):
        actions.remove(action)
    as_auditor(auditor(policy, "less"), tmp_path, monkeypatch)
    found = report(tmp_path / "r.json")
    denied = {u["service"]: u["reason"] for u in not_ok(found)}
    assert set(denied) == {"sqs", "kms"}
    assert denied["sqs"].startswith("ListQueues: AccessDenied")
    assert denied["kms"].startswith("GetKeyRotationStatus: AccessDenied")
    verdicts = {f["rule"]: f["verdict"] for f in found["findings"] if f["rule"] == "aws-kms-key-not-rotated"}
    assert verdicts == {"aws-kms-key-not-rotated": "unknown"}
    assert {f["verdict"] for f in found["findings"] if f["rule"] == "aws-sqs-no-dlq"} == {"not_evaluated"}


def test_an_account_that_is_wholly_denied_has_no_verdict_at_all(
    account: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = as_auditor(auditor(None, "nobody"), tmp_path, monkeypatch)
    found = report(tmp_path / "r.json")
    assert code == 3
    assert {f["verdict"] for f in found["findings"]} == {"not_evaluated"}
    assert found["summary"]["pass"] == found["summary"]["fail"] == 0
    assert found["summary"]["not_evaluated"] > 300
    statuses = {u["status"] for u in found["coverage"]["units"]}
    assert statuses <= {"denied", "failed"}, "a service that moto does not have fails, every other one is denied"


def test_regions_that_cannot_be_listed_are_not_taken_for_empty(
    account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = permissions(capsys)
    policy["Statement"][0]["Action"].remove("ec2:DescribeRegions")
    keys = auditor(policy, "regionless")
    code = as_auditor(keys, tmp_path, monkeypatch, "--services", "sqs,iam", "--fail-on", "never", regions="")
    assert code == 3
    (unit,) = not_ok(report(tmp_path / "r.json"))
    assert (unit["region"], unit["service"], unit["status"]) == ("other regions", "ec2", "denied")
    assert unit["reason"].startswith("DescribeRegions: AccessDenied")
    assert f"only {REGION} is looked at" in unit["reason"]
    with gzip.open(tmp_path / "s.jsonl.gz", "rt") as lines:
        found = [r["unlisted"] for r in map(json.loads, lines) if "unlisted" in r]
    unlisted = {r["type"] for r in found if r["region"] == "other regions"}
    assert "aws_sqs_queue" in unlisted
    assert not {t for t in unlisted if t.startswith("aws_iam_")}, "IAM is of no region"


# --- throttling, paging -----------------------------------------------------------------------------------------------


class Raw:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: object) -> bytes:
        return self._body


def inject(client: Any, operation: str, status: int, body: bytes, times: int) -> list[str]:
    """Answer the next `times` calls of an operation in the client, before anybody else does; the list is a log."""
    from botocore.awsrequest import AWSResponse

    log: list[str] = []

    def answer(request: Any, event_name: str, **_: object) -> Any:
        if event_name.rpartition(".")[2] != operation:
            return None
        log.append(operation)
        return AWSResponse(request.url, status, {}, Raw(body)) if len(log) <= times else None

    client.meta.events.register_first("before-send", answer)
    return log


@pytest.fixture
def throttled(account: None, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Every SQS client answers its first calls of ListQueues with a throttle."""
    from assay.inventory.aws.transport import Clients

    logs: list[list[str]] = []
    original = Clients.get
    body = b'{"__type": "com.amazonaws.sqs#ThrottlingException", "message": "Rate exceeded"}'

    def client(self: Clients, service: str, region: str) -> Any:
        found = original(self, service, region)
        if service == "sqs" and not hasattr(found, "injected"):
            found.injected = True
            logs.append(inject(found, "ListQueues", 400, body, int(os.environ["THROTTLES"])))
        return found

    monkeypatch.setattr(Clients, "get", client)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return logs


def test_a_throttle_is_waited_out(throttled: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROTTLES", "2")
    audit(tmp_path / "s.jsonl.gz", "--services", "sqs", "-o", f"json={tmp_path}/r.json")
    assert [len(log) for log in throttled] == [3], "two refusals and the answer"
    assert not_ok(report(tmp_path / "r.json")) == []
    assert sum(r["type"] == "aws_sqs_queue" for r in resources(tmp_path / "s.jsonl.gz")) == 2 * COPIES + 1


def test_a_throttle_without_end_is_said_and_nothing_is_claimed(
    throttled: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROTTLES", "100")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    audit(tmp_path / "s.jsonl.gz", "--services", "sqs", "-o", f"json={tmp_path}/r.json")
    assert [len(log) for log in throttled] == [3]
    (unit,) = not_ok(report(tmp_path / "r.json"))
    assert (unit["service"], unit["status"]) == ("sqs", "throttled")
    assert unit["reason"].startswith("ListQueues: ThrottlingException")
    about = {f["verdict"] for f in report(tmp_path / "r.json")["findings"] if f["resource"]["type"] == "aws_sqs_queue"}
    assert about == {"not_evaluated"}


def elsewhere(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    """Go to an account where nothing is: moto keeps one state a process."""
    role = f"arn:aws:iam::{number}:role/admin"
    keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])


def test_every_page_is_read(environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws(config=CONFIG):
        elsewhere(monkeypatch, "444455556666")
        session = boto3.Session()  # the default one keeps the keys it was made with
        events, secrets = session.client("events"), session.client("secretsmanager")
        for i in range(120):
            events.put_rule(Name=f"r{i}", ScheduleExpression="rate(1 day)")
            secrets.create_secret(Name=f"s{i}", SecretString="x")
        audit(tmp_path / "s.jsonl.gz", "--services", "events,secretsmanager", "-o", f"json={tmp_path}/r.json")
    types = [r["type"] for r in resources(tmp_path / "s.jsonl.gz")]
    assert types.count("aws_cloudwatch_event_rule") == 120
    assert types.count("aws_secretsmanager_secret") == 120


def test_pages_that_botocore_has_no_paginator_for_are_followed_by_their_token() -> None:
    from assay.inventory.aws.transport import Boto, Clients
    from botocore.stub import Stubber

    boto = Boto(Clients(boto3.Session()), REGION)
    client = boto.clients.get("wafv2", REGION)
    assert not client.can_paginate("list_web_acls")
    with Stubber(client) as stub:
        for asked, given in ((None, "t1"), ("t1", "t2"), ("t2", None)):
            request = {"Scope": "REGIONAL"} | ({"NextMarker": asked} if asked else {})
            answer: dict[str, Any] = {"WebACLs": [{"Name": f"after-{asked}"}]}
            stub.add_response("list_web_acls", answer | ({"NextMarker": given} if given else {}), request)
        pages = list(boto.call("wafv2", "ListWebACLs", Scope="REGIONAL"))
    assert [p["WebACLs"][0]["Name"] for p in pages] == ["after-None", "after-t1", "after-t2"]


def test_pages_that_begin_after_the_last_item_are_followed() -> None:
    """Firehose tells ten streams at a time, with neither token nor paginator."""
    from assay.inventory.aws.transport import Boto, Clients
    from botocore.stub import Stubber

    boto = Boto(Clients(boto3.Session()), REGION)
    client = boto.clients.get("firehose", REGION)
    with Stubber(client) as stub:
        for asked, names, more in ((None, ["a", "b"], True), ("b", ["c"], False)):
            request = {"ExclusiveStartDeliveryStreamName": asked} if asked else {}
            stub.add_response(
                "list_delivery_streams", {"DeliveryStreamNames": names, "HasMoreDeliveryStreams": more}, request
            )
        pages = list(boto.call("firehose", "ListDeliveryStreams"))
    assert [n for p in pages for n in p["DeliveryStreamNames"]] == ["a", "b", "c"]


PAGED = re.compile(r"(?i)(next\w*token|marker|nexttoken|hasmore|lastevaluated|truncated)")


def test_every_operation_that_answers_in_pages_is_followed() -> None:
    """By botocore's paginator, by its token, or by what `transport` knows of it."""
    from assay.inventory.aws.replay import all_services
    from assay.inventory.aws.transport import _LAST, Clients, _paging

    clients = Clients(boto3.Session())
    lost = []
    for name, operation in sorted({o for service in all_services() for o in service.operations()}):
        client = clients.get(name, "us-east-1")
        if client.can_paginate(xform_name(operation)):
            continue
        _, next_of = _paging(client, name, operation)
        output = client.meta.service_model.operation_model(operation).output_shape
        for path, shape in members(output):
            if not PAGED.fullmatch(path[-1]):
                continue
            answer: Any = "t"
            for step in reversed(path):
                answer = {step: answer}
            told = (name, operation) in _LAST if shape.type_name == "boolean" else next_of(answer) == "t"
            if not told:
                lost.append(f"{name}.{operation}: {'.'.join(path)}")
    assert lost == []


def members(output: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The members of an answer, and of the structures right in it, with their paths."""
    for name, shape in output.members.items() if output else ():
        yield (name,), shape
        if shape.type_name == "structure":
            yield from (((name, inner), one) for inner, one in shape.members.items())


# --- many accounts ----------------------------------------------------------------------------------------------------


def test_every_account_of_the_organization_is_visited_and_one_that_is_closed_costs_itself_only(
    environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assay.inventory.aws import accounts
    from assay.inventory.aws.walk import CallFailed

    with mock_aws(config=CONFIG):
        organizations = new_organization()
        members = [
            organizations.create_account(Email=f"{i}@example.com", AccountName=f"a{i}")["CreateAccountStatus"][
                "AccountId"
            ]
            for i in range(2)
        ]
        for member in members:
            role = f"arn:aws:iam::{member}:role/audit"
            keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
            sqs = boto3.client(
                "sqs", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys["SessionToken"],
            )  # fmt: skip
            sqs.create_queue(QueueName=f"of-{member}")
        real = accounts._ask

        def closed(boto: Any, service: str, operation: str, **params: Any) -> Any:
            if members[0] in str(params.get("RoleArn")):
                raise CallFailed("denied", "AccessDenied", "not authorized to perform sts:AssumeRole")
            return real(boto, service, operation, **params)

        monkeypatch.setattr(accounts, "_ask", closed)
        audit(tmp_path / "s.jsonl.gz", "--accounts", "all", "--role-name", "audit", "-o", f"json={tmp_path}/r.json")
        audit(
            tmp_path / "o.jsonl.gz", "--accounts", members[1], "--role-name", "audit", "-o", f"json={tmp_path}/o.json"
        )
    queues = {
        r["account"]: r["name"]
        for r in resources(tmp_path / "s.jsonl.gz")
        if r["account"] in members and r["type"] == "aws_sqs_queue"
    }
    assert queues == {members[1]: f"of-{members[1]}"}
    (unit,) = not_ok(report(tmp_path / "r.json"))
    assert (unit["account"], unit["status"]) == (members[0], "denied")
    assert "cannot be entered" in unit["reason"]
    of_closed = {
        f["verdict"] for f in report(tmp_path / "r.json")["findings"] if f["resource"]["account"] == members[0]
    }
    assert of_closed == {"not_evaluated"}
    assert {r["account"] for r in resources(tmp_path / "o.jsonl.gz")} == {members[1]}


def new_organization() -> Any:
    """A client of an organization of one account; what moto keeps of an earlier one outlives the mock."""
    from moto.organizations.models import organizations_backends

    organizations_backends.master_accounts.clear()
    for of_account in organizations_backends.values():
        for backend in of_account.values():
            backend.reset()
    organizations = boto3.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    return organizations


def test_units_below_a_unit_that_cannot_be_listed_are_said(
    environment: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock_aws(config=CONFIG):
        organizations = new_organization()
        root = organizations.list_roots()["Roots"][0]["Id"]
        allowed = ["organizations:ListAccountsForParent", "sts:GetCallerIdentity"]
        statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
        keys = auditor({"Version": "2012-10-17", "Statement": [statement]}, "lister")
        assert as_auditor(keys, tmp_path, monkeypatch, "--accounts", root, "--role-name", "audit") == 2
    said = capsys.readouterr().err
    assert "the accounts of the organization cannot be listed (ListChildren: AccessDenied" in said
    assert said.count("\n") == 1


def test_a_missing_role_is_said_before_anything_is_collected(
    account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(tmp_path / "s.jsonl.gz", "--services", "sqs", "--accounts", f"{ACCOUNT},999988887777") == 2
    assert "account 999988887777 is not the one of the credentials: name the role" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_credentials_of_one_account_are_never_used_for_another(environment: None, tmp_path: Path) -> None:
    """The accounts share their clients and threads, so every one has queues of the same names and other contents."""
    with mock_aws(config=CONFIG):
        organizations = new_organization()
        timeouts: dict[str, int] = {}
        for i in range(12):
            made = organizations.create_account(Email=f"{i}@example.com", AccountName=f"a{i}")
            member = made["CreateAccountStatus"]["AccountId"]
            role = f"arn:aws:iam::{member}:role/audit"
            keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
            sqs = boto3.client(
                "sqs", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys["SessionToken"],
            )  # fmt: skip
            timeouts[member] = 100 + i
            for name in ("orders", "bills", "mails"):
                sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(100 + i)})
        snapshot = tmp_path / "s.jsonl.gz"
        services = "kms,secretsmanager,sns,sqs"
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)  # as often as possible in the middle of a call
        try:
            accounts = ",".join(timeouts)
            audit(snapshot, "--accounts", accounts, "--role-name", "audit", "--services", services, "--jobs", "8")
        finally:
            sys.setswitchinterval(interval)
    found = [r for r in resources(snapshot) if r["type"] == "aws_sqs_queue"]
    assert len(found) == 36
    for r in found:
        assert r["account"] in r["values"]["arn"]
        assert r["values"]["visibility_timeout_seconds"] == timeouts[r["account"]]


# --- wrong calls ------------------------------------------------------------------------------------------------------


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["audit", "aws", *arguments]) == 2
    text = capsys.readouterr().err
    assert text.count("\n") == 1, text
    return text


def test_no_credentials(environment: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "there are no AWS credentials" in said(capsys)


def test_a_profile_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--profile ghost: there is no such profile" in said(capsys, "--profile", "ghost")


def test_a_region_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean eu-west-1?" in said(capsys, "--regions", "eu-wset-1")


def test_an_endpoint_of_the_environment_that_is_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "moto")
    assert "AWS_ENDPOINT_URL, or the configuration, has no address of AWS" in said(capsys)


def test_a_snapshot_in_the_place_of_a_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.jsonl.gz").mkdir()
    assert "this is a directory" in said(capsys, "--save", str(tmp_path / "s.jsonl.gz"))


def test_a_profile_of_the_environment_that_is_not_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "ghost")
    assert "there is no such profile in the AWS configuration" in said(capsys)


def test_an_endpoint_that_nobody_answers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert "AWS cannot be reached" in said(capsys, "--endpoint", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--role-name", "x"), "--role-name needs --accounts"),
        (("--accounts", "everything"), "--accounts everything"),
        (("--accounts", "111122223333"), "name the role to assume"),
        (("--resume",), "--resume needs --save"),
        (("--save", "x.json"), "ends in .jsonl.gz"),
        (("--jobs", "0"), "--jobs 0"),
        (("--endpoint", "moto"), "--endpoint moto: write an address"),
    ],
)
def test_wrong_use(
    account: None, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in said(capsys, *arguments)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ExpiredToken", "have expired"),
        ("RequestTimeTooSkewed", "clock is wrong"),
        ("SignatureDoesNotMatch", "secret key or this machine's clock"),
        ("InvalidClientTokenId", "does not know the access key"),
    ],
)
def test_credentials_that_aws_refuses(
    account: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, code: str, sentence: str
) -> None:
    from assay.inventory.aws.transport import Clients

    original = Clients.get
    body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"

    def client(self: Clients, service: str, region: str) -> Any:
        found = original(self, service, region)
        inject(found, "GetCallerIdentity", 403, body.encode(), 100)
        return found

    monkeypatch.setattr(Clients, "get", client)
    assert sentence in said(capsys)


# --- the whole program against a server, killed -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    found = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    found.start()
    host, port = found.get_host_and_port()
    url = f"http://{host}:{port}"
    for i in range(6):
        boto3.client("sqs", endpoint_url=url).create_queue(QueueName=f"q{i}")
    yield url
    found.stop()


PROGRAM = """
import os, sys, threading
from assay.inventory.aws import transport
log, lock, original, hold = sys.argv[1], threading.Lock(), transport.Boto.call, sys.argv[2]
def call(self, service, operation, **params):
    with lock, open(log, "a") as handle:
        handle.write(service + "." + operation + "\\n")
    if operation == hold:
        print("here", flush=True)
        threading.Event().wait()
    return original(self, service, operation, **params)
transport.Boto.call = call
from assay.cli import main
sys.exit(main(["audit", "aws", *sys.argv[3:]]))
"""


def run(server: str, log: Path, hold: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(log), hold, "--regions", REGION, "--endpoint", server, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_a_killed_audit_asks_only_for_what_is_missing(server: str, tmp_path: Path) -> None:
    save = tmp_path / "s.jsonl.gz"
    some = ("--services", "kms,s3,sqs,stepfunctions,sns", "-q")
    killed = run(server, tmp_path / "first", "ListStateMachines", "--save", str(save), "--jobs", "1", *some)
    assert killed.stdout
    assert killed.stdout.readline() == "here\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=20)
    assert not save.exists()
    again = run(server, tmp_path / "second", "-", "--save", str(save), "--resume", *some, "-o", "json")
    out, err = again.communicate(timeout=120)
    assert again.returncode == 1, err
    first = [line for line in (tmp_path / "first").read_text().split() if not line.startswith("sts.")]
    second = [line for line in (tmp_path / "second").read_text().split() if not line.startswith("sts.")]
    assert "sqs.GetQueueAttributes" in first
    done = {line for line in first if line != "stepfunctions.ListStateMachines"}
    assert done & set(second) == set()
    assert "stepfunctions.ListStateMachines" in second
    assert {f"q{i}" for i in range(6)} <= {r["name"] for r in resources(save) if r["type"] == "aws_sqs_queue"}
    fresh = run(server, tmp_path / "third", "-", "--save", str(tmp_path / "t.jsonl.gz"), *some, "-o", "json")
    assert fresh.communicate(timeout=120)[0].replace("t.jsonl", "s.jsonl") == out
    assert (tmp_path / "t.jsonl.gz").read_bytes() == save.read_bytes()
