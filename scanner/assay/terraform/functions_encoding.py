"""Functions that encode and decode: JSON, CSV, Base64, character sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Base64, Encoded, Text, Unknown
from assay.terraform.values import (
    MAX_LENGTH,
    STRING,
    EvalError,
    ListValue,
    LooseText,
    TypedUnknown,
    bounded,
    first_unknown,
    number_text,
    object_of,
    parse_number,
    string,
    unknown_like,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def jsonencode(value: Any) -> Any:
    """The value as JSON; with unknown leaves, the structure that will be encoded."""
    unknown = first_unknown(value)
    return bounded(json_text(value)) if unknown is None else Encoded(value, unknown.reason)


def json_text(value: Any) -> str:
    """A wholly known value as JSON, names sorted, with Go's escapes."""
    pieces: list[str] = []
    size = 0
    for piece in _json(value):
        size += len(piece)
        if size > MAX_LENGTH:
            raise EvalError(f"the text would be longer than 1 MB ({MAX_LENGTH:,} characters), the bound of a value")
        pieces.append(piece)
    return "".join(pieces)


def _json(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        from json import dumps

        yield dumps(value, ensure_ascii=False).translate(_HTML)
    elif value is None or isinstance(value, bool):
        yield "null" if value is None else "true" if value else "false"
    elif isinstance(value, (int, float)):
        yield number_text(value)
    elif isinstance(value, dict):
        separator = "{"
        for name in sorted(value):
            yield separator
            yield from _json(name)
            yield ":"
            yield from _json(value[name])
            separator = ","
        yield "}" if value else "{}"
    else:
        separator = "["
        for item in value:
            yield separator
            yield from _json(item)
            separator = ","
        yield "]" if value else "[]"


def jsondecode(text: str) -> Any:
    """The value that JSON text writes: objects and tuples."""
    import json

    def constant(name: str) -> Any:
        raise EvalError(f"{name} is not JSON")

    try:
        value = json.loads(text, parse_int=parse_number, parse_float=parse_number, parse_constant=constant)
    except ValueError as error:
        raise EvalError(f"the text is not JSON: {error}") from None
    return value if text.isascii() and "\\u" not in text else _clean(value)


def _clean(value: Any) -> Any:
    """Strings as Terraform holds them: composed, lone surrogates replaced."""
    if isinstance(value, str):
        return string(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    if isinstance(value, list):
        return [_clean(v) for v in value]
    if isinstance(value, dict):
        return {_clean(k): _clean(v) for k, v in value.items()}
    return value


# --- CSV --------------------------------------------------------------------------------------------------------------


def csvdecode(text: str) -> ListValue:
    """A list of objects, one for each row below the heading."""
    rows = _rows(text)
    header = next(rows, None)
    if header is None:
        raise EvalError("the text has no heading")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise EvalError(f'the column "{twice}" occurs twice')
    found: list[dict[str, str]] = []
    for row in rows:
        if len(row) != len(header):
            raise EvalError(f"row {len(found) + 1} has {len(row)} fields, and the heading {len(header)}")
        found.append(dict(zip(header, row, strict=True)))
    return ListValue(found, object_of(dict.fromkeys(sorted(header), STRING)))


def _rows(text: str) -> Iterator[list[str]]:
    """The records of RFC 4180, blank lines left out."""
    text = text.replace("\r\n", "\n")
    place, size = 0, len(text)
    while place < size:
        if text[place] == "\n":
            place += 1
            continue
        row = []
        while True:
            field, place = _quoted(text, place + 1) if text[place : place + 1] == '"' else _unquoted(text, place)
            row.append(field)
            if text[place : place + 1] != ",":
                break
            place += 1
        place += 1
        yield row


def _unquoted(text: str, start: int) -> tuple[str, int]:
    end = start
    while end < len(text) and text[end] not in ",\n":
        end += 1
    field = text[start:end]
    if '"' in field:
        raise EvalError(f'the field {field[:40]!r} has a " and is not quoted')
    return field, end


def _quoted(text: str, start: int) -> tuple[str, int]:
    pieces = []
    while True:
        end = text.find('"', start)
        if end < 0:
            raise EvalError("a quoted field has no end")
        pieces.append(text[start:end])
        following = text[end + 1 : end + 2]
        if following == '"':
            pieces.append('"')
            start = end + 2
        elif following in ("", ",", "\n"):
            return "".join(pieces), end + 1
        else:
            raise EvalError('a quoted field goes on after its closing "')


# --- Base64 and character sets ----------------------------------------------------------------------------------------


def _bytes(text: str) -> bytes:
    from base64 import b64decode

    try:
        return b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        raise EvalError("the text is not Base64") from None


def base64decode(text: Any) -> Any:
    """The text that is encoded; it must be UTF-8."""
    if isinstance(text, Unknown):
        return LooseText(text.plain.parts) if isinstance(text, Base64) else unknown_like(text, STRING)
    try:
        return string(_bytes(text).decode())
    except UnicodeDecodeError:
        raise EvalError("what is encoded is not UTF-8 text") from None


def base64encode(text: Any) -> Any:
    """The text's UTF-8 bytes in Base64; of a text with unknown pieces, what will be encoded."""
    if isinstance(text, Unknown):
        return Base64(text) if isinstance(text, Text) else unknown_like(text, STRING)
    return encoded(text.encode())


def encoded(data: bytes) -> str:
    """Bytes in Base64."""
    from binascii import b2a_base64

    return bounded(b2a_base64(data, newline=False).decode("ascii"))


def base64gzip(text: str) -> Unknown:
    """Compressed text: its bytes depend on the compressor, so that only their existence is known."""
    return TypedUnknown("base64gzip() was not computed: its bytes depend on the compressor", STRING, not_null=True)


def base64gunzip(text: str) -> str:
    """The inverse of `base64gzip` (OpenTofu); what comes out is bounded."""
    import zlib

    decoder = zlib.decompressobj(31)
    try:
        data = decoder.decompress(_bytes(text), 4 * MAX_LENGTH + 1)
        return string(data.decode())
    except (zlib.error, UnicodeDecodeError):
        raise EvalError("the text is not gzip-compressed UTF-8 text in Base64") from None


def _codec(name: str) -> str:
    """Python's name of an IANA encoding."""
    import codecs

    given = name.strip().lower()
    wanted = {"utf-16": "utf-16-be", "unicode-1-1-utf-7": "", "utf-7": ""}.get(given, given)
    try:
        found = codecs.lookup(wanted).name if wanted else ""
    except (LookupError, ValueError):
        found = ""
    if not found or found in ("base64", "bz2", "hex", "quopri", "rot13", "uu", "zlib", "idna", "punycode", "undefined"):
        raise EvalError(f'"{name[:40]}" is not an encoding that Assay knows')
    return found


def textencodebase64(text: str, encoding: str) -> str:
    """The text's bytes in an encoding, in Base64."""
    codec = _codec(encoding)
    try:
        data = text.encode(codec)
    except UnicodeEncodeError:
        raise EvalError(f"the text has characters that {encoding} cannot write") from None
    return encoded(b"\xfe\xff" + data if encoding.lower() == "utf-16" else data)


def textdecodebase64(text: str, encoding: str) -> str:
    """The inverse of `textencodebase64`."""
    codec = _codec(encoding)
    try:
        return string(_bytes(text).decode(codec).removeprefix("\ufeff" if encoding.lower() == "utf-16" else ""))
    except UnicodeDecodeError:
        raise EvalError(f"the bytes are not {encoding} text") from None


TABLE: dict[str, Callable[..., Any]] = {
    "base64decode": base64decode,
    "base64encode": base64encode,
    "base64gunzip": base64gunzip,
    "base64gzip": base64gzip,
    "csvdecode": csvdecode,
    "jsondecode": jsondecode,
    "jsonencode": jsonencode,
    "textdecodebase64": textdecodebase64,
    "textencodebase64": textencodebase64,
}
