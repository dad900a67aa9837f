"""Packages against advisories in the OSV format: which versions fall under one, and what is said of bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from assay.analysis.advisories import AdvisoryFault, Hit, Installed, advisories, hits
from assay.cli import main
from assay.graph import Graph


def advisory(name: str, *events: dict[str, str], system: str = "PyPI", **more: Any) -> dict[str, Any]:
    kind = "SEMVER" if system == "npm" else "ECOSYSTEM"
    affected = {"package": {"ecosystem": system, "name": name}, "ranges": [{"type": kind, "events": list(events)}]}
    return {"id": "OSV-1", "affected": [affected | more.pop("affected", {})], **more}


def found(folder: Path, record: Any, version: str, name: str = "web-tools", system: str = "PyPI") -> list[Hit]:
    (folder / "one.json").write_text(json.dumps(record))
    return hits(Installed(system, name, version, "entry"), advisories([str(folder)], Graph([])))


FIXED_TWICE = ({"introduced": "1.0"}, {"fixed": "1.4.2"}, {"introduced": "2.0rc1"}, {"fixed": "2.1"})


@pytest.mark.parametrize(
    ("version", "fix"),
    [("0.9", ""), ("1.0", "1.4.2"), ("1.4.2", ""), ("1.10", ""), ("2.0", "2.1"), ("2.0b1", ""), ("2.1.post1", "")],
)
def test_the_last_event_below_a_version_decides(tmp_path: Path, version: str, fix: str) -> None:
    told = found(tmp_path, advisory("Web_Tools", *reversed(FIXED_TWICE), aliases=["GHSA-x", "CVE-2026-1"]), version)
    assert told == ([Hit("OSV-1", "CVE-2026-1", fix)] if fix else [])


@pytest.mark.parametrize(
    ("version", "fix"), [("1.9.9", "2.0.0"), ("2.0.0-beta.2", "2.0.0"), ("2.0.0-beta.11", "2.0.0"), ("2.0.0", "")]
)
def test_versions_of_npm_are_semantic(tmp_path: Path, version: str, fix: str) -> None:
    record = advisory("@shop/web", {"introduced": "0"}, {"fixed": "2.0.0"}, system="npm")
    told = found(tmp_path, record, version, "@shop/web", "npm")
    assert [hit.fixed for hit in told] == ([fix] if fix else [])


def test_numbers_of_a_prerelease_sort_as_numbers(tmp_path: Path) -> None:
    record = advisory("web", {"introduced": "2.0.0-beta.3"}, {"fixed": "2.0.0-beta.11"}, system="npm")
    assert [bool(found(tmp_path, record, f"2.0.0-beta.{n}", "web", "npm")) for n in (2, 3, 9, 11)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_what_nothing_mends_is_not_told(tmp_path: Path) -> None:
    assert found(tmp_path, advisory("web-tools", {"introduced": "0"}, {"last_affected": "2.0"}), "1.0") == []


def test_a_version_that_is_listed_counts_without_a_range_around_it(tmp_path: Path) -> None:
    record = advisory("web-tools", {"introduced": "3.0"}, {"fixed": "3.1"}, affected={"versions": ["1.0"]})
    assert [h.fixed for h in found(tmp_path, record, "1.0")] == ["3.1"]
    assert found(tmp_path, record, "1.1") == []


def test_withdrawn_advisories_do_not_count(tmp_path: Path) -> None:
    record = advisory("web-tools", {"introduced": "0"}, {"fixed": "2.0"}, withdrawn="2026-01-01T00:00:00Z")
    assert found(tmp_path, record, "1.0") == []


def test_a_version_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Invalid version"):
        found(tmp_path, advisory("web-tools", {"introduced": "0"}, {"fixed": "2.0"}), "one.two")


def test_a_zip_file_of_advisories(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with ZipFile(path, "w") as into:
        into.writestr("a.json", json.dumps(advisory("web-tools", {"introduced": "0"}, {"fixed": "2.0"})))
    assert hits(Installed("PyPI", "web-tools", "1.0", "e"), advisories([str(path)], Graph([])))


def test_a_large_advisory_counts_and_one_too_large_is_said(tmp_path: Path) -> None:
    path, told = tmp_path / "all.zip", advisory("web-tools", {"introduced": "0"}, {"fixed": "2.0"})
    with ZipFile(path, "w", ZIP_DEFLATED) as into:
        into.writestr("a.json", json.dumps(told | {"details": "x" * (5 << 20)}))
    assert hits(Installed("PyPI", "web-tools", "1.0", "e"), advisories([str(path)], Graph([])))
    with ZipFile(path, "a", ZIP_DEFLATED) as into:
        into.writestr("b.json", "x" * (65 << 20))
    with pytest.raises(AdvisoryFault, match=r"all.zip!/b.json has 68,157,440 bytes"):
        advisories([str(path)], Graph([]))


@pytest.mark.parametrize(
    ("content", "said"),
    [("{}", "holds none in the OSV format"), ("[", "is no JSON"), (None, "cannot be read: No such")],
)
def test_advisories_that_are_none(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "one.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(AdvisoryFault, match=said):
        advisories([str(path)], Graph([]))


def test_a_scan_names_the_entry_and_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with ZipFile("layer.zip", "w") as into:
        into.writestr("python/web_tools-1.3.dist-info/METADATA", "Name: web-tools\n")
    Path("osv.json").write_text(json.dumps([advisory("web-tools", *FIXED_TWICE)]))
    rule = "aws-layer-vulnerable-package"
    Path("assay.toml").write_text(f'[params.{rule}]\nadvisories = ["osv.json"]\n')
    assert main(["scan", "layer.zip", "--select", rule, "-o", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["message"] == "web-tools 1.3 has OSV-1 (fixed in 1.4.2)"
    assert finding["location"]["file"] == "layer.zip!/python/web_tools-1.3.dist-info/METADATA"
    Path("assay.toml").write_text(f'[params.{rule}]\nadvisories = ["lost.json"]\n')
    assert main(["scan", "layer.zip", "--select", rule, "-o", "json"]) == 3
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["verdict"] == "not_evaluated"
