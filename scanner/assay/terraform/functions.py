"""Terraform's functions: the table of their signatures, and the one way to call one.

A signature is checked and its arguments converted here, once for all; the functions themselves, in `functions_*.py`,
see values of the right type. A module of them is imported when the first of its functions is called.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from assay.model import PartialList, Unknown
from assay.terraform.values import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    EvalError,
    NumberError,
    Type,
    convert,
    list_of,
    map_of,
    set_of,
    unknown_like,
)
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Context(Protocol):
    """What functions may ask of the world; paths are relative to the directory Terraform would run in."""

    def path(self, path: str) -> str:
        """The absolute form of a path."""
        ...

    def read_bytes(self, path: str) -> bytes | Unknown:
        """A file's bytes; unknown when the file may not be read; raises `EvalError` when there is none."""
        ...

    def exists(self, path: str) -> bool | Unknown:
        """Whether a file is there."""
        ...

    def walk(self, directory: str, depth: int | None) -> list[str] | Unknown:
        """The files below a directory, at most so many levels down, as paths relative to it with forward slashes."""
        ...

    def template(self, text: str, variables: dict[str, Any]) -> Any:
        """A template rendered with these names and no others."""
        ...


class Parameter(NamedTuple):
    """One parameter: its type, and whether null and unknown reach the function."""

    type: Type
    nullable: bool
    unknown: bool


class Function(NamedTuple):
    """One function: where it is implemented and what it takes."""

    name: str
    module: str
    params: tuple[Parameter, ...]
    variadic: Parameter | None
    returns: Type


_TYPES = {
    "s": STRING, "n": NUMBER, "b": BOOL, "a": ANY,
    "l": list_of(ANY), "ls": list_of(STRING), "ln": list_of(NUMBER), "lb": list_of(BOOL), "ll": list_of(list_of(ANY)),
    "z": set_of(ANY), "zs": set_of(STRING), "mls": map_of(list_of(STRING)), "m": map_of(ANY),
}  # fmt: skip

# Per module, its functions: the name, what it returns, then the parameters. `?` lets null through to the function, `~`
# unknown; `*` marks the parameter that may repeat. What lets no unknown through is unknown when an argument is.
_SIGNATURES = {
    "text": """
        chomp s s | endswith b s s | indent s n s | lower s s~ | regex a s s~ | regexall l s s
        replace s s s s | split ls s s | startswith b s~ s | strcontains b s s | strrev s s | substr s s n n | title s s
        trim s s s | trimprefix s s s | trimspace s s | trimsuffix s s s | upper s s~ | urlencode s s
        urldecode s s""",
    "format": """
        format s s *a?~ | formatlist ls s *a?~""",
    "numbers": """
        abs n n | ceil n n | floor n n | log n n n | max n *n | min n *n | parseint n a n | pow n n n | range ln *n
        signum n n | sum n a""",
    "everyday": """
        can b a?~ | coalesce a *a?~ | concat a *a~ | contains b a a | element a a~ n | join s s *ls | keys a a~
        length n a~ | lookup a a s~ *a?~ | merge a *a?~ | tobool b b?~ | tolist l l?~ | tomap m m?~ | tonumber n n?~
        toset z z?~ | tostring s s?~ | try a *a?~ | values a a~""",
    "collections": """
        alltrue b lb | anytrue b lb | chunklist ll l n | coalescelist a *a?~ | compact ls ls | distinct l l
        flatten a a~ | index n a a | matchkeys l l l l | one a a | reverse a a | slice a a~ n n | sort ls ls~
        transpose mls mls | zipmap a ls a~ | sensitive a a?~ | nonsensitive a a?~ | issensitive b a?~
        ephemeralasnull a a?~""",
    "sets": """
        setintersection z z *z | setproduct a *a | setsubtract z z z | setunion z z *z""",
    "encoding": """
        base64decode s s~ | base64encode s s~ | base64gunzip s s | base64gzip s s | csvdecode l s | jsondecode a s
        jsonencode s a?~ | textdecodebase64 s s s | textencodebase64 s s s""",
    "yaml": """
        yamldecode a s | yamlencode s a?~""",
    "crypto": """
        base64sha256 s s | base64sha512 s s | bcrypt s s *n | md5 s s | rsadecrypt s s s | sha1 s s | sha256 s s
        sha512 s s | uuid s | uuidv5 s s s""",
    "network": """
        cidrcontains b s s | cidrhost s s n | cidrnetmask s s | cidrsubnet s s n n | cidrsubnets ls s~ *n""",
    "time": """
        formatdate s s s | plantimestamp s | timeadd s s s | timecmp n s s | timestamp s""",
    "files": """
        abspath s s | basename s s | dirname s s | file s s | filebase64 s s | filebase64sha256 s s
        filebase64sha512 s s | fileexists b s | filemd5 s s | fileset zs s s | filesha1 s s | filesha256 s s
        filesha512 s s | pathexpand s s | templatefile a s a | templatestring s s a""",
}  # fmt: skip


@cache
def _parameter(text: str) -> Parameter:
    return Parameter(_TYPES[text.strip("*?~")], "?" in text, "~" in text)


def _read_signatures() -> dict[str, Function]:
    table = {}
    for module, text in _SIGNATURES.items():
        for line in text.replace("\n", "|").split("|"):
            words = line.split()
            if not words:
                continue
            variadic = _parameter(words.pop()) if words[-1][0] == "*" else None
            name, returns = words[0], _TYPES[words[1]]
            table[name] = Function(name, module, tuple(_parameter(w) for w in words[2:]), variadic, returns)
    return table


FUNCTIONS = _read_signatures()
"""Every function of Terraform 1.11's language, and what OpenTofu adds."""

_implementations: dict[str, Callable[..., Any]] = {}


def _implementation(function: Function) -> Callable[..., Any]:
    """The Python function, its module imported with the first of them."""
    from importlib import import_module

    module = import_module(f"assay.terraform.functions_{function.module}")
    table: Mapping[str, Callable[..., Any]] = module.TABLE
    _implementations.update(table)
    return table[function.name]


def call(name: str, args: Sequence[Any], context: Context | None = None) -> Any:
    """What `name(args...)` gives.

    Raises:
        EvalError: there is no such function, or Terraform rejects this call of it.
    """
    function = FUNCTIONS.get(name) or FUNCTIONS.get(name.removeprefix("core::"))
    if function is None:
        return _unheard_of(name)
    try:
        converted, unknown = _arguments(function, args)
        if unknown is not None:
            return unknown_like(unknown, function.returns)
        run = _implementations.get(function.name) or _implementation(function)
        return run(context, *converted) if function.module == "files" else run(*converted)
    except (EvalError, NumberError) as error:
        raise EvalError(f"{name}(): {error}") from None
    except RecursionError:
        raise EvalError(f"{name}(): the value is nested too deeply") from None


def _arguments(function: Function, args: Sequence[Any]) -> tuple[list[Any], Unknown | None]:
    """The converted arguments, and the unknown that makes the whole call unknown."""
    params, variadic = function.params, function.variadic
    wanted = len(params)
    if len(args) < wanted or (len(args) > wanted and variadic is None):
        number = f"{'at least ' if variadic else ''}{wanted} argument{'s' if wanted != 1 else ''}"
        raise EvalError(f"it takes {number}, and {len(args)} were given")
    converted = []
    unknown: Unknown | None = None
    for i, value in enumerate(args):
        parameter = params[i] if i < wanted else variadic
        assert parameter is not None
        type_ = parameter.type
        if isinstance(value, PartialList):
            value = value.unknown
        if value is None:
            if not parameter.nullable:
                raise EvalError(f"argument {i + 1} must not be null")
        elif type_ is not ANY and not (type_ is STRING and type(value) is str):
            try:
                value = convert(value, type_)
            except EvalError as error:
                raise EvalError(f"argument {i + 1}: {error}") from None
        if isinstance(value, Unknown) and not parameter.unknown and (unknown is None or value.sensitive):
            unknown = value
        converted.append(value)
    return converted, unknown


def _unheard_of(name: str) -> Unknown:
    if "::" in name:
        return Unknown(f"{name}() belongs to a provider, which Assay does not run")
    from difflib import get_close_matches

    close = get_close_matches(name, FUNCTIONS, 1)
    raise EvalError(f"there is no function {name}()" + (f": did you mean {close[0]}()?" if close else ""))
