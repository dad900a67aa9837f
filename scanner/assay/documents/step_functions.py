"""State machines in files of their own: Amazon States Language as JSON or YAML, with its `${...}` substitutions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.documents.positions import Malformed, TextOrigin
from assay.model import Resource, Text, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.documents.reading import File

_HOLE = pattern(r"\$\{([^{}]{1,500})\}")


def read(file: File) -> list[Resource]:
    """The state machine of a file.

    Raises:
        Malformed: it cannot be parsed.
    """
    text = file.text()
    kind = "json" if file.path.endswith(".json") else "yaml"
    origin = TextOrigin(file.shown, text, kind, ("definition",))
    document = origin.read()
    if not isinstance(document, dict):
        raise Malformed("a state machine is an object with StartAt and States")
    name = os.path.basename(file.path).partition(".")[0]
    values = {"name": name, "definition": with_holes(document) if "${" in text else document}
    return [Resource("aws_sfn_state_machine", file.shown, "document", values, origin, name=name)]


def with_holes(value: Any) -> Any:
    """The document with `${name}`, which a template or a deployment fills in, as the unknown that it is."""
    if isinstance(value, str):
        return _filled_in_later(value) if "${" in value else value
    if isinstance(value, dict):
        return {key: with_holes(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_holes(inner) for inner in value]
    return value


def _filled_in_later(text: str) -> Any:
    parts: list[str | Unknown] = []
    at = 0
    for hole in _HOLE.finditer(text):
        if hole.start() > at:
            parts.append(text[at : hole.start()])
        name = hole[1].strip()
        parts.append(Unknown(f"{name} is filled in when the definition is deployed", ("substitution", name)))
        at = hole.end()
    if not parts:
        return text
    return Text([*parts, text[at:]] if at < len(text) else parts)
