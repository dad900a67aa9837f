"""Type constraints: `list(object({ name = string, size = optional(number, 3) }))` as a `Type`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.terraform import values as v
from assay.terraform.expressions import (
    ARGUMENTS,
    CALL,
    COLLECTION,
    ELEMENT,
    LITERAL,
    OBJECT,
    TUPLE,
    Compiler,
    is_constant,
    value_of,
)
from assay.terraform.syntax import COMMENT, EXPRESSION, NOTHING, VARIABLE, SourceFile, parse_bytes
from assay.terraform.values import EvalError, Type

if TYPE_CHECKING:
    from collections.abc import Callable

SIMPLE = {
    "string": v.STRING,
    "number": v.NUMBER,
    "bool": v.BOOL,
    "any": v.ANY,
    "list": v.list_of(v.ANY),
    "map": v.map_of(v.ANY),
    "set": v.set_of(v.ANY),
}
MAX_KNOWN = 4_000
_known: dict[str, Type] = {}
WRAPPED: dict[str, Callable[[Type], Type]] = {"list": v.list_of, "set": v.set_of, "map": v.map_of}


def parse_type(text: str) -> Type:
    """The type that a text spells.

    Raises:
        EvalError: it spells none.
    """
    known = SIMPLE.get(text) or _known.get(text)
    if known is None:
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        known = _known[text] = _parse(text)
    return known


def _parse(text: str) -> Type:
    data = f"x = {text}\n".encode()
    root = parse_bytes(data)
    if root.has_error or not root.children:
        raise EvalError(f'"{text[:40]}" is not a type')
    node = root.children[0].children[0].children[-1]
    return _type(Compiler(SourceFile("type", "type", data), NOTHING), node, 0)


def _type(compiler: Compiler, node: Any, depth: int) -> Type:
    inner = [n for n in node.children if n.kind_id != COMMENT]
    if depth > 64 or len(inner) != 1:
        raise EvalError(f'"{compiler.text(node)[:40]}" is not a type')
    found = inner[0]
    if found.kind_id == VARIABLE:
        simple = SIMPLE.get(compiler.text(found))
        if simple is not None:
            return simple
    elif found.kind_id == LITERAL:
        text = compiler.text(found).strip('"')
        if text in SIMPLE:
            return SIMPLE[text]
    elif found.kind_id == CALL:
        return _constructed(compiler, found, depth)
    raise EvalError(f'"{compiler.text(node)[:40]}" is not a type')


def _constructed(compiler: Compiler, node: Any, depth: int) -> Type:
    name = compiler.text(node.children[0])
    listed = next((n for n in node.children if n.kind_id == ARGUMENTS), None)
    arguments = [n for n in listed.children if n.kind_id == EXPRESSION] if listed is not None else []
    if len(arguments) != 1:
        raise EvalError(f"the type {name}(...) needs one argument")
    if name in WRAPPED:
        return WRAPPED[name](_type(compiler, arguments[0], depth + 1))
    shape = arguments[0].children[0]
    inner = shape.children[0] if shape.kind_id == COLLECTION else shape
    if name == "object" and inner.kind_id == OBJECT:
        return _object(compiler, inner, depth)
    if name == "tuple" and inner.kind_id == TUPLE:
        return v.tuple_of([_type(compiler, n, depth + 1) for n in inner.children if n.kind_id == EXPRESSION])
    raise EvalError(f'there is no type "{name}"')


def _object(compiler: Compiler, node: Any, depth: int) -> Type:
    attributes: dict[str, Type] = {}
    optional: dict[str, Any] = {}
    for element in node.children:
        if element.kind_id != ELEMENT:
            continue
        key, value = [n for n in element.children if n.kind_id == EXPRESSION]
        name = compiler.text(key).strip('"')
        attributes[name], may_lack, default = _member(compiler, value, depth)
        if may_lack:
            optional[name] = default
    return v.object_of(attributes, optional or None)


def _member(compiler: Compiler, node: Any, depth: int) -> tuple[Type, bool, Any]:
    """An attribute's type, whether it is optional, and its default."""
    call = node.children[0]
    if call.kind_id != CALL or compiler.text(call.children[0]) != "optional":
        return _type(compiler, node, depth + 1), False, None
    listed = next((n for n in call.children if n.kind_id == ARGUMENTS), None)
    arguments = [n for n in listed.children if n.kind_id == EXPRESSION] if listed is not None else []
    if not arguments:
        raise EvalError("optional(...) needs a type")
    type_ = _type(compiler, arguments[0], depth + 1)
    if len(arguments) < 2:
        return type_, True, None
    run = compiler.expression(arguments[1])
    default = value_of(run) if is_constant(run) else _static(run)
    return type_, True, v.convert(default, type_)


def _static(run: Any) -> Any:
    """A default that is no plain literal, such as `tolist([])`: evaluated where nothing can be referred to."""
    from assay.terraform.evaluate import static_env

    return run(static_env())
