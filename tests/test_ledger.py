"""The ledger: what runs leave behind, on SQLite and on a real PostgreSQL server, and who is told what is new."""

from __future__ import annotations

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import postgres
import psycopg
import pytest
from assay.cli import main
from assay.engine import Report
from assay.graph import Graph
from assay.ledger import notify, store
from assay.ledger.notify import News, address, send, slack_text
from assay.ledger.sight import Sight
from assay.ledger.store import Ledger, LedgerError, Run
from assay.model import Coverage, Finding, Resource, Verdict

RULES = {"r", "s"}
SNAPSHOT = """{"schema":"assay-snapshot/1","feeds":{}}
{"resource":{"type":"aws_sqs_queue","address":"%s","source":"aws","values":{}}}
{"end":{"resources":1}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as url:
        for _ in range(100):  # it listens before it answers
            try:
                psycopg.connect(url, password=postgres.PASSWORD).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty ledger, of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "kept" / "ledger.db")
    server: str = request.getfixturevalue("server")
    monkeypatch.setenv("ASSAY_DATABASE_PASSWORD", postgres.PASSWORD)
    with psycopg.connect(server, password=postgres.PASSWORD, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server


def queue(name: str = "q", account: str = "1", region: str = "eu") -> Resource:
    return Resource("aws_sqs_queue", name, "aws", {}, account=account, region=region)


def found(r: Resource, rule: str = "r", verdict: Verdict = Verdict.FAIL) -> Finding:
    one = Finding(r, verdict, "it is bad")
    one.rule, one.fingerprint = rule, f"{rule}-{r.account}-{r.address}"
    return one


def sight(
    *findings: Finding, there: tuple[Resource, ...] = (), coverage: Coverage | None = None, asked: set[str] = RULES
) -> Sight:
    report = Report(list(findings), {"fail": 0}, coverage or Coverage(), [])
    report.graph = Graph([*there, *(f.resource for f in findings)], report.coverage)
    report.recount()
    return Sight(report, asked, RULES)


def statuses(ledger: Ledger, run: Run) -> dict[str, str]:
    return {r.fingerprint: r.status for r in ledger.findings(run)}


def test_a_finding_is_new_then_unchanged_then_fixed_then_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    with Ledger(url) as ledger:
        for second, findings in enumerate([[found(queue())], [found(queue())], [], [found(queue())], [found(queue())]]):
            monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1000 + second))
            runs.append(ledger.record("here", sight(*findings))[0])
            if second == 2:
                assert ledger.times("here") == {"r-1-q": (1000.0, 1001.0, 1002.0)}
        assert [r.changes for r in runs] == [
            {"since": None, "new": 1, "fixed": 0, "regressed": 0, "unchanged": 0},
            {"since": 1, "new": 0, "fixed": 0, "regressed": 0, "unchanged": 1},
            {"since": 2, "new": 0, "fixed": 1, "regressed": 0, "unchanged": 0},
            {"since": 3, "new": 0, "fixed": 0, "regressed": 1, "unchanged": 0},
            {"since": 4, "new": 0, "fixed": 0, "regressed": 0, "unchanged": 1},
        ]
        assert ledger.times("here") == {"r-1-q": (1000.0, 1004.0, None)}
        assert ledger.runs("here") == runs[::-1]
        assert ledger.runs("elsewhere") == []


def test_an_unknown_that_becomes_a_failure_is_new_and_a_waived_one_is_not_fixed(url: str) -> None:
    with Ledger(url) as ledger:
        changes = [
            ledger.record("here", sight(found(queue(), verdict=v)))[0].changes
            for v in (Verdict.UNKNOWN, Verdict.FAIL, Verdict.WAIVED, Verdict.FAIL)
        ]
    assert [(c["new"], c["fixed"], c["regressed"]) for c in changes] == [(1, 0, 0), (1, 0, 0), (0, 0, 0), (1, 0, 0)]


def denied(coverage: Coverage) -> None:
    coverage.unit("1", "eu", "sqs", "denied", "AccessDenied")


def elsewhere(coverage: Coverage) -> None:
    coverage.unit("2", "eu", "sqs", "denied", "AccessDenied")


def unlisted(coverage: Coverage) -> None:
    coverage.not_listed("aws_sqs_queue", "1", None, "AccessDenied")


def unread(coverage: Coverage) -> None:
    coverage.input("main.tf", "failed", "a syntax error")


@pytest.mark.parametrize(("gap", "left"), [(denied, True), (unlisted, True), (unread, True), (elsewhere, False)])
def test_what_could_not_be_seen_is_not_resolved(url: str, gap: Callable[[Coverage], None], left: bool) -> None:
    coverage = Coverage()
    gap(coverage)
    with Ledger(url) as ledger:
        ledger.record("here", sight(found(queue())))
        blind, changes = ledger.record("here", sight(coverage=coverage))
        assert statuses(ledger, blind) == ({"r-1-q": "unseen"} if left else {})
        assert len(changes.fixed) == (0 if left else 1)
        # A resource that is there without the finding was seen, whatever else was not.
        seen, changes = ledger.record("here", sight(there=(queue(),), coverage=coverage))
        assert (statuses(ledger, seen), len(changes.fixed)) == ({}, 1 if left else 0)
        assert ledger.times("here")["r-1-q"][2] is not None


def test_a_rule_that_was_not_asked_or_could_not_decide_resolves_nothing(url: str) -> None:
    crashed = found(queue(), verdict=Verdict.NOT_EVALUATED)
    other = found(queue(), verdict=Verdict.UNKNOWN)
    other.fingerprint = "elsewhere in it"
    with Ledger(url) as ledger:
        ledger.record("here", sight(found(queue())))
        for now in (sight(asked={"s"}), sight(crashed), sight(other)):
            run, changes = ledger.record("here", now)
            assert changes.fixed == []
            assert ("r-1-q", "fail", "unseen") in {(r.fingerprint, r.verdict, r.status) for r in ledger.findings(run)}
        assert [r.fingerprint for r in ledger.record("here", sight())[1].fixed] == ["elsewhere in it", "r-1-q"]


def test_a_doubt_that_stood_beside_a_finding_already_does_not_keep_it(url: str) -> None:
    doubt = found(queue(), verdict=Verdict.UNKNOWN)
    doubt.fingerprint = "another part of it"
    with Ledger(url) as ledger:
        ledger.record("here", sight(found(queue()), doubt))
        assert [r.fingerprint for r in ledger.record("here", sight(doubt))[1].fixed] == ["r-1-q"]


def test_two_writers_wait_for_each_other(url: str) -> None:
    def write(n: int) -> int:
        with Ledger(url) as ledger:
            return ledger.record("here", sight(found(queue(f"q{n}"))))[0].id

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(write, range(12))) == list(range(1, 13))
    with Ledger(url) as ledger:
        runs = ledger.runs()[::-1]
        assert [r.changes["since"] for r in runs] == [None, *range(1, 12)]
        assert [len(ledger.findings(r)) for r in runs] == [1] * 12


KILLED = """
import os, signal, sys
from assay.ledger.store import Ledger
from assay.ledger.sight import Sight
sys.path.insert(0, sys.argv[2])
from test_ledger import found, queue, sight
class Dying(Ledger):
    def _remember(self, *args):
        os.kill(os.getpid(), signal.SIGKILL)
with Ledger(sys.argv[1]) as ledger:
    ledger.record("here", sight(found(queue("kept"))))
with Dying(sys.argv[1]) as ledger:
    ledger.record("here", sight(found(queue("lost"))))
"""


def test_a_writer_that_is_killed_leaves_what_was_committed_and_nothing_else(url: str) -> None:
    here = Path(__file__).parent
    path = os.pathsep.join([*sys.path, str(here / "tools")])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, url, str(here)], env={**os.environ, "PYTHONPATH": path}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    with Ledger(url) as ledger:
        assert [r.address for run in ledger.runs() for r in ledger.findings(run)] == ["kept"]
        assert ledger.record("here", sight())[0].id == 2


def test_a_schema_is_migrated_once_and_a_newer_one_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(url) as ledger:
        ledger.record("here", sight(found(queue())))
    old = store.MIGRATIONS
    monkeypatch.setattr(store, "MIGRATIONS", (*old, "CREATE TABLE assay_more (a TEXT)"))
    for _ in range(2):
        with Ledger(url) as ledger:
            assert len(ledger.runs()) == 1
    monkeypatch.setattr(store, "MIGRATIONS", old)
    with pytest.raises(LedgerError, match=r"schema 2.*knows 1"):
        Ledger(url)


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Ledger(url).__exit__()
    old = store.MIGRATIONS
    monkeypatch.setattr(store, "MIGRATIONS", (*old, "CREATE TABLE assay_more (a TEXT); no SQL"))
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger(url)
    monkeypatch.setattr(store, "MIGRATIONS", (*old, "CREATE TABLE assay_more (a TEXT)"))
    Ledger(url).__exit__()


def test_pruning_keeps_the_last_run_and_what_is_known(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(url) as ledger:
        for day, findings in enumerate([[found(queue())], [], [], []]):
            monkeypatch.setenv("SOURCE_DATE_EPOCH", str(86400 * day))
            ledger.record("here", sight(*findings))
        ledger.record("there", sight())
        assert ledger.prune(before=86400.0) == 1
        assert ledger.prune(keep=2) == 1
        assert [r.id for r in ledger.runs()] == [5, 4, 3]
        assert ledger.prune(before=86400.0 * 99) == 1
        assert [r.id for r in ledger.runs()] == [5, 4]
        assert ledger.record("here", sight(found(queue())))[0].changes["regressed"] == 1


# --- the command line -------------------------------------------------------------------------------------------------

BAD = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = false\n}\n'
GOOD = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = true\n}\n'
GATE = ("--select", "aws-sqs-unencrypted")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.tf").write_text(BAD)
    monkeypatch.chdir(tmp_path / "code")
    monkeypatch.delenv("ASSAY_LEDGER", raising=False)
    monkeypatch.setattr(notify, "PAUSE", 0.01)
    return tmp_path


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main([*arguments, "-o", "json"])
    out, err = capsys.readouterr()
    assert out, err
    return code, json.loads(out)


def test_a_scan_is_kept_and_its_history_is_told(tree: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    kept = ("--ledger", url)
    for text in (BAD, GOOD, BAD):
        (tree / "code" / "main.tf").write_text(text)
        code, report = ask(capsys, "scan", *GATE, *kept)
        assert code == (1 if text == BAD else 0)
    trend = report["trend"]
    assert (trend["run"], trend["changes"]["regressed"], trend["changes"]["since"]) == (3, 1, 2)
    assert [(r["run"], r["fail"]) for r in trend["runs"]] == [(3, 1), (2, 0), (1, 1)]
    code, listed = ask(capsys, "history", "list", *kept)
    assert (code, [r["run"] for r in listed["runs"]]) == (0, [3, 2, 1])
    code, shown = ask(capsys, "history", "show", "3", *kept)
    (finding,) = shown["findings"]
    assert (finding["status"], finding["rule"], finding["verdict"]) == ("regressed", "aws-sqs-unencrypted", "fail")
    assert finding["first_seen"] <= finding["last_seen"] == shown["time"]
    assert finding["fingerprint"] == report["findings"][0]["fingerprint"]
    for old, new, code, counts in ((1, 2, 0, (0, 1, 0, 0)), (2, 3, 1, (0, 0, 1, 0)), (1, 3, 0, (0, 0, 0, 1))):
        got, difference = ask(capsys, "history", "diff", str(old), str(new), *kept)
        assert got == code
        assert tuple(difference["counts"].values()) == counts
    assert ask(capsys, "history", "prune", "--keep", "1", *kept) == (0, {"pruned": 2})
    assert main(["history", "show", "1", *kept]) == 2
    assert "has no run 1" in capsys.readouterr().err


def test_the_cache_does_not_keep_a_run_from_the_ledger(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSAY_CACHE_DIR", str(tree / "cache"))
    os.utime(tree / "code" / "main.tf", ns=(1, 1))
    ask(capsys, "scan", *GATE)
    monkeypatch.setenv("ASSAY_LEDGER", str(tree / "ledger.db"))
    for _ in range(2):
        main(["scan", *GATE])
    assert "Since run 1 " in capsys.readouterr().out
    assert len(ask(capsys, "history", "list")[1]["runs"]) == 2
    assert (tree / "ledger.db").stat().st_mode & 0o077 == 0


def test_without_a_ledger_there_is_no_trend_and_history_makes_no_file(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tree / "data"))
    assert "trend" not in ask(capsys, "scan", *GATE)[1]
    assert ask(capsys, "history", "list") == (0, {"runs": []})
    assert main(["history", "show", "1"]) == 2
    assert not (tree / "data").exists()
    main(["scan", *GATE, "--ledger", "default"])
    assert (tree / "data" / "assay" / "ledger.db").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ledger", "mysql://u:secret-word@h/d"], "a ledger is a file of SQLite or postgresql"),
        (["--ledger", "postgresql://u:secret-word@127.0.0.1:1/d"], "the ledger postgresql://u@127.0.0.1:1/d cannot be"),
        (["--ledger", "l.db", "--diff", "HEAD"], "choose one"),
        (["--notify", "https://u:secret-word@h/"], "--notify tells what the ledger did not know"),
        (["--ledger", "l.db", "--notify", "ftp://u:secret-word@h/secret-word"], "--notify ftp://h/***"),
        (["--ledger", "l.db", "--notify", "smtp://u:secret-word@h"], "needs a recipient"),
        (["--ledger", "l.db", "--notify", "smtp://u:secret-word@h/?to=a@b&tls=off"], "would travel in the clear"),
        (["--ledger", "l.db", "--notify", "smtp://u:secret-word@h/?to=a@b&tls=no"], "tls is on or off"),
        (["--ledger", "l.db", "--notify", "smtps://u:secret-word@h/?to=a@b&tls=off"], "off with smtp:// only"),
    ],
)
def test_a_wrong_call_is_told_without_its_password(
    tree: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", *GATE, *arguments]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert "secret-word" not in out + err


def test_an_audit_is_kept_under_what_it_audits(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    sqlite3.connect(tree / "d.db").close()
    (tree / "code" / "a.sql").write_text("-- assert: no_one\nSELECT 1 AS id;\n")
    command = ["audit", "database", f"sqlite:///{tree / 'd.db'}", "--assertions", "a.sql", "--ledger", "l.db"]
    _, report = ask(capsys, *command)
    assert report["trend"]["scope"] == f"database sqlite:///{tree / 'd.db'} a.sql"
    assert report["trend"]["changes"]["new"] == report["summary"]["fail"] == 1


def test_snapshots_are_compared(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        (tree / f"{name}.jsonl").write_text(SNAPSHOT % name)
    code, told = ask(capsys, "history", "diff", str(tree / "one.jsonl"), str(tree / "two.jsonl"))
    assert (code, told["counts"]) == (0, {"added": 1, "removed": 1, "changed": 0})


# --- notifications ----------------------------------------------------------------------------------------------------


class Hook(HTTPServer):
    """A webhook that answers what it is told to, and keeps what it got."""

    def __init__(self, *answers: int) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.answers, self.got = list(answers), list[tuple[str, Any]]()
        self.url = f"http://127.0.0.1:{self.server_port}/hook/secret-word"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def __exit__(self, *fault: object) -> None:
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.path, body))
        self.send_response(self.server.answers.pop(0))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_what_is_new_is_told_once_and_tried_again(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Hook(503, 200) as hook:
        for _ in range(2):
            main(["scan", *GATE, "--ledger", str(tree / "l.db"), "--notify", hook.url])
        assert [path for path, _ in hook.got] == ["/hook/secret-word"] * 2
        body = hook.got[-1][1]
    assert body["counts"] == {"new": 1, "regressed": 0}
    assert [f["rule"] for f in body["findings"]] == ["aws-sqs-unencrypted"]
    assert not list(tree.glob("*dead-letters*"))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("answers", "tries"), [((500, 500, 500), 3), ((404,), 1), ((302,), 1)])
def test_what_cannot_be_told_is_kept(
    tree: Path, answers: tuple[int, ...], tries: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with Hook(*answers) as hook:
        assert main(["scan", *GATE, "--ledger", str(tree / "l.db"), "--notify", hook.url]) == 1
        assert len(hook.got) == tries
    letters = (tree / "l.db.dead-letters.jsonl").read_text()
    (letter,) = map(json.loads, letters.splitlines())
    assert letter["message"]["findings"][0]["rule"] == "aws-sqs-unencrypted"
    assert f"it answered {answers[0]}" in letter["reason"]
    out, err = capsys.readouterr()
    assert "could not be told" in err
    assert "secret-word" not in out + err + letters


def news(message: str = "it is <bad> & ugly") -> News:
    finding = found(queue())
    finding.message = message
    run = Run(7, "here", 0.0, "1", False, {}, {})
    return News(run, sight(finding).rows, [])


def test_slack_gets_a_text(tmp_path: Path) -> None:
    assert "&lt;bad&gt; &amp; ugly" in slack_text(news())
    with Hook(200) as hook:
        assert list(send([address(f"slack+{hook.url}")], news(), str(tmp_path / "letters"))) == []
        ((_, body),) = hook.got
    assert body == {"text": slack_text(news())}


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a mail takes."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            self.server.got.append(line)  # type: ignore[attr-defined]
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (line := self.rfile.readline()) != b".\r\n":
                    self.server.got.append(line)  # type: ignore[attr-defined]
            refused = word == b"RCPT" and b"nobody" in line
            self.wfile.write(
                b"550 no such user\r\n" if refused else b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n"
            )
            if word == b"QUIT":
                return


def test_a_mail_is_sent_and_a_refused_one_is_kept(tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail) as server:
        server.got = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        base = f"smtp://127.0.0.1:{server.server_address[1]}/?tls=off&"
        assert list(send([address(f"{base}to=a@example.org&from=b@example.org")], news(), str(letters))) == []
        text = b"".join(server.got)  # type: ignore[attr-defined]
        (said,) = send([address(f"{base}to=nobody@example.org")], news(), str(letters))
        server.shutdown()
    assert b"Subject: Assay: 1 new in here" in text
    assert b"<a@example.org>" in text
    assert b"it is <bad> & ugly" in text
    assert "refused the recipients" in said
    assert letters.is_file()
    assert "nobody" not in said + letters.read_text()
