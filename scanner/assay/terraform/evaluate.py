"""A module instance: its variables, locals, resources and module calls, each evaluated when first asked for, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import PartialList, Ref, Undetermined, Unknown
from assay.patterns import pattern
from assay.terraform import values as v
from assay.terraform.syntax import Fault
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from assay.terraform.context import Context
    from assay.terraform.instances import Group, ModuleGroup
    from assay.terraform.modules import Module
    from assay.terraform.root import Root
    from assay.terraform.syntax import Attribute, Block, Body

MAX_STEPS = 2_000_000
MAX_VALUE_STEPS = 200_000
MAX_INSTANCES = 20_000
MAX_ELEMENTS = 200_000
MAX_CHAIN = 400
NO_NAMES: dict[str, Any] = {}


class Exhausted(Exception):
    """A root module needs more than the bounds allow: the sentence says which."""


class Overrun(Exception):
    """One value needs more than the bound allows: it alone is not evaluated."""


class Budget:
    """Counts what a value and a root module cost, so that the same input always stops at the same place."""

    __slots__ = ("chain", "instances", "left", "steps")

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.instances = MAX_INSTANCES
        self.left = MAX_VALUE_STEPS  # of the value under evaluation
        self.chain = 0

    def spend(self, steps: int) -> None:
        self.steps -= steps
        self.left -= steps
        if self.left < 0:
            raise Overrun(f"it needs more than {MAX_VALUE_STEPS:,} evaluation steps, the bound Assay sets")
        if self.steps < 0:
            raise Exhausted(f"the root module needs more than {MAX_STEPS:,} evaluation steps, the bound Assay sets")

    def instance(self) -> None:
        self.instances -= 1
        if self.instances < 0:
            raise Exhausted(f"the root module has more than {MAX_INSTANCES:,} instances, the bound Assay sets")


class Env:
    """Where an expression is evaluated: the module instance, and the names that the block or a `for` binds."""

    __slots__ = ("names", "scope")

    def __init__(self, scope: Scope, names: dict[str, Any]) -> None:
        self.scope = scope
        self.names = names


class Scope:
    """One instance of a module."""

    __slots__ = (
        "address", "arguments", "budget", "call_name", "caller", "calls", "context", "default_tags", "depth", "env",
        "groups", "locals", "module", "outputs", "parent", "root", "running", "variables",
    )  # fmt: skip

    def __init__(self, root: Root, module: Module, context: Context) -> None:
        self.root = root
        self.module = module
        self.context = context
        self.budget = root.budget
        self.address = ""
        self.call_name = ""
        self.depth = 0
        self.parent: Scope | None = None
        self.caller: Env | None = None
        self.arguments: dict[str, Attribute] = {}
        self.env = Env(self, NO_NAMES)
        self.variables: dict[str, Any] = {}
        self.locals: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        self.groups: dict[tuple[str, str], Group | Unknown] = {}
        self.calls: dict[str, ModuleGroup | Unknown] = {}
        self.default_tags: dict[str, Any] = {}
        self.running: set[tuple[str, ...]] = set()

    def close(self) -> None:
        """Let go of everything that refers back here, so that memory returns without the garbage collector."""
        for table in (self.groups, self.calls, self.variables, self.locals, self.outputs):
            table.clear()
        self.caller = self.parent = None
        self.context.scope = None

    def prefix(self, rest: str) -> str:
        return f"{self.address}.{rest}" if self.address else rest

    def call_names(self) -> list[str]:
        """The names of the calls that lead here, without instance keys."""
        return [] if self.parent is None else [*self.parent.call_names(), self.call_name]

    # --- named values

    def variable(self, name: str) -> Any:
        if name not in self.variables:
            self.variables[name] = self._once(("var", name), self._variable)
        return self.variables[name]

    def local(self, name: str) -> Any:
        if name not in self.locals:
            self.locals[name] = self._once(("local", name), self._local)
        return self.locals[name]

    def output(self, name: str) -> Any:
        if name not in self.outputs:
            self.outputs[name] = self._once(("output", name), self._output)
        return self.outputs[name]

    def _once(self, what: tuple[str, str], evaluate: Any) -> Any:
        """Evaluate a named value; one that needs itself is unknown, and said to be a cycle."""
        words = ".".join(what)
        if what in self.running:
            self.root.cycle(self, words)
            return Unknown(f"{self.prefix(words)} refers to itself", key=("cycle", self.root.shown, self.prefix(words)))
        budget = self.budget
        if budget.chain > MAX_CHAIN:
            return self.root.too_far(self, words)
        budget.chain += 1
        self.running.add(what)
        try:
            return evaluate(what[1])
        finally:
            self.running.discard(what)
            budget.chain -= 1

    def _variable(self, name: str) -> Any:
        declared = self.module.variables.get(name)
        if declared is None:
            return self.undeclared(f"var.{name}")
        given = self.arguments.get(name)
        value: Any = None
        if given is not None and self.caller is not None:
            value = evaluate_attribute(given, self.caller)
        elif self.caller is None and self.root.gives(name):
            value = self.root.given(name, declared)
        elif self.caller is None and self.root.given_values.doubt:
            key = ("var", self.place, name)
            return Unknown(f"var.{name}: {self.root.given_values.doubt}", key=key, sensitive=declared.sensitive)
        elif declared.default is None:
            if self.caller is not None:
                sentence = f"the call of {self.address} does not set {name}, which it must"
                return Unknown(sentence, key=("var", self.place, name), sensitive=declared.sensitive)
            return v.retype(
                Unknown(f"var.{name} has no value", key=("var", self.place, name), sensitive=declared.sensitive,
                        not_null=not declared.nullable),
                declared.wanted(),
            )  # fmt: skip
        else:
            return declared.default_value()
        return declared.accept(value)

    @property
    def place(self) -> str:
        """What tells this module instance from every other of the whole scan."""
        return f"{self.root.shown}//{self.address}"

    def _local(self, name: str) -> Any:
        attribute = self.module.locals.get(name)
        return self.undeclared(f"local.{name}") if attribute is None else evaluate_attribute(attribute, self.env)

    def _output(self, name: str) -> Any:
        block = self.module.outputs.get(name)
        if block is None:
            return self.undeclared(f"output.{name}", f"{self.address} has no output {name}")
        attribute = block.body.attributes.get("value")
        return None if attribute is None else evaluate_attribute(attribute, self.env)

    def undeclared(self, reference: str, sentence: str | None = None) -> Unknown:
        reason = sentence or f"{reference} is not declared in the module {self.module.shown or '.'}"
        return Unknown(reason, key=("undeclared", self.module.shown, reference))

    def bare(self, name: str) -> Any:
        """A name that stands alone."""
        raise EvalError(f'"{name}" stands for nothing here: a reference is var.{name}, local.{name} or the like')

    # --- resources and modules

    def group(self, type_: str, name: str) -> Group | Unknown:
        """All instances of a resource (or of a data source, whose type begins with `data.`)."""
        key = (type_, name)
        found = self.groups.get(key)
        if found is None:
            found = self.groups[key] = self._group(type_, name)
        return found

    def _group(self, type_: str, name: str) -> Group | Unknown:
        from assay.terraform.instances import Group

        block = self.module.resources.get((type_, name))
        if block is not None:
            return Group(self, block, type_, name)
        return Undeclared(f"{type_}.{name}", "", self.undeclared(f"{type_}.{name}").reason)

    def module_group(self, name: str) -> ModuleGroup | Unknown:
        found = self.calls.get(name)
        if found is None:
            from assay.terraform.instances import ModuleGroup

            block = self.module.calls.get(name)
            found = self.undeclared(f"module.{name}") if block is None else ModuleGroup(self, block, name)
            self.calls[name] = found
        return found


class Undeclared(Ref):
    """A reference to a resource that is not written here (a snippet, a part of a module): somebody meant a value."""

    __slots__ = ()

    def child(self, step: str | int) -> Unknown:
        attribute = f"{self.attribute}.{step}" if self.attribute else str(step)
        return Undeclared(self.target, attribute, self.reason)


class _Static:
    """Stands in for a module instance where nothing may be referred to: variable defaults, tfvars."""

    context = None

    def __init__(self) -> None:
        self.budget = Budget()
        self.variables: dict[str, Any] = {}
        self.locals: dict[str, Any] = {}

    def refuse(self, *_: object) -> Any:
        raise EvalError("variables and other references may not be used here")

    variable = local = group = module_group = bare = refuse


class _Settings(_Static):
    """Where a provider configuration is named rather than evaluated: `configuration_aliases = [aws.west]`."""

    def group(self, *words: object) -> Any:
        return ".".join(map(str, words))

    bare = group


def static_env(settings: bool = False) -> Env:
    """An environment for expressions that may refer to nothing (in a `terraform` block: to providers)."""
    static: Any = _Settings() if settings else _Static()
    return Env(static, NO_NAMES)


def evaluate_attribute(attribute: Attribute, env: Env) -> Any:
    """The value of an attribute, unknown where Terraform would reject it; bounded in cost and size."""
    budget = env.scope.budget
    budget.spend(1)
    outer, budget.left = budget.left, MAX_VALUE_STEPS
    try:
        value = attribute.evaluate(env)
    except EvalError as error:
        return rejected(attribute, error)
    except Undetermined as doubt:  # something asked an unknown value what only a known one can answer
        return v.unknown_like(doubt.unknown)
    except Overrun as error:
        return bounded(attribute, str(error))
    except RecursionError:
        return bounded(attribute, "it is nested too deeply")
    finally:
        budget.left = outer
    if isinstance(value, (list, dict)):
        size = count_elements(value)
        budget.steps -= size
        if size > MAX_ELEMENTS:
            return bounded(attribute, f"it has more than {MAX_ELEMENTS:,} elements, the bound Assay sets")
    return value


def bounded(attribute: Attribute, why: str) -> Unknown:
    """The unknown in the place of a value that a bound cuts off, which its file is said to have."""
    file = attribute.file
    fault = Fault(file.line(attribute.start), f"{attribute.name} was not evaluated: {why}")
    if fault not in file.faults:
        file.faults.append(fault)
    return Unknown(f"{attribute.name} ({file.shown}:{fault.line}) was not evaluated: {why}")


def rejected(attribute: Attribute, error: EvalError) -> Unknown:
    file = attribute.file
    line = file.line(attribute.start)
    reason = f"Terraform would reject {attribute.name} ({file.shown}:{line}): {error}"
    return Unknown(reason, key=("rejected", file.shown, str(attribute.start), attribute.name))


def count_elements(value: Any) -> int:
    """How many values are in a value, shared ones counted every time; stops just above the bound."""
    count = 0
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, dict):
            inner: Any = current.values()
        else:
            inner = list.__iter__(current)
        for item in inner:
            count += 1
            if isinstance(item, (list, dict)):
                stack.append(item)
        if count > MAX_ELEMENTS:
            break
    return count


# --- bodies -----------------------------------------------------------------------------------------------------------

META = frozenset({"count", "for_each", "provider", "depends_on"})
UNJUDGED = frozenset({"provisioner", "connection"})


def body_values(body: Body, env: Env, top: bool = False) -> dict[str, Any]:
    """The attributes and nested blocks of a body as plain values."""
    values: dict[str, Any] = {}
    for name, attribute in body.attributes.items():
        if top and name in META:
            continue
        value = evaluate_attribute(attribute, env)
        if value is not None:
            values[name] = plain(value)
    for block in body.blocks:
        if top and block.kind in UNJUDGED:
            continue
        if top and block.kind == "lifecycle":
            append_block(values, "lifecycle", lifecycle_values(block.body, env))
            continue
        add_block(values, block, env)
    return values


_NAMES = pattern(r"""[A-Za-z_][\w-]*(?:\.[\w-]+|\[[^\]]*\])*""")


def lifecycle_values(body: Body, env: Env) -> dict[str, Any]:
    """A lifecycle block: what names attributes there is kept as their names."""
    values: dict[str, Any] = {}
    for name, attribute in body.attributes.items():
        if name in ("ignore_changes", "replace_triggered_by"):
            found = _NAMES.findall(attribute.text)
            values[name] = "all" if found == ["all"] else found
        else:
            values[name] = plain(evaluate_attribute(attribute, env))
    return values


def add_block(values: dict[str, Any], block: Block, env: Env) -> None:
    """Append a nested block, or what a dynamic one expands to."""
    if block.kind != "dynamic":
        append_block(values, block.kind, body_values(block.body, env))
    elif block.labels:
        expand_dynamic(values, block, env)


def append_block(values: dict[str, Any], kind: str, item: Any) -> None:
    existing = values.get(kind)
    if isinstance(existing, list):
        existing.append(item)
    else:
        values[kind] = [item]


def expand_dynamic(values: dict[str, Any], block: Block, env: Env) -> None:
    from assay.terraform.syntax import iterator_name

    body = block.body
    kind = block.labels[0]
    attribute = body.attributes.get("for_each")
    over = None if attribute is None else evaluate_attribute(attribute, env)
    pairs = dynamic_pairs(over)
    if isinstance(pairs, Unknown):
        known = values.get(kind, [])
        if not isinstance(known, PartialList):
            values[kind] = PartialList(known, pairs)
        return
    name = iterator_name(block, body)
    contents = body.of("content")
    env.scope.budget.spend(len(pairs))
    for key, value in pairs:
        inner = Env(env.scope, {**env.names, name: {"key": key, "value": value}})
        for content in contents[:1]:
            append_block(values, kind, body_values(content.body, inner))


def dynamic_pairs(over: Any) -> list[tuple[Any, Any]] | Unknown:
    if isinstance(over, Unknown):
        return over
    if isinstance(over, PartialList):
        return over.unknown
    if over is None:
        return Unknown("the for_each of a dynamic block is null, which Terraform rejects")
    try:
        return v.iterate(over)
    except EvalError as error:
        return Unknown(f"Terraform would reject the for_each of a dynamic block: {error}")


_PLAIN = (str, int, bool, float)


def plain(value: Any) -> Any:
    """The value without the evaluator's own collection types; shared where nothing has to change."""
    kind = type(value)
    if kind in _PLAIN or value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        made = {k: plain(x) for k, x in value.items()}
        return value if kind is dict and all(made[k] is x for k, x in value.items()) else made
    if isinstance(value, PartialList):
        return PartialList([plain(x) for x in list.__iter__(value)], value.unknown)
    if isinstance(value, list):
        items = [plain(x) for x in value]
        return value if kind is list and all(a is b for a, b in zip(items, value, strict=True)) else items
    return value
