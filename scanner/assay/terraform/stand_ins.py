"""Plain texts made short work of for the parser.

The grammar makes a token of every character of a text, so that texts take half of a parse. A number of the same length
is one token: where a value is a text in quotes without escapes and templates, zeros stand in for it, and whoever reads
the value reads the original bytes. Everything else keeps its bytes, and every byte its place.
"""

from __future__ import annotations

from assay.patterns import pattern

_TOKEN = pattern(rb'"(?:[ !#&-\[\]-~]*")?|#|//|/\*|<<')
_IN_TEXT = pattern(rb'\\[^\n]|[$%]{1,2}\{|"|\n')
_IN_CODE = pattern(rb'"|[{}]|#|//|/\*|<<')
_HEAD = pattern(rb"[ 	]{0,64}[A-Za-z_][^=]{0,256}")
_HEREDOC = pattern(rb"<<-?([\w-]+)[ \t]*\r?\n")
_BEFORE = b"=,[(:?{"
_BESIDE = b" \t\r\n=,[(:?{"
_AFTER = b" \t\r\n,])}:"
LONGEST = 1_000
_ZEROS, _LETTERS = b"0" * LONGEST, b"x" * LONGEST


def stand_ins(data: bytes) -> bytes:
    """HCL with zeros for its plain texts, as far as it is certain what is a text."""
    made = bytearray(data)
    at = 0
    search = _TOKEN.search
    while at >= 0:
        found = search(data, at)
        if found is None:
            break
        start, at = found.span()
        if data[start] == 0x22:
            if at - start == 1:
                at = _end_of_text(data, at)
            elif at - start <= LONGEST:
                made[start:at] = _filler(data, start, at)[: at - start]
        elif data[start] == 0x3C:
            at = _end_of_heredoc(data, start)
        elif data[at - 1] == 0x2A:
            at = data.find(b"*/", at)
        else:
            at = data.find(b"\n", at)
    return bytes(made)


def _filler(data: bytes, start: int, end: int) -> bytes:
    """What stands in for a text: zeros for an expression or key, letters for a label, itself where neither is sure."""
    if start and data[start - 1] not in _BESIDE:
        return data[start:end]
    after = end
    while data[after : after + 1] in (b" ", b"\t"):
        after += 1
    follows = data[after : after + 1]
    if follows in (b"=", b":"):
        return _ZEROS
    before = start - 1
    while before >= 0 and data[before] in b" \t\r\n":
        before -= 1
    if before >= 0 and data[before] in _BEFORE and data[end : end + 1] in _AFTER:
        return _ZEROS
    if follows in (b'"', b"{") and end < after:
        head = data[max(0, start - 256) : start].rpartition(b"\n")[2]
        return _LETTERS if _HEAD.fullmatch(head) else data[start:end]
    return data[start:end]


def _end_of_text(data: bytes, at: int) -> int:
    """Where the text ends whose quote stands before `at`; -1 where that is not plain to see."""
    inside = [True]  # for every quote and brace that is open, whether it is a quote
    while inside:
        found = (_IN_TEXT if inside[-1] else _IN_CODE).search(data, at)
        if found is None:
            return -1
        mark, at = found[0], found.end()
        if mark == b'"':
            if inside[-1]:
                inside.pop()
            else:
                inside.append(True)
        elif mark in (b"${", b"%{", b"{"):
            inside.append(False)
        elif mark == b"}":
            inside.pop()
        elif mark[:1] != b"\\":  # the end of the line, a comment, a heredoc, a doubled mark
            return -1
    return at


def _end_of_heredoc(data: bytes, start: int) -> int:
    """Where the heredoc ends, or -1: at the first line that says nothing but its mark."""
    opened = _HEREDOC.match(data, start)
    if opened is None:
        return -1
    mark, at = opened[1], opened.end()
    while 0 <= at < len(data):
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else len(data)]
        if line.strip() == mark:
            return end
        at = end + 1 if end >= 0 else -1
    return -1
