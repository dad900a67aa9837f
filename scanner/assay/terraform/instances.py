"""Instances of resources and modules: count, for_each, and what a reference to one of them reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import PartialList, Unknown
from assay.terraform import schema
from assay.terraform import values as v
from assay.terraform.evaluate import NO_NAMES, Env, Scope, add_block, body_values, evaluate_attribute, plain
from assay.terraform.expressions import ON_CONDITION, Configured, Lazy
from assay.terraform.values import EvalError, SetValue

if TYPE_CHECKING:
    from assay.terraform.modules import Module
    from assay.terraform.syntax import Block

MAX_PER_BLOCK = 1_000
UNKNOWN_KEY = "?"


class Expansion:
    """The instance keys of a block: `keys` maps each to what the block sees of it; `doubt` says why nobody can tell."""

    __slots__ = ("cause", "counted", "cut", "doubt", "keys", "single")

    def __init__(self) -> None:
        self.keys: dict[Any, dict[str, Any]] = {}
        self.single = False
        self.counted = False
        self.doubt: Unknown | None = None
        self.cut = 0  # how many there would have been, when the bound was hit
        self.cause = ""


def expand(block: Block, env: Env) -> Expansion:
    """Evaluate `count` or `for_each`."""
    attributes = block.body.attributes
    result = Expansion()
    if "count" in attributes:
        result.counted = True
        _count(result, evaluate_attribute(attributes["count"], env))
    elif "for_each" in attributes:
        _for_each(result, evaluate_attribute(attributes["for_each"], env))
    else:
        result.single = True
        result.keys[None] = NO_NAMES
    if result.doubt is not None:
        result.keys = {UNKNOWN_KEY: _unknown_names(result.doubt, result.counted, block)}
    return result


def _count(result: Expansion, value: Any) -> None:
    if isinstance(value, Unknown):
        result.doubt = value
        return
    try:
        number = v.to_number(value)
    except EvalError as error:
        result.doubt = Unknown(f"Terraform would reject the count: {error}")
        return
    if not isinstance(number, int) or number < 0:
        result.doubt = Unknown(f"Terraform would reject the count {number}: it must be a whole number, 0 or more")
        return
    if number > MAX_PER_BLOCK:
        result.cut, number = number, MAX_PER_BLOCK
    result.cause = "count is 0"
    result.keys = {i: {"count": {"index": i}} for i in range(number)}


def _for_each(result: Expansion, value: Any) -> None:
    if isinstance(value, PartialList):
        value = value.unknown
    if isinstance(value, Unknown):
        result.doubt = value
        return
    if isinstance(value, dict):
        pairs = [(k, value[k]) for k in sorted(value)]
    elif isinstance(value, SetValue) and all(isinstance(k, (str, Unknown)) for k in value):
        pairs = [(k, k) for k in value]
        for key, _ in pairs:
            if isinstance(key, Unknown):
                result.doubt = key
                return
    else:
        what = "null" if value is None else str(v.type_of(value))
        result.doubt = Unknown(f"Terraform would reject the for_each: a map or a set of strings is needed, not {what}")
        return
    if len(pairs) > MAX_PER_BLOCK:
        result.cut = len(pairs)
        del pairs[MAX_PER_BLOCK:]
    result.cause = "for_each is empty"
    result.keys = {k: {"each": {"key": k, "value": x}} for k, x in pairs}


def _unknown_names(doubt: Unknown, counted: bool, block: Block) -> dict[str, Any]:
    place = (block.file.shown, str(block.start))
    if counted:
        index = v.TypedUnknown(doubt.reason, v.NUMBER, ("count", *place), not_null=True)
        return {"count": {"index": index}, ON_CONDITION: _at_most_one(doubt)}
    key = v.TypedUnknown(doubt.reason, v.STRING, ("each", *place, "key"), not_null=True)
    return {"each": {"key": key, "value": Unknown(doubt.reason, ("each", *place, "value"))}}


def _at_most_one(count: Unknown | None) -> Any:
    """The key of a count that is none or one, as a condition decides; None for another."""
    return count.key if isinstance(count, v.TypedUnknown) and count.bounds == (0, 1) else None


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def key_text(key: Any) -> str:
    """The instance key as an address spells it."""
    if key is None:
        return ""
    if key == UNKNOWN_KEY and type(key) is str:
        return "[?]"
    if isinstance(key, int):
        return f"[{key}]"
    escaped = str(key).translate(_ESCAPES).replace("${", "$${").replace("%{", "%%{")
    return f'["{escaped}"]'


class Instances(Lazy):
    """The instances of a block, resource or module: what `x`, `x[0]`, `x["a"]` and `x[*]` mean."""

    __slots__ = ("_expansion", "block", "label", "local", "made", "scope")

    def __init__(self, scope: Scope, block: Block, local: str) -> None:
        self.scope = scope
        self.block = block
        self.local = local  # the address of the whole within its module, without a key
        self.label = scope.prefix(local)
        self.made: dict[Any, Any] = {}
        self._expansion: Expansion | None = None

    @property
    def expansion(self) -> Expansion:
        found = self._expansion
        if found is None:
            what = ("expansion", self.label)
            if what in self.scope.running:
                self.scope.root.cycle(self.scope, self.local, self.block)
                return _cyclic(self.label, self.block)
            self.scope.running.add(what)
            try:
                found = self._expansion = expand(self.block, self.scope.env)
            finally:
                self.scope.running.discard(what)
            if found.cut:
                self.scope.root.cut(self.scope, self.block, self.label, found.cut)
        return found

    def instance(self, key: Any) -> Any:
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = self.make(key, self.expansion.keys[key])
        return found

    if TYPE_CHECKING:  # what every kind of group has

        def make(self, key: Any, names: dict[str, Any]) -> Any:
            """The instance of a key, with the names that its expressions may use."""

    def all(self) -> list[Any]:
        return [self.instance(key) for key in self.expansion.keys]

    def attribute(self, name: str) -> Any:
        expansion = self.expansion
        if expansion.single:
            return self.instance(None).attribute(name)
        if expansion.doubt is not None:
            return v.unknown_like(expansion.doubt)
        if expansion.counted:
            raise EvalError(f"{self.label} has count: {name} is read from one instance, {self.label}[0].{name}")
        return self.index(name)

    def index(self, key: Any) -> Any:
        expansion = self.expansion
        if expansion.single:
            return self.instance(None).index(key)
        if expansion.doubt is not None:
            return self.instance(UNKNOWN_KEY)
        if isinstance(key, Unknown):
            return v.unknown_like(key)
        wanted = v.to_number(key) if expansion.counted else v.to_string(key)
        if wanted not in expansion.keys:
            if expansion.cut:
                return self.instance(next(reversed(expansion.keys)))
            raise EvalError(f"{self.label} has no instance {key_text(wanted)}")
        return self.instance(wanted)

    def members(self, condition: Any = None) -> Any:
        expansion = self.expansion
        if expansion.doubt is not None:
            same = condition is not None and expansion.counted and _at_most_one(expansion.doubt) == condition
            return [self.instance(UNKNOWN_KEY)] if same else v.unknown_like(expansion.doubt)
        return self.all() if expansion.counted else self.instance(None) if expansion.single else self

    def whole(self) -> Any:
        expansion = self.expansion
        if expansion.single:
            return self.instance(None).whole()
        if expansion.doubt is not None:
            return v.unknown_like(expansion.doubt)
        if expansion.counted:
            return [i.whole() for i in self.all()]
        return {key: self.instance(key).whole() for key in expansion.keys}


def _cyclic(label: str, block: Block) -> Expansion:
    result = Expansion()
    result.doubt = Unknown(f"{label} refers to itself", key=("cycle", block.file.shown, label))
    result.keys = {UNKNOWN_KEY: NO_NAMES}
    return result


class Group(Instances):
    """All instances of one resource or data source block."""

    __slots__ = ("name", "type")

    def __init__(self, scope: Scope, block: Block, type_: str, name: str) -> None:
        super().__init__(scope, block, f"{type_}.{name}")
        self.type = type_
        self.name = name

    def make(self, key: Any, names: dict[str, Any]) -> Instance:
        self.scope.budget.instance()
        return Instance(self, key, Env(self.scope, names))

    def attribute(self, name: str) -> Any:
        expansion = self.expansion
        if not (expansion.single or expansion.counted) and expansion.doubt is None:
            raise EvalError(f'{self.label} has for_each: {name} is read from one instance, {self.label}["key"].{name}')
        return super().attribute(name)


class Instance(Lazy):
    """One resource."""

    __slots__ = ("address", "env", "group", "key", "known", "running")

    def __init__(self, group: Group, key: Any, env: Env) -> None:
        self.group = group
        self.key = key
        self.env = env
        self.address = group.label + key_text(key)
        self.known: dict[str, Any] = {}
        self.running: set[str] = set()

    def attribute(self, name: str) -> Any:
        if name not in self.known:
            if name in self.running:
                scope = self.group.scope
                scope.root.cycle(scope, f"{self.group.local}.{name}", self.group.block)
                return Unknown(f"{self.address}.{name} refers to itself", key=("cycle", self.address, name))
            self.running.add(name)
            try:
                self.known[name] = self.read(name)
            finally:
                self.running.discard(name)
        return self.known[name]

    def read(self, name: str) -> Any:
        value = self.configured(name)
        if value is None:
            from assay.terraform.computed import computed

            return computed(self, name)
        return schema.convert(self.group.type, {name: value})[name]

    def configured(self, name: str) -> Any:
        """What the block says of an attribute or of nested blocks of that name; None when nothing."""
        body = self.group.block.body
        attribute = body.attributes.get(name)
        if attribute is not None:
            return evaluate_attribute(attribute, self.env)
        values: dict[str, Any] = {}
        for block in body.blocks:
            if block.kind == name or (block.kind == "dynamic" and block.labels[:1] == (name,)):
                add_block(values, block, self.env)
        found = values.get(name)
        return None if found is None else self._referable(found, name)

    def _referable(self, value: Any, path: str) -> Any:
        """Nested blocks of which an attribute that is not written is a reference."""
        if type(value) is list:
            return [self._referable(x, f"{path}[{i}]") for i, x in enumerate(value)]
        if type(value) is dict:
            made = Configured({k: self._referable(x, f"{path}.{k}") for k, x in value.items()})
            made.missing = lambda name: self.reference(f"{path}.{name}")
            return made
        return value

    def reference(self, attribute: str) -> Any:
        """What the provider will compute: of unknown type, save where every provider has a text."""
        from assay.model import Ref

        found = Ref(self.address, attribute)
        return v.TypedRef(self.address, attribute, v.STRING) if found.is_text else found

    def index(self, key: Any) -> Any:
        if isinstance(key, Unknown):
            return v.unknown_like(key)
        name = v.to_string(key)
        if not isinstance(name, str):
            raise EvalError(f"{self.address} has no attribute {key}")
        return self.attribute(name)

    def members(self, condition: Any = None) -> Any:
        return self

    def whole(self) -> Any:
        from assay.terraform.computed import whole

        return whole(self)

    def values(self) -> dict[str, Any]:
        """Everything the block configures, as a resource carries it."""
        values = body_values(self.group.block.body, self.env, top=True)
        return schema.convert(self.group.type, values)


class ModuleGroup(Instances):
    """All instances of one module call."""

    __slots__ = ("module", "name", "unread")

    def __init__(self, scope: Scope, block: Block, name: str) -> None:
        super().__init__(scope, block, f"module.{name}")
        self.name = name
        found: Module | str = scope.root.called(scope, block, name)
        self.module = None if isinstance(found, str) else found
        self.unread = found if isinstance(found, str) else ""

    def make(self, key: Any, names: dict[str, Any]) -> ModuleInstance:
        return ModuleInstance(self, key, Env(self.scope, names))


class ModuleInstance(Lazy):
    """One instance of a module call; its scope is made when something is asked of it."""

    __slots__ = ("address", "env", "group", "key", "scope")

    def __init__(self, group: ModuleGroup, key: Any, env: Env) -> None:
        self.group = group
        self.key = key
        self.env = env
        self.address = group.label + key_text(key)
        self.scope: Scope | None = None
        if group.module is not None:
            group.scope.budget.instance()
            self.scope = group.scope.root.enter(self, group.module)

    def attribute(self, name: str) -> Any:
        if self.scope is None:
            return Unknown(self.group.unread, key=("module", self.group.scope.place, self.address, name))
        return self.scope.output(name)

    def index(self, key: Any) -> Any:
        if isinstance(key, Unknown):
            return v.unknown_like(key)
        return self.attribute(str(v.to_string(key)))

    def members(self, condition: Any = None) -> Any:
        return self

    def whole(self) -> Any:
        if self.scope is None:
            return Unknown(self.group.unread, key=("module", self.group.scope.place, self.address))
        return {name: self.scope.output(name) for name in self.scope.module.outputs}

    def values(self) -> dict[str, Any]:
        """The values of its variables, with the call's source and version."""
        values: dict[str, Any] = {}
        scope = self.scope
        names = list(scope.module.variables) if scope is not None else []
        for name in names:
            value = scope.variable(name) if scope is not None else None
            if value is not None:
                values[name] = plain(value)
        for name, attribute in self.group.block.body.attributes.items():
            if name in ("source", "version") or (scope is None and name not in ("count", "for_each", "providers")):
                values.setdefault(name, plain(evaluate_attribute(attribute, self.env)))
        if scope is None:
            values["$unread"] = self.group.unread  # no argument has such a name
        return values
