"""`assay can` and `assay policy diff` through the command line: answers, the statements that decide, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from assay.inventory.snapshot import SnapshotWriter
from assay.model import Resource

# The configuration is data, laid out as one would read it.
# ruff: noqa: E501
AWS = """
data "aws_caller_identity" "me" {}

variable "extra" {}

resource "aws_s3_bucket" "orders" {
  bucket = "orders"
}

resource "aws_s3_bucket_policy" "orders" {
  bucket = aws_s3_bucket.orders.id
  policy = jsonencode({ Statement = [
    { Sid = "Partner", Effect = "Allow", Principal = { AWS = "arn:aws:iam::999988887777:role/reader" }, Action = "s3:GetObject", Resource = "${aws_s3_bucket.orders.arn}/shared/*" },
  ] })
}

resource "aws_sqs_queue" "work" {
  name = "work"
}

resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}

resource "aws_iam_role_policy" "app" {
  role = aws_iam_role.app.id
  policy = jsonencode({ Statement = [
    { Sid = "Read", Effect = "Allow", Action = "s3:Get*", Resource = "${aws_s3_bucket.orders.arn}/*" },
    { Sid = "NoSecrets", Effect = "Deny", Action = "s3:*", Resource = "${aws_s3_bucket.orders.arn}/secret/*" },
    { Sid = "Send", Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.work.arn, Condition = { StringEquals = { "aws:SourceVpc" = "vpc-1" } } },
  ] })
}

resource "aws_iam_role" "ops" {
  name                 = "ops"
  assume_role_policy   = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }, Action = "sts:AssumeRole" }] })
  permissions_boundary = aws_iam_policy.limit.arn
}

resource "aws_iam_role_policy_attachment" "ops" {
  role       = aws_iam_role.ops.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_policy" "limit" {
  name   = "limit"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["s3:*", "ec2:*"], Resource = "*" }] })
}

resource "aws_iam_group" "leads" {
  name = "leads"
}

resource "aws_iam_group_policy" "leads" {
  group  = aws_iam_group.leads.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Resource = aws_iam_role.ops.arn }] })
}

resource "aws_iam_user" "ann" {
  name = "ann"
}

resource "aws_iam_user_group_membership" "ann" {
  user   = aws_iam_user.ann.name
  groups = [aws_iam_group.leads.name]
}

resource "aws_iam_user" "bob" {
  name = "bob"
}

resource "aws_iam_user_policy" "bob" {
  user   = aws_iam_user.bob.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = var.extra }] })
}

resource "aws_iam_user" "eve" {
  name = "eve"
}

resource "aws_iam_user_policy_attachment" "eve" {
  user       = aws_iam_user.eve.name
  policy_arn = "arn:aws:iam::aws:policy/job-function/Billing"
}
"""

OCI = """
resource "oci_identity_compartment" "shop" {
  compartment_id = "ocid1.tenancy.oc1..acme"
  name           = "shop"
}

resource "oci_identity_group" "devs" {
  compartment_id = "ocid1.tenancy.oc1..acme"
  name           = "devs"
}

resource "oci_objectstorage_bucket" "logs" {
  compartment_id = oci_identity_compartment.shop.id
  name           = "logs"
}

resource "oci_identity_policy" "devs" {
  compartment_id = "ocid1.tenancy.oc1..acme"
  statements = [
    "Allow group devs to manage buckets in compartment shop where request.region = 'IAD'",
    "Allow group ${oci_identity_group.devs.name} to read objects in compartment shop",
    "Deny group devs to {BUCKET_DELETE} in tenancy",
  ]
}
"""


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "main.tf").write_text(AWS)
    (tmp_path / "oci").mkdir()
    (tmp_path / "oci" / "main.tf").write_text(OCI)
    monkeypatch.chdir(tmp_path)
    return tmp_path


OBJECT = "arn:aws:s3:::orders/x"
OPS = "arn:aws:iam::111122223333:role/ops"
CASES = [
    ("aws_iam_role.app", "s3:GetObject", OBJECT, 0, "Read"),
    ("role/app", "s3:getobject", "aws_s3_bucket.orders/x", 0, "Read"),
    ("app", "s3:GetObject", "arn:aws:s3:::orders/secret/x", 1, "NoSecrets"),
    ("app", "s3:PutObject", OBJECT, 1, "nothing allows it"),
    ("app", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:work", 0, "aws:sourcevpc = vpc-1"),
    ("app", "sqs:SendMessage", "aws_sqs_queue.work", 0, "Send"),
    ("lambda.amazonaws.com", "sts:AssumeRole", "aws_iam_role.app", 0, "aws_iam_role.app"),
    ("ec2.amazonaws.com", "sts:AssumeRole", "aws_iam_role.app", 1, "nothing allows it"),
    ("ann", "sts:AssumeRole", OPS, 0, "aws_iam_group_policy.leads"),
    ("bob", "sts:AssumeRole", OPS, 1, "nothing allows it"),
    ("group/leads", "sts:AssumeRole", OPS, 0, "aws_iam_group_policy.leads"),
    ("ops", "ec2:TerminateInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", 0, "AdministratorAccess"),
    ("ops", "iam:CreateUser", "arn:aws:iam::111122223333:user/x", 1, "nothing allows it"),
    ("bob", "s3:GetObject", OBJECT, 3, "var.extra has no value"),
    ("eve", "s3:GetObject", OBJECT, 3, "job-function/Billing"),
    ("*", "s3:GetObject", OBJECT, 1, "nothing allows it"),
    ("arn:aws:iam::999988887777:role/reader", "s3:GetObject", "arn:aws:s3:::orders/shared/x", 3, "Partner"),
]


@pytest.mark.parametrize(("who", "action", "what", "code", "said"), CASES)
def test_who_can_on_aws(
    estate: Path, capsys: pytest.CaptureFixture[str], who: str, action: str, what: str, code: int, said: str
) -> None:
    assert main(["can", who, action, what, "aws"]) == code
    out = capsys.readouterr().out
    assert out.startswith({0: "yes: ", 1: "no: ", 3: "unknown: "}[code])
    assert said in out


@pytest.mark.parametrize(
    ("who", "action", "what", "code", "said"),
    [
        ("group:devs", "BUCKET_CREATE", "compartment:shop", 0, "request.region = iad"),
        ("oci_identity_group.devs", "read objects", "oci_objectstorage_bucket.logs", 0, "oci_identity_policy.devs"),
        ("group devs", "CreateBucket", "compartment:shop:prod", 0, "main.tf:20"),
        ("group:devs", "BUCKET_DELETE", "compartment:shop", 1, "Deny group devs"),
        ("group:devs", "manage buckets", "compartment:shop", 1, "BUCKET_DELETE is denied"),
        ("group:devs", "read objects", "tenancy", 1, "is granted by nothing"),
        ("group:Other/devs", "read objects", "compartment:shop", 1, "is granted by nothing"),
        ("group:Administrators", "manage all-resources", "tenancy", 0, "Administrators"),
        ("any-user", "OBJECT_READ", "oci_identity_compartment.shop", 1, "OBJECT_READ is granted by nothing"),
    ],
)
def test_who_can_on_oci(
    estate: Path, capsys: pytest.CaptureFixture[str], who: str, action: str, what: str, code: int, said: str
) -> None:
    assert main(["can", who, action, what, "oci"]) == code
    assert said in capsys.readouterr().out


UNMADE = """
variable "name" {}

resource "aws_s3_bucket" "named" {
  bucket = var.name
}

resource "aws_s3_bucket" "made" {}

resource "aws_s3_bucket" "other" {}

resource "aws_sqs_queue" "jobs" {
  name_prefix = "jobs-"
}

resource "aws_instance" "app" {}

resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy" "app" {
  role = aws_iam_role.app.name
  policy = jsonencode({
    Statement = [
      { Effect = "Allow", Action = "*", Resource = "*" },
      { Sid = "One", Effect = "Deny", Action = "ec2:StopInstances", Resource = "arn:aws:ec2:*:*:instance/i-1" },
      { Sid = "Kept", Effect = "Deny", Action = "s3:Delete*", Resource = "*" },
    ]
  })
}

resource "aws_iam_role" "some" {
  name               = "some"
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy" "some" {
  role = aws_iam_role.some.name
  policy = jsonencode({
    Statement = [
      { Effect = "Allow", Action = "s3:List*", Resource = "arn:aws:s3:::shop-*" },
      { Effect = "Allow", Action = "s3:Put*", Resource = "arn:aws:s3:::${var.name}/*" },
      { Effect = "Allow", Action = "s3:Get*", Resource = "${aws_s3_bucket.made.arn}/public/*" },
      { Effect = "Allow", Action = "sqs:*", Resource = "arn:aws:sqs:*:*:jobs-*" },
      { Effect = "Deny", Action = "ec2:StopInstances", Resource = "arn:aws:ec2:*:*:instance/i-1" },
      { Effect = "Allow", Action = "ec2:*", Resource = aws_s3_bucket.other.arn },
    ]
  })
}
"""


@pytest.mark.parametrize(
    ("who", "action", "what", "code", "said"),
    [
        (
            "app",
            "s3:ListBucket",
            "aws_s3_bucket.named",
            0,
            "whatever the ARN of aws_s3_bucket.named is (var.name has no",
        ),
        ("app", "ec2:TerminateInstances", "aws_instance.app", 0, "whatever the ARN of aws_instance.app is"),
        ("app", "ec2:StopInstances", "aws_instance.app", 3, "it depends on the ARN of aws_instance.app: "),
        ("app", "s3:DeleteObject", "aws_s3_bucket.made/x", 1, "denied by Kept"),
        (
            "some",
            "s3:ListBucket",
            "aws_s3_bucket.named",
            3,
            "it depends on the ARN of aws_s3_bucket.named: var.name has",
        ),
        ("some", "s3:PutObject", "aws_s3_bucket.named/x", 0, "aws_iam_role_policy.some"),
        (
            "some",
            "s3:DeleteBucket",
            "aws_s3_bucket.named",
            1,
            "nothing allows it, whatever the ARN of aws_s3_bucket.named",
        ),
        ("some", "s3:GetObject", "aws_s3_bucket.made/public/x", 0, "aws_iam_role_policy.some"),
        ("some", "s3:GetObject", "aws_s3_bucket.made/x", 1, "nothing allows it"),
        ("some", "sqs:SendMessage", "aws_sqs_queue.jobs", 0, "whatever the ARN of aws_sqs_queue.jobs is"),
        ("some", "ec2:StopInstances", "aws_instance.app", 3, "it depends on the ARN of aws_instance.app"),
    ],
)
def test_who_can_where_the_arn_is_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], who: str, action: str, what: str, code: int, said: str
) -> None:
    (tmp_path / "main.tf").write_text(UNMADE)
    assert main(["can", f"role/{who}", action, what, str(tmp_path)]) == code
    assert said in capsys.readouterr().out


def test_the_answer_as_json_names_file_and_line(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["can", "app", "s3:GetObject", OBJECT, "aws", "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema"], answer["answer"], answer["conditions"]) == ("assay-can/1", "yes", {})
    (decides,) = answer["statements"]
    line = next(n for n, text in enumerate(AWS.splitlines(), 1) if 'Sid = "Read"' in text)
    assert decides == {
        "effect": "allow", "text": "Read", "resource": "aws_iam_role_policy.app", "file": "aws/main.tf", "line": line,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody", "s3:GetObject", "*"], "nobody is no role, user or group of what was read"),
        (["apq", "s3:GetObject", "*"], "there are aws_iam_role.app"),
        (["app", "s3:GetObjekt", "*"], "did you mean s3:GetObject?"),
        (["app", "s3:*", "*"], "ask about one action"),
        (["app", "s3:GetObject", "aws_s3_bucket.lost"], "write the ARN"),
        (["group:devs", "mange buckets", "tenancy", "oci"], "no verb with a type"),
        (["group:devs", "read bukets", "tenancy", "oci"], "did you mean buckets?"),
        (["devz", "read buckets", "tenancy", "oci"], "there are oci_identity_group.devs"),
        (["group:devs", "read buckets", "tenancy", "aws"], "no OCI policy was read"),
    ],
)
def test_wrong_questions_get_a_sentence(
    estate: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    if len(arguments) == 3:
        arguments = [*arguments, "aws"]
    assert main(["can", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_snapshot_answers_as_the_code_does(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same statements as a live source has them: JSON texts, ARNs, OCIDs."""
    writer = SnapshotWriter(str(estate / "live.jsonl.gz"))
    arn = "arn:aws:iam::111122223333:role/app"
    policy = json.dumps(
        {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}}
    )
    trust = json.dumps({"Statement": []})

    def add(type_: str, address: str, source: str, **values: Any) -> None:
        writer.resource(Resource(type_, address, source, values, account="111122223333"))

    add("aws_iam_role", arn, "aws", name="app", arn=arn, assume_role_policy=trust)
    add("aws_iam_role_policy", "app:read", "aws", role="app", policy=policy)
    add(
        "oci_identity_compartment",
        "c",
        "oci",
        name="shop",
        id="ocid1.compartment.oc1..s",
        compartment_id="ocid1.tenancy.oc1..a",
    )
    add("oci_identity_policy", "p", "oci", compartment_id="ocid1.tenancy.oc1..a",
        statements=["allow group devs to read buckets in compartment shop"])  # fmt: skip
    writer.close()
    for question, code in (
        (["app", "s3:GetObject", OBJECT], 0), ([arn, "s3:GetObject", OBJECT], 0), (["app", "s3:PutObject", OBJECT], 1),
        (["group:devs", "BUCKET_READ", "ocid1.compartment.oc1..s"], 0),
        (["group:devs", "BUCKET_READ", "tenancy"], 1), (["group:devs", "BUCKET_UPDATE", "compartment:shop"], 1),
    ):  # fmt: skip
        assert main(["can", *question, "live.jsonl.gz"]) == code, question
    capsys.readouterr()


def test_what_could_not_be_read_may_allow_it(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (estate / "aws" / "broken.tf").write_text('resource "aws_iam_role_policy" "more" {\n  role = \n')
    assert main(["can", "app", "s3:PutObject", OBJECT, "aws"]) == 3
    assert main(["can", "app", "s3:GetObject", "arn:aws:s3:::orders/secret/x", "aws"]) == 1, "a Deny stays one"
    capsys.readouterr()


# --- policy diff ------------------------------------------------------------------------------------------------------


def policy(path: Path, *statements: dict[str, Any]) -> str:
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return str(path)


READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}


@pytest.mark.parametrize(
    ("new", "code", "said"),
    [
        ([READ], 0, "nothing is newly granted"),
        ([{**READ, "Resource": "arn:aws:s3:::orders/shared/*"}], 0, "nothing is newly granted"),
        ([{**READ, "Action": ["s3:GetObject", "s3:PutObject"]}], 1, "s3:PutObject on arn:aws:s3:::orders/"),
        ([{**READ, "Action": "s3:*"}, {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"}], 0, "nothing"),
        ([{**READ, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}], 0, "nothing is newly granted"),
        ([READ, {**READ, "Sid": "", "Effect": "Deny"}], 0, "nothing is newly granted"),
        ([{**READ, "Resource": "arn:aws:s3:::order*"}], 1, "s3:GetObject on arn:aws:s3:::order"),
    ],
)
def test_two_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], new: list[dict[str, Any]], code: int, said: str
) -> None:
    arguments = [policy(tmp_path / "old.json", READ), policy(tmp_path / "new.json", *new)]
    assert main(["policy", "diff", *arguments]) == code
    assert said in capsys.readouterr().out


def test_a_policy_of_a_resource_names_the_principal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = {**READ, "Principal": {"AWS": "111122223333"}}
    two = {**READ, "Principal": {"AWS": ["111122223333", "arn:aws:iam::999988887777:role/r"]}}
    old, new = policy(tmp_path / "old.json", one), policy(tmp_path / "new.json", two)
    assert main(["policy", "diff", old, new, "-o", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["granted"]
    assert found["request"]["principal"] == "arn:aws:iam::999988887777:role/r"
    assert main(["policy", "diff", new, old]) == 0


def test_documents_in_directories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("old", "new"):
        (tmp_path / name / "roles").mkdir(parents=True)
        policy(tmp_path / name / "roles" / "app.json", READ)
        (tmp_path / name / "package.json").write_text('{"name": "not a policy"}')
    policy(tmp_path / "new" / "extra.json", {**READ, "Action": "s3:ListBucket", "Resource": "*"})
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    assert main(["policy", "diff", old, new]) == 1
    assert "s3:ListBucket on arn:aws:s3:::" in capsys.readouterr().out
    assert main(["policy", "diff", new, old]) == 0


def test_two_configurations(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (estate / "new").mkdir()
    changed = AWS.replace('Action = "s3:Get*"', 'Action = ["s3:Get*", "s3:DeleteObject"]')
    changed = changed.replace(
        'Service = "lambda.amazonaws.com"', 'Service = ["lambda.amazonaws.com", "ec2.amazonaws.com"]'
    )
    (estate / "new" / "main.tf").write_text(changed)
    assert main(["policy", "diff", "aws", "aws"]) == 0
    capsys.readouterr()
    assert main(["policy", "diff", "aws", "new"]) == 1
    out = capsys.readouterr().out
    assert "s3:DeleteObject on arn:aws:s3:::orders/" in out
    assert "service:ec2.amazonaws.com sts:AssumeRole" in out
    assert out.count("newly granted") == 2
    assert main(["policy", "diff", "new", "aws"]) == 0


NAMELESS = """
resource "aws_s3_bucket" "b" {}
resource "aws_iam_role" "r" { assume_role_policy = "{}" }
resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "${aws_s3_bucket.b.arn}/*" }] })
}
resource "aws_s3_bucket_policy" "p" {
  bucket = aws_s3_bucket.b.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Principal = { AWS = aws_iam_role.r.arn }, Resource = "${aws_s3_bucket.b.arn}/*" }] })
}
variable "shop" {}
resource "oci_identity_policy" "o" {
  compartment_id = "ocid1.tenancy.oc1..a"
  name           = "p"
  description    = "p"
  statements     = ["Allow group Devs to read objects in compartment id ${var.shop}"]
}
"""


def test_what_has_no_name_yet_is_granted_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = NAMELESS.replace('["s3:GetObject"]', '["s3:GetObject", "s3:PutObject"]').replace("to read", "to manage")
    for name, text in (("old", NAMELESS), ("new", more)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(text, encoding="utf-8")
    assert main(["policy", "diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 1
    said = capsys.readouterr().out
    assert "newly granted: s3:PutObject on ${aws_s3_bucket.b.arn}/" in said
    assert "newly granted: ${aws_iam_role.r.arn} s3:PutObject on ${aws_s3_bucket.b.arn}/" in said
    assert "newly granted: group:default/devs OBJECT_CREATE in /${var.shop}/" in said
    assert main(["policy", "diff", str(tmp_path / "new"), str(tmp_path / "old")]) == 0


def test_a_statement_that_moves_grants_nothing_new(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (estate / "new").mkdir()
    read, rest = AWS.split('    { Sid = "Read"')[1].split("\n", 1)
    moved = AWS.replace('    { Sid = "Read"' + read + "\n", "")
    moved += f"""
resource "aws_iam_role_policy" "second" {{
  role   = aws_iam_role.app.id
  policy = jsonencode({{ Statement = [{{ Sid = "Read"{read.rstrip(",")}] }})
}}
"""
    (estate / "new" / "main.tf").write_text(moved)
    assert rest
    assert main(["policy", "diff", "aws", "new"]) == 0, capsys.readouterr().out


def test_two_tenancies(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (estate / "new").mkdir()
    (estate / "new" / "main.tf").write_text(OCI.replace("to read objects", "to manage objects"))
    assert main(["policy", "diff", "oci", "new"]) == 1
    assert "group:default/devs OBJECT_" in capsys.readouterr().out
    assert main(["policy", "diff", "new", "oci"]) == 0


@pytest.mark.parametrize(
    ("text", "said"), [("[1]", "it has no Statement"), ("{", "it is not JSON"), ('{"a": 1}', "it has no Statement")]
)
def test_what_is_no_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    (tmp_path / "new.json").write_text(text)
    assert main(["policy", "diff", policy(tmp_path / "old.json", READ), str(tmp_path / "new.json")]) == 2
    assert said in capsys.readouterr().err


# --- between tenancies --------------------------------------------------------------------------------------------------

CROSSING = """
resource "oci_identity_policy" "exchange" {
  compartment_id = "ocid1.tenancy.oc1..home"
  statements = [
    "Define tenancy Acme as ocid1.tenancy.oc1..acme",
    "Define group Readers as ocid1.group.oc1..readers",
    "Admit group Readers of tenancy Acme to read objects in compartment exchange",
    "Endorse group devs to manage object-family in tenancy Acme",
    "Endorse group couriers to read buckets in any-tenancy",
    "Deny endorse group devs to manage buckets in any-tenancy",
    "Allow group local to manage all-resources in tenancy",
  ]
}
"""


@pytest.mark.parametrize(
    ("who", "action", "what", "code", "said"),
    [
        ("group:Readers@Acme", "OBJECT_READ", "compartment:exchange", 0, "tenancy acme has to endorse it as well"),
        ("group:Readers@ocid1.tenancy.oc1..acme", "OBJECT_READ", "compartment:exchange:deep", 0, "Admit group Readers"),
        ("group:Readers@Acme", "OBJECT_DELETE", "compartment:exchange", 1, "is granted by nothing"),
        ("group:Readers@Acme", "OBJECT_READ", "tenancy", 1, "is granted by nothing"),
        ("group:Readers@Other", "OBJECT_READ", "compartment:exchange", 1, "is granted by nothing"),
        ("group:local@Acme", "OBJECT_READ", "compartment:exchange", 1, "is granted by nothing"),
        ("group:Readers", "OBJECT_READ", "compartment:exchange", 1, "is granted by nothing"),
        ("group:devs", "OBJECT_READ", "tenancy:Acme", 0, "tenancy acme has to admit it as well"),
        ("group:devs", "BUCKET_CREATE", "tenancy:Acme", 1, "Deny endorse group devs"),
        ("group:devs", "OBJECT_READ", "tenancy:Other", 1, "is granted by nothing"),
        ("group:couriers", "BUCKET_READ", "tenancy:Other", 0, "in any-tenancy"),
        ("group:local", "BUCKET_READ", "tenancy:Acme", 1, "is granted by nothing"),
        ("group:Administrators", "BUCKET_READ", "tenancy:Acme", 1, "is granted by nothing"),
    ],
)
def test_who_can_between_tenancies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], who: str, action: str, what: str, code: int, said: str
) -> None:
    (tmp_path / "main.tf").write_text(CROSSING)
    assert main(["can", who, action, what, str(tmp_path)]) == code
    assert said in capsys.readouterr().out


def test_statements_between_tenancies_mean_what_each_alone_means(tmp_path: Path) -> None:
    """Random policies against an evaluator that takes one statement after the other."""
    from random import Random

    from assay.analysis.who_may import ask
    from assay.model import Request
    from assay.scan import collect

    random = Random(20261129)
    verbs = {"read": {"BUCKET_READ"}, "manage": {"BUCKET_READ", "BUCKET_DELETE"}}
    kept = []
    for number in range(60):
        rows = []
        for _ in range(random.randint(1, 5)):
            deny = random.random() < 0.3
            row = (deny, random.choice(("a", "b", None)), random.choice(("x", "y", None)), random.choice(list(verbs)))
            rows.append((*row, random.choice(("tenancy", "compartment c"))))
        admits = [
            f"{'Deny admit' if deny else 'Admit'} {f'group {g}' if g else 'any-user'} of "
            f"{f'tenancy {home}' if home else 'any-tenancy'} to {verb} buckets in {place}"
            for deny, g, home, verb, place in rows
        ]
        endorses = [
            f"{'Deny endorse' if deny else 'Endorse'} {f'group {g}' if g else 'any-user'} to {verb} buckets in "
            f"{f'tenancy {home}' if home else 'any-tenancy'}"
            for deny, g, home, verb, _ in rows
        ]
        (tmp_path / "main.tf").write_text(
            'resource "oci_identity_policy" "p" {\n  compartment_id = "ocid1.tenancy.oc1..home"\n  statements = '
            f"{json.dumps(admits + endorses)}\n}}\n"
        )
        graph = collect(Request([str(tmp_path)], str(tmp_path)))
        for group in "ab":
            for home in "xy":
                for permission in ("BUCKET_READ", "BUCKET_DELETE"):
                    for place in ("tenancy", "compartment c"):
                        met = [
                            r for r in rows
                            if r[1] in (group, None) and r[2] in (home, None) and permission in verbs[r[3]]
                            and r[4] in ("tenancy", place)
                        ]  # fmt: skip
                        wanted = bool(met) and not any(r[0] for r in met)
                        said = ask(graph, f"group:{group}@{home}", permission, place.replace(" ", ":"))
                        kept.append((number, "admit", said.answer, "yes" if wanted else "no"))
                    met = [
                        r for r in rows if r[1] in (group, None) and r[2] in (home, None) and permission in verbs[r[3]]
                    ]
                    wanted = bool(met) and not any(r[0] for r in met)
                    said = ask(graph, f"group:{group}", permission, f"tenancy:{home}")
                    kept.append((number, "endorse", said.answer, "yes" if wanted else "no"))
    assert [k for k in kept if k[2] != k[3]] == []
    assert {k[2] for k in kept} == {"yes", "no"}
