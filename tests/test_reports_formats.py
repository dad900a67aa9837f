"""The formats beside SARIF and HTML: one result set, the same counts everywhere, and hostile names that stay names."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import Report
from assay.model import Request, Resource, Verdict
from assay.reports import FORMATS, writer
from assay.reports.markdown import LONGEST, code, prose
from assay.reports.text import printable
from assay.scan import run
from report_samples import HOSTILE, sample

EVIL = "\x1b[2J\x1b]0;owned\x07\u202egnp.exe\nsecond\x00 line"


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return sample(tmp_path)


def rendered(report: Report, name: str, **options: Any) -> str:
    said = io.StringIO()
    writer(name)(report, said, options)
    return said.getvalue()


def suites_of(report: Report) -> ET.Element:
    return ET.fromstring(rendered(report, "junit"))  # noqa: S314 - it is our own


def test_an_unknown_format_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no output format 'pdf': choose one of csv, github, gitlab, html"):
        writer("pdf")


def test_a_plugin_s_format_is_a_module_like_ours(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shouting.py").write_text(
        "def write(report, stream, options):\n    stream.write(report.base.upper())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    said = io.StringIO()
    writer("shout", {**FORMATS, "shout": "shouting"})(report, said, {})
    assert said.getvalue() == str(tmp_path).upper()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_same_input_gives_the_same_bytes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1796000000")  # some formats carry the time
    assert rendered(sample(tmp_path), name) == rendered(sample(tmp_path), name)


def test_json_has_the_contract_s_shape(report: Report) -> None:
    shown = json.loads(rendered(report, "json"))
    assert shown["schema"] == "assay-report/1"
    assert shown["tool"] == {"name": "assay", "version": report.tool_version}
    assert shown["summary"] == report.summary
    assert shown["coverage"]["inputs"][2] == {
        "path": "broken.tf", "status": "failed", "reason": "line 3: expected a block or an attribute", "line": 3,
    }  # fmt: skip
    assert set(shown["coverage"]["units"][0]) == {"account", "region", "service", "status", "reason"}
    finding = next(f for f in shown["findings"] if f["rule"] == "function-subnet-public")
    assert set(finding) - {"related"} == {
        "rule", "severity", "verdict", "theme", "message", "resource", "location", "trace", "evidence", "controls",
        "equivalents", "fingerprint", "waiver", "fixable",
    }  # fmt: skip
    assert finding["location"] == {
        "file": "net/main.tf", "start_line": 12, "start_column": 3, "end_line": 12, "end_column": 42,
    }  # fmt: skip
    assert finding["trace"][1] == {"file": "net/main.tf", "start_line": 2, "note": "var.public is false by default"}
    assert finding["fixable"] is True
    waived = next(f for f in shown["findings"] if f["verdict"] == "waived")
    assert waived["waiver"] == {
        "kind": "inline", "reason": "replayed by hand", "place": "data base/db (1).tf:7", "owner": "data team",
        "expires": "2031-01-31",
    }  # fmt: skip


def test_jsonl_is_the_findings_of_json(report: Report) -> None:
    assert [json.loads(line) for line in rendered(report, "jsonl").splitlines()] == json.loads(
        rendered(report, "json")
    )["findings"]


def test_names_that_are_no_text_can_still_be_written(report: Report) -> None:
    """A file name that is no UTF-8 reaches us with lone surrogates."""
    f = report.findings[0]
    assert f.location is not None
    f.location = f.location._replace(file="bad-\udcff.tf")
    f.message = "no \ud800 text"
    for name in FORMATS:
        rendered(report, name).encode("utf-8")


def test_every_format_counts_the_same(report: Report) -> None:
    want = report.summary["fail"]
    rows = list(csv.DictReader(io.StringIO(rendered(report, "csv"))))
    assert sum(r["verdict"] == "fail" for r in rows) == want
    suites = suites_of(report)
    assert len(suites.findall(".//failure")) == want == int(suites.attrib["failures"])
    github = json.loads(rendered(report, "github"))
    assert len(github["runs"][0]["results"]) == want
    assert f"{want} failed" in rendered(report, "text")
    assert rendered(report, "text").count("\n  CRITICAL ") == 1
    table = [
        line for line in rendered(report, "markdown").splitlines() if re.match(r"\| (critical|high|medium|low) ", line)
    ]
    assert len(table) == want


# --- text -------------------------------------------------------------------------------------------------------------


def test_text_marks_what_it_means(report: Report) -> None:
    lines = rendered(report, "text", colour=False).splitlines()
    at = next(n for n, line in enumerate(lines) if "   storage_encrypted = false" in line)
    column = lines[at].index("storage_encrypted")
    assert lines[at + 1][column:] == "^" * len("storage_encrypted = false")
    assert "the password *** is written" in "\n".join(lines)


def test_text_marks_wide_letters_by_their_width(report: Report) -> None:
    f = next(f for f in report.findings if f.rule == "unencrypted-storage")
    assert f.location is not None
    f.location = f.location._replace(start_line=8, end_line=8, start_column=10, end_column=19)
    lines = rendered(report, "text").splitlines()
    at = next(n for n, line in enumerate(lines) if 'name = "wörk-日本"' in line)
    assert lines[at + 1].count("^") == len('"wörk-日本"') + 2


def test_text_explains_a_rule_once_and_ends_with_the_gate(report: Report) -> None:
    text = rendered(report, "text")
    assert text.count("Otherwise it is lost.") == 1
    assert text.count("[queue-no-dead-letter]") == 2
    assert "broken.tf:3 could not be read: line 3: expected a block or an attribute" in text
    assert text.splitlines()[-2:] == [
        "Gate failed: 5 findings at low or above.", "More on a rule: assay explain plain-password",
    ]  # fmt: skip


def test_text_tells_the_instances_of_one_block_together(tmp_path: Path) -> None:
    (tmp_path / "queue").mkdir()
    (tmp_path / "queue/main.tf").write_text(
        'variable "name" {}\nresource "aws_sqs_queue" "q" {\n  name = var.name\n  sqs_managed_sse_enabled = false\n}\n'
    )
    for root in ("east", "west"):
        (tmp_path / root).mkdir()
        call = 'module "q" {\n  for_each = toset(["a", "b", "c"])\n  source = "../queue"\n  name = each.key\n}\n'
        (tmp_path / root / "main.tf").write_text(call)
    catalogue = Catalogue([RULES])
    chosen = [e for e in catalogue.entries if e.id == "aws-sqs-unencrypted"]
    found = run(Request([str(tmp_path)], str(tmp_path)), catalogue, chosen)
    text = rendered(found, "text")
    assert "6 failed" in text
    assert text.count("[aws-sqs-unencrypted]") == 1
    assert 'module.q["a"].aws_sqs_queue.q (east) and 5 more: its encryption is switched off' in text
    assert 'also module.q["a"].aws_sqs_queue.q (west), module.q["b"].aws_sqs_queue.q (east), ' in text
    assert "and 2 more; -v names all" in text
    assert 'module.q["c"].aws_sqs_queue.q (west)' in rendered(found, "text", verbose=True)
    assert rendered(found, "text", quiet=True).count("[aws-sqs-unencrypted]") == 1


def test_modules_that_were_not_downloaded_are_told_once_and_with_the_gate(tmp_path: Path) -> None:
    calls = [f'module "m{i}" {{\n  source = "acme/part{i}/aws"\n}}\n' for i in range(5)]
    (tmp_path / "main.tf").write_text("".join(calls) + 'resource "aws_sqs_queue" "q" {}\n')
    catalogue = Catalogue([RULES])
    found = run(
        Request([str(tmp_path)], str(tmp_path)),
        catalogue,
        [e for e in catalogue.entries if e.id == "aws-api-open-cors"],
    )
    text = rendered(found, "text")
    said = "5 remote modules were not read, and what they declare not judged, because terraform init has not downloaded"
    assert f"  - {said} them: acme/part0/aws, acme/part1/aws, acme/part2/aws and 2 more\n" in text
    assert "What 5 remote modules declare was not judged." in text
    assert "acme/part4/aws was skipped: main.tf:13: a remote module" in rendered(found, "text", verbose=True)
    assert said in rendered(found, "markdown")


def test_text_quiet_and_verbose(report: Report) -> None:
    plain, quiet, verbose = (rendered(report, "text", **o) for o in ({}, {"quiet": True}, {"verbose": True}))
    assert quiet.count("\n") < plain.count("\n") < verbose.count("\n")
    assert "why" not in quiet
    assert "Undecided" not in quiet
    assert "broken.tf:3 could not be read" in quiet, "what was not read is never left out"
    assert "var.public is false by default (net/main.tf:2)" in verbose


def test_text_fits_a_terminal_that_knows_no_unicode(report: Report) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    writer("text")(report, terminal, {})
    terminal.flush()
    assert b"aws_sqs_queue.w\\xf6rk" in terminal.buffer.getvalue()


def test_text_is_one_screen_for_a_small_repository(report: Report) -> None:
    assert len(rendered(report, "text").splitlines()) < 60


def test_text_says_when_nothing_fails_but_not_everything_was_seen(report: Report) -> None:
    report.findings = [f for f in report.findings if f.verdict is not Verdict.FAIL]
    report.recount()
    assert "Gate passed" in rendered(report, "text")
    assert "The scan is incomplete" in rendered(report, "text")


@pytest.mark.parametrize(
    ("environment", "asked", "coloured"),
    [
        ({}, None, False),
        ({"FORCE_COLOR": "1"}, None, True),
        ({"FORCE_COLOR": "0"}, None, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, None, False),
        ({"NO_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colour(
    environment: dict[str, str], asked: bool | None, coloured: bool, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    text = rendered(report, "text", colour=asked)
    assert ("\x1b[" in text) is coloured
    assert "CRITICAL" in text, "severity is a word, never a colour alone"


def hostile(report: Report) -> Report:
    """The same report with a resource, a message and a reason that try everything."""
    for f in report.findings:
        r = f.resource
        f.resource = Resource(r.type, f"{r.address}{EVIL}", r.source, r.values, r.origin)
        f.message = (
            f"=cmd|' /C calc'!A0 {EVIL} [x](javascript:alert(1)) @octocat <img src=x> `a|b` https://e.example {HOSTILE}"
        )
    report.coverage.notes.append(EVIL)
    return report


def test_text_cannot_be_made_to_move_the_cursor(report: Report) -> None:
    text = rendered(hostile(report), "text", colour=False)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "\\x1b[2J" in text
    assert printable("a\tb\x1b\u202e") == "a\tb\\x1b\\u202e"


def test_csv_cells_are_text_to_a_spreadsheet(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(rendered(hostile(report), "csv"))))
    assert len(rows) == len(report.findings)
    assert all(not cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())


def test_junit_is_well_formed_whatever_the_names(report: Report) -> None:
    suites = suites_of(hostile(report))
    cases = suites.findall("./testsuite/testcase")
    assert len(cases) == int(suites.attrib["tests"]) == sum(int(s.attrib["tests"]) for s in suites)
    assert {e.tag for c in cases for e in c} == {"failure", "skipped", "error"}


def test_junit_says_what_the_verdicts_are(report: Report) -> None:
    suites = suites_of(report)
    assert len(suites.findall(".//testsuite[@name='crashing']//error")) == 1
    skipped = [s.attrib["message"] for s in suites.findall(".//skipped")]
    assert "waived: replayed by hand" in skipped
    assert any("var.public has no value" in s for s in skipped)
    report.strict = True
    assert any("var.public" in f.attrib["message"] for f in suites_of(report).findall(".//failure"))


# --- markdown ---------------------------------------------------------------------------------------------------------


def test_markdown_prose_and_code_hold() -> None:
    assert prose("a_b *c* <i> [x](y) `z` | #1 @me\nhttps://x www.y") == (
        "a\\_b \\*c\\* \\<i\\> \\[x\\]\\(y\\) \\`z\\` \\| \\#1 @\u200bme https:\\//x www\\.y"
    )
    assert code("a`b") == "``a`b``"
    assert code("`") == "`` ` ``"
    assert code("a|b", table=True) == "`a\\|b`"


def test_markdown_mentions_and_links_nobody(report: Report) -> None:
    text = rendered(hostile(report), "markdown")
    assert "@octocat" not in text
    assert "](javascript" not in text
    assert "https://e" not in text
    assert not re.search(r"(?<!\\)<(?!/?details|/?summary)", text)
    cells = [line for line in text.splitlines() if line.startswith("| critical")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in cells)


def test_markdown_never_grows_longer_than_a_comment_may_be(report: Report) -> None:
    report.findings = [f for f in report.findings for _ in range(400)]
    text = rendered(report, "markdown")
    assert 20_000 < len(text) < LONGEST
    assert "More is left out" in text
    assert text.count("<details>") == text.count("</details>")


def test_a_report_without_findings(tmp_path: Path) -> None:
    report = sample(tmp_path)
    report.findings = []
    report.recount()
    for name in FORMATS:
        assert rendered(report, name) or name == "jsonl"


def test_gitlab_gets_what_its_merge_requests_show(report: Report) -> None:
    entries = json.loads(rendered(report, "gitlab"))
    failures = [f for f in report.findings if f.verdict is Verdict.FAIL]
    assert [e["fingerprint"] for e in entries] == [f.fingerprint for f in failures]
    assert len({e["fingerprint"] for e in entries}) == len(entries)
    for entry, f in zip(entries, failures, strict=True):
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not entry["location"]["path"].startswith(("/", "./", "../"))
        assert entry["location"]["lines"]["begin"] >= 1
        assert f.resource.address in entry["description"]
    by_rule = {e["check_name"]: e for e in entries}
    assert by_rule["plain-password"]["location"] == {"path": "data base/db (1).tf", "lines": {"begin": 3}}
    assert by_rule["plain-password"]["severity"] == "blocker"
    assert "hunter2" not in rendered(report, "gitlab")
    report.strict = True
    assert len(json.loads(rendered(report, "gitlab"))) > len(entries)


def plan_of(*names: str) -> str:
    """A plan that makes queues, as `terraform show -json` has it."""
    made = [
        {"address": f"aws_sqs_queue.{n}", "mode": "managed", "type": "aws_sqs_queue", "name": n,
         "provider_name": "registry.terraform.io/hashicorp/aws",
         "change": {"actions": ["create"], "before": None, "after": {"name": n}, "after_unknown": {"id": True}}}
        for n in names
    ]  # fmt: skip
    root = {"resources": [{"address": f"aws_sqs_queue.{n}", "mode": "managed", "type": "aws_sqs_queue", "name": n,
                           "values": {"name": n}} for n in names]}  # fmt: skip
    return json.dumps({"format_version": "1.2", "planned_values": {"root_module": root}, "resource_changes": made})


ONE = {"p.json": plan_of("a", "b")}
CODE = {"main.tf": 'resource "aws_sqs_queue" "a" {\n  name = "a"\n}\n'}
TWO = {**CODE, "p.json": plan_of("a"), "q.json": plan_of("a")}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (ONE, {"aws_sqs_queue.a", "aws_sqs_queue.b"}),
        ({"p.json": plan_of("a"), "q.json": plan_of("c")}, {"aws_sqs_queue.a", "aws_sqs_queue.c"}),
        ({**CODE, **ONE}, {"aws_sqs_queue.a", "aws_sqs_queue.a (p.json)", "aws_sqs_queue.b"}),
        (TWO, {"aws_sqs_queue.a", "aws_sqs_queue.a (p.json)", "aws_sqs_queue.a (q.json)"}),
    ],
)
def test_the_file_of_a_plan_is_named_only_where_another_is_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], told: set[str]
) -> None:
    """A plan's own file stands above its findings already."""
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    catalogue = Catalogue([RULES])
    report = run(
        Request([str(tmp_path)], str(tmp_path)), catalogue, [e for e in catalogue.entries if e.id == "aws-sqs-no-dlq"]
    )
    said = rendered(report, "text", verbose=True)
    assert set(re.findall(r"aws_sqs_queue\.\w(?: \([\w.]+\))?", said)) == told
