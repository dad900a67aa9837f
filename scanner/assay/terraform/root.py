"""One root module: its variables' values, its modules entered, and everything it declares poured out as resources."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from assay.model import Resource, Unknown
from assay.terraform.context import Context
from assay.terraform.evaluate import MAX_CHAIN, Budget, Exhausted, Scope, body_values, plain, static_env
from assay.terraform.places import layers_of
from assay.terraform.trace import BlockOrigin, FileOrigin, Frame, Sources

if TYPE_CHECKING:
    from assay.model import Intake
    from assay.terraform.instances import Group, Instance, ModuleInstance
    from assay.terraform.modules import Loader, Module, Variable
    from assay.terraform.syntax import Block
    from assay.terraform.variables import Given

MAX_DEPTH = 32


class Root:
    """The evaluation of one root module."""

    __slots__ = (
        "_kinds", "budget", "directory", "empty", "given_values", "intake", "loader", "module", "problems", "reached",
        "scopes", "shown", "sources", "total", "workspace",
    )  # fmt: skip

    directory: str

    def __init__(
        self, module: Module, loader: Loader, sources: Sources, intake: Intake, given: Given, workspace: str
    ) -> None:
        self.module = module
        self.sources = sources
        self.directory = module.directory
        self.shown = module.shown
        self.loader = loader
        self.intake = intake
        self.given_values = given
        self.workspace = workspace
        self.budget = Budget()
        self.problems: dict[str, tuple[str, int | None]] = {}  # sentence -> file and line
        self.reached: set[str] = {module.directory}
        self.empty: Counter[str] = Counter()
        self.total = 0
        self.scopes: list[Scope] = []
        self._kinds: set[str] = set()

    # --- variables

    def gives(self, name: str) -> bool:
        return name in self.given_values.values

    def given(self, name: str, declared: Variable) -> Any:
        return self.given_values.value(name, declared)

    # --- modules

    def called(self, scope: Scope, block: Block, name: str) -> Module | str:
        """The module that a call names, or the sentence that says why it was not read."""
        found = self.loader.resolve(self, scope, block, name)
        if isinstance(found, str):
            return found
        self.reached.add(found.directory)
        label = scope.prefix(f"module.{name}")
        above: Scope | None = scope
        while above is not None:
            if above.module.directory == found.directory:
                sentence = f"{label} calls the module it is part of, without end; it was not followed"
                self.problem(block, sentence)
                return sentence
            above = above.parent
        if scope.depth >= MAX_DEPTH:
            sentence = f"module calls are nested more than {MAX_DEPTH} deep; {label} was not followed"
            self.problem(block, sentence)
            return sentence
        return found

    def enter(self, instance: ModuleInstance, module: Module) -> Scope:
        """The scope of a module instance."""
        parent = instance.group.scope
        scope = Scope(self, module, Context(self.loader.files, module.directory, self.directory))
        scope.context.scope = scope
        scope.address = instance.address
        scope.call_name = instance.group.name
        scope.depth = parent.depth + 1
        scope.parent = parent
        scope.caller = instance.env
        scope.arguments = instance.group.block.body.attributes
        self.scopes.append(scope)
        return scope

    # --- problems

    def problem(self, block: Block, sentence: str) -> None:
        self.problems.setdefault(sentence, (block.file.shown, block.file.line(block.start)))

    def cycle(self, scope: Scope, what: str, block: Block | None = None) -> None:
        """A named value, a resource's attribute or a count that needs itself."""
        sentence = f"{scope.prefix(what)} refers to itself, directly or through others"
        self.problems.setdefault(sentence, self._declared(scope, what, block))

    def too_far(self, scope: Scope, what: str) -> Unknown:
        """A value that is reached through too many others."""
        sentence = f"{scope.prefix(what)} is reached through more than {MAX_CHAIN} references; it was not evaluated"
        self.problems.setdefault(sentence, self._declared(scope, what, None))
        return Unknown(sentence)

    def _declared(self, scope: Scope, what: str, block: Block | None) -> tuple[str, int | None]:
        kind, _, name = what.partition(".")
        found: Any = block
        if kind == "local":
            found = scope.module.locals.get(name)
        elif kind == "output":
            found = scope.module.outputs.get(name)
        elif kind == "var" and name in scope.module.variables:
            found = scope.module.variables[name].block
        return (scope.module.shown, None) if found is None else (found.file.shown, found.file.line(found.start))

    def cut(self, scope: Scope, block: Block, label: str, count: int) -> None:
        sentence = f"{label} has {count:,} instances; the first 1,000 were evaluated, the last stands for the rest"
        self.problem(block, sentence)

    # --- what comes out

    def run(self) -> None:
        """Pour every resource of the root module and of the modules it calls into the intake."""
        scope = Scope(self, self.module, Context(self.loader.files, self.directory, self.directory))
        scope.context.scope = scope
        self.scopes.append(scope)
        try:
            self._root_resource(scope)
            self._emit(scope, Frame(self.sources, self.directory, "", (), None))
        except (Exhausted, RecursionError) as error:
            stop = error if isinstance(error, Exhausted) else "a value or a block is nested too deeply"
            sentence = f"{stop}; what it declares beyond that was not evaluated"
            self.problems.setdefault(sentence, (self.shown or ".", None))
        for prefix, kind in (("aws_", "account"), ("oci_", "tenancy")):
            if prefix in self._kinds:
                self.intake.add(Resource(kind, kind, "terraform", {}, self._place(), root=self.shown))
        self._account()
        for used in self.scopes:
            used.close()

    def _root_resource(self, scope: Scope) -> None:
        values = {name: plain(scope.variable(name)) for name in self.module.variables}
        kept = {name: value for name, value in values.items() if value is not None}
        self.intake.add(Resource("module", ".", "terraform", kept, self._place(), root=self.shown, name=self.shown))

    def _place(self) -> FileOrigin:
        """The file where a reader begins: what a root module lacks is said there."""
        files = self.module.files
        begun = [f for name in ("main.t", "provider", "versions.t") for f in files if f.name.startswith(name)]
        return FileOrigin((begun or files)[0].shown if files else self.shown or ".")

    def _emit(self, scope: Scope, here: Frame) -> None:
        module = scope.module
        self._settings(scope, here)
        for key, block in module.providers.items():
            values = body_values(block.body, scope.env)
            self._add(f"provider.{block.labels[0]}", scope.prefix(f"provider.{key}"), block, values, here, key)
        for (type_, name), block in module.resources.items():
            if type_.startswith("ephemeral."):
                continue
            group: Any = scope.group(type_, name)
            self._emit_group(group, block, here)
        for type_, name, block in module.again:
            from assay.terraform.instances import Group

            self._emit_group(Group(scope, block, type_, name), block, here)
        for name, block in module.calls.items():
            self._emit_call(scope, name, block, here)

    def _settings(self, scope: Scope, here: Frame) -> None:
        settings = scope.module.settings
        if not settings:
            return
        values: dict[str, Any] = {}
        for block in settings:
            found = body_values(block.body, static_env(settings=True))
            for inner, item in zip(block.body.of("backend"), found.get("backend", []), strict=False):
                item.setdefault("type", "".join(inner.labels))
            for name, value in found.items():
                if isinstance(value, list) and isinstance(values.get(name), list):
                    values[name] = [*values[name], *value]
                else:
                    values[name] = value
        self._add("terraform", scope.prefix("terraform"), settings[0], values, here, "terraform")

    def _emit_group(self, group: Group, block: Block, here: Frame) -> None:
        self.total += 1
        instances: list[Instance] = group.all()
        if not instances:
            self.empty[group.expansion.cause] += 1
        for instance in instances:
            values = instance.values()
            self._tags(instance, values)
            self._add(group.type, instance.address, block, values, here, group.name)
        if instances:
            self._kinds.add(group.type.removeprefix("data.")[:4])

    def _tags(self, instance: Instance, values: dict[str, Any]) -> None:
        if instance.group.type.startswith("aws_"):
            from assay.terraform.providers import all_tags

            tags = all_tags(instance, values.get("tags"))
            if tags is not None:
                values["tags_all"] = tags

    def _emit_call(self, scope: Scope, name: str, block: Block, here: Frame) -> None:
        group: Any = scope.module_group(name)
        instances = group.all()
        if not instances and group.module is not None:
            size = len(group.module.resources)
            self.total += size
            self.empty["the module has no instance"] += size
        for instance in instances:
            self._add("module", instance.address, block, instance.values(), here, name)
            if instance.scope is not None:
                self._emit(instance.scope, here.enter(instance.scope.module.directory, block, instance.address))

    def _add(self, type_: str, address: str, block: Block, values: dict[str, Any], here: Frame, name: str) -> None:
        origin = BlockOrigin(layers_of(block), here, block if self.loader.keeps else None, values)
        self.intake.add(Resource(type_, address, "terraform", values, origin, root=self.shown, name=name))

    def _account(self) -> None:
        """Say how many blocks had no instance, and why: a scan with defaults does not see them."""
        missing = sum(self.empty.values())
        if missing:
            reasons = ", ".join(f"{count} because {cause}" for cause, count in sorted(self.empty.items()) if count)
            where = self.shown or "."
            self.intake.coverage.notes.append(
                f"{where}: {missing} of {self.total} resource blocks have no instance with the values given ({reasons})"
            )
