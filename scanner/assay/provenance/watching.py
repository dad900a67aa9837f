"""Which attributes the rules of a directory read, by type: what drift is looked for in. Made with the rules' index.

Told from the rules' own text: the paths that a rule, what it calls and the constants it uses spell out, as far as the
schema of a type it speaks of has them. One too many costs a comparison; none is lost that is written out.
"""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from typing import TYPE_CHECKING

from assay.terraform.schema import attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assay.rule import Rule

_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+|\[\d+\])*")
_TYPE = re.compile(r"(?:aws|oci)_[a-z0-9_]+")
_ANALYSES = "assay.analysis"


def read_by(directory: str, rules: Iterable[Rule]) -> dict[str, list[str]]:
    """By resource type of AWS and OCI: the top-level attributes that some rule on it, or on what it links to, reads."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        words = set(_of_row(rule)) if rule.row is not None else _words(directory, rule)
        types = {t for t in (*rule.on, *words) if _TYPE.fullmatch(t)}
        names = {w.partition(".")[0].partition("[")[0] for w in words}
        for type_ in types:
            found.setdefault(type_, set()).update(names & _top_level(type_))
    return {type_: sorted(names) for type_, names in sorted(found.items()) if names}


def _of_row(rule: Rule) -> Iterator[str]:
    if rule.row is not None:
        for path in rule.row.paths.values():
            yield f"{rule.each}.{path}" if isinstance(rule.each, str) else path


def _words(directory: str, rule: Rule) -> set[str]:
    module = _Module.of(f"{directory}/{rule.file}")
    found: set[str] = {rule.each} if isinstance(rule.each, str) else set()
    module.follow(module.function(rule.id), found, set())
    return found


class _Module:
    """One Python file: its functions and constants by name, and what it imports of the analyses."""

    def __init__(self, path: str) -> None:
        with open(path, encoding="utf-8") as handle:
            self.tree = ast.parse(handle.read())
        self.path = path
        self.named: dict[str, list[ast.AST]] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self.named.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_ANALYSES):
                for name in node.names:
                    self.imported[name.asname or name.name] = (node.module or "", name.name)
        for node in self.tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        self.named.setdefault(target.id, []).append(node)

    @staticmethod
    @cache
    def of(path: str) -> _Module:
        return _Module(path)

    def function(self, rule_id: str) -> list[ast.AST]:
        """The function of a rule, by its name or by the id given to it; the whole file where neither is found."""
        named = self.named.get(rule_id.replace("-", "_"))
        if named is not None:
            return named
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef):
                constants = (c.value for d in node.decorator_list for c in ast.walk(d) if isinstance(c, ast.Constant))
                if rule_id in constants:
                    return [node]
        return [self.tree]

    def follow(self, nodes: Iterable[ast.AST], found: set[str], seen: set[tuple[str, str]]) -> None:
        """Collect what looks like a path or a type, here and in whatever of this file and the analyses is named."""
        for words, names in map(_spelt, nodes):
            found |= words
            for name in names:
                self._go_on(name, found, seen)

    def _go_on(self, name: str, found: set[str], seen: set[tuple[str, str]]) -> None:
        if (self.path, name) in seen:
            return
        seen.add((self.path, name))
        if name in self.named:
            self.follow(self.named[name], found, seen)
        elif name in self.imported:
            module, original = self.imported[name]
            path = _file_of(module)
            if path is not None:
                found |= _reached(path, original)


_known: dict[tuple[str, str], set[str]] = {}


def _reached(path: str, name: str) -> set[str]:
    """All that something of an analysis spells out: a hundred rules ask the same one."""
    if (path, name) not in _known:
        found = _known[path, name] = set()  # there already for an analysis that comes back to itself
        _Module.of(path)._go_on(name, found, set())
    return _known[path, name]


@cache
def _spelt(top: ast.AST) -> tuple[set[str], set[str]]:
    """The words below a node that look like a path or a type, and the names that it reads."""
    words: set[str] = set()
    names: set[str] = set()
    for node in ast.walk(top):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _PATH.fullmatch(node.value):
            words.add(node.value)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
    return words, names


@cache
def _top_level(type_: str) -> frozenset[str]:
    return frozenset(path.partition(".")[0] for path in attributes(type_))


@cache
def _file_of(module: str) -> str | None:
    import assay

    base = os.path.join(os.path.dirname(assay.__file__), *module.split(".")[1:])
    return next((p for p in (f"{base}.py", os.path.join(base, "__init__.py")) if os.path.isfile(p)), None)
