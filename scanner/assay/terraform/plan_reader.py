"""One plan read into resources: values after the change, unknown leaves with their reasons, secrets masked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.links import links_of
from assay.model import Ref, Resource, Unknown, join_path, without_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import Origin, ValuePath
    from assay.terraform.plan_places import Place

_CALL = re.compile(r'module\.([\w-]+)(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?')
_TARGET = re.compile(r'((?:data\.)?[\w-]+\.[\w-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?)\.(.+)')
_KNOWN = ("count.", "path.", "terraform.", "each.key")
_DOCUMENTS = re.compile(r"policy|document|definition|template|json|user_data|script|body|content")
MAX_HOPS = 40


class Cause(NamedTuple):
    """What makes an expression unknown: an attribute of a resource."""

    target: str
    attribute: str


class Reader:
    """The resources of one plan."""

    def __init__(self, document: dict[str, Any], shown: str, place: Place) -> None:
        self.document = document
        self.shown = shown
        self.place = place
        self.notes: list[str] = []
        self.variables = _tables(document.get("variables"))
        self.configuration = Configuration(document.get("configuration") or {})
        self.found: dict[str, Resource] = {}
        self.modules: dict[str, None] = {}  # the instances that hold something, in order
        self.kinds: set[str] = set()

    def run(self) -> list[Resource]:
        """Every resource that will exist, the providers, the modules and the account."""
        self._changes()
        values = self.document.get("planned_values") or self.document.get("values") or {}
        for table in (values, (self.document.get("prior_state") or {}).get("values") or {}):
            self._state(table.get("root_module") or {}, only_data=table is not values)
        managed = [self.found[address] for address in sorted(self.found)]
        others = [*self._modules(), *self._providers(), *self._scopes()]
        deferred = self.document.get("deferred_changes")
        if deferred:
            self.notes.append(f"{self.shown}: the plan defers {len(deferred)} changes, which were not evaluated")
        return [*others, *managed]

    # --- resources

    def _changes(self) -> None:
        for entry in self.document.get("resource_changes") or []:
            change = entry["change"]
            if "deposed" in entry or change["actions"] in (["delete"], ["forget"]):
                continue
            self._add(
                entry, change.get("after") or {}, change.get("after_unknown") or {}, change.get("after_sensitive") or {}
            )

    def _state(self, module: dict[str, Any], *, only_data: bool) -> None:
        waiting = [module]
        while waiting:
            current = waiting.pop()
            waiting.extend(current.get("child_modules") or [])
            for entry in current.get("resources") or []:
                if entry["address"] in self.found or "deposed_key" in entry:
                    continue
                if entry.get("mode") != "data" and (only_data or self._has_changes):
                    continue  # what the plan deletes is in the prior state still
                self._add(
                    {**entry, "module_address": current.get("address", "")},
                    entry.get("values") or {},
                    {},
                    entry.get("sensitive_values") or {},
                )

    @property
    def _has_changes(self) -> bool:
        return isinstance(self.document.get("resource_changes"), list)

    def _add(self, entry: dict[str, Any], after: Any, unknown: Any, sensitive: Any) -> None:
        address, module, type_ = entry["address"], entry.get("module_address") or "", entry["type"]
        data = entry.get("mode") == "data"
        expressions = self.configuration.expressions(module, type_, entry["name"], data)
        leaves = _Leaves(self, type_, address, module, expressions)
        values = leaves.read(after, unknown, sensitive)
        kind = f"data.{type_}" if data else type_
        origin = self.place.origin(module, kind, entry["name"], address)
        self.found[address] = self._resource(kind, address, values, origin, entry["name"])
        self.kinds.add(type_[:4])
        while module and module not in self.modules:
            self.modules[module] = None
            module = parent(module)

    def _resource(self, type_: str, address: str, values: dict[str, Any], origin: Origin, name: str) -> Resource:
        return Resource(type_, address, "plan", values, origin, root=self.shown, name=name)

    # --- what is not a resource of Terraform's

    def _modules(self) -> Iterator[Resource]:
        declared = self.configuration.module("").get("variables") or {}
        values: dict[str, Any] = {}
        for name, given in self.variables.items():
            secret = (declared.get(name) or {}).get("sensitive")
            values[name] = _masked(f"var.{name}", ("var", name)) if secret else given.get("value")
        origin = self.place.origin("", "module", "", ".")
        yield self._resource("module", ".", {k: v for k, v in values.items() if v is not None}, origin, self.shown)
        for call in self.configuration.root.get("module_calls") or {}:  # those without an instance that holds anything
            if not any(m == f"module.{call}" or m.startswith(f"module.{call}[") for m in self.modules):
                table = self.configuration.root["module_calls"][call]
                if "count_expression" not in table and "for_each_expression" not in table:
                    self.modules[f"module.{call}"] = None
        for address in sorted(self.modules):
            above, names = parent(address), calls(address)
            call = (self.configuration.module(above).get("module_calls") or {}).get(names[-1]) or {}
            origin = self.place.origin(above, "module", names[-1], address)
            yield self._resource("module", address, self._arguments(call, address, above), origin, names[-1])

    def _arguments(self, call: dict[str, Any], address: str, above: str) -> dict[str, Any]:
        """A call's source and version, and what its variables get, as far as the plan tells."""
        values = {"source": call.get("source"), "version": call.get("version_constraint")}
        declared = (call.get("module") or {}).get("variables") or {}
        values.update({name: table.get("default") for name, table in declared.items()})
        values.update(self._written(call.get("expressions") or {}, address, above))
        for name, table in declared.items():
            if table.get("sensitive") and values[name] is not None:
                values[name] = _masked(f"{address}.{name}", ("plan", address, name))
        return {k: v for k, v in values.items() if v is not None}

    def _written(self, expressions: dict[str, Any], address: str, module: str) -> dict[str, Any]:
        """Values of which the plan has only the expressions: constants, references, and the rest unknown."""
        return {name: self._expression(e, address, module, (name,)) for name, e in expressions.items()}

    def _expression(self, expression: Any, address: str, module: str, path: ValuePath) -> Any:
        if isinstance(expression, list):
            return [self._expression(e, address, module, (*path, i)) for i, e in enumerate(expression)]
        if "constant_value" in expression:
            return expression["constant_value"]
        if "references" in expression:
            cause = self.configuration.cause(expression, module)
            if cause is not None:
                return Ref(cause.target, cause.attribute)
            said = ", ".join(maximal(expression["references"])[:3])
            reason = f"{address}.{join_path(path)} is made from {said}; a plan does not tell what comes of it"
            return Unknown(reason, ("plan", address, *map(str, path)))
        return {name: self._expression(e, address, module, (*path, name)) for name, e in expression.items()}

    def _providers(self) -> Iterator[Resource]:
        for key, table in (self.document.get("configuration") or {}).get("provider_config", {}).items():
            if table["name"] == "terraform":
                continue
            above = table.get("module_address") or ""
            name = table["name"] + (f".{table['alias']}" if table.get("alias") else "")
            address = f"{above}.provider.{name}" if above else f"provider.{name}"
            if not table.get("expressions"):
                continue  # a provider without configuration
            values = self._written(table["expressions"], address, above)
            if table.get("alias"):
                values["alias"] = table["alias"]
            origin = self.place.origin(above, "provider", key.rpartition(":")[2], address)
            yield self._resource(f"provider.{table['name']}", address, values, origin, name)

    def _scopes(self) -> Iterator[Resource]:
        for prefix, kind in (("aws_", "account"), ("oci_", "tenancy")):
            if prefix in self.kinds:
                yield self._resource(kind, kind, {}, self.place.origin("", "module", "", "."), "")


def _masked(what: str, key: tuple[str, ...]) -> Unknown:
    return Unknown(f"{what} is sensitive, so its value is not read", key, not_null=True, sensitive=True)


def _tables(value: Any) -> dict[str, dict[str, Any]]:
    return {name: table for name, table in (value or {}).items() if isinstance(table, dict)}


def calls(address: str) -> tuple[str, ...]:
    """The names of the calls in a module's address: `module.a["x"].module.b` is `a`, `b`."""
    return tuple(m[1] for m in _CALL.finditer(address))


def parent(address: str) -> str:
    """The address of the module that calls this one."""
    last = None
    for match in _CALL.finditer(address):
        last = match
    return address[: max(last.start() - 1, 0)] if last is not None else ""


def maximal(references: list[str]) -> list[str]:
    """The references without those that only begin another one (`a.b` beside `a.b.id`)."""
    whole = sorted(set(references))
    inner = {r for r in whole if any(o.startswith((r + ".", r + "[")) for o in whole)}
    return [r for r in dict.fromkeys(references) if r not in inner]


class Configuration:
    """The configuration part of a plan: which expression gave an attribute."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.root: dict[str, Any] = document.get("root_module") or {}
        self._modules: dict[tuple[str, ...], dict[str, Any]] = {(): self.root}
        self._found: dict[tuple[int, str, bool], Cause | None] = {}  # every instance of a block asks the same
        self._resources: dict[tuple[str, ...], dict[tuple[bool, str, str], dict[str, Any]]] = {}

    def module(self, address: str) -> dict[str, Any]:
        """The configuration of the module that an instance address names; empty when it is not told."""
        path = calls(address)
        found = self._modules.get(path)
        if found is None:
            found = self.root
            for name in path:
                found = ((found.get("module_calls") or {}).get(name) or {}).get("module") or {}
            self._modules[path] = found
        return found

    def expressions(self, module: str, type_: str, name: str, data: bool) -> dict[str, Any]:
        """The expressions of a resource block."""
        path = calls(module)
        table = self._resources.get(path)
        if table is None:
            table = self._resources[path] = {
                (r.get("mode") == "data", r["type"], r["name"]): r.get("expressions") or {}
                for r in self.module(module).get("resources") or []
            }
        return table.get((data, type_, name)) or {}

    def cause(self, expression: Any, module: str, *, among_known: bool = False) -> Cause | None:
        """The one attribute of a resource that an expression reads, through variables and outputs.

        Args:
            among_known: other references are no obstacle when their values are known.
        """
        key = (id(expression), module, among_known)
        if key not in self._found:
            found = self._causes(expression, module, among_known, MAX_HOPS)
            self._found[key] = found[0] if found is not None and len(found) == 1 else None
        return self._found[key]

    def cause_of(self, reference: str, module: str) -> Cause | None:
        """The attribute of a resource that one reference comes down to."""
        found = self._followed(reference, module, False, MAX_HOPS)
        return found[0] if found is not None and len(found) == 1 else None

    def _causes(self, expression: Any, module: str, among_known: bool, hops: int) -> list[Cause] | None:
        """The resource attributes an expression reads; None when it reads what cannot be followed."""
        if not isinstance(expression, dict) or hops == 0:
            return None
        causes: list[Cause] = []
        others = 0
        for reference in maximal(expression.get("references") or []):
            found = self._followed(reference, module, among_known, hops - 1)
            if found is None:
                return None
            others += not found
            causes += [c for c in found if c not in causes]
        return None if others and not among_known else causes

    def _followed(self, reference: str, module: str, among_known: bool, hops: int) -> list[Cause] | None:
        if reference.startswith(_KNOWN):
            return []
        head, _, rest = reference.partition(".")
        if head == "var":
            if not module:
                return []  # a plan knows the variables of the root module
            above = parent(module)
            call = (self.module(above).get("module_calls") or {}).get(calls(module)[-1]) or {}
            given = (call.get("expressions") or {}).get(re.split(r"[.\[]", rest, maxsplit=1)[0])
            return [] if given is None else self._causes(given, above, among_known, hops)
        if head == "module":
            match = _CALL.match(reference)
            if match is None:
                return None
            inner = f"{module}.{match[0]}" if module else match[0]
            output = re.split(r"[.\[]", reference[match.end() + 1 :], maxsplit=1)[0]
            told = (self.module(inner).get("outputs") or {}).get(output)
            return None if told is None else self._causes(told.get("expression"), inner, among_known, hops)
        match = None if head in ("local", "each", "self", "count") else _TARGET.fullmatch(reference)
        if match is None:
            return None
        return [Cause(f"{module}.{match[1]}" if module else match[1], match[2])]


class _Leaves:
    """The values of one resource, with every unknown and every secret in its place."""

    def __init__(self, reader: Reader, type_: str, address: str, module: str, expressions: dict[str, Any]) -> None:
        self.reader = reader
        self.type = type_
        self.address = address
        self.module = module
        self.expressions = expressions
        self.unknown: Any = None

    def read(self, after: Any, unknown: Any, sensitive: Any) -> dict[str, Any]:
        """The values, those included that only the apply will tell."""
        self.unknown = dict.fromkeys(self.expressions, True) if unknown is True else unknown
        return self._object(after if isinstance(after, dict) else {}, self.unknown, sensitive, ())

    def _value(self, value: Any, unknown: Any, sensitive: Any, path: ValuePath) -> Any:
        if sensitive is True and (value is not None or unknown):
            return _masked(f"{self.address}.{join_path(path)}", ("plan", self.address, *map(str, path)))
        if unknown is True:
            return self._unknown(path)
        if isinstance(value, dict) or (value is None and isinstance(unknown, dict) and unknown):
            return self._object(value or {}, unknown, sensitive, path)
        if isinstance(value, list):
            return [self._value(item, _at(unknown, i), _at(sensitive, i), (*path, i)) for i, item in enumerate(value)]
        return value

    def _object(self, value: dict[str, Any], unknown: Any, sensitive: Any, path: ValuePath) -> dict[str, Any]:
        names = [*value, *(n for n in unknown if n not in value)] if isinstance(unknown, dict) else list(value)
        found = {}
        for name in names:
            item = self._value(value.get(name), _at(unknown, name), _at(sensitive, name), (*path, name))
            if item is None or (type(item) is list and not item and self._expression((*path, name))[0] is None):
                continue  # what nobody has written, a provider tells as null or as an empty list
            found[name] = item
        return found

    def _unknown(self, path: ValuePath) -> Unknown:
        expression, deeper = self._expression(path)
        cause = None if expression is None else self._cause(expression, path, deeper)
        if cause is not None and self._is(path, cause):
            return Ref(cause.target, cause.attribute)
        return Unknown(
            f"{self.address}.{join_path(path)} is known only after apply", ("plan", self.address, *map(str, path))
        )

    def _is(self, path: ValuePath, cause: Cause) -> bool:
        """Whether the attribute is what it is made from, as `policy_id` is; a document, `policy`, holds more."""
        names = [s for s in path if isinstance(s, str)]
        if not _DOCUMENTS.search(names[-1]) or names[-1].endswith(("_id", "_ids", "_arn", "_arns")):
            return True
        kind = without_key(cause.target).rpartition(".")[0].rpartition(".")[2]
        return kind in links_of(self.type).get(".".join(names), ())

    def _cause(self, expression: Any, path: ValuePath, deeper: bool) -> Cause | None:
        configuration = self.reader.configuration
        found = configuration.cause(expression, self.module, among_known=deeper)
        if found is not None or not deeper or not isinstance(path[-1], int):
            return found
        # A list of as many references as it has elements: each is one of them.
        references = maximal(expression.get("references") or [])
        if path[-1] < len(references) == self._length(path):
            return configuration.cause_of(references[path[-1]], self.module)
        return None

    def _length(self, path: ValuePath) -> int:
        current: Any = self.unknown
        for step in path[:-1]:
            current = _at(current, step)
        return len(current) if isinstance(current, list) and all(u is True for u in current) else -1

    def _expression(self, path: ValuePath) -> tuple[Any, bool]:
        """The expression an attribute is given by, and whether the path leads on into its value."""
        current: Any = self.expressions
        for step in path:
            if isinstance(current, dict) and ("references" in current or "constant_value" in current):
                return current, True
            if isinstance(current, list):
                current = current[step] if isinstance(step, int) and step < len(current) else None
            elif isinstance(current, dict) and isinstance(step, str):
                current = current.get(step)
            elif not (isinstance(current, dict) and step == 0):  # a single block is told without a list
                return None, False
            if current is None:
                return None, False
        return current, False


def _at(table: Any, step: str | int) -> Any:
    if isinstance(table, dict):
        return table.get(step) if isinstance(step, str) else None
    if isinstance(table, list):
        return table[step] if isinstance(step, int) and step < len(table) else None
    return True if table is True else None
