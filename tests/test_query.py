"""`assay query`: resources as tables, and assertions on them as on a database."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main

CODE = """variable "days" {}
resource "aws_db_instance" "a" {
  identifier              = "a"
  backup_retention_period = 7
  tags                    = { Stage = "production", RPO = "1" }
}
resource "aws_db_instance" "b" {
  identifier              = "b"
  backup_retention_period = var.days
  storage_encrypted       = true
  tags                    = { Stage = "production" }
}
resource "aws_lambda_function" "f" {
  function_name = "f"
  environment {
    variables = { API_TOKEN = "ghp_0123456789abcdefghij0123456789abcdefgh" }
  }
}
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: x}]}\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "main.tf").write_text(CODE)
    (tmp_path / "pod.yaml").write_text(POD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def query(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["query", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def rows(capsys: pytest.CaptureFixture[str], sql: str) -> list[dict[str, Any]]:
    code, out, err = query(capsys, sql, "-o", "json")
    assert code == 0, err
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_attributes_are_columns_and_nested_ones_json(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(
        capsys,
        "SELECT address, file, line, backup_retention_period AS days, storage_encrypted, tags->>'Stage' AS stage, "
        "multi_az, _unknown FROM aws_db_instance ORDER BY 1",
    ) == [
        {"address": "aws_db_instance.a", "file": "main.tf", "line": 2, "days": 7, "storage_encrypted": None,
         "stage": "production", "multi_az": None, "_unknown": "[]"},
        {"address": "aws_db_instance.b", "file": "main.tf", "line": 7, "days": None, "storage_encrypted": 1,
         "stage": "production", "multi_az": None, "_unknown": '["backup_retention_period"]'},
    ]  # fmt: skip
    assert rows(capsys, "SELECT namespace, name, json_extract(spec, '$.containers[0].image') AS image FROM Pod") == [
        {"namespace": "shop", "name": "p", "image": "x"}
    ]
    assert rows(capsys, "SELECT count(*) AS n FROM resources WHERE type LIKE 'aws_%'") == [{"n": 3}]


def test_a_type_that_nobody_has_is_an_empty_table(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT b.address, q.name FROM aws_s3_bucket b JOIN aws_sqs_queue q ON q.name = b.bucket"
    assert rows(capsys, sql) == []


def test_credentials_stay_hidden(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT environment, environment->0->'variables'->>'API_TOKEN' AS t FROM aws_lambda_function"
    for form in ("text", "json", "jsonl", "csv"):
        _, out, _ = query(capsys, sql, "-o", form)
        assert "0123456789abcdef" not in out
        assert "ghp_***" in out


def test_the_other_outputs(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT identifier, backup_retention_period AS days FROM aws_db_instance ORDER BY 1"
    _, out, _ = query(capsys, sql, "-o", "csv")
    assert list(csv.DictReader(io.StringIO(out))) == [{"identifier": "a", "days": "7"}, {"identifier": "b", "days": ""}]
    _, out, _ = query(capsys, sql, "-o", "jsonl")
    assert [json.loads(line)["identifier"] for line in out.splitlines()] == ["a", "b"]
    assert query(capsys, sql)[1].splitlines()[-1] == "(2 rows)"
    _, out, _ = query(capsys, "--tables", "-o", "json")
    assert {("aws_db_instance", 2), ("Pod", 1)} <= {(t["table"], t["rows"]) for t in json.loads(out)}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT x FROM aws_db_instanc", "did you mean aws_db_instance?"),
        ("SELECT storage_encryptd FROM aws_db_instance", "did you mean storage_encrypted?"),
        ("SELECT FROM", "syntax error"),
        ("DROP TABLE aws_db_instance", "a query reads and does nothing else"),
        ("INSERT INTO aws_db_instance (name) VALUES (1)", "a query reads and does nothing else"),
        ("ATTACH 'x.db' AS x", "a query reads and does nothing else"),
        ("PRAGMA journal_mode", "a query reads and does nothing else"),
        ("SELECT 1; SELECT 2", "one query at a time"),
    ],
)
def test_a_query_that_is_wrong(tree: Path, capsys: pytest.CaptureFixture[str], sql: str, said: str) -> None:
    code, out, err = query(capsys, sql)
    assert (code, out) == (2, "")
    assert said in err
    assert not (tree / "x.db").exists()


def test_what_could_not_be_read_is_said(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "broken.tf").write_text('resource "aws_sqs_queue" "q" {\n  name = \n}\n')
    code, _, err = query(capsys, "SELECT 1")
    assert code == 3
    assert "broken.tf" in err


def test_assertions_on_the_inventory(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "rules.sql").write_text(
        "-- severity: critical\n"
        "CREATE ASSERTION production_is_backed_up CHECK (\n"
        "  ALL (SELECT address, backup_retention_period FROM aws_db_instance) d\n"
        "  SATISFY (d.backup_retention_period >= {}));\n"
        "CREATE ASSERTION encrypted CHECK (\n"
        "  NOT EXISTS (SELECT address FROM aws_db_instance WHERE storage_encrypted IS NULL));\n"
        "CREATE ASSERTION named CHECK (NOT EXISTS (SELECT address FROM aws_db_instance WHERE identifier IS NULL));\n"
    )

    def judged(least: int) -> dict[str, str]:
        text = (tree / "rules.sql").read_text()
        (tree / "now.sql").write_text(text.format(least))
        main(["audit", "database", "inventory:.", "--assertions", "now.sql", "-o", "json", "--show-passes",
              "--select", "sql-assertion"])  # fmt: skip
        return {f["resource"]["address"]: f["verdict"] for f in json.loads(capsys.readouterr().out)["findings"]}

    assert judged(14) == {"production_is_backed_up": "fail", "encrypted": "fail", "named": "pass"}
    # Of b nobody knows how long; a alone does not decide.
    assert judged(3) == {"production_is_backed_up": "unknown", "encrypted": "fail", "named": "pass"}


BESIDE = "NOT EXISTS (SELECT f.address FROM aws_lambda_function f WHERE NOT EXISTS (SELECT 1 FROM aws_db_instance d"


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        # of b nobody knows how long; a keeps 7 days
        ("NOT EXISTS (SELECT address FROM aws_db_instance WHERE backup_retention_period < 3)", "unknown"),
        ("NOT EXISTS (SELECT address FROM aws_db_instance WHERE backup_retention_period < 8)", "fail"),
        ("NOT EXISTS (SELECT address FROM aws_db_instance WHERE backup_retention_period IS NULL)", "unknown"),
        ("NOT EXISTS (SELECT address FROM aws_db_instance WHERE NVL(backup_retention_period, 0) < 3)", "unknown"),
        ("NOT EXISTS (SELECT address FROM aws_db_instance WHERE NVL(backup_retention_period, 0) < 8)", "fail"),
        ("NOT EXISTS (SELECT name FROM aws_db_instance WHERE backup_retention_period IS NULL)", "unknown"),
        ("(SELECT COUNT(*) FROM aws_db_instance WHERE backup_retention_period > 3) = 2", "unknown"),
        ("(SELECT COUNT(*) FROM aws_db_instance) = 2", "pass"),
        (f"{BESIDE} WHERE d.backup_retention_period > 20))", "unknown"),
        (f"{BESIDE} WHERE d.identifier = 'c'))", "fail"),
    ],
)  # fmt: skip
def test_what_nobody_knows_violates_no_assertion(
    tree: Path, capsys: pytest.CaptureFixture[str], condition: str, verdict: str
) -> None:
    """NULL is what is absent and what is not known: where SQL makes a truth of it, the finding would be invented."""
    (tree / "one.sql").write_text(f"CREATE ASSERTION one CHECK ({condition});\n")
    main(["audit", "database", "inventory:.", "--assertions", "one.sql", "-o", "json", "--show-passes",
          "--select", "sql-assertion"])  # fmt: skip
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["verdict"] == verdict
    if verdict == "fail" and "aws_lambda" not in condition:
        rows = next(e["value"] for e in finding["evidence"] if e["path"] == "violations")
        assert [row["address"] for row in rows] == ["aws_db_instance.a"]


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("NOT EXISTS (SELECT address FROM aws_db_instance WHERE multi_az = 0)", "unknown"),
        ("NOT EXISTS (SELECT address FROM aws_s3_bucket)", "fail"),
        ("NOT EXISTS (SELECT address FROM aws_s3_bucket WHERE NOT EXISTS (SELECT 1 FROM aws_db_instance))", "unknown"),
        ("NOT EXISTS (SELECT address FROM aws_sqs_queue)", "pass"),
    ],
)  # fmt: skip
def test_types_that_could_not_be_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, condition: str, verdict: str
) -> None:
    """A snapshot of an account where databases were denied: a table without rows proves nothing."""
    from io import BytesIO

    from assay.inventory.aws.replay import units
    from assay.inventory.collect import run_unit
    from assay.inventory.snapshot import RecordWriter, SnapshotWriter

    monkeypatch.chdir(tmp_path)
    answers = {"rds.DescribeDBInstances": {"error": "AccessDenied"}, "s3.ListBuckets": {"Buckets": [{"Name": "a"}]}}
    stream = BytesIO()
    SnapshotWriter.begin(stream, {"feeds": {"aws": ["aws_db_instance", "aws_s3_bucket", "aws_sqs_queue"]}})
    with RecordWriter(stream) as writer:
        for unit in units(answers):
            run_unit(unit, writer)
    SnapshotWriter.end(stream, writer.count)
    (tmp_path / "account.jsonl.gz").write_bytes(stream.getvalue())
    (tmp_path / "one.sql").write_text(f"CREATE ASSERTION one CHECK ({condition});\n")
    code = main(["audit", "database", "inventory:account.jsonl.gz", "--assertions", "one.sql", "-o", "json",
                 "--show-passes", "--select", "sql-assertion"])  # fmt: skip
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["verdict"], code) == (verdict, 1 if verdict == "fail" else 3)
    if verdict == "unknown":
        assert "what there is of aws_db_instance in 123456789012/eu-west-1" in finding["message"]
    code, _, err = query(capsys, "SELECT count(*) FROM aws_s3_bucket", "account.jsonl.gz")
    assert code == 3
    assert "assay query: 123456789012/eu-west-1/rds: denied: " in err
