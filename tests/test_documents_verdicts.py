"""What the rules say of SQL schemas, build specs, Dockerfiles and workflows as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.documents.sql_words import dialect_of
from assay.model import Request, Verdict
from assay.reports.places import in_file
from assay.scan import run

if TYPE_CHECKING:
    from pathlib import Path

    from assay.engine import Report

CATALOGUE = Catalogue([RULES])


def scan(folder: Path, rule: str = "", **files: str) -> Report:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    entries = [e for e in CATALOGUE.entries if e.id.startswith(rule)]
    return run(Request([str(folder)], str(folder)), CATALOGUE, entries)


def said(report: Report, verdict: Verdict = Verdict.FAIL) -> list[tuple[int, str]]:
    """(line, message) of each failure."""
    found = [(f.location.start_line if f.location else 0, f.message) for f in report.findings if f.verdict is verdict]
    return sorted(found)


# --- SQL --------------------------------------------------------------------------------------------------------------


ADD = "ALTER TABLE t ADD CONSTRAINT a CHECK (n > 0)"


@pytest.mark.parametrize(
    ("rule", "text", "wanted"),
    [
        ("sql-plaintext", "CREATE TABLE t (\n ssn character varying(11)\n);", [2]),
        ("sql-plaintext", "CREATE TABLE t (\n a text DEFAULT ')',\n ssn text\n);", [3]),
        ("sql-plaintext", 'CREATE TABLE t (\n "check" text,\n "ssn" text\n);', [3]),
        ("sql-plaintext", "CREATE TABLE t (a int PRIMARY KEY);\nALTER TABLE t ADD COLUMN ssn text, ADD b int;", [2]),
        ("sql-plaintext", "ALTER TABLE t ADD (n NUMBER,\n ssn VARCHAR2(11)) ADD CONSTRAINT c CHECK (n > 0);", [2]),
        ("sql-plaintext", "ALTER TABLE t ADD COLUMN n text, ADD PRIMARY KEY (ssn);", []),
        ("sql-drop", "DROP MATERIALIZED VIEW IF EXISTS v CASCADE;\nDROP INDEX CONCURRENTLY IF EXISTS i CASCADE;", []),
        ("sql-drop", "DROP MATERIALIZED VIEW v CASCADE;", [1]),
        ("sql-assertion", "CREATE TABLE t (\n a int,\n FOREIGN KEY (a) REFERENCES b (c) NOT ENFORCED\n);", [3]),
        ("sql-assertion", f"{ADD},\n ADD CONSTRAINT b CHECK (n < 9) NOT VALID;", [2]),
        ("sql-assertion", f"{ADD} NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT a;", []),
        ("sql-assertion", f"{ADD} NOT VALID;\nALTER TABLE u VALIDATE CONSTRAINT a;", [1]),
        ("sql-assertion", ("CREATE TABLE t (n NUMBER(1), CONSTRAINT a CHECK (n > 0) DISABLE);\n"
         "ALTER TABLE t ENABLE CONSTRAINT a;"),
         []),
        ("sql-assertion", "ALTER TABLE t MODIFY (CONSTRAINT a DISABLE);", [1]),
        ("sql-vector", "CREATE TABLE t (\n e extensions.vector,\n f extensions.vector(3)\n);", [2]),
        ("sql-vector", "CREATE TABLE t (e vector(3));\nCOMMENT ON COLUMN tu.x IS 'all-minilm-l6-v2';",
         []),
        ("sql-unconstrained", ("CREATE DOMAIN a.d character varying;\n"
         "CREATE DOMAIN a.e text CHECK (CAST(b AS int) > 0);"), [1]),
        ("sql-domain-weak", "CREATE DOMAIN d AS character varying CHECK (VALUE ~ '^a+$');", [1]),
        # What a client keeps to itself is no SQL: rows of COPY, commands and remarks of psql and SQL*Plus.
        ("sql-plaintext", "COPY t FROM stdin;\n';\nCREATE TABLE x (pan text);\n\\.\nCREATE TABLE t (pan text);", [5]),
        ("sql-plaintext", "\\echo it's\nCREATE TABLE t (ssn text);\n\\unrestrict x", [2]),
        ("sql-plaintext", "REM don't\nPROMPT its' x\nCREATE TABLE t (\n pan VARCHAR2(9), rem CLOB\n)\n/\nREM x's", [4]),
        # Quotes of other databases, whose files lie beside.
        ("sql-plaintext", "# '\nCREATE TABLE `t` (\n `ssn` text COMMENT 'x',\n KEY `k` (`ssn`)\n) ENGINE=InnoDB;", [3]),
        ("sql-plaintext", "CREATE TABLE [dbo].[t] (\n [ssn] NVARCHAR(9)\n)\nGO\nPRINT N'it''s'\nGO\n", [2]),
        ("sql-plaintext", "CREATE TABLE t (\n key varchar(9),\n period text,\n index numeric(9), ssn text);", [4]),
        ("sql-plaintext", "CREATE FOREIGN TABLE t (ssn text) SERVER s;", [1]),
        ("sql-assertion", "CREATE TABLE t (a NUMBER(1),\n b NUMBER(1) CONSTRAINT c CHECK (b > 0) DISABLE);", [2]),
        ("sql-assertion", "CREATE TABLE t (a NUMBER(1) NOT NULL ENABLE NOVALIDATE);", [1]),
        ("sql-assertion", "ALTER TABLE t MODIFY (\n n CONSTRAINT c CHECK (n > 0) ENABLE NOVALIDATE);", [2]),
        ("sql-assertion", "ALTER TABLE t ADD (n NUMBER(1), CONSTRAINT c CHECK (n > 0) NOVALIDATE);", [1]),
        ("sql-assertion", "ALTER TABLE t DISABLE PRIMARY KEY;\nALTER TABLE t ENABLE UNIQUE (n);", [1]),
        ("sql-assertion", f"{ADD} NOT VALID;\nALTER TABLE s.t VALIDATE CONSTRAINT a;", []),
        ("sql-assertion", f"{ADD.replace(' t ', ' r.t ')} NOT VALID;\nALTER TABLE s.t VALIDATE CONSTRAINT a;", [1]),
        ("sql-unconstrained", "CREATE DOMAIN d AS text NOT NULL;\nCREATE DOMAIN e AS JSON VALIDATE '{}';", []),
        ("sql-embedding", "ALTER TABLE elsewhere ADD COLUMN e vector(3);", []),
    ],
)  # fmt: skip
def test_schemas_as_they_are_written(tmp_path: Path, rule: str, text: str, wanted: list[int]) -> None:
    report = scan(tmp_path, rule, **{"s.sql": text})
    assert [line for line, _ in said(report)] == wanted, said(report)
    assert [i["status"] for i in report.coverage.inputs] == ["read"]


@pytest.mark.parametrize(("later", "lines"), [("V10__b.sql", []), ("V8__b.sql", [1])])
def test_a_later_migration_validates_what_an_earlier_one_did_not(tmp_path: Path, later: str, lines: list[int]) -> None:
    files = {"db/V9__a.sql": f"{ADD} NOT VALID;", f"db/{later}": "ALTER TABLE t VALIDATE CONSTRAINT a;"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert [line for line, _ in said(scan(tmp_path, "sql-assertion"))] == lines


def test_many_changes_are_not_compared_with_one_another(tmp_path: Path) -> None:
    from assay.documents import sql_changes

    count = 0

    def counted(one: str, other: str) -> bool:
        nonlocal count
        count += 1
        return usual(one, other)

    usual = sql_changes._same
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql_changes, "_same", counted)
        lines = (f"ALTER TABLE t{i} ADD CONSTRAINT c{i} CHECK (a) NOT VALID, ADD b text;\n" for i in range(500))
        report = scan(tmp_path, "sql-assertion", **{"s.sql": "".join(lines)})
    assert len(said(report)) == 500
    assert count < 5_000


def test_a_statement_that_is_none_hides_no_other(tmp_path: Path) -> None:
    text = "CREATE TABLE t (ssn text);\nCREATE TABLE u (a int, b text;\nCREATE TABLE v (pwd text);\n"
    report = scan(tmp_path, "sql-plaintext", **{"s.sql": text})
    assert [line for line, _ in said(report)] == [1, 3]
    (told,) = report.coverage.inputs
    assert (told["status"], told["line"]) == ("failed", 2)
    assert told["reason"].endswith("the parentheses of the table u do not close; the other statements were read")
    assert report.exit_code == 1


def test_a_text_without_an_end_hides_no_statement_before_it_or_after_a_body(tmp_path: Path) -> None:
    text = (
        "CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n  DELETE FROM x; -- don't\n  RETURN 1;\n"
        "END;\n$$ LANGUAGE plpgsql;\n"
        "CREATE TABLE t (ssn text);\nCREATE TABLE u (b text DEFAULT 'x);\nCREATE TABLE v (pwd text);\n"
    )
    report = scan(tmp_path, "sql-plaintext", **{"s.sql": text})
    assert [line for line, _ in said(report)] == [7, 9]
    assert [(i["status"], i["line"]) for i in report.coverage.inputs] == [("failed", 8)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("-- once VARCHAR2, now text\nCREATE TABLE t (a text);", "postgres"),
        ("/* a CLOB */ CREATE FUNCTION f() AS $b$ x $b$;", "postgres"),
        ("CREATE TABLE t (a VARCHAR2(3));", "oracle"),
        ("CREATE TABLE t (a CLOB DEFAULT q'[it's]');", "oracle"),
        ("CREATE TABLE `t` (a int) ENGINE=InnoDB;", "mysql"),
        ("CREATE TABLE [dbo].[t] (a int)\nGO\n", "tsql"),
    ],
)
def test_the_dialect_of_a_file(text: str, wanted: str) -> None:
    assert dialect_of(text) == wanted


def test_findings_of_documents_stand_in_their_file(tmp_path: Path) -> None:
    report = scan(tmp_path, "sql-plaintext", **{"s.sql": "CREATE TABLE t (\n ssn text\n);"})
    assert [in_file(f) for f in report.findings] == [True]


# --- build specs ------------------------------------------------------------------------------------------------------


def spec(*steps: str, top: str = "") -> str:
    return f"version: 0.1\ncomponent: build\n{top}steps:\n" + "".join(f"  - {step}\n" for step in steps)


BUILD, PUSH, AUDIT = "{command: docker build .}", "{command: docker push x}", "{type: VulnerabilityAudit}"


@pytest.mark.parametrize(
    ("rule", "text", "wanted"),
    [
        ("oci-devops-build-no-tests", spec("{command: pytest -q}", BUILD), []),
        ("oci-devops-build-no-tests", spec("{command: pytest | tee out.txt}", BUILD), [4]),
        ("oci-devops-build-no-tests", spec("{command: set -o pipefail; pytest | tee out.txt}", BUILD), []),
        ("oci-devops-build-no-tests", spec(BUILD, "{command: pytest}"), [4]),
        ("oci-devops-build-no-tests", spec("{command: a, onFailure: [{command: pytest}]}", BUILD), [5]),
        (
            "oci-devops-build-no-tests",
            spec('{command: "pytest\\n\\necho done"}', BUILD, top="failImmediatelyOnError: false\n"),
            [5],
        ),
        (
            "oci-devops-build-no-tests",
            spec('{command: "set -e\\n\\npytest\\n\\necho"}', BUILD, top="failImmediatelyOnError: false\n"),
            [],
        ),
        ("oci-devops-build-no-scan", spec(BUILD, AUDIT, PUSH), []),
        ("oci-devops-build-no-scan", spec(BUILD, PUSH, AUDIT), [4]),
        ("oci-devops-build-no-scan", spec(BUILD, AUDIT), []),
        (
            "oci-devops-build-secret",
            spec("{command: a, onFailure: [{command: 'export DB_PASSWORD=hunter2-Zq81kfW'}]}"),
            [4],
        ),
    ],
)
def test_build_specs(tmp_path: Path, rule: str, text: str, wanted: list[int]) -> None:
    report = scan(tmp_path, rule, **{"build_spec.yaml": text})
    assert [line for line, _ in said(report)] == wanted, said(report)


def stage(name: str, kind: str, *before: str, more: str = "") -> str:
    items = " ".join(f"\n    items {{ id = {b} }}" for b in before)
    return (
        f'resource "oci_devops_deploy_stage" "{name}" {{\n  deploy_pipeline_id = oci_devops_deploy_pipeline.p.id\n'
        f"  deploy_stage_type = {kind}\n{more}  deploy_stage_predecessor_collection {{{items}\n  }}\n}}\n"
    )


def test_an_unknown_stage_hides_no_path_without_an_approval(tmp_path: Path) -> None:
    deploys = "  oke_cluster_deploy_environment_id = oci_devops_deploy_environment.e.id\n"
    start, kind = "oci_devops_deploy_pipeline.p.id", '"OKE_DEPLOYMENT"'
    text = (
        'variable "x" {}\nresource "oci_devops_deploy_environment" "e" {\n  display_name = "production"\n'
        '  deploy_environment_type = "OKE_CLUSTER"\n  project_id = "x"\n}\n'
        'resource "oci_devops_deploy_pipeline" "p" {\n  project_id = "x"\n}\n'
        + stage("unknown", "var.x", start)
        + stage("approval", '"MANUAL_APPROVAL"', start)
        + stage("wait", '"WAIT"', start)
        + stage("a", kind, "var.x", more=deploys)
        + stage("b", kind, "oci_devops_deploy_stage.approval.id", "oci_devops_deploy_stage.wait.id", more=deploys)
        + stage("c", kind, "oci_devops_deploy_stage.unknown.id", "oci_devops_deploy_stage.wait.id", more=deploys)
        + stage("d", kind, "oci_devops_deploy_stage.approval.id", more=deploys)
    )
    report = scan(tmp_path, "oci-devops-no-approval", **{"main.tf": text})
    assert [m.split()[0] for _, m in said(report)] == ["oci_devops_deploy_stage.b", "oci_devops_deploy_stage.c"]
    assert len(said(report, Verdict.UNKNOWN)) == 1


@pytest.mark.parametrize(
    ("kind", "before", "more", "verdicts"),
    [
        ('"WAIT"', "oci_devops_deploy_pipeline.p.id", "var.x", ["fail"]),  # a path is certain, whatever else there is
        ('"MANUAL_APPROVAL"', "oci_devops_deploy_pipeline.p.id", "var.x", ["unknown"]),
        ('"MANUAL_APPROVAL"', "oci_devops_deploy_pipeline.p.id", "[]", []),
        ("var.k", "oci_devops_deploy_pipeline.p.id", "[]", ["unknown"]),
        ("var.k", "oci_devops_deploy_stage.approval.id", "[]", []),  # whatever it is, somebody approves before it
    ],
)
def test_paths_of_which_not_everything_is_known(
    tmp_path: Path, kind: str, before: str, more: str, verdicts: list[str]
) -> None:
    start = "oci_devops_deploy_pipeline.p.id"
    deploys = "  oke_cluster_deploy_environment_id = oci_devops_deploy_environment.e.id\n"
    last = stage("last", '"OKE_DEPLOYMENT"', "oci_devops_deploy_stage.middle.id", more=deploys)
    content = "      content {\n        id = items.value\n      }\n"
    open_ = f'    dynamic "items" {{\n      for_each = {more}\n{content}    }}\n'
    block = "deploy_stage_predecessor_collection {\n"
    text = (
        'variable "x" {}\nvariable "k" {}\nresource "oci_devops_deploy_environment" "e" {\n'
        '  display_name = "production"\n  deploy_environment_type = "OKE_CLUSTER"\n  project_id = "x"\n}\n'
        'resource "oci_devops_deploy_pipeline" "p" {\n  project_id = "x"\n}\n'
        + stage("approval", '"MANUAL_APPROVAL"', start)
        + stage("middle", kind, before)
        + last.replace(block, block + open_)
    )
    report = scan(tmp_path, "oci-devops-no-approval", **{"main.tf": text})
    assert [f.verdict.value for f in report.findings if f.verdict is not Verdict.PASS] == verdicts


@pytest.mark.parametrize(
    "command",
    [
        "curl -u me:{} https://x",
        "curl --user 'me:{}' https://x",
        "docker login -u me -p {} r.io",
        "az login --service-principal -u a -p {} --tenant t",
        "sshpass -p {} ssh x",
        "mysql -u root -p{}",
        "helm registry login --password {}",
    ],
)
def test_a_credential_in_an_argument_is_in_no_report(tmp_path: Path, command: str) -> None:
    from assay.reports.masking import mask

    written, variable = command.format("hunter2Zq81kfW"), command.format("$PASSWORD")
    assert "hunter2" not in mask(written)
    assert mask(variable) == variable
    report = scan(tmp_path, "oci-devops-build-secret", **{"build_spec.yaml": spec(f'{{command: "{written}"}}')})
    assert [line for line, _ in said(report)] == [4]


@pytest.mark.parametrize(
    "text",
    [
        "docker login && mkdir -p build/out/release",
        "docker run -p 8080:8080 -u 1000:1000 x",
        "the --password option of it",
        "docker login --password-stdin",
        "docker build --secret id=npmrc,src=.npmrc .",
    ],
)
def test_arguments_that_are_none(text: str) -> None:
    from assay.reports.masking import mask

    assert mask(text) == text
