"""Python source beside the infrastructure: the code of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.documents.positions import Malformed
from assay.model import Location, Resource

if TYPE_CHECKING:
    from ast import Module

    from assay.documents.reading import File
    from assay.model import Step, ValuePath


class SourceOrigin:
    """Where findings on a source file stand: a path `line, n` (and `column, m`) is that place of it."""

    __slots__ = ("memo", "shown", "tree")

    def __init__(self, shown: str, tree: Module) -> None:
        self.shown = shown
        self.tree = tree
        self.memo: dict[str, object] = {}  # what analyses have found in it

    def locate(self, path: ValuePath) -> Location:
        places = dict(zip(path[::2], path[1::2], strict=False))
        line, column = int(places.get("line", 1)), int(places.get("column", 1))
        return Location(self.shown, line, column, line, column)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def read(file: File) -> list[Resource]:
    """The source file, with its handlers: functions that take an event.

    Raises:
        Malformed: it is not Python.
    """
    import ast

    from assay.analysis.python_code import parse
    from assay.analysis.source_code import NoSource

    try:
        tree = parse(file.data)
    except NoSource as error:
        raise Malformed(str(error), error.line, error.column) from None
    functions = [n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    values = {"path": file.shown, "functions": functions, "lines": file.data.count(b"\n")}
    return [Resource("python", file.shown, "document", values, SourceOrigin(file.shown, tree))]
