"""Which directories are root modules, and the evaluation of each in turn."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from assay.terraform.files import Files
from assay.terraform.modules import Loader, config_names
from assay.terraform.root import Root
from assay.terraform.variables import collect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.model import Intake, Request
    from assay.terraform.syntax import SourceFile

_CALL = re.compile(rb'source"?\s*[=:]\s*"(\.{1,2}(?:/[^"$]*)?)"')
_OWN = re.compile(rb'^[ \t]*(?:provider[ \t]+"|backend[ \t]+"|cloud[ \t]*\{)', re.MULTILINE)
_SKIPPED = {"node_modules", "__pycache__"}


class Estate:
    """Everything a scan reads as Terraform."""

    def __init__(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        self.request = request
        self.intake = intake
        self.files = Files([tree_of(p) for p in paths], request.base)
        self.loader = Loader(self.files, self.note, self.remote)
        self.remotes: dict[str, list[str]] = {}
        self.inputs: dict[str, tuple[str, str | None, SourceFile | None]] = {}
        self.directories: dict[str, list[str]] = {}  # directory -> what it calls
        self.own: set[str] = set()  # directories with tfvars, a backend or a provider of their own
        for path in paths:
            self._find(os.path.realpath(path))

    def note(self, file: SourceFile | None, shown: str, status: str, reason: str | None) -> None:
        self.inputs.setdefault(shown, (status, reason, file))

    def remote(self, source: str, place: str) -> None:
        places = self.remotes.setdefault(source, [])
        if place not in places:
            places.append(place)

    # --- finding

    def _find(self, path: str) -> None:
        for directory in [path, *below(path)] if os.path.isdir(path) else [os.path.dirname(path)]:
            if directory not in self.directories:
                self._glance(directory)

    def _glance(self, directory: str) -> None:
        """Find the calls of a directory without parsing: too many or too few are put right when roots are evaluated."""
        names = self.files.listing(directory)
        found = config_names(names)
        if not found:
            return
        calls = []
        for name in found:
            try:
                data = self.files.read(os.path.join(directory, name))
            except Exception:  # noqa: BLE001, S112 - said when the file is parsed
                continue
            calls += [os.path.normpath(os.path.join(directory, m.decode())) for m in _CALL.findall(data)]
            if _OWN.search(data):
                self.own.add(directory)
        if any(n.endswith((".tfvars", ".tfvars.json")) for n in names):
            self.own.add(directory)
        self.directories[directory] = calls

    def roots(self) -> list[str]:
        called = {c for d, calls in self.directories.items() for c in calls if c != d}
        return sorted(d for d in self.directories if d not in called or d in self.own)

    # --- evaluating

    def run(self) -> None:
        done: set[str] = set()
        for directory in self.roots():
            done |= self._root(directory)
        for directory in sorted(self.directories):
            if directory not in done:
                done |= self._root(directory)
        self._report()

    def _root(self, directory: str) -> set[str]:
        module = self.loader.module(directory)
        if module is None:
            return {directory}
        given = collect(self.loader, directory, self.request.var_files, self.request.variables)
        root = Root(module, self.loader, self.intake, given, "default")
        root.run()
        for sentence, (file, line) in root.problems.items():
            self.intake.coverage.input(file, "failed", sentence, line)
        return root.reached

    def _report(self) -> None:
        for shown, (status, reason, file) in self.inputs.items():
            if file is not None and file.faults:
                first = file.faults[0]
                self.intake.coverage.input(shown, "failed", first.sentence, first.line)
            else:
                self.intake.coverage.input(shown, status, reason)
        for source, places in self.remotes.items():
            more = f" and {len(places) - 1} more places" if len(places) > 1 else ""
            reason = f"{places[0]}{more}: a remote module that terraform init has not downloaded; it was not evaluated"
            self.intake.coverage.input(source, "skipped", reason)


def below(directory: str) -> Iterator[str]:
    """Every directory below one, hidden ones and links left out, in a fixed order."""
    try:
        entries = sorted(os.scandir(directory), key=lambda e: e.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _SKIPPED or not entry.is_dir(follow_symlinks=False):
            continue
        yield entry.path
        yield from below(entry.path)


def tree_of(path: str) -> str:
    """The tree a path belongs to: its repository, else the directory itself."""
    real = os.path.realpath(path)
    start = real if os.path.isdir(real) else os.path.dirname(real)
    current = start
    while True:
        if os.path.exists(os.path.join(current, ".git")):
            return current
        above = os.path.dirname(current)
        if above == current:
            return start
        current = above


