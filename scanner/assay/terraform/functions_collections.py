"""Functions on lists, maps and objects, and on marks; `functions_everyday.py` has the most frequent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform.complex_types import unify_types
from assay.terraform.functions_everyday import MAX_ELEMENTS, as_sequence, check_size, same
from assay.terraform.operations import equal
from assay.terraform.refinement import filled, provided, spanning, wholly_provided
from assay.terraform.values import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    EvalError,
    ListValue,
    MapValue,
    SetValue,
    TypedUnknown,
    convert,
    element_type,
    first_unknown,
    list_of,
    map_of,
    type_of,
    unknown_like,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_SPELT = 100
"""How many elements of a list that only the provider knows are told apart."""


def _in_doubt(value: Any) -> Unknown | None:
    """The unknown that hides how many elements a set has."""
    return first_unknown(value) if isinstance(value, SetValue) and len(value) > 1 else None


def alltrue(items: list[Any]) -> Any:
    """Whether every element is true; the first doubt or falsehood decides, in order."""
    for item in items:
        if isinstance(item, Unknown):
            return unknown_like(item, BOOL)
        if not item:
            return False
    return True


def anytrue(items: list[Any]) -> Any:
    """Whether one element is true."""
    if any(item is True for item in items):
        return True
    unknown = first_unknown(items)
    return False if unknown is None else unknown_like(unknown, BOOL)


def chunklist(items: list[Any], size: int) -> ListValue:
    """The list cut into lists of at most `size` elements."""
    width = whole(size)
    if width < 0:
        raise EvalError("the size must not be negative")
    inner = element_type(items) if isinstance(items, ListValue) else ANY
    width = width or max(len(items), 1)
    return ListValue([ListValue(items[i : i + width], inner) for i in range(0, len(items), width)], list_of(inner))


def coalescelist(*lists: Any) -> Any:
    """The first list that is not empty."""
    if not lists:
        raise EvalError("at least one argument is required")
    for value in lists:
        if isinstance(value, Unknown):
            continue
        if not isinstance(value, list) or isinstance(value, SetValue):
            raise EvalError("every argument must be a list or tuple")
    for value in lists:
        if isinstance(value, Unknown):
            return unknown_like(value)
        if value:
            return value
    raise EvalError("every list is empty")


def compact(items: list[Any]) -> Any:
    """The elements that are neither null nor empty."""
    unknown = first_unknown([item for item in items if not filled(item)])
    if unknown is not None:
        return unknown_like(unknown, list_of(STRING))
    return ListValue([item for item in items if filled(item) or item], STRING)


def distinct(items: ListValue) -> Any:
    """The elements without repetition, in order."""
    unknown = first_unknown(items)
    if unknown is not None and _apart(items):
        return items
    if unknown is not None:
        return unknown_like(unknown, list_of(element_type(items)))
    if all(type(item) is str for item in items):
        return ListValue(dict.fromkeys(items), items.element)
    return ListValue(_unique(items), items.element)


def _apart(items: list[Any]) -> bool:
    """True for one element, for the ids of different resources of one type, and for their ARNs whatever the types."""
    if len(items) == 1:
        return wholly_provided(items[0])
    if not all(filled(item) and ".data." not in f".{item.target}" for item in items):
        return False
    types = {item.kind for item in items}
    attributes = {item.attribute for item in items}
    apart = attributes == {"arn"} or (attributes == {"id"} and len(types) == 1)
    return apart and len({item.target for item in items}) == len(items)


def _unique(items: Iterable[Any]) -> list[Any]:
    from assay.terraform.sets import set_key

    return list({set_key(item): item for item in reversed(list(items))}.values())[::-1]


def flatten(value: Any) -> Any:
    """Every list inside replaced by its elements."""
    if isinstance(value, Unknown):
        if type_of(value).kind in ("string", "number", "bool", "map", "object"):
            raise EvalError("a list, set or tuple is required")
        return unknown_like(value)
    found: list[Any] = []
    stack: list[Iterator[Any]] = [iter([as_sequence(value)])]
    while stack:
        for item in stack[-1]:
            if isinstance(item, list):
                unknown = _in_doubt(item)
                if unknown is not None:
                    return unknown_like(unknown)
                stack.append(iter(item))
                break
            if isinstance(item, Unknown) and type_of(item).kind in ("any", "list", "set", "tuple"):
                return unknown_like(item)
            found.append(item)
            if len(found) > MAX_ELEMENTS:
                check_size(len(found))
        else:
            stack.pop()
    return found


def index(items: Any, wanted: Any) -> Any:
    """The place of the first element that equals the value."""
    sequence = as_sequence(items, sets=False)
    if not sequence:
        raise EvalError("an empty list has no elements")
    for place, item in enumerate(sequence):
        result = equal(item, wanted)
        if isinstance(result, Unknown):
            return unknown_like(result, NUMBER)
        if result:
            return place
    raise EvalError("there is no such element")


def matchkeys(items: ListValue, names: ListValue, wanted: ListValue) -> Any:
    """The values whose key is one of those searched for."""
    if len(items) != len(names):
        raise EvalError("there must be as many keys as values")
    kind = unify_types([list_of(element_type(names)), list_of(element_type(wanted))])
    if kind is None:
        raise EvalError("the keys and those searched for have no type in common")
    unknown = first_unknown([items, names])
    if unknown is not None:
        return unknown_like(unknown, list_of(element_type(items)))
    known, searched = convert(names, kind), convert(wanted, kind)
    if len(known) * len(searched) > 1_000_000:
        raise EvalError("the lists are too long to be compared: Assay bounds the comparisons at 1,000,000")
    if first_unknown(wanted) is not None:
        return ListValue([], element_type(items))  # Terraform then finds nothing at all
    found = [v for v, k in zip(items, known, strict=True) if any(equal(k, s) is True for s in searched)]
    return ListValue(found, element_type(items))


def one(items: Any) -> Any:
    """The only element, null when there is none."""
    sequence = as_sequence(items)
    unknown = _in_doubt(items)
    if unknown is not None:
        return unknown_like(unknown, element_type(items))
    if len(sequence) > 1:
        raise EvalError(f"a list of none or one element is required, and this has {len(sequence)}")
    return sequence[0] if sequence else None


def reverse(items: Any) -> Any:
    """The elements backwards; a set becomes a list."""
    found = as_sequence(items)[::-1]
    return ListValue(found, element_type(items)) if isinstance(items, (ListValue, SetValue)) else list(found)


def slice_(items: Any, start: int, end: int) -> Any:
    """The elements from `start` to before `end`: so many of what a provider lists, or Terraform rejects it."""
    first, last = whole(start), whole(end)
    if isinstance(items, Unknown):
        spelt = provided(items) and 0 <= first <= last <= MAX_SPELT
        return [items.child(i) for i in range(first, last)] if spelt else unknown_like(items)
    sequence = as_sequence(items, sets=False)
    if not 0 <= first <= last <= len(sequence):
        raise EvalError(f"from {first} to {last} is no part of a list of {len(sequence)} elements")
    found = sequence[first:last]
    return ListValue(found, element_type(items)) if isinstance(items, ListValue) else found


def sort(items: Any) -> Any:
    """The strings in the order of their code points."""
    if isinstance(items, Unknown):
        return spanning(items, list_of(STRING), items, items, not_null=True)
    unknown = first_unknown(items)
    if any(item is None for item in items):
        raise EvalError("a null element cannot be sorted")
    if unknown is not None:
        return ListValue([unknown_like(unknown, STRING) for _ in items], STRING)
    return ListValue(sorted(items), STRING)


def transpose(source: dict[str, Any]) -> Any:
    """A map of lists turned round."""
    unknown = first_unknown(source)
    if unknown is not None:
        return unknown_like(unknown, map_of(list_of(STRING)))
    found: dict[str, list[str]] = {}
    for name in sorted(source):
        for item in source[name] or ():
            if item is None:
                raise EvalError("a null element cannot be a key")
            found.setdefault(item, []).append(name)
    inner = list_of(STRING)
    return MapValue({k: ListValue(sorted(found[k]), STRING) for k in sorted(found)}, inner)


def zipmap(names: ListValue, items: Any) -> Any:
    """Keys and values put together: a map of a list's elements, an object of a tuple's."""
    kind = type_of(items)
    if kind.kind not in ("list", "tuple", "any"):
        raise EvalError("the values must be a list or tuple")
    unknown = items if isinstance(items, Unknown) else first_unknown(names)
    if unknown is not None:
        return unknown_like(unknown, map_of(kind.element) if kind.element else ANY)
    if len(names) != len(items):
        raise EvalError(f"there are {len(names)} keys and {len(items)} values")
    if any(name is None for name in names):
        raise EvalError("a null key is not allowed")
    found = dict(zip(names, items, strict=True))
    return MapValue(found, element_type(items)) if isinstance(items, ListValue) else found


def sensitive(value: Any) -> Any:
    """The value; what is unknown of it becomes sensitive, what is known is masked where it is shown."""
    if not isinstance(value, Unknown) or value.sensitive:
        return value
    kind = type_of(value)
    return TypedUnknown(value.reason, kind, value.key, not_null=value.not_null, sensitive=True)


def issensitive(value: Any) -> Any:
    """Whether the value is sensitive, as far as marks are kept: on unknown values."""
    return (value.sensitive or unknown_like(value, BOOL)) if isinstance(value, Unknown) else False


TABLE: dict[str, Callable[..., Any]] = {
    "alltrue": alltrue,
    "anytrue": anytrue,
    "chunklist": chunklist,
    "coalescelist": coalescelist,
    "compact": compact,
    "distinct": distinct,
    "ephemeralasnull": same,
    "flatten": flatten,
    "index": index,
    "issensitive": issensitive,
    "matchkeys": matchkeys,
    "nonsensitive": same,
    "one": one,
    "reverse": reverse,
    "sensitive": sensitive,
    "slice": slice_,
    "sort": sort,
    "transpose": transpose,
    "zipmap": zipmap,
}
