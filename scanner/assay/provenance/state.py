"""A Terraform state file, read for one thing: which block made which live resource.

Only what identifies a resource is kept of it (ids, names, tags); a state is full of credentials, and none of its
values reaches a report.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 200_000_000
VERSION = 4
LOCAL = "terraform.tfstate"
"""Where Terraform itself keeps the state of a root module that names no backend."""


class StateError(Exception):
    """A file that is no usable state: a sentence that says why and what to give instead."""


class Held(NamedTuple):
    """One resource instance of a state: its address, its type and what identifies it."""

    address: str
    type: str
    values: dict[str, Any]


class State(NamedTuple):
    """A state file by its path, with what it holds by address."""

    file: str
    held: dict[str, Held]


def read(path: str, shown: str) -> State:
    """The managed resources of a state file of format version 4.

    Args:
        shown: the path as messages name it.

    Raises:
        StateError: it cannot be read, is too large, or is something else.
    """
    import orjson

    try:
        size = os.path.getsize(path)
        if not os.path.isfile(path):
            raise StateError(f"{shown} is not a file; name a Terraform state file")
        if size > MAX_BYTES:
            raise StateError(f"{shown} has {size:,} bytes; Assay reads a state of at most {MAX_BYTES:,}")
        with open(path, "rb") as handle:
            data = handle.read(MAX_BYTES)
    except OSError as error:
        raise StateError(f"{shown} cannot be read: {error.strerror}") from error
    try:
        document = orjson.loads(data)
    except ValueError:  # the parser's own words may quote what the file holds
        raise StateError(f"{shown} is not a Terraform state: it is not JSON") from None
    _check(document, shown)
    found: dict[str, Held] = {}
    for held in _instances(document["resources"]):
        found.setdefault(held.address, held)
    return State(shown, found)


def _check(document: Any, shown: str) -> None:
    """Raise a `StateError` for what is no state, or one that nobody can read here."""
    pull = "give what `terraform state pull` prints"
    if not isinstance(document, dict):
        raise StateError(f"{shown} is not a Terraform state: it holds no object; {pull}")
    if "encrypted_data" in document:
        raise StateError(f"{shown} is an encrypted state; {pull.replace('terraform', 'tofu')}")
    if "format_version" in document:
        raise StateError(f"{shown} is what `terraform show -json` prints, not a state; {pull}")
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise StateError(f"{shown} is not a Terraform state: it has no format version; {pull}")
    if version != VERSION:
        raise StateError(f"{shown} is a state of format version {version}; Assay reads version {VERSION}: {pull}")
    if not isinstance(document.get("resources"), list):
        raise StateError(f"{shown} is not a Terraform state: it lists no resources; {pull}")


def _instances(resources: list[Any]) -> Iterator[Held]:
    from assay.provenance.identity import attributes_of

    for r in resources:
        if not isinstance(r, dict) or r.get("mode") != "managed":
            continue
        type_, name, module = r.get("type"), r.get("name"), r.get("module")
        if not isinstance(type_, str) or not isinstance(name, str):
            continue
        prefix = f"{module}." if isinstance(module, str) and module else ""
        kept = {"id", "arn", "tags", "tags_all", *attributes_of(type_)}
        for one in r.get("instances") or ():
            if not isinstance(one, dict) or one.get("deposed") or not isinstance(one.get("attributes"), dict):
                continue  # a deposed one is what a replacement has left behind: no block makes it any more
            values = {k: v for k, v in one["attributes"].items() if k in kept and k not in _sensitive(one)}
            yield Held(f"{prefix}{type_}.{name}{_key(one.get('index_key'))}", type_, values)


def _key(key: Any) -> str:
    if not isinstance(key, (int, str)) or isinstance(key, bool):
        return ""
    from assay.terraform.instances import key_text

    return key_text(key) if key != "?" else '["?"]'


def _sensitive(instance: dict[str, Any]) -> set[str]:
    """The top-level attributes that the state itself marks as sensitive."""
    paths = instance.get("sensitive_attributes")
    found = set()
    for path in paths if isinstance(paths, list) else ():
        first = path[0] if isinstance(path, list) and path else path
        if isinstance(first, dict) and isinstance(first.get("value"), str):
            found.add(first["value"])
    return found
