"""HCL files as blocks and attributes: byte-exact spans, lazily read bodies, and what a syntax error leaves standing.

One file is parsed once; a body is walked when somebody asks for its attributes, and an expression is compiled when it
is evaluated the first time, because most of a large repository is never asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import tree_sitter_hcl
from tree_sitter import Language, Parser

from assay.patterns import pattern
from assay.terraform.stand_ins import stand_ins
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from assay.terraform.evaluate import Env
    from assay.terraform.places import Layer

MAX_FILE = 20_000_000
LANGUAGE = Language(tree_sitter_hcl.language())
_parser = Parser(LANGUAGE)


def kind(name: str, named: bool = True) -> int:
    """The number of a node kind: comparing numbers is several times cheaper than comparing names."""
    number = LANGUAGE.id_for_node_kind(name, named)
    if number is None:
        raise RuntimeError(f"the installed tree-sitter-hcl has no node kind {name}: install version 1.2")
    return number


ATTRIBUTE, BLOCK, BODY, OBJECT = kind("attribute"), kind("block"), kind("body"), kind("object")
IDENTIFIER, EXPRESSION, STRING, COMMENT = kind("identifier"), kind("expression"), kind("string_lit"), kind("comment")
BLOCK_START, VARIABLE = kind("block_start"), kind("variable_expr")
NOTHING: frozenset[str] = frozenset()


class Fault(NamedTuple):
    """One thing a file says that cannot be read: the sentence and its line."""

    line: int
    sentence: str


class Unreadable(Exception):
    """A whole file that cannot be read, with the sentence that says why."""


class Content:
    """A parsed text that stands in several files (repositories copy them): one tree, one set of closures for all."""

    __slots__ = ("root", "runs")

    def __init__(self, root: Node) -> None:
        self.root = root
        self.runs: dict[int, Callable[[Env], Any]] = {}


_COUNTED = 32_000
"""Bytes of a file whose lines are counted for every place; of a larger one they are looked up."""


class SourceFile:
    """The bytes of one file, its top-level blocks and its faults."""

    __slots__ = ("attributes", "blocks", "comments", "data", "ends", "faults", "kept", "name", "path", "runs", "shown")

    def __init__(self, path: str, shown: str, data: bytes) -> None:
        self.path = path
        self.shown = shown
        self.name = path.rpartition("/")[2]
        self.data = data
        self.blocks: list[Block] = []
        self.attributes: dict[str, Attribute] = {}
        self.faults: list[Fault] = []
        self.comments: list[tuple[int, int]] = []  # spans, where one may be a remark
        self.runs: dict[int, Callable[[Env], Any]] | None = None  # shared with the copies of this file
        self.ends: list[int] | None = None  # where the lines of a large file end, once one was asked for
        self.kept = False  # its syntax tree outlives the evaluation, for findings to be located in

    def close(self) -> None:
        """Let go of what refers to each other, so that memory returns without the garbage collector."""
        self.blocks = []
        self.attributes = {}

    def line(self, byte: int) -> int:
        """The 1-based line of a byte offset."""
        if len(self.data) < _COUNTED:
            return self.data.count(b"\n", 0, byte) + 1
        if self.ends is None:
            self.ends = list(accumulate(len(line) + 1 for line in self.data.split(b"\n")))
        return bisect_right(self.ends, byte) + 1

    def position(self, byte: int) -> tuple[int, int]:
        """The 1-based line and column (in code points) of a byte offset."""
        start = self.data.rfind(b"\n", 0, byte) + 1
        return self.line(byte), len(self.data[start:byte].decode("utf-8", "replace")) + 1


class Attribute:
    """`name = expression`; the expression is compiled when it is first asked for."""

    __slots__ = ("bound", "end", "file", "name", "node", "run", "start")

    node: Any
    run: Callable[[Env], Any] | None

    def __init__(self, name: str, file: SourceFile, node: Any, start: int, end: int, bound: frozenset[str]) -> None:
        self.name = name
        self.file = file
        self.node = node
        self.start = start
        self.end = end
        self.bound = bound
        self.run = None

    def evaluate(self, env: Env) -> Any:
        run = self.run
        if run is None:
            run = self.run = self.compile()
        return run(env)

    @property
    def text(self) -> str:
        """The expression as it is written."""
        return self.file.data[self.start : self.end].decode().partition("=")[2].strip()

    def compile(self) -> Callable[[Env], Any]:
        from assay.terraform.expressions import compile_attribute

        shared = self.file.runs
        if shared is None:
            return compile_attribute(self)
        run = shared.get(self.start)
        if run is None:
            run = shared[self.start] = compile_attribute(self)
        return run


class Block:
    """A block: its kind, its labels, its span, and a body that is walked when asked for."""

    __slots__ = ("_body", "bound", "end", "file", "kind", "labels", "layers", "node", "start")

    node: Any
    layers: tuple[Layer, ...] | None

    def __init__(
        self,
        kind_: str,
        labels: tuple[str, ...],
        file: SourceFile,
        node: Any,
        start: int,
        end: int,
        bound: frozenset[str] = NOTHING,
    ) -> None:
        self.kind = kind_
        self.labels = labels
        self.file = file
        self.node = node
        self.start = start
        self.end = end
        self.bound = bound
        self.layers = None
        self._body: Body | None = None

    @property
    def body(self) -> Body:
        body = self._body
        if body is None:
            body = self._body = Body() if self.node is None else self.read()
            self.node = None
        return body

    def read(self) -> Body:
        body = read_body(self.node, self.file, self.bound)
        if self.kind == "dynamic":
            bind_iterator(self, body)
        return body

    def replace_body(self, body: Body, layers: tuple[Layer, ...]) -> Block:
        """The same block with another body, for `_override` files."""
        other = Block(self.kind, self.labels, self.file, None, self.start, self.end, self.bound)
        other._body = body
        other.layers = layers
        return other


class Body:
    """What stands between the braces of a block."""

    __slots__ = ("attributes", "blocks")

    def __init__(self) -> None:
        self.attributes: dict[str, Attribute] = {}
        self.blocks: list[Block] = []

    def of(self, kind_: str) -> list[Block]:
        return [b for b in self.blocks if b.kind == kind_]


def bind_iterator(block: Block, body: Body) -> None:
    """Make the iterator of a dynamic block a name of its content."""
    name = iterator_name(block, body)
    for content in body.blocks:
        if content.kind == "content":
            content.bound = block.bound | {name}


def iterator_name(block: Block, body: Body) -> str:
    written = body.attributes.get("iterator")
    if written is not None:
        return written.text
    return block.labels[0] if block.labels else "?"


def parse(path: str, shown: str, data: bytes, twins: dict[bytes, Content] | None = None) -> SourceFile:
    """The blocks of an HCL file; a block with a syntax error is left out and named in `faults`.

    Args:
        twins: contents parsed before that other files repeat; this one joins them.

    Raises:
        Unreadable: the file as a whole is not text that could be HCL.
    """
    file = SourceFile(path, shown, data)
    content = None if twins is None else twins.get(data)
    if content is None:
        file.data = checked(data)
        content = Content(parse_bytes(file.data))
        if twins is not None and not content.root.has_error and file.data is data:
            twins[data] = content
    root = content.root
    if has_remarks(data):
        file.comments = [(n.start_byte, n.end_byte) for n in comments(root)]
    if root.has_error:
        from assay.terraform.recovery import recover

        recover(file, root)
    else:
        file.runs = None if twins is None else content.runs
        add_top_level(file, root)
    return file


def checked(data: bytes) -> bytes:
    """The bytes, when they are text of a bearable size."""
    if len(data) > MAX_FILE:
        raise Unreadable(f"the file has {len(data):,} bytes; Assay reads at most {MAX_FILE:,}")
    if b"\0" in data:
        raise Unreadable("the file is binary, not Terraform: it holds a zero byte")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"the file is not UTF-8 text: byte {error.start} cannot be decoded") from None
    return data.removeprefix(b"\xef\xbb\xbf")


_EXPONENT = pattern(rb"(?<![\w.])\d+[eE][+-]?\d+(?![\w.])")


def parse_bytes(data: bytes) -> Node:
    """The root node of a text.

    The grammar does not know `1e3`, only `1.0e3`. A number it does know, of the same length, stands in for it while the
    parser runs, as zeros do for plain texts (`stand_ins`); whoever reads the value reads the original bytes.
    """
    root = _parser.parse(stand_ins(data)).root_node
    if root.has_error:
        root = _parser.parse(data).root_node
    if root.has_error and _EXPONENT.search(data):
        again = _parser.parse(known_numbers(data)).root_node
        return root if again.has_error else again
    return root


def known_numbers(data: bytes) -> bytes:
    """The bytes with numbers like `1e3` spelled so that the grammar knows them, everything at its place."""
    return _EXPONENT.sub(lambda m: b"0x" + b"0" * (len(m[0]) - 2), data)


def add_top_level(file: SourceFile, root: Node) -> None:
    for child in root.children:
        if child.kind_id == BODY:
            body = read_body(child, file, NOTHING)
            file.blocks.extend(body.blocks)
            file.attributes.update(body.attributes)


def read_body(node: Any, file: SourceFile, bound: frozenset[str]) -> Body:
    """The attributes and nested blocks directly inside a body node."""
    body = Body()
    for child in node.children:
        found = child.kind_id
        if found == ATTRIBUTE:
            attribute = _attribute(child, file, bound)
            body.attributes[attribute.name] = attribute
        elif found == BLOCK:
            body.blocks.append(_block(child, file, bound))
    return body


def _attribute(node: Node, file: SourceFile, bound: frozenset[str]) -> Attribute:
    parts = node.children
    first, last = parts[0], parts[-1]
    name = file.data[first.start_byte : first.end_byte].decode()
    return Attribute(name, file, last, node.start_byte, node.end_byte, bound)


def _block(node: Node, file: SourceFile, bound: frozenset[str]) -> Block:
    data = file.data
    words: list[str] = []
    inner = None
    for part in node.children:
        found = part.kind_id
        if found == STRING or (found == IDENTIFIER and data[part.start_byte] == 0x22):  # a name may stand in for a text
            words.append(_label(data[part.start_byte + 1 : part.end_byte - 1]))
        elif found == IDENTIFIER:
            words.append(data[part.start_byte : part.end_byte].decode())
        elif found == BODY:
            inner = part
    return Block(words[0], tuple(words[1:]), file, inner, node.start_byte, node.end_byte, bound)


def _label(raw: bytes) -> str:
    text = raw.decode()
    if "\\" in text:
        from assay.terraform.templates import unescape

        return unescape(text)
    return text


_COMMENT_MARKS = (b"assay:", b"checkov:skip", b"trivy:ignore", b"tfsec:ignore", b"kics-scan")


def has_remarks(data: bytes) -> bool:
    """Whether the bytes may hold a comment that waives something."""
    return any(mark in data for mark in _COMMENT_MARKS)


def comments(node: Node) -> Iterator[Node]:
    """Every comment below a node, in the order of the file."""
    cursor = node.walk()
    while True:
        current = cursor.node
        if current is not None and current.kind_id == COMMENT:
            yield current
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return
