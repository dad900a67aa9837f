"""From an answer of the SDK to the Terraform provider's shape: names, nested blocks, tags."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from assay.inventory.masks import MASKED
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_IP = re.compile(r"(ipv[46])_")
_UNTOLD = "UNKNOWN_ENUM_VALUE"  # what the SDK puts where the service answers a word that it does not know


_CREDENTIALS = frozenset((
    "bgp_md5_auth_key", "chap_secret", "consumer_secret", "hsm_password", "key_store_content", "password",
    "security_master_user_password_hash", "store_password", "vpc_password",
))  # fmt: skip
"""What the API may tell in clear, wherever it stands."""
_USER_DATA = frozenset(("metadata", "extended_metadata", "node_metadata"))
"""Of what machines start from: it may hold anything."""
_MACHINES = frozenset(("InstanceConfigurationLaunchInstanceDetails", "NodePool", "NodePoolSummary"))


def values_of(model: Any, renames: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The attributes of an SDK model under the provider's names: nested models are lists of one block."""
    left = _USER_DATA if type(model).__name__ in _MACHINES else ()
    found = {
        _name(name): MASKED if name in _CREDENTIALS and value else _value(value)
        for name in model.swagger_types
        if name not in left and (value := getattr(model, name)) is not None
    }
    if "defined_tags" in found:
        found["defined_tags"] = _flat_tags(found["defined_tags"])
    for path, name in (renames or {}).items():
        rename(found, path.split("."), name)
    return found


def told_by(model_class: Any) -> set[str]:
    """The names that a model of this class can tell."""
    return {_name(name) for name in model_class().swagger_types}


def _name(name: str) -> str:
    return "state" if name == "lifecycle_state" else _IP.sub(r"\1", name)


def _value(value: Any) -> Any:
    if hasattr(value, "swagger_types"):
        return [values_of(value)]
    if isinstance(value, list):
        inner = [_value(v) for v in value]
        return [v[0] if hasattr(raw, "swagger_types") else v for raw, v in zip(value, inner, strict=True)]
    if isinstance(value, dict):
        return {k: _value(v) for k, v in value.items()}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if value == _UNTOLD:
        return Unknown("the service answered a word that the installed oci SDK does not know")
    return value


def _flat_tags(tags: Any) -> dict[str, Any]:
    """`{"ns": {"key": "v"}}` as the provider has it: `{"ns.key": "v"}`."""
    return {f"{space}.{key}": value for space, keys in tags.items() for key, value in (keys or {}).items()}


def rename(values: Any, path: list[str], name: str) -> None:
    """Give the attribute at `path` another name, in every block that the path leads through."""
    if isinstance(values, list):
        for value in values:
            rename(value, path, name)
    elif isinstance(values, dict):
        if len(path) > 1:
            rename(values.get(path[0]), path[1:], name)
        elif path[0] in values:
            values[name] = values.pop(path[0])


def hoist(values: dict[str, Any], path: list[str]) -> None:
    """Move what the block at `path` holds up into the block around it."""
    *around, name = path
    for block in _blocks(values, around):
        inner = block.pop(name, None)
        for one in inner if isinstance(inner, list) else []:
            block.update(one)


def _blocks(values: Any, path: list[str]) -> list[dict[str, Any]]:
    level = [values]
    for step in path:
        level = [inner for v in level for inner in (v.get(step) or []) if isinstance(inner, dict)]
    return level
