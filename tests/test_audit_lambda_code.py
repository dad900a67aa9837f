"""`assay audit aws --function-code` on a moto server: what is downloaded, what is said of it, and what is kept of it.

moto tells locations that nobody can fetch, so a relay before it puts its own there and serves the archives that moto
was given; it refuses what the test wants refused.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from assay.cli import main
from moto.server import ThreadedMotoServer

REGION, SECRET = "eu-west-1", "hR7!kq2Zx9vT4mWp"
CLEAN = "def handler(event, context):\n    return 1\n"
LEAKY = f'import os\n\nDB_PASSWORD = "{SECRET}"\n\n\ndef handler(event, context):\n    os.system(event["run"])\n'
WRAPPER = """import boto3

table = boto3.resource("dynamodb").Table("orders")


def handler(event, context):
    return table.put_item(Item=event)
"""
THEMES = ("--select", "layer-security")


def archive(**entries: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in entries.items():
            made.writestr(name.replace("__", "/").replace("_py", ".py").replace("_json", ".json"), text)
    return stream.getvalue()


FUNCTIONS = {
    "leaky": archive(app_py=LEAKY),
    "clean": archive(app_py=CLEAN),
    "large": archive(app_py=CLEAN, **{"data.bin": os.urandom(300_000).hex()}),
    "denied": archive(app_py=CLEAN),
    "forbidden": archive(app_py=CLEAN),
    "moved": archive(app_py=CLEAN),
    "swapped": archive(app_py=CLEAN),
    "guest": archive(app_py=CLEAN),
    "visitor": archive(app_py=CLEAN),
    "wrapper": archive(app_py=WRAPPER),
}
STRANGE = "arn:aws:lambda:eu-west-1:999999999999:layer:strange:7"
"""A layer of another account, which two functions use; moto knows no such layer."""
OTHERS = {"strange": archive(python__keys_py=f'API_TOKEN = "{SECRET}"\n')}
LAYERS = {
    "first": archive(python__prices_py="PRICE = 1\n", python__boto3____init___py=""),
    "second": archive(
        python__prices_py="PRICE = 2\n", **{"nodejs/node_modules/tar/package.json": '{"version": "6.1.0"}'}
    ),
}


class Relay(ThreadingHTTPServer):
    """Before moto: passes everything on, tells locations of its own, and keeps a log of what was fetched from them."""

    daemon_threads = True

    def __init__(self, moto: tuple[str, int]) -> None:
        self.moto = moto
        self.fetched: list[tuple[str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Relay

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        if self.path.startswith("/archives/"):
            self.server.fetched.append((name, dict(self.headers)))
            refused = {"forbidden": 403, "moved": 302}.get(name)
            if refused:
                self._answer(refused, b"", {"Location": f"{self.server.url}/archives/clean"} if refused == 302 else {})
            else:
                name = "leaky" if name == "swapped" else name
                self._answer(200, {**FUNCTIONS, **LAYERS, **OTHERS}[name])
        elif "find=LayerVersion" in self.path:
            size = {"CodeSize": len(OTHERS["strange"]), "Location": f"{self.server.url}/archives/strange"}
            self._answer(200, json.dumps({"Content": size, "LayerVersionArn": STRANGE, "Version": 7}).encode())
        elif "/functions/denied" in self.path and self.path.endswith("/denied"):
            body = json.dumps({"Message": "not authorized to perform lambda:GetFunction"}).encode()
            self._answer(403, body, {"x-amzn-ErrorType": "AccessDeniedException", "Content-Type": "application/json"})
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        moto = HTTPConnection(*self.server.moto)
        moto.request(self.command, self.path, body, dict(self.headers))
        answer = moto.getresponse()
        told = answer.read()
        found = json.loads(told) if self.command == "GET" and told[:1] == b"{" else {}
        place = found.get("Content") or found.get("Code")
        if place:
            arn = found.get("LayerArn") or found["Configuration"]["FunctionArn"]
            place["Location"] = f"{self.server.url}/archives/{arn.rpartition(':')[2]}?X-Amz-Signature=s1gnature"
            told = json.dumps(found).encode()
        for one in [*found.get("Functions", ()), found]:
            if one.get("FunctionName") in ("guest", "visitor"):
                one["Layers"] = [{"Arn": STRANGE, "CodeSize": 1}]
                told = json.dumps(found).encode()
        kept = ("content-type", "x-amzn-errortype")
        self._answer(answer.status, told, {k: v for k, v in answer.getheaders() if k.lower() in kept})

    do_POST = _pass_on  # noqa: N815 - the library names it


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("AWS_")]:
            patch.delenv(name)
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            patch.setenv(f"AWS_{name}", "testing")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
            patch.setenv(f"AWS_{name}", os.devnull)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        relay = Relay((host, port))
        Thread(target=relay.serve_forever, daemon=True).start()
        _populate(relay.url)
        yield relay
        relay.shutdown()
        relay.server_close()
        server.stop()


def _populate(url: str) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole"}]}  # fmt: skip
    iam = boto3.client("iam", endpoint_url=url)
    role = iam.create_role(RoleName="code", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    aws = boto3.client("lambda", endpoint_url=url)
    layers = [
        aws.publish_layer_version(LayerName=name, Content={"ZipFile": data})["LayerVersionArn"]
        for name, data in LAYERS.items()
    ]
    for name, data in FUNCTIONS.items():
        arn = aws.create_function(
            FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=role, Code={"ZipFile": data},
            Layers=layers if name == "clean" else [],
        )["FunctionArn"]  # fmt: skip
        if name in ("clean", "wrapper"):
            parameters = {"FunctionName": arn, "Payload.$": "$"}
            task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters, "End": True}
            boto3.client("stepfunctions", endpoint_url=url).create_state_machine(
                name=f"calls-{name}", roleArn=role, definition=json.dumps({"StartAt": "Do", "States": {"Do": task}})
            )


class Audit:
    """One audit: its exit code, its report and its snapshot."""

    def __init__(self, folder: Path, relay: Relay, *more: str) -> None:
        self.save = folder / "s.jsonl.gz"
        self.code = main([
            "audit", "aws", "--endpoint", relay.url, "--regions", REGION, "--services", "lambda", "-q", "--show-passes",
            "--save", str(self.save), "-o", f"json={folder}/r.json", *more,
        ])  # fmt: skip
        self.report = json.loads((folder / "r.json").read_text())
        self.snapshot = gzip.decompress(self.save.read_bytes()).decode()

        self.fetched = list(relay.fetched)

    def verdicts(self, rule: str) -> dict[str, str]:
        return {name(f): f["verdict"] for f in self.report["findings"] if f["rule"] == rule}

    def messages(self, rule: str) -> set[tuple[str, str]]:
        return {(name(f), f["message"]) for f in self.report["findings"] if f["rule"] == rule}


def name(finding: dict[str, Any]) -> str:
    parts = finding["resource"]["address"].removesuffix("/code").split(":")
    return str(parts[6])


@pytest.fixture(scope="module")
def audit(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """Everything at once; the bound is lowered so that a third of a megabyte is too large."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("temporary")
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setattr("assay.inventory.aws.code.MAX_SIZE", 200_000)
        relay.fetched.clear()
        yield Audit(tmp_path_factory.mktemp("code"), relay, "--function-code", *THEMES)
        assert list(folder.iterdir()) == [], "nothing that was downloaded is left"


UNKNOWN = dict.fromkeys(("large", "denied", "forbidden", "moved", "swapped"), "unknown")


def test_code_is_judged_as_that_of_files_is(audit: Audit) -> None:
    secrets = audit.verdicts("aws-lambda-code-secret")
    passed = dict.fromkeys(("clean", "guest", "visitor", "wrapper", "first", "second", "strange"), "pass")
    assert secrets == {**UNKNOWN, **passed, "leaky": "fail"}
    assert ("leaky", "app.py:3 holds a credential (DB_PASSWORD)") in audit.messages("aws-lambda-code-secret")
    assert audit.verdicts("aws-layer-dangerous-code")["leaky"] == "fail"
    assert audit.verdicts("aws-layer-unsafe-archive")["clean"] == "pass"


def test_packages_are_told_of_the_layer(relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = "aws-layer-vulnerable-package"
    advisory = {"id": "GHSA-1", "affected": [{"package": {"ecosystem": "npm", "name": "tar"}, "ranges": [
        {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "6.1.2"}]}]}]}  # fmt: skip
    (tmp_path / "osv.json").write_text(json.dumps(advisory))
    (tmp_path / "assay.toml").write_text(f'[params.{rule}]\nadvisories = ["{tmp_path}/osv.json"]\n')
    monkeypatch.chdir(tmp_path)
    relay.fetched.clear()
    audit = Audit(tmp_path, relay, "--function-code", "--select", rule)
    failed = [f for f in audit.report["findings"] if f["verdict"] == "fail"]
    assert [(f["resource"]["type"], f["message"].partition(" (")[0]) for f in failed] == [
        ("aws_lambda_layer_version", "tar 6.1.0 has GHSA-1")
    ]
    assert [n for n, _ in relay.fetched].count("second") == 1, "one download tells of its packages and its code"


def test_layers_of_a_function_are_merged(audit: Audit) -> None:
    shadows = audit.messages("aws-layer-shadows-runtime")
    assert ("first", "the layer hides boto3 of the runtime") in shadows
    (merged,) = [m for n, m in shadows if n == "clean" and "overwrites" in m]
    assert "overwrites python/prices.py of arn:aws:lambda" in merged
    assert audit.verdicts("aws-layer-too-large")["clean"] == "pass"


def test_layers_of_other_accounts_are_looked_at_once(audit: Audit) -> None:
    found = [f for f in audit.report["findings"] if f["rule"] == "aws-layer-secret" and f["verdict"] == "fail"]
    assert [(f["resource"]["address"], f["message"]) for f in found] == [
        (f"{STRANGE}/code", "python/keys.py:1 holds a credential (API_TOKEN)")
    ]
    assert audit.verdicts("aws-layer-shadows-runtime")["guest"] == "pass"


def test_what_could_not_be_had_is_said(audit: Audit) -> None:
    assert audit.code == 1
    rows = {(u["status"], u["reason"].partition(" (and")[0]) for u in audit.report["coverage"]["units"]}
    assert {status for status, _ in rows} == {"denied", "failed"}
    said = {n: m for n, m in audit.messages("aws-lambda-code-secret") if n in UNKNOWN}
    assert "AccessDeniedException" in said["denied"]
    assert "127.0.0.1 answers 403" in said["forbidden"]
    assert "127.0.0.1 answers 302" in said["moved"]
    assert "TooLarge" in said["large"]
    assert "not the archive that Lambda tells of" in said["swapped"]
    fetched = [n for n, _ in audit.fetched]
    assert sorted(set(fetched)) == sorted({*FUNCTIONS, *LAYERS, *OTHERS} - {"large", "denied"})
    assert not [h for _, headers in audit.fetched for h in headers if h.lower() in ("authorization", "cookie")]


def test_nothing_of_the_code_is_kept(audit: Audit) -> None:
    for text in (audit.snapshot, json.dumps(audit.report)):
        assert SECRET not in text
        assert "s1gnature" not in text
        assert "return 1" not in text
        assert "PRICE" not in text
    assert "DB_PASSWORD" in audit.snapshot, "the name is a fact"


def test_the_snapshot_gives_the_same_findings_later(audit: Audit, tmp_path: Path) -> None:
    again = main(["scan", str(audit.save), "-q", "--show-passes", *THEMES, "-o", f"json={tmp_path}/r.json"])
    later = json.loads((tmp_path / "r.json").read_text())
    assert again == audit.code
    assert later["findings"] == audit.report["findings"]


def test_facts_of_another_form_are_unknown(audit: Audit, tmp_path: Path) -> None:
    other = audit.snapshot.replace('"packages":', '"bundles":')
    assert other != audit.snapshot
    (tmp_path / "other.jsonl").write_text(other)
    main(["scan", str(tmp_path / "other.jsonl"), "-q", "--select", "aws-lambda-code-secret", "-o",
          f"json={tmp_path}/r.json"])  # fmt: skip
    summary = json.loads((tmp_path / "r.json").read_text())["summary"]
    assert (summary["fail"], summary["unknown"]) == (0, len(FUNCTIONS)), "layers are another rule's"


def test_findings_without_a_snapshot_stand_at_entries(relay: Relay, tmp_path: Path) -> None:
    main(["audit", "aws", "--endpoint", relay.url, "--regions", REGION, "--services", "lambda", "-q", "--function-code",
          "--select", "aws-lambda-code-secret", "-o", f"json={tmp_path}/r.json"])  # fmt: skip
    found = json.loads((tmp_path / "r.json").read_text())["findings"]
    (place,) = [f["location"] for f in found if f["verdict"] == "fail"]
    assert place["file"].endswith(":function:leaky/code!/app.py")
    assert place["start_line"] == 3


def test_what_is_missing_alone_is_incomplete(relay: Relay, tmp_path: Path) -> None:
    audit = Audit(tmp_path, relay, "--function-code", "--select", "aws-lambda-code-secret", "--fail-on", "never")
    assert audit.code == 3


def test_a_function_that_only_passes_on_is_told_to_its_machine(relay: Relay, tmp_path: Path) -> None:
    rule = "aws-sfn-wrapper-lambda"
    both = ("--select", rule, "--services", "lambda,stepfunctions")
    asked = Audit(tmp_path, relay, "--function-code", *both)
    assert asked.verdicts(rule) == {"calls-wrapper": "fail", "calls-clean": "pass"}
    (tmp_path / "without").mkdir()
    without = Audit(tmp_path / "without", relay, *both)
    assert without.verdicts(rule) == {"calls-wrapper": "unknown", "calls-clean": "unknown"}


def test_no_code_is_asked_for_unless_wanted(relay: Relay, tmp_path: Path) -> None:
    relay.fetched.clear()
    audit = Audit(tmp_path, relay, *THEMES)
    assert relay.fetched == []
    assert '"archive"' not in audit.snapshot.partition("\n")[2]
    assert audit.verdicts("aws-lambda-code-secret") == {}
    for rule in ("aws-layer-too-large", "aws-layer-shadows-runtime"):
        assert audit.verdicts(rule) == {}, "a function whose code nobody has seen does not pass"


def test_no_more_than_so_many(relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.inventory.aws.code.MAX_ARCHIVES", 2)
    relay.fetched.clear()
    audit = Audit(tmp_path, relay, "--function-code", "--select", "aws-lambda-code-secret")
    assert len(relay.fetched) == 2
    assert any("TooMany" in (u["reason"] or "") for u in audit.report["coverage"]["units"])


def test_permissions_only_with_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    def actions(*more: str) -> set[str]:
        assert main(["audit", "aws", "--print-permissions", *more]) == 0
        return set(json.loads(capsys.readouterr().out)["Statement"][0]["Action"])

    added = actions("--function-code") - actions()
    assert added == {"lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:GetLayerVersion"}
    assert actions("--function-code", "--select", "aws-sqs-no-dlq") == actions("--select", "aws-sqs-no-dlq")


@pytest.mark.parametrize("location", ["s3://bucket/layer.zip", "file:///etc/passwd", "https://", ""])
def test_only_web_addresses_are_asked(location: str) -> None:
    from assay.inventory.aws.code import download
    from assay.inventory.aws.walk import CallFailed

    nobody: Any = None
    with tempfile.TemporaryFile() as file:
        with pytest.raises(CallFailed) as refused:
            download(nobody, location, file)
        assert refused.value.code == "NoLocation"
        assert file.tell() == 0
