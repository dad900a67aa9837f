"""Functions on text: trimming, cutting, replacing, regular expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Text, Unknown
from assay.terraform.refinement import known_prefix
from assay.terraform.values import (
    BOOL,
    MAX_LENGTH,
    STRING,
    EvalError,
    ListValue,
    LooseText,
    bounded,
    object_of,
    string,
    tuple_of,
    unknown_like,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACE = (
    "\t\n\v\f\r \x85\xa0"
    "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

MAX_GROUPS = 500
"""The engine's memory grows with the square of a pattern's groups."""

MAX_MATCH_WORK = 300_000_000
"""Finding all matches may read the rest of the text once per match: the product of both is bounded."""


def indent(spaces: int, text: str) -> str:
    """Every line but the first, indented."""
    width = whole(spaces)
    if width < 0:
        raise EvalError("the number of spaces must not be negative")
    if width * text.count("\n") > MAX_LENGTH:
        raise EvalError(f"the text would be longer than 1 MB ({MAX_LENGTH:,} characters), the bound of a value")
    return bounded(text.replace("\n", "\n" + " " * width))


def lower(text: Any) -> Any:
    """Each character's own lower case, as Go maps it: one for one, whatever its neighbours."""
    if isinstance(text, Unknown):
        return LooseText(text.lower().parts) if isinstance(text, Text) else unknown_like(text, STRING)
    if text.isascii():
        return text.lower()
    return "".join("i" if c == "\u0130" else _single(c, c.lower()) for c in text)


def upper(text: Any) -> Any:
    """Each character's own upper case."""
    if isinstance(text, Unknown):
        return LooseText(text.upper().parts) if isinstance(text, Text) else unknown_like(text, STRING)
    if text.isascii():
        return text.upper()
    return "".join(_single(c, c.upper()) for c in text)


def _single(char: str, mapped: str) -> str:
    return mapped if len(mapped) == 1 else _single_title(char)


def _single_title(char: str) -> str:
    mapped = char.title()
    return mapped if len(mapped) == 1 else char


def title(text: str) -> str:
    """The first letter of every word in title case."""
    result = []
    previous = " "
    for char in text:
        result.append(_single_title(char) if _separates(previous) else char)
        previous = char
    return "".join(result)


def _separates(char: str) -> bool:
    if char.isascii():
        return not (char.isalnum() or char == "_")
    return not char.isalnum() and char.isspace()


def startswith(text: Any, prefix: str) -> Any:
    """Whether the text starts so; a partly known text may tell."""
    if isinstance(text, Unknown):
        known = known_prefix(text)
        if known.startswith(prefix):
            return True
        # Terraform compares only when it knows at least as many bytes as it is asked for.
        return False if len(known.encode()) >= len(prefix.encode()) else unknown_like(text, BOOL)
    return text.startswith(prefix)


def split(separator: str, text: str) -> ListValue:
    """The pieces between separators; every character when the separator is empty."""
    return ListValue(text.split(separator) if separator else list(text), STRING)


def strrev(text: str) -> str:
    """The characters backwards, combining marks kept with what they combine with."""
    from assay.terraform.graphemes import clusters

    return string("".join(reversed(clusters(text))))


def substr(text: str, offset: int, length: int) -> str:
    """A piece of the text, counted in characters a reader sees; a negative length means up to the end."""
    from assay.terraform.graphemes import clusters

    start, size = whole(offset), whole(length)
    parts = clusters(text)
    rest = size < 0 or (size == 0 and start < 0)  # the latter is Terraform's slip, and now its behaviour
    if start < 0:
        start = max(start + len(parts), 0)
    return "".join(parts[start:] if rest else parts[start : start + size])


def urlencode(text: str) -> str:
    """The text as a part of a URL's query."""
    from urllib.parse import quote_plus

    return bounded(quote_plus(text, safe="-_.~"))


def urldecode(text: str) -> str:
    """The inverse of `urlencode` (OpenTofu)."""
    from urllib.parse import unquote_plus

    return string(unquote_plus(text))


# --- regular expressions ----------------------------------------------------------------------------------------------

_patterns: dict[str, Any] = {}


def _pattern(pattern: str) -> Any:
    """The compiled pattern, of an engine whose time is linear in the text."""
    found = _patterns.get(pattern)
    if found is None:
        import re2

        if "\\C" in pattern.replace("\\\\", ""):
            raise EvalError(f"the pattern {pattern[:80]!r} is not valid: \\C matches half a character")
        options = re2.Options()
        options.log_errors = False
        try:
            found = re2.compile(pattern.encode(), options)
        except re2.error as error:
            raise EvalError(f"the pattern {pattern[:80]!r} is not valid: {_reason(error)}") from None
        if found.groups > MAX_GROUPS:
            raise EvalError(f"the pattern has {found.groups:,} groups: Assay bounds them at {MAX_GROUPS}")
        if len(_patterns) > 500:
            _patterns.clear()
        _patterns[pattern] = found
    return found


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "it cannot be compiled"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _matches(pattern: Any, text: bytes) -> list[Any]:
    """All matches, as Go counts them: no empty one right after another match."""
    found = []
    end, work = -1, 0
    for match in pattern.finditer(text):
        if text[match.start() : match.start() + 1] >= b"\x80" and text[match.start()] < 0xC0:
            continue  # an empty match inside a character
        work += len(text) - match.start()
        if work > MAX_MATCH_WORK:
            raise EvalError(f"the pattern matches too often in a text of {len(text):,} bytes; Assay stops searching")
        if match.end() == match.start() == end:
            continue
        end = match.end()
        found.append(match)
    return found


def _names(pattern: Any) -> dict[str, int]:
    """The named groups; named and unnamed ones cannot be mixed."""
    named = {_decoded(k): v for k, v in pattern.groupindex.items()}
    if named and len(named) != pattern.groups:
        raise EvalError("the pattern must not have both named and unnamed groups")
    return named


def _decoded(text: Any) -> Any:
    return string(text.decode("utf-8", "replace")) if isinstance(text, bytes) else text


def _result(match: Any, names: dict[str, int], groups: int) -> Any:
    if names:
        return {name: _decoded(match.group(i)) for name, i in sorted(names.items())}
    return [_decoded(match.group(i + 1)) for i in range(groups)] if groups else _decoded(match.group(0))


def regex(pattern: str, text: Any) -> Any:
    """The first match: a string, or its groups as a tuple or an object."""
    compiled = _pattern(pattern)
    names = _names(compiled)
    if isinstance(text, Unknown):
        kinds = object_of(dict.fromkeys(sorted(names), STRING)) if names else tuple_of([STRING] * compiled.groups)
        return unknown_like(text, kinds if compiled.groups else STRING)
    match = compiled.search(text.encode())
    if match is None:
        raise EvalError(f"the pattern {pattern[:80]!r} matches no part of the text")
    return _result(match, names, compiled.groups)


def regexall(pattern: str, text: str) -> ListValue:
    """All matches."""
    compiled = _pattern(pattern)
    names = _names(compiled)
    found = [_result(match, names, compiled.groups) for match in _matches(compiled, text.encode())]
    return ListValue(found, None if names or compiled.groups else STRING)


def replace(text: str, old: str, new: str) -> str:
    """Every occurrence replaced; `old` is a regular expression when it stands between slashes."""
    if len(old) > 1 and old[0] == old[-1] == "/":
        return _replace_pattern(text, _pattern(old[1:-1]), new)
    if len(new) * (text.count(old) if old else len(text)) > 2 * MAX_LENGTH:
        raise EvalError(f"the text would be longer than 1 MB ({MAX_LENGTH:,} characters), the bound of a value")
    return string(text.replace(old, new))


def _replace_pattern(text: str, pattern: Any, new: str) -> str:
    template = _template(new, {_decoded(k): v for k, v in pattern.groupindex.items()})
    source = text.encode()
    pieces: list[bytes] = []
    end = size = 0
    for match in _matches(pattern, source):
        pieces.append(source[end : match.start()])
        for part in template:
            if isinstance(part, bytes):
                pieces.append(part)
            elif part <= pattern.groups:
                pieces.append(match.group(part) or b"")
            size += len(pieces[-1])
        end = match.end()
        if size > MAX_LENGTH:
            raise EvalError(f"the text would be longer than 1 MB ({MAX_LENGTH:,} characters), the bound of a value")
    pieces.append(source[end:])
    return string(b"".join(pieces).decode("utf-8", "replace"))


def _template(new: str, names: dict[str, int]) -> list[bytes | int]:
    """A replacement as literal bytes and group numbers: `$1`, `$name`, `${name}`, `$$`."""
    parts: list[bytes | int] = []
    rest = new
    while rest:
        before, dollar, after = rest.partition("$")
        if before:
            parts.append(before.encode())
        if not dollar:
            break
        if after.startswith("$"):
            parts.append(b"$")
            rest = after[1:]
            continue
        name, rest, understood = _group_name(after)
        if not understood:
            parts.append(b"$")
        elif name.isdecimal():
            parts.append(int(name[:6]))
        elif name in names:
            parts.append(names[name])
    return parts


def _group_name(text: str) -> tuple[str, str, bool]:
    """The group's name at the start of `text`, what follows it, and whether there was one."""
    braced = text.startswith("{")
    start = 1 if braced else 0
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    if end == start or (braced and not text.startswith("}", end)):
        return "", text, False
    return text[start:end], text[end + braced :], True


TABLE: dict[str, Callable[..., Any]] = {
    "chomp": lambda text: text.rstrip("\r\n"),
    "endswith": lambda text, suffix: text.endswith(suffix),
    "indent": indent,
    "lower": lower,
    "regex": regex,
    "regexall": regexall,
    "replace": replace,
    "split": split,
    "startswith": startswith,
    "strcontains": lambda text, piece: piece in text,
    "strrev": strrev,
    "substr": substr,
    "title": title,
    "trim": lambda text, characters: text.strip(characters) if characters else text,
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimspace": lambda text: text.strip(_SPACE),
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "upper": upper,
    "urldecode": urldecode,
    "urlencode": urlencode,
}
