"""The narrowest span in a file for a path into a resource: an attribute, a nested block, an item written out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.terraform.modules import merge
from assay.terraform.syntax import BLOCK, BODY, COMMENT, EXPRESSION, Attribute, Block, SourceFile, kind, read_body
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.json_spans import JsonSpans
    from assay.model import ValuePath

ARGUMENTS, CALL, COLLECTION = kind("function_arguments"), kind("function_call"), kind("collection_value")
ELEMENT, OPEN, TUPLE = kind("object_elem"), kind("(", False), kind("tuple")
TEMPLATE, HEREDOC = kind("template_expr"), kind("heredoc_template")
INTERPOLATION, LITERAL = kind("template_interpolation"), kind("template_literal")
SEEN_THROUGH = {"jsonencode", "yamlencode", "tolist", "toset", "tomap", "concat", "merge", "sensitive", "nonsensitive"}
KEPT_FILES = 8
KEPT_BLOCKS = 64

_bytes: dict[str, tuple[tuple[int, int], bytes]] = {}
_blocks: dict[tuple[Layer, ...], tuple[list[bytes], Block | None]] = {}
"""Blocks parsed again, with the bytes they were parsed from: one block often has twenty findings."""

_heredoc: tuple[Attribute, int, int, JsonSpans | None] | None = None
"""The heredoc that was looked into last (attribute, place of the expression), where its text begins, and its JSON: a
definition with a fault in each of a thousand states is read once for them all."""


class Layer(NamedTuple):
    """Where a block is written; an overriding block makes a second layer."""

    path: str
    shown: str
    start: int
    end: int


class Span(NamedTuple):
    """A part of a file."""

    file: SourceFile
    start: int
    end: int


def layers_of(block: Block) -> tuple[Layer, ...]:
    """The places a block is written at, the overridden one first."""
    found = block.layers
    if found is None:
        file = block.file
        found = block.layers = (Layer(file.path, file.shown, block.start, block.end),)
    return found


def reopen(layers: Sequence[Layer]) -> Block | None:
    """The block again, parsed anew from its own bytes; None when the file has changed since."""
    key = tuple(layers)
    data = [_read(layer.path) for layer in key]
    kept = _blocks.get(key)
    if kept is not None and all(a is b for a, b in zip(kept[0], data, strict=True)):
        return kept[1]
    if len(_blocks) >= KEPT_BLOCKS:
        _blocks.clear()
    block = _merged(key, data)
    _blocks[key] = data, block
    return block


def _merged(layers: Sequence[Layer], data: Sequence[bytes]) -> Block | None:
    merged: Block | None = None
    for layer, text in zip(layers, data, strict=True):
        block = _reopen(layer, text)
        if block is None:
            return None
        merged = block if merged is None else merge(merged, block)
    return merged


def _reopen(layer: Layer, data: bytes) -> Block | None:
    if layer.path.endswith(".json"):
        from assay.terraform.json_syntax import parse_json

        blocks = parse_json(layer.path, layer.shown, data).blocks
        return next((b for b in blocks if (b.start, b.end) == (layer.start, layer.end)), None)
    from assay.terraform.recovery import parse_range

    root = parse_range(data, layer.start, layer.end)
    file = SourceFile(layer.path, layer.shown, data)
    for body in root.children:
        if body.kind_id == BODY:
            blocks = read_body(body, file, frozenset()).blocks if body.children[0].kind_id == BLOCK else []
            return blocks[0] if blocks else None
    return None


def _read(path: str) -> bytes:
    status = os.stat(path)
    state = (status.st_mtime_ns, status.st_size)
    kept = _bytes.get(path)
    if kept is not None and kept[0] == state:
        return kept[1]
    with open(path, "rb") as handle:
        data = handle.read().removeprefix(b"\xef\xbb\xbf")
    if len(_bytes) >= KEPT_FILES:
        _bytes.clear()
    _bytes[path] = state, data
    return data


# --- from a path to a span --------------------------------------------------------------------------------------------


def find(
    block: Block, path: ValuePath, values: dict[str, Any] | None = None
) -> tuple[Span, Attribute | None, list[Block]]:
    """The span of a path, the attribute it lies in, and the blocks on the way there.

    With what the block evaluates to, a nested block is told even among dynamic ones; where a dynamic one makes none,
    what it goes over is meant.
    """
    way = [block]
    steps = list(path)
    inside: Any = values
    while steps:
        name = steps.pop(0)
        body = way[-1].body
        attribute = body.attributes.get("tags" if name == "tags_all" else str(name))
        if attribute is not None:
            return within(attribute, steps), attribute, way
        index = int(steps.pop(0)) if steps and isinstance(steps[0], int) else 0
        made = inside.get(str(name)) if isinstance(inside, dict) else None
        nested = pick(body.blocks, str(name), index, made if isinstance(made, list) else None)
        if nested is None:
            break
        if nested.kind == "dynamic" and isinstance(inside, dict) and not isinstance(made, list):
            over = nested.body.attributes.get("for_each")
            if over is not None:  # it makes none, and this is why
                return within(over, []), over, way
        inside = list.__getitem__(made, index) if isinstance(made, list) and index < list.__len__(made) else None
        way.append(nested)
        if nested.kind == "dynamic":
            way.extend(nested.body.of("content")[:1])
    return _span_of(way), None, way


def _span_of(way: list[Block]) -> Span:
    last = way[-1]
    return Span(last.file, last.start, last.end)


def pick(blocks: Sequence[Block], name: str, index: int, made: list[Any] | None = None) -> Block | None:
    """The nested block that an index means.

    Nobody knows how many come of a dynamic one, but what was made of them all may tell.
    """
    found = [b for b in blocks if b.kind == name or (b.kind == "dynamic" and b.labels[:1] == (name,))]
    if made is not None and len(found) > 1 and any(b.kind == "dynamic" for b in found):
        from assay.terraform.expansion import written_as

        whose = written_as(found, made)
        if whose is not None and index < len(whose):
            return whose[index]
    for i, block in enumerate(found):
        if i == index or block.kind == "dynamic":
            return block
    return None


def within(attribute: Attribute, steps: Sequence[str | int]) -> Span:
    """The span of what lies inside an attribute, as far as it is written out."""
    span = Span(attribute.file, attribute.start, attribute.end)
    if attribute.node is None:
        return span
    if attribute.file.path.endswith(".json"):
        return _within_json(attribute, steps)
    node = attribute.node
    for i, step in enumerate(steps):
        found = _inside(node, step, attribute.file.data)
        if found is None:
            return _within_heredoc(attribute, node, steps[i:]) or span
        part, node = found
        span = Span(attribute.file, part.start_byte, part.end_byte)
    return span


def _within_heredoc(attribute: Attribute, node: Any, steps: Sequence[str | int]) -> Span | None:
    """The span of a path in the JSON text that a heredoc holds; None where an expression is none, or too unlike JSON.

    The text is taken byte by byte (Latin-1), so that places in it are places in the file.
    """
    global _heredoc
    if _heredoc is None or _heredoc[0] is not attribute or _heredoc[1] != node.start_byte:
        _heredoc = (attribute, node.start_byte, *_heredoc_text(node, attribute.file.data))
    _, _, start, spans = _heredoc
    if spans is None:
        return None
    found = spans.offsets([s.encode().decode("latin-1") if isinstance(s, str) else s for s in steps])
    if found is None or found[0] == spans.begin():  # no step of the path is written there
        return None
    return Span(attribute.file, start + found[0], start + found[1])


def _heredoc_text(node: Any, data: bytes) -> tuple[int, JsonSpans | None]:
    """Where the text of a heredoc begins, and its JSON, interpolations taken for numbers and directives for blanks."""
    from assay.json_spans import JsonSpans

    inner = node
    while inner.kind_id in (EXPRESSION, TEMPLATE) and len(inner.named_children) == 1:
        inner = inner.named_children[0]
    if inner.kind_id != HEREDOC:
        return 0, None
    start, end = data.find(b"\n", inner.start_byte) + 1, inner.children[-1].start_byte
    text = bytearray(b" " * (end - start))
    waiting = list(inner.children)
    while waiting:
        part = waiting.pop()
        first, last = part.start_byte - start, part.end_byte - start
        if part.kind_id == LITERAL:
            text[first:last] = data[part.start_byte : part.end_byte]
        elif part.kind_id == INTERPOLATION:
            text[first:last] = b"1" * (last - first)
        else:
            waiting += part.children
    return start, JsonSpans(text.decode("latin-1"))


def characters(span: Span, start: int, end: int) -> Span | None:
    """The span of some characters of a string that is written out; None when an escape or a template hides them.

    Offsets before the first interpolation count from the front; those behind one cannot be told, as its value has
    another length than its text.
    """
    raw = span.file.data[span.start : span.end].decode("utf-8", "replace")
    if len(raw) < 2 or raw[0] != '"' or raw[-1] != '"':
        return None
    inner = raw[1:-1]
    known = min((at for at in map(inner.find, ("${", "%{", "\\")) if at >= 0), default=len(inner))
    if not start <= end <= known:
        return None
    before = len(inner[:start].encode())
    first = span.start + 1 + before
    return Span(span.file, first, first + max(len(inner[start:end].encode()), 1))


def _within_json(attribute: Attribute, steps: Sequence[str | int]) -> Span:
    from assay.terraform.json_syntax import Pairs

    node = attribute.node
    for step in steps:
        value = node.value
        found = None
        if isinstance(value, Pairs):
            found = next((inner for name, inner in value if name == step), None)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            found = value[step]
        if found is None:
            break
        node = found
    return Span(attribute.file, node.start, node.end)


def _inside(node: Any, step: str | int, data: bytes) -> tuple[Any, Any] | None:
    """One step into a literal list or object: the node to show, and the expression to go on with."""
    for literal in _literals(node, data):
        children = literal.children
        if literal.kind_id == TUPLE:
            items = [n for n in children if n.kind_id == EXPRESSION]
            if isinstance(step, int) and step < len(items):
                return items[step], items[step]
            continue
        for element in children:
            if element.kind_id == ELEMENT:
                key, value = [n for n in element.children if n.kind_id == EXPRESSION]
                if data[key.start_byte : key.end_byte].decode().strip('"') == str(step):
                    return element, value
    return None


def _literals(node: Any, data: bytes) -> Iterator[Any]:
    """The tuple or object that an expression is, seen through parentheses and functions that keep its shape."""
    children = [n for n in node.children if n.kind_id != COMMENT]
    if children and children[0].kind_id == OPEN:
        yield from _literals(children[1], data)
    elif len(children) == 1 and children[0].kind_id == COLLECTION:
        yield children[0].children[0]
    elif len(children) == 1 and children[0].kind_id == CALL:
        parts = children[0].children
        if data[parts[0].start_byte : parts[0].end_byte].decode() in SEEN_THROUGH:
            for part in parts:
                if part.kind_id == ARGUMENTS:
                    for argument in part.children:
                        if argument.kind_id == EXPRESSION:
                            yield from _literals(argument, data)
