"""Intrinsic functions of the States Language, as they stand in fields whose names end in `.$`.

From the specification's chapter "Intrinsic Functions" and appendix B, and the developer guide's page on them (read
November 2026). What the service takes although the specification does not say so (braces and quotation marks in a
text, fractions that it rounds) is no fault here.
"""

from __future__ import annotations

from typing import NamedTuple

from assay.analysis.state_paths import path_fault
from assay.patterns import pattern

_ANY = 1_000
_COUNTS = {
    "Format": (1, _ANY), "StringToJson": (1, 1), "JsonToString": (1, 1), "Array": (0, _ANY), "ArrayPartition": (2, 2),
    "ArrayContains": (2, 2), "ArrayRange": (3, 3), "ArrayGetItem": (2, 2), "ArrayLength": (1, 1), "ArrayUnique": (1, 1),
    "Base64Encode": (1, 1), "Base64Decode": (1, 1), "Hash": (2, 2), "JsonMerge": (3, 3), "MathRandom": (2, 3),
    "MathAdd": (2, 2), "StringSplit": (2, 2), "UUID": (0, 0),
}  # fmt: skip
"""How many arguments each function takes, from and to."""
GIVES_TEXT = frozenset({"Format", "JsonToString", "ArrayGetItem", "Base64Encode", "Base64Decode", "Hash", "UUID"})
"""The functions that `ErrorPath` and `CausePath` take."""
_NUMBERS = {
    "ArrayPartition": (1,),
    "ArrayRange": (0, 1, 2),
    "ArrayGetItem": (1,),
    "MathRandom": (0, 1),
    "MathAdd": (0, 1),
}
_ALGORITHMS = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")
_DEEPEST = 10

_NAME = pattern(r"\s*([A-Za-z0-9._]+)\(")
_TEXT = pattern(r"'((?:[^'\\]|\\['{}\\])*)'")
_NUMBER = pattern(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = pattern(r"true|false|null")
_SPACE = pattern(r"\s*")
_HOLE = pattern(r"\\.|(\{\})")


class _Argument(NamedTuple):
    """One argument: `kind` is text, number, word, path or function; `text` as it is written, without apostrophes."""

    kind: str
    text: str


class _Fault(Exception):
    """What is wrong with a call, as the end of a sentence."""


def call_fault(text: str, functions: frozenset[str] | None = None) -> str:
    """What is wrong with a call of an intrinsic function, as the end of a sentence; an empty text when nothing is.

    Args:
        functions: the only ones that the field takes, by their names after `States.`.
    """
    try:
        name, end = _call(text, 0, 1)
        if text[end:].strip():
            return f"has more after its end ({text[end:].strip()[:20]})"
        if functions is not None and name not in functions:
            return f"calls States.{name}, which gives no text"
    except _Fault as fault:
        return str(fault)
    return ""


def _call(text: str, at: int, depth: int) -> tuple[str, int]:
    found = _NAME.match(text, at)
    if found is None:
        raise _Fault("is neither a path, which begins with $, nor a call of an intrinsic function")
    prefix, _, name = found[1].rpartition(".")
    if prefix != "States" or name not in _COUNTS:
        raise _Fault(f"calls {found[1]}, which is no intrinsic function")
    if depth > _DEEPEST:
        raise _Fault(f"nests more than {_DEEPEST} functions")
    given, at = _arguments(text, found.end(), name, depth)
    least, most = _COUNTS[name]
    if not least <= len(given) <= most:
        wanted = f"{least}" if least == most else f"{least} or more" if most == _ANY else f"{least} to {most}"
        raise _Fault(f"gives States.{name} {len(given)} arguments, and it takes {wanted}")
    _check(name, given)
    return name, at


def _arguments(text: str, at: int, name: str, depth: int) -> tuple[list[_Argument], int]:
    given: list[_Argument] = []
    while True:
        at = _spaces(text, at)
        if not given and text[at : at + 1] == ")":
            return given, at + 1
        argument, at = _argument(text, at, name, depth)
        given.append(argument)
        at = _spaces(text, at)
        mark = text[at : at + 1]
        if mark == ")":
            return given, at + 1
        if mark != ",":
            raise _Fault(f"does not close the call of States.{name}" if not mark else f"has {mark} after an argument")
        at += 1


def _argument(text: str, at: int, name: str, depth: int) -> tuple[_Argument, int]:
    mark = text[at : at + 1]
    if mark == "'":
        found = _TEXT.match(text, at)
        if found is None:
            raise _Fault(
                "has a text in apostrophes that does not end, or a backslash in it before another than ' { } \\"
            )
        return _Argument("text", found[1]), found.end()
    if mark == "$":
        end = _end_of_path(text, at)
        path = text[at:end].rstrip()
        fault = path_fault(path)
        if fault:
            raise _Fault(f"gives States.{name} {path}, which {fault}")
        return _Argument("path", path), end
    for kind, form in (("number", _NUMBER), ("word", _WORD)):
        found = form.match(text, at)
        if found is not None:
            return _Argument(kind, found[0]), found.end()
    if _NAME.match(text, at) is None:
        raise _Fault(f"has {text[at : at + 20] or 'nothing'} where an argument of States.{name} belongs")
    inner, end = _call(text, at, depth + 1)
    return _Argument("function", inner), end


def _end_of_path(text: str, at: int) -> int:
    """Where a path ends: at a space, comma or bracket that does not belong to it."""
    depth, quote = 0, ""
    while at < len(text):
        mark = text[at]
        if mark == "\\":
            at += 1
        elif quote:
            quote = "" if mark == quote else quote
        elif mark in "'\"":
            quote = mark
        elif mark in "([":
            depth += 1
        elif mark in ")]" and depth:
            depth -= 1
        elif mark in ",) \n\t" and not depth:
            break
        at += 1
    return at


def _spaces(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _check(name: str, given: list[_Argument]) -> None:
    """What is written out must be of the kind that the function takes."""
    for i in _NUMBERS.get(name, ()):
        if given[i].kind in ("text", "word"):
            raise _Fault(f"gives States.{name} {given[i].text} where it takes a number")
    first, last = given[:1], given[-1:]
    if name == "Format" and first[0].kind != "path" and first[0].kind != "function":
        holes = sum(1 for found in _HOLE.finditer(first[0].text) if found[1])
        if first[0].kind != "text":
            raise _Fault(f"gives States.Format {first[0].text} where it takes a text first")
        if holes != len(given) - 1:
            raise _Fault(f"has {holes} times {{}} in the text of States.Format, and {len(given) - 1} values for them")
    elif name == "Hash" and last[0].kind == "text" and last[0].text not in _ALGORITHMS:
        raise _Fault(f"hashes with {last[0].text}: there are {', '.join(_ALGORITHMS)}")
    elif name == "JsonMerge" and (last[0].kind in ("text", "number") or last[0].text == "null"):
        raise _Fault(f"gives States.JsonMerge {last[0].text} where it takes true or false")
    elif name == "ArrayPartition" and last[0].kind == "number" and float(last[0].text) <= 0:
        raise _Fault("partitions into chunks of no size")
    elif name == "ArrayRange" and last[0].kind == "number" and float(last[0].text) == 0:
        raise _Fault("has an increment of 0 in States.ArrayRange")
