"""What Terraform's operators do to values; the one module the evaluator and the functions import for values.

null is `None`, a number an `int` or `float`, a tuple a `list`, an object a `dict`; `typesystem.py` has the rest. What
is not known is an `Unknown`, at any depth. Every operation answers unknown where Terraform 1.11 does, save where
a provider's schema tells more of a reference (docs/decisions/023).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import PartialList, Unknown
from assay.terraform import numeric
from assay.terraform.conversion import (
    convert,
    convertible,
    retype,
    to_bool,
    to_number,
    to_string,
    unify_types,
)
from assay.terraform.numeric import Exact, NumberError, number_text, parse_number
from assay.terraform.refinement import bounded_unknown, bounds_of, filled, known_prefix, order, spanning
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
    make_set,
    map_of,
    object_of,
    set_of,
    tuple_of,
    type_at,
    type_of,
    wholly_known,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "ANY", "BOOL", "MAX_LENGTH", "NUMBER", "STRING", "EvalError", "Exact", "ListValue", "LooseText", "MapValue",
    "NumberError", "SetValue", "Type", "TypedRef", "TypedUnknown", "YamlText", "arithmetic", "attribute", "bounded",
    "choose", "compare", "convert", "convertible", "element_type", "equal", "first_unknown", "index", "iterate",
    "known_prefix", "length", "list_of", "logical", "make_set", "map_of", "negate", "not_", "number_text",
    "object_of", "parse_number", "retype", "set_of", "splat", "string", "to_bool", "to_number", "to_string",
    "tuple_of", "type_at", "type_of", "unify", "unify_types", "unknown_like", "whole", "wholly_known",
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


def _name(value: Any) -> str:
    kind = type_of(value)
    return "null" if value is None else ("an " if kind.kind[0] in "aeo" else "a ") + str(kind)


# --- operators --------------------------------------------------------------------------------------------------------


def _operand(value: Any, side: str, convert_to: Callable[[Any], Any]) -> Any:
    if value is None:
        raise EvalError(f"the {side} operand is null")
    try:
        return convert_to(value)
    except EvalError as error:
        raise EvalError(f"the {side} operand does not fit: {error}") from None


def arithmetic(op: str, left: Any, right: Any) -> Any:
    """`left op right` for `+ - * / %`."""
    a, b = _operand(left, "left", to_number), _operand(right, "right", to_number)
    for side in (a, b):
        if isinstance(side, Unknown):
            return unknown_like(side, NUMBER)
    try:
        return numeric.arithmetic(op, a, b)
    except NumberError as error:
        raise EvalError(f"{number_text(a)} {op} {number_text(b)}: {error}") from None


def negate(value: Any) -> Any:
    """`-value`."""
    number = _operand(value, "only", to_number)
    return unknown_like(number, NUMBER) if isinstance(number, Unknown) else numeric.arithmetic("-", 0, number)


def compare(op: str, left: Any, right: Any) -> Any:
    """`left op right` for `< <= > >=`."""
    a, b = _operand(left, "left", to_number), _operand(right, "right", to_number)
    for side in (a, b):
        if isinstance(side, Unknown):
            certain = order(a, b)
            return (certain < 0) is (op[0] == "<") if certain else unknown_like(side, BOOL)
    found = numeric.compare(a, b)
    return found < 0 if op == "<" else found <= 0 if op == "<=" else found > 0 if op == ">" else found >= 0


def logical(op: str, left: Any, right: Any) -> Any:
    """`left && right` or `left || right`.

    A side that decides does so, as in Terraform since 1.12 and in the end in every version; of its built-in resource's
    values Terraform 1.11 answers unknown all the same, and so does this.
    """
    a, b = _operand(left, "left", to_bool), _operand(right, "right", to_bool)
    decisive = op == "||"
    for side, other in ((a, b), (b, a)):
        if isinstance(side, Unknown):
            if other is decisive and "terraform_data." not in side.reason:
                return decisive
            return side if other is not decisive and isinstance(other, bool) else unknown_like(side, BOOL)
    return a and b if op == "&&" else a or b


def not_(value: Any) -> Any:
    """`!value`."""
    flag = _operand(value, "only", to_bool)
    return unknown_like(flag, BOOL) if isinstance(flag, Unknown) else not flag


def choose(condition: Any, yes: Any, no: Any) -> Any:
    """`condition ? yes : no`, both sides brought to one type.

    Raises:
        EvalError: the condition is null or no bool, or the sides have no type in common.
    """
    if condition is None:
        raise EvalError("the condition is null")
    flag = condition if isinstance(condition, bool) else _operand(condition, "condition", to_bool)
    a, b = type_of(yes), type_of(no)
    wanted: Type | None = a
    if a != b:
        if yes is None or no is None:
            wanted = b if yes is None else a
        else:
            wanted = ANY if "any" in (a.kind, b.kind) else unify_types([a, b])
    if wanted is None:
        raise EvalError(f"the two sides of the condition have no type in common: {_name(yes)} and {_name(no)}")
    if not isinstance(flag, Unknown):
        return convert(yes if flag else no, wanted)
    certain = not any(v is None or (isinstance(v, Unknown) and not v.not_null) for v in (yes, no))
    if not certain or wanted.kind == "any":
        return unknown_like(flag, wanted, not_null=certain)
    made = spanning(flag, wanted, yes, no, not_null=True)
    if wanted is NUMBER and isinstance(made, TypedUnknown) and flag.key is not None:
        made.key = ("if", *flag.key, str(yes), str(no))  # one condition twice gives one number twice
    return made


def unify(values: Sequence[Any]) -> list[Any]:
    """The values converted to the one type they share.

    Raises:
        EvalError: they have no type in common.
    """
    wanted = unify_types([type_of(v) for v in values])
    if wanted is None:
        raise EvalError("the values have no type in common: " + ", ".join(sorted({_name(v) for v in values})))
    return [convert(v, wanted) for v in values]


# --- equality ---------------------------------------------------------------------------------------------------------


def equal(left: Any, right: Any) -> Any:
    """`left == right`: a bool, or unknown; values of different types are never equal."""
    kind = type(left)
    if kind is type(right) and (kind is str or kind is int or kind is bool):
        return left == right
    if left is None or right is None:
        return _equal_null(left, right)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _equal_unknown(left, right)
    cause = first_unknown([left, right])
    if cause is None:
        return type_of(left) == type_of(right) and _same(left, right)
    a, b = type_of(left), type_of(right)
    if _typeless(left) or _typeless(right):
        return unknown_like(cause, BOOL) if _conforms(a, b) or _conforms(b, a) else False
    return _equal_deep(left, right, cause) if a == b else False


def _equal_null(left: Any, right: Any) -> Any:
    other = right if left is None else left
    if isinstance(other, Unknown) and not other.not_null:
        return unknown_like(other, BOOL)
    return other is None


def _equal_unknown(left: Any, right: Any) -> Any:
    for one, other in ((left, right), (right, left)):
        if isinstance(other, str):
            if not other.startswith(known_prefix(one)) or (not other and filled(one)):
                return False
        elif isinstance(other, (list, dict, int, float)) and order(one, other):
            return False
    a, b = type_of(left), type_of(right)
    if a != b and not (_conforms(a, b) or _conforms(b, a)):
        return False
    return unknown_like(left if isinstance(left, Unknown) else right, BOOL)


def _typeless(value: Any) -> bool:
    """Whether an unknown of unknown type stands somewhere in the value."""
    if isinstance(value, dict):
        return any(map(_typeless, value.values()))
    if isinstance(value, list):
        return any(map(_typeless, value))
    return isinstance(value, Unknown) and type_of(value).kind == "any"


def _equal_deep(left: Any, right: Any, cause: Unknown) -> Any:
    """Two values of one type with unknowns inside: a known difference decides."""
    if isinstance(left, SetValue):
        return unknown_like(cause, BOOL)
    if isinstance(left, list):
        if len(left) != len(right):
            return False
        pairs = list(zip(left, right, strict=True))
    else:
        if left.keys() != right.keys():
            return False
        pairs = [(left[k], right[k]) for k in left]
    for a, b in pairs:
        result = equal(a, b)
        # Terraform stops at the first doubt of a list or map; only then is a later difference not looked at.
        if result is False or isinstance(result, Unknown):
            return result
    return True


def _same(left: Any, right: Any) -> bool:
    """Equality of wholly known values of one type."""
    if isinstance(left, dict):
        return isinstance(right, dict) and left.keys() == right.keys() and all(_same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(_same, left, right))
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _conforms(given: Type, wanted: Type) -> bool:
    """Whether a value of type `given` could still turn out to be a `wanted`."""
    if wanted.kind == "any":
        return True
    if given.kind != wanted.kind:
        return False
    if given.element is not None and wanted.element is not None:
        return _conforms(given.element, wanted.element)
    if given.attributes is not None and wanted.attributes is not None:
        a, b = given.attributes, wanted.attributes
        return a.keys() == b.keys() and all(_conforms(a[k], b[k]) for k in a)
    return len(given.items) == len(wanted.items) and all(map(_conforms, given.items, wanted.items))


# --- reading into a value ---------------------------------------------------------------------------------------------


def length(value: Any) -> Any:
    """The number of elements, attributes or (of a string) characters."""
    if isinstance(value, Unknown):
        return _unknown_length(value)
    if isinstance(value, SetValue):
        unknown = first_unknown(value) if len(value) > 1 else None
        return len(value) if unknown is None else bounded_unknown(unknown, NUMBER, bounds_of(value))
    if isinstance(value, PartialList):
        return unknown_like(value.unknown, NUMBER)
    if isinstance(value, (list, dict)):
        return len(value)
    if isinstance(value, str):
        from assay.terraform.graphemes import count

        return len(value) if value.isascii() and "\r" not in value else count(value)
    raise EvalError(f"{_name(value)} has no length: a string, list, set or map is required")


def _unknown_length(value: Unknown) -> Any:
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
    raise EvalError(f"{_name(value)} has no elements that a key could find")


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
    raise EvalError(f'{_name(value)} has no attribute "{name}"' + (
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
    raise EvalError(f"{_name(value)} cannot be iterated: a list, set, map, tuple or object is required")
