"""The HTML report without a browser: what is in the file, and above all what is not."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import io
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from assay.engine import Report, evaluate
from assay.graph import Graph
from assay.ledger.difference import Difference
from assay.ledger.waivers import Problem
from assay.model import Finding, Request, Resource, Verdict
from assay.reports import writer
from assay.reports.fix_diff import diffs
from assay.reports.html import COLUMNS
from assay.reports.html_views import charts, matrix
from assay.reports.places import Places
from assay.rule import load_file
from assay.scan import collect
from report_samples import HOSTILE, sample


class Page(html.parser.HTMLParser):
    """The elements of a page, with the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.raw.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem and self.raw:
            tag, attrs, text = self.raw[-1]
            self.raw[-1] = (tag, attrs, text + data)
        else:
            self.text += data

    def block(self, name: str) -> Any:
        """A block with its columns and its texts as lists, packed or not."""
        block = json.loads(next(text for _, attrs, text in self.raw if attrs.get("id") == name))
        if isinstance(block, str):
            block = json.loads(zlib.decompress(base64.b64decode(block)))
        block["texts"] = block["texts"].split("\x7f")
        for column, values in block.get("columns", {}).items():
            block[column] = values if isinstance(values, list) else [values] * block["count"]
        return block


def rendered(report: Report, **options: Any) -> str:
    said = io.StringIO()
    writer("html")(report, said, options)
    return said.getvalue()


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return sample(tmp_path)


def test_the_policy_allows_exactly_the_one_style_and_the_one_script(report: Report) -> None:
    page = Page(rendered(report))
    policy = next(a["content"] or "" for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    code = {tag: text for tag, attrs, text in page.raw if attrs.get("type") != "application/json"}
    assert set(code) == {"style", "script"}
    for tag, text in code.items():
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert [t for t, a in page.tags if t == "script" and a.get("type") != "application/json"] == ["script"]


def test_nothing_is_asked_of_the_network_and_nothing_is_inline(report: Report) -> None:
    page = Page(rendered(report, title="estate"))
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"], (tag, attrs)
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            assert (attrs.get(name) or "data:").startswith(("data:", "#")), (tag, attrs)
    code = "".join(text for _, attrs, text in page.raw if attrs.get("type") != "application/json")
    assert not re.search(
        r"https?://|//[a-z]+\.|@import|url\(|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", code
    )


def test_hostile_names_stay_text(report: Report) -> None:
    for f in report.findings:
        f.message = f"{f.message} {HOSTILE}<!--<script>\u2028"
    report.coverage.notes.append(HOSTILE)
    text = rendered(report, title=HOSTILE)
    page = Page(text)
    assert "img" not in [tag for tag, _ in page.tags]
    assert text.count("</script>") == 3
    assert HOSTILE in page.text, "a reader without scripts sees the name as it is"
    texts = page.block("findings")["texts"]
    assert any(HOSTILE in t and "\u2028" in t for t in texts)
    assert "\u2028" not in "".join(raw for _, _, raw in page.raw)


def test_the_blocks_hold_every_finding_once(report: Report) -> None:
    page = Page(rendered(report))
    rows, cards = page.block("findings"), page.block("cards")
    assert [c[0] for c in cards["findings"]] == [f.fingerprint for f in report.findings]
    columns = {name: rows[name] for name in COLUMNS}
    assert {len(values) for values in columns.values()} == {len(report.findings)}
    for n, f in enumerate(report.findings):
        assert rows["rules"][columns["rule"][n]][0] == f.rule
        assert rows["verdicts"][columns["verdict"][n]] == f.verdict.value
        assert rows["severities"][columns["severity"][n]] == f.severity.label
        assert rows["texts"][columns["address"][n]] == f.resource.address


def test_an_unknown_reference_is_no_absent_value(report: Report) -> None:
    page = Page(rendered(report))
    cards = page.block("cards")
    number = next(n for n, f in enumerate(report.findings) if f.verdict.value == "unknown")
    path, value, _ = cards["findings"][number][3][0]
    assert cards["texts"][path] == "storage_encrypted"
    assert cards["texts"][value] == "unknown (var.public has no value)"


def test_the_code_around_is_there_and_its_mark_fits(report: Report) -> None:
    cards = Page(rendered(report)).block("cards")
    number = next(n for n, f in enumerate(report.findings) if f.rule == "plain-password" and f.verdict.value == "fail")
    _, last, mark, *_ = cards["findings"][number]
    lines = cards["code"][str(cards["texts"].index("data base/db (1).tf"))]
    assert last == 3
    assert lines["3"][mark[0] : mark[1]] == 'password   = "***"'
    assert lines["2"] == '  identifier = "orders"'


def test_without_scripts_there_is_a_summary_and_the_first_findings(report: Report) -> None:
    report.findings = report.findings * 40
    text = rendered(report)
    fallback = text[text.index("<noscript>") : text.index("</noscript>")]
    assert fallback.count("<tr>") == 1 + 200
    assert "The first 200 of 360 findings follow." in fallback
    assert "Gate failed" in text[: text.index("<noscript>")]


def test_the_page_stays_small(report: Report) -> None:
    code = {tag: text for tag, attrs, text in Page(rendered(report)).raw if attrs.get("type") != "application/json"}
    assert 0 < len(code["script"].encode()) <= 29 * 1024
    assert 0 < len(code["style"].encode()) <= 15 * 1024


def test_a_long_block_is_packed_and_says_the_same(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    report.findings[0].message += "\x7f" + "wörk-日本 🗺 " * 999
    plain = rendered(report)
    monkeypatch.setattr("assay.reports.html.PACKED", 1000)
    packed = rendered(report)
    for block in ("findings", "cards"):
        assert Page(packed).block(block) == Page(plain).block(block)
    assert len(packed) < len(plain)
    assert "aws_db_instance.orders" not in packed[packed.index("</noscript>") :]
    assert "aws_db_instance.orders" in plain[plain.index("</noscript>") :]


def test_the_header_tells_passed_failed_and_incomplete_apart(report: Report) -> None:
    assert '<header class="verdict failed">' in rendered(report)
    report.findings = [f for f in report.findings if f.verdict.value in ("pass", "waived")]
    report.recount()
    assert '<header class="verdict incomplete">' in rendered(report)
    report.coverage.inputs.clear()
    report.coverage.units.clear()
    report.coverage.unlisted.clear()
    assert '<header class="verdict passed">' in rendered(report)
    report.summary["resources"] = 0
    assert '<span class="badge">nothing judged</span>' in rendered(report)
    report.gate = None
    assert '<span class="badge">no gate</span>' in rendered(report)


def text_of(page: str, view: str) -> str:
    """What a reader sees of one view."""
    start = page.index(f'id="view-{view}"')
    return " ".join(Page("<section " + page[start : page.index("</section>", start)]).text.split())


def test_waivers_say_when_they_end_and_what_is_wrong(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.clock.today", lambda: "2031-01-21")
    report.waiver_problems = [Problem("expired", "net/main.tf:3", f"the waiver of {HOSTILE} expired on 2030-01-01")]
    said = text_of(rendered(report), "waivers")
    assert "2031-01-31in 10 days" in said
    assert "replayed by hand" in said
    assert "data team" in said
    assert f"net/main.tf:3 the waiver of {HOSTILE} expired on 2030-01-01" in said


def test_a_control_passes_only_where_something_was_assessed(report: Report) -> None:
    wanted = {"fail": ["fail"], "unknown": ["unknown"], "waived": ["waived"], "pass": [], "nothing": []}
    kept, r = [], report.findings[0].resource
    report.passed = {}
    for rule, (control, verdicts) in zip(report.rules.values(), wanted.items(), strict=True):
        rule.controls = (f"x:{control}",)
        for verdict in verdicts:
            finding = Finding(r, Verdict(verdict), "said")
            finding.rule = rule.id
            kept.append(finding)
        if control != "nothing":
            report.passed[rule.id] = 2
    report.findings = kept
    (framework,) = matrix(report)
    statuses = {c.number: c.status for c in framework["controls"]}
    assert statuses == {"fail": "fail", "unknown": "not assessed", "waived": "waived", "pass": "pass"}
    assert framework["untouched"] == ["nothing"]
    assert framework["counts"] == {"fail": 1, "not assessed": 2, "waived": 1, "pass": 1}
    report.difference = Difference("main", "0" * 40, 1, [], 1)
    assert {c.status for c in matrix(report)[0]["controls"]} == {"fail", "not assessed", "waived"}


def test_spend_is_drawn_with_the_day_that_left_its_pattern(report: Report) -> None:
    days = [f"2031-01-{n:02}" for n in range(1, 32)]
    values = {"days": days, "costs": [10.0] * 30 + [90.0], "currency": "EUR"}
    service = Resource("service", f"S3 {HOSTILE}", "cost", values)
    report.graph = Graph([service], report.coverage, [])
    spike = Finding(service, Verdict.FAIL, "spike on 2031-01-31", key="spike 2031-01-31")
    report.findings.append(spike)
    (chart,) = charts(report)
    assert (chart["total"], chart["top"], chart["currency"]) == ("390.00", "90.00", "EUR")
    (mark,) = chart["marks"]
    assert chart["line"].split()[-1] == f"{mark['x']},{mark['y']}"
    said = text_of(rendered(report), "spend")
    assert f"S3 {HOSTILE} 390.00 EUR in all" in said
    assert "spike on 2031-01-31" in said


def test_a_fix_is_a_diff_where_the_code_is_known(tmp_path: Path) -> None:
    block = ('resource "aws_docdb_cluster" "a" {', '  password          = "kX9vQ2mTz7Lp4RwB"')
    code = "\n".join([*block, "  storage_encrypted = false", "}", ""])
    (tmp_path / "main.tf").write_text(code, encoding="utf-8")
    graph = collect(Request([str(tmp_path)], str(tmp_path)))
    report = evaluate(graph, load_file("rules", "encryption/aws_docdb.py"))
    report.base = str(tmp_path)
    finding = next(f for f in report.findings if f.fix is not None and f.path == ("storage_encrypted",))
    said = diffs(report, Places(report))[finding.fingerprint].split("\n")
    assert said[0] == "@@ main.tf:3 @@"
    assert [line for line in said[1:] if line[0] != " "] == [
        "-  storage_encrypted = false",
        "+  storage_encrypted = true",
    ]
    assert "kX9v" not in "".join(said)
    (tmp_path / "main.tf").write_text("# gone", encoding="utf-8")
    assert finding.fingerprint not in diffs(report, Places(report))
