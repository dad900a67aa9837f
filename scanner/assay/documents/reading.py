"""Reading documents: each file once, bounded, inside the scanned tree; what cannot be parsed is kept for its users."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from assay.documents import kind_of
from assay.documents.positions import Malformed
from assay.model import Resource, Unknown
from assay.paths import display, repository
from assay.terraform.files import OUTSIDE, Files
from assay.terraform.syntax import Unreadable
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.model import Intake, Location, Request, Step, ValuePath

TYPES = {
    "step_functions": ("aws_sfn_state_machine", "definition"), "build_spec": ("build_spec", "steps"),
    "layer_archive": ("archive", "entries"), "sql_schema": ("sql", "statements"), "python_source": ("python", "calls"),
    "dockerfile": ("dockerfile", "instructions"), "workflow": ("workflow", "jobs"),
}  # fmt: skip
"""Of each kind of document, the type of its resource and the attribute that holds what was read."""


class File(NamedTuple):
    """A file to read: where it is, how reports spell that, and its bytes (none of an archive, which is streamed)."""

    path: str
    shown: str
    data: bytes

    def text(self) -> str:
        """The file as text.

        Raises:
            Malformed: it is not UTF-8.
        """
        try:
            return self.data.removeprefix(b"\xef\xbb\xbf").decode()
        except UnicodeDecodeError as error:
            before = self.data[: error.start]
            line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
            raise Malformed("it is not UTF-8 text", line, column) from None


class BrokenOrigin:
    """Where a document stops being one."""

    __slots__ = ("fault", "shown")

    def __init__(self, shown: str, fault: Malformed) -> None:
        self.shown = shown
        self.fault = fault

    def locate(self, path: ValuePath) -> Location:
        from assay.model import Location

        return Location(self.shown, self.fault.line, self.fault.column, self.fault.line, self.fault.column + 1)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


class Documents:
    """The documents of one scan."""

    def __init__(self, request: Request, intake: Intake) -> None:
        self.request = request
        self.intake = intake
        self.files = Files([repository(os.path.realpath(p)) for p in request.paths], request.base, request.paths)
        self.found: dict[str, list[Resource]] = {}
        self.broken: dict[str, Malformed] = {}  # by the path that is shown
        self.made: dict[int, Resource] = {}  # archives that Terraform will make, by the id of their data source
        self.skipped: dict[str, str] = {}  # what is named and not here, with the reason

    def read(self, path: str, kind: str = "") -> list[Resource]:
        """The resources of a file; an unparsed one has its `problem`, and unknowns where its content would be."""
        real = os.path.realpath(path)
        if real not in self.found:
            shown = display(path, self.request.base)
            self.found[real] = []
            kind = kind or kind_of(path, self.head(path))
            try:
                self.found[real] = self._parse(kind, path, shown)
            except Unreadable as error:
                self.intake.coverage.input(shown, "failed", str(error))
            except Exception as error:  # noqa: BLE001 - one document must not take the others along
                sentence = f"Assay itself failed on this document ({type(error).__name__}: {error}); please report it"
                self.intake.coverage.input(shown, "failed", sentence)
            self.intake.resources.extend(self.found[real])
        return self.found[real]

    def _parse(self, kind: str, path: str, shown: str) -> list[Resource]:
        if not self.files.allowed(path):
            raise Unreadable(OUTSIDE)
        reader: Callable[[File], list[Resource]] = import_module(f"assay.documents.{kind}").read
        file = File(path, shown, b"" if kind == "layer_archive" else self.files.read(path))
        try:
            return reader(file)
        except Malformed as fault:
            if fault.kept:
                self.intake.coverage.input(shown, "failed", str(fault), fault.line)
                return list(fault.kept)
            self.broken[shown] = fault
            return [_unparsed(kind, shown, fault)]

    def link(self, user: Resource, path: str, kind: str, via: str) -> None:
        """Read a file that a resource names, and link its resources to it."""
        self.intake.links += [(user, document, via) for document in self.read(path, kind)]

    def head(self, path: str) -> Callable[[], bytes]:
        """What `kind_of` asks for: the first 64 KiB of a file."""

        def head() -> bytes:
            try:
                return self.files.read(path)[:65536].removeprefix(b"\xef\xbb\xbf")
            except Unreadable:
                return b""

        return head

    def close(self) -> None:
        """Say what was read. What could not be parsed is a resource only when something uses it."""
        used = {id(target) for _, target, _ in self.intake.links}
        coverage = self.intake.coverage
        said = {i["path"] for i in coverage.inputs}
        for shown, reason in self.skipped.items():
            coverage.input(shown, "skipped", reason)
        for resources in self.found.values():
            for r in resources:
                fault = self.broken.get(r.address)
                if fault is not None and id(r) not in used:
                    self.intake.resources.remove(r)
                    coverage.input(r.address, "failed", str(fault), fault.line)
                elif r.origin.locate(()).file not in said:
                    coverage.input(r.origin.locate(()).file, "read")
                    said.add(r.origin.locate(()).file)


def _unparsed(kind: str, shown: str, fault: Malformed) -> Resource:
    type_, content = TYPES[kind]
    reason = Unknown(f"{shown} cannot be parsed: {fault}")
    values = {"problem": {"message": fault.sentence, "line": fault.line, "column": fault.column}, content: reason}
    source = "layer" if kind == "layer_archive" else "document"
    return Resource(type_, shown, source, values, BrokenOrigin(shown, fault))
