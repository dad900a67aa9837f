"""Terraform's conversions: of unknowns to a declared type, and of values to primitives.

To lists, sets, maps, objects and tuples `complex_types.py` converts, loaded when that is asked.
"""

from __future__ import annotations

from typing import Any

from assay.model import PartialList, Ref, Unknown
from assay.terraform.numeric import NumberError, number_text, parse_number
from assay.terraform.typesystem import (
    ANY,
    BOOL,
    NUMBER,
    PRIMITIVES,
    STRING,
    EvalError,
    Type,
    TypedRef,
    TypedUnknown,
    has_any,
    type_of,
)


def convert(value: Any, wanted: Type) -> Any:
    """`value` as a `wanted`, by Terraform's rules: optional attributes, defaults, null and unknown included.

    Raises:
        EvalError: Terraform has no such conversion.
    """
    kind = wanted.kind
    if kind == "any" or value is None:
        return value
    if isinstance(value, Unknown):
        return retype(value, wanted)
    if kind in PRIMITIVES:
        return (to_string if kind == "string" else to_number if kind == "number" else to_bool)(value)
    if isinstance(value, PartialList):
        return TypedUnknown(value.unknown.reason, wanted, not_null=True)
    from assay.terraform.complex_types import convert_to

    return convert_to(kind, value, wanted)


def retype(unknown: Unknown, type_: Type) -> Unknown:
    """The same unknown, known to be of this type; raises `EvalError` when it can certainly not be converted."""
    old = type_of(unknown)
    if type_.kind == "any" or old == type_ or (old.kind == type_.kind and has_any(type_)):
        return unknown
    if not convertible(old, type_):
        raise EvalError(f"{with_article(type_)} is required, and the value is {with_article(old)}")
    if old.kind in ("any", type_.kind) or (isinstance(unknown, Ref) and type_.kind in ("string", "number", "bool")):
        return _same_unknown(unknown, type_)
    made = TypedUnknown(unknown.reason, type_, _typed_key(unknown, type_), not_null=unknown.not_null,
                        sensitive=unknown.sensitive)  # fmt: skip
    if old.kind == "tuple" and type_.kind in ("list", "set"):
        made.bounds = (min(len(old.items), 1) if type_.kind == "set" else len(old.items), len(old.items))
    elif old.attributes is not None and type_.kind == "map":
        made.bounds = (len(old.attributes), len(old.attributes))
    return made


def _same_unknown(unknown: Unknown, type_: Type) -> Unknown:
    if isinstance(unknown, Ref):
        return TypedRef(unknown.target, unknown.attribute, type_, unknown.reason)
    return TypedUnknown(unknown.reason, type_, unknown.key, not_null=unknown.not_null, sensitive=unknown.sensitive)


def _typed_key(unknown: Unknown, type_: Type) -> tuple[str, ...] | None:
    return None if unknown.key is None else (*unknown.key, f"to{type_.kind}")


def convertible(source: Type, target: Type) -> bool:
    """Whether a value of type `source` may be convertible to `target` (its content may still forbid it)."""
    a, b = source.kind, target.kind
    if a == "any" or b == "any" or source == target:
        return True
    if a in PRIMITIVES:
        return a == b or (b in PRIMITIVES and "string" in (a, b))
    if b in ("list", "set"):
        if a in ("list", "set"):
            return convertible(source.element or ANY, target.element or ANY)
        return a == "tuple" and all(convertible(t, target.element or ANY) for t in source.items)
    if b == "tuple":
        return (
            a == "tuple"
            and len(source.items) == len(target.items)
            and all(map(convertible, source.items, target.items))
        )
    if b == "map":
        inner = [source.element or ANY] if a == "map" else (source.attributes or {}).values()
        return a in ("map", "object") and all(convertible(t, target.element or ANY) for t in inner)
    if b == "object" and a == "object":
        have, optional = source.attributes or {}, target.optional or {}
        return all(
            convertible(have[name], wanted) if name in have else name in optional
            for name, wanted in (target.attributes or {}).items()
        )
    return (
        b == "object"
        and a == "map"
        and all(convertible(source.element or ANY, t) for t in (target.attributes or {}).values())
    )


# --- primitives -------------------------------------------------------------------------------------------------------


def to_string(value: Any) -> Any:
    """The value as a string, or the unknown it stays."""
    if isinstance(value, str) or value is None:
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, Unknown):
        return retype(value, STRING)
    raise EvalError(f"a string is required, and the value is {with_article(type_of(value))}")


def to_number(value: Any) -> Any:
    """The value as a number, or the unknown it stays."""
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    if isinstance(value, str):
        try:
            return parse_number(value)
        except NumberError as error:
            raise EvalError(f"a number is required: {error}") from None
    if isinstance(value, Unknown):
        return retype(value, NUMBER)
    raise EvalError(f"a number is required, and the value is {with_article(type_of(value))}")


_BOOLS = {"true": True, "1": True, "false": False, "0": False}


def to_bool(value: Any) -> Any:
    """The value as a bool, or the unknown it stays."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _BOOLS:
        return _BOOLS[value]
    if isinstance(value, Unknown):
        return retype(value, BOOL)
    if isinstance(value, str):
        raise EvalError('a bool is required: only the strings "true" and "false" convert to one')
    raise EvalError(f"a bool is required, and the value is {with_article(type_of(value))}")


def with_article(type_: Type) -> str:
    """The type in a sentence: `a string`, `an object`."""
    return ("an " if type_.kind[0] in "aeo" else "a ") + str(type_)
