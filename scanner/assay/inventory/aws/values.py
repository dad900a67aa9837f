"""What tables make of values: documents as text, variables masked, lists of pairs as maps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.inventory.aws.shape import plain, snake
from assay.inventory.masks import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from assay.inventory.aws.table import Item, Spec


def last(spec: Spec, mark: str = "/") -> Callable[[Item], Any]:
    """The part of a value after its last `mark`: `last("QueueArn", ":")`."""
    return lambda item: None if (text := item.get(spec)) is None else str(text).rpartition(mark)[2]


def document(spec: Spec) -> Callable[[Item], Any]:
    """A policy document as JSON text: boto3 decodes some of them."""
    return lambda item: as_text(item.get(spec))


def as_text(value: Any) -> Any:
    return json.dumps(plain(value), separators=(",", ":")) if isinstance(value, (dict, list)) else value


def same(spec: Spec, wanted: Any) -> Callable[[Item], bool]:
    """Whether a value is this one: `same("State", "ENABLED")`."""
    return lambda item: bool(item.get(spec) == wanted)


def differs(spec: Spec, *unwanted: Any) -> Callable[[Item], bool]:
    """Whether a value is none of these."""
    return lambda item: item.get(spec) not in unwanted


def given(spec: Spec) -> Callable[[Item], bool]:
    """Whether there is a value."""
    return lambda item: item.get(spec) not in (None, "", [], {})


def first(*specs: Spec) -> Callable[[Item], Any]:
    """The first of these values that is there; of a list its first element."""

    def one(item: Item) -> Any:
        for spec in specs:
            value = item.get(spec)
            if isinstance(value, list):
                value = value[0] if value else None
            if value is not None:
                return value
        return None

    return one


def pairs(spec: Spec, key: str = "Key", value: str = "Value") -> Callable[[Item], dict[str, Any]]:
    """A list of `{Key, Value}` as a map."""
    return lambda item: {p[key]: p.get(value) for p in item.get(spec) or ()}


def block(**fields: Spec) -> Callable[[Item], list[dict[str, Any]] | None]:
    """A nested block of these attributes; none when all of them are absent."""

    def one(item: Item) -> list[dict[str, Any]] | None:
        made = {name: plain(v) for name, spec in fields.items() if (v := item.get(spec)) is not None}
        return [made] if made else None

    return one


def blocks(spec: Spec, names: Mapping[str, str] | None = None) -> Callable[[Item], list[dict[str, Any]]]:
    """A list of flat structures as nested blocks: snake case, save for `names`."""
    known = names or {}
    return lambda item: [{known.get(k, snake(k)): plain(v) for k, v in one.items()} for one in item.get(spec) or ()]


def masked_map(spec: Spec) -> Callable[[Item], dict[str, Any] | None]:
    """Environment variables: the names, and of the values what certainly is no secret."""

    def one(item: Item) -> dict[str, Any] | None:
        found = item.get(spec)
        return None if found is None else {name: masked(name, value) for name, value in found.items()}

    return one
