"""Functions on sets."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from assay.terraform.complex_types import unify_types
from assay.terraform.functions_everyday import check_size
from assay.terraform.sets import make_set, set_key
from assay.terraform.values import (
    ANY,
    EvalError,
    ListValue,
    SetValue,
    convert,
    element_type,
    first_unknown,
    list_of,
    set_of,
    tuple_of,
    type_of,
    unknown_like,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _unified(sets: Sequence[SetValue]) -> list[SetValue]:
    """The sets brought to one element type; an empty one fits any."""
    filled = [type_of(s) for s in sets if s] or [type_of(sets[0])]
    wanted = unify_types(filled)
    if wanted is None:
        raise EvalError("the sets have no element type in common")
    return [convert(s, wanted) if s else SetValue((), wanted.element) for s in sets]


def _unknown(sets: Sequence[SetValue]) -> Any:
    """The unknown result when an element of any of the sets is unknown, else None."""
    cause = next((u for s in sets if (u := first_unknown(s)) is not None), None)
    return None if cause is None else unknown_like(cause, set_of(element_type(sets[0])))


def setintersection(*sets: SetValue) -> Any:
    """What is in all the sets."""
    unified = _unified(sets)
    unknown = _unknown(unified)
    if unknown is not None:
        return unknown
    common = set.intersection(*({set_key(v) for v in s} for s in unified))
    return SetValue([v for v in unified[0] if set_key(v) in common], unified[0].element)


def setsubtract(left: SetValue, right: SetValue) -> Any:
    """What is in the first set only."""
    unified = _unified([left, right])
    unknown = _unknown(unified)
    if unknown is not None:
        return unknown
    other = {set_key(v) for v in unified[1]}
    return SetValue([v for v in unified[0] if set_key(v) not in other], unified[0].element)


def setunion(*sets: SetValue) -> Any:
    """What is in any of the sets."""
    unified = _unified(sets)
    return make_set([v for s in unified for v in s], unified[0].element)


def setproduct(*sets: Any) -> Any:
    """Every combination of an element of each: a list when all are lists, else a set."""
    if len(sets) < 2:
        raise EvalError("at least two arguments are required")
    lists: list[Any] = []
    for one in sets:
        if not isinstance(one, list):
            raise EvalError("every argument must be a list, set or tuple")
        lists.append(convert(one, list_of(ANY)) if type(one) is list else one)
    ordered = not any(isinstance(one, SetValue) for one in lists)
    inner = tuple_of(element_type(one) for one in lists)
    for one in lists:
        unknown = first_unknown(one) if isinstance(one, SetValue) and len(one) > 1 else None
        if unknown is not None:
            return unknown_like(unknown, set_of(inner))
    size = 1
    for one in lists:
        size *= len(one)
    check_size(size)
    found = [list(items) for items in product(*lists)]
    if ordered:
        return ListValue(found, inner)
    return make_set(found, inner)


TABLE: dict[str, Callable[..., Any]] = {
    "setintersection": setintersection,
    "setproduct": setproduct,
    "setsubtract": setsubtract,
    "setunion": setunion,
}
