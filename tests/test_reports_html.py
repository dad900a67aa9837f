"""The HTML report without a browser: what is in the file, and above all what is not."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from assay.engine import Report
from assay.reports import writer
from assay.reports.html import COLUMNS
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
        return json.loads(next(text for _, attrs, text in self.raw if attrs.get("id") == name))


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


@pytest.mark.parametrize(("name", "most"), [("report.js", 20 * 1024), ("report.css", 10 * 1024)])
def test_the_page_stays_small(name: str, most: int, repository: Path) -> None:
    assert (repository / "reports/templates" / name).stat().st_size <= most


def test_the_header_tells_passed_failed_and_incomplete_apart(report: Report) -> None:
    assert '<header class="verdict failed">' in rendered(report)
    report.findings = [f for f in report.findings if f.verdict.value in ("pass", "waived")]
    report.recount()
    assert '<header class="verdict incomplete">' in rendered(report)
    report.coverage.inputs.clear()
    report.coverage.units.clear()
    report.coverage.unlisted.clear()
    assert '<header class="verdict passed">' in rendered(report)
