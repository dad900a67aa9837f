"""Random Terraform modules that Terraform mostly accepts: expressions are grown by type from what is in scope.

A module is a list of blocks, each a text of its own, so that a failing one can be made small by leaving blocks out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn

STRINGS = ['""', '"a"', '"b"', '"Ab c"', '"é"', '"x-y"', '"10"', '"true"', '"a,b"', '"l\\nm"', '"$${x}"', '"%"']
NUMBERS = ["0", "1", "2", "3", "-1", "10", "2.5", "0.1", "100", "1e3"]
LEAVES = {"str": STRINGS, "num": NUMBERS, "bool": ["true", "false"]}
SCALARS = ("str", "num", "bool")
TYPES = (*SCALARS, "list str", "list num", "map str", "map num", "set str", "obj")
UNKNOWN = {"str": ["terraform_data.u.id", "terraform_data.u.output.s"], "num": ["terraform_data.u.output.n"]}

# An object of the one shape there is: `{ name = string, size = number, on = bool }`.
OBJECT_FIELDS = {"name": "str", "size": "num", "on": "bool"}
HCL_TYPES = {
    "str": "string",
    "num": "number",
    "bool": "bool",
    "list str": "list(string)",
    "list num": "list(number)",
    "map str": "map(string)",
    "map num": "map(number)",
    "set str": "set(string)",
    "obj": "object({ name = string, size = optional(number, 7), on = optional(bool, true) })",
}


class Name(NamedTuple):
    text: str
    type: str
    known: bool


class Scope(NamedTuple):
    names: tuple[Name, ...]
    unknown: bool
    """Whether an unknown value may be named here: what decides how many instances there are must be known."""

    def of(self, type_: str) -> list[str]:
        return [n.text for n in self.names if n.type == type_ and (n.known or self.unknown)]

    def with_names(self, *names: Name) -> Scope:
        return Scope((*self.names, *names), self.unknown)

    def known_only(self) -> Scope:
        return Scope(self.names, unknown=False)


class Expression:
    """Grows one expression; `loops` numbers the variables of nested for expressions, so that none shadows another."""

    def __init__(self, draw: DrawFn, scope: Scope) -> None:
        self.draw = draw
        self.scope = scope
        self.loops = 0

    def pick(self, options: list[str]) -> str:
        return self.draw(st.sampled_from(options))

    def once_in(self, n: int) -> bool:
        return self.draw(st.integers(1, n)) == n

    def leaf(self, type_: str) -> str:
        options = self.scope.of(type_)
        if self.scope.unknown and type_ in UNKNOWN and self.once_in(6):
            return self.pick(UNKNOWN[type_])
        if options and not self.once_in(3):
            return self.pick(options)
        if type_ in LEAVES:
            return self.pick(LEAVES[type_])
        return self.literal(type_)

    def literal(self, type_: str) -> str:
        if type_ == "obj":
            return "{ " + ", ".join(f"{key} = {self.leaf(t)}" for key, t in OBJECT_FIELDS.items()) + " }"
        kind, item = type_.split()
        items = [self.leaf(item) for _ in range(self.draw(st.integers(0, 3)))]
        if kind == "map":
            return "{ " + ", ".join(f"k{i} = {text}" for i, text in enumerate(items)) + " }"
        return f"toset([{', '.join(items)}])" if kind == "set" else f"[{', '.join(items)}]"

    def grow(self, type_: str, depth: int) -> str:
        if depth <= 0:
            return self.leaf(type_)
        common = ["? :", "try", "paren", "leaf"]
        shapes = [*SHAPES.get(type_, []), *(SHAPES[type_.split()[0]] if " " in type_ else [])]
        choice = self.pick([*shapes, *shapes, *common])
        if choice == "leaf":
            return self.leaf(type_)
        if choice == "paren":
            return f"({self.grow(type_, depth - 1)})"
        if choice == "try":
            return f"try({self.grow(type_, depth - 1)}, {self.leaf(type_)})"
        if choice == "? :":
            test = self.grow("bool", depth - 1)
            return f"({test} ? {self.grow(type_, depth - 1)} : {self.grow(type_, depth - 1)})"
        return self.fill(choice, type_, depth - 1)

    def fill(self, shape: str, type_: str, depth: int) -> str:
        """A shape with its `<type>` holes filled; `<T>` is the item type."""
        item = type_.split()[1] if " " in type_ else type_
        if shape.startswith("for "):
            return self.loop(shape, item, depth)
        text = shape
        while "<" in text:
            before, _, rest = text.partition("<")
            hole, _, after = rest.partition(">")
            # Whether objects are equal of which a part is unknown, terraform answers by chance (Go's order of maps).
            grower = Expression(self.draw, self.scope.known_only()) if hole.startswith("known ") else self
            filled = grower.grow(hole.removeprefix("known ").replace("T", item), depth)
            # What has been filled in may hold a "<" of its own.
            text = before.replace("<", "\0") + filled.replace("<", "\0") + after
        return text.replace("\0", "<").replace("LT", "<").replace("GT", ">")

    def loop(self, shape: str, item: str, depth: int) -> str:
        self.loops += 1
        key, value = f"i{self.loops}", f"v{self.loops}"
        over = self.pick(["list str", "list num", "map str", "map num", "set str"])
        kind, inner = over.split()
        source = self.grow(over, depth)
        known = not self.scope.unknown
        names = [Name(value, inner, known)]
        head = value
        if self.draw(st.booleans()):
            names.append(Name(key, {"list": "num", "map": "str", "set": "str"}[kind], known))
            head = f"{key}, {value}"
        inside = Expression(self.draw, self.scope.with_names(*names))
        inside.loops = self.loops
        body = inside.grow(item, depth - 1)
        test = f" if {inside.grow('bool', depth - 1)}" if self.once_in(3) else ""
        if shape == "for list":
            return f"[for {head} in {source} : {body}{test}]"
        if shape == "for group":
            return f"{{ for {head} in {source} : {inside.leaf('str')} => {body}...{test} }}"
        return f'{{ for {key}, {value} in {source} : "k${{{key}}}" => {body}{test} }}'


# fmt: off
SHAPES: dict[str, list[str]] = {
    "num": [
        "<num> + <num>", "<num> - <num>", "<num> * <num>", "<num> / 4", "<num> / 3", "<num> % 7", "-<num>",
        "length(<list str>)", "length(<str>)", "length(<map num>)", "length(<set str>)",
        "max(<num>, <num>)", "min(<num>, <num>)", "floor(<num>)", "ceil(<num>)", "abs(<num>)",
        "sum(concat([1], <list num>))", "lookup(<map num>, <str>, <num>)", "element(concat([1], <list num>), 1)",
        "try(<list num>[0], <num>)", "<obj>.size", "[<num>, <num>][1]", "try(index(<list str>, <str>), -1)",
        "tonumber(<num>)", "one([<num>])",
    ],
    "str": [
        '"${<str>}-${<num>}"', '"x${<str>}"', '"%{ if <bool> }${<str>}%{ else }no%{ endif }"',
        '"%{ for e in <list str> }[${e}]%{ endfor }"', "upper(<str>)", "lower(<str>)", "title(<str>)", "strrev(<str>)",
        'replace(<str>, "a", <str>)', 'replace(<str>, "/[a-b]+/", "$0$0")', "trimspace(<str>)", "substr(<str>, 0, 2)",
        'join(",", <list str>)', 'join("", <list num>)', 'format("%s|%s", <str>, <num>)', 'format("%5s", <str>)',
        "tostring(<num>)", "tostring(<bool>)", "jsonencode(<list num>)", "jsonencode(<map str>)", "jsonencode(<obj>)",
        "md5(<str>)", 'element(concat(["e"], <list str>), 2)', 'coalesce(<str>, "z")', "<obj>.name",
        'lookup(<map str>, <str>, "none")', 'try(<list str>[1], "none")', "trimprefix(<str>, <str>)",
        "base64encode(<str>)", "indent(2, <str>)", 'try(regex("[a-z]+", <str>), "none")', "yamlencode(<list str>)",
    ],
    "bool": [
        "<num> LT <num>", "<num> GT= <num>", "<num> == <num>", "<str> == <str>", "<str> != <str>", "!<bool>",
        "<bool> && <bool>", "<bool> || <bool>", "contains(<list str>, <str>)", "contains(<list num>, <num>)",
        "startswith(<str>, <str>)", "endswith(<str>, <str>)", "strcontains(<str>, <str>)", "can(tonumber(<str>))",
        "alltrue([<bool>, <bool>])", "anytrue([<bool>, <bool>])", "<list str> == <list str>",
        "<known map num> == <known map num>", "<known obj> == <known obj>", "<str> == null", "<obj>.on",
        "length(<list str>) GT 0", "<set str> == <set str>",
    ],
    "list": [
        "[<T>, <T>]", "concat(<list T>, <list T>)", "reverse(<list T>)", "distinct(<list T>)", "values(<map T>)",
        "tolist(<list T>)", "flatten([<list T>, [<list T>]])", "slice(concat([<T>, <T>], <list T>), 1, 2)",
        "for list", "for list", "[{ a = <T> }, { a = <T> }][*].a", "[<T>][*]", "try(chunklist(<list T>, 2)[0], [])",
        "coalescelist(concat([<T>], <list T>), [<T>])", 'matchkeys([<T>, <T>], ["a", "b"], [<str>])',
        "[for s in setproduct([<T>], [<T>, <T>]) : s[1]]",
    ],
    "set": [
        "toset(<list T>)", "setunion(<set T>, <set T>)", "setintersection(<set T>, <set T>)",
        "setsubtract(<set T>, <set T>)", "toset(keys(<map T>))", "toset(<list T>)", 'toset(split(",", <str>))',
    ],
    "map": [
        "{ a = <T>, b = <T> }", "merge(<map T>, <map T>)", "merge(<map T>, { a = <T> })", "for map", "for map",
        '{ (<str>) = <T>, "q q" = <T> }', 'zipmap(["p", "q"], [<T>, <T>])', "tomap({ a = <T>, b = <T> })",
        '{ for p in [["x", <T>], ["y", <T>]] : p[0] => p[1] }', "{ for k, v in <map T> : upper(k) => v }",
    ],
    "list str": [  # beside what every list has
        "keys(<map num>)", 'split(",", <str>)', "sort(<list str>)", "compact(<list str>)", "tolist(<set str>)",
        "[for e in <set str> : e]", 'formatlist("%s-%s", <list str>, <str>)',
        "concat(<list str>, [<str>])", "keys({ (<str>) = <num> })", "<obj>[*].name",
    ],
    "obj": ["{ name = <str>, size = <num>, on = <bool> }", "merge(<obj>, { size = <num> })", "[<obj>, <obj>][0]"],
}
# fmt: on

SPELLED: dict[str, dict[str, list[str]]] = {
    # Defaults that the declared type has to convert.
    "str": {"string": ["5", "true", '"s"']},
    "num": {"number": ['"3"', "4", "1.5"]},
    "bool": {"bool": ['"true"', "false"]},
    "list str": {"list(string)": ['["b", 1, true]', "[]", '["x"]'], "list(any)": ['["p", "q"]']},
    "list num": {"list(number)": ['["1", 2]', "[3, 3, 1]"]},
    "map str": {"map(string)": ['{ a = 1, b = "x" }', "{}"]},
    "map num": {"map(number)": ['{ a = "1", z = 2.5 }', "{ k0 = 9 }"]},
    "set str": {"set(string)": ['["b", "a", "b"]', "[]", "[10, 9]"]},
    "obj": {HCL_TYPES["obj"]: ['{ name = "o" }', '{ name = 1, size = "2", on = null }', '{ name = "n", extra = 1 }']},
}


class Module(NamedTuple):
    root: tuple[str, ...]
    child: tuple[str, ...]

    def files(self) -> dict[str, str]:
        files = {"main.tf": "\n".join(self.root)}
        called = any(
            block.startswith('module "child"') for block in self.root
        )  # uncalled it would be a root of its own
        return files | {"child/main.tf": "\n".join(self.child)} if called else files

    def without(self, index: int) -> Module:
        """The module less one block; a child's blocks count on from the root's."""
        root, child, n = self.root, self.child, len(self.root)
        if index < n:
            return Module((*root[:index], *root[index + 1 :]), child)
        return Module(root, (*child[: index - n], *child[index - n + 1 :]))

    def blocks(self) -> int:
        return len(self.root) + len(self.child)


SEED = 'resource "terraform_data" "u" {\n  input = { s = "seed", n = 4 }\n}\n'


def _variables(draw: DrawFn, names: list[Name], how_many: int, prefix: str) -> list[str]:
    blocks = []
    for i in range(how_many):
        type_ = draw(st.sampled_from(TYPES))
        spelled, defaults = draw(st.sampled_from(sorted(SPELLED[type_].items())))
        name = f"{prefix}{i}"
        default = draw(st.sampled_from(defaults))
        blocks.append(f'variable "{name}" {{\n  type    = {spelled}\n  default = {default}\n}}\n')
        names.append(Name(f"var.{name}", type_, known=True))
    return blocks


def _locals(draw: DrawFn, names: list[Name], how_many: int) -> list[str]:
    blocks = []
    for i in range(how_many):
        type_, known = draw(st.sampled_from(TYPES)), draw(st.booleans())
        text = Expression(draw, Scope(tuple(names), unknown=not known)).grow(type_, 3)
        blocks.append(f"locals {{\n  l{i} = {text}\n}}\n")
        names.append(Name(f"local.l{i}", type_, known))
    return blocks


def _resource(draw: DrawFn, names: list[Name], label: str) -> str:
    scope = Scope(tuple(names), unknown=True)
    head, extra = "", list[Name]()
    repeat = draw(st.sampled_from(["", "", "", "count", "map", "set"]))
    if repeat == "count":
        head = f"  count = max(0, min(3, floor({Expression(draw, scope.known_only()).grow('num', 1)})))\n"
        extra = [Name("count.index", "num", known=True)]
    elif repeat:
        type_ = "set str" if repeat == "set" else draw(st.sampled_from(["map str", "map num"]))
        source = Expression(draw, scope.known_only()).grow(type_, 2)
        head = f"  for_each = {source}\n"
        extra = [Name("each.key", "str", known=True), Name("each.value", type_.split()[1], known=True)]
    body = Expression(draw, scope.with_names(*extra)).grow(draw(st.sampled_from(TYPES)), 4)
    return f'resource "terraform_data" "{label}" {{\n{head}  input = {body}\n}}\n'


def _child(draw: DrawFn) -> tuple[list[str], list[Name], list[Name]]:
    """The blocks of a child module, the variables it takes and the outputs it gives."""
    names: list[Name] = []
    blocks = [SEED, *_variables(draw, names, draw(st.integers(1, 3)), "c")]
    # What a caller passes may be unknown, whatever the default is.
    taken = list(names)
    names[:] = [Name(n.text, n.type, known=False) for n in names]
    blocks += _locals(draw, names, 1)
    blocks.append(_resource(draw, names, "in_child"))
    given = []
    for i in range(draw(st.integers(1, 2))):
        type_ = draw(st.sampled_from(TYPES))
        text = Expression(draw, Scope(tuple(names), unknown=True)).grow(type_, 2)
        blocks.append(f'output "o{i}" {{\n  value = {text}\n}}\n')
        given.append(Name(f"o{i}", type_, known=False))
    return blocks, taken, given


def _call(draw: DrawFn, names: list[Name], taken: list[Name], given: list[Name]) -> str:
    scope = Scope(tuple(names), unknown=True)
    repeat = draw(st.sampled_from(["", "count = 2", 'for_each = { x = "1", y = "2" }']))
    extra = {"": [], "c": [Name("count.index", "num", True)], "f": [Name("each.key", "str", True)]}[repeat[:1]]
    passed = ""
    for variable in taken:
        if draw(st.booleans()):
            text = Expression(draw, scope.with_names(*extra)).grow(variable.type, 2)
            passed += f"  {variable.text.removeprefix('var.')} = {text}\n"
    reach = {"": "module.child.{}", "c": "module.child[1].{}", "f": 'module.child["y"].{}'}[repeat[:1]]
    names += [Name(reach.format(output.text), output.type, known=False) for output in given]
    return f'module "child" {{\n  source = "./child"\n  {repeat}\n{passed}}}\n'


@st.composite
def modules(draw: DrawFn) -> Module:
    names: list[Name] = []
    root = [SEED, *_variables(draw, names, draw(st.integers(2, 4)), "v")]
    root += _locals(draw, names, draw(st.integers(1, 3)))
    child: list[str] = []
    if draw(st.integers(0, 2)) == 0:
        child, taken, given = _child(draw)
        root.append(_call(draw, names, taken, given))
    root += _locals_after(draw, names)
    root += [_resource(draw, names, f"r{i}") for i in range(draw(st.integers(2, 4)))]
    return Module(tuple(root), tuple(child))


def _locals_after(draw: DrawFn, names: list[Name]) -> list[str]:
    type_ = draw(st.sampled_from(TYPES))
    text = Expression(draw, Scope(tuple(names), unknown=True)).grow(type_, 3)
    names.append(Name("local.last", type_, known=False))
    return [f"locals {{\n  last = {text}\n}}\n"]


def smallest(module: Module, still_wrong: Callable[[Module], bool], tries: int = 40) -> Module:
    """The module with every block left out that the disagreement does not need."""
    index = module.blocks() - 1
    while index >= 0 and tries:
        candidate = module.without(index)
        tries -= 1
        if still_wrong(candidate):
            module = candidate
        index -= 1
    return module
