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

_DIRECTIVE = pattern(r"#\s*(\w+)\s*=\s*(\S+)")
_INSTRUCTION = pattern(r"\s*([A-Za-z]+)(?=\s|$)[^\S\n]*(.*)$", re.DOTALL)
_HEREDOC = pattern(r"(?:^|\s)\d*<<(-?)([\"']?)([^\s<\"']+)\2(?=\s|$)")
_TAKES_HEREDOCS = pattern(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", re.IGNORECASE)
_WORDS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip


def read(file: File) -> list[Resource]:
    """The image's recipe: `instructions`, each `{"word", "text", "head", "stage", "line", "end_line"}`.

    Of the lines of `text` the first `head` are the instruction itself, the others the heredocs behind it.

    Raises:
        Malformed: an instruction does not exist, or there is no FROM.
    """
    instructions: list[dict[str, Any]] = []
    stage = -1
    for word, text, head, line, end in _instructions(file.text()):
        if word not in _WORDS:
            raise Malformed(f"there is no instruction {word[:20]}", line)
        stage += word == "FROM"
        instructions.append({"word": word, "text": text, "head": head, "stage": stage, "line": line, "end_line": end})
    if stage < 0:
        raise Malformed("it has no FROM")
    values = {"instructions": instructions, "stages": stage + 1}
    return [Resource("dockerfile", file.shown, "document", values, LineOrigin(file.shown, values))]


def _escape(text: str) -> str:
    """What continues a line: a backslash, or what the directives say that open the file."""
    for line in text.split("\n"):
        directive = _DIRECTIVE.match(line)
        if directive is None:
            break
        if directive[1].lower() == "escape" and directive[2] in ("\\", "`"):
            return directive[2]
    return "\\"


def _instructions(text: str) -> Iterator[tuple[str, str, int, int, int]]:
    """Every instruction as (word, rest, lines of the rest before its heredocs, first line, last line).

    Comments and continuations are taken out of the rest.

    Raises:
        Malformed: what stands there is none, or its heredoc does not end.
    """
    escape = _escape(text)
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
                parts.append(line if line.endswith(escape * 2) else line.removesuffix(escape))
            else:
                parts.append("")
            at += 1
            if not comment and (not line.endswith(escape) or line.endswith(escape * 2)):
                break
        whole = "\n".join(parts)
        found = _INSTRUCTION.match(whole)
        if found is None:
            raise Malformed(f"this is no instruction: {whole.strip()[:40]}", start + 1)
        rest = found[2]
        head = rest.count("\n") + 1
        for dash, _, mark in _HEREDOC.findall(rest) if "<<" in rest and _TAKES_HEREDOCS.match(whole) else ():
            begin = at
            while at < len(lines) and (lines[at].lstrip("\t") if dash else lines[at]).rstrip("\r") != mark:
                at += 1
            if at == len(lines):
                raise Malformed(f"the heredoc {mark} does not end", start + 1)
            at += 1
            rest = "\n".join((rest, *lines[begin:at]))
        yield found[1].upper(), rest, head, start + 1, at
