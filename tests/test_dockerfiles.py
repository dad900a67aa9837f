"""Dockerfiles as people write them: heredocs, continued lines, arguments, lists, triggers, directives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.model import Request, Verdict
from assay.scan import run

if TYPE_CHECKING:
    from pathlib import Path

    from assay.engine import Report

CATALOGUE = Catalogue([RULES])
DIGEST = "@sha256:" + "a" * 64


def scan(folder: Path, rule: str, text: str) -> Report:
    (folder / "Dockerfile").write_text(text)
    return run(Request([str(folder)], str(folder)), CATALOGUE, [e for e in CATALOGUE.entries if e.id == rule])


def told(report: Report) -> list[tuple[str, int, str]]:
    """(verdict, line, message) of each finding."""
    return sorted(
        (f.verdict.value, f.location.start_line if f.location else 0, f.message)
        for f in report.findings
        if f.verdict is not Verdict.PASS
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ARG A=1 B=2\nFROM x:$B", [("fail", 2, "the base image x:2 has no digest")]),
        ("ARG TAG=3.13\nARG BASE=python:${TAG}\nFROM ${BASE}",
         [("fail", 3, "the base image python:3.13 has no digest")]),
        ("ARG R\nFROM ${R}/python:3.13", [("fail", 2, "the base image ${R}/python:3.13 has no digest")]),
        (f"ARG R\nFROM ${{R}}/python{DIGEST}", []),
        ("ARG R\nFROM python:${R}",
         [("unknown", 1, "cannot be decided: the base image is the argument R, which has no default")]),
        ("ARG V\nFROM a AS a-base\nFROM ${V}-base", None),
        ("FROM x:${Y:-1}", [("fail", 1, "the base image x:1 has no digest")]),
        ("ARG Y=2\nFROM x:1${Y:+-slim}", [("fail", 2, "the base image x:1-slim has no digest")]),
        (f"FROM x{DIGEST} AS Build\nFROM build\nFROM SCRATCH", []),
    ],
)  # fmt: skip
def test_base_images(tmp_path: Path, text: str, wanted: list[tuple[str, int, str]] | None) -> None:
    found = told(scan(tmp_path, "dockerfile-base-unpinned", text))
    if wanted is None:
        assert [v for v, _, _ in found] == ["fail", "unknown"]
    else:
        assert found == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FROM a\nUSER 0:0", "fail"),
        ("FROM a\nUSER 00", "fail"),
        ('FROM a\nUSER "root"', "fail"),
        ("FROM a\nUSER root:app", "fail"),
        ("FROM a\nUSER 1000:0", ""),
        ("FROM a\nUSER app\nONBUILD USER root", ""),
        ("FROM a\nONBUILD USER app", "fail"),
        ("ARG B=build\nFROM a AS build\nUSER app\nFROM ${B}", ""),
        ("ARG B\nFROM ${B}", "unknown"),
        ("FROM a AS build\nUSER app\nFROM b\nCOPY --from=build /x /x", "fail"),
    ],
)
def test_the_user(tmp_path: Path, text: str, wanted: str) -> None:
    assert "".join(v for v, _, _ in told(scan(tmp_path, "dockerfile-root-user", text))) == wanted


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("FROM a\nARG X=AKIAIOSFODNN7REALKEY", [2]),
        ("FROM a\nARG A=1 DB_PASSWORD", [2]),
        ('FROM a\nCOPY [".env", "/app/"]', [2]),
        ("FROM a\nCOPY --from=build /x/.npmrc /app/", []),
        ("FROM a\nCOPY --chown=1 \\\n .npmrc /app/", [2]),
        ("FROM a\nCOPY <<EOF /app/x\ncredentials\nEOF", []),
        ("FROM a\nCOPY <<EOF /app/x\nkey = 1\npassword = 'hunter2-Zq81kfW'\nEOF", [4]),
        ("FROM a\nCOPY global-bundle.pem rds-ca-2019-root.pem /etc/ssl/", []),
        ("FROM a\nCOPY ca-key.pem /etc/ssl/", [2]),
        ("FROM a\nONBUILD ENV DB_PASSWORD=hunter2-Zq81kfW", [2]),
    ],
)
def test_what_stays_in_the_image(tmp_path: Path, text: str, lines: list[int]) -> None:
    assert [line for _, line, _ in told(scan(tmp_path, "dockerfile-secret", text))] == lines


LOGIN = "docker login -p x"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("FROM a\nRUN docker login \\\n  # as the robot\n  -u me \\\n  -p $X", [2]),
        (f"FROM a\nRUN --mount=type=cache,target=/x \\\n  a && \\\n  {LOGIN}", [4]),
        (f"FROM a\nRUN \\\n  {LOGIN}", [3]),
        (f"FROM a\nRUN <<EOF\na\n{LOGIN}\nEOF", [4]),
        (f"FROM a\nRUN bash -e <<'E-1'\n{LOGIN}\nE-1", [3]),
        (f"FROM a\nRUN cat > x <<EOF\n{LOGIN}\nEOF", []),
        (f"FROM a\nRUN python <<EOF\n{LOGIN}\nEOF", []),
        (f'FROM a\nRUN ["sh", "-c", "{LOGIN}"]', [2]),
        ('FROM a\nRUN ["docker", "login", "-p", "x"]', [2]),
        (f"FROM a\nONBUILD RUN {LOGIN}", [2]),
        (f"FROM a\nRUN grep x <<<word\nRUN {LOGIN}", [3]),
        (f"FROM a\nRUN echo $((1<<2))\nRUN {LOGIN}", [3]),
        (f'FROM a\nLABEL x="a <<b c"\nRUN {LOGIN}', [3]),
        (f"# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN docker login `\n -p x\nRUN {LOGIN}", [4, 6]),
    ],
)
def test_the_commands_of_an_image(tmp_path: Path, text: str, lines: list[int]) -> None:
    report = scan(tmp_path, "shell-credential-argument", text)
    assert [i["status"] for i in report.coverage.inputs] == ["read"], report.coverage.inputs
    assert [line for _, line, _ in told(report)] == lines


def test_a_heredoc_without_an_end_is_said(tmp_path: Path) -> None:
    report = scan(tmp_path, "dockerfile-secret", "FROM a\nRUN <<EOF\nx\n")
    assert [(i["status"], i["reason"]) for i in report.coverage.inputs] == [
        ("failed", "line 2, column 1: the heredoc EOF does not end")
    ]
