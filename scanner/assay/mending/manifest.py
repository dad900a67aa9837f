"""Edits of Kubernetes manifests: the value itself, or a new field in the indentation of the fields beside it.

The document is read once more as a tree of marks, so that an edit touches nothing but the span of the value or the end
of the block: comments, quotes, order and line ends stay. What an anchor shares with other places is left to a person.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes import STDIN
from assay.kubernetes.documents import resolve
from assay.mending import Edit, NoEdit
from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.kubernetes.manifests import DocumentOrigin
    from assay.model import Fix

_PLAIN = pattern(r"[A-Za-z_][\w./-]*")
_SHARED = "from an anchor or an alias, which other places share"


class Node:
    """A node of a document: `start` and `end` in characters, the end being that of its last leaf.

    `kind` is map, list, scalar or alias; `pairs` are a map's keys with their values, `items` those of a list.
    """

    __slots__ = ("column", "end", "flow", "items", "kind", "pairs", "shared", "start", "text")

    def __init__(self, kind: str, event: Any) -> None:
        self.kind = kind
        self.start: int = event.start_mark.index
        self.end: int = event.end_mark.index
        self.column: int = event.start_mark.column
        self.flow = bool(getattr(event, "flow_style", False))
        self.text = str(getattr(event, "value", ""))
        self.shared = getattr(event, "anchor", None) is not None
        self.pairs: list[tuple[Node, Node]] = []
        self.items: list[Node] = []

    def get(self, name: str) -> Node | None:
        """The value of a key; of one that stands twice the last, which counts."""
        return next((value for key, value in reversed(self.pairs) if key.text == name), None)


def tree(text: str) -> Node | None:
    """The root of a document's nodes; None where it holds none."""
    from yaml import YAMLError
    from yaml._yaml import CParser

    parser = CParser(text.encode())
    try:
        while (event := parser.get_event()) is not None:
            name = event.__class__.__name__
            if name in ("MappingStartEvent", "SequenceStartEvent", "ScalarEvent"):
                return _node(event, parser.get_event)
    except YAMLError:
        pass
    return None


def _node(event: Any, get: Any) -> Node:
    name = event.__class__.__name__
    if name in ("ScalarEvent", "AliasEvent"):
        return Node("scalar" if name == "ScalarEvent" else "alias", event)
    node = Node("map" if name == "MappingStartEvent" else "list", event)
    end = event.start_mark.index
    children: list[Node] = []
    while not (event := get()).__class__.__name__.endswith("EndEvent"):
        children.append(_node(event, get))
        end = max(end, children[-1].end)
    node.end = event.end_mark.index if node.flow else end
    if node.kind == "list":
        node.items = children
    else:
        node.pairs = list(zip(children[::2], children[1::2], strict=True))
        node.column = children[0].column if children else node.column
    return node


class Style(NamedTuple):
    """How a document is written: steps of indentation for maps and for lists, the line end, whether it is JSON."""

    step: int
    dash: int
    end: str
    quoted: bool


def style(root: Node, text: str) -> Style:
    """The style of a document; the steps are its smallest."""
    steps: list[int] = []
    dashes: list[int] = []
    todo = [root]
    while todo:
        node = todo.pop()
        for key, value in node.pairs:
            if not value.flow and value.kind in ("map", "list") and value.start > key.end:
                (steps if value.kind == "map" else dashes).append(value.column - key.column)
        todo += [*node.items, *(value for _, value in node.pairs)]
    found = [s for s in steps if s > 0]
    quoted = root.flow and bool(root.pairs) and text.startswith('"', root.pairs[0][0].start)
    return Style(min(found, default=2), min(dashes, default=0), "\r\n" if "\r\n" in text else "\n", quoted)


class _Page:
    """A document being edited."""

    def __init__(self, origin: DocumentOrigin) -> None:
        self.document = document = origin.document
        if document.path == STDIN:
            raise NoEdit("came on standard input: mend the file it was made from")
        text = document.current()
        if text is None:
            raise NoEdit("is not written as UTF-8, or has changed since it was read")
        root = tree(text)
        if root is None:
            raise NoEdit("has changed since it was read")
        self.text = text
        self.root: Node = root
        self.style = style(root, text)

    def pass_through(self, above: Node, node: Node) -> None:
        """On the way down: what is written below goes by the steps of what is around it."""
        by = node.column - above.column
        if node.flow or node.start < above.start:
            return
        if node.kind == "map" and by > 0:
            self.style = self.style._replace(step=by)
        elif node.kind == "list":
            self.style = self.style._replace(dash=by)

    def edit(self, start: int, end: int, text: str) -> Edit:
        """The edit of characters of the document, in bytes of the file."""
        before = self.document.chunk.start + len(self.text[:start].encode())
        path = os.path.abspath(self.document.path)
        return Edit(path, self.document.shown, before, before + len(self.text[start:end].encode()), text)

    def below(self, end: int, lines: list[str]) -> Edit:
        """New lines below the line in which a node ends."""
        made = self.style.end.join(lines)
        if end and self.text[end - 1] == "\n":  # a block of text ends with its line
            return self.edit(end, end, made + self.style.end)
        at = self.text.find("\n", end)
        if at < 0:
            at = len(self.text)
        elif self.text[at - 1] == "\r":
            at -= 1
        return self.edit(at, at, self.style.end + made)


def edit_of(fix: Fix, origin: DocumentOrigin) -> Edit:
    """The edit that gives the path of a fix its value.

    Raises:
        NoEdit: the value is not written where it could be edited, with the reason.
    """
    page = _Page(origin)
    steps = [*origin.base, *fix.path]
    node, above = page.root, page.root
    for depth, step in enumerate(steps):
        if node.shared or node.kind == "alias":
            raise NoEdit(f"gets {_name(steps[:depth])} {_SHARED}")
        if isinstance(step, int):
            if node.kind != "list" or step >= len(node.items):
                raise NoEdit(f"has no {_name(steps[: depth + 1])} that is written where it could be changed")
            above, node = node, node.items[step]
            continue
        names = [str(s) for s in steps[depth:]]
        if node.kind == "scalar" and resolve(node.text) is None:
            return _instead_of_nothing(page, above, node, names, fix.value)
        if node.kind != "map":
            raise NoEdit(f"has a {_name(steps[:depth])} that is no map")
        found = node.get(step)
        if found is None:
            if any(isinstance(s, int) for s in steps[depth:]):
                raise NoEdit(f"has no {_name(steps[: depth + 1])} that is written where it could be changed")
            return _added(page, node, names, fix.value)
        page.pass_through(node, found)
        above, node = node, found
    if node.shared or node.kind == "alias":
        raise NoEdit(f"gets {_name(steps)} {_SHARED}")
    return _changed(page, above, node, fix.value, _name(steps))


def _name(steps: list[str | int]) -> str:
    return str(next((s for s in reversed(steps) if isinstance(s, str)), "its value"))


# --- a value that is there --------------------------------------------------------------------------------------------


def _changed(page: _Page, above: Node, node: Node, value: Any, name: str) -> Edit:
    if isinstance(value, (list, tuple)) and node.kind == "list":
        return _longer(page, node, [v for v in value if v not in [resolve(i.text) for i in node.items]])
    if node.kind != "scalar":
        raise NoEdit(f"has a {name} that is no single value")
    if node.start == node.end and isinstance(value, (list, tuple)) and not above.flow:
        column = above.column + page.style.dash
        return page.below(node.end, [f"{' ' * column}- {_scalar(v, page.style)}" for v in value])
    gap = " " if node.start == node.end and page.text[node.start - 1 : node.start] == ":" else ""
    return page.edit(node.start, node.end, gap + _inline(value, page.style))


def _longer(page: _Page, node: Node, missing: list[Any]) -> Edit:
    """A list with further items: those it has may have their reasons, and their comments."""
    said = [_scalar(v, page.style) for v in missing]
    if node.flow:
        return _flowing(page, node, ", ".join(said), node.items[-1] if node.items else None, node.items)
    return page.below(node.end, [f"{' ' * node.column}- {one}" for one in said])


# --- a field that is not there ----------------------------------------------------------------------------------------


def _instead_of_nothing(page: _Page, above: Node, node: Node, names: list[str], value: Any) -> Edit:
    """What belongs below a field that is written without a value, or as null."""
    if node.start != node.end or above.flow:
        return page.edit(node.start, node.end, "{" + _pair(names, value, page.style) + "}")
    return page.below(node.end, _lines(names, value, above.column + page.style.step, page.style))


def _added(page: _Page, node: Node, names: list[str], value: Any) -> Edit:
    if node.flow:
        last = node.pairs[-1][1] if node.pairs else None
        return _flowing(page, node, _pair(names, value, page.style), last, [key for key, _ in node.pairs])
    return page.below(node.end, _lines(names, value, node.column, page.style))


def _flowing(page: _Page, node: Node, said: str, last: Node | None, firsts: list[Node]) -> Edit:
    """A map or a list in brackets with something more at its end, on a line of its own where the others stand so."""
    text = page.text
    if last is None:
        return page.edit(node.start + 1, node.end - 1, said)
    rest = text[last.end : node.end - 1]
    if "#" in rest:
        raise NoEdit("ends in a comment where something would have to be added")
    begin = text.rfind("\n", 0, firsts[-1].start) + 1
    before = text[begin : firsts[-1].start]
    gap = f"{page.style.end}{before}" if begin and not before.strip() else " "
    if "," in rest:
        at = last.end + rest.index(",") + 1
        return page.edit(at, at, f"{gap}{said}")
    return page.edit(last.end, last.end, f",{gap}{said}")


def _lines(names: list[str], value: Any, column: int, how: Style) -> list[str]:
    """A field of a block, one line for each name."""
    lines = [f"{' ' * (column + how.step * n)}{name}:" for n, name in enumerate(names)]
    inner = column + how.step * (len(names) - 1)
    if isinstance(value, (list, tuple)):
        return lines + [f"{' ' * (inner + how.dash)}- {_scalar(v, how)}" for v in value]
    lines[-1] += f" {_scalar(value, how)}"
    return lines


def _pair(names: list[str], value: Any, how: Style) -> str:
    """A field of a map in braces."""
    said = _inline(value, how)
    for n, name in enumerate(reversed(names)):
        key = json.dumps(name) if how.quoted else name
        said = f"{{{key}: {said}}}" if n < len(names) - 1 else f"{key}: {said}"
    return said


def _inline(value: Any, how: Style) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_scalar(v, how) for v in value) + "]"
    return _scalar(value, how)


def _scalar(value: Any, how: Style) -> str:
    """A value as every reader of YAML takes it.

    Raises:
        NoEdit: it is no single value.
    """
    if isinstance(value, (bool, int, float)) or value is None:
        return json.dumps(value)
    if isinstance(value, str):
        plain = not how.quoted and _PLAIN.fullmatch(value) is not None and resolve(value) == value
        return value if plain else json.dumps(value, ensure_ascii=False)
    raise NoEdit("would need a value that is written by hand")
