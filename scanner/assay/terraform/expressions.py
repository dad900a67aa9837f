"""Expressions compiled to closures: each node becomes a function of the environment that gives the value.

Constants stay recognisable (`is_constant`), so that whatever is made of constants alone is computed once.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.patterns import pattern
from assay.terraform import functions
from assay.terraform import values as v
from assay.terraform.syntax import COMMENT, EXPRESSION, IDENTIFIER, VARIABLE, kind
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.terraform.evaluate import Env
    from assay.terraform.syntax import Attribute, SourceFile

    Run = Callable[[Env], Any]

MAX_NESTING = 200

LITERAL, NUMBER, BOOL, NULL, STRING = (
    kind("literal_value"), kind("numeric_lit"), kind("bool_lit"), kind("null_lit"), kind("string_lit"),
)  # fmt: skip
COLLECTION, TUPLE, OBJECT, ELEMENT = kind("collection_value"), kind("tuple"), kind("object"), kind("object_elem")
FOR, FOR_TUPLE, FOR_INTRO, FOR_COND = kind("for_expr"), kind("for_tuple_expr"), kind("for_intro"), kind("for_cond")
ELLIPSIS = kind("ellipsis")
CALL, ARGUMENTS = kind("function_call"), kind("function_arguments")
GET, INDEX, LEGACY, SPLAT, FULL = (
    kind("get_attr"), kind("index"), kind("legacy_index"), kind("splat"), kind("full_splat"),
)  # fmt: skip
TEMPLATE = kind("template_expr")
POSTFIX = {GET, INDEX, SPLAT}


def constant(value: Any) -> Run:
    """A closure that gives the same value always."""

    def run(env: Env) -> Any:
        return value

    return run


_CONSTANT = constant(None).__code__


def is_constant(run: Run) -> bool:
    return getattr(run, "__code__", None) is _CONSTANT


def value_of(run: Run) -> Any:
    """The value of a constant closure."""
    cells: Any = run.__closure__
    return cells[0].cell_contents


def raising(sentence: str) -> Run:
    def run(env: Env) -> Any:
        raise EvalError(sentence)

    return run


def compile_attribute(attribute: Attribute) -> Run:
    """The closure of an attribute's expression; a bound hit makes one that says so."""
    run = Compiler(attribute.file, attribute.bound).expression(attribute.node)
    if not attribute.file.kept:
        attribute.node = None
    return run


def step_into(value: Any, name: str) -> Any:
    """`value.name`, on plain values and on resources and modules that are evaluated only as far as they are asked."""
    if isinstance(value, Lazy):
        return value.attribute(name)
    if isinstance(value, Configured) and name not in value:
        return value[name]
    return v.attribute(value, name)


def index_into(value: Any, key: Any) -> Any:
    if isinstance(value, Lazy):
        return value.index(key)
    if isinstance(value, Configured) and isinstance(key, str) and key not in value:
        return value[key]
    return v.index(value, key)


def settled(value: Any) -> Any:
    """A plain value in place of a lazily evaluated one."""
    return value.whole() if isinstance(value, Lazy) else value


ON_CONDITION = "$condition"
"""Among the names of an instance: the key of its unknown count. No name of Terraform's begins like this."""


class Lazy:
    """A resource or module, or the group of its instances: evaluated only as far as an expression asks."""

    __slots__ = ()

    if TYPE_CHECKING:  # what every kind of it has

        def attribute(self, name: str) -> Any: ...

        def index(self, key: Any) -> Any: ...

        def members(self, condition: Any = None) -> Any:
            """What a splat goes over: a list of instances, a single one, or an unknown.

            `condition` is the key of the unknown count of the block that asks, if it has one: what has the same is
            there when the block is.
            """

        def whole(self) -> Any: ...


class Configured(dict[str, Any]):
    """The configured attributes of a resource as an object: what is not configured is a reference, not an error."""

    __slots__ = ("missing",)

    missing: Callable[[str], Any]

    def __missing__(self, key: str) -> Any:
        return self.missing(key)


SHORT = 120
_TEXT = rb'"([ !#&-\[\]-~]*)"'
_PLAIN = pattern(_TEXT + rb"|(true|false|null)")
_WORDS = {b"true": True, b"false": False, b"null": None}
"""Most expressions of most files are a short text or a word: that is seen without a walk through their nodes."""
FLAT = 2_000
_PAIR = rb"(?:([A-Za-z_][\w-]*)|" + _TEXT + rb")[ \t]*[=:][ \t]*" + _TEXT
_FLAT = pattern(rb"\{\s*(?:" + _PAIR + rb"[ \t]*(?:,\s*|\r?\n\s*|(?=\})))*\}")
_FLAT_PAIR = pattern(_PAIR)
"""So are most objects: tags."""


class Compiler:
    """Compiles the expressions of one attribute: knows its file and the names that `for` and `dynamic` bind."""

    __slots__ = ("bound", "data", "depth", "file")

    def __init__(self, file: SourceFile, bound: frozenset[str], depth: int = 0) -> None:
        self.file = file
        self.data = file.data
        self.bound = bound
        self.depth = depth

    def text(self, node: Any) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    def within(self, names: Sequence[str]) -> Compiler:
        return Compiler(self.file, self.bound.union(names), self.depth)

    def expression(self, node: Any) -> Run:
        """An `expression` node, or any sequence of siblings that form one."""
        start, end = node.start_byte, node.end_byte
        if end - start < SHORT:
            plain = _PLAIN.fullmatch(self.data, start, end)
            if plain is not None:
                return constant(_WORDS[plain[2]] if plain[1] is None else plain[1].decode())
        self.depth += 1
        if self.depth > MAX_NESTING:
            line = self.file.line(node.start_byte)
            self.depth -= 1
            return raising(f"the expression on line {line} is nested deeper than {MAX_NESTING} levels")
        run = self.sequence(node.children)
        self.depth -= 1
        return run

    def sequence(self, nodes: Sequence[Any]) -> Run:
        if len(nodes) == 1:
            return self.single(nodes[0])
        if nodes[0].kind_id == VARIABLE:
            steps = [n for n in nodes[1:] if n.kind_id in POSTFIX]
            if len(steps) == len(nodes) - 1:
                return self.postfix(nodes[0], steps)
        return self.operators(nodes)

    def single(self, node: Any) -> Run:
        found = node.kind_id
        if found == LITERAL:
            return self.literal(node.children[0])
        if found == TEMPLATE:
            from assay.terraform.templates import compile_template

            return compile_template(self, node.children[0])
        if found == VARIABLE:
            return self.postfix(node, ())
        if found == CALL:
            return self.call(node)
        if found == COLLECTION:
            inner = node.children[0]
            return self.tuple_of(inner) if inner.kind_id == TUPLE else self.object_of(inner)
        if found == FOR:
            return self.for_expression(node.children[0])
        if found == EXPRESSION:
            return self.expression(node)
        return self.operators([node])

    def operators(self, nodes: Sequence[Any]) -> Run:
        from assay.terraform.operators import Operators

        return Operators(self, nodes).parse()

    def literal(self, node: Any) -> Run:
        found = node.kind_id
        if found == STRING or self.data[node.start_byte] == 0x22:  # a number may stand in for a text
            from assay.terraform.templates import plain_text

            return constant(plain_text(self.data[node.start_byte + 1 : node.end_byte - 1]))
        if found == NUMBER:
            try:
                return constant(v.parse_number(self.text(node)))
            except ValueError as error:
                return raising(str(error))
        if found == BOOL:
            return constant(self.data[node.start_byte] == 0x74)
        return constant(None)

    # --- collections

    def tuple_of(self, node: Any) -> Run:
        items = [self.expression(n) for n in node.children if n.kind_id == EXPRESSION]
        if all(map(is_constant, items)):
            return constant([value_of(i) for i in items])
        return lambda env: [item(env) for item in items]

    def object_of(self, node: Any) -> Run:
        start, end = node.start_byte, node.end_byte
        if end - start < FLAT and _FLAT.fullmatch(self.data, start, end):
            found = _FLAT_PAIR.findall(self.data, start, end)
            return constant({(name or quoted).decode(): value.decode() for name, quoted, value in found})
        elements = [n for n in node.children if n.kind_id == ELEMENT]
        for before, after in pairwise(elements):
            gap = self.data[before.end_byte : after.start_byte]
            if b"," not in gap and b"\n" not in gap:  # the grammar does not mind
                return raising("a comma or a new line must stand between the elements of an object")
        pairs = [self.element(n) for n in elements]
        if all(is_constant(k) and is_constant(x) for k, x in pairs):
            return constant({value_of(k): value_of(x) for k, x in pairs})
        if all(is_constant(k) for k, _ in pairs):
            fixed = [(value_of(k), x) for k, x in pairs]
            return lambda env: {k: x(env) for k, x in fixed}

        def run(env: Env) -> Any:
            result: dict[str, Any] = {}
            doubt = None
            for key, item in pairs:
                name = key(env)
                if isinstance(name, Unknown):
                    doubt = name
                    continue
                result[object_key(name)] = item(env)
            return result if doubt is None else v.unknown_like(doubt)

        return run

    def element(self, node: Any) -> tuple[Run, Run]:
        key, value = [n for n in node.children if n.kind_id == EXPRESSION]
        inner = [n for n in key.children if n.kind_id != COMMENT]
        if len(inner) == 1 and (inner[0].kind_id == VARIABLE or self._keyword(inner[0])):  # a bare name is its own text
            return constant(self.text(inner[0])), self.expression(value)
        if inner[0].kind_id == VARIABLE:
            text = self.text(key)
            return raising(f"the key {text} is ambiguous: write ({text}) or a text in quotes"), self.expression(value)
        name = self.expression(key)
        if is_constant(name):
            try:
                name = constant(object_key(value_of(name)))
            except EvalError as error:
                name = raising(str(error))
        return name, self.expression(value)

    @staticmethod
    def _keyword(node: Any) -> bool:
        """Whether a key is `true`, `false` or `null`: names like any other there."""
        return node.kind_id == LITERAL and node.children[0].kind_id in (BOOL, NULL)

    # --- for expressions

    def for_expression(self, node: Any) -> Run:
        intro = next(n for n in node.children if n.kind_id == FOR_INTRO)
        names, source = self.intro(intro)
        inner = self.within(names)
        parts = [inner.expression(n) for n in node.children if n.kind_id == EXPRESSION]
        tests = [n for n in node.children if n.kind_id == FOR_COND]
        test = inner.condition(tests[0]) if tests else None
        from assay.terraform.loops import for_object, for_tuple

        if node.kind_id == FOR_TUPLE:
            return for_tuple(names, source, parts[0], test)
        grouped = any(n.kind_id == ELLIPSIS for n in node.children)
        return for_object(names, source, parts[0], parts[1], test, grouped)

    def intro(self, node: Any) -> tuple[list[str], Run]:
        """The names that `for ... in` binds, and the collection."""
        names = [self.text(n) for n in node.children if n.kind_id == IDENTIFIER]
        source = next(n for n in node.children if n.kind_id == EXPRESSION)
        return names, self.expression(source)

    def condition(self, node: Any) -> Run:
        return self.expression(next(n for n in node.children if n.kind_id == EXPRESSION))

    # --- function calls

    def call(self, node: Any) -> Run:
        parts = node.children
        name = self.text(parts[0])
        listed = next((n for n in parts if n.kind_id == ARGUMENTS), None)
        nodes = [n for n in listed.children if n.kind_id == EXPRESSION] if listed is not None else []
        if name in ("try", "can"):
            from assay.terraform.attempts import compile_attempt

            return compile_attempt(self, name, nodes)
        if name in ("issensitive", "ephemeralasnull") and len(nodes) == 1:
            from assay.terraform.marks import compile_marked

            return compile_marked(self, name, nodes[0])
        if name == "templatestring" and nodes and nodes[0].children[0].kind_id != VARIABLE:
            return raising("templatestring() takes a reference to a text, not an expression")
        if "::" in name and not name.startswith("core::"):
            sentence = f"{name}() belongs to a provider, which Assay does not run"
            return lambda env: Unknown(sentence)
        name = name.removeprefix("core::")
        arguments = [self.expression(n) for n in nodes]
        if listed is not None and any(n.kind_id == ELLIPSIS for n in listed.children):
            return _spread_call(name, arguments)

        def run(env: Env) -> Any:
            scope = env.scope
            scope.budget.spend(1)
            return functions.call(name, [a(env) for a in arguments], scope.context)

        return run

    # --- references and what follows them

    def postfix(self, head: Any, steps: Sequence[Any]) -> Run:
        """A term with the attributes, indexes and splats after it."""
        if head.kind_id == VARIABLE:
            name = self.text(head)
            if name in self.bound:
                return self.chain(lambda env: env.names[name], steps)
            from assay.terraform.references import compile_reference

            return compile_reference(self, name, steps)
        run = self.expression(head) if head.kind_id == EXPRESSION else self.single(head)
        return self.chain(run, steps)

    def chain(self, run: Run, nodes: Sequence[Any]) -> Run:
        """`run` with the steps applied one after the other."""
        if not nodes:
            return run
        steps = self.steps(nodes)
        if len(steps) == 1:
            only = steps[0]
            return lambda env: settled(only(run(env), env))

        def apply(env: Env) -> Any:
            value = run(env)
            for step in steps:
                value = step(value, env)
            return value.whole() if isinstance(value, Lazy) else value

        return apply

    def steps(self, nodes: Sequence[Any]) -> list[Callable[[Any, Env], Any]]:
        result: list[Callable[[Any, Env], Any]] = []
        for i, node in enumerate(nodes):
            found = node.kind_id
            if found == GET:
                result.append(_getter(self.text(node.children[-1])))
            elif found == INDEX:
                result.append(self.indexer(node.children[0]))
            else:
                inner = node.children[0]
                following = [n for n in inner.children if n.kind_id in POSTFIX]
                if inner.kind_id == FULL:
                    result.append(_splatter(self.steps([*following, *nodes[i + 1 :]])))
                    break
                # An attribute-only splat takes the attributes alone: an index applies to the finished list.
                names = [n for n in following if n.kind_id == GET]
                cut = next((j for j, n in enumerate(following) if n.kind_id != GET), len(following))
                result.append(_splatter(self.steps(names[:cut])))
                result.extend(self.steps([*following[cut:], *nodes[i + 1 :]]))
                break
        return result

    def indexer(self, node: Any) -> Callable[[Any, Env], Any]:
        if node.kind_id == LEGACY:
            position = int(self.text(node)[1:])
            return lambda value, env: index_into(value, position)
        key = self.expression(next(n for n in node.children if n.kind_id == EXPRESSION))
        if is_constant(key):
            fixed = value_of(key)
            return lambda value, env: index_into(value, fixed)
        return lambda value, env: index_into(value, key(env))


def object_key(name: Any) -> str:
    """The text of an object's key; only strings, numbers and booleans have one."""
    if type(name) is str:
        return name
    if name is None:
        raise EvalError("an object's key cannot be null")
    text = v.to_string(name)
    if isinstance(text, str):
        return text
    raise EvalError("an object's key must be a string")


def _getter(name: str) -> Callable[[Any, Env], Any]:
    return lambda value, env: step_into(value, name)


def _splatter(steps: list[Callable[[Any, Env], Any]]) -> Callable[[Any, Env], Any]:
    def splat(value: Any, env: Env) -> Any:
        def each(item: Any) -> Any:
            for step in steps:
                item = step(item, env)
            return settled(item)

        if isinstance(value, Lazy):
            value = value.members(env.names.get(ON_CONDITION))
        if isinstance(value, list):
            env.scope.budget.spend(list.__len__(value))
        return v.splat(value, each)

    return splat


def _spread_call(name: str, arguments: list[Run]) -> Run:
    def run(env: Env) -> Any:
        env.scope.budget.spend(1)
        given = [a(env) for a in arguments]
        last = given.pop()
        if isinstance(last, Unknown):
            return v.unknown_like(last)
        if not isinstance(last, list):
            raise EvalError(f"the last argument of {name}(...) must be a list to be expanded")
        return functions.call(name, [*given, *list.__iter__(last)], env.scope.context)

    return run


def truth(value: Any, what: str) -> Any:
    """A boolean, converted as Terraform does; an Unknown passes."""
    if value is True or value is False or isinstance(value, Unknown):
        return value
    if value is None:
        raise EvalError(f"{what} cannot be null")
    return v.to_bool(value)
