"""Whole small estates: each folder of `fixtures/` against the report expected of it.

`expected.txt` is one line a finding, made to be read in a review: verdict, severity, rule, place, address. After a
change, `python tests/test_estates.py` writes them anew; what changed is then judged by a person, in the diff.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.model import Request
from assay.scan import run

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
ESTATES = sorted(p.parent.name for p in FIXTURES.glob("*/README.md"))


def report(name: str) -> str:
    catalogue = Catalogue([RULES])
    result = run(Request([str(FIXTURES / name)], str(FIXTURES / name)), catalogue, catalogue.entries)
    lines = []
    for f in result.findings:
        place = f"{f.location.file}:{f.location.start_line}" if f.location else "-"
        lines.append(f"{f.verdict.value:<8} {f.severity.label:<8} {f.rule}  {place}  {f.resource.address}")
    lines.append(f"passed {result.summary['pass']} of {result.summary['resources']} resources")
    lines += [f"{i['status']} {i['path']}" for i in result.coverage.inputs if i["status"] != "read"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ESTATES)
def test_the_report_is_the_expected_one(name: str) -> None:
    if any((FIXTURES / name).rglob("kustomization.yaml")):
        from oracles import require_oracle

        require_oracle("kubectl")  # it renders the overlays that the report is about
    expected = (FIXTURES / name / "expected.txt").read_text(encoding="utf-8")
    assert report(name).splitlines() == expected.splitlines()


@pytest.mark.parametrize("name", ESTATES)
def test_a_large_estate_is_told_the_same_as_a_small_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a size the syntax trees are let go and findings are located in blocks parsed again."""
    from assay.terraform import discover

    def told() -> list[object]:
        catalogue = Catalogue([RULES])
        found = run(Request([str(FIXTURES / name)], str(FIXTURES / name)), catalogue, catalogue.entries).findings
        return [(f.rule, f.fingerprint, f.location, f.trace, f.evidence) for f in found]

    kept = told()
    monkeypatch.setattr(discover, "KEPT_BYTES", 0)
    assert told() == kept


def test_there_are_estates() -> None:
    assert "serverless_api" in ESTATES


def main() -> None:
    os.environ["SOURCE_DATE_EPOCH"] = "1795219200"  # as conftest.py has it
    for name in ESTATES:
        (FIXTURES / name / "expected.txt").write_text(report(name), encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
