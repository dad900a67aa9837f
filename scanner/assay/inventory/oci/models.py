"""The models of the SDK: what an operation answers with, and what of a JSON answer is not of its model."""

from __future__ import annotations

import functools
import importlib.util
import re
from typing import TYPE_CHECKING, Any

from assay.inventory.oci.table import client_service

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANSWERS = re.compile(r'response_type="([^"]+)"')
_PATH = re.compile(r'resource_path = "([^"]+)"')
_LIST = re.compile(r"list\[(.+)\]$")
_DICT = re.compile(r"dict\(str, (.+)\)$")
_PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,), "bool": (bool,), "int": (int,), "float": (int, float), "datetime": (str,), "date": (str,),
}  # fmt: skip


@functools.cache
def operation(client: str, name: str) -> tuple[str, str]:
    """The path and the response type of an operation, as the SDK's source says."""
    source = source_of(client)
    start = source.index(f"    def {name}(self")
    path, answer = _PATH.search(source, start), _ANSWERS.search(source, start)
    return path.group(1) if path else "", answer.group(1) if answer else ""


@functools.cache
def source_of(client: str) -> str:
    """The source text of the module of a client's class."""
    package, _, class_name = client.partition(".")
    module = f"{package}.{client_service(client)}_client"
    found = importlib.util.find_spec(f"oci.{module}")
    if found is None or found.origin is None:
        raise ValueError(f"the oci package has no {class_name}")
    with open(found.origin, encoding="utf-8") as handle:
        return handle.read()


def item_model(client: str, name: str) -> Any:
    """The class of what an operation answers, of a list that of its items; None for a plain text."""
    package = client.partition(".")[0]
    answer = operation(client, name)[1]
    inner = _LIST.match(answer)
    model = _class(package, inner.group(1) if inner else answer)
    if model is None or inner:
        return model
    for member in ("items", "resources"):
        found = _LIST.match(str(model().swagger_types.get(member, "")))
        if found and name.startswith("list_"):
            return _class(package, found.group(1))
    return model


def is_bare(client: str, name: str) -> bool:
    """True when the answer of a list operation is an array, not an object around one."""
    return _LIST.match(operation(client, name)[1]) is not None


def _class(package: str, name: str) -> Any:
    return getattr(importlib.import_module(f"oci.{package}.models"), name, None)


def faults(package: str, model: Any, value: Any, path: str = "") -> Iterator[str]:
    """What in a JSON value is not of the model: members it has not, words it does not know, values of another kind."""
    if not isinstance(value, dict):
        yield f"{path or 'the answer'} is not an object"
        return
    if hasattr(model, "get_subtype"):
        try:
            model = _class(package, model.get_subtype(value)) or model
        except KeyError as error:
            yield f"{path or 'the answer'} lacks {error.args[0]}, which says of what kind it is"
            return
    made = model()
    wire = {json: name for name, json in made.attribute_map.items()}
    for key, inner in value.items():
        where = f"{path}.{key}" if path else key
        if key not in wire:
            yield f"{where}: {model.__name__} has no such member"
            continue
        misfits = list(_typed(package, made.swagger_types[wire[key]], inner, where))
        yield from misfits
        if not misfits and isinstance(inner, (str, list)):  # the setter drops words that it does not know
            setattr(made, wire[key], list(inner) if isinstance(inner, list) else inner)
            kept = getattr(made, wire[key])
            if kept == "UNKNOWN_ENUM_VALUE" or (isinstance(kept, list) and "UNKNOWN_ENUM_VALUE" in kept):
                yield f"{where}: {model.__name__} does not know {inner!r}"


def _typed(package: str, kind: str, value: Any, where: str) -> Iterator[str]:
    if value is None or kind == "object":
        return
    inner = _LIST.match(kind) or _DICT.match(kind)
    if inner:
        if not isinstance(value, list if kind.startswith("list") else dict):
            yield f"{where} is not a {kind.partition('(')[0].partition('[')[0]}"
            return
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _typed(package, inner.group(1), value[key], f"{where}[{key}]")
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or (isinstance(value, bool) and kind != "bool"):
            yield f"{where} is not a {kind}"
    else:
        model = _class(package, kind.rpartition(".")[2])
        if model is not None:
            yield from faults(package, model, value, where)
