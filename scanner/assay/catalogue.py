"""The rules there are: an index that is read instead of importing them, selection, and loading what a scan needs.

`rules/index.json` is generated from the rules (`assay rules docs`); a scan imports only the files whose types occur,
and `explain` and `rules list` import none. A file that is not as the index remembers it makes the index stale: then
everything is imported, which is slower and never wrong.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.bundled import RULES
from assay.model import Severity
from assay.rule import Rule, RuleError, load_directory, load_file, refuse_duplicates, rule_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.graph import Graph
    from assay.model import Finding, View

INDEX = "index.json"


class SelectionError(Exception):
    """A filter that matches no rule: which, and what is near it."""


class Entry:
    """What the index knows of one rule."""

    __slots__ = (
        "controls", "directory", "equivalents", "file", "fix", "fixable", "id", "on", "severity", "sources", "theme",
        "title", "why",
    )  # fmt: skip

    def __init__(self, directory: str, record: dict[str, Any]) -> None:
        self.directory = directory
        self.id: str = record["id"]
        self.title: str = record["title"]
        self.theme: str = record["theme"]
        self.severity: str = record["severity"]
        self.on: list[str] = record["on"]
        self.sources: list[str] = record["sources"]
        self.controls: list[str] = record["controls"]
        self.equivalents: list[str] = record["equivalents"]
        self.file: str = record["file"]
        self.fixable: bool = record["fixable"]
        self.why: str = record["why"]
        self.fix: str = record["fix"]

    def as_rule(self) -> Rule:
        """The rule as reports read it, without importing its file; it cannot judge."""
        text = f"{self.title}\n\n## Why\n{self.why}\n\n## Fix\n{self.fix}\n"
        made = Rule(
            self.id, _cannot_run, on=self.on, severity=Severity[self.severity.upper()], text=text,
            controls=self.controls, equivalents=self.equivalents, each=None, sources=self.sources, waivable=True,
            fixable=self.fixable, params={},
        )  # fmt: skip
        made.theme = self.theme
        made.file = self.file
        return made


def _cannot_run(view: View, graph: Graph) -> Iterable[Finding]:
    raise RuntimeError("a rule made from the index cannot judge; load its file")


def describe(rule: Rule) -> dict[str, Any]:
    """One rule as the index holds it."""
    return {
        "id": rule.id, "title": rule.title, "theme": rule.theme, "severity": rule.severity.label, "on": list(rule.on),
        "sources": claimed_sources(rule.on, rule.sources), "controls": list(rule.controls),
        "equivalents": list(rule.equivalents), "file": rule.file, "fixable": rule.fixable, "why": rule.why,
        "fix": rule.fix,
    }  # fmt: skip


def claimed_sources(on: Sequence[str], sources: Sequence[str]) -> list[str]:
    """The sources a rule claims: its own list, else every source that exists for its types."""
    if sources:
        return list(sources)
    return ["terraform", "plan"]


def build_index(directory: str) -> dict[str, Any]:
    """The index of a directory of rules, made by loading all of them.

    Raises:
        RuleError: a rule file is refused.
    """
    rules = load_directory(directory)
    return {
        "format": 1,
        "files": {f: os.path.getsize(f"{directory}/{f}") for f in rule_files(directory)},
        "rules": [describe(r) for r in sorted(rules, key=lambda r: r.id)],
    }


class Catalogue:
    """The rules of some directories: listed from their indexes, imported only when asked for."""

    def __init__(self, directories: Iterable[str] | None = None) -> None:
        self.directories = [RULES] if directories is None else list(directories)
        self.entries: list[Entry] = []
        self._loaded: dict[str, Rule] = {}
        self._checked: set[str] = set()
        self.params: dict[str, dict[str, Any]] = {}
        for directory in self.directories:
            self._open(directory)

    def _open(self, directory: str) -> None:
        index = _read_index(directory)
        if index is None:
            rules = load_directory(directory)
            self._loaded.update({r.id: r for r in rules})
            self._add(Entry(directory, describe(r)) for r in rules)
        else:
            self._checked.add(directory)
            self._add(Entry(directory, r) for r in index["rules"])

    def _add(self, entries: Iterable[Entry]) -> None:
        known = {e.id: e for e in self.entries}
        for entry in entries:
            if entry.id in known:
                raise RuleError(f"rule id {entry.id} is used twice: in {known[entry.id].file} and {entry.file}")
            self.entries.append(entry)

    def find(self, rule_id: str) -> Entry | None:
        return next((e for e in self.entries if e.id == rule_id), None)

    def near(self, word: str) -> list[str]:
        """Ids and themes that look like `word`, for a did-you-mean."""
        from difflib import get_close_matches

        names = sorted({e.id for e in self.entries} | {e.theme for e in self.entries})
        inside = [n for n in names if word and word in n][:3]
        return inside or get_close_matches(word, names, 3, 0.6)

    def select(
        self, select: Sequence[str] = (), ignore: Sequence[str] = (), framework: Sequence[str] = ()
    ) -> list[Entry]:
        """The entries that the filters leave.

        Raises:
            SelectionError: a filter matches nothing.
        """
        chosen = self.entries
        if select:
            chosen = [e for e in chosen if any(_matches(e, p) for p in select)]
        if framework:
            chosen = [e for e in chosen if any(c.startswith(f"{f}:") for c in e.controls for f in framework)]
        for what, patterns in (("--select", select), ("--ignore", ignore)):
            for pattern in patterns:
                if not any(_matches(e, pattern) for e in self.entries):
                    raise SelectionError(f"{what} {pattern} matches no rule{self._hint(pattern)}")
        for name in framework:
            if not any(c.startswith(f"{name}:") for e in self.entries for c in e.controls):
                known = sorted({c.partition(":")[0] for e in self.entries for c in e.controls})
                raise SelectionError(f"--framework {name} is not known; there are: {', '.join(known)}")
        return [e for e in chosen if not any(_matches(e, p) for p in ignore)]

    def _hint(self, word: str) -> str:
        near = self.near(word)
        return f"; did you mean {' or '.join(near)}?" if near else "; see `assay rules list`"

    def load(self, entries: Sequence[Entry], types: Iterable[str] | None = None) -> list[Rule]:
        """The rules of these entries that can say anything about these types (all, when None).

        Raises:
            RuleError: a rule file is refused or does not run.
        """
        present = None if types is None else set(types)
        wanted = [e for e in entries if present is None or _speaks(e, present)]
        for directory, file in dict.fromkeys((e.directory, e.file) for e in wanted):
            if any(e.id not in self._loaded for e in wanted if e.file == file and e.directory == directory):
                for rule in load_file(directory, file, checked=directory in self._checked):
                    self._loaded[rule.id] = rule
        rules = [self._loaded[e.id] for e in wanted]
        refuse_duplicates(rules)
        for rule in rules:
            for name, value in self.params.get(rule.id, {}).items():
                if name not in rule.params:
                    known = ", ".join(rule.params) or "none"
                    raise RuleError(f"params.{rule.id}.{name}: the rule has no such parameter; it has {known}")
                rule.params[name] = value
        return rules


def _speaks(entry: Entry, present: set[str]) -> bool:
    return any(t in present or t in ("any", "taggable") for t in entry.on)


def _matches(entry: Entry, pattern: str) -> bool:
    if pattern in (entry.id, entry.theme):
        return True
    from fnmatch import fnmatchcase

    return fnmatchcase(entry.id, pattern) or fnmatchcase(entry.theme, pattern)


def _read_index(directory: str) -> dict[str, Any] | None:
    """The index when it describes the files as they are, else None."""
    import json

    try:
        with open(f"{directory}/{INDEX}", "rb") as handle:
            index: dict[str, Any] = json.loads(handle.read())
    except (OSError, ValueError):
        return None
    if index.get("format") != 1:
        return None
    try:
        sizes = {f: os.path.getsize(f"{directory}/{f}") for f in rule_files(directory)}
    except OSError:
        return None
    return index if sizes == index["files"] else None
