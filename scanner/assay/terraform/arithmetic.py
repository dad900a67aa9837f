"""Arithmetic on Terraform's numbers, and fractions read, rounded to 512 bits and written as Terraform does."""

from __future__ import annotations

import re

from assay.patterns import pattern
from assay.terraform.numeric import MAX_DIGITS, Exact, Number, NumberError, Rounded, exact, number_text, rounded

PRECISION = 512
_NUMBER = pattern(r"([+-]?)(\d*)\.?(\d*)(?:[eEpP]([+-]?\d+))?", re.ASCII)


def arithmetic(op: str, left: Number, right: Number) -> Number:
    """`left op right` for `+ - * / %`.

    Raises:
        NumberError: a division by zero, or a result beyond the bound.
    """
    if type(left) is int and type(right) is int and op in "+-*":
        result = left + right if op == "+" else left - right if op == "-" else left * right
        if result.bit_length() <= PRECISION:
            return result
        return from_ratio(_bounded(result), 1)
    if right == 0 and op in "/%":
        if op == "%":
            return left
        raise NumberError("division by zero")
    (a, b), (c, d) = ratio(left), ratio(right)
    if op == "+":
        return from_ratio(a * d + c * b, b * d)
    if op == "-":
        return from_ratio(a * d - c * b, b * d)
    if op == "*":
        return from_ratio(a * c, b * d)
    if op == "/":
        return from_ratio(a * d, b * c) if c > 0 else from_ratio(-a * d, -b * c)
    quotient = truncate(arithmetic("/", left, right))
    return arithmetic("-", left, arithmetic("*", quotient, right))


def truncate(number: Number) -> int:
    """The whole part, towards zero."""
    numerator, denominator = ratio(number)
    return numerator // denominator if numerator >= 0 else -(-numerator // denominator)


# --- fractions --------------------------------------------------------------------------------------------------------


def from_ratio(numerator: int, denominator: int) -> Number:
    """The quotient, rounded to 512 bits, in its one form."""
    if numerator % denominator == 0:
        whole = numerator // denominator
        if whole.bit_length() <= PRECISION:
            return whole
    mantissa, exponent = _round(numerator, denominator)
    if exponent >= 0:  # too long to be exact: the fewest digits that identify it, as Terraform writes it
        return int(_shortest(_bounded(mantissa << exponent), 1))
    try:
        nearest = mantissa / (1 << -exponent)
    except OverflowError:
        nearest = float("inf") if mantissa > 0 else float("-inf")
    if nearest - nearest == 0 and _round(*_decimal_ratio(repr(nearest))) == (mantissa, exponent):
        return nearest
    return exact(nearest, mantissa, exponent)


def ratio(number: Number) -> tuple[int, int]:
    """The number as Terraform holds it, as numerator and denominator."""
    if isinstance(number, int):
        return (number.exact if isinstance(number, Rounded) else number), 1
    if isinstance(number, Exact):
        mantissa, exponent = number.mantissa, number.exponent
    else:
        if number - number != 0:
            raise NumberError("infinity is not a number that Terraform can store")
        mantissa, exponent = _round(*_decimal_ratio(repr(number)))
    return (mantissa << exponent, 1) if exponent >= 0 else (mantissa, 1 << -exponent)


def _bounded(number: int) -> int:
    if number.bit_length() > 13280:  # 4,000 digits
        raise NumberError(f"a number has more than {MAX_DIGITS} digits, the bound Assay sets")
    return number


def _round(numerator: int, denominator: int) -> tuple[int, int]:
    """`mantissa, exponent` of the quotient: at most 512 bits, half to even, the mantissa odd (or zero)."""
    if numerator == 0:
        return 0, 0
    negative = numerator < 0
    top = -numerator if negative else numerator
    shift = PRECISION + 1 - (top.bit_length() - denominator.bit_length())
    quotient, rest = divmod(top << shift, denominator) if shift >= 0 else divmod(top, denominator << -shift)
    surplus = quotient.bit_length() - PRECISION
    exponent = surplus - shift
    half = 1 << (surplus - 1)
    low = quotient & ((1 << surplus) - 1)
    quotient >>= surplus
    if low > half or (low == half and (rest or quotient & 1)):
        quotient += 1
    zeros = (quotient & -quotient).bit_length() - 1
    quotient >>= zeros
    return (-quotient if negative else quotient), exponent + zeros


def _decimal_ratio(text: str) -> tuple[int, int]:
    """Numerator and denominator of a float's `repr`."""
    mantissa, _, power = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    scale = (int(power) if power else 0) - len(fraction)
    digits = int(whole + fraction)
    return (digits * 10**scale, 1) if scale >= 0 else (digits, 10**-scale)


# --- reading and writing ----------------------------------------------------------------------------------------------


def parse_decimal(text: str) -> Number:
    """The number that a decimal literal of any form stands for; see `numeric.parse_number`."""
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]) or "p" in text or "P" in text:
        raise NumberError(f'"{text[:40]}" is not a decimal number')
    sign, whole, fraction, power = match.groups()
    digits, scale = int((whole + fraction)[:MAX_DIGITS] or "0"), (int(power[:10]) if power else 0) - len(fraction)
    if abs(scale) > MAX_DIGITS or len(whole) + len(fraction) > MAX_DIGITS:
        raise NumberError(f"the number {text[:20]} has more than {MAX_DIGITS} digits, the bound Assay sets")
    if sign == "-":
        digits = -digits
    return digits * 10**scale if scale >= 0 else from_ratio(digits, 10**-scale)


def from_float(value: float) -> Number:
    """A float that was computed, with the digits that Terraform writes for one; infinity is refused."""
    if value - value != 0:
        raise NumberError("the result is not a finite number")
    whole = int(value)
    if value != whole or abs(whole) < 1 << 53:
        return parse_decimal(repr(value))
    slack = 1 << (abs(whole).bit_length() - 53)
    digits = 1
    while 2 * abs(int(_significant(whole, 1, digits)) - whole) > slack:
        digits += 1
    return rounded(int(_significant(whole, 1, digits)), whole)


def fraction_text(number: float) -> str:
    """A fraction as Terraform writes it into text; see `numeric.number_text`."""
    return _shortest(*ratio(number)) if isinstance(number, Exact) else _plain(*_decimal_ratio(repr(number)))


def shortest_digits(number: Number) -> tuple[str, int]:
    """The fewest digits that identify the number, and the decimal exponent of the first of them."""
    text = number_text(number).lstrip("-")
    whole, _, fraction = text.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = len(whole) - 1 if whole != "0" else len(digits) - len(fraction) - 1
    return (digits.rstrip("0"), exponent) if digits else ("0", 0)


def _shortest(numerator: int, denominator: int) -> str:
    """The fewest digits that, read again, give the same 512 bits."""
    wanted = _round(numerator, denominator)
    fewest, most = 1, 160
    while fewest < most:  # with more digits the text is nearer, so what some give, more give too
        digits = (fewest + most) // 2
        if _round(*_decimal_ratio(_significant(numerator, denominator, digits))) == wanted:
            most = digits
        else:
            fewest = digits + 1
    return _significant(numerator, denominator, most)


def _plain(digits: int, denominator: int) -> str:
    """`digits / denominator` written out, where the denominator is a power of ten."""
    places = len(str(denominator)) - 1
    text = str(abs(digits)).rjust(places + 1, "0")
    cut = len(text) - places
    fraction = text[cut:].rstrip("0")
    return ("-" if digits < 0 else "") + text[:cut] + ("." + fraction if fraction else "")


def _significant(numerator: int, denominator: int, digits: int) -> str:
    """The quotient, a fraction, with this many significant decimal digits."""
    top = abs(numerator)
    if denominator == 1:  # whole, and longer than its precision
        surplus = len(str(top)) - digits
        scaled, rest = divmod(top, 10**surplus) if surplus > 0 else (top, 0)
        scaled = (scaled + (2 * rest >= 10**surplus)) * 10**surplus if surplus > 0 else top
        return str(-scaled if numerator < 0 else scaled)
    places = digits
    while True:  # the first guess is off by the size of the number; a second pass settles it
        scaled, rest = divmod(top * 10**places, denominator)
        surplus = len(str(scaled)) - digits
        if surplus == 0 or (surplus > 0 and places == 0):
            break
        places = max(places - surplus, 0)
    if 2 * rest >= denominator:
        scaled += 1
    return _plain(-scaled if numerator < 0 else scaled, 10**places)
