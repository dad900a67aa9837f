"""What stands in a file with a syntax error: every top-level block that parses alone; the others are faults.

The parser's own recovery is not trusted: it turns `x = 1 +` before `y = 2` into `x = 2`, and lets an unclosed block
swallow the next. So the text is cut where top-level blocks begin, and each piece is parsed by itself.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tree_sitter import Parser, Point, Range

from assay.terraform.syntax import BLOCK, BODY, COMMENT, LANGUAGE, Fault, SourceFile, add_top_level, known_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_KINDS = (
    rb"resource|data|module|variable|output|locals|provider|terraform|moved|import|removed|check|ephemeral|action|list"
)
_HEADER = re.compile(rb"(?:" + _KINDS + rb")\b[ \t]*(?:\"[^\"\n]*\"[ \t]*|[\w-]+[ \t]+)*\{")
_HEREDOC = re.compile(rb"<<-?([\w.-]+)[ \t]*\r?$")


def recover(file: SourceFile, root: Node) -> None:
    """Add the blocks that parse alone to the file, and a fault for each piece that does not."""
    starts = list(_headers(file.data))
    if not starts:
        file.faults.append(describe(file, root))
        return
    bounds = [0, *starts, len(file.data)]
    if bounds[1] == 0:
        del bounds[0]
    for start, end in pairwise(bounds):
        piece = parse_range(file.data, start, end)
        if piece.has_error or not _one_block(piece):
            if file.data[start:end].strip():
                file.faults.append(describe(file, piece, start, end))
        else:
            add_top_level(file, piece)


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
    return Parser(LANGUAGE, included_ranges=[Range(first, last, start, end)]).parse(known_numbers(data)).root_node


def _one_block(root: Node) -> bool:
    """Whether the piece is one block, or comments alone before the first."""
    inner = [n for n in root.children if n.kind_id != COMMENT]
    if not inner:
        return True
    blocks = [n for n in inner[0].children if n.kind_id != COMMENT]
    return len(inner) == 1 and inner[0].kind_id == BODY and len(blocks) == 1 and blocks[0].kind_id == BLOCK


def describe(file: SourceFile, node: Node, start: int = 0, end: int | None = None) -> Fault:
    """The first error below a node as a sentence: what stands there, what was expected."""
    stop = len(file.data) if end is None else end
    data = file.data[:stop]
    unpaired = _unpaired(data, start)
    if unpaired is not None:
        return Fault(file.line(unpaired[0]), unpaired[1])
    bad = _first_error(node)
    if bad is None:
        return Fault(file.line(start), 'this is not a block: expected a block such as resource "type" "name" { ... }')
    valueless = _VALUELESS.search(data, start)
    if valueless:
        name = valueless[1].decode()
        return Fault(file.line(valueless.start(1)), f'{name} has no value: expected an expression after "="')
    if bad.is_missing:
        wanted = {"block_end": "}", "quoted_template_end": '"'}.get(bad.type, bad.type)
        return Fault(file.line(bad.start_byte), f'expected "{wanted}" before "{_words(data, bad.start_byte)}"')
    at = _first_word(data, bad)
    return Fault(file.line(at), f'unexpected "{_words(data, at)}": expected {_expected(bad)}')


_VALUELESS = re.compile(rb"^[ \t]*([\w-]+)[ \t]*=[ \t]*(?:#.*|//.*)?\r?$", re.MULTILINE)
_LEXEME = re.compile(
    rb"""\#[^\n]* | //[^\n]* | /\*.*?\*/ | <<-?(?P<mark>[\w.-]+)[ \t]*\r?\n
    | (?P<quote>") | (?P<open>[\[({]) | (?P<close>[\])}])""",
    re.VERBOSE | re.DOTALL,
)
_IN_TEXT = re.compile(rb"""\\. | [$%]{2}\{ | (?P<open>[$%]\{) | (?P<quote>") | (?P<line>\n)""", re.VERBOSE | re.DOTALL)
_PAIRS = {b"(": b")", b"[": b"]", b"{": b"}"}


def _unpaired(data: bytes, start: int) -> tuple[int, str] | None:
    """The first bracket, quote or heredoc that is never closed, or closes nothing: the commonest of all errors."""
    waiting: list[tuple[bytes, int]] = []  # what has to be closed, and where it was opened
    at = start
    while True:
        inside = bool(waiting) and waiting[-1][0] == b'"'
        found = (_IN_TEXT if inside else _LEXEME).search(data, at)
        if found is None:
            break
        at = found.end()
        kind = found.lastgroup
        if kind == "line":
            return waiting[-1][1], 'the text that begins here is never closed: expected a closing " on the same line'
        if kind == "quote":
            if inside:
                waiting.pop()
            else:
                waiting.append((b'"', found.start()))
        elif kind == "open":
            waiting.append((_PAIRS[found["open"][-1:]], found.start()))
        elif kind == "close":
            if not waiting or waiting[-1][0] != found["close"]:
                return _mismatch(data, waiting, found.start(), found["close"].decode())
            waiting.pop()
        elif kind == "mark":
            closing = re.compile(rb"^[ \t]*" + re.escape(found["mark"]) + rb"[ \t]*\r?$", re.MULTILINE).search(data, at)
            if closing is None:
                mark = found["mark"].decode()
                return found.start(), f"the heredoc is never closed: expected a line with {mark} alone"
            at = closing.end()
    if not waiting:
        return None
    closing_sign, opened = waiting[0]
    return _never_closed(data, opened, closing_sign.decode())


def _never_closed(data: bytes, opened: int, sign: str) -> tuple[int, str]:
    begin = data.rfind(b"\n", 0, opened) + 1
    return opened, f'"{_words(data, begin)}" is never closed: expected "{sign}"'


def _mismatch(data: bytes, waiting: list[tuple[bytes, int]], at: int, sign: str) -> tuple[int, str]:
    if not waiting:
        return at, f'unexpected "{sign}": nothing is open that it could close'
    wanted, opened = waiting[-1]
    line = data.count(b"\n", 0, opened) + 1
    return at, f'unexpected "{sign}": expected "{wanted.decode()}" for what was opened on line {line}'


def _first_error(root: Node) -> Node | None:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return node
        stack.extend(c for c in reversed(node.children) if c.has_error or c.is_missing)
    return None


def _first_word(data: bytes, bad: Node) -> int:
    """Where the error begins for a reader: past what the parser could still make sense of."""
    inner = [c for c in bad.children if c.is_error]
    at = inner[0].start_byte if inner else bad.start_byte
    while at < len(data) and data[at : at + 1].isspace():
        at += 1
    return min(at, max(0, len(data) - 1))


def _words(data: bytes, at: int) -> str:
    line = data[at:].split(b"\n", 1)[0].decode(errors="replace").strip()
    return line[:40]


_FRIENDLY = {
    "identifier": "a name",
    "block_end": "}",
    "expression": "a value",
    "template_interpolation_end": "} to end the interpolation",
    "quoted_template_end": 'a closing "',
}
_SIGNS = re.compile(r"[\]\[(){}=,:?]|=>|in|if|\.\.\.")


def _expected(bad: Any) -> str:
    """What the grammar allows where the error begins."""
    before = bad.prev_sibling
    while before is not None and before.children:
        before = before.children[-1]
    if before is None:
        return "a block or an attribute (name = value)"
    iterator = LANGUAGE.lookahead_iterator(before.next_parse_state)
    if iterator is None:
        return "a complete expression"
    names = {_FRIENDLY.get(n, n) for n in iterator.names() if n in _FRIENDLY or _SIGNS.fullmatch(n)}
    if not names or len(names) > 5:
        return "a complete expression or the end of the line"
    shown = [n if " " in n else f'"{n}"' for n in sorted(names)]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " or " + shown[-1]
