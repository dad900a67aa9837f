"""Where a value stands in the code, and how it came to be: asked only for findings, so the file is parsed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Location

if TYPE_CHECKING:
    from assay.model import Step, ValuePath
    from assay.terraform.evaluate import Scope
    from assay.terraform.instances import ModuleInstance
    from assay.terraform.syntax import Block, SourceFile


class Frame:
    """A module instance in the chain of calls: light enough to outlive the evaluation."""

    __slots__ = ("above", "directory")

    def __init__(self, root: Any, scope: Scope, above: Frame | None) -> None:
        self.directory = scope.module.directory
        self.above = above

    def enter(self, block: Block, instance: ModuleInstance) -> Frame:
        return self


class BlockOrigin:
    """A block of a file."""

    __slots__ = ("address", "end", "file", "frame", "key", "path", "start")

    def __init__(self, block: Block | None, address: str, frame: Frame | None, key: Any) -> None:
        self.address = address
        self.frame = frame
        self.key = key
        self.file = block.file.shown if block is not None else address
        self.path = block.file.path if block is not None else ""
        self.start = block.start if block is not None else 0
        self.end = block.end if block is not None else 0

    @classmethod
    def of_file(cls, file: SourceFile) -> BlockOrigin:
        return cls.of_path(file.shown)

    @classmethod
    def of_path(cls, shown: str) -> BlockOrigin:
        return cls(None, shown or ".", None, None)

    def locate(self, path: ValuePath) -> Location:
        if not self.path:
            return Location(self.file)
        with open(self.path, "rb") as handle:
            data = handle.read()
        line = data.count(b"\n", 0, self.start) + 1
        return Location(self.file, line, 1, line + data.count(b"\n", self.start, self.end), 1)

    def trace(self, path: ValuePath) -> list[Step]:
        return []
