"""What the HTML report looks like: every view in light, dark, narrow and on paper, kept as pictures to be looked at.

The pictures are in `build/screens`. What a program can see of them is asserted: nothing runs out of its page, nothing
that is written is cut off by what stands over it, and the picture is not empty.
"""

from __future__ import annotations

import csv
import shutil
import struct
import zlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main
from chromium import browse_each

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

REPOSITORY = Path(__file__).resolve().parents[1]
FIXTURES = REPOSITORY / "fixtures"
SCREENS = REPOSITORY / "build" / "screens"
WAYS: dict[str, dict[str, Any]] = {
    "light": {"width": 1440, "height": 900, "scheme": "light"},
    "dark": {"width": 1440, "height": 900, "scheme": "dark"},
    "narrow": {"width": 390, "height": 844, "scheme": "light"},
    "paper": {"width": 794, "height": 1123, "scheme": "light", "media": "print"},  # A4 at 96 dots an inch
}
VIEWS = {
    "findings": ("estate", "", ""),
    "filtered": ("estate", "#group=resource&severity=critical&severity=high&framework=nist-800-53r5", ""),
    "card": ("estate", "#q=aws-sqs-unencrypted", "document.querySelector('.item').click();"),
    "path": ("estate", "#q=firewall-bypass", "document.querySelector('.item').click();"),
    "waivers": ("estate", "#view=waivers", ""),
    "frameworks": ("estate", "#view=frameworks", "document.querySelector('details.framework').open = true;"),
    "fixed": ("estate", "#view=fixed", ""),
    "health": ("cluster", "#view=health", ""),
    "spend": ("spend", "#view=spend", ""),
    "nothing": ("nothing", "", ""),
}
"""Each view: the report, its address, and what is clicked."""
OVERRUN = """
const wide = document.documentElement.clientWidth;
const scrolls = (n) => n && (/(auto|scroll)/.test(getComputedStyle(n).overflowX) || scrolls(n.parentElement));
const out = [...document.body.querySelectorAll("*")].filter((node) => {
  const { right, width, height } = node.getBoundingClientRect();
  return width && height && node.checkVisibility() && right > wide + 1 && !scrolls(node.parentElement);
});
return out.slice(0, 5).map((node) => `${node.tagName} ${node.className}: ${node.textContent.trim().slice(0, 60)}`);
"""


def _spend(path: Path) -> None:
    columns = ["ChargePeriodStart", "EffectiveCost", "BillingCurrency", "ServiceName", "SubAccountId", "ChargeCategory"]
    with path.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(columns)
        for service, usual in (("Amazon EC2", 100.0), ("Amazon S3", 31.5), ("AWS Lambda", 4.2)):
            for n in range(70):
                cost = usual * (0.6 if n % 7 > 4 else 1) * (4 if service == "Amazon EC2" and n == 60 else 1)
                day = date(2026, 8, 3) + timedelta(days=n)
                table.writerow([f"{day}T00:00:00Z", f"{cost + n % 3:.2f}", "USD", service, "111", "Usage"])


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with estate.html, cluster.html, spend.html and nothing.html, as commands write them."""
    there = tmp_path_factory.mktemp("screens")
    for name in ("multicloud", "hub_and_spoke"):
        shutil.copytree(FIXTURES / name, there / "estate" / name)
    extra = there / "estate" / "old.tf"
    extra.write_text('resource "aws_sqs_queue" "old" {\n  sqs_managed_sse_enabled = false\n}\n')
    _spend(there / "spend.csv")
    (there / "empty").mkdir()
    quiet = ["-q", "--no-cache"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(there)
        kept = ["scan", "estate", *quiet, "--ledger", "ledger.db"]
        main(kept)
        extra.write_text('resource "aws_sqs_queue" "new" {\n  sqs_managed_sse_enabled = false\n}\n')
        assert main([*kept, "-o", "html=estate.html"]) == 1
        assert main(["scan", str(FIXTURES / "cluster_health/cluster.jsonl"), *quiet, "-o", "html=cluster.html"]) == 1
        assert main(["audit", "cost", "spend.csv", "-q", "-o", "html=spend.html"]) in (1, 3)
        assert main(["scan", "empty", *quiet, "-o", "html=nothing.html"]) in (0, 3)
    return there


def colours(picture: Path) -> int:
    """How many different lines of pixels a PNG has: an empty page has a handful."""
    data, at, packed = picture.read_bytes(), 8, b""
    width = height = 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IHDR":
            width, height = struct.unpack(">II", data[at + 8 : at + 16])
        packed += data[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    rows = zlib.decompress(packed)
    step = len(rows) // height
    assert width > 300
    return len({rows[n * step : (n + 1) * step] for n in range(height)})


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_whole_and_its_pictures_are_kept(view: str, reports: Path) -> None:
    report, anchor, click = VIEWS[view]
    SCREENS.mkdir(parents=True, exist_ok=True)
    pictures = {way: SCREENS / f"{view}-{way}.png" for way in WAYS}
    each = [{**how, "screenshot": str(pictures[way])} for way, how in WAYS.items()]
    if anchor.startswith("#view="):  # which on paper stands below the findings
        each = [{**one, "top": f"#view-{view}"} for one in each]
    script = f"{click} await new Promise((done) => setTimeout(done, 250)); {OVERRUN}"
    for way, happened in zip(WAYS, browse_each(reports / f"{report}.html", anchor, each, script=script), strict=True):
        assert (way, happened["console"], happened["result"]) == (way, [], [])
        assert colours(pictures[way]) > 60
