"""YAML and JSON text as documents: values as Kubernetes reads them, and on request where every field stands.

A stream is cut at its `---` lines before anything is parsed, so that a broken document costs only itself. Values are
built from the parser's events: no tag constructs anything, and an alias costs nothing but is counted with all it stands
for. Positions are made for one document at a time, when a finding asks.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.model import ValuePath

MAX_DEPTH = 200
MAX_ALIASED = 100_000
"""The bound on the nodes that aliases stand for in one document."""

_CUT = pattern(rb"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
# How sigs.k8s.io/yaml, which kubectl and the API server use, resolves plain scalars.
_WORDS: dict[str, Any] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"], False),
}
_NUMERIC = frozenset("0123456789+-.")
_INTEGER = pattern(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0o?[0-7]+|0|[1-9][0-9]*)", re.ASCII)
_FLOAT = pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)


class Chunk(NamedTuple):
    """One document of a stream: its bytes' bounds and the number of lines before it."""

    start: int
    end: int
    line: int


class Broken(Exception):
    """A document that cannot be read: what is wrong, and its line in the file (1-based)."""

    def __init__(self, sentence: str, line: int) -> None:
        super().__init__(sentence)
        self.line = line


class Parsed(NamedTuple):
    """A document's value, and the keys that stand twice in one map, each with its line."""

    value: Any
    duplicates: list[tuple[str, int]]


class Span(NamedTuple):
    """Where a node stands: 1-based lines and columns, the end exclusive; the nodes inside by key or index."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int
    inner: dict[str | int, Span]


def decoded(data: bytes) -> bytes:
    """The text as UTF-8 without a byte order mark; YAML may also be UTF-16."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def split(data: bytes) -> Iterator[Chunk]:
    """The documents of a stream; `%` directives, which nothing here needs, are left out."""
    starts = [0, *(m.start() for m in _CUT.finditer(data)), len(data)]
    line = 0
    for start, end in pairwise(starts):
        if start != end and not data[start:end].lstrip().startswith(b"%"):
            yield Chunk(start + 3 if data.startswith(b"...", start) else start, end, line)
        line += data.count(b"\n", start, end)


def parse(text: bytes, line: int = 0) -> Parsed:
    """The value of one document, `line` lines below the top of its file.

    Raises:
        Broken: it is not YAML, nested too deeply, or its aliases stand for too much.
    """
    from yaml._yaml import CParser

    from assay.libyaml import yaml

    parser = CParser(text)
    try:
        return _Builder(line).build(parser.get_event)
    except yaml.YAMLError as error:
        raise Broken(*_explained(error, text, line)) from None


def _explained(error: Any, text: bytes, line: int) -> tuple[str, int]:
    """What the parser complains about, in a sentence, and the line in the file."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"the text is not UTF-8: {getattr(error, 'reason', error)}", line + 1
    problem = str(error.problem)
    lines = text.split(b"\n", mark.line + 1)
    at = lines[mark.line] if mark.line < len(lines) else b""
    if b"\t" in at[: len(at) - len(at.lstrip())] or "'\\t'" in problem:
        problem = "a tab indents the line; YAML takes spaces only"
    return f"it is not YAML: {problem}", line + mark.line + 1


class _Frame:
    """A collection being read; `weight` counts its nodes, those included that aliases stand for."""

    __slots__ = ("anchor", "key", "merged", "value", "waiting", "weight")

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: str = ""
        self.waiting = False  # a key was read, its value not yet
        self.merged: list[Any] = []
        self.weight = 1


class _Builder:
    """Builds the value of one document from the parser's events."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.open: set[str] = set()
        self.duplicates: list[tuple[str, int]] = []
        self.aliased = 0
        self.stack: list[_Frame] = []

    def build(self, get: Any) -> Parsed:
        from yaml.events import (
            AliasEvent,
            MappingEndEvent,
            MappingStartEvent,
            ScalarEvent,
            SequenceEndEvent,
            SequenceStartEvent,
        )

        result: Any = None
        stack = self.stack
        top: _Frame | None = None
        while (event := get()) is not None:
            kind = event.__class__
            if kind is ScalarEvent:
                value: Any = event.value
                if event.implicit[0]:
                    value = resolve(value)
                elif event.tag is not None and event.tag != "tag:yaml.org,2002:str" and not event.implicit[1]:
                    value = _tagged(event.tag, value)
                if event.anchor is not None:
                    self.anchors[event.anchor] = (value, 1)
                weight = 1
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if len(stack) >= MAX_DEPTH:
                    raise Broken(f"it is nested more than {MAX_DEPTH} deep", self._at(event))
                if top is not None and type(top.value) is dict and not top.waiting:
                    raise Broken("a key is a map or a list; Kubernetes takes texts only", self._at(event))
                top = _Frame({} if kind is MappingStartEvent else [], event.anchor)
                stack.append(top)
                if event.anchor is not None:
                    self.open.add(event.anchor)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                closed = stack.pop()
                value, weight = closed.value, closed.weight
                for other in closed.merged:
                    for name, item in other.items():
                        value.setdefault(name, item)
                if closed.anchor is not None:
                    self.anchors[closed.anchor] = (value, weight)
                    self.open.discard(closed.anchor)
                top = stack[-1] if stack else None
            elif kind is AliasEvent:
                value, weight = self._alias(event)
            else:
                continue
            if top is None:
                result = value
            else:
                top.weight += weight
                if top.value.__class__ is list:
                    top.value.append(value)
                elif top.waiting:
                    self._put(top, value, event)
                else:
                    top.key = value if value.__class__ is str else _key(value, self._at(event))
                    top.waiting = True
        return Parsed(result, self.duplicates)

    def _put(self, top: _Frame, value: Any, event: Any) -> None:
        top.waiting = False
        key = top.key
        if key == "<<":
            others = value if isinstance(value, list) else [value]
            if not all(isinstance(o, dict) for o in others):
                raise Broken("`<<` merges something that is not a map", self._at(event))
            top.merged += others
            return
        if key in top.value:
            self.duplicates.append((key, self._at(event)))
        top.value[key] = value

    def _alias(self, event: Any) -> tuple[Any, int]:
        if event.anchor in self.open:
            raise Broken(f"the alias *{event.anchor} stands inside what it refers to", self._at(event))
        if event.anchor not in self.anchors:
            raise Broken(f"the alias *{event.anchor} refers to nothing", self._at(event))
        value, weight = self.anchors[event.anchor]
        self.aliased += weight
        if self.aliased > MAX_ALIASED:
            raise Broken(f"its aliases stand for more than {MAX_ALIASED:,} values", self._at(event))
        return value, weight

    def _at(self, event: Any) -> int:
        return int(self.line + event.start_mark.line + 1)


def resolve(text: str) -> Any:
    """A plain scalar as Kubernetes reads it: dates and sexagesimal numbers stay texts."""
    if not text or text[0] not in _NUMERIC:
        return _WORDS.get(text, text)
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        return _integer(plain)
    if _FLOAT.fullmatch(plain):
        number = float(plain)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return text


def _integer(text: str) -> int:
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-")
    if digits[:2].lower() in ("0x", "0b", "0o"):
        return sign * int(digits, 0)
    return sign * (int(digits, 8) if digits[0] == "0" and len(digits) > 1 else int(digits))


def _tagged(tag: str, text: str) -> Any:
    if tag == "tag:yaml.org,2002:binary":
        import base64
        import binascii

        try:
            return base64.b64decode(text).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return text
    return resolve(text)


def _key(value: Any, line: int) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise Broken("a key is empty; Kubernetes takes texts only", line)


# --- where things stand -----------------------------------------------------------------------------------------------

LARGE = 2_000_000
"""From this size on a document's positions go only as deep as an item of a list and its fields."""


def positions(text: bytes, line: int = 0) -> Span:
    """Where every node of a document stands, keys included; as far as it can be parsed."""
    from yaml._yaml import CParser
    from yaml.events import (
        AliasEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
    )

    from assay.libyaml import yaml

    get = CParser(text).get_event
    deepest = 3 if len(text) > LARGE else MAX_DEPTH
    whole = _Open(None, None, is_map=False)
    stack = [whole]
    last: Any = None
    try:
        while (event := get()) is not None:
            kind = event.__class__
            top = stack[-1]
            if kind is ScalarEvent or kind is AliasEvent:
                last = event.end_mark
                if top.is_map and top.key is None:
                    top.key, top.mark = str(getattr(event, "value", "")), event.start_mark
                else:
                    top.add(event.start_mark, last, {}, line, len(stack) <= deepest + 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                stack.append(_Open(event.start_mark, event, is_map=kind is MappingStartEvent))
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                closed = stack.pop()
                end = event.end_mark if closed.event.flow_style else last or event.end_mark
                last = end
                stack[-1].add(closed.start, end, closed.inner, line, len(stack) <= deepest + 1)
    except yaml.YAMLError:
        for closed, above in zip(reversed(stack), list(reversed(stack))[1:], strict=False):
            above.add(closed.start, last or closed.start, closed.inner, line, True)
    return whole.inner.get(0) or Span(line + 1, 1, line + 1, 1, {})


class _Open:
    """A collection whose end is not read yet."""

    __slots__ = ("event", "inner", "is_map", "key", "mark", "start")

    def __init__(self, start: Any, event: Any, *, is_map: bool) -> None:
        self.start = start
        self.event = event
        self.is_map = is_map
        self.inner: dict[str | int, Span] = {}
        self.key: str | None = None
        self.mark: Any = None  # where the key stands

    def add(self, start: Any, end: Any, inner: dict[str | int, Span], line: int, kept: bool) -> None:
        if self.is_map and self.key is None:  # a map or a list as a key: no path leads there
            self.key, self.mark = "", start
            return
        first = self.mark if self.is_map else start
        name: str | int = (self.key or "") if self.is_map else len(self.inner)
        self.key = None
        if kept:
            self.inner[name] = Span(line + first.line + 1, first.column + 1, line + end.line + 1, end.column + 1, inner)


_BLOCK = ("|", ">", "|-", ">-", "|+", ">+")


def inside(lines: Sequence[str], start: int, end: int, path: ValuePath) -> Span | None:
    """The place of a path of YAML that is written as a block of text (`key: |`); None where no block begins.

    Args:
        lines: those of the file, of which the block's key stands in the one with the number `start` (1-based).
        end: the number of its last line.
        path: the steps within the text.
    """
    if not lines[start - 1].split("#")[0].rstrip().endswith(_BLOCK):
        return None
    first = next((n for n in range(start, min(end, len(lines))) if lines[n].strip()), None)
    if first is None:
        return None
    indent = len(lines[first]) - len(lines[first].lstrip())
    text = "\n".join(line[indent:] for line in lines[start:end])
    span, depth = narrowest(positions(text.encode(), start), path)
    if not depth:
        return None
    return Span(span.start_line, span.start_column + indent, span.end_line, span.end_column + indent, {})


def narrowest(span: Span, path: ValuePath) -> tuple[Span, int]:
    """The span of a path, else of the nearest node around it that is written; and how many steps are written."""
    for depth, step in enumerate(path):
        inner = span.inner.get(step)
        if inner is None:
            return span, depth
        span = inner
    return span, len(path)
