"""Comments that may waive something, each with the lines it speaks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.model import Remark
from assay.terraform.syntax import has_remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.terraform.syntax import Block, SourceFile


def remarks(file: SourceFile) -> Iterator[Remark]:
    """The remarks of a file, in its order."""
    for start, end in file.comments:
        text = file.data[start:end]
        if has_remarks(text):
            first, last = _speaks_of(file, start, end, text)
            yield Remark(file.shown, file.line(start), text.decode(errors="replace").strip(), first, last)


def _speaks_of(file: SourceFile, start: int, end: int, text: bytes) -> tuple[int, int]:
    """The first and last line that a comment is about."""
    whole = (1, file.data.count(b"\n") + 1)
    following = _next_code(file, end)
    holders = list(_around(file.blocks, start))
    beside = holders[-1].body.blocks if holders else file.blocks
    if b"kics-scan" in text:
        if b"ignore-line" in text:
            return file.line(start) + 1, file.line(start) + 1
        if b"ignore-block" in text:
            block = _beginning(beside, following)
            return _lines(file, block) if block is not None else (file.line(following), file.line(following))
        return whole
    if b"trivy:" in text or b"tfsec:" in text:
        return _narrowest(file, holders, start, following)
    if not holders:
        block = _beginning(beside, following)
        return _lines(file, block) if block is not None else (file.line(start), file.line(start))
    return _lines(file, holders[0] if b"checkov:" in text else holders[-1])


def _narrowest(file: SourceFile, holders: Sequence[Block], start: int, following: int) -> tuple[int, int]:
    """These tools mean the line of the comment, or the block or attribute that comes next."""
    line = file.data.rfind(b"\n", 0, start) + 1
    if file.data[line:start].strip():
        inner = holders[-1] if holders and holders[-1].start >= line else None
        return _lines(file, inner) if inner is not None else (file.line(start), file.line(start))
    inside = holders[-1].body.blocks if holders else file.blocks
    block = _beginning(inside, following)
    if block is not None:
        return _lines(file, block)
    for attribute in holders[-1].body.attributes.values() if holders else ():
        if attribute.start == following:
            return file.line(attribute.start), file.line(attribute.end)
    return _lines(file, holders[-1]) if holders else (file.line(start), file.line(start))


def _around(blocks: Sequence[Block], at: int) -> Iterator[Block]:
    """The blocks that hold a byte, the outermost first."""
    for block in blocks:
        if block.start <= at < block.end:
            yield block
            yield from _around(block.body.blocks, at)
            return


def _beginning(blocks: Sequence[Block], at: int) -> Block | None:
    """The block that begins at a byte."""
    return next((b for b in blocks if b.start == at), None)


def _next_code(file: SourceFile, end: int) -> int:
    """The first byte after a comment that is neither space nor part of another comment."""
    comments = dict(file.comments)
    at = end
    while at < len(file.data):
        if at in comments:
            at = comments[at]
        elif file.data[at : at + 1].isspace():
            at += 1
        else:
            break
    return at


def _lines(file: SourceFile, block: Block) -> tuple[int, int]:
    return file.line(block.start), file.line(max(block.start, block.end - 1))
