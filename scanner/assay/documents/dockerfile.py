"""Dockerfiles: their instructions with the lines they stand on, stage by stage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.documents.positions import LineOrigin, Malformed
from assay.model import Resource
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.documents.reading import File

_DIRECTIVE = pattern(r"#\s*escape\s*=\s*([\\`])", re.IGNORECASE)
_INSTRUCTION = pattern(r"\s*([A-Za-z]+)(?:\s+(.*))?$", re.DOTALL)
_HEREDOC = pattern(r"<<-?[\"']?(\w+)[\"']?")
_WORDS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip


def read(file: File) -> list[Resource]:
    """The image's recipe: `instructions`, each `{"word", "text", "stage", "line", "end_line"}`.

    Raises:
        Malformed: an instruction does not exist, or there is no FROM.
    """
    instructions: list[dict[str, Any]] = []
    stage = -1
    for word, text, line, end in _instructions(file.text()):
        if word not in _WORDS:
            raise Malformed(f"there is no instruction {word[:20]}", line)
        stage += word == "FROM"
        instructions.append({"word": word, "text": text, "stage": stage, "line": line, "end_line": end})
    if stage < 0:
        raise Malformed("it has no FROM")
    values = {"instructions": instructions, "stages": stage + 1}
    return [Resource("dockerfile", file.shown, "document", values, LineOrigin(file.shown, values))]


def _instructions(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Every instruction as (word, rest, first line, last line); comments and continuations taken out of the rest."""
    directive = _DIRECTIVE.match(text) if text.startswith("#") else None
    escape = directive[1] if directive else "\\"
    lines = text.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        start = at
        if not lines[at].strip() or lines[at].lstrip().startswith("#"):
            at += 1
            continue
        parts = []
        while at < len(lines):
            line = lines[at].rstrip()
            comment = at > start and (not line.strip() or line.lstrip().startswith("#"))
            if not comment:
                parts.append(line.removesuffix(escape))
            else:
                parts.append("")
            at += 1
            if not comment and not line.endswith(escape):
                break
        whole = "\n".join(parts)
        for mark in _HEREDOC.findall(whole) if "<<" in whole else ():
            while at < len(lines):
                whole += "\n" + lines[at]
                at += 1
                if lines[at - 1].strip() == mark:
                    break
        found = _INSTRUCTION.match(whole)
        if found is None:
            raise Malformed(f"this is no instruction: {whole.strip()[:40]}", start + 1)
        yield found[1].upper(), found[2] or "", start + 1, at
