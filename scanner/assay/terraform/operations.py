"""What Terraform's operators do to values: arithmetic, comparison, logic, conditionals and equality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform import numeric
from assay.terraform.conversion import convert, to_bool, to_number
from assay.terraform.numeric import NumberError, number_text
from assay.terraform.refinement import filled, known_prefix, order, spanning
from assay.terraform.typesystem import (
    ANY,
    BOOL,
    NUMBER,
    EvalError,
    SetValue,
    Type,
    TypedUnknown,
    first_unknown,
    type_of,
)
from assay.terraform.values import described, unknown_like

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.terraform.numeric import Number


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
        return _computed(op, a, b)
    except NumberError as error:
        raise EvalError(f"{number_text(a)} {op} {number_text(b)}: {error}") from None


def negate(value: Any) -> Any:
    """`-value`."""
    number = _operand(value, "only", to_number)
    return unknown_like(number, NUMBER) if isinstance(number, Unknown) else _computed("-", 0, number)


def _computed(op: str, left: Number, right: Number) -> Number:
    from assay.terraform.arithmetic import arithmetic

    return arithmetic(op, left, right)


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
        elif "any" in (a.kind, b.kind):
            wanted = ANY
        else:
            from assay.terraform.complex_types import unify_types

            wanted = unify_types([a, b])
    if wanted is None:
        raise EvalError(f"the two sides of the condition have no type in common: {described(yes)} and {described(no)}")
    if not isinstance(flag, Unknown):
        return convert(yes if flag else no, wanted)
    certain = not any(v is None or (isinstance(v, Unknown) and not v.not_null) for v in (yes, no))
    if not certain or wanted.kind == "any":
        return unknown_like(flag, wanted, not_null=certain)
    made = spanning(flag, wanted, yes, no, not_null=True)
    if wanted is NUMBER and isinstance(made, TypedUnknown) and flag.key is not None:
        made.key = ("if", *flag.key, str(yes), str(no))  # one condition twice gives one number twice
    return made


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
