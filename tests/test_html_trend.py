"""How a run stands among those before it, from `assay scan --ledger` to what a person sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from chromium import ROWS, browse
from oracles import require_oracle

QUEUE = """resource "aws_sqs_queue" "%s" {
  name                    = "%s"
  sqs_managed_sse_enabled = %s
}
"""
GATE = ("--select", "aws-sqs-unencrypted", "--fail-on", "never", "--no-cache")
RUNS = (
    {"old": "false", "kept": "false"},
    {"old": "true", "kept": "false", "back": "false"},
    {"old": "false", "kept": "false", "back": "true", "fresh": "false"},
)
"""The queues of each run with what their encryption is: the last run has one of each change."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with report.html, report.json, report.md and report.txt of the last of three runs."""
    folder = tmp_path_factory.mktemp("trend")
    for n, queues in enumerate(RUNS):
        text = "".join(QUEUE % (name, name, encrypted) for name, encrypted in queues.items())
        (folder / "main.tf").write_text(text)
        outputs = [f"-o{form}={folder}/report.{end}" for form, end in FORMATS.items()]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOURCE_DATE_EPOCH", str(1_795_219_200 + 86_400 * n))
            patch.chdir(folder)
            assert main(["scan", "main.tf", *GATE, "--ledger", str(folder / "ledger.db"), *outputs]) == 0
    return folder


FORMATS = {"html": "html", "json": "json", "markdown": "md", "text": "txt"}
SENTENCE = "Since run 2 (2026-11-22T00:00:00Z): 1 new, 1 fixed, 1 regressed, 1 unchanged. Failures so far: 2 → 2 → 3."


def test_text_and_markdown_say_what_changed_and_what_is_fixed(runs: Path) -> None:
    said = (runs / "report.txt").read_text()
    assert SENTENCE in said
    assert "Fixed since the last run\n  - aws-sqs-unencrypted: aws_sqs_queue.back: " in said
    comment = (runs / "report.md").read_text()
    assert SENTENCE.replace("(", "\\(").replace(")", "\\)") in comment
    assert "<summary>Fixed since the last run (1)</summary>" in comment
    assert "aws\\_sqs\\_queue.back" in comment


def test_json_names_them_and_a_report_read_back_says_the_same(runs: Path, tmp_path: Path) -> None:
    written = json.loads((runs / "report.json").read_text())
    trend = written["trend"]
    names = {f["fingerprint"]: f["resource"]["address"] for f in written["findings"]}
    assert [names[one] for one in trend["new"]] == ["aws_sqs_queue.fresh"]
    assert [names[one] for one in trend["regressed"]] == ["aws_sqs_queue.old"]
    assert [f["address"] for f in trend["fixed"]] == ["aws_sqs_queue.back"]
    outputs = [f"-o{form}={tmp_path}/again.{end}" for form, end in FORMATS.items()]
    assert main(["report", str(runs / "report.json"), "--fail-on", "never", *outputs]) == 0
    assert json.loads((tmp_path / "again.json").read_text())["trend"] == trend
    for end in ("txt", "md"):
        assert "Failures so far: 2 → 2 → 3." in (tmp_path / f"again.{end}").read_text()
    assert header((tmp_path / "again.html").read_text()) == header((runs / "report.html").read_text())


def header(page: str) -> str:
    return page[page.index('<div class="changes">') : page.index('<details class="coverage"')]


def test_the_first_run_says_so_and_a_comparison_needs_no_ledger(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(QUEUE % ("a", "a", "false"))
    outputs = [f"-o{form}={tmp_path}/one.{end}" for form, end in FORMATS.items()]
    assert main(["scan", str(tmp_path / "main.tf"), *GATE, "--ledger", str(tmp_path / "l.db"), *outputs]) == 0
    assert "Run 1 is the first that the ledger has of this." in header((tmp_path / "one.html").read_text())
    assert "<svg" not in header((tmp_path / "one.html").read_text())
    command = ["report", str(runs / "report.json"), "--compare", str(tmp_path / "one.json"), "--fail-on", "never"]
    assert main([*command, f"-ohtml={tmp_path}/two.html"]) == 0
    said = " ".join(header((tmp_path / "two.html").read_text()).split())
    assert "3 new" in said
    assert "1 fixed" in said
    assert "Since run" not in said


def test_a_trend_that_was_edited_is_refused_with_a_sentence(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edits: list[dict[str, Any]] = [{"runs": []}, {"changes": {}}, {"runs": [{"run": 1}]}]
    for broken in edits:
        written = json.loads((runs / "report.json").read_text())
        written["trend"] |= broken
        (tmp_path / "edited.json").write_text(json.dumps(written))
        assert main(["report", str(tmp_path / "edited.json")]) == 2
        assert "not a whole report" in capsys.readouterr().err


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_header_shows_the_changes_and_their_chips_filter(runs: Path, scheme: str, width: int) -> None:
    script = f"""
    const wait = () => new Promise((done) => setTimeout(done, 150));
    const header = document.querySelector(".changes");
    const line = header.querySelector("polyline").getAttribute("points").split(" ").map((p) => Number(p.split(",")[1]));
    const said = {{ text: header.innerText.replace(/\\s+/g, " "), line, label: header.querySelector("svg").ariaLabel }};
    header.querySelector("a[href='#change=new']").click(); await wait();
    said.fresh = {ROWS}.filter((row) => !row.startsWith("▾"));
    said.pressed = [...document.querySelectorAll(".chip[aria-pressed='true']")].map((c) => c.firstChild.textContent);
    header.querySelector("a[href='#change=regressed']").click(); await wait();
    said.back = {ROWS}.filter((row) => !row.startsWith("▾"));
    header.querySelector("a[href='#view=fixed']").click(); await wait();
    said.fixed = document.querySelector("#view-fixed tbody").innerText;
    return said;
    """
    axe = str(require_oracle("axe-core"))
    happened = browse(runs / "report.html", script=script, axe=axe, scheme=scheme, width=width)
    said: dict[str, Any] = happened["result"]
    assert (happened["axe"], happened["console"], len(happened["requests"])) == ([], [], 1)
    assert said["text"].startswith(
        "Since run 2 of 2026-11-22 00:00 UTC 1 new 1 fixed 1 regressed 1 unchanged failures 2"
    )
    first, second, third = said["line"]
    assert first == second > third  # more failures stand higher
    assert said["label"] == "Failures in the last 3 runs: 2, 2, 3"
    assert [row.count("aws_sqs_queue.fresh") for row in said["fresh"]] == [1]
    assert said["pressed"] == (["new"] if width > 900 else [])  # a narrow page keeps its filters folded
    assert [row.count("aws_sqs_queue.old") for row in said["back"]] == [1]
    assert "aws_sqs_queue.back" in said["fixed"]
