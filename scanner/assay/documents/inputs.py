"""Inputs of a GitLab configuration: the header that declares them, and their values where the rest names them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.documents.positions import Malformed, read_yaml
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER = pattern(r"\A(?:[ \t\r]*(?:#[^\n]*)?\n|---[ \t\r]*\n)*spec[ \t]*:")
_BETWEEN = pattern(r"^---(?:[ \t\r][^\n]*)?$", re.MULTILINE)
_NAMED = pattern(r"\$\[\[\s*inputs\.([\w-]+)(?:\s*\|\s*expand_vars)?\s*\]\]")


def split(text: str) -> tuple[dict[str, Any], str]:
    """The inputs that a configuration declares, and the configuration on the lines where it stands.

    Raises:
        Malformed: its header is no YAML.
    """
    found = _HEADER.match(text)
    if found is None:
        return {}, text
    between = _BETWEEN.search(text, found.end())
    if between is None:
        return {}, text
    header = read_yaml(text[: between.start()].replace("\r\n", "\n"))
    spec = header.get("spec") if isinstance(header, dict) else None
    inputs = spec.get("inputs") if isinstance(spec, dict) else None
    rest = "\n" * text.count("\n", 0, between.end()) + text[between.end() :]
    return inputs if isinstance(inputs, dict) else {}, rest


def values_of(declared: dict[str, Any], given: Any) -> dict[str, Any]:
    """The values of the inputs that are known: what `include` gives, else their defaults."""
    defaults = {n: d["default"] for n, d in declared.items() if isinstance(d, dict) and "default" in d}
    return {n: v for n, v in (defaults | (given if isinstance(given, dict) else {})).items() if n in declared}


def filling(values: dict[str, Any]) -> Callable[[Any], None] | None:
    """What puts values in the place of `$[[ inputs.name ]]` in a composed node; None when there are none.

    A text that names one with a value that is not known stays as it is written.
    """
    return (lambda root: _fill(root, values)) if values else None


_MOST = 2_000_000
"""As many characters and values may filling in add to a document: an input is named as often as one likes."""


def _fill(root: Any, values: dict[str, Any]) -> None:
    seen: set[int] = set()
    waiting = [root]
    left = _MOST
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.id == "mapping":
            waiting += [one for pair in node.value for one in pair]
        elif node.id == "sequence":
            waiting += node.value
        elif "$[[" in node.value:
            left -= _fill_text(node, values, left)


def _fill_text(node: Any, values: dict[str, Any], left: int) -> int:
    """Fill in one text; how much that added.

    Raises:
        Malformed: it is more than what is left.
    """
    whole = _NAMED.fullmatch(node.value)
    many = values.get(whole[1]) if whole is not None else None
    if isinstance(many, (list, dict)):
        added = _size(many)
        _refuse(added > left, node)
        _become(node, many)
        return added

    def value(found: re.Match[str]) -> str:
        known = values.get(found[1])
        return found[0] if known is None or isinstance(known, (list, dict)) else _spelt(known)

    added = sum(len(value(found)) for found in _NAMED.finditer(node.value))
    _refuse(added > left, node)
    node.value = _NAMED.sub(value, node.value)
    return added


def _refuse(too_much: bool, node: Any) -> None:
    if too_much:
        line = node.start_mark.line + 1
        raise Malformed(f"with its inputs filled in it has more than {_MOST:,} characters and values", line)


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(key) + _size(inner) for key, inner in value.items())
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1 + len(str(value))


def _spelt(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _become(node: Any, value: Any) -> None:
    """Make a node of a text one of a list or a mapping, all at the place of the text."""
    from assay.libyaml import yaml

    def inner(one: Any) -> Any:
        made = yaml.ScalarNode("!", "", node.start_mark, node.end_mark)
        _become(made, one)
        return made

    if isinstance(value, list):
        node.__class__, node.tag, node.value = yaml.SequenceNode, "!", [inner(v) for v in value]
    elif isinstance(value, dict):
        node.__class__, node.tag = yaml.MappingNode, "!"
        node.value = [(inner(k), inner(v)) for k, v in value.items()]
    else:
        node.value = "" if value is None else _spelt(value)
        node.style = "'" if isinstance(value, str) else None
