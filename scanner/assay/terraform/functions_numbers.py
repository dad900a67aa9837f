"""Functions on numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.terraform.arithmetic import arithmetic, from_float, ratio
from assay.terraform.numeric import Number, NumberError, compare
from assay.terraform.values import (
    NUMBER,
    EvalError,
    ListValue,
    first_unknown,
    to_number,
    unknown_like,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RANGE = 1024
"""Terraform's own bound on what `range` gives."""


def floor(number: Number) -> int:
    """The whole number at or below."""
    top, bottom = ratio(number)
    return top // bottom


def ceil(number: Number) -> int:
    """The whole number at or above."""
    top, bottom = ratio(number)
    return -(-top // bottom)


def _float(number: Number) -> float:
    """What Terraform's float-based functions compute with."""
    top, bottom = ratio(number)
    try:
        return top / bottom
    except OverflowError:
        raise EvalError("the number is too large") from None


def log(number: Number, base: Number) -> Number:
    """The logarithm to a base."""
    try:
        return from_float(math.log(_float(number)) / math.log(_float(base)))
    except (ValueError, ZeroDivisionError):
        raise EvalError("there is no such logarithm") from None


def power(number: Number, exponent: Number) -> Number:
    """`number` to the power of `exponent`, as exact as a float."""
    try:
        return from_float(math.pow(_float(number), _float(exponent)))
    except (ValueError, OverflowError):
        raise EvalError("the result is not a finite number") from None


def largest(*numbers: Number) -> Number:
    """The greatest of the numbers."""
    return _best(numbers, 1)


def smallest(*numbers: Number) -> Number:
    """The least of the numbers."""
    return _best(numbers, -1)


def _best(numbers: tuple[Number, ...], sign: int) -> Number:
    if not numbers:
        raise EvalError("at least one number is required")
    best = numbers[0]
    for number in numbers[1:]:
        if compare(number, best) == sign:
            best = number
    return best


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def parseint(text: Any, base: Number) -> int:
    """The whole number that the text writes in a base from 2 to 62."""
    if not isinstance(text, str):
        raise EvalError("the first argument must be a string")
    radix = base if isinstance(base, int) and 2 <= base <= 62 else 0
    if not radix:
        raise EvalError("the base must be a whole number from 2 to 62")
    digits = text[1:] if text[:1] in ("+", "-") else text
    value = 0
    for char in digits[:4001]:
        place = _DIGITS.find(char.lower() if radix <= 36 else char)
        if not 0 <= place < radix:
            raise EvalError(f'"{text[:40]}" is not a number of base {radix}')
        value = value * radix + place
    if not digits:
        raise EvalError(f'"{text[:40]}" is not a number of base {radix}')
    if len(digits) > 4000:
        raise NumberError("a number has more than 4000 digits, the bound Assay sets")
    return -value if text[0] == "-" else value


def range_(*bounds: Number) -> ListValue:
    """The numbers from start (0) to before the end by steps (1, or -1 downwards)."""
    if not 1 <= len(bounds) <= 3:
        raise EvalError("it takes one, two or three arguments")
    start, end = (0, bounds[0]) if len(bounds) == 1 else bounds[:2]
    down = compare(end, start) < 0
    step = bounds[2] if len(bounds) == 3 else (-1 if down else 1)
    if len(bounds) == 3 and compare(start, end) and down != (compare(step, 0) < 0):
        raise EvalError("the step leads away from the end")
    found: list[Number] = []
    current = start
    while compare(current, end) == (1 if down else -1):
        if len(found) == MAX_RANGE:
            raise EvalError(f"it would give more than {MAX_RANGE} numbers, Terraform's own bound")
        found.append(current)
        current = arithmetic("+", current, step)
    return ListValue(found, NUMBER)


def signum(number: Number) -> int:
    """-1, 0 or 1."""
    value = whole(number)
    return (value > 0) - (value < 0)


def total(items: Any) -> Any:
    """The sum of a list's numbers."""
    if not isinstance(items, list):
        raise EvalError("a list, set or tuple of numbers is required")
    if not items:
        raise EvalError("an empty list has no sum")
    unknown = first_unknown(items)
    if unknown is not None:
        return unknown_like(unknown, NUMBER)
    result: Number = 0
    for item in items:
        if item is None:
            raise EvalError("a null element cannot be added")
        result = arithmetic("+", result, to_number(item))
    return result


TABLE: dict[str, Callable[..., Any]] = {
    "abs": lambda number: arithmetic("-", 0, number) if compare(number, 0) < 0 else number,
    "ceil": ceil,
    "floor": floor,
    "log": log,
    "max": largest,
    "min": smallest,
    "parseint": parseint,
    "pow": power,
    "range": range_,
    "signum": signum,
    "sum": total,
}
