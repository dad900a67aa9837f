"""Terraform's numbers: exact integers, and fractions rounded to 512 bits as Terraform rounds them.

A number is an `int` when it is whole. A fraction is a plain `float` where the float's shortest decimal is the number
that was meant (0.1), else an `Exact`, a float that remembers its 512 bits (1/3, whatever has more digits than a float).
What takes more than a whole number is in `arithmetic.py`, loaded when there is such a number.
"""

from __future__ import annotations

MAX_DIGITS = 4000
"""A number longer than this cannot be meant, and Python itself refuses to print one above 4,300 digits."""


class NumberError(ValueError):
    """What the text or the operation gives is no number that Terraform, or Assay, can hold."""


class Exact(float):
    """A fraction that a float alone would round: `mantissa * 2**exponent`."""

    __slots__ = ("exponent", "mantissa")

    mantissa: int
    exponent: int

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Exact):
            return (self.mantissa, self.exponent) == (other.mantissa, other.exponent)
        return False  # numbers have one form each: neither an int nor a plain float equals this one

    def __ne__(self, other: object) -> bool:
        return not self.__eq__(other)

    def __hash__(self) -> int:
        return hash((self.mantissa, self.exponent))

    def __reduce__(self) -> tuple[object, ...]:
        return (exact, (float(self), self.mantissa, self.exponent))


class Rounded(int):
    """A whole number that a float computed, as Terraform writes it; `exact` is what it computes on with."""

    exact: int

    def __eq__(self, other: object) -> bool:
        return self.exact == (other.exact if isinstance(other, Rounded) else other)

    def __ne__(self, other: object) -> bool:
        return not self.__eq__(other)

    def __hash__(self) -> int:
        return hash(self.exact)

    def __reduce__(self) -> tuple[object, ...]:
        return (rounded, (int(self), self.exact))


def rounded(shown: int, computed: int) -> int:
    """The whole number `computed`, which Terraform writes as `shown`."""
    if shown == computed:
        return computed
    number = Rounded(shown)
    number.exact = computed
    return number


def exact(value: float, mantissa: int, exponent: int) -> Exact:
    """The fraction `mantissa * 2**exponent`, of which `value` is the nearest float."""
    number = Exact(value)
    number.mantissa = mantissa
    number.exponent = exponent
    return number


Number = int | float


def parse_number(text: str) -> Number:
    """The number a decimal literal stands for.

    Raises:
        NumberError: the text is no decimal number, or has more than 4,000 digits.
    """
    if len(text) < 20 and text.isascii() and text.isdigit():
        return int(text)
    from assay.terraform.arithmetic import parse_decimal

    return parse_decimal(text)


def number_text(number: Number) -> str:
    """The number as Terraform writes it into text: all its digits, never an exponent."""
    if isinstance(number, int):
        return str(int(number))
    from assay.terraform.arithmetic import fraction_text

    return fraction_text(number)


def compare(left: Number, right: Number) -> int:
    """-1, 0 or 1."""
    if isinstance(left, (Exact, Rounded)) or isinstance(right, (Exact, Rounded)):
        from assay.terraform.arithmetic import ratio

        (a, b), (c, d) = ratio(left), ratio(right)
        return (a * d > c * b) - (a * d < c * b)
    return (left > right) - (left < right)
