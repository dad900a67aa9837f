"""What is wrong with a text that does not parse: the line, and a sentence a person can act on.

Brackets, quotes and heredocs that do not pair are found by a small lexer. For everything else the longest beginning is
sought that parses once its open brackets are closed: what follows it is the error.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from assay.patterns import pattern
from assay.terraform.syntax import Fault, SourceFile, parse_bytes

_VALUELESS = pattern(rb"([\w-]+)[ \t]*=[ \t]*(?:#.*|//.*)?")
_LEXEME = pattern(
    rb"""\#[^\n]* | //[^\n]* | /\*.*?\*/ | <<-?(?P<mark>[\w.-]+)[ \t]*\r?\n
    | (?P<quote>") | (?P<open>[\[({]) | (?P<close>[\])}])""",
    re.VERBOSE | re.DOTALL,
)
_IN_TEXT = pattern(rb"""\\. | [$%]{2}\{ | (?P<open>[$%]\{) | (?P<quote>") | (?P<line>\n)""", re.VERBOSE | re.DOTALL)
_PAIRS = {b"(": b")", b"[": b"]", b"{": b"}"}
_WORD = pattern(rb"[\w.-]+|\"[^\"]*\"|[^\s\w]+")


class Fit(NamedTuple):
    """How brackets pair: what is still open at the end (its closing sign and place), or the first misfit."""

    waiting: list[tuple[bytes, int]]
    misfit: Fault | None


def describe(file: SourceFile, start: int = 0, end: int | None = None) -> Fault:
    """The first error of a text, or of a part of it, as a sentence."""
    stop = len(file.data) if end is None else end
    fit = _pair(file, start, stop)
    if fit.misfit is not None:
        return fit.misfit
    if fit.waiting:
        sign, opened = fit.waiting[0]
        begin = file.data.rfind(b"\n", 0, opened) + 1
        return Fault(file.line(opened), f'"{_words(file, begin)}" is never closed: expected "{sign.decode()}"')
    return _unreadable(file, start, stop)


def _pair(file: SourceFile, start: int, stop: int) -> Fit:
    waiting: list[tuple[bytes, int]] = []
    data, at = file.data, start
    while True:
        inside = bool(waiting) and waiting[-1][0] == b'"'
        found = (_IN_TEXT if inside else _LEXEME).search(data, at, stop)
        if found is None:
            return Fit(waiting, None)
        at, kind = found.end(), found.lastgroup
        if kind == "line":
            sentence = 'the text that begins here is never closed: expected a closing " on the same line'
            return Fit(waiting, Fault(file.line(waiting[-1][1]), sentence))
        if kind == "quote" and inside:
            waiting.pop()
        elif kind == "quote":
            waiting.append((b'"', found.start()))
        elif kind == "open":
            waiting.append((_PAIRS[found["open"][-1:]], found.start()))
        elif kind == "close":
            if not waiting or waiting[-1][0] != found["close"]:
                return Fit(waiting, _misfit(file, waiting, found.start()))
            waiting.pop()
        elif kind == "mark":
            ending = re.compile(rb"^[ \t]*" + re.escape(found["mark"]) + rb"[ \t]*\r?$", re.MULTILINE)
            closing = ending.search(data, at, stop)
            if closing is None:
                sentence = f"the heredoc is never closed: expected a line with {found['mark'].decode()} alone"
                return Fit(waiting, Fault(file.line(found.start()), sentence))
            at = closing.end()


def _misfit(file: SourceFile, waiting: list[tuple[bytes, int]], at: int) -> Fault:
    sign = chr(file.data[at])
    if not waiting:
        return Fault(file.line(at), f'unexpected "{sign}": nothing is open that it could close')
    wanted, opened = waiting[-1]
    sentence = f'unexpected "{sign}": expected "{wanted.decode()}" for what was opened on line {file.line(opened)}'
    return Fault(file.line(at), sentence)


def _unreadable(file: SourceFile, start: int, stop: int) -> Fault:
    """The first line after the longest beginning that can be read."""
    data = file.data
    ends = [m.end() for m in re.compile(rb"\n").finditer(data, start, stop)]
    if not ends or ends[-1] < stop:
        ends.append(stop)
    at = _longest(file, start, [start, *ends])
    while at < stop and data[at : at + 1].isspace():
        at += 1
    return Fault(file.line(at), _on_line(file, start, at))


def _longest(file: SourceFile, start: int, ends: list[int]) -> int:
    """The end of the longest beginning that can be read: sought from the back in growing steps, then halved."""
    bad, step = len(ends) - 1, 1
    good = max(0, bad - step)
    while good > 0 and not _readable(file, start, ends[good]):
        bad, step = good, step * 2
        good = max(0, bad - step)
    while bad - good > 1:
        middle = (good + bad) // 2
        if _readable(file, start, ends[middle]):
            good = middle
        else:
            bad = middle
    return ends[good]


def _readable(file: SourceFile, start: int, end: int) -> bool:
    """Whether a beginning parses once what it leaves open is closed."""
    fit = _pair(file, start, end)
    if fit.misfit is not None:
        return False
    closing = b"".join(sign if sign == b'"' else b"\n" + sign for sign, _ in reversed(fit.waiting))
    return not parse_bytes(file.data[start:end] + closing + b"\n").has_error


def _on_line(file: SourceFile, start: int, at: int) -> str:
    """What the line of an error lacks."""
    end = file.data.find(b"\n", at)
    line = file.data[at : end if end >= 0 else len(file.data)].rstrip()
    valueless = _VALUELESS.fullmatch(line)
    if valueless:
        return f'{valueless[1].decode()} has no value: expected an expression after "="'
    shown = line[:60].decode(errors="replace")
    for word in reversed(list(_WORD.finditer(line))[1:40]):
        if _readable(file, start, at + word.start()):
            rest = line[word.start() :][:30].decode(errors="replace")
            if word.end() == len(line) and re.fullmatch(rb"[^\s\w\"]+", word[0]):
                return f'nothing follows "{rest}" in "{shown}": expected a value'
            return f'unexpected "{rest}" in "{shown}": expected an operator or the end of the line'
    return f'"{shown}" cannot be read: expected an attribute (name = value), a block or a complete expression'


def _words(file: SourceFile, at: int) -> str:
    return file.data[at:].split(b"\n", 1)[0].decode(errors="replace").strip()[:60]
