"""Credentials never reach a report: every known form is hidden, whatever is no credential stays readable."""

from __future__ import annotations

import gc
import io
import itertools
import json
import random
import string
import time
from pathlib import Path
from typing import Any

import pytest
from assay import reports
from assay.model import Finding, Location, Resource, Verdict, lookup_quietly, parse_path
from assay.reports.masking import mask, mask_value, secret_name, spans
from assay.reports.places import Places
from assay.reports.shape import finding_dict
from hypothesis import given
from hypothesis import strategies as st
from report_samples import sample

ALPHABET = string.ascii_letters + string.digits


def drawn(length: int, alphabet: str = ALPHABET, seed: int = 7) -> str:
    """A random text with a digit in it, the same in every run: no real credential is in this file."""
    chosen = random.Random(seed)
    return "".join(chosen.choice(alphabet) for _ in range(length - 1)) + "7"


BODY = drawn(40)
KEY_LINES = [drawn(64, seed=n) for n in range(4)]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("AKIA" + drawn(16, string.ascii_uppercase), drawn(16, string.ascii_uppercase)),
        (f"key {drawn(40, ALPHABET + '/+')} end", drawn(40, ALPHABET + "/+")),
        *((f"token is {prefix}{BODY}", BODY) for prefix in (
            "ghp_", "github_pat_", "glpat-", "xoxb-", "npm_", "hf_", "sk-", "sk_live_", "hvs.", "AIza", "dop_v1_",
            "shpat_", "pypi-", "SG.", "GOCSPX-",
        )),
        (f"Authorization: Bearer {BODY}", BODY),
        (f"authorization = \"basic {BODY}\"", BODY),
        (f"eyJhbGciOiJI.eyJzdWIiOiIx{BODY}.{BODY}", BODY),
        ("postgres://app:s3cr3t@db:5432/x", "s3cr3t"),
        ("https://user:p%2Fss@host", "p%2Fss"),
        ("amqp://u:pa@ss@host", "pa@ss"),
        (f"https://x.blob.core.windows.net/c?sv=1&sig={BODY}", BODY),
        (f"https://hooks.slack.com/services/T0/B0/{BODY}", BODY),
        (f"https://objectstorage.eu.example/p/{BODY}/n/ns/b/o", BODY),
        ('password = "hunter2"', "hunter2"),
        ("password: hunter2", "hunter2"),
        ("PASSWORD=hunter2", "hunter2"),
        ("password='it''s'", "it"),
        ('master_user_password = "a\\"b"', 'a\\"b'),
        ('"clientSecret" : "abc def"', "abc def"),
        ('{"env":[{"name":"DB_PASSWORD","value":"hunter2"}]}', "hunter2"),
        ("- name: DB_PASSWORD\n  value: hunter2", "hunter2"),
        ('{ name = "API_TOKEN", value = "hunter2" }', "hunter2"),
        ('jsonencode("{\\"password\\":\\"hunter2\\"}")', "hunter2"),
        ('"{\\\\\\"password\\\\\\": \\\\\\"hunter2\\\\\\"}"', "hunter2"),
        ("Server=db;Password=hunter2;Timeout=3", "hunter2"),
        ("private_key = <<-EOT\n  one\n  two\nEOT\n", "two"),
        ("password: |\n  one\n  two\nother: 1", "two"),
        ("client_secret: >-\n  one\n  two\n", "two"),
        ("password = 123456", "123456"),
        ('passwords = ["one1", "two2"]', "two2"),
        ("db_password_2 = \"hunter2\"", "hunter2"),
        ("\n".join(["-----BEGIN RSA PRIVATE KEY-----", *KEY_LINES, "-----END RSA PRIVATE KEY-----"]), KEY_LINES[2]),
        ("\n".join(["-----BEGIN OPENSSH PRIVATE KEY-----", *KEY_LINES]), KEY_LINES[3]),
        ("\\n".join(["-----BEGIN PRIVATE KEY-----", *KEY_LINES, "-----END PRIVATE KEY-----"]), KEY_LINES[1]),
        ("kind: Secret\nmetadata: {}\ndata:\n  a: aGVsbG8=\n", "aGVsbG8="),
        ('kind: Secret\nstringData:\n  a: "x y"\ntype: Opaque', "x y"),
        ('{"kind": "Secret",\n "data": {"a": "aGVsbG8="}}', "aGVsbG8="),
        ('resource "kubernetes_secret" "x" {\n  data = {\n    a = "hello"\n  }\n}', "hello"),
        ('resource "aws_ssm_parameter" "x" {\n  value = "plain-as-that"\n}', "plain-as-that"),
        ('resource "oci_vault_secret" "x" {\n  secret_content {\n    content = "cGxhaW4="\n  }\n}', "cGxhaW4="),
        ('{"auths":{"r":{"auth":"dXNlcjpwYXNz"}}}', "dXNlcjpwYXNz"),
    ],
)  # fmt: skip
def test_a_credential_is_hidden_and_the_lines_stay(text: str, secret: str) -> None:
    masked = mask(text)
    assert secret not in masked
    assert "***" in masked
    assert masked.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "password = var.db_password",
        'password = "${var.db_password}"',
        "password = random_password.db.result",
        'password = data.aws_secretsmanager_secret_version.db["a"].secret_string',
        'token = file("token.txt")',
        "allow_credentials = true",
        'access_control_allow_credentials: "true"',
        'http_tokens = "required"',
        "max_password_age = 90",
        "minimum_password_length = 14",
        'secret_id = aws_secretsmanager_secret.db.id',
        'resource "aws_secretsmanager_secret" "db" {',
        'secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"',
        'kms_key_id = "alias/orders"',
        "password = null",
        'password = ""',
        "the password must have at least 14 characters",
        "a token: the function reads it at start",
        'if secret == var.x',
        "https://example.org/a:b/c@d",
        "module.very/long/path/of/a/directory/main.tf",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "ocid1.subnet.oc1.eu-frankfurt-1.aaaaaaaa7w3ezxk2mxq",
        "sk-eleton-of-a-module-that-is-long",
        "kind: ConfigMap\ndata:\n  a: hello\n",
        'routing_key = "orders"',
        "password: ${{ secrets.DB }}",
        "password = \"{{resolve:ssm:x}}\"",
        "PASSWORD=$DB_PASSWORD",
    ],
)  # fmt: skip
def test_what_is_no_credential_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("name", ["password", "DB_PASSWORD", "masterUserPassword", "client-secret", "api_key_2", "psk",
                                  "aws_secret_access_key", "private_key_pem", "SecretString", "token"])  # fmt: skip
def test_names_of_credentials(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize(
    "name", ["password_policy", "secret_arn", "token_validity", "kms_key_id", "sort_key", "tokens"]
)
def test_names_of_other_things(name: str) -> None:
    assert not secret_name(name)


def test_values_are_hidden_by_their_name_at_any_depth() -> None:
    value = {"user": "app", "password": "a b", "nested": [{"Name": "API_KEY", "Value": "xyz"}, {"token": 123456}]}
    assert mask_value("settings", value) == {
        "user": "app", "password": "***", "nested": [{"Name": "API_KEY", "Value": "***"}, {"token": "***"}],
    }  # fmt: skip
    assert mask_value("secret_arn", "arn:aws:x") == "arn:aws:x"
    assert mask_value("password", None) is None
    assert mask_value("password", True) is True


@given(st.text(alphabet="ab=:\"'\\ \n[]{}|<-E,;$.(", max_size=80), st.text(alphabet="ab\"' \n\\", max_size=30))
def test_masking_any_text_keeps_its_lines_and_ends(before: str, after: str) -> None:
    text = f"{before}password = {after}"
    masked = mask(text)
    assert masked.count("\n") == text.count("\n")
    found = spans(text)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found)), "spans are in order and apart"
    assert mask(masked) == masked, "masked once, there is nothing left to mask"


@pytest.mark.parametrize(
    "piece",
    ['password="', "name", "-----BEGIN PRIVATE KEY-----", "password = <<A\n", "://", "a:/", "\\", "secret: |\n",
     "kind: Secret\ndata: {\n", "password", "AKIA", "eyJaaaaaaaaa.", "password=[", "name='token' value=", "sk-",
     "[&?sig="],
)  # fmt: skip
def test_hostile_text_takes_linear_time(piece: str) -> None:
    """Ten times the text may take far more than ten times as long on a busy machine, but not a hundred times."""
    seconds = []
    for size in (30_000, 300_000):
        text = piece * (size // len(piece))
        gc.disable()  # the heap of the other tests is no matter of this one
        start = time.process_time()
        mask(text)
        seconds.append(time.process_time() - start)
        gc.enable()
    assert seconds[1] < 50 * max(seconds[0], 0.005)


@pytest.mark.parametrize("name", sorted(set(reports.FORMATS)))
def test_no_format_lets_a_password_through(name: str, tmp_path: Path) -> None:
    """The sample's rule quotes the password in its message, and the code beside it holds it too."""
    report = sample(tmp_path)
    said = io.StringIO()
    reports.writer(name)(report, said, {})
    assert "plain-password" in said.getvalue()
    assert "hunter2" not in said.getvalue()


def test_a_secret_stays_hidden_where_only_its_value_is_quoted(tmp_path: Path) -> None:
    report = sample(tmp_path)
    finding = next(f for f in report.findings if f.rule == "plain-password" and f.verdict.value == "fail")
    assert "hunter2" in finding.message, "the rule itself says it: only the report can hide it"
    said = io.StringIO()
    reports.writer("jsonl")(report, said, {})
    shown = next(d for d in map(json.loads, said.getvalue().splitlines()) if d["fingerprint"] == finding.fingerprint)
    assert shown["message"] == "the password *** is written in the code"
    assert shown["evidence"] == [{"path": "password", "value": "***"}]


def finding_on(type_: str, values: dict[str, Any], path: str, message: str = "") -> tuple[Finding, str]:
    """A finding on one attribute, and what json says of it."""
    r = Resource(type_, f"{type_}.x", "terraform", values)
    finding = Finding(r, Verdict.FAIL, message, parse_path(path))
    finding.evidence = [{"path": path, "value": lookup_quietly(values, parse_path(path))}]
    finding.rule, finding.location = "r", Location("main.tf", 2, 1, 2, 9)
    return finding, json.dumps(finding_dict(finding))


@pytest.mark.parametrize(
    ("type_", "values", "path"),
    [
        ("aws_ssm_parameter", {"value": "plain-as-that"}, "value"),
        ("oci_vault_secret", {"secret_content": [{"content": "plain-as-that"}]}, "secret_content[0].content"),
        ("Secret", {"data": {"a": "plain-as-that"}}, "data.a"),
        ("kubernetes_secret", {"data": {"a": "plain-as-that"}}, "data"),
        ("Deployment", {"env": [{"name": "DB_PASSWORD", "value": "plain-as-that"}]}, "env[0].value"),
        ("Deployment", {"env": [{"name": "DB_PASSWORD", "value": "plain-as-that"}]}, "env"),
        ("aws_lambda_function", {"env": [{"variables": {"API_KEY": "plain-as-that"}}]}, "env[0].variables"),
    ],
)  # fmt: skip
def test_evidence_is_hidden_by_where_it_stands(type_: str, values: dict[str, Any], path: str) -> None:
    _, said = finding_on(type_, values, path, "it is plain-as-that")
    assert "plain-as-that" not in said
    assert "it is ***" in said


def test_what_only_looks_like_one_stays_in_the_evidence() -> None:
    _, said = finding_on("oci_kms_key", {"protection_mode": "SOFTWARE"}, "protection_mode")
    assert "SOFTWARE" in said


def test_a_short_password_hides_only_itself() -> None:
    _, said = finding_on("aws_db_instance", {"password": "test"}, "password", "the latest test of aws_db_instance.test")
    assert json.loads(said)["message"] == "the latest *** of aws_db_instance.test"


def test_the_code_of_other_findings_hides_what_one_finding_knows(tmp_path: Path) -> None:
    """The name tells only in one place; the same value stands in a comment beside another finding."""
    report = sample(tmp_path)
    text = (tmp_path / "net/main.tf").read_text(encoding="utf-8")
    (tmp_path / "net/main.tf").write_text(text.replace("{\n  display", "{ # was hunter2-is-not-safe\n  display"))
    places = Places(report)
    rows = places.excerpt(Location("net/main.tf", 12, 3, 12, 9), before=3)
    assert any("# was ***" in row.text for row in rows)


def test_the_middle_of_a_private_key_is_hidden_and_the_mark_fits(tmp_path: Path) -> None:
    report = sample(tmp_path)
    key = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *KEY_LINES, "-----END RSA PRIVATE KEY-----"])
    (tmp_path / "key.tf").write_text(f'x = <<EOT\n{key}\nEOT\ny = "token=abcdef123" # and more\n', encoding="utf-8")
    places = Places(report)
    rows = places.excerpt(Location("key.tf", 4, 1, 4, 20), before=1, after=1)
    assert [row.text for row in rows] == ["***", "***", "***"]
    line = places.excerpt(Location("key.tf", 9, 5, 9, 22))[0]
    assert line.text == 'y = "token=***" # and more'
    assert line.text[line.start : line.end] == '"token=***"'


@pytest.mark.parametrize(
    "name",
    [
        "master_password",
        "access_token",
        "auth_token",
        "api_token",
        "session_token",
        "api_secret",
        "account_password",
        "host_password",
        "master_key",
        "api_key",
        "connection_string",
        "db_password",
    ],
)
def test_a_credential_is_hidden_whatever_stands_before_its_name(name: str) -> None:
    for form in (f'{name} = "kX9vQ2mTz7Lp4RwB"', f"{name}: kX9vQ2mTz7Lp4RwB", f'"{name}": "kX9vQ2mTz7Lp4RwB"'):
        assert "kX9vQ2mTz7Lp4RwB" not in mask(form), form
