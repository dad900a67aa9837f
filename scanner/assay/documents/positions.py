"""Where things stand in JSON and YAML texts: values without positions for the rules, spans by path for the findings."""

from __future__ import annotations

import json
from bisect import bisect_right
from io import StringIO
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from assay.model import Location, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.model import ValuePath

MAX_NODES = 200_000
"""The bound on a YAML document's nodes, aliases counted with all that they stand for."""
MAX_DEPTH = 100


class Malformed(Exception):
    """A text that cannot be parsed: a sentence, and where (1-based)."""

    def __init__(self, sentence: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {sentence}")
        self.sentence = sentence
        self.line = line
        self.column = column


def read_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        Malformed: it is none.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Malformed(f"it is not JSON: {error.msg}", error.lineno, error.colno) from None
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it is not JSON: {error or 'nested too deeply'}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no value of JSON")


def read_yaml(text: str) -> Any:
    """The value of the one document of a YAML text; keys are the texts that are written (`on` stays `on`).

    Raises:
        Malformed: it is none, or it has more nodes than `MAX_NODES`.
    """
    node = _compose(text)
    return None if node is None else _Plain().value(node)


def _compose(text: str) -> Any:
    from assay.libyaml import yaml

    try:
        return yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise Malformed(f"it is not YAML: {problem}", *((mark.line + 1, mark.column + 1) if mark else ())) from None
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it is not YAML: {error or 'nested too deeply'}") from None


_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


class _Plain:
    """Composed nodes as plain values; an alias costs what it stands for."""

    def __init__(self) -> None:
        self.count = 0

    def value(self, node: Any, depth: int = 0) -> Any:
        self.count += 1
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if self.count > MAX_NODES:
            raise Malformed(f"it has more than {MAX_NODES:,} nodes", line, column)
        if depth > MAX_DEPTH:
            raise Malformed(f"it is nested deeper than {MAX_DEPTH} levels", line, column)
        if node.id == "mapping":
            found: dict[str, Any] = {}
            for key, inner in node.value:
                if key.value == "<<" and inner.id == "mapping":
                    found = {**self.value(inner, depth + 1), **found}
                else:
                    found[str(key.value) if key.id == "scalar" else "?"] = self.value(inner, depth + 1)
            return found
        if node.id == "sequence":
            return [self.value(inner, depth + 1) for inner in node.value]
        return _scalar(node)


def _scalar(node: Any) -> Any:
    text: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text) if "_" not in text else text
        except ValueError:
            continue
    return text


# --- spans ------------------------------------------------------------------------------------------------------------

Span = tuple[int, int, int, int]
"""Start line and column, end line and column; 1-based, the end exclusive."""


class TextOrigin:
    """A document of one file: a path into its value is found by parsing it again, which only findings ask for.

    `prefix` is the path of the document within the resource's values (`definition` for a state machine).
    """

    __slots__ = ("_nodes", "_whole", "kind", "prefix", "shown", "text")

    def __init__(self, shown: str, text: str, kind: str, prefix: ValuePath = ()) -> None:
        self.shown = shown
        self.text = text
        self.kind = kind  # json | yaml
        self.prefix = prefix
        self._nodes: Any = None
        self._whole: Location | None = None

    def locate(self, path: ValuePath) -> Location:
        steps = path[len(self.prefix) :] if path[: len(self.prefix)] == self.prefix else ()
        if not steps:  # the whole document, which is asked of every one
            if self._whole is None:
                lines = self.text.count("\n") + (not self.text.endswith("\n"))
                last = len(self.text.rstrip("\n").rpartition("\n")[2])
                self._whole = Location(self.shown, 1, 1, max(lines, 1), last + 1)
            return self._whole
        if self._nodes is None:
            self._nodes = _JsonSpans(self.text) if self.kind == "json" else _YamlSpans(self.text)
        return Location(self.shown, *self._nodes.span(steps))

    def trace(self, path: ValuePath) -> list[Step]:
        return []


class LineOrigin:
    """A document whose values carry their own places: the deepest `line` (and `column`) on the way of a path.

    A path that ends in `line, n` means the n-th line (0-based) of the text that stands there.
    """

    __slots__ = ("end", "shown", "values")

    def __init__(self, shown: str, values: Any, end: int = 1) -> None:
        self.shown = shown
        self.values = values
        self.end = end

    def locate(self, path: ValuePath) -> Location:
        shown, line, column, end = self.shown, 1, 1, 0
        current: Any = self.values
        for i, step in enumerate(path):
            if step == "line" and i + 1 < len(path):  # a line of a text that begins there
                return Location(shown, line + int(path[i + 1]), 1, line + int(path[i + 1]), 1)
            try:
                current = current[step]
            except (KeyError, IndexError, TypeError):
                break
            place: dict[str, Any] = current if isinstance(current, dict) else {}
            if isinstance(place.get("line"), int):
                line, column = place["line"], place.get("column", 1)
                end = place.get("end_line", line)
                shown = place.get("file", shown)
        return Location(shown, line, column, end or line, column)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


class _YamlSpans:
    """Goes down a path through the composed nodes; the members of what was gone through are kept by name."""

    def __init__(self, text: str) -> None:
        self.members: dict[int, dict[str, tuple[Any, Any]]] = {}
        try:
            self.root = _compose(text)
        except Malformed:
            self.root = None

    def span(self, steps: Sequence[str | int]) -> Span:
        if self.root is None:
            return (1, 1, 1, 1)
        node = self.root
        first = node
        for i, step in enumerate(steps):
            if step == "line" and node.id == "scalar" and i + 1 < len(steps):  # a line of a text
                line = node.start_mark.line + (node.style in ("|", ">")) + int(steps[i + 1]) + 1
                return (line, 1, line, 1)
            found = self._step(node, step)
            if found is None:
                break
            first, node = found
        end = node.end_mark
        line, column = (end.line, 10_000) if end.column == 0 and end.line > first.start_mark.line else (end.line + 1, 0)
        return (first.start_mark.line + 1, first.start_mark.column + 1, line, column or end.column + 1)

    def _step(self, node: Any, step: str | int) -> tuple[Any, Any] | None:
        if node.id == "sequence" and isinstance(step, int) and step < len(node.value):
            return node.value[step], node.value[step]
        if node.id != "mapping":
            return None
        found = self.members.get(id(node))
        if found is None:
            found = self.members[id(node)] = _members(node)
        return found.get(str(step))


def _members(node: Any, depth: int = 0) -> dict[str, tuple[Any, Any]]:
    """The members of a mapping by name, each its key and its value, in the order in which `_Plain` lets them win."""
    found: dict[str, tuple[Any, Any]] = {}
    for key, inner in node.value:
        if key.value == "<<" and inner.id == "mapping":
            found = {**_members(inner, depth + 1), **found} if depth < MAX_DEPTH else found
        elif key.id == "scalar":
            found[str(key.value)] = key, inner
    return found


class _JsonSpans:
    """Goes down a path and skips what lies beside it with the JSON parser itself.

    Where the members of what was gone through stand is kept: a definition with a fault in each of a thousand states
    is read once for them all.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [*accumulate(map(len, StringIO(f"{text}\n", newline="\n")), initial=0)]
        self.decoder = json.JSONDecoder()
        self.objects: dict[int, dict[str, tuple[int, int]]] = {}
        self.arrays: dict[int, list[int]] = {}

    def span(self, steps: Sequence[str | int]) -> Span:
        try:
            start, at = self._down(steps)
            end = self.decoder.raw_decode(self.text, at)[1]
        except (ValueError, IndexError, RecursionError):
            return (1, 1, 1, 1)
        return (*self._place(start), *self._place(end))

    def _down(self, steps: Sequence[str | int]) -> tuple[int, int]:
        """Where the deepest member or element of the path begins, and where its value does."""
        start = at = self._skip(0)
        for step in steps:
            if self.text[at] == "{":
                found = self._members(at).get(str(step))
            elif self.text[at] == "[" and isinstance(step, int):
                elements = self._elements(at)
                found = (elements[step], elements[step]) if step < len(elements) else None
            else:
                found = None
            if found is None:
                break
            start, at = found
        return start, at

    def _members(self, begin: int) -> dict[str, tuple[int, int]]:
        """Of the object that begins there: where each member and its value begin; the last of one name counts."""
        found = self.objects.get(begin)
        if found is not None:
            return found
        found = self.objects[begin] = {}
        at = self._skip(begin + 1)
        while self.text[at] == '"':
            start = at
            key, at = self.decoder.raw_decode(self.text, at)
            value = self._skip(self._skip(at) + 1)  # behind the colon
            found[key] = start, value
            at = self._behind(value)
        return found

    def _elements(self, begin: int) -> list[int]:
        """Where each element of the array that begins there begins."""
        found = self.arrays.get(begin)
        if found is not None:
            return found
        found = self.arrays[begin] = []
        at = self._skip(begin + 1)
        while self.text[at] != "]":
            found.append(at)
            at = self._behind(at)
        return found

    def _behind(self, value: int) -> int:
        """Where what follows a value begins: the next member or element, or the end of what holds it."""
        at = self._skip(self.decoder.raw_decode(self.text, value)[1])
        return self._skip(at + 1) if self.text[at] == "," else at

    def _skip(self, at: int) -> int:
        """The first place from `at` on that is no white space."""
        while self.text[at] in " \t\r\n":
            at += 1
        return at

    def _place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1
