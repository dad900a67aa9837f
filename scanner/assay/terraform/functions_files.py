"""Functions on files and paths. What may be read is the context's decision, never made here."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.patterns import pattern
from assay.terraform.functions_crypto import digest
from assay.terraform.functions_encoding import encoded
from assay.terraform.values import (
    MAX_LENGTH,
    STRING,
    EvalError,
    SetValue,
    TypedUnknown,
    string,
    to_string,
    unknown_like,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.terraform.functions import Context


def _clean(path: str) -> str:
    """The path without needless parts, as Go's `filepath.Clean` gives it."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def basename(context: Context, path: str) -> str:
    """The last part of a path."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def dirname(context: Context, path: str) -> str:
    """The path without its last part."""
    return _clean(path.rpartition("/")[0] + "/" if "/" in path else "")


def abspath(context: Context, path: str) -> str:
    """The path from the root."""
    return _clean(path if path.startswith("/") else context.path(path))


def pathexpand(context: Context, path: str) -> Any:
    """The path with a leading `~` replaced by the home directory of whoever runs Terraform, whom nobody knows."""
    if path[:1] != "~":
        return path
    if path[1:2] not in ("", "/"):
        raise EvalError("a named user's home directory cannot be found")
    return TypedUnknown(f"pathexpand({path!r}) depends on who runs Terraform", STRING, not_null=True)


def _text(data: bytes, path: str) -> Any:
    if len(data) > MAX_LENGTH:
        reason = f'file("{path}") has {len(data):,} bytes: values are bounded at 1 MB ({MAX_LENGTH:,})'
        return TypedUnknown(reason, STRING, not_null=True)
    try:
        return string(data.decode())
    except UnicodeDecodeError:
        raise EvalError(f"{path} is not UTF-8 text") from None


def file(context: Context, path: str) -> Any:
    """A file's text."""
    data = context.read_bytes(path)
    return unknown_like(data, STRING) if isinstance(data, Unknown) else _text(data, path)


def _of_bytes(run: Callable[[bytes], str]) -> Callable[[Context, str], Any]:
    def read(context: Context, path: str) -> Any:
        data = context.read_bytes(path)
        return unknown_like(data, STRING) if isinstance(data, Unknown) else run(data)

    return read


def _hex(algorithm: str) -> Callable[[Context, str], Any]:
    return _of_bytes(lambda data: digest(algorithm, data).hex())


def _base64(algorithm: str) -> Callable[[Context, str], Any]:
    return _of_bytes(lambda data: encoded(digest(algorithm, data)))


def fileset(context: Context, directory: str, pattern: str) -> Any:
    """The files below a directory whose paths match a pattern."""
    full = _clean(posixpath.join(directory, pattern))
    parts = full.split("/")
    fixed = 0
    while fixed < len(parts) - 1 and not re.search(r"[*?\[{\\]", parts[fixed]):
        fixed += 1
    base, rest = "/".join(parts[:fixed]), parts[fixed:]
    matcher = path_pattern("/".join(rest))
    found = context.walk(base or ("/" if full.startswith("/") else "."), None if "**" in rest else len(rest))
    if isinstance(found, Unknown):
        return found
    start = directory or "."
    names = [posixpath.join(base, name) for name in found if matcher.fullmatch(name)]
    return SetValue(sorted({string(posixpath.relpath(name, start)) for name in names}), STRING)


def path_pattern(pattern: str) -> Any:
    """The pattern on an engine of linear time: a `**` part is any directories, the rest stays within one.

    Raises:
        EvalError: it is none.
    """
    import re2

    parts = pattern.split("/")
    last = len(parts) - 1
    text = ""
    for i, part in enumerate(parts):
        if part == "**":
            text += "(?:[^/]+/)*" + ("[^/]+" if i == last else "")
        else:
            text += _part(part) + ("" if i == last else "/")
    try:
        return re2.compile(text)
    except re2.error:
        raise EvalError(f'the pattern "{pattern[:80]}" is not valid') from None


_TOKEN = pattern(r"\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|(\*+)|(\?)|(\{)|(\})|(,)|([^\\\[*?{},]+)", re.DOTALL)


def _part(part: str) -> str:
    text = ""
    place = depth = 0
    while place < len(part):
        match = _TOKEN.match(part, place)
        if match is None:
            raise EvalError(f'the pattern "{part[:80]}" is not valid')
        place = match.end()
        escaped, negated, members, stars, single, opening, closing, comma, literal = match.groups()
        depth += bool(opening) - bool(closing)
        if members:
            text += "[" + ("^/" if negated else "") + re.sub(r"([\[&~|])", r"\\\1", members) + "]"
        elif stars or single:
            text += "[^/]*" if stars else "[^/]"
        elif opening or (closing and depth >= 0):
            text += "(?:" if opening else ")"
        elif comma and depth > 0:
            text += "|"
        else:
            text += re.escape(escaped or literal or match[0])
    if depth > 0:
        raise EvalError(f'the pattern "{part[:80]}" is not valid: a brace is not closed')
    return text


def fileexists(context: Context, path: str) -> Any:
    """Whether a file is there."""
    return context.exists(path)


_rendering = False
"""Whether a template is being rendered: one may not render another, so none can render itself."""


def _render(context: Context, text: str, variables: Any) -> Any:
    global _rendering
    if not isinstance(variables, dict):
        raise EvalError("the variables must be a map or object")
    for name in variables:
        if not re.fullmatch(r"[^\W\d]\w*", name):
            raise EvalError(f'"{name[:40]}" cannot name a variable: a letter, then letters, digits and underscores')
    if _rendering:
        raise EvalError("a template cannot render another one")
    _rendering = True
    try:
        return context.template(text, variables)
    finally:
        _rendering = False


def templatefile(context: Context, path: str, variables: Any) -> Any:
    """A file rendered as a template."""
    text = file(context, path)
    return unknown_like(text) if isinstance(text, Unknown) else _render(context, text, variables)


def templatestring(context: Context, text: str, variables: Any) -> Any:
    """Text rendered as a template."""
    return to_string(_render(context, text, variables))


TABLE: dict[str, Callable[..., Any]] = {
    "abspath": abspath,
    "basename": basename,
    "dirname": dirname,
    "file": file,
    "filebase64": _of_bytes(encoded),
    "filebase64sha256": _base64("sha256"),
    "filebase64sha512": _base64("sha512"),
    "fileexists": fileexists,
    "filemd5": _hex("md5"),
    "fileset": fileset,
    "filesha1": _hex("sha1"),
    "filesha256": _hex("sha256"),
    "filesha512": _hex("sha512"),
    "pathexpand": pathexpand,
    "templatefile": templatefile,
    "templatestring": templatestring,
}
