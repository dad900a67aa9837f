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
X = f"FROM x{DIGEST}"
Told = list[tuple[str, int, str]]
NOBODY_KNOWS = "cannot be decided: the image depends on {}, whose value is not known here"


def base(line: int, image: str) -> Told:
    return [("fail", line, f"the base image {image} has no digest")]


def taken(line: int, image: str, word: str = "COPY", how: str = "has no digest") -> Told:
    return [("fail", line, f"{word} takes files from the image {image}, which {how}")]


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
        ("ARG A=1 B=2\nFROM x:$B", base(2, "x:2")),
        ("ARG TAG=3.13\nARG BASE=python:${TAG}\nFROM ${BASE}",
         base(3, "python:3.13")),
        ("ARG R\nFROM ${R}/python:3.13", base(2, "${R}/python:3.13")),
        (f"ARG R\nFROM ${{R}}/python{DIGEST}", []),
        ("ARG R\nFROM python:${R}",
         [("unknown", 1, NOBODY_KNOWS.format("R"))]),
        ("ARG V\nFROM a AS a-base\nFROM ${V}-base", None),
        ("FROM x:${Y:-1}", base(1, "x:1")),
        ("ARG Y=2\nFROM x:1${Y:+-slim}", base(2, "x:1-slim")),
        (f"FROM x{DIGEST} AS Build\nFROM build\nFROM SCRATCH", []),
        (f"FROM --platform=$BUILDPLATFORM x{DIGEST} AS b\nFROM --platform=linux/arm64 y:1", base(2, "y:1")),
        (f"FROM x{DIGEST} AS b-amd64\nFROM x{DIGEST} AS b-arm64\nFROM b-${{TARGETARCH}}", []),
        ("FROM x:1-${TARGETARCH}", base(1, "x:1-${TARGETARCH}")),
        ("ARG V=v1\nFROM x:${V#v}", [("unknown", 1, NOBODY_KNOWS.format("V"))]),
        (f'ARG B="x{DIGEST}"\nFROM "${{B}}"', []),
        ("# syntax=docker/dockerfile:1\n# escape=`\nFROM x:1 `\n  AS b\nFROM b", base(3, "x:1")),
        (f"{X}\nRUN <<EOF\nFROM y:1\nEOF", []),
        (f"{X}\nRUN echo a\\\\\nFROM y:1", base(3, "y:1")),
        # What other images files are taken from.
        (f"{X} AS Build\nCOPY --from=build /a /a\nCOPY --from=0 /a /a\nRUN --mount=from=BUILD,target=/b x", []),
        (f"{X}\nCOPY --chown=1:1 --from=y:2 /a /a", taken(2, "y:2")),
        (f"{X}\nCOPY --from=y /a /a", taken(2, "y", "COPY", "is whatever latest is")),
        (f"{X}\nCOPY --from=y{DIGEST} /a /a\nCOPY a --from=b /c", []),
        (f"{X}\nRUN --mount=type=cache,target=/c \\\n  --mount=type=bind,from=ghcr.io/a/uv:0.5,target=/uv \\\n  x",
         taken(2, "ghcr.io/a/uv:0.5", "RUN", "has no digest")),
        (f"{X}\nRUN --mount=type=bind,from=y:latest,target=/y x",
         taken(2, "y:latest", "RUN", "is latest")),
        (f"{X}\nRUN --mount=type=cache,from=y{DIGEST},target=/y --network=none x\nRUN x --from=y --mount=from=y", []),
        (f"{X}\nONBUILD COPY\t--from=y:1 /a /a", taken(2, "y:1")),
        (f"{X}\nCOPY --from=${{Y}} /a /a", [("unknown", 1, NOBODY_KNOWS.format("Y"))]),
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
        ("FROM a\nUSER ${U}", "unknown"),
        ("FROM a\nARG U=1000\nUSER ${U}:${U}", ""),
        ("FROM a\nARG U=root\nUSER $U", "fail"),
        ("FROM a\nARG U\nUSER $U", "unknown"),
        ("ARG U=1000\nFROM a\nUSER $U", "unknown"),
        ("ARG U=1000\nFROM a\nARG U\nUSER $U", ""),
        ("FROM a\nENV U=0 V=${U}\nARG U=1000\nUSER $U", "fail"),
        ("FROM a AS b\nENV U=1000\nFROM b\nUSER $U", ""),
        ("FROM a AS b\nARG U=1000\nFROM b\nUSER $U", "unknown"),
        ("FROM a AS b\nUSER root\nFROM a\nUSER app\nFROM b", "fail"),
        ("FROM a AS b\nUSER app\nFROM b AS c\nRUN x\nFROM c", ""),
        ("FROM a AS a\nUSER app\nFROM a", ""),
        ("FROM a\nONBUILD", "fail"),
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
        ("FROM a\nADD https://example.com/x.key /etc/apt/keyrings/", []),
        ('FROM a\nCMD ["x", "--password", "hunter2-Zq81kfW"]\nENTRYPOINT ["x", "--password", "/run/secrets/x"]', [2]),
        ("FROM a\nHEALTHCHECK --interval=5m \\\n  CMD curl -u me:hunter2-Zq81kfW http://localhost", [2]),
        ("FROM a\nHEALTHCHECK NONE\nLABEL db.password=hunter2-Zq81kfW maintainer=me", [3]),
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
