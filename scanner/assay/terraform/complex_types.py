"""Terraform's complex types: conversion to lists, sets, maps, objects and tuples, and the type that several share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform.conversion import convert, convertible, with_article
from assay.terraform.sets import make_set
from assay.terraform.typesystem import (
    ANY,
    PRIMITIVES,
    EvalError,
    ListValue,
    MapValue,
    SetValue,
    Type,
    TypedUnknown,
    first_unknown,
    has_any,
    object_of,
    tuple_of,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def convert_to(kind: str, value: Any, wanted: Type) -> Any:
    """A value that is no unknown as a `wanted`, whose kind is one of the complex ones; see `conversion.convert`."""
    return _TO[kind](value, wanted)


def _to_list(value: Any, wanted: Type) -> Any:
    items = _elements(value, wanted)
    if isinstance(value, SetValue) and len(items) > 1:
        unknown = first_unknown(items)
        if unknown is not None:  # two of them may be one and the same
            return TypedUnknown(unknown.reason, wanted, not_null=True)
    element, items = _convert_all(items, wanted)
    return ListValue(items, element)


def _to_set(value: Any, wanted: Type) -> Any:
    element, items = _convert_all(_elements(value, wanted), wanted)
    return make_set(items, element)


def _elements(value: Any, wanted: Type) -> list[Any]:
    if not isinstance(value, list):
        raise EvalError(f"{with_article(wanted)} is required, and the value is {with_article(type_of(value))}")
    return value


def _convert_all(items: Sequence[Any], wanted: Type, names: Sequence[object] | None = None) -> tuple[Type, list[Any]]:
    element = wanted.element or ANY
    if not items and element.kind == "any" and isinstance(items, (ListValue, SetValue)) and items.element is not None:
        return items.element, []  # what is empty keeps its type
    if has_any(element):
        kinds = [type_of(item) for item in items]
        if wanted.kind == "map":
            kinds = [kind for kind in kinds if kind.kind != "any"]
        found = unify_types(kinds) if items else element
        # A null beside a tuple leaves the type open, and Terraform then finds none; an unknown may still bring one.
        if found == ANY and any(k.kind != "any" for k in kinds) and not any(isinstance(i, Unknown) for i in items):
            found = None
        if found is None:
            raise EvalError(f"all elements of a {wanted.kind} must have the same type")
        element = found if element.kind == "any" or not items else _fill(element, found)
    if element.kind == "any":
        return element, list(items)
    return element, [_convert_at(item, element, f"element {names[i] if names else i}") for i, item in enumerate(items)]


def _fill(wanted: Type, found: Type) -> Type:
    """`wanted` with its `any` replaced by what was found at the same place."""
    if wanted.kind == "any":
        return found
    if wanted.element is not None and found.element is not None:
        return wanted._replace(element=_fill(wanted.element, found.element))
    if wanted.attributes is not None and found.attributes is not None:
        other = found.attributes
        filled = {k: _fill(t, other[k]) if k in other else t for k, t in wanted.attributes.items()}
        return wanted._replace(attributes=filled)
    return wanted


def _convert_at(value: Any, wanted: Type, place: str) -> Any:
    try:
        return convert(value, wanted)
    except EvalError as error:
        raise EvalError(f"{place}: {error}") from None


def _to_map(value: Any, wanted: Type) -> Any:
    if not isinstance(value, dict):
        raise EvalError(f"{with_article(wanted)} is required, and the value is {with_article(type_of(value))}")
    if not value and isinstance(value, MapValue) and (wanted.element or ANY).kind == "any":
        return value
    names = sorted(value)
    element, items = _convert_all([value[name] for name in names], wanted, [f'"{name}"' for name in names])
    return MapValue(zip(names, items, strict=True), element)


def _to_object(value: Any, wanted: Type) -> Any:
    if not isinstance(value, dict):
        raise EvalError(f"an object is required, and the value is {with_article(type_of(value))}")
    optional = wanted.optional or {}
    result = {}
    for name, type_ in (wanted.attributes or {}).items():
        item = value.get(name)
        if item is None:
            if name not in optional and name not in value:
                raise EvalError(f'attribute "{name}" is required')
            item = optional.get(name)
        result[name] = _convert_at(item, type_, f'attribute "{name}"')
    return result


def _to_tuple(value: Any, wanted: Type) -> Any:
    if type(value) is not list or len(value) != len(wanted.items):
        raise EvalError(f"a tuple of {len(wanted.items)} elements is required")
    return [_convert_at(v, t, f"element {i}") for i, (v, t) in enumerate(zip(value, wanted.items, strict=True))]


_TO = {"list": _to_list, "set": _to_set, "map": _to_map, "object": _to_object, "tuple": _to_tuple}


# --- one type for several values --------------------------------------------------------------------------------------


def unify_types(types: Sequence[Type]) -> Type | None:
    """The one type that values of all these types convert to, None when there is none."""
    if not types:
        return ANY
    first = types[0]
    if all(t == first for t in types):
        return first
    kinds = {t.kind for t in types}
    dynamic = "any" in kinds
    rest = kinds - {"any"}
    if len(rest) == 1:
        kind = next(iter(rest))
        if kind not in PRIMITIVES and dynamic:
            return ANY
        if kind in ("map", "list", "set"):
            element = unify_types([t.element or ANY for t in types])
            return None if element is None else Type(kind, element)
        if kind == "object":
            return _unify_objects(types)
        if kind == "tuple":
            return _unify_tuples(types)
    if rest in ({"map", "object"}, {"list", "tuple"}) and not dynamic:
        found = _unify_structures(types)
        if found is not None:
            return found
    if "object" in rest and "tuple" in rest:
        return None
    for wanted in sorted(types, key=_preference):
        if all(convertible(t, wanted) for t in types):
            return wanted
    return None


def _preference(type_: Type) -> int:
    return {"any": 9, "number": 1, "bool": 1, "set": 1, "tuple": 2, "object": 2}.get(type_.kind, 0)


def _unify_objects(types: Sequence[Type]) -> Type | None:
    names = (types[0].attributes or {}).keys()
    if all((t.attributes or {}).keys() == names for t in types[1:]):
        attributes = {}
        for name in names:
            found = unify_types([(t.attributes or {})[name] for t in types])
            if found is None:
                return None
            attributes[name] = found
        return object_of(attributes)
    return _unify_inner(types, "map")


def _unify_tuples(types: Sequence[Type]) -> Type | None:
    if all(len(t.items) == len(types[0].items) for t in types):
        items = [unify_types([t.items[i] for t in types]) for i in range(len(types[0].items))]
        return None if None in items else tuple_of([t for t in items if t is not None])
    return _unify_inner(types, "list")


def _unify_structures(types: Sequence[Type]) -> Type | None:
    """Lists among tuples (or maps among objects): the tuples become one list type first."""
    collections = [t for t in types if t.element is not None]
    structures = [t for t in types if t.element is None]
    common = _unify_inner(structures, collections[0].kind)
    return None if common is None else unify_types([*collections, common])


def _unify_inner(types: Sequence[Type], kind: str) -> Type | None:
    """A list or map of the one type that everything inside these types converts to."""
    inner: list[Type] = []
    for t in types:
        inner.extend([t.element] if t.element is not None else [*(t.attributes or {}).values(), *t.items])
    element = unify_types(inner)
    return None if element is None else Type(kind, element)
