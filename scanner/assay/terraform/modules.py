"""A directory of files as a module: its declarations, `_override` files merged in, before anything is evaluated."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform import values as v
from assay.terraform.syntax import Block, Body, Content, Fault, SourceFile, Unreadable, parse
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from assay.terraform.evaluate import Scope
    from assay.terraform.files import Files
    from assay.terraform.root import Root
    from assay.terraform.syntax import Attribute

SUFFIXES = (".tf", ".tofu", ".tf.json", ".tofu.json")
IGNORED = {"moved", "removed", "import", "check", "action", "list", "variables", "unit", "stack"}


MISSING = object()


class Variable:
    """A declared input."""

    __slots__ = ("_default", "_type", "block", "default", "name")

    def __init__(self, name: str, block: Block) -> None:
        self.name = name
        self.block = block
        self.default = block.body.attributes.get("default")
        self._type: v.Type | None = None
        self._default: Any = MISSING

    @property
    def nullable(self) -> bool:
        return self._flag("nullable", True)

    @property
    def sensitive(self) -> bool:
        return self._flag("sensitive", False)

    def _flag(self, name: str, default: bool) -> bool:
        attribute = self.block.body.attributes.get(name)
        return default if attribute is None else attribute.text.strip('"') == "true"

    def wanted(self) -> v.Type:
        """Its type constraint; `any` when it has none or an unreadable one."""
        if self._type is None:
            self._type = v.ANY
            written = self.block.body.attributes.get("type")
            if written is not None:
                from assay.terraform.type_syntax import parse_type

                try:
                    self._type = parse_type(written.text)
                except EvalError as error:
                    line = written.file.line(written.start)
                    written.file.faults.append(Fault(line, f"the type of variable {self.name}: {error}"))
        return self._type

    def default_value(self) -> Any:
        """Its default, converted; evaluated once for all instances of the module."""
        if self._default is MISSING:
            self._default = None if self.default is None else self._converted(evaluated(self.default))
        return self._default

    def accept(self, value: Any) -> Any:
        """A value given for it, converted; null where that is not allowed becomes the default."""
        if value is None:
            return None if self.nullable or self.default is None else self.default_value()
        return self._converted(value)

    def _converted(self, value: Any) -> Any:
        wanted = self.wanted()
        if wanted is v.ANY:
            return value
        try:
            return v.convert(value, wanted)
        except EvalError as error:
            return Unknown(f"Terraform would reject the value of var.{self.name}: {error}", sensitive=self.sensitive)


class Module:
    """The declarations of one directory. Shared by every instance of the module, in every root that calls it."""

    __slots__ = ("again",
        "calls", "directory", "files", "locals", "outputs", "providers", "resources", "settings", "shown", "variables",
    )  # fmt: skip

    def __init__(self, directory: str, shown: str) -> None:
        self.directory = directory
        self.shown = shown
        self.files: list[SourceFile] = []
        self.variables: dict[str, Variable] = {}
        self.locals: dict[str, Attribute] = {}
        self.outputs: dict[str, Block] = {}
        self.resources: dict[tuple[str, str], Block] = {}
        self.again: list[tuple[str, str, Block]] = []  # resources declared a second time: judged, never referred to
        self.calls: dict[str, Block] = {}
        self.providers: dict[str, Block] = {}
        self.settings: list[Block] = []

    def close(self) -> None:
        """Let go of everything: no root module needs it any more."""
        for file in self.files:
            file.close()
        for table in (self.variables, self.locals, self.outputs, self.resources, self.calls, self.providers):
            table.clear()
        self.again.clear()

    def add(self, file: SourceFile) -> None:
        self.files.append(file)
        for block in file.blocks:
            self._declare(block)
        for name, attribute in file.attributes.items():
            line = file.line(attribute.start)
            file.faults.append(
                Fault(line, f"{name} stands outside any block: at the top level only blocks are expected")
            )

    def _declare(self, block: Block) -> None:
        kind, labels = block.kind, block.labels
        wanted = _LABELS.get(kind)
        if wanted is None:
            if kind not in IGNORED:
                self._fault(block, f'there is no block type "{kind}" in Terraform')
        elif len(labels) != wanted:
            self._fault(block, f"a {kind} block needs {wanted or 'no'} labels, this one has {len(labels)}")
        elif kind == "locals":
            for name, attribute in block.body.attributes.items():
                self._put(self.locals, name, attribute, block, f"local.{name}")
        elif kind == "terraform":
            self.settings.append(block)
        elif kind == "provider":
            self._put(self.providers, provider_key(block), block, block, f"provider {provider_key(block)}")
        elif kind == "variable":
            self._put(self.variables, labels[0], Variable(labels[0], block), block, f"var.{labels[0]}")
        elif kind == "output":
            self._put(self.outputs, labels[0], block, block, f"output.{labels[0]}")
        elif kind == "module":
            self._put(self.calls, labels[0], block, block, f"module.{labels[0]}")
        else:
            type_ = labels[0] if kind == "resource" else f"{kind}.{labels[0]}"
            if (type_, labels[1]) in self.resources:
                self.again.append((type_, labels[1], block))
            self._put(self.resources, (type_, labels[1]), block, block, f"{type_}.{labels[1]}")

    def _put(self, table: dict[Any, Any], key: Any, item: Any, block: Block, what: str) -> None:
        if key in table:
            self._fault(block, f"{what} is declared a second time, which Terraform refuses; references mean the first")
        else:
            table[key] = item

    def _fault(self, block: Block, sentence: str) -> None:
        block.file.faults.append(Fault(block.file.line(block.start), sentence))

    def override(self, file: SourceFile) -> None:
        """Merge an `_override` file: its arguments win, argument by argument."""
        self.files.append(file)
        for block in file.blocks:
            kind, labels = block.kind, block.labels
            if kind == "locals":
                self.locals.update(block.body.attributes)
            elif kind == "terraform":
                self.settings = [merge(s, block) for s in self.settings] or [block]
            elif _LABELS.get(kind) == len(labels):
                self._override(block)

    def _override(self, block: Block) -> None:
        kind, labels = block.kind, block.labels
        if kind == "variable":
            old = self.variables.get(labels[0])
            self.variables[labels[0]] = Variable(labels[0], block if old is None else merge(old.block, block))
            return
        table: dict[Any, Block]
        key: Any = labels[0]
        if kind == "output":
            table = self.outputs
        elif kind == "module":
            table = self.calls
        elif kind == "provider":
            table, key = self.providers, provider_key(block)
        else:
            table, key = self.resources, (labels[0] if kind == "resource" else f"{kind}.{labels[0]}", labels[1])
        if key in table:
            table[key] = merge(table[key], block)
        else:
            self._fault(block, f"{kind} {'.'.join(labels)} overrides nothing: no other file declares it")


_LABELS = {
    "resource": 2, "data": 2, "ephemeral": 2, "variable": 1, "output": 1, "module": 1, "provider": 1, "locals": 0,
    "terraform": 0,
}  # fmt: skip


def provider_key(block: Block) -> str:
    """`aws`, or `aws.west` for an aliased configuration."""
    alias = block.body.attributes.get("alias")
    if alias is None:
        return block.labels[0]
    return f"{block.labels[0]}.{evaluated(alias)}"


def merge(block: Block, over: Block) -> Block:
    """The block with another's attributes and nested blocks laid over it."""
    body = Body()
    body.attributes = {**block.body.attributes, **over.body.attributes}
    replaced = {_nested_kind(b) for b in over.body.blocks} - {"lifecycle"}
    for inner in block.body.blocks:
        if inner.kind == "lifecycle":
            later = [b for b in over.body.blocks if b.kind == "lifecycle"]
            body.blocks.append(merge(inner, later[0]) if later else inner)
        elif _nested_kind(inner) not in replaced:
            body.blocks.append(inner)
    kept = any(b.kind == "lifecycle" for b in body.blocks)
    body.blocks.extend(b for b in over.body.blocks if not (kept and b.kind == "lifecycle"))
    if "count" in over.body.attributes:
        body.attributes.pop("for_each", None)
    elif "for_each" in over.body.attributes:
        body.attributes.pop("count", None)
    from assay.terraform.places import layers_of

    return block.replace_body(body, layers_of(block) + layers_of(over))


def _nested_kind(block: Block) -> str:
    return block.labels[0] if block.kind == "dynamic" and block.labels else block.kind


class Loader:
    """Directories read and parsed once, kept until no root module needs them any more."""

    __slots__ = ("_manifests", "_modules", "copies", "files", "keeps", "note", "remote", "twins")

    def __init__(
        self,
        files: Files,
        note: Callable[[SourceFile | None, str, str, str | None], None],
        remote: Callable[[str, str], None],
    ) -> None:
        self.files = files
        self.note = note
        self.remote = remote  # told of every remote module that was not read
        self.copies: dict[
            int, int
        ] = {}  # hashes of contents that several files have, and how many are still to be read
        self.twins: dict[bytes, Content] = {}
        self.keeps = False  # what was parsed stays, for findings to be located in
        self._manifests: dict[str, dict[str, str]] = {}
        self._modules: dict[str, Module | None] = {}

    def module(self, directory: str) -> Module | None:
        """The module in a directory; None when it holds no Terraform."""
        if directory not in self._modules:
            self._modules[directory] = self._read(directory)
        return self._modules[directory]

    def resolve(self, root: Root, scope: Scope, block: Block, name: str) -> Module | str:
        """The module that a call names, or the sentence that says why it was not read."""
        attribute = block.body.attributes.get("source")
        source = None if attribute is None else evaluated(attribute)
        place = f"{block.file.shown}:{block.file.line(block.start)}"
        if not isinstance(source, str):
            return self._unread(root, block, f"module.{name} in {place} has no source that is a plain text")
        if source.startswith(("./", "../")) or source in (".", ".."):
            return self._local(root, block, os.path.normpath(os.path.join(scope.module.directory, source)), name)
        found = self._downloaded(root, scope, name)
        if found is None:
            self.remote(source, place)
            return f"the module {source} was not read: terraform init has not downloaded it"
        return self._local(root, block, found, name)

    def _unread(self, root: Root, block: Block, sentence: str) -> str:
        root.problem(block, sentence)
        return sentence

    def _local(self, root: Root, block: Block, directory: str, name: str) -> Module | str:
        if not self.files.allowed(directory):
            shown = self.files.shown(directory) or "."
            mend = "scan a directory that holds both, or in a git repository, whose other directories are read too"
            sentence = f"module.{name} lies outside the scanned directory, in {shown}, and was not read: {mend}"
            return self._unread(root, block, sentence)
        module = self.module(directory)
        if module is None:
            shown = self.files.shown(directory) or "."
            return self._unread(root, block, f"module.{name} names {shown}, where there is no Terraform")
        return module

    def _downloaded(self, root: Root, scope: Scope, name: str) -> str | None:
        """Where `terraform init` has put a remote module."""
        if root.directory not in self._manifests:
            self._manifests[root.directory] = read_manifest(self.files, root.directory)
        key = ".".join([*scope.call_names(), name])
        return self._manifests[root.directory].get(key)

    def called_directory(self, directory: str, block: Block) -> str | None:
        """The directory of a local module, for who only wants to look at it."""
        attribute = block.body.attributes.get("source")
        source = attribute.text.strip('"') if attribute is not None else ""
        if not source.startswith("."):
            return None
        found = os.path.normpath(os.path.join(directory, source))
        return found if self.files.allowed(found) else None

    @property
    def held(self) -> int:
        return len(self._modules)

    def drop(self, directory: str) -> None:
        if self.keeps:
            return
        module = self._modules.pop(directory, None)
        if module is not None:
            module.close()

    def drop_all(self) -> None:
        for directory in list(self._modules):
            self.drop(directory)

    def _read(self, directory: str) -> Module | None:
        names = config_names(self.files.listing(directory))
        if not names:
            return None
        module = Module(directory, self.files.shown(directory))
        overrides = []
        for name in names:
            file = self.source(os.path.join(directory, name))
            if file is None:
                continue
            if is_override(name):
                overrides.append(file)
            else:
                module.add(file)
        for file in overrides:
            module.override(file)
        return module

    def source(self, path: str) -> SourceFile | None:
        """A parsed file, or None with a note that says why not."""
        shown = self.files.shown(path)
        try:
            data = self.files.read(path)
            if path.endswith(".json"):
                from assay.terraform.json_syntax import parse_json

                file = parse_json(path, shown, data)
            else:
                file = self._parse(path, shown, data)
        except Unreadable as error:
            self.note(None, shown, "failed", str(error))
            return None
        file.kept = self.keeps
        self.note(file, shown, "read", None)
        return file

    def _parse(self, path: str, shown: str, data: bytes) -> SourceFile:
        left = self.copies.get(hash(data))
        if left is None:
            return parse(path, shown, data)
        file = parse(path, shown, data, self.twins)
        self.copies[hash(data)] = left - 1
        if left <= 1:
            self.twins.pop(data, None)
        return file


def evaluated(attribute: Attribute) -> Any:
    """The value of an attribute that may refer to nothing."""
    from assay.terraform.evaluate import evaluate_attribute, static_env

    return evaluate_attribute(attribute, static_env())


def read_manifest(files: Files, directory: str) -> dict[str, str]:
    """Module path to directory, from `.terraform/modules/modules.json`."""
    import json

    path = os.path.join(directory, ".terraform", "modules", "modules.json")
    if not os.path.isfile(path):
        return {}
    try:
        entries = json.loads(files.read(path))["Modules"]
        return {e["Key"]: os.path.normpath(os.path.join(directory, e["Dir"])) for e in entries if e["Key"]}
    except (Unreadable, ValueError, KeyError, TypeError):
        return {}


def config_names(names: Iterable[str]) -> list[str]:
    """The configuration files of a directory, in Terraform's order; a `.tofu` file stands in for its `.tf` twin."""
    found = sorted(n for n in names if n.endswith(SUFFIXES) and not n.startswith((".", "#")) and not n.endswith("~"))
    tofu = {n.replace(".tofu", ".tf") for n in found if n.endswith((".tofu", ".tofu.json"))}
    return [n for n in found if n not in tofu]


def is_override(name: str) -> bool:
    stem = name
    for suffix in (".json", ".tf", ".tofu"):
        stem = stem.removesuffix(suffix)
    return stem == "override" or stem.endswith("_override")
