"""Which of several blocks of one name, some of them dynamic, each of the nested blocks was made of.

The blocks made stand in the order of those written: a plain one made one, a dynamic one any number. What is written
out in them, a `sid` say, tells where one ends and the next begins.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.terraform.syntax import Attribute, Block, Body

MAX_PAIRS = 20_000
_LAST_COMMA = pattern(r",\s*\]$")


def written_as(blocks: Sequence[Block], made: list[Any]) -> list[Block] | None:
    """The written block of each block that was made, None when they cannot be told apart or do not match."""
    items = list(list.__iter__(made))
    if len(blocks) * len(items) > MAX_PAIRS:
        return None
    # possible[b][i]: the items from i on can all be made by the blocks from b on
    possible = [[False] * (len(items) + 1) for _ in range(len(blocks) + 1)]
    possible[-1][-1] = True
    for b in range(len(blocks) - 1, -1, -1):
        dynamic = blocks[b].kind == "dynamic"
        known = _literals(blocks[b])
        for i in range(len(items), -1, -1):
            takes = i < len(items) and _fits(known, items[i])
            if dynamic:
                possible[b][i] = possible[b + 1][i] or (takes and possible[b][i + 1])
            else:
                possible[b][i] = takes and possible[b + 1][i + 1]
    return _way(blocks, items, possible) if possible[0][0] else None


def _way(blocks: Sequence[Block], items: list[Any], possible: list[list[bool]]) -> list[Block]:
    whose: list[Block] = []
    b = 0
    while len(whose) < len(items):
        i = len(whose)
        if blocks[b].kind != "dynamic":
            whose.append(blocks[b])
            b += 1
        elif possible[b][i + 1] and _fits(_literals(blocks[b]), items[i]):
            whose.append(blocks[b])
        else:
            b += 1
    return whose


def _body(block: Block) -> Body:
    contents = block.body.of("content") if block.kind == "dynamic" else []
    return contents[0].body if contents else block.body


def _literals(block: Block) -> tuple[set[str], dict[str, Any]]:
    """The names that a block can give, and the values that are written out."""
    body = _body(block)
    names = set(body.attributes) | {b.labels[0] if b.kind == "dynamic" and b.labels else b.kind for b in body.blocks}
    known = {name: _literal(attribute) for name, attribute in body.attributes.items()}
    return names, {name: value for name, value in known.items() if value is not None}


def _literal(attribute: Attribute) -> Any:
    """A text, number, bool or list of them that is written out; None for anything else."""
    text = attribute.text
    if "${" in text or "%{" in text:
        return None
    try:
        return json.loads(_LAST_COMMA.sub("]", text))
    except ValueError:
        return None


def _fits(block: tuple[set[str], dict[str, Any]], item: Any) -> bool:
    """False when the item is certainly not of this block."""
    if not isinstance(item, dict):
        return True
    names, known = block
    if any(name not in names for name, value in item.items() if not (value is None or _is_empty(value))):
        return False
    return all(_same(item.get(name), value) for name, value in known.items())


def _is_empty(value: Any) -> bool:
    """True for a list or map of which it is certain that nothing is in it."""
    return type(value) in (list, dict) and not value


def _same(value: Any, written: Any) -> bool:
    if isinstance(value, Unknown):
        return False  # what is written out is known
    if isinstance(written, list) and isinstance(value, list):
        items = list(list.__iter__(value))
        return not any(isinstance(x, Unknown) for x in items) and sorted(map(str, items)) == sorted(map(str, written))
    return str(value).lower() == str(written).lower()
