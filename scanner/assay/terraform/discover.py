"""Which directories are root modules, and the evaluation of each in turn."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING

from assay.model import NOT_DOWNLOADED
from assay.paths import SKIPPED, repository
from assay.patterns import pattern
from assay.terraform.files import Files
from assay.terraform.modules import Loader, config_names
from assay.terraform.root import Root
from assay.terraform.syntax import Unreadable
from assay.terraform.trace import Sources
from assay.terraform.variables import collect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.model import Intake, Request
    from assay.terraform.modules import Module
    from assay.terraform.syntax import SourceFile
    from assay.terraform.variables import Given

_CALL = pattern(rb'source"?\s*[=:]\s*"(\.{1,2}(?:/[^"$\n\0]*)?)"')
_OWN = pattern(rb'^[ \t]*(?:provider[ \t]+"|backend[ \t]+"|cloud[ \t]*\{)', re.MULTILINE)
DEPTH = 20_000
MAX_CALLERS = 300
"""How many directories around a single file are looked at for calls of its module."""
MAX_HOLDERS = 8
"""How many of the root modules that use the named files are evaluated."""
KEPT_BYTES = 300_000
"""Up to this size an estate stays parsed until its findings are located; a syntax tree takes 60 times its text."""


class Estate:
    """Everything a scan reads as Terraform."""

    def __init__(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        self.request = request
        self.intake = intake
        trees = [repository(os.path.realpath(p)) for p in paths]
        self.files = Files(trees, request.base, request.var_files, request.options.get("overlay"))
        self.loader = Loader(self.files, self.note, self.remote)
        self.sources = Sources(self.files.trees, self.files.base, request.var_files, request.variables)
        self.inputs: dict[str, tuple[str, str | None]] = {}
        self.faults: dict[str, dict[str, int | None]] = {}
        self.remotes: dict[str, list[str]] = {}
        self.directories: dict[str, list[str]] = {}  # directory -> what it calls
        self.own: set[str] = set()  # directories with tfvars, a backend or a provider of their own
        self.wanted: set[str] = set()  # directories that must be evaluated, alone if nobody calls them
        self.size = 0  # bytes of configuration glanced at
        self.known: set[str] = set()  # the files of the modules evaluated for a hook, as they are shown,
        self.led: set[str] = set()  # and those of them that take a value from a file it names
        for path in paths:
            self._find(os.path.realpath(path))

    # --- what is told about files

    def note(self, file: SourceFile | None, shown: str, status: str, reason: str | None) -> None:
        self.inputs.setdefault(shown, (status, reason))
        if file is not None and file.comments:
            from assay.terraform.remarks import remarks

            self.intake.remarks.extend(remarks(file))

    def remote(self, source: str, place: str) -> None:
        places = self.remotes.setdefault(source, [])
        if place not in places:
            places.append(place)

    # --- finding

    def _find(self, path: str) -> None:
        if os.path.isdir(path):
            for directory in [path, *below(path)]:
                if self.glance(directory):
                    self.wanted.add(directory)
            return
        directory = os.path.dirname(path)
        if self.glance(directory):
            self.wanted.add(directory)
            for near in [*_two_levels(directory), *around(directory, repository(directory))]:
                self.glance(near)

    def glance(self, directory: str) -> bool:
        """Find the calls of a directory without parsing: too many or too few are put right when roots are evaluated."""
        if directory in self.directories:
            return True
        names = self.files.listing(directory)
        found = config_names(names)
        if not found:
            return False
        calls = []
        for name in found:
            try:
                data = self.files.read(os.path.join(directory, name))
            except Unreadable:  # said when the file is parsed
                continue
            self.size += len(data)
            self.loader.copies[hash(data)] = self.loader.copies.get(hash(data), 0) + 1
            if b"source" in data:
                calls += [
                    os.path.normpath(os.path.join(directory, m.decode(errors="replace"))) for m in _CALL.findall(data)
                ]
            if _OWN.search(data):
                self.own.add(directory)
        if any(n.endswith((".tfvars", ".tfvars.json")) for n in names):
            self.own.add(directory)
        self.directories[directory] = calls
        return True

    def roots(self) -> list[str]:
        """The directories that no other calls, and those that stand alone as well."""
        called = {c for d, calls in self.directories.items() for c in calls if c != d}
        return sorted(d for d in self.directories if d not in called or d in self.own)

    def reach(self, directory: str) -> set[str]:
        """Every directory that a root module may need."""
        found: set[str] = set()
        waiting = [directory]
        while waiting:
            current = waiting.pop()
            if current not in found and (current in self.directories or self.glance(current)):
                found.add(current)
                waiting.extend(self.directories[current])
        return found

    # --- evaluating

    def run(self) -> None:
        """Evaluate every root module; values refer to values, so the interpreter's own depth must not be the bound."""
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(max(usual, DEPTH))
        try:
            self._run()
        finally:
            sys.setrecursionlimit(usual)

    def _run(self) -> None:
        reaches = {d: self.reach(d) for d in self.roots()}
        if self.request.files_only:
            reaches = self._nearest({d: r for d, r in reaches.items() if r & self.wanted})
        if self.size <= KEPT_BYTES:
            self.sources.keep(self.loader)
        self.loader.copies = {text: n for text, n in self.loader.copies.items() if n > 1}
        done = self._evaluate(reaches)
        rest = [d for d in sorted(self.wanted) if d not in done]
        while rest:  # what only calls itself, or was called in a comment only
            done |= self._evaluate({rest[0]: self.reach(rest[0])}) | {rest[0]}
            rest = [d for d in rest if d not in done]
        self._report()

    def _nearest(self, reaches: dict[str, set[str]]) -> dict[str, set[str]]:
        """Of the root modules that hold the named files, the nearest ones: a hook must answer at once."""
        if len(reaches) <= MAX_HOLDERS:
            return reaches
        ordered = sorted(reaches, key=lambda d: (min(_steps(d, w) for w in self.wanted), d))
        self.intake.coverage.notes.append(
            f"{len(reaches)} root modules use these files; the {MAX_HOLDERS} nearest were evaluated: "
            "scan the directory for the others"
        )
        return {d: reaches[d] for d in sorted(ordered[:MAX_HOLDERS])}

    def _evaluate(self, reaches: dict[str, set[str]]) -> set[str]:
        """Evaluate root modules, each directory dropped after the last that needs it."""
        needed = Counter(d for reach in reaches.values() for d in reach)
        done: set[str] = set()
        for directory, reach in reaches.items():
            reached = self._root(directory)
            done |= reached
            needed.subtract(reach)
            for other in reach | reached:
                if needed[other] <= 0:
                    self.loader.drop(other)
        return done

    def _root(self, directory: str) -> set[str]:
        module = self.loader.module(directory)
        if module is None:
            return {directory}
        given = collect(self.loader, directory, self.request.var_files, self.request.variables)
        root = Root(module, self.loader, self.sources, self.intake, given, "default")
        try:
            root.run()
        except Exception as error:  # noqa: BLE001 - one root module must not take the others along
            sentence = f"Assay itself failed on this root module ({type(error).__name__}: {error}); please report it"
            self.fail(module.shown or ".", sentence, None)
        for sentence, (shown, line) in root.problems.items():
            self.fail(shown, sentence, line)
        modules = [self.loader.module(reached) for reached in root.reached]
        read = [m for m in modules if m is not None]
        for file in [*given.files, *(f for m in read for f in m.files)]:
            for fault in file.faults:
                self.fail(file.shown, fault.sentence, fault.line)
        if self.request.files_only:
            self._set_apart(read, given)
        return root.reached

    def _set_apart(self, modules: list[Module], given: Given) -> None:
        from assay.terraform.apart import led

        named = {self.files.shown(os.path.realpath(p)) for p in self.request.paths}
        files = {f.shown for m in modules for f in m.files}
        anywhere = self.files.opened.union(f.shown for f in given.files) - files  # what they hold may go to any file
        self.led |= led(modules, named) if named.isdisjoint(anywhere) else files
        self.known |= files

    def fail(self, shown: str, sentence: str, line: int | None) -> None:
        """A fault of a file, said once."""
        faults = self.faults.setdefault(shown, {})
        faults.setdefault(sentence, line)

    def _report(self) -> None:
        self.intake.apart = self.known - self.led
        coverage = self.intake.coverage
        for shown in sorted(self.files.opened):
            self.inputs.setdefault(shown, ("read", None))
        for shown, (status, reason) in self.inputs.items():
            if shown not in self.faults:
                coverage.input(shown, status, reason)
        for shown, faults in self.faults.items():
            for sentence, line in faults.items():
                coverage.input(shown, "failed", sentence, line)
        for source, places in self.remotes.items():
            others = len(places) - 1
            more = f" and {others} more place{'s' if others > 1 else ''}" if others else ""
            sentence = f"{places[0]}{more}: {NOT_DOWNLOADED}"
            self.intake.coverage.input(source, "skipped", sentence)


def below(directory: str) -> Iterator[str]:
    """Every directory below one, hidden ones and links left out, in a fixed order."""
    waiting = [directory]
    while waiting:
        current = waiting.pop()
        if current != directory:
            yield current
        waiting.extend(reversed(children(current)))


def _walked(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.name not in SKIPPED and entry.is_dir(follow_symlinks=False)


def around(directory: str, top: str) -> Iterator[str]:
    """The directories whose modules may call this one: its ancestors in the repository, two levels below each."""
    seen = {directory}
    current = directory
    while current != top and len(seen) < MAX_CALLERS:
        current = os.path.dirname(current)
        for near in [current, *_two_levels(current)]:
            if near not in seen and len(seen) < MAX_CALLERS:
                seen.add(near)
                yield near


def _steps(one: str, other: str) -> int:
    """How many directories lie between two."""
    relative = os.path.relpath(one, other)
    return 0 if relative == "." else relative.count(os.sep) + 1


def _two_levels(directory: str) -> Iterator[str]:
    first = children(directory)
    yield from first
    for path in first:
        yield from children(path)


def children(directory: str) -> list[str]:
    """The directories directly inside one."""
    try:
        with os.scandir(directory) as entries:
            return sorted(e.path for e in entries if _walked(e))
    except OSError:
        return []
