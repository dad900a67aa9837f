"""JSON documents inside attributes (policies, definitions), with the pieces nobody knows kept as unknown leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.model import Encoded, Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Members = Callable[[list[tuple[str, Any]]], dict[str, Any]] | None

_HOLE = "\ue000"  # private use: stands around a hole's number while the JSON parser runs


def decode(value: Any, members: Members = None) -> Any:
    """The structure that `value` encodes; None when absent, an Unknown when it cannot be read.

    A text with unknown pieces is parsed around them: a hole inside a JSON string stays a partial text, a hole in the
    place of a value becomes that unknown. `members`, when given, makes the
    objects of a text: the hook of pairs that the JSON parser takes.
    """
    if value is None or isinstance(value, (dict, list)):
        return value
    if type(value) is str and not value.strip():
        return None  # to a provider an empty text is nothing
    if isinstance(value, Encoded):
        return value.value
    if isinstance(value, Text):
        return _around_holes(value, members)
    if isinstance(value, Unknown):
        return value
    try:
        return json.loads(value, object_pairs_hook=members)
    except (TypeError, ValueError, RecursionError) as error:
        return Unknown(f"the text is not JSON: {error}")


def decode_yaml(value: Any) -> Any:
    """As `decode`, of YAML."""
    from assay.terraform.functions_yaml import yamldecode
    from assay.terraform.values import EvalError

    if not isinstance(value, (str, Text)):
        return decode(value)
    if isinstance(value, Text) and _holds_mark(value):
        return Unknown(value.reason)
    holes = [p for p in value.parts if isinstance(p, Unknown)] if isinstance(value, Text) else []
    numbers = iter(range(len(holes)))
    parts = value.parts if isinstance(value, Text) else [value]
    text = "".join(p if isinstance(p, str) else f"{_HOLE}{next(numbers)}{_HOLE}" for p in parts)
    try:
        return _restore(yamldecode(text), holes)
    except (EvalError, ValueError, IndexError, RecursionError) as error:
        return Unknown(f"the text is not YAML: {error}")


_PLAIN = (str, bool, int, float, type(None))


def unknown_leaves(value: Any) -> Iterator[Unknown]:
    """Every piece of a document that nobody knows, in its order."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if type(found) in _PLAIN:  # nearly all are, and this is asked first
            continue
        if isinstance(found, Unknown):
            yield found
        elif isinstance(found, dict):
            waiting += reversed(found.values())
        elif isinstance(found, list):
            waiting += reversed(list(list.__iter__(found)))


def _holds_mark(text: Text) -> bool:
    """True when the text itself has the character that is to stand for its holes: then nobody could tell them apart."""
    return any(_HOLE in piece or "\\ue000" in piece.lower() for piece in text.literals)


def marked(text: Text) -> tuple[str, list[Unknown]]:
    """A JSON text with a mark for each unknown piece, in quotes where it stands for a value; and these pieces."""
    holes: list[Unknown] = []
    out: list[str] = []
    inside = False
    for part in text.parts:
        if isinstance(part, str):
            inside = _ends_inside(part, inside)
            out.append(part)
        else:
            mark = f"{_HOLE}{len(holes)}{_HOLE}"
            out.append(mark if inside else f'"{mark}"')
            holes.append(part)
    return "".join(out), holes


def _around_holes(text: Text, members: Members) -> Any:
    if _holds_mark(text):
        return Unknown(text.reason)
    try:
        written, holes = marked(text)
        return _restore(json.loads(written, object_pairs_hook=members), holes)
    except (ValueError, RecursionError):
        return Unknown(text.reason)


def _ends_inside(piece: str, inside: bool) -> bool:
    """Whether a JSON string is open at the end of `piece`, when one is `inside` at its beginning."""
    quotes = piece.replace("\\\\", "").replace('\\"', "").count('"')
    return inside != bool(quotes % 2)


def _restore(value: Any, holes: list[Unknown]) -> Any:
    if isinstance(value, str):
        if _HOLE not in value:
            return value
        pieces = value.split(_HOLE)
        parts: list[str | Unknown] = [p if i % 2 == 0 else holes[int(p)] for i, p in enumerate(pieces)]
        parts = [p for p in parts if isinstance(p, Unknown) or p]
        return parts[0] if len(parts) == 1 else Text(parts)
    if isinstance(value, list):
        return [_restore(v, holes) for v in value]
    if isinstance(value, dict):
        return {_plain(_restore(k, holes)): _restore(v, holes) for k, v in value.items()}
    return value


def _plain(key: Any) -> str:
    """A key must hash: an unknown one is written as its source."""
    from assay.model import show

    return key if isinstance(key, str) else show(key)
