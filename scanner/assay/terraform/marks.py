"""`issensitive` and `ephemeralasnull`: whether a value is marked, read off the expressions it comes from.

Values carry no marks here: a scan has no use for them, and every operation would pay. These two functions are the only
ones that can tell, so they look at how their argument is written, through locals, variables and module outputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform import values as v
from assay.terraform.expressions import (
    ARGUMENTS,
    CALL,
    COLLECTION,
    ELEMENT,
    FOR,
    FOR_INTRO,
    GET,
    OBJECT,
    TUPLE,
    Compiler,
)
from assay.terraform.syntax import COMMENT, EXPRESSION, IDENTIFIER, VARIABLE, SourceFile, parse_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.terraform.evaluate import Env, Scope
    from assay.terraform.expressions import Run
    from assay.terraform.syntax import Attribute

MAX_DEPTH = 60


def compile_marked(compiler: Compiler, name: str, node: Any) -> Run:
    """The closure of `issensitive(x)` or `ephemeralasnull(x)`."""
    run = compiler.expression(node)
    if name == "issensitive":

        def sensitive(env: Env) -> Any:
            if _Reader(compiler.data, env.scope, "sensitive").marked(node):
                return True
            value = run(env)  # what is not known yet may still turn out to be sensitive
            return v.unknown_like(value, v.BOOL) if isinstance(value, Unknown) else False

        return sensitive
    return lambda env: _without(run(env), node, _Reader(compiler.data, env.scope, "ephemeral"))


def _without(value: Any, node: Any, reader: _Reader) -> Any:
    """The value with null in the place of what is ephemeral."""
    children = [n for n in node.children if n.kind_id != COMMENT]
    if len(children) != 1 or children[0].kind_id != COLLECTION:
        return None if reader.marked(node) else value
    literal = children[0].children[0]
    if literal.kind_id == TUPLE and type(value) is list:
        items = [n for n in literal.children if n.kind_id == EXPRESSION]
        return [_without(x, n, reader) for x, n in zip(value, items, strict=False)]
    if literal.kind_id == OBJECT and type(value) is dict:
        made = dict(value)
        for element in literal.children:
            if element.kind_id == ELEMENT:
                key, inner = [n for n in element.children if n.kind_id == EXPRESSION]
                name = reader.text(key).strip('"')
                if name in made:
                    made[name] = _without(made[name], inner, reader)
        return made
    return value


class _Reader:
    """Reads the marks of expressions of one module instance."""

    def __init__(self, data: bytes, scope: Scope, mark: str, depth: int = 0) -> None:
        self.data = data
        self.scope = scope
        self.mark = mark
        self.depth = depth

    def text(self, node: Any) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    def marked(self, node: Any, *, inside: bool = False) -> bool:
        """Whether the value of a node is marked; with `inside`, whether anything in it is."""
        found = node.kind_id
        if found == CALL:
            return self._call(node)
        if found == COLLECTION and not inside:
            return False
        if found == FOR:
            intro = next(n for c in node.children for n in [c, *c.children] if n.kind_id == FOR_INTRO)
            return inside or self._any([intro], inside=False)
        children = [n for n in node.children if n.kind_id != COMMENT]
        if children and children[0].kind_id == VARIABLE:
            return self._reference(children, inside) or self._any(children[1:], inside=False)
        return self._any(children, inside or (len(children) > 1 and children[0].kind_id == COLLECTION))

    def _any(self, nodes: Sequence[Any], inside: bool) -> bool:
        return any(self.marked(n, inside=inside) for n in nodes if n.children)

    def _call(self, node: Any) -> bool:
        name = self.text(node.children[0]).removeprefix("core::")
        if name in ("nonsensitive", "issensitive", "ephemeralasnull"):
            return False
        if name == "sensitive" and self.mark == "sensitive":
            return True
        return self._any([n for n in node.children if n.kind_id == ARGUMENTS], inside=True)

    def _reference(self, nodes: Sequence[Any], inside: bool) -> bool:
        words = [self.text(nodes[0])]
        for node in nodes[1:]:
            if node.kind_id != GET:
                break
            words.append(next(self.text(n) for n in node.children if n.kind_id == IDENTIFIER))
        if len(words) < 2 or self.depth > MAX_DEPTH:
            return False
        module = self.scope.module
        if words[0] == "local" and words[1] in module.locals:
            return self.of(module.locals[words[1]], self.scope, inside)
        if words[0] == "var" and words[1] in module.variables:
            return self._variable(words[1], inside)
        if words[0] == "module" and len(words) > 2:
            return self._output(words[1], words[2], inside)
        return False

    def of(self, attribute: Attribute, scope: Scope, inside: bool) -> bool:
        """The marks of an attribute, which is parsed again: its tree is gone once it is compiled."""
        data = f"x = {attribute.text}\n".encode()
        root = parse_bytes(data)
        if root.has_error or not root.children:
            return False
        reader = _Reader(SourceFile("", "", data).data, scope, self.mark, self.depth + 1)
        return reader.marked(root.children[0].children[0].children[-1], inside=inside)

    def _variable(self, name: str, inside: bool) -> bool:
        declared = self.scope.module.variables[name]
        written = declared.block.body.attributes.get(self.mark)
        if written is not None and written.text == "true":
            return True
        argument = self.scope.arguments.get(name)
        caller = self.scope.parent
        return argument is not None and caller is not None and self.of(argument, caller, inside)

    def _output(self, call: str, output: str, inside: bool) -> bool:
        group: Any = self.scope.module_group(call)
        for instance in group.all()[:1] if hasattr(group, "all") else ():
            inner = instance.scope
            block = inner.module.outputs.get(output) if inner is not None else None
            if block is not None:
                flag, value = block.body.attributes.get(self.mark), block.body.attributes.get("value")
                if flag is not None and flag.text == "true":
                    return True
                return value is not None and self.of(value, inner, inside)
        return False
