"""JSON that the models of the oci SDK describe: every member filled, nested and polymorphic ones too."""

from __future__ import annotations

import inspect
import re
from typing import Any

from assay.inventory.oci import models

_LIST = re.compile(r"list\[(.+)\]$")
_DICT = re.compile(r"dict\(str, (.+)\)$")
_SUBTYPE = re.compile(r"if type == '([^']+)':\s+return '([^']+)'")
_DISCRIMINATOR = re.compile(r"object_dictionary\['([^']+)'\]")
_PLAIN: dict[str, Any] = {
    "str": "text", "bool": True, "int": 1, "float": 1.5, "datetime": "2026-01-02T03:04:05Z", "date": "2026-01-02",
    "object": {"key": "value"},
}  # fmt: skip


def filled(package: str, model: Any, depth: int = 5, /, **known: Any) -> dict[str, Any]:
    """An instance of the model on the wire, every member given; `known` members as told."""
    fixed: dict[str, Any] = {}
    if hasattr(model, "get_subtype"):
        source = inspect.getsource(model.get_subtype)
        name = _DISCRIMINATOR.search(source)
        kind = next(iter(_SUBTYPE.findall(source)), None)
        if name and kind:
            fixed[name.group(1)] = kind[0]
            model = models._class(package, kind[1])
    made = model()
    told: dict[str, Any] = {}
    for attribute, wire in made.attribute_map.items():
        value = fixed.get(wire, known.get(wire))
        if value is None:
            kind, word = made.swagger_types[attribute], _word(model, attribute)
            words = {"str": word, "list[str]": [word]} if word else {}
            value = words.get(kind) or _filled(package, kind, depth)
        if value is not None:
            told[wire] = value
    return told


def _word(model: Any, attribute: str) -> str | None:
    """A word that the member may hold, where it may not hold any: states that are not the end before others."""
    prefix = f"{attribute.upper()}_"
    words = [getattr(model, k) for k in dir(model) if k.startswith(prefix) and isinstance(getattr(model, k), str)]
    alive = [w for w in words if w not in ("DELETED", "TERMINATED")]
    for preferred in ("ACTIVE", "AVAILABLE", "RUNNING", "ENABLED", "ATTACHED"):
        if preferred in alive:
            return preferred
    return alive[0] if alive else None


def _filled(package: str, kind: str, depth: int) -> Any:
    inner = _LIST.match(kind)
    if inner:
        one = _filled(package, inner.group(1), depth - 1)
        return [] if one is None else [one]
    inner = _DICT.match(kind)
    if inner:
        one = _filled(package, inner.group(1), depth - 1)
        return {} if one is None else {"name": one}
    if kind in _PLAIN:
        return _PLAIN[kind]
    model = models._class(package, kind.rpartition(".")[2])
    return filled(package, model, depth - 1) if model is not None and depth > 0 else None
