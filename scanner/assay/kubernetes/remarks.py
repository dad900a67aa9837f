"""Comments in YAML that may waive something, each with the lines it speaks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.kubernetes.documents import Chunk, Span, positions, split
from assay.model import Remark
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = pattern(rb"(?:^|[ \t])#[^\n]*(?:assay:|checkov:|trivy:|tfsec:|kics-scan)[^\n]*", 8)  # 8: `^` at every line


def remarks(shown: str, data: bytes) -> Iterator[Remark]:
    """The remarks of a text, in its order; what only looks like one inside a text value is none."""
    for chunk in split(data):
        text = data[chunk.start : chunk.end]
        found = list(_COMMENT.finditer(text))
        if not found:
            continue
        top = positions(text, chunk.line)
        for match in found:
            at = match.start() + (match[0][:1] in b" \t")
            line = chunk.line + text.count(b"\n", 0, at) + 1
            column = len(text[text.rfind(b"\n", 0, at) + 1 : at].decode(errors="replace")) + 1
            own_line = not text[text.rfind(b"\n", 0, at) + 1 : at].strip()
            if not _in_scalar(top, line, column):
                comment = match[0].decode(errors="replace").strip()
                yield Remark(shown, line, comment, *_speaks_of(top, chunk, text, line, own_line, comment))


def _in_scalar(span: Span, line: int, column: int) -> bool:
    """True when a place lies inside a value that is a text."""
    if not span.inner:
        return (span.start_line, span.start_column) <= (line, column) < (span.end_line, span.end_column)
    return any(_in_scalar(inner, line, column) for inner in span.inner.values())


def _speaks_of(
    top: Span, chunk: Chunk, text: bytes, line: int, own_line: bool, comment: str
) -> tuple[int, int]:  # fmt: skip
    """The first and last line that a comment is about: the entry it stands beside, or the one that follows it."""
    last = chunk.line + text.count(b"\n") + 1
    if "kics-scan" in comment and "ignore-line" not in comment and "ignore-block" not in comment:
        return 1, last
    if "kics-scan ignore-line" in comment:
        return line + 1, line + 1
    if "checkov:" in comment or (own_line and line < top.start_line):
        return chunk.line + 1, last
    about = _entry(top, line if not own_line else _next_line(text, chunk, line))
    return (line, line) if about is None else (about.start_line, _last_line(about))


def _next_line(text: bytes, chunk: Chunk, line: int) -> int:
    """The first line below that holds more than a comment."""
    lines = text.split(b"\n")
    at = line - chunk.line
    while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith(b"#")):
        at += 1
    return chunk.line + at + 1


def _entry(span: Span, line: int) -> Span | None:
    """The outermost entry that begins on a line."""
    for inner in span.inner.values():
        if inner.start_line == line:
            return inner
        if inner.start_line < line <= inner.end_line:
            found = _entry(inner, line)
            if found is not None:
                return found
    return None


def _last_line(span: Span) -> int:
    """A block that ends at the start of a line ends on the line before."""
    return span.end_line - 1 if span.end_column == 1 and span.end_line > span.start_line else span.end_line
