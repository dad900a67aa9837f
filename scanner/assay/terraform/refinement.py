"""What Terraform knows of an unknown value all the same: how a text begins, and bounds of a number or of a length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Base64, Encoded, PartialList, Ref, Text, Unknown
from assay.terraform.numeric import compare
from assay.terraform.typesystem import (
    ANY,
    ListValue,
    LooseText,
    MapValue,
    SetValue,
    Type,
    TypedUnknown,
    YamlText,
    first_unknown,
    type_of,
)

if TYPE_CHECKING:
    from assay.terraform.numeric import Number
    from assay.terraform.typesystem import Bounds

MAX_ELEMENTS = 1000
"""A list of unknown elements is spelled out up to this length."""

_NEVER_COMBINES = frozenset("-_:;/\\,.(){}[]|?!~ \t@#$%^&*+\"'")
_OPENINGS = {"string": '"', "object": "{", "map": "{", "list": "[", "tuple": "[", "set": "["}


_ALWAYS_SET = frozenset(("id", "arn", "name"))


def provided(value: Any) -> bool:
    """True for an attribute of a provider's resource as it stands: its schema has it, whatever value it will get.

    What Terraform's built-in `terraform_data` gives back is of no schema.
    """
    return of_provider(value) and value.attribute.isidentifier()


def of_provider(value: Any) -> bool:
    """True for a reference into a provider's resource, at any depth."""
    return isinstance(value, Ref) and "terraform_data." not in value.target


def filled(value: Any) -> bool:
    """True for a reference that will certainly be a text with characters in it."""
    if not provided(value):
        return False
    return value.attribute in _ALWAYS_SET or (value.attribute == "rendered" and value.kind.endswith("cloudinit_config"))


def wholly_provided(value: Any) -> bool:
    """True when all that is unknown of a value is attributes of providers' resources."""
    if isinstance(value, dict):
        return all(map(wholly_provided, value.values()))
    if isinstance(value, list):
        return all(map(wholly_provided, list.__iter__(value))) and not isinstance(value, PartialList)
    if isinstance(value, (Text, Base64)):
        return all(map(wholly_provided, value.parts if isinstance(value, Text) else value.plain.parts))
    return not isinstance(value, Unknown) or (provided(value) and type_of(value).kind in ("any", "string"))


def known_prefix(value: Any) -> str:
    """How the text starts, as far as Terraform knows."""
    if isinstance(value, Text):
        prefix = value.certain if isinstance(value, LooseText) else value.prefix
        # The last character may yet combine with what follows it.
        return prefix if not prefix or prefix[-1] in _NEVER_COMBINES else prefix[:-1]
    if isinstance(value, Encoded) and not isinstance(value, YamlText):
        inner = value.value
        kind = "any" if isinstance(inner, Unknown) and not inner.not_null else type_of(inner).kind
        return _OPENINGS.get(kind, "")
    return ""


def bounds_of(value: Any) -> Bounds:
    """The least and greatest number a value can be, or length it can have; None where there is no bound."""
    if isinstance(value, TypedUnknown):
        if value.bounds is not None:
            return value.bounds
        return (0, None) if value.type.kind in ("list", "set", "map") else (None, None)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value, value
    if isinstance(value, (ListValue, SetValue, MapValue)):
        size = len(value)
        return (1 if isinstance(value, SetValue) and size > 1 and first_unknown(value) is not None else size), size
    return None, None


def spanning(cause: Unknown, type_: Type, one: Any, other: Any, *, not_null: bool) -> Any:
    """One of two values, nobody knows which: an unknown between their bounds, or what these leave no choice about."""
    (a, b), (c, d) = bounds_of(one), bounds_of(other)
    low = None if a is None or c is None else a if compare(a, c) <= 0 else c
    high = None if b is None or d is None else b if compare(b, d) >= 0 else d
    if low is not None and low == high and type_.kind != "tuple":
        decided = _decided(cause, type_, low)
        if decided is not None:
            return decided
    return bounded_unknown(cause, type_, (low, high), not_null=not_null)


def _decided(cause: Unknown, type_: Type, low: Number) -> Any:
    """The value when both its bounds are `low`: the number, or a collection of so many unknown elements."""
    if type_.kind == "number":
        return low
    element = type_.element or ANY
    if type_.kind == "list" and low <= MAX_ELEMENTS:
        unknown = [TypedUnknown(cause.reason, element, sensitive=cause.sensitive) for _ in range(int(low))]
        return ListValue(unknown, element)
    if type_.kind == "set" and low <= 1:
        return SetValue([TypedUnknown(cause.reason, element, sensitive=cause.sensitive)] * int(low), element)
    return MapValue((), element) if type_.kind == "map" and low == 0 else None


def bounded_unknown(cause: Unknown, type_: Type, bounds: Bounds, *, not_null: bool = True) -> Unknown:
    """An unknown with bounds, for the reason that `cause` is unknown."""
    result = TypedUnknown(cause.reason, type_, not_null=not_null, sensitive=cause.sensitive)
    if bounds != (None, None):
        result.bounds = bounds
    return result


def order(one: Any, other: Any) -> int:
    """-1 or 1 when the bounds tell that `one` is certainly less or greater, 0 when they do not."""
    (a, b), (c, d) = bounds_of(one), bounds_of(other)
    if b is not None and c is not None and compare(b, c) < 0:
        return -1
    return 1 if a is not None and d is not None and compare(a, d) > 0 else 0
