"""The functions that nearly every configuration calls, in a module of their own: the rest is then not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Base64, Encoded, Ref, Text, Unknown
from assay.terraform.values import (
    ANY,
    BOOL,
    MAX_LENGTH,
    STRING,
    EvalError,
    ListValue,
    LooseText,
    MapValue,
    SetValue,
    convert,
    element_type,
    first_unknown,
    length,
    list_of,
    tuple_of,
    type_of,
    unknown_like,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ELEMENTS = 100_000
"""The bound on what one call may put into one collection."""


def check_size(elements: int) -> None:
    """Raise `EvalError` for a collection of more elements than the bound."""
    if elements > MAX_ELEMENTS:
        raise EvalError(f"the result would have {elements:,} elements: Assay bounds a collection at {MAX_ELEMENTS:,}")


def as_sequence(value: Any, *, sets: bool = True) -> list[Any]:
    """The value, when it is a list or tuple (or a set, where these are taken); else raises `EvalError`."""
    if not isinstance(value, list) or (isinstance(value, SetValue) and not sets):
        raise EvalError("a list or tuple is required" if not sets else "a list, tuple or set is required")
    return value


def merge(*maps: Any) -> Any:
    """The maps one over the other: a map when all have one type, else an object."""
    kinds = [type_of(m) for m in maps if m is not None]
    for kind in kinds:
        if kind.kind not in ("map", "object", "any"):
            raise EvalError("every argument must be a map or object")
    unknown = next((m for m in maps if isinstance(m, Unknown)), None)
    same = bool(kinds) and len(kinds) == len(maps) and all(k == kinds[0] for k in kinds)
    if unknown is not None:
        return unknown_like(unknown, kinds[0] if same else ANY)
    merged: dict[str, Any] = {}
    for one in maps:
        merged.update(one or {})
    check_size(len(merged))
    return MapValue(merged, kinds[0].element) if same and kinds[0].kind == "map" else merged


def concat(*lists: Any) -> Any:
    """The lists one after the other: a list of lists' common type, else a tuple."""
    if not lists:
        raise EvalError("at least one argument is required")
    kinds = []
    for value in lists:
        kind = type_of(value)
        if kind.kind not in ("list", "tuple", "any"):
            raise EvalError("every argument must be a list or tuple")
        kinds.append(kind)
    common = None
    if all(k.kind == "list" for k in kinds):
        from assay.terraform.complex_types import unify_types

        common = unify_types(kinds)
    unknown = next((v for v in lists if isinstance(v, Unknown)), None)
    if unknown is not None:
        return unknown_like(unknown, common or ANY)
    check_size(sum(len(v) for v in lists))
    if common is None:
        return [item for value in lists for item in value]
    return ListValue([item for value in lists for item in convert(value, common)], common.element)


def lookup(source: Any, key: Any, *default: Any) -> Any:
    """The value of a key, else the default; whatever the provider's key is, an empty map has it not."""
    if not isinstance(source, dict):
        raise EvalError("a map or object is required")
    if len(default) > 1:
        raise EvalError("it takes at most one default")
    fallback = default[0] if default else None
    if isinstance(source, MapValue) and default:
        kind = element_type(source)
        try:
            fallback = convert(fallback, kind)
        except EvalError:
            raise EvalError("the default must have the type of the map's elements") from None
    if isinstance(key, Unknown):
        from assay.terraform.refinement import of_provider

        if source or not default or not of_provider(key):
            return unknown_like(key)
    if not isinstance(key, Unknown) and key in source:
        return source[key]
    if not default:
        raise EvalError(f'there is no key "{key}", and no default')
    return fallback


def element(items: Any, place: int) -> Any:
    """The element at a place, counted round and round."""
    at = whole(place)
    if at < 0:
        raise EvalError("the index must not be negative")
    if isinstance(items, Unknown):
        from assay.terraform.refinement import provided

        return items.child(at) if provided(items) else unknown_like(items)
    sequence = as_sequence(items, sets=False)
    if not sequence:
        raise EvalError("an empty list has no elements")
    return sequence[at % len(sequence)]


def contains(items: Any, wanted: Any) -> Any:
    """Whether an element equals the value, type included."""
    from assay.terraform.operations import equal

    doubt: Unknown | None = None
    for item in as_sequence(items):
        result = equal(item, wanted)
        if result is True:
            return True
        if isinstance(result, Unknown):
            doubt = result if doubt is None else doubt
    return False if doubt is None else unknown_like(doubt, BOOL)


def keys(value: Any) -> Any:
    """The names in a map or object, sorted."""
    if isinstance(value, Unknown):
        kind = type_of(value)
        if kind.attributes is not None:
            return sorted(kind.attributes)
        if kind.kind not in ("any", "map"):
            raise EvalError("a map or object is required")
        return unknown_like(value, list_of(STRING) if kind.kind == "map" else ANY)
    if not isinstance(value, dict):
        raise EvalError("a map or object is required")
    return ListValue(sorted(value), STRING) if isinstance(value, MapValue) else sorted(value)


def values(value: Any) -> Any:
    """The values in a map or object, in the order of their names."""
    if isinstance(value, Unknown):
        kind = type_of(value)
        if kind.kind not in ("any", "map", "object"):
            raise EvalError("a map or object is required")
        attributes = kind.attributes
        if attributes is not None:
            return unknown_like(value, tuple_of(attributes[name] for name in sorted(attributes)))
        return unknown_like(value, list_of(kind.element) if kind.element else ANY)
    if not isinstance(value, dict):
        raise EvalError("a map or object is required")
    found = [value[name] for name in sorted(value)]
    return ListValue(found, value.element) if isinstance(value, MapValue) else found


def coalesce(*values: Any) -> Any:
    """The first that is neither null nor an empty string."""
    from assay.terraform.complex_types import unify_types
    from assay.terraform.refinement import filled

    if not values:
        raise EvalError("at least one argument is required")
    wanted = unify_types([type_of(v) for v in values])
    if wanted is None:
        raise EvalError("all arguments must have the same type")
    for value in values:
        converted = convert(value, wanted)
        if isinstance(converted, Unknown):
            if isinstance(converted, Base64) and converted.plain.literals:
                return converted
            if isinstance(converted, Text) and any(isinstance(p, str) or filled(p) for p in converted.parts):
                return LooseText(converted.parts)
            return converted if filled(converted) else unknown_like(converted, wanted)
        if converted is not None and not (wanted == STRING and converted == ""):
            return converted
    raise EvalError("every argument is null or an empty string")


def join(separator: str, *lists: Any) -> Any:
    """The elements of the lists with a separator between; known pieces stay known beside unknown ones."""
    if not lists:
        raise EvalError("at least one list is required")
    items = [item for one in lists for item in one]
    unknown = first_unknown(items)
    if any(item is None for item in items):
        if unknown is not None:
            return unknown_like(unknown, STRING)
        raise EvalError("a null element cannot be joined")
    size = sum(len(item) for item in items if isinstance(item, str)) + len(separator) * len(items)
    if size > MAX_LENGTH:
        raise EvalError(f"the text would be longer than 1 MB ({MAX_LENGTH:,} characters), the bound of a value")
    if unknown is None:
        return separator.join(items)
    if len(items) == 1 and isinstance(unknown, (Ref, Encoded, Base64)) and "terraform_data." not in unknown.reason:
        return unknown  # one alone is joined to nothing
    parts: list[str | Unknown] = []
    for item in items:
        parts.extend((separator, item) if parts else (item,))
    return LooseText(parts)


def try_(*values: Any) -> Any:
    """The first value: whoever compiles expressions has dealt with those that fail."""
    if not values:
        raise EvalError("at least one argument is required")
    unknown = first_unknown(values[0])
    return values[0] if unknown is None else unknown_like(unknown)


def can(value: Any) -> Any:
    """Whether the value could be computed: it was, or nobody knows."""
    unknown = first_unknown(value)
    return True if unknown is None else unknown_like(unknown, BOOL)


def same(value: Any) -> Any:
    """The value, which was converted to the parameter's type before the call: all that `tostring` and its like do."""
    return value


TABLE: dict[str, Callable[..., Any]] = {
    "can": can,
    "coalesce": coalesce,
    "concat": concat,
    "contains": contains,
    "element": element,
    "join": join,
    "keys": keys,
    "length": length,
    "lookup": lookup,
    "merge": merge,
    "tobool": same,
    "tolist": same,
    "tomap": same,
    "tonumber": same,
    "toset": same,
    "tostring": same,
    "try": try_,
    "values": values,
}
