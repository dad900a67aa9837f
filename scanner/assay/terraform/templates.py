"""String templates and heredocs: interpolations, directives, strip markers and indentation, sliced by bytes.

The grammar's literal nodes lose the whitespace around them, so the text is what lies between the other nodes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.model import Text, Unknown
from assay.patterns import pattern
from assay.terraform import values as v
from assay.terraform.expressions import Compiler, constant, is_constant, raising, settled, truth, value_of
from assay.terraform.syntax import EXPRESSION, IDENTIFIER, SourceFile, kind, parse_bytes
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.terraform.evaluate import Env
    from assay.terraform.expressions import Run

HEREDOC, HEREDOC_START, QUOTED = kind("heredoc_template"), kind("heredoc_start"), kind("quoted_template")
INTERPOLATION, DIRECTIVE = kind("template_interpolation"), kind("template_directive")
MAX_PARTS = 1_000
LITERAL, STRIP = kind("template_literal"), kind("strip_marker")
FOR_START, FOR_END = kind("template_for_start"), kind("template_for_end")
IF_START, ELSE, IF_END = kind("template_if_intro"), kind("template_else_intro"), kind("template_if_end")
MARKERS = {FOR_START: "for", FOR_END: "endfor", IF_START: "if", ELSE: "else", IF_END: "endif"}

_ESCAPE = pattern(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|([$%])\2\{", re.DOTALL)
_DOUBLED = pattern(r"([$%])\1\{")
_LINE = pattern(r"[^\n]*\n|[^\n]+")
_SHORT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_SPACE = " \t\n\r\v\f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def unescape(text: str) -> str:
    """The text of a quoted literal: backslash escapes and doubled `$${`, `%%{`."""

    def replace(match: re.Match[str]) -> str:
        code = match[1]
        if code is None:
            return match[2] + "{"
        if len(code) > 1:
            point = int(code[1:], 16)
            return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"
        return _SHORT.get(code, code)

    return _ESCAPE.sub(replace, text)


def _may_be_escaped(text: str) -> bool:
    return "\\" in text or "$${" in text or "%%{" in text


def plain_text(raw: bytes) -> str:
    """The value of a quoted string without interpolation."""
    text = raw.decode()
    if _may_be_escaped(text):
        text = unescape(text)
    return v.string(text)


class _Part:
    """One token of a template: literal text, an interpolation, or a directive's marker."""

    __slots__ = ("node", "text", "what")

    def __init__(self, what: str, text: str = "", node: Any = None) -> None:
        self.what = what
        self.text = text
        self.node = node


def compile_template(compiler: Compiler, node: Any) -> Run:
    """A quoted template or a heredoc."""
    if node.kind_id == QUOTED:
        parts = list(_parts(compiler.data, node, node.start_byte + 1, node.end_byte - 1, quoted=True))
        return _assemble(compiler, parts)
    return _assemble(compiler, _heredoc_parts(compiler.data, node))


class _Everything(frozenset[str]):
    """The names of a template that stands by itself: whatever it reads was handed to it, or is missing."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return True

    def union(self, *names: Iterable[Any]) -> frozenset[Any]:
        return self


EVERYTHING = _Everything()


def compile_text(text: str, name: str, bound: frozenset[str] = EVERYTHING) -> Run:
    """A template that stands by itself (`templatefile`, a string in JSON).

    Raises:
        EvalError: the template does not parse.
    """
    if "${" not in text and "%{" not in text:
        return constant(v.string(unescape_doubled(text)))
    mark = "ASSAY_END"
    while mark in text:
        mark += "_"
    data = f"x = <<{mark}\n{text}\n{mark}\n".encode()
    root = parse_bytes(data)
    if root.has_error:
        raise EvalError(f"{name} is not a valid template")
    node = root.children[0].children[0].children[-1].children[0].children[0]
    compiler = Compiler(SourceFile(name, name, data), bound)
    start = data.index(b"\n") + 1
    end = len(data) - len(mark) - 2  # without the newline that the heredoc needs and the text has not
    return _assemble(compiler, list(_parts(data, node, start, end, quoted=False)))


def unescape_doubled(text: str) -> str:
    return _DOUBLED.sub(r"\1{", text) if "$${" in text or "%%{" in text else text


def _heredoc_parts(data: bytes, node: Any) -> list[_Part]:
    children = node.children
    start = data.index(b"\n", children[1].start_byte) + 1
    end = data.rfind(b"\n", 0, children[-1].start_byte) + 1
    parts = list(_parts(data, node, start, max(start, end), quoted=False))
    if data[children[0].start_byte : children[0].end_byte] == b"<<-":
        _flush(parts)
    return parts


def _parts(data: bytes, node: Any, start: int, end: int, quoted: bool) -> Iterator[_Part]:
    """The tokens of a template with strip markers applied."""
    at = start
    trim = False
    for hard in _hard_nodes(node):
        start = hard.start_byte
        # To HCL, unlike to the grammar, the last two of `$$${` are an escape.
        if start < at or start >= end or (start > at and data[start - 1] == data[start] and data[start] in b"$%"):
            continue
        first, after = _strips(hard)
        literals = _literals(data[at : hard.start_byte], quoted)
        for i, part in enumerate(literals):
            if trim and i == 0:
                part.text = part.text.lstrip(_SPACE)
            if first and i == len(literals) - 1:
                part.text = part.text.rstrip(_SPACE)
            yield part
        yield _Part(MARKERS.get(hard.kind_id, "value"), node=hard)
        trim = after
        at = hard.end_byte
    for i, part in enumerate(_literals(data[at:end], quoted)):
        if trim and i == 0:
            part.text = part.text.lstrip(_SPACE)
        yield part


def _literals(raw: bytes, quoted: bool) -> list[_Part]:
    """Literal text as HCL's scanner cuts it: a heredoc line by line."""
    if not raw:
        return []
    text = raw.decode()
    if quoted:
        return [_Part("text", unescape(text) if _may_be_escaped(text) else text)]
    return [_Part("text", unescape_doubled(line)) for line in _LINE.findall(text)]


def _hard_nodes(node: Any) -> Iterator[Any]:
    """Interpolations and directive markers in the order of the text."""
    stack = list(reversed(node.children))
    while stack:
        child = stack.pop()
        found = child.kind_id
        if found == INTERPOLATION or found in MARKERS:
            yield child
        elif found not in (LITERAL, EXPRESSION):
            stack.extend(reversed(child.children))


def _strips(node: Any) -> tuple[bool, bool]:
    """Whether a marker has `~` after its opening and before its closing."""
    inner = node.children
    return (
        len(inner) > 1 and inner[1].kind_id == STRIP,
        len(inner) > 2 and inner[-2].kind_id == STRIP,
    )


def _flush(parts: list[_Part]) -> None:
    """Take the common indentation off the lines of a `<<-` heredoc."""
    least: int | None = None
    adjust: list[_Part] = []
    fresh = True
    for part in parts:
        if fresh:
            fresh = False
            spaces = 0
            if part.what == "text":
                trimmed = part.text.lstrip(_SPACE)
                if not trimmed and part.text.endswith("\n"):
                    spaces = -1  # a blank line does not count
                else:
                    spaces = len(part.text) - len(trimmed)
                    adjust.append(part)
            if spaces >= 0 and (least is None or spaces < least):
                least = spaces
        if part.what == "text" and part.text.endswith("\n"):
            fresh = True
    for part in adjust:
        part.text = part.text[least:]


# --- from tokens to a closure -----------------------------------------------------------------------------------------


def _assemble(compiler: Compiler, parts: list[_Part]) -> Run:
    if len(parts) == 1 and parts[0].what == "value":  # "${x}" is x itself, of any type
        return compiler.condition(parts[0].node)
    runs, rest = _nest(compiler, parts, 0, ())
    if rest != len(parts):
        return raising("a template's directives do not match")
    return _join(runs)


def _nest(compiler: Compiler, parts: list[_Part], at: int, until: Sequence[str]) -> tuple[list[Run], int]:
    """The closures of the parts up to one of the markers in `until`."""
    runs: list[Run] = []
    while at < len(parts) and parts[at].what not in until:
        part = parts[at]
        if part.what == "text":
            if part.text:
                runs.append(constant(part.text))
        elif part.what == "value":
            runs.append(compiler.condition(part.node))
        elif part.what == "if":
            run, at = _directive_if(compiler, parts, at)
            runs.append(run)
        elif part.what == "for":
            run, at = _directive_for(compiler, parts, at)
            runs.append(run)
        at += 1
    return runs, at


def _directive_if(compiler: Compiler, parts: list[_Part], at: int) -> tuple[Run, int]:
    test = compiler.condition(parts[at].node)
    yes, at = _nest(compiler, parts, at + 1, ("else", "endif"))
    no: list[Run] = []
    if at < len(parts) and parts[at].what == "else":
        no, at = _nest(compiler, parts, at + 1, ("endif",))
    first, second = _join(yes), _join(no)

    def run(env: Env) -> Any:
        wanted = truth(test(env), "the condition of a template directive")
        if isinstance(wanted, Unknown):
            from assay.terraform.operations import choose

            return choose(wanted, "", "x")
        return first(env) if wanted else second(env)

    return run, at


def _directive_for(compiler: Compiler, parts: list[_Part], at: int) -> tuple[Run, int]:
    node = parts[at].node
    names = [compiler.text(n) for n in node.children if n.kind_id == IDENTIFIER]
    source = compiler.condition(node)
    body, at = _nest(compiler.within(names), parts, at + 1, ("endfor",))
    from assay.terraform.loops import for_tuple

    each = for_tuple(names, source, _join(body), None)

    def run(env: Env) -> Any:
        made = each(env)
        return made if isinstance(made, Unknown) else concatenate(made)

    return run, at


def _join(runs: list[Run]) -> Run:
    if all(map(is_constant, runs)):
        try:
            return constant(concatenate([value_of(run) for run in runs]))
        except EvalError as error:
            return raising(str(error))
    return lambda env: concatenate([run(env) for run in runs])


def concatenate(pieces: Sequence[Any]) -> Any:
    """The text of a template's pieces; unknown ones leave a partial text."""
    texts: list[Any] = []
    known = True
    for piece in pieces:
        if type(piece) is str:
            texts.append(piece)
            continue
        text = v.to_string(settled(piece))
        if text is None:
            raise EvalError("a null value cannot be part of a string template")
        if isinstance(text, Unknown):
            known = False
        texts.append(text)
    if known:
        return v.string("".join(texts))
    cause = next(t for t in texts if isinstance(t, Unknown))
    if sum(map(_size, texts)) > v.MAX_LENGTH:
        return v.unknown_like(cause, v.STRING)
    found = Text(texts)  # merges the lines of a heredoc: a long one with a reference or two is a few parts
    if len(found.parts) > MAX_PARTS:
        return v.unknown_like(cause, v.STRING)
    return found


def _size(text: str | Unknown) -> int:
    """How many characters of a piece are known."""
    if isinstance(text, str):
        return len(text)
    return sum(map(len, text.literals)) if isinstance(text, Text) else 0
