"""Where a value stands in the code, and how it came to be: asked only for findings, so blocks are parsed again.

What outlives the evaluation is light: a block's place, and the chain of module calls that led to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Location, Step
from assay.patterns import pattern
from assay.terraform.places import characters, find, layers_of, reopen
from assay.terraform.syntax import COMMENT, VARIABLE, kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.model import ValuePath
    from assay.terraform.modules import Loader, Module
    from assay.terraform.places import Layer, Span
    from assay.terraform.syntax import Attribute, Block, SourceFile
    from assay.terraform.variables import Given

GET, INDEX = kind("get_attr"), kind("index")
MAX_STEPS = 16
KEPT_MODULES = 12
_TEXT_REFERENCE = pattern(r"(?<![\w.])([A-Za-z_][\w-]*)((?:\.[A-Za-z_][\w-]*)+)")


class Sources:
    """The files of a scan, read again where a finding asks."""

    __slots__ = ("_given", "_loader", "base", "trees", "var_files", "variables")

    def __init__(self, trees: Sequence[str], base: str, var_files: Sequence[str], variables: dict[str, str]) -> None:
        self.trees = trees
        self.base = base
        self.var_files = var_files
        self.variables = variables
        self._loader: Loader | None = None
        self._given: dict[str, Given] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return (Sources, (self.trees, self.base, self.var_files, self.variables))

    def keep(self, loader: Loader) -> None:
        """Answer findings from what the scan itself has parsed: nothing is read twice, and nothing let go."""
        loader.keeps = True
        self._loader = loader

    @property
    def loader(self) -> Loader:
        if self._loader is None:
            from assay.terraform.files import Files
            from assay.terraform.modules import Loader

            self._loader = Loader(Files(list(self.trees), self.base, self.var_files), lambda *_: None, lambda *_: None)
        return self._loader

    def module(self, directory: str) -> Module | None:
        loader = self.loader
        if loader.held >= KEPT_MODULES and not loader.keeps:
            loader.drop_all()
        return loader.module(directory)

    def given(self, directory: str) -> Given:
        if directory not in self._given:
            from assay.terraform.variables import collect

            self._given = {directory: collect(self.loader, directory, self.var_files, self.variables)}
        return self._given[directory]


class Frame:
    """A module instance in the chain of calls."""

    __slots__ = ("above", "address", "call", "directory", "sources")

    def __init__(
        self, sources: Sources, directory: str, address: str, call: tuple[Layer, ...], above: Frame | None
    ) -> None:
        self.sources = sources
        self.directory = directory
        self.address = address
        self.call = call
        self.above = above

    def enter(self, directory: str, block: Block, address: str) -> Frame:
        return Frame(self.sources, directory, address, layers_of(block), self)

    @property
    def module(self) -> Module | None:
        return self.sources.module(self.directory)


class BlockOrigin:
    """The origin of what a block declares."""

    __slots__ = ("block", "frame", "layers", "values")

    def __init__(
        self,
        layers: tuple[Layer, ...],
        frame: Frame,
        block: Block | None = None,
        values: dict[str, Any] | None = None,
    ) -> None:
        self.layers = layers
        self.frame = frame
        self.block = block  # the parsed block, where the scan keeps them
        self.values = values  # what it evaluates to: the resource's own

    def __reduce__(self) -> tuple[Any, ...]:
        return (BlockOrigin, (self.layers, self.frame, None, self.values))

    @property
    def files(self) -> list[str]:
        """The files that the block is written in, as reports spell them."""
        return [layer.shown for layer in self.layers]

    def locate(self, path: ValuePath) -> Location:
        block = self._reopen()
        if block is None:
            return Location(self.layers[0].shown)
        return location(find(block, path, self.values)[0])

    def locate_chars(self, path: ValuePath, chars: tuple[int, int]) -> Location:
        block = self._reopen()
        if block is None:
            return Location(self.layers[0].shown)
        span = find(block, path, self.values)[0]
        return location(characters(span, *chars) or span)

    def trace(self, path: ValuePath) -> list[Step]:
        block = self._reopen()
        if block is None:
            return []
        span, attribute, way = find(block, path, self.values)
        tracer = _Tracer()
        if attribute is not None:
            tracer.follow(attribute, self.frame, way, span)
        elif len(way) > 1:
            for inner in way:
                over = inner.body.attributes.get("for_each") if inner.kind == "dynamic" else None
                if over is not None:
                    tracer.follow(over, self.frame, way[:1])
        return tracer.steps

    def written(self, name: str) -> str | None:
        """The text of one of the block's own arguments (`provider`), which may be no value; None when it has none."""
        block = self._reopen()
        attribute = None if block is None else block.body.attributes.get(name)
        return None if attribute is None else attribute.text.strip().strip('"')

    def _reopen(self) -> Block | None:
        if self.block is not None:
            return self.block
        try:
            return reopen(self.layers)
        except (OSError, ValueError):
            return None


class FileOrigin:
    """The origin of what no single block declares: the root module, its account."""

    __slots__ = ("shown",)

    def __init__(self, shown: str) -> None:
        self.shown = shown

    @property
    def files(self) -> list[str]:
        return [self.shown]

    def locate(self, path: ValuePath) -> Location:
        return Location(self.shown)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def location(span: Span) -> Location:
    """A span with 1-based lines and columns."""
    file, start, end = span
    first, last = file.position(start), file.position(end)
    return Location(file.shown, *first, *last)


class _Tracer:
    """Collects the steps from an expression back to where its parts are written."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.seen: set[tuple[str, str]] = set()

    def follow(self, attribute: Attribute, frame: Frame, way: Sequence[Block], span: Span | None = None) -> None:
        """Explain every reference in an attribute's expression, or in a part of it."""
        for words in references(attribute, span):
            key = (frame.address, ".".join(words))
            if key in self.seen or len(self.steps) >= MAX_STEPS:
                continue
            self.seen.add(key)
            self._reference(words, frame, way)

    def _reference(self, words: Sequence[str], frame: Frame, way: Sequence[Block]) -> None:
        head, name = words[0], words[1] if len(words) > 1 else ""
        module = frame.module
        if module is None:
            return
        if head == "local" and name in module.locals:
            self._step(module.locals[name], f"local.{name} is set here", frame)
        elif head == "var" and name in module.variables:
            self._variable(name, frame, module)
        elif head == "module" and name in module.calls:
            self._output(name, words[2] if len(words) > 2 else "", frame, module.calls[name])
        elif head in ("each", "count"):
            over = way[0].body.attributes.get("for_each" if head == "each" else "count")
            if over is not None:
                self._step(over, f"{'.'.join(words[:2])} comes from here", frame)
        elif any(b.kind == "dynamic" and head == _iterator(b) for b in way):
            block = next(b for b in way if b.kind == "dynamic" and head == _iterator(b))
            over = block.body.attributes.get("for_each")
            if over is not None:
                self._step(over, f"{head} goes over this", frame, way)
        else:
            self._resource(words, frame, module)

    def _step(self, attribute: Attribute, note: str, frame: Frame, way: Sequence[Block] = ()) -> None:
        self._say(attribute.file, attribute.start, note)
        self.follow(attribute, frame, way)

    def _say(self, file: SourceFile, start: int, note: str) -> None:
        self.steps.append(Step(file.shown, file.line(start), note))

    def _variable(self, name: str, frame: Frame, module: Module) -> None:
        declared = module.variables[name]
        note = f"var.{name} is set here"
        if frame.above is not None:
            call = reopen(frame.call)
            argument = call.body.attributes.get(name) if call is not None else None
            if argument is not None and call is not None:
                self._step(argument, note, frame.above, [call])
                return
        else:
            given = frame.sources.given(frame.directory).values.get(name)
            if isinstance(given, str):
                self._say(declared.block.file, declared.block.start, f"var.{name} is set on the command line")
                return
            if given is not None:
                self._step(given, note, frame)
                return
        if declared.default is not None:
            self._say(declared.default.file, declared.default.start, f"var.{name} has this default")
        else:
            self._say(declared.block.file, declared.block.start, f"var.{name} is declared here and has no value")

    def _output(self, name: str, output: str, frame: Frame, call: Block) -> None:
        directory = frame.sources.loader.called_directory(frame.directory, call)
        module = frame.sources.module(directory) if directory is not None else None
        if module is None or directory is None:
            self._say(call.file, call.start, f"module.{name} is called here")
            return
        block = module.outputs.get(output)
        value = block.body.attributes.get("value") if block is not None else None
        if value is not None:
            inner = frame.enter(directory, call, f"{frame.address}.{name}")
            self._step(value, f"module.{name}.{output} is set here", inner)

    def _resource(self, words: Sequence[str], frame: Frame, module: Module) -> None:
        if words[0] == "data" and len(words) > 2:
            key, rest = (f"data.{words[1]}", words[2]), words[3:]
        elif len(words) > 1:
            key, rest = (words[0], words[1]), words[2:]
        else:
            return
        block = module.resources.get(key)
        if block is None:
            return
        label = ".".join(key)
        attribute = block.body.attributes.get(rest[0]) if rest else None
        if attribute is not None:
            self._step(attribute, f"{label}.{rest[0]} is set here", frame, [block])
        else:
            self._say(block.file, block.start, f"{label} is declared here")


def _iterator(block: Block) -> str:
    from assay.terraform.syntax import iterator_name

    return iterator_name(block, block.body)


def references(attribute: Attribute, span: Span | None = None) -> Iterator[tuple[str, ...]]:
    """The references in an expression as words, in the order of the text."""
    node, file = attribute.node, attribute.file
    if attribute.file.path.endswith(".json"):
        for match in _TEXT_REFERENCE.finditer(attribute.text):
            yield (match[1], *match[2][1:].split("."))
        return
    if node is None:
        return
    first, last = (span.start, span.end) if span is not None else (node.start_byte, node.end_byte)
    stack = [node]
    while stack:
        current = stack.pop()
        if current.end_byte <= first or current.start_byte >= last:
            continue
        children = [n for n in current.children if n.kind_id != COMMENT]
        for i, child in enumerate(children):
            if child.kind_id == VARIABLE:
                yield tuple(_words(children[i:], file.data))
        stack.extend(reversed(children))


def _words(nodes: Sequence[Any], data: bytes) -> Iterator[str]:
    yield data[nodes[0].start_byte : nodes[0].end_byte].decode()
    for node in nodes[1:]:
        if node.kind_id == GET:
            name = node.children[-1]
            yield data[name.start_byte : name.end_byte].decode()
        elif node.kind_id != INDEX:
            return
