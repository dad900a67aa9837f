"""A report opened in Chromium: what a test asks of the page, and what happened."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import Any

from assay.engine import Report
from assay.reports import writer
from oracles import require_oracle

ROWS = "[...document.querySelectorAll('.row')].map((r) => r.innerText.replace(/\\s+/g, ' ').trim())"
"""JavaScript: the rows of the list that are drawn, as text."""


def page(report: Report, folder: Path, **ask: Any) -> dict[str, Any]:
    """Write the report, open it, do what is asked, and say what happened (browser.mjs names what can be asked)."""
    said = io.StringIO()
    writer("html")(report, said, {})
    file = folder / "report.html"
    file.write_text(said.getvalue(), encoding="utf-8")
    return browse(file, **ask)


def browse(file: Path, anchor: str = "", **ask: Any) -> dict[str, Any]:
    """Open a file that is there already."""
    happened: dict[str, Any] = _asked(file, anchor, ask)
    return happened


def browse_each(file: Path, anchor: str, each: list[dict[str, Any]], **ask: Any) -> list[dict[str, Any]]:
    """The same in a page of its own for each of several askings."""
    happened: list[dict[str, Any]] = _asked(file, anchor, ask | {"each": each})
    return happened


def _asked(file: Path, anchor: str, ask: dict[str, Any]) -> Any:
    require_oracle("puppeteer-core")
    ask |= {"file": f"{file}{anchor}", "chromium": str(require_oracle("chromium"))}
    command = [str(require_oracle("node")), "browser.mjs", json.dumps(ask)]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
