"""What the evaluator and the functions do to values: texts, lengths, elements and attributes, splats.

null is `None`, a number an `int` or `float`, a tuple a `list`, an object a `dict`; `typesystem.py` has the rest. What
is not known is an `Unknown`, at any depth. Every operation answers unknown where Terraform 1.11 does, save where
a provider's schema tells more of a reference (docs/decisions/023). The operators are in `operations.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import PartialList, Unknown
from assay.terraform.conversion import convert, retype, to_bool, to_number, to_string, with_article
from assay.terraform.numeric import NumberError, number_text, parse_number
from assay.terraform.typesystem import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    EvalError,
    ListValue,
    LooseText,
    MapValue,
    SetValue,
    Type,
    TypedRef,
    TypedUnknown,
    YamlText,
    element_type,
    first_unknown,
    list_of,
    map_of,
    object_of,
    set_of,
    tuple_of,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ANY", "BOOL", "MAX_LENGTH", "NUMBER", "STRING", "EvalError", "ListValue", "LooseText", "MapValue", "NumberError",
    "SetValue", "Type", "TypedRef", "TypedUnknown", "YamlText", "attribute", "bounded", "convert", "described",
    "element_type", "first_unknown", "index", "iterate", "length", "list_of", "map_of", "number_text", "object_of",
    "parse_number", "retype", "set_of", "splat", "string", "to_bool", "to_number", "to_string", "tuple_of", "type_of",
    "unknown_like", "whole",
]  # fmt: skip

MAX_LENGTH = 1_000_000
"""The bound on one value's length, in characters or elements: nothing that is meant comes near it."""


def bounded(text: str) -> str:
    """The text, unless it is longer than 1 MB."""
    if len(text) > MAX_LENGTH:
        raise EvalError(f"the text is {len(text):,} characters long: values are bounded at 1 MB ({MAX_LENGTH:,})")
    return text


def string(text: str) -> str:
    """Text as Terraform holds it: normalised to Unicode's composed form, and bounded."""
    if text.isascii():
        return text if len(text) <= MAX_LENGTH else bounded(text)
    import unicodedata

    return bounded(unicodedata.normalize("NFC", text))


def unknown_like(cause: Unknown, type_: Type = ANY, *, not_null: bool = True) -> Unknown:
    """What an operation on `cause` gives: unknown for the same reason, but another value."""
    if type_.kind == "any":
        return Unknown(cause.reason, sensitive=cause.sensitive)
    return TypedUnknown(cause.reason, type_, not_null=not_null, sensitive=cause.sensitive)


def described(value: Any) -> str:
    """A value in a sentence, by its type: `a string`, `an object`, `null`."""
    return "null" if value is None else with_article(type_of(value))


# --- reading into a value ---------------------------------------------------------------------------------------------


def length(value: Any) -> Any:
    """The number of elements, attributes or (of a string) characters."""
    if isinstance(value, Unknown):
        return _unknown_length(value)
    if isinstance(value, SetValue) and len(value) > 1:
        unknown = first_unknown(value)
        if unknown is not None:
            from assay.terraform.refinement import bounded_unknown, bounds_of

            return bounded_unknown(unknown, NUMBER, bounds_of(value))
    if isinstance(value, PartialList):
        return unknown_like(value.unknown, NUMBER)
    if isinstance(value, (list, dict)):
        return len(value)
    if isinstance(value, str):
        from assay.terraform.graphemes import count

        return len(value) if value.isascii() and "\r" not in value else count(value)
    raise EvalError(f"{described(value)} has no length: a string, list, set or map is required")


def _unknown_length(value: Unknown) -> Any:
    from assay.terraform.refinement import bounded_unknown, bounds_of, filled

    type_ = type_of(value)
    if filled(value):
        return bounded_unknown(value, NUMBER, (1, None))
    if type_.kind == "tuple":
        return len(type_.items)
    if type_.attributes is not None:
        return len(type_.attributes)
    if type_.kind in ("number", "bool"):
        raise EvalError(f"a {type_} has no length: a string, list, set or map is required")
    low, high = bounds_of(value)
    return low if low is not None and low == high else bounded_unknown(value, NUMBER, (low, high))


def index(value: Any, key: Any) -> Any:
    """`value[key]`.

    Raises:
        EvalError: there is no such element, or the value has none at all.
    """
    if value is None or key is None:
        raise EvalError("a null value has no elements" if value is None else "an element cannot be found by a null key")
    if isinstance(key, Unknown):
        return unknown_like(key, element_type(value) if isinstance(value, (ListValue, MapValue)) else _inner(value),
                            not_null=False)  # fmt: skip
    if isinstance(value, Unknown):
        return _index_unknown(value, key)
    if isinstance(value, PartialList):
        return unknown_like(value.unknown)
    if isinstance(value, dict):
        name = to_string(key)
        if name not in value:
            raise EvalError(f'there is no element "{name}"' if value else f'there is no element "{name}": it is empty')
        return value[name]
    if isinstance(value, list) and not isinstance(value, SetValue):
        place = whole(key)
        if not 0 <= place < len(value):
            raise EvalError(f"there is no element {place} in a list of {len(value)}")
        return value[place]
    raise EvalError(f"{described(value)} has no elements that a key could find")


def _inner(value: Any) -> Type:
    return type_of(value).element or ANY


def whole(value: Any) -> int:
    """The value as an index or count.

    Raises:
        EvalError: it is no whole number.
    """
    number = to_number(value)
    if not isinstance(number, int):
        raise EvalError(f"a whole number is required, not {number_text(number)}")
    return number


def _index_unknown(value: Unknown, key: Any) -> Unknown:
    kind = type_of(value).kind
    if kind in ("string", "number", "bool", "set"):
        raise EvalError(f"a {kind} has no elements that a key could find")
    if kind in ("list", "tuple"):
        return value.child(whole(key))
    if kind == "object" and to_string(key) not in (type_of(value).attributes or {}):
        raise EvalError(f'there is no attribute "{to_string(key)}"')
    return value.child(key if isinstance(key, int) and not isinstance(key, bool) else to_string(key))


def attribute(value: Any, name: str) -> Any:
    """`value.name`.

    Raises:
        EvalError: there is no such attribute, or the value has none at all.
    """
    if isinstance(value, dict):
        if name in value:
            return value[name]
        what = "map has no element" if isinstance(value, MapValue) else "object has no attribute"
        raise EvalError(f'the {what} "{name}"')
    if value is None:
        raise EvalError(f'a null value has no attribute "{name}"')
    if isinstance(value, Unknown):
        kind = type_of(value).kind
        if kind in ("any", "map") or name in (type_of(value).attributes or {}):
            return value.child(name)
        raise EvalError(f'a {kind} has no attribute "{name}"')
    raise EvalError(f'{described(value)} has no attribute "{name}"' + (
        ": use [*] for every element, or an index" if isinstance(value, list) else ""))  # fmt: skip


def splat(value: Any, each: Callable[[Any], Any]) -> Any:
    """`value[*]...`: `each` applied to every element; a single value counts as a list of one, null as none."""
    if value is None:
        return []
    if isinstance(value, Unknown):
        kind = type_of(value).kind
        if kind in ("any", "tuple"):
            return unknown_like(value)
        if kind in ("list", "set"):
            inner = each(value.child(0))
            return unknown_like(value, list_of(type_of(inner)))
        return [each(value)] if value.not_null else unknown_like(value)
    if isinstance(value, PartialList):
        return unknown_like(value.unknown)
    if not isinstance(value, list):
        return [each(value)]
    items = [each(item) for item in value]
    return ListValue(items) if isinstance(value, (ListValue, SetValue)) else items


def iterate(value: Any) -> list[tuple[Any, Any]]:
    """Keys and values in Terraform's order: a list's places, a map's names sorted, a set's elements twice.

    Raises:
        EvalError: the value cannot be iterated. Whoever calls this asks for unknowns first.
    """
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    if isinstance(value, SetValue):
        return [(item, item) for item in value]
    if isinstance(value, list):
        return list(enumerate(value))
    raise EvalError(f"{described(value)} cannot be iterated: a list, set, map, tuple or object is required")
