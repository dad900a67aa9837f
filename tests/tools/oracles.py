"""The foreign programs that judge Assay's answers: where each is found, and what to do when it is not.

`require_oracle("terraform")` gives a test the program's path. Where it is absent the test is skipped with a sentence
that names it, so that the closing summary says what was not judged; with ASSAY_REQUIRE_ORACLES=1 (CI) it fails.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

_REPOSITORY = Path(__file__).resolve().parents[2]
_NPM = "scripts/check installs it where npm is (tests/tools/package.json)"
_APT = "scripts/check installs it where apt-get is and it runs as root"


class Oracle(NamedTuple):
    places: tuple[str, ...]
    """Program names looked up on PATH, or globs under the repository or from `/`; the first that exists wins."""
    judges: str
    remedy: str
    demanded: bool = True
    """False for what no registry of ours has: ASSAY_REQUIRE_ORACLES cannot demand it."""


ORACLES = {
    "terraform": Oracle(("terraform",), "the evaluator", "put terraform 1.5 or newer on PATH"),
    "kubectl": Oracle(("kubectl",), "manifests and collectors", "put kubectl on PATH"),
    "helm": Oracle(("helm",), "rendered charts", "put helm 3 on PATH", demanded=False),
    "git": Oracle(("git",), "hooks and diffs", "put git on PATH"),
    "node": Oracle(("node", "nodejs"), "the HTML report", "put node 18 or newer, with npm, on PATH"),
    "multitool": Oracle(
        ("tests/tools/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool",), "SARIF logs", _NPM
    ),
    "axe-core": Oracle(("tests/tools/node_modules/axe-core/axe.min.js",), "the HTML report's accessibility", _NPM),
    "puppeteer-core": Oracle(("tests/tools/node_modules/puppeteer-core",), "the HTML report in a browser", _NPM),
    "chromium": Oracle(("chromium", "chromium-browser", "google-chrome"), "the HTML report in a browser", _APT),
    "postgres": Oracle(("/usr/lib/postgresql/*/bin/postgres", "postgres"), "stores and assertions", _APT),
    "checkov": Oracle(
        (".venv-checkov/bin/checkov", "checkov"), "the Checkov plugin", "scripts/check installs it into .venv-checkov"
    ),
    "zizmor": Oracle((".venv/bin/zizmor", "zizmor"), "workflows and the zizmor plugin", "pip install zizmor"),
    "check-jsonschema": Oracle(
        (".venv/bin/check-jsonschema", "check-jsonschema"), "pipelines of deploy/", "pip install check-jsonschema"
    ),
    "systemd-analyze": Oracle(("systemd-analyze",), "systemd units", _APT),
}


def find_oracle(name: str) -> Path | None:
    for place in ORACLES[name].places:
        if "/" not in place:
            found = shutil.which(place)
        else:
            root, pattern = (Path("/"), place[1:]) if place.startswith("/") else (_REPOSITORY, place)
            found = max(map(str, root.glob(pattern)), default=None)
        if found:
            return Path(found)
    return None


def require_oracle(name: str) -> Path:
    """The path of a foreign judge; without it the test is skipped, or fails where all of them are demanded."""
    found = find_oracle(name)
    if found is not None:
        return found
    oracle = ORACLES[name]
    reason = f"{name} is absent, so it did not judge {oracle.judges}: {oracle.remedy}"
    if oracle.demanded and os.environ.get("ASSAY_REQUIRE_ORACLES") == "1":
        pytest.fail(f"{reason} (ASSAY_REQUIRE_ORACLES=1 demands it)", pytrace=False)
    pytest.skip(reason)
