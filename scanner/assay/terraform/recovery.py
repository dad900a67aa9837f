"""What stands in a file with a syntax error: every top-level block that parses alone; the others are faults.

The parser's own recovery is not trusted: it turns `x = 1 +` before `y = 2` into `x = 2`, and lets an unclosed block
swallow the next. So the text is cut where top-level blocks begin, and each piece is parsed by itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from tree_sitter import Parser, Point, Range

from assay.patterns import pattern
from assay.terraform.diagnose import describe
from assay.terraform.syntax import BLOCK, BODY, COMMENT, LANGUAGE, SourceFile, add_top_level, known_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_KINDS = (
    rb"resource|data|module|variable|output|locals|provider|terraform|moved|import|removed|check|ephemeral|action|list"
)
_HEADER = pattern(rb"(?:" + _KINDS + rb")\b[ \t]*(?:\"[^\"\n]*\"[ \t]*|[\w-]+[ \t]+)*\{")
_HEREDOC = pattern(rb"<<-?([\w.-]+)[ \t]*\r?$")


def recover(file: SourceFile, root: Node) -> None:
    """Add the blocks that parse alone to the file, and a fault for each piece that does not."""
    starts = list(_headers(file.data))
    if not starts:
        file.faults.append(describe(file))
        return
    bounds = [0, *starts, len(file.data)]
    if bounds[1] == 0:
        del bounds[0]
    for start, end in pairwise(bounds):
        piece = parse_range(file.data, start, end)
        if piece.has_error or not _one_block(piece):
            whole = _whole_before_stray(file.data, start, end)
            if whole is not None:
                add_top_level(file, whole)
                start = whole.end_byte
            if file.data[start:end].strip():
                file.faults.append(describe(file, start, end))
        else:
            add_top_level(file, piece)


_END = pattern(rb"^(?:\}|(?:" + _KINDS + rb")\b.*\})[ \t]*\r?$", re.MULTILINE)
_BRACKET = pattern(rb"[\[\](){}]")


def _whole_before_stray(data: bytes, start: int, end: int) -> Node | None:
    """The block of a piece when only stray words follow it, as a merge's conflict marks do: nothing it could lack."""
    closing = _END.search(data, start, end)
    if closing is None:
        return None
    rest = data[closing.end() : end].lstrip(b"\r\n")
    if rest[:1].isspace() or _BRACKET.search(rest):
        return None
    whole = parse_range(data, start, closing.end())
    return None if whole.has_error or not _one_block(whole) else whole


def _headers(data: bytes) -> Iterator[int]:
    """Where top-level blocks begin: at the start of a line, outside heredocs."""
    waiting = b""
    at = 0
    for line in data.splitlines(keepends=True):
        if waiting:
            if line.strip() == waiting:
                waiting = b""
        else:
            if _HEADER.match(line):
                yield at
            found = _HEREDOC.search(line.rstrip(b"\r\n"))
            if found:
                waiting = found[1]
        at += len(line)


def parse_range(data: bytes, start: int, end: int) -> Node:
    """Parse a part of the bytes; the spans are those of the whole."""
    first, last = (Point(data.count(b"\n", 0, i), i - data.rfind(b"\n", 0, i) - 1) for i in (start, end))
    return Parser(LANGUAGE, included_ranges=[Range(first, last, start, end)]).parse(_known_numbers(data)).root_node


_known_numbers = lru_cache(maxsize=1)(known_numbers)  # the pieces of one file come one after the other


def _one_block(root: Node) -> bool:
    """Whether the piece is one block, or comments alone before the first."""
    inner = [n for n in root.children if n.kind_id != COMMENT]
    if not inner:
        return True
    blocks = [n for n in inner[0].children if n.kind_id != COMMENT]
    return len(inner) == 1 and inner[0].kind_id == BODY and len(blocks) == 1 and blocks[0].kind_id == BLOCK
