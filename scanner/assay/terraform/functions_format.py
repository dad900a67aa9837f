"""`format` and `formatlist`: Terraform's printf."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.patterns import pattern
from assay.terraform.arithmetic import ratio, shortest_digits
from assay.terraform.numeric import MAX_DIGITS, Number
from assay.terraform.values import (
    MAX_LENGTH,
    STRING,
    EvalError,
    ListValue,
    LooseText,
    SetValue,
    bounded,
    first_unknown,
    list_of,
    to_bool,
    to_number,
    to_string,
    type_of,
    unknown_like,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_LIST = list_of(STRING)
_VERB = pattern(r"%([ +#0-]*)(\d*)(?:\.(\d*))?(?:\[(\d+)\])?([A-Za-z%]?)", re.ASCII)


class _Verb:
    """One `%...` of a format: flags, width, precision, which argument."""

    __slots__ = ("flags", "letter", "place", "precision", "text", "width")

    def __init__(self, match: re.Match[str], following: int) -> None:
        flags, width, precision, place, letter = match.groups()
        self.text = match[0]
        self.flags = flags
        self.letter = letter
        self.width = _size(width, self.text)
        self.precision = None if precision is None else _size(precision, self.text)
        self.place = int(place[:9]) if place else following

    def pad(self, text: str) -> str:
        """The text brought to the width, counted in characters a reader sees."""
        from assay.terraform.graphemes import count

        filler = ("0" if "0" in self.flags else " ") * (self.width - (len(text) if text.isascii() else count(text)))
        return text + filler if "-" in self.flags else filler + text

    def pad_number(self, text: str) -> str:
        """Like `pad`, with the sign before the zeros."""
        if "-" in self.flags:
            return text.ljust(self.width)
        return text.zfill(self.width) if "0" in self.flags and text[0] != " " else self._spaced(text)

    def _spaced(self, text: str) -> str:
        return " " + text[1:].rjust(self.width - 1, "0") if "0" in self.flags else text.rjust(self.width)

    def signed(self, text: str) -> str:
        """A number's digits with the sign that the flags ask for."""
        if text.startswith("-"):
            return text
        return "+" + text if "+" in self.flags else " " + text if " " in self.flags else text


def _size(digits: str, verb: str) -> int:
    size = int(digits[:9] or "0")
    if size > MAX_LENGTH:
        raise EvalError(f"{verb[:40]} asks for {size:,} characters: values are bounded at 1 MB ({MAX_LENGTH:,})")
    return size


def format_(pattern: str, *args: Any) -> Any:
    """The pattern with its verbs replaced; beside unknown arguments the known pieces stay known."""
    if any(arg is None for arg in args):
        # A bare null has no type, and Terraform then knows nothing of the result; a typed one it would write out.
        return unknown_like(Unknown("a null among the values to format hides the result"), STRING)
    return _format(pattern, *args)


def _format(pattern: str, *args: Any) -> Any:
    unknown = first_unknown(list(args))
    try:
        parts, used = _render(pattern, args)
    except EvalError:
        if unknown is None:
            raise
        return unknown_like(unknown, STRING)
    if used < len(args) and unknown is None:
        raise EvalError(f"there are {len(args)} arguments, and the format uses {used}")
    if unknown is not None:
        part_known = any(isinstance(part, Unknown) for part in parts)
        return LooseText(parts, pattern.partition("%")[0]) if part_known else unknown_like(unknown, STRING)
    return bounded("".join(str(part) for part in parts))


def _render(pattern: str, args: tuple[Any, ...]) -> tuple[list[str | Unknown], int]:
    parts: list[str | Unknown] = []
    end = used = highest = size = 0
    for match in _VERB.finditer(pattern):
        parts.append(pattern[end : match.start()])
        end = match.end()
        if match[5] == "%":
            if match[0] != "%%":
                raise EvalError(f"{match[0]} is not a valid verb")
            parts.append("%")
            continue
        if not match[5]:
            raise EvalError(f'the format is not valid from "{pattern[match.start() : match.start() + 20]}" on')
        verb = _Verb(match, used + 1)
        if not 1 <= verb.place <= len(args):
            raise EvalError(f"{verb.text} needs argument {verb.place}, and {len(args)} were given")
        used = verb.place
        highest = max(highest, used)
        parts.append(_one(verb, args[verb.place - 1]))
        size += len(parts[-1]) if isinstance(parts[-1], str) else 0
        if size > MAX_LENGTH:
            raise EvalError(f"the text would be longer than 1 MB ({MAX_LENGTH:,} characters), the bound of a value")
    parts.append(pattern[end:])
    return parts, highest


def _one(verb: _Verb, value: Any) -> str | Unknown:
    run = _VERBS.get(verb.letter)
    if run is None:
        raise EvalError(f"{verb.text} is not a verb Terraform knows")
    if isinstance(value, Unknown):
        whole = verb.letter in "sv" and not verb.width and verb.precision is None
        return value if whole and type_of(value).kind in ("any", "string") else unknown_like(value, STRING)
    unknown = first_unknown(value)
    if unknown is not None:
        return unknown_like(unknown, STRING)
    try:
        return run(verb, value)
    except EvalError as error:
        raise EvalError(f"{verb.text} does not fit argument {verb.place}: {error}") from None


def _any(verb: _Verb, value: Any) -> str:
    """`%v`: what suits the value; `%#v`: JSON."""
    if "#" not in verb.flags:
        if isinstance(value, str):
            return verb.pad(value)
        if isinstance(value, bool):
            return verb.pad("true" if value else "false")
        if isinstance(value, (int, float)):
            return _general(verb, value)
    return verb.pad(_json(value))


def _json(value: Any) -> str:
    from assay.terraform.functions_encoding import json_text

    return json_text(value)


def _not_null(value: Any) -> Any:
    if value is None:
        raise EvalError("it is null")
    return value


def _text(verb: _Verb, value: Any) -> str:
    text = to_string(_not_null(value))
    if verb.precision is not None:
        from assay.terraform.graphemes import clusters

        text = "".join(clusters(text)[: verb.precision])
    return verb.pad(text)


def _quoted(verb: _Verb, value: Any) -> str:
    return verb.pad("null" if value is None else _json(to_string(value)))


def _flag(verb: _Verb, value: Any) -> str:
    return "true" if to_bool(_not_null(value)) else "false"


def _whole(digits: Callable[[int], str], prefix: str) -> Callable[[_Verb, Any], str]:
    def run(verb: _Verb, value: Any) -> str:
        number = to_number(_not_null(value))
        if not isinstance(number, int):
            raise EvalError("a whole number is required")
        sign = verb.signed("-" if number < 0 else "") + (prefix if "#" in verb.flags else "")
        text = digits(abs(number)).rjust(verb.precision or 0, "0")
        if "0" in verb.flags and "-" not in verb.flags:
            text = text.rjust(verb.width - len(sign), "0")
        return verb.pad_number(sign + text)

    return run


def _decimal(verb: _Verb, value: Any) -> str:
    """`%f`"""
    number = to_number(_not_null(value))
    return verb.pad_number(verb.signed(_fixed(number, 6 if verb.precision is None else verb.precision)))


def _fixed(number: Number, places: int) -> str:
    if places > 10 * MAX_DIGITS:
        raise EvalError(f"{places:,} decimal places are more than Assay writes")
    top, bottom = ratio(number)
    digits = str(_rounded(abs(top) * 10**places, bottom)).rjust(places + 1, "0")
    text = digits[: len(digits) - places] + ("." + digits[len(digits) - places :] if places else "")
    return "-" + text if top < 0 else text


def _rounded(top: int, bottom: int) -> int:
    """The quotient of non-negative numbers, rounded half to even."""
    whole, rest = divmod(top, bottom)
    return whole + (2 * rest > bottom or (2 * rest == bottom and whole & 1))


def _digits(number: Number, count: int) -> tuple[str, int]:
    """`count` significant digits and the decimal exponent of the first."""
    top, bottom = ratio(number)
    top = abs(top)
    if top == 0:
        return "0" * count, 0
    exponent = len(str(top)) - len(str(bottom))
    if top * 10 ** max(-exponent, 0) < bottom * 10 ** max(exponent, 0):
        exponent -= 1
    shift = count - 1 - exponent
    scaled = _rounded(top * 10**shift, bottom) if shift >= 0 else _rounded(top, bottom * 10**-shift)
    text = str(scaled)
    return (text, exponent) if len(text) == count else (text[:count], exponent + 1)


def _scientific(verb: _Verb, value: Any) -> str:
    """`%e`"""
    number = to_number(_not_null(value))
    places = 6 if verb.precision is None else min(verb.precision, 10 * MAX_DIGITS)
    text = _exponential(*_digits(number, places + 1), number < 0)
    return verb.pad_number(verb.signed(text.upper() if verb.letter == "E" else text))


def _exponential(digits: str, exponent: int, negative: bool) -> str:
    tail = "." + digits[1:] if len(digits) > 1 else ""
    return f"{'-' if negative else ''}{digits[0]}{tail}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _general(verb: _Verb, value: Any) -> str:
    """`%g`: the shortest digits, or as many as asked for; an exponent where it is far from one."""
    number = to_number(_not_null(value))
    if verb.precision is None or verb.letter == "v":
        digits, exponent = shortest_digits(number)
        limit = 6
    else:
        digits, exponent = _digits(number, max(verb.precision, 1))
        limit = max(verb.precision, 1)
        digits = digits.rstrip("0") or "0"
        if limit > len(digits) >= exponent + 1:
            limit = len(digits)
    if exponent < -4 or exponent >= limit:
        text = _exponential(digits, exponent, number < 0)
    else:
        text = _fixed(number, max(len(digits) - exponent - 1, 0))
    if verb.letter != "v":
        text = verb.signed(text)
    return verb.pad_number(text.upper() if verb.letter == "G" else text)


_VERBS: dict[str, Callable[[_Verb, Any], str]] = {
    "v": _any,
    "s": _text,
    "q": _quoted,
    "t": _flag,
    "d": _whole(str, ""),
    "b": _whole(lambda n: f"{n:b}", "0b"),
    "o": _whole(lambda n: f"{n:o}", "0"),
    "x": _whole(lambda n: f"{n:x}", "0x"),
    "X": _whole(lambda n: f"{n:X}", "0X"),
    "e": _scientific,
    "E": _scientific,
    "f": _decimal,
    "g": _general,
    "G": _general,
}


def formatlist(pattern: str, *args: Any) -> Any:
    """`format` once for every element of the lists among the arguments."""
    length: int | None = None
    if any(arg is None for arg in args):
        return unknown_like(Unknown("a null among the values to format hides the result"), _LIST)
    for i, value in enumerate(args):
        if isinstance(value, Unknown):
            if type_of(value).kind in ("any", "list", "set", "tuple"):
                return unknown_like(value, _LIST)
        elif isinstance(value, list):
            unknown = first_unknown(value) if isinstance(value, SetValue) and len(value) > 1 else None
            if unknown is not None:
                return unknown_like(unknown, _LIST)
            if length is not None and length != len(value):
                raise EvalError(f"argument {i + 2} has {len(value)} elements, and an earlier one {length}")
            length = len(value)
    size = 1 if length is None else length
    return ListValue(
        [_format(pattern, *[v[i] if isinstance(v, list) else v for v in args]) for i in range(size)], STRING
    )


TABLE: dict[str, Callable[..., Any]] = {"format": format_, "formatlist": formatlist}
