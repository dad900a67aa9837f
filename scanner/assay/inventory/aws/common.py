"""Calls that many tables have in the same form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.inventory.aws import shape
from assay.inventory.aws.shape import plain, snake
from assay.inventory.aws.table import Ask, Make

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from assay.inventory.aws.table import Item, Spec


def tags(operation: str, items: str = "", **params: Any) -> Ask:
    """The tags of an item, where its description has none; `items` where they do not stand at `Tags` as they are."""
    return Ask(operation=operation, params=params, items=items, put="Tags" if items else "", feeds=("tags", "tags_all"))


def tag_map(path: str) -> Callable[[Item], dict[str, str]]:
    """Tags as a map, for a resource that takes nothing by itself."""
    return lambda item: shape.tags(item.get(path))


def structure(value: Any, names: Mapping[str, str | None] | None = None) -> Any:
    """A structure as nested blocks: every map a block, keys in snake case save for `names` (None leaves one out)."""
    known = names or {}
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        for key, inner in value.items():
            name = known[key] if key in known else snake(key)
            if name is None or inner is None:
                continue
            made[name] = [structure(inner, known)] if isinstance(inner, dict) else structure(inner, known)
        return made
    if isinstance(value, list):
        return [structure(v, known) for v in value]
    return plain(value)


def nested(spec: Spec, names: Mapping[str, str | None] | None = None) -> Callable[[Item], Any]:
    """One structure, or a list of them, as nested blocks; none when it is absent or empty."""

    def one(item: Item) -> Any:
        value = item.get(spec)
        if not value:
            return None
        return structure(value if isinstance(value, list) else [value], names)

    return one


def chosen(spec: Spec) -> Callable[[Item], Any]:
    """A name that somebody chose: the platform's own `default` and `default.postgres16` are left out."""

    def one(item: Item) -> Any:
        name = item.get(spec)
        if isinstance(name, list):
            name = name[0] if name else None
        return None if name is None or name == "default" or str(name).startswith("default.") else name

    return one


EC2 = "arn:{partition}:ec2:{region}:{account}"


def named(item: Item) -> str:
    """What people call it: the tag `Name`."""
    return next((t["Value"] for t in item["Tags"] or () if t.get("Key") == "Name"), "")


def simple(operation: str, items: str, type_: str, key: str, kind: str, *folds: str, **make: Any) -> Ask:
    """A list of one type of EC2, whose items have an id, tags and an ARN of this kind."""
    arn = f"{EC2}:{kind}/{{{key}}}"
    fields = {"arn": arn, **make.pop("fields", {})}
    rename = {key: "id", **make.pop("rename", {})}
    params = make.pop("params", {})
    made = Make(type=type_, address=arn, name=named, rename=rename, fields=fields, folds=folds, **make)
    return Ask(operation=operation, items=items, params=params, makes=(made,))
