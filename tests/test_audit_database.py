"""`assay audit database`: SLA assertions on SQLite and on a real PostgreSQL server, by reading alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgres
import pytest
from assay.cli import main

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "sla_database"
VIOLATED: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "ticket_needs_active_sla": ("sla-uncovered-ticket", "high", [{"id": 103, "customer_id": 2}]),
    "high_priority_needs_senior": ("sql-assertion", "medium", [{"id": 101, "name": "Cy"}]),
    "sla_covers_a_service": ("sql-assertion", "high", [{"id": 30, "customer_id": 3}]),
    "sla_periods_do_not_overlap": ("sql-assertion", "low", [{"id": 10, "other": 11}]),
}


def sqlite_file(path: Path, *scripts: str) -> str:
    connection = sqlite3.connect(path)
    for script in scripts:
        connection.executescript(script)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture
def postgresql(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A server whose one schema is empty."""
    import psycopg

    monkeypatch.setenv("ASSAY_DATABASE_PASSWORD", postgres.PASSWORD)
    with psycopg.connect(server, password=postgres.PASSWORD, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server


def fill(url: str, *scripts: str) -> None:
    import psycopg

    with psycopg.connect(url, password=postgres.PASSWORD) as connection:
        for script in scripts:
            connection.execute(script)


def audit(capsys: pytest.CaptureFixture[str], url: str, file: Path, *more: str) -> tuple[int, dict[str, Any]]:
    code = main(["audit", "database", url, "--assertions", str(file), "-o", "json", *more])
    out, err = capsys.readouterr()
    assert out, err
    document: dict[str, Any] = json.loads(out)
    return code, document


def refused(capsys: pytest.CaptureFixture[str], url: str, file: Path, *more: str) -> str:
    code = main(["audit", "database", url, "--assertions", str(file), *more])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    return err


def assertions(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.sql"
    path.write_text(text)
    return path


def judged(report: dict[str, Any]) -> dict[str, tuple[str, str, list[dict[str, Any]]]]:
    found = {}
    for f in report["findings"]:
        if f["verdict"] == "fail":
            rows = next(e["value"] for e in f["evidence"] if e["path"] == "violations")
            found[f["resource"]["address"]] = (f["rule"], f["severity"], rows)
    return found


def check_example(report: dict[str, Any]) -> None:
    found = judged(report)
    assert found.keys() == VIOLATED.keys()
    for name, (rule, severity, rows) in VIOLATED.items():
        assert found[name][:2] == (rule, severity)
        assert [{k: row[k] for k in want} for row, want in zip(found[name][2], rows, strict=True)] == rows
    place = next(f["location"] for f in report["findings"] if f["resource"]["address"] == "sla_covers_a_service")
    line = (FIXTURE / "assertions.sql").read_text().splitlines()[place["start_line"] - 1]
    assert line.startswith("CREATE ASSERTION sla_covers_a_service")


def test_the_example_on_sqlite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = sqlite_file(tmp_path / "a.db", (FIXTURE / "schema.sql").read_text(), (FIXTURE / "data.sql").read_text())
    code, report = audit(capsys, url, FIXTURE / "assertions.sql", "--show-passes")
    assert code == 1
    check_example(report)
    passed = {
        f["resource"]["address"] for f in report["findings"] if (f["verdict"], f["rule"]) == ("pass", "sql-assertion")
    }
    assert passed == {"tickets_have_a_known_priority"}


@pytest.mark.oracle
def test_the_example_on_postgresql(postgresql: str, capsys: pytest.CaptureFixture[str]) -> None:
    fill(postgresql, (FIXTURE / "schema.sql").read_text(), (FIXTURE / "data.sql").read_text())
    code, report = audit(capsys, postgresql, FIXTURE / "assertions.sql")
    assert code == 1
    check_example(report)


@pytest.mark.oracle
def test_both_databases_say_the_same(postgresql: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Forms of the language with a known answer, on both: what is false is violated, what is unknown is not."""
    schema = "CREATE TABLE t (id INTEGER, n INTEGER, d DATE, s VARCHAR(20)); CREATE TABLE u (id INTEGER, t_id INTEGER);"
    data = (
        "INSERT INTO t VALUES (1, 5, '2020-01-31', 'a'), (2, NULL, '2030-06-15', NULL), (3, -1, NULL, 'c');"
        "INSERT INTO u VALUES (7, 1), (8, 2);"
    )
    cases = {
        "NOT EXISTS (SELECT 1 FROM t WHERE n < 0)": [3],
        "EXISTS (SELECT 1 FROM t WHERE n > 100)": ["no row satisfies it"],
        "EXISTS (SELECT 1 FROM t WHERE n = 5)": [],
        "ALL (SELECT id, n FROM t) x SATISFY (x.n > 0)": [3],  # NULL is neither
        "ALL (SELECT id FROM t) x SATISFY (EXISTS (SELECT 1 FROM u WHERE u.t_id = x.id))": [3],
        "ALL (SELECT id FROM t) SATISFY (assay_row.id < 3)": [3],
        "ALL (SELECT id FROM t) AS x SATISFY (ALL (SELECT * FROM u WHERE t_id = x.id) y SATISFY (y.id = 7))": [2],
        "NOT EXISTS (SELECT 1 FROM t WHERE n < 0) AND NOT EXISTS (SELECT 1 FROM t WHERE n > 4)": [3, 1],
        "(SELECT COUNT(*) FROM t) < 3": ["the condition is false"],
        "(SELECT COUNT(*) FROM t) < 4": [],
        "(SELECT MAX(n) FROM t WHERE id = 2) > 0": [],  # unknown is no violation
        "NOT EXISTS (SELECT id FROM t WHERE d < DATE '2021-01-01')": [1],
        "NOT EXISTS (SELECT id FROM t WHERE d > SYSDATE - 30)": [2],
        "NOT EXISTS (SELECT id FROM t WHERE d < ADD_MONTHS(SYSDATE, -12))": [1],
        "NOT EXISTS (SELECT id FROM t WHERE NVL(s, 'x') = 'x')": [2],
        "NOT EXISTS (SELECT id FROM t WHERE EXTRACT(YEAR FROM d) = 2030)": [2],
        "NOT EXISTS (SELECT id FROM t WHERE REGEXP_LIKE(s, '^c'))": [3],
        "NOT EXISTS (SELECT id FROM t WHERE 4 < ALL (SELECT n FROM t x WHERE x.id = t.id) AND id = 1)": [1],
    }  # fmt: skip
    file = assertions(tmp_path, "\n".join(f"CREATE ASSERTION a{i} CHECK ({c});" for i, c in enumerate(cases)))
    fill(postgresql, schema, data)
    for url in (postgresql, sqlite_file(tmp_path / "a.db", schema, data)):
        _, report = audit(capsys, url, file, "--select", "sql-assertion")
        unasked = [f["message"] for f in report["findings"] if f["verdict"] == "not_evaluated"]
        assert not [m for m in unasked if "ALL" not in m], url
        found = judged(report)
        for i, (condition, wanted) in enumerate(cases.items()):
            if url.startswith("sqlite") and "< ALL (" in condition:
                continue  # SQLite has no quantified comparison, and that is said
            rows = found.get(f"a{i}", ("", "", []))[2]
            assert [row.get("id", row.get("violation")) for row in rows] == wanted, (url, condition)
        assert len(unasked) == (1 if url.startswith("sqlite") else 0)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t)) DEFERRABLE INITIALLY DEFERRED ENABLE NOVALIDATE;",
        "create assertion if not exists hr.a check (exists (select 1 from t)) not deferrable initially immediate",
        'CREATE ASSERTION "Mixed" CHECK (NOT EXISTS (SELECT 1 FROM t)) ENABLE VALIDATE\n/\n',
        "CREATE ASSERTION a CHECK (\n -- a; (\n /* ) */ NOT EXISTS (SELECT ';)' FROM t WHERE s = q'[a's ;]'));",
        "CREATE ASSERTION a CHECK (ALL (SELECT * FROM t) t SATISFY (id > 0 AND ALL (SELECT 1 FROM u) u SATISFY (1=1)))",
        "CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t) INITIALLY DEFERRED);",
    ],
)
def test_the_forms_of_create_assertion(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (id INTEGER, s TEXT); CREATE TABLE u (id INTEGER)")
    code, report = audit(capsys, url, assertions(tmp_path, text), "--select", "sql-assertion", "--show-passes")
    assert [f["verdict"] for f in report["findings"]] == (["fail"] if "check (exists" in text else ["pass"])
    assert code == (1 if "check (exists" in text else 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DELETE FROM t;", "holds CREATE ASSERTION and named queries only, not `DELETE FROM t`"),
        ("CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t)); DROP TABLE t;", "not `DROP TABLE t`"),
        ("SELECT 1 FROM t;", "this query has no name"),
        ("-- assert: a\nWITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x;", "DELETE"),
        ("-- assert: a\nSELECT * INTO u FROM t;", "is refused, and nothing was run"),
        ("-- assert: a\nSELECT * FROM t FOR UPDATE;", "LOCK"),
        ("-- assert: a\nSELECT pg_terminate_backend(id) FROM t;", "calls pg_terminate_backend"),
        ("-- assert: a\nSELECT pg_catalog.pg_switch_wal() FROM t;", "calls pg_switch_wal"),
        ("-- assert: a\nSELECT pg_notify('x', 'y') FROM t;", "calls pg_notify"),
        ("-- assert: a\nSELECT load_extension('x') FROM t;", "calls load_extension"),
        ("CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t);", "never closed"),
        ("CREATE ASSERTION a CHECK ();", "CHECK () is empty"),
        ("CREATE ASSERTION a CHECK (ALL (SELECT 1 FROM t) x);", "followed by SATISFY"),
        ("CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t)) SOMETIMES;", "SOMETIMES is no state"),
        ("CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));\n" * 2, ":2: the assertion a is there already"),
        ("-- severity: bad\nCREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));", "severity 'bad' is none of"),
        ("-- theme: My Data\nCREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));", "theme 'My Data' is none"),
        ("-- rule: no-such\nCREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));", "there is no rule no-such"),
        ("-- waive: later\nCREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));", "until 2027-03-31"),
        ("-- only a comment\n", "there is no assertion in it"),
        ("-- assert: a\nSELECT 'open", "not SQL"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_assertions_alone_is_refused_whole(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)")
    assert said in refused(capsys, url, assertions(tmp_path, text))


def test_a_missing_table_or_column_is_named_and_the_rest_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (id INTEGER)")
    text = (
        "CREATE ASSERTION first CHECK (NOT EXISTS (SELECT 1 FROM gone));\n"
        "CREATE ASSERTION second CHECK (NOT EXISTS (SELECT 1 FROM t WHERE colour = 1));\n"
        "CREATE ASSERTION third CHECK (NOT EXISTS (SELECT 1 FROM t));\n"
    )
    code, report = audit(capsys, url, assertions(tmp_path, text), "--select", "sql-assertion", "--show-passes")
    assert code == 3
    told = {f["resource"]["address"]: (f["verdict"], f["message"]) for f in report["findings"]}
    assert told["first"] == ("not_evaluated", "first could not be asked: no such table: gone")
    assert told["second"] == ("not_evaluated", "second could not be asked: no such column: colour")
    assert told["third"][0] == "pass"
    assert audit(capsys, url, assertions(tmp_path, text), "--allow-incomplete")[0] == 0


@pytest.mark.oracle
def test_nothing_is_written_whatever_an_assertion_tries(
    postgresql: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(
        postgresql,
        "CREATE TABLE t (id INTEGER)",
        "CREATE FUNCTION sneaky() RETURNS INTEGER LANGUAGE plpgsql "
        "AS $$BEGIN INSERT INTO t VALUES (1); RETURN 1; END$$",
    )
    code, report = audit(capsys, postgresql, assertions(tmp_path, "-- assert: a\nSELECT sneaky() FROM (SELECT 1) x;"))
    assert code == 3
    (finding,) = [f for f in report["findings"] if f["verdict"] == "not_evaluated"]
    assert "read-only transaction" in finding["message"]
    code, report = audit(
        capsys, postgresql, assertions(tmp_path, "CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));")
    )
    assert code == 0


@pytest.mark.oracle
def test_a_slow_query_is_stopped_and_said(postgresql: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(postgresql, "CREATE TABLE t AS SELECT generate_series(1, 30000) AS id")
    slow = "CREATE ASSERTION slow CHECK ((SELECT COUNT(*) FROM t a, t b, t c WHERE a.id * b.id = c.id * 7) < 0);"
    sqlite = sqlite_file(
        tmp_path / "a.db",
        "CREATE TABLE t (id INTEGER); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 30000) SELECT i FROM n;",
    )
    for url in (postgresql, sqlite):
        code, report = audit(capsys, url, assertions(tmp_path, slow), "--timeout", "1")
        assert code == 3
        assert report["findings"][0]["message"] == "slow could not be asked: it was stopped after 1 s (--timeout)"


@pytest.mark.oracle
def test_constraints_that_are_not_enforced_are_found(
    postgresql: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(
        postgresql,
        "CREATE TABLE t (id INTEGER, n INTEGER)",
        "ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0) NOT VALID",
    )
    text = "CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t)) NOVALIDATE;"
    _, report = audit(capsys, postgresql, assertions(tmp_path, text))
    told = {f["message"] for f in report["findings"] if f["rule"] == "sql-assertion-not-enforced"}
    assert told == {"the constraint t.positive is NOT VALID", "the assertion a is NOVALIDATE"}


@pytest.mark.oracle
def test_a_password_is_nowhere_and_a_wrong_one_is_said(
    postgresql: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ASSAY_DATABASE_PASSWORD", raising=False)
    file = assertions(tmp_path, "CREATE ASSERTION a CHECK (EXISTS (SELECT 1 FROM pg_class));")
    wrong = postgresql.replace("assay@", "assay:hunter22@")
    code, report = audit(capsys, wrong, file)
    assert code == 3
    text = json.dumps(report)
    assert "hunter22" not in text
    assert "password authentication failed" in text
    secret = tmp_path / "password"
    secret.write_text(postgres.PASSWORD + "\n")
    assert audit(capsys, postgresql, file, "--password-file", str(secret))[0] == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not a database URL"), ("sqlite://x.db", "a SQLite URL is sqlite:///path"),
        ("nosql://host/db", "its driver is not installed"),
    ],
)  # fmt: skip
def test_a_url_that_is_wrong(url: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = assertions(tmp_path, "CREATE ASSERTION a CHECK (EXISTS (SELECT 1 FROM t));")
    assert said in refused(capsys, url, file)


def test_a_database_that_is_not_there_leaves_everything_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = assertions(tmp_path, "CREATE ASSERTION a CHECK (EXISTS (SELECT 1 FROM t));")
    for url in (f"sqlite:///{tmp_path}/gone.db", "postgresql://x@127.0.0.1:1/x"):
        code, report = audit(capsys, url, file)
        assert code == 3
        assert [f["verdict"] for f in report["findings"]] == ["not_evaluated"]
        assert "could not be opened" in report["findings"][0]["message"]
    assert not (tmp_path / "gone.db").exists()


def test_rows_are_bounded_and_waivers_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = sqlite_file(
        tmp_path / "a.db",
        "CREATE TABLE t (id INTEGER); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 1000) SELECT i FROM n;",
    )
    text = (
        "-- owner: data\n-- waive: being cleaned up until {}\nCREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));"
    )
    code, report = audit(capsys, url, assertions(tmp_path, text.format("2026-11-20")), "--rows", "3")
    assert code == 1
    (finding,) = report["findings"]
    assert finding["message"].startswith("more than 3 rows violate it")
    assert any("expired on 2026-11-20" in note for note in report["coverage"]["notes"])
    code, report = audit(capsys, url, assertions(tmp_path, text.format("2027-11-20")), "--rows", "3")
    assert code == 0
    waiver = report["findings"][0]["waiver"]
    assert (waiver["reason"], waiver["owner"], waiver["expires"]) == ("being cleaned up", "data", "2027-11-20")


def test_a_driver_in_the_url_of_sqlite_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Through SQLAlchemy it would be opened for writing, and made where it is not."""
    file = assertions(tmp_path, "CREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));")
    code, report = audit(capsys, f"sqlite+pysqlite:///{tmp_path}/gone.db", file)
    assert (code, (tmp_path / "gone.db").exists()) == (3, False)
    assert "there is no such file" in report["findings"][0]["message"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:p@ss@h/d", "postgresql://u:***@h/d"), ("postgresql://u:p@h/d", "postgresql://u:***@h/d"),
        ("postgresql://h/d?user=u&password=hunter22&sslmode=require", "postgresql://h/d?user=u&password=***&sslmode=require"),
        ("postgresql://u@h:5432/d", "postgresql://u@h:5432/d"), ("sqlite:///a@b.db", "sqlite:///a@b.db"),
        ("postgresql://h/d?sslpassword=x", "postgresql://h/d?sslpassword=***"),
    ],
)  # fmt: skip
def test_a_url_is_shown_without_its_password(url: str, said: str) -> None:
    from assay.assertions.database import shown

    assert shown(url) == said


def test_an_assertion_may_be_of_another_theme(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)")
    text = "-- theme: data\nCREATE ASSERTION a CHECK (NOT EXISTS (SELECT 1 FROM t));\n-- assert: b\nSELECT id FROM t;\n"
    _, report = audit(capsys, url, assertions(tmp_path, text))
    assert {f["resource"]["address"]: f["theme"] for f in report["findings"]} == {"a": "data", "b": "sla"}


def test_what_arithmetic_on_sqlite_cannot_do_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (n TEXT, d TEXT); INSERT INTO t VALUES ('5', '31/12/2026')")
    text = (
        "CREATE ASSERTION numbers CHECK (NOT EXISTS (SELECT n FROM t WHERE n + 1 = 6));\n"
        "CREATE ASSERTION added CHECK (NOT EXISTS (SELECT n FROM t WHERE d + 1 > SYSDATE));\n"
        "CREATE ASSERTION read CHECK (NOT EXISTS (SELECT n FROM t WHERE TO_DATE(d, 'YYYY-MM-DD') > SYSDATE));\n"
    )
    _, report = audit(capsys, url, assertions(tmp_path, text), "--select", "sql-assertion")
    told = {f["resource"]["address"]: (f["verdict"], f["message"]) for f in report["findings"]}
    assert told["numbers"][0] == "fail"
    assert told["added"] == (
        "not_evaluated",
        "added could not be asked: + of '31/12/2026', 1: '31/12/2026' is neither a number nor a date (2026-01-31)",
    )
    assert told["read"][1].startswith("read could not be asked: TO_DATE of '31/12/2026', '%Y-%m-%d': time data")
