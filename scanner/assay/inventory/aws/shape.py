"""From an API's answer to a Terraform resource: snake case, nested blocks, tags, types by the provider's schema."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from assay.terraform.schema import attributes, convert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.inventory.aws.table import Item, Make

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TAGS = {"Tags", "tags", "TagList", "TagSet", "tagSet", "TagsList"}


@cache
def snake(name: str) -> str:
    """`KmsMasterKeyId` as `kms_master_key_id`, `DBSubnetGroup` as `db_subnet_group`."""
    return _WORD.sub("_", name.replace("IDs", "Ids").replace("ARNs", "Arns")).replace("-", "_").lower()


@cache
def _kinds(type_: str) -> dict[str, str]:
    return attributes(type_)


def values(make: Make, item: Item) -> dict[str, Any]:
    """The attributes of the resource that `make` describes."""
    made: dict[str, Any] = {}
    if not make.bare and isinstance(item.values, dict):
        made = _struct(make.type, item.values, "", "", make.rename)
    for name, spec in make.fields.items():
        value = plain(item.get(spec))
        if value is None:
            made.pop(name, None)
        else:
            made[name] = value
    made = convert(make.type, made)
    known = {**_kinds(make.type), **make.fields}
    made.update({name: unknown for name, unknown in item.unknown.items() if name in known})
    return made


def _struct(type_: str, answer: dict[str, Any], source: str, target: str, rename: Mapping[str, str | None]) -> Any:
    """One structure: `source` is its path in the answer, `target` that in Terraform."""
    made: dict[str, Any] = {}
    for key, value in answer.items():
        if value is None or key.startswith("$") or key == "ResponseMetadata":
            continue
        origin = f"{source}.{key}" if source else key
        if origin in rename:
            name = rename[origin]
            if name is None:
                continue
        elif key in _TAGS and not source:
            made["tags"] = made["tags_all"] = tags(value)
            continue
        else:
            name = snake(key)
        path = f"{target}.{name}" if target else name
        made[name] = _value(type_, value, origin, path, rename)
    return made


def _value(type_: str, value: Any, source: str, target: str, rename: Mapping[str, str | None]) -> Any:
    if isinstance(value, dict):
        kind = _kinds(type_).get(target)
        if kind == "l":
            return plain(value)
        made = _struct(type_, value, source, target, rename)
        return [made] if kind == "m" else made
    if isinstance(value, list):
        return [_struct(type_, v, source, target, rename) if isinstance(v, dict) else plain(v) for v in value]
    return plain(value)


def plain(value: Any) -> Any:
    """What JSON can hold: times as ISO 8601 in UTC, bytes as base64; names stay as they are."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (bytes, bytearray)):
        return b64encode(value).decode()
    if type(value) is dict:
        return {str(k): plain(v) for k, v in value.items()}
    if type(value) is list:
        return [plain(v) for v in value]
    return value


def tags(value: Any) -> dict[str, str]:
    """Tags as a map: from a map, or from a list of `Key` and `Value` in whatever case."""
    if isinstance(value, dict):
        return {str(k): str(v) for k, v in value.items()}
    found: dict[str, str] = {}
    for tag in value or ():
        low = {k.lower(): v for k, v in tag.items()}
        key = low.get("key", low.get("tagkey"))
        if key is not None:
            found[str(key)] = str(low.get("value", low.get("tagvalue", "")))
    return found
