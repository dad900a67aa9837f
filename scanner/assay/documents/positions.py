"""Where things stand in JSON and YAML texts: values without positions for the rules, spans by path for the findings."""

from __future__ import annotations

import json
from collections import Counter
from math import isfinite
from typing import TYPE_CHECKING, Any

from assay.json_spans import JsonSpans
from assay.model import Location, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.json_spans import Span
    from assay.model import Resource, ValuePath

MAX_NODES = 200_000
"""The bound on a YAML document's nodes, aliases counted with all that they stand for."""
MAX_DEPTH = 100


class Malformed(Exception):
    """A text that cannot be parsed: a sentence, and where (1-based); in `kept` what of it could be read anyway."""

    def __init__(self, sentence: str, line: int = 1, column: int = 1, kept: Sequence[Resource] = ()) -> None:
        super().__init__(f"line {line}, column {column}: {sentence}")
        self.sentence = sentence
        self.kept = kept
        self.line = line
        self.column = column


class Reference(list[Any]):
    """A sequence with the tag `!reference`, which in GitLab's pipelines stands for what is at that place."""


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


def read_yaml(text: str, prepare: Callable[[Any], None] | None = None) -> Any:
    """The value of the one document of a YAML text; keys are the texts that are written (`on` stays `on`).

    Args:
        prepare: what is done to the composed node before it is read.

    Raises:
        Malformed: it is none, or it has more nodes than `MAX_NODES`.
    """
    node = _compose(text, prepare)
    return None if node is None else _Plain().value(node)


def repeated(text: str) -> list[ValuePath]:
    """The members of a JSON text that are written more than once, by their paths; of each the last one counts.

    Raises:
        ValueError: the text cannot be parsed.
    """
    many: dict[int, tuple[dict[str, Any], list[str]]] = {}

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            many[id(found)] = found, [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        return found

    document = json.loads(text, object_pairs_hook=members)
    paths: list[ValuePath] = []
    waiting: list[tuple[ValuePath, Any]] = [((), document)]
    while waiting:
        path, here = waiting.pop()
        if isinstance(here, dict):
            paths += [(*path, name) for name in many.get(id(here), (here, []))[1]]
            waiting += [((*path, name), inner) for name, inner in here.items()]
        elif isinstance(here, list):
            waiting += [((*path, i), inner) for i, inner in enumerate(here)]
    return paths


def _repeated_nodes(root: Any) -> list[ValuePath]:
    paths: list[ValuePath] = []
    seen: set[int] = set()
    waiting: list[tuple[ValuePath, Any]] = [] if root is None else [((), root)]
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen or node.id == "scalar":  # an alias: told where it is written
            continue
        seen.add(id(node))
        if node.id == "sequence":
            waiting += [((*path, i), inner) for i, inner in enumerate(node.value)]
            continue
        names = [(str(key.value), inner) for key, inner in node.value if key.id == "scalar" and key.value != "<<"]
        paths += [(*path, name) for name, count in Counter(name for name, _ in names).items() if count > 1]
        waiting += [((*path, name), inner) for name, inner in names]
    return paths


def _compose(text: str, prepare: Callable[[Any], None] | None = None) -> Any:
    from assay.libyaml import yaml

    try:
        node = yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        if prepare is not None and node is not None:
            prepare(node)
        return node
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
                merged = _merged(key, inner)
                for one in merged:
                    found = {**self.value(one, depth + 1), **found}
                if merged:
                    continue
                found[str(key.value) if key.id == "scalar" else "?"] = self.value(inner, depth + 1)
            return found
        if node.id == "sequence":
            values = [self.value(inner, depth + 1) for inner in node.value]
            return Reference(values) if node.tag == "!reference" else values
        return _scalar(node)


def _merged(key: Any, value: Any) -> list[Any]:
    """The mappings that a member `<<` merges, the one that wins first; none when the member is none such."""
    if key.value != "<<":
        return []
    many = value.value if value.id == "sequence" else [value]
    return many if all(one.id == "mapping" for one in many) else []


def _scalar(node: Any) -> Any:
    text: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if "_" not in text and isfinite(number) else text  # `inf` and `nan` are words
    return text


# --- spans ------------------------------------------------------------------------------------------------------------


class TextOrigin:
    """A document of one file: a path into its value is found by parsing it again, which only findings ask for.

    `prefix` is the path of the document within the resource's values (`definition` for a state machine), `prepare` what
    was done to its composed node before it was read.
    """

    __slots__ = ("_nodes", "_whole", "kind", "prefix", "prepare", "repeated", "shown", "text")

    def __init__(
        self, shown: str, text: str, kind: str, prefix: ValuePath = (), prepare: Callable[[Any], None] | None = None
    ) -> None:
        self.shown = shown
        self.text = text
        self.kind = kind  # json | yaml
        self.prefix = prefix
        self.prepare = prepare
        self.repeated: list[ValuePath] = []  # what is written twice, as `read` has found
        self._nodes: Any = None
        self._whole: Location | None = None

    def read(self) -> Any:
        """The value of the text, as `read_json` and `read_yaml` give it.

        Raises:
            Malformed: it has none.
        """
        if self.kind == "yaml":
            node = _compose(self.text, self.prepare)
            value = None if node is None else _Plain().value(node)
            self.repeated = _repeated_nodes(node)
            return value
        spans = JsonSpans(self.text)
        try:
            value, repeats = spans.value()
        except (ValueError, IndexError, RecursionError):
            return read_json(self.text)  # says what is wrong
        if repeats:
            self.repeated = repeated(self.text)
        self._nodes = spans
        return value

    def locate(self, path: ValuePath) -> Location:
        steps = path[len(self.prefix) :] if path[: len(self.prefix)] == self.prefix else ()
        if not steps:  # the whole document, which is asked of every one
            if self._whole is None:
                lines = self.text.count("\n") + (not self.text.endswith("\n"))
                last = len(self.text.rstrip("\n").rpartition("\n")[2])
                self._whole = Location(self.shown, 1, 1, max(lines, 1), last + 1)
            return self._whole
        return Location(self.shown, *self._spans().span(steps))

    def _spans(self) -> Any:
        if self._nodes is None:
            self._nodes = JsonSpans(self.text) if self.kind == "json" else YamlSpans(self.text, self.prepare)
        return self._nodes

    def depth(self, path: ValuePath) -> int:
        """How many steps of a path stand in this YAML document."""
        own = len(self.prefix)
        return own + int(self._spans().depth(path[own:])) if path[:own] == self.prefix else 0

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


class YamlSpans:
    """Goes down a path through the composed nodes; the members of what was gone through are kept by name."""

    def __init__(self, text: str, prepare: Callable[[Any], None] | None = None) -> None:
        self.members: dict[int, dict[str, tuple[Any, Any]]] = {}
        try:
            self.root = _compose(text, prepare)
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

    def depth(self, steps: Sequence[str | int]) -> int:
        """How many of the steps lead somewhere."""
        node = self.root
        for i, step in enumerate(steps):
            found = None if node is None else self._step(node, step)
            if found is None:
                return i
            node = found[1]
        return len(steps)

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
        merged = _merged(key, inner)
        for one in merged if depth < MAX_DEPTH else ():
            found = {**_members(one, depth + 1), **found}
        if not merged and key.id == "scalar":
            found[str(key.value)] = key, inner
    return found
