"""What names and tags say: is it production, is it critical, is it meant to be public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Text, Undetermined, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.model import View

_WORD = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PRODUCTION = {"prod", "production", "prd", "live"}
_NOT_QUITE = {"non", "pre", "not", "no"}
_NAMES = ("display_name", "name", "db_name")
_TAGS = ("freeform_tags", "defined_tags", "tags", "tags_all")
_ENVIRONMENT_KEYS = {"env", "environment", "stage", "tier", "lifecycle"}
_CRITICAL_KEYS = {"criticality", "critical", "importance", "tier", "classification", "priority"}
_CRITICAL = {"critical", "high", "mission", "gold", "true", "yes"}


def words(text: Any) -> list[str]:
    """The words of a name in lower case: `appProd-DB_1` is app, prod, db, 1. Of a partial text, its known pieces."""
    pieces = text.literals if isinstance(text, Text) else [text] if isinstance(text, str) else []
    return [w.lower() for piece in pieces for w in _WORD.findall(piece)]


def _says_production(text: Any) -> bool:
    found = words(text)
    return any(w in _PRODUCTION and (i == 0 or found[i - 1] not in _NOT_QUITE) for i, w in enumerate(found))


def is_production(view: View) -> bool:
    """True when the resource's name or its environment tag says production.

    Raises:
        Undetermined: neither says so and one of them is unknown.
    """
    if _says_production(view.resource.name):
        return True
    doubt: Unknown | None = None
    for path in _NAMES:
        name = view[path]
        if _says_production(name):
            return True
        if isinstance(name, Unknown):
            doubt = name
    for key, value in tags(view):
        if isinstance(key, Unknown):
            doubt = key
        elif _key(key) & _ENVIRONMENT_KEYS and _says_production(value):
            return True
    if doubt is not None:
        raise Undetermined(doubt)
    return False


def is_critical(view: View) -> bool:
    """True when a tag says that the resource is critical.

    Raises:
        Undetermined: no known tag says so and the tags are not all known.
    """
    doubt: Unknown | None = None
    for key, value in tags(view):
        if isinstance(key, Unknown):
            doubt = key
        elif _key(key) & _CRITICAL_KEYS and set(words(value)) & _CRITICAL:
            return True
    if doubt is not None:
        raise Undetermined(doubt)
    return False


def tag(view: View, *names: str) -> Any:
    """The value of the first tag with one of these names (case and namespace aside); None when there is none.

    Raises:
        Undetermined: no known tag has the name and the tags are not all known.
    """
    doubt: Unknown | None = None
    for key, value in tags(view):
        if isinstance(key, Unknown):
            doubt = key
        elif key.rpartition(".")[2].lower() in names:
            return value
    if doubt is not None:
        raise Undetermined(doubt)
    return None


def tags(view: View) -> list[tuple[Any, Any]]:
    """Every tag as key and value; tags that nobody knows are one pair whose key is the unknown."""
    found: list[tuple[Any, Any]] = []
    for path in _TAGS:
        value = view[path]
        if isinstance(value, Unknown):
            found.append((value, value))
        elif isinstance(value, dict):
            found += list(value.items())
    return found


def _key(key: Any) -> set[str]:
    return set(words(str(key).rpartition(".")[2]))
