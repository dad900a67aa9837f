"""Terraform's JSON syntax: the same blocks and attributes, with expressions inside strings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.patterns import pattern
from assay.terraform import schema, values
from assay.terraform.syntax import NOTHING, Attribute, Block, Body, SourceFile, Unreadable, bind_iterator, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.terraform.evaluate import Env

MAX_DEPTH = 100
_TOKEN = pattern(
    r"""[\s]*(?:([{}\[\],:])|("(?:[^"\\\x00-\x1f]|\\.)*")|(true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?))"""
)
_LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "variable": 1, "output": 1, "module": 1, "provider": 1}
_META = {"lifecycle", "provisioner", "connection"}
_BLOCKS = {
    "resource": _META, "data": _META, "ephemeral": _META, "provisioner": {"connection"}, "dynamic": {"content"},
    "terraform": {"required_providers", "backend", "cloud"},
    "provider": {"default_tags", "ignore_tags", "assume_role", "assume_role_with_web_identity", "endpoints"},
}  # fmt: skip
"""The blocks that no schema tells, by the block they stand in: elsewhere `content` or `backend` is the resource's."""
_MAPS = {
    "labels", "annotations", "match_labels", "node_selector", "data", "binary_data", "limits", "requests", "hard",
    "parameters", "options", "volume_attributes", "default", "default_request", "max", "min", "max_limit_request_ratio",
    "mount_options",
}  # fmt: skip
"""What in the Kubernetes provider, of which there is no schema here, is a map; every other object is a block."""


class Node:
    """A JSON value with its span; objects are lists of (key, value) pairs, for keys may repeat."""

    __slots__ = ("end", "start", "value")

    def __init__(self, value: Any, start: int, end: int) -> None:
        self.value = value
        self.start = start
        self.end = end


class Pairs(list[tuple[str, Node]]):
    """The members of an object."""

    __slots__ = ()


class _Reader:
    """Reads JSON with positions, counted in characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def token(self) -> tuple[str, str, int]:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            rest = self.text[self.at :].strip()
            raise _Syntax(self.at, f'unexpected "{rest[:20]}"' if rest else "the text ends too early")
        self.at = match.end()
        kind = match.lastindex or 1
        return ("", "sign", "string", "literal")[kind], match[kind], match.start(kind)

    def value(self, depth: int = 0) -> Node:
        if depth > MAX_DEPTH:
            raise _Syntax(self.at, f"nested deeper than {MAX_DEPTH} levels")
        kind, text, start = self.token()
        if kind != "sign":
            return Node(_string(text), start, self.at) if kind == "string" else self._literal(text, start)
        if text == "{":
            return Node(self._object(depth), start, self.at)
        if text == "[":
            return Node(self._array(depth), start, self.at)
        raise _Syntax(start, f'unexpected "{text}": expected a value')

    def _literal(self, text: str, start: int) -> Node:
        simple = {"true": True, "false": False, "null": None}
        return Node(simple[text] if text in simple else values.parse_number(text), start, self.at)

    def _object(self, depth: int) -> Pairs:
        pairs = Pairs()
        while True:
            kind, text, start = self.token()
            if text == "}" and kind == "sign" and not pairs:
                return pairs
            if kind != "string":
                raise _Syntax(start, f'unexpected "{text}": expected a name in double quotes')
            colon = self.token()
            if colon[1] != ":":
                raise _Syntax(colon[2], f'unexpected "{colon[1]}": expected ":"')
            value = self.value(depth + 1)
            value.start = start  # the span of a member includes its name
            pairs.append((_string(text), value))
            after = self.token()
            if after[1] == "}":
                return pairs
            if after[1] != ",":
                raise _Syntax(after[2], f'unexpected "{after[1]}": expected "," or "}}"')

    def _array(self, depth: int) -> list[Node]:
        items: list[Node] = []
        mark = self.at
        if self.token()[1] == "]":
            return items
        self.at = mark
        while True:
            items.append(self.value(depth + 1))
            after = self.token()
            if after[1] == "]":
                return items
            if after[1] != ",":
                raise _Syntax(after[2], f'unexpected "{after[1]}": expected "," or "]"')


def _string(text: str) -> str:
    """The value of a JSON string; half a surrogate pair, which no text can hold, is replaced."""
    found: str = json.loads(text)
    return found if found.isascii() else found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _Syntax(Exception):
    def __init__(self, at: int, sentence: str) -> None:
        super().__init__(sentence)
        self.at = at
        self.sentence = sentence


def parse_json(path: str, shown: str, data: bytes) -> SourceFile:
    """The blocks of a `.tf.json` file, or the attributes of a `.tfvars.json` file.

    Raises:
        Unreadable: the file is no JSON object.
    """
    text = checked(data).decode()
    file = SourceFile(path, shown, text.encode())
    try:
        root = _Reader(text).value()
    except _Syntax as error:
        line = text.count("\n", 0, error.at) + 1
        raise Unreadable(f"line {line}: {error.sentence}") from None
    except ValueError as error:
        raise Unreadable(f"it is not JSON: {error}") from None
    parts = root.value if type(root.value) is list else [root]
    if not all(isinstance(part.value, Pairs) for part in parts):
        raise Unreadable("it holds no JSON object at its top level")
    if not text.isascii():
        _to_bytes(root, text)
    if path.endswith(".tfvars.json"):
        file.attributes = {n: VerbatimAttribute(n, file, node, NOTHING) for part in parts for n, node in part.value}
    else:
        for kind, node in (pair for part in parts for pair in part.value):
            if kind != "//":
                file.blocks.extend(_labelled(kind, node, file, _LABELS.get(kind, 0), ()))
    return file


def _to_bytes(root: Node, text: str) -> None:
    """Turn the offsets of a tree from characters into bytes."""
    offsets = [0]
    for char in text:
        offsets.append(offsets[-1] + len(char.encode()))
    stack = [root]
    while stack:
        node = stack.pop()
        node.start, node.end = offsets[node.start], offsets[node.end]
        if isinstance(node.value, Pairs):
            stack.extend(inner for _, inner in node.value)
        elif isinstance(node.value, list):
            stack.extend(node.value)


def _labelled(kind: str, node: Node, file: SourceFile, labels: int, words: tuple[str, ...]) -> Iterator[JsonBlock]:
    """The blocks below a name: one level of objects per label, arrays of blocks anywhere."""
    if isinstance(node.value, list) and not isinstance(node.value, Pairs):
        for inner in node.value:
            yield from _labelled(kind, inner, file, labels, words)
    elif isinstance(node.value, Pairs):
        if labels == 0:
            block = JsonBlock(kind, words, file, node, node.start, node.end)
            block.type = block.path = ""
            yield block
        else:
            for name, inner in node.value:
                if name != "//":
                    yield from _labelled(kind, inner, file, labels - 1, (*words, name))


class JsonBlock(Block):
    """A block written as a JSON object."""

    __slots__ = ("path", "type")

    type: str
    """Of the resource it belongs to, as the schema names it; empty where there is no schema."""
    path: str
    """Where the block's attributes stand in the schema, with a dot at the end; empty for those of the resource."""

    def read(self) -> Body:
        if self.kind in ("resource", "data"):
            self.type, self.path = self.labels[0], ""
        own = _BLOCKS.get(self.kind, ())
        body = Body()
        for name, node in self.node.value:
            if name == "//":
                continue
            dynamic = name == "dynamic" and self.type != ""
            labels = 1 if dynamic or name == "provisioner" or (self.kind == "terraform" and name == "backend") else 0
            if name in own or dynamic or self._nested(name, node):
                for block in _labelled(name, node, self.file, labels, ()):
                    block.bound = self.bound
                    block.type = self.type
                    block.path = self.path if dynamic or name == "content" else f"{self.path}{name}."
                    if dynamic:
                        block.path += f"{block.labels[0]}."
                    body.blocks.append(block)
            else:
                made = VerbatimAttribute if self.kind == "variable" else JsonAttribute
                body.attributes[name] = made(name, self.file, node, self.bound)
        if self.kind == "dynamic":
            bind_iterator(self, body)
        return body

    def _nested(self, name: str, node: Node) -> bool:
        """Whether a name stands for nested blocks: what JSON cannot say, the provider's schema does."""
        if self.type == "" or self.kind == "dynamic" or not isinstance(node.value, list):
            return False
        if self.type.startswith("kubernetes_") and self.type != "kubernetes_manifest":
            if not isinstance(node.value, Pairs) or name in _MAPS:
                return False
            selects = any(inner.startswith("match_") for inner, _ in node.value)
            return name != "selector" or selects or self.type not in ("kubernetes_service", "kubernetes_service_v1")
        here, known = f"{self.path}{name}", schema.attributes(self.type)
        if isinstance(node.value, Pairs) and known.get(here) not in ("m", "x"):  # a map, with members as it likes
            return False
        return any(path.startswith(f"{here}.") for path in known)


class JsonAttribute(Attribute):
    """An attribute written as a JSON value."""

    __slots__ = ()

    def __init__(self, name: str, file: SourceFile, node: Node, bound: frozenset[str]) -> None:
        super().__init__(name, file, node, node.start, node.end, bound)

    def compile(self) -> Callable[[Env], Any]:
        return compile_json(self.node, self.bound, self.file)

    @property
    def text(self) -> str:
        value = self.node.value
        if isinstance(value, str):
            return value.removeprefix("${").removesuffix("}").strip()
        return self.file.data[self.start : self.end].decode().partition(":")[2].strip()


class VerbatimAttribute(JsonAttribute):
    """A value in a `.tfvars.json` file, where a text is no template."""

    __slots__ = ()

    def compile(self) -> Callable[[Env], Any]:
        from assay.terraform.expressions import constant

        return constant(verbatim(self.node))


def verbatim(node: Node) -> Any:
    """A JSON value as it stands."""
    value = node.value
    if isinstance(value, Pairs):
        return {name: verbatim(inner) for name, inner in value}
    if isinstance(value, list):
        return [verbatim(inner) for inner in value]
    return values.string(value) if isinstance(value, str) else value


def compile_json(node: Node, bound: frozenset[str], file: SourceFile) -> Callable[[Env], Any]:
    """The closure of a JSON value: strings, keys included, are templates."""
    from assay.terraform.expressions import constant, is_constant, object_key, value_of
    from assay.terraform.templates import compile_text

    value = node.value
    if isinstance(value, str):
        return compile_text(value, f"the text in {file.shown}", bound)
    if isinstance(value, Pairs):
        pairs = [(compile_text(k, file.shown, bound), compile_json(inner, bound, file)) for k, inner in value]
        if all(is_constant(k) and is_constant(x) for k, x in pairs):
            return constant({value_of(k): value_of(x) for k, x in pairs})
        return lambda env: {object_key(k(env)): x(env) for k, x in pairs}
    if isinstance(value, list):
        items = [compile_json(inner, bound, file) for inner in value]
        if all(map(is_constant, items)):
            return constant([value_of(i) for i in items])
        return lambda env: [item(env) for item in items]
    return constant(value)
