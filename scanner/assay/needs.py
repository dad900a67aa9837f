"""Which resource types rules look at, read off their code.

A narrowed audit asks for those and nothing more, and a hook leaves out the rules that cannot touch a named file.

A rule names the types it looks at: in `on`, as words in its function and in the analyses it calls
(`graph.users(r, "aws_sqs_queue")`), and by paths that are links (`graph.follow(r, "subnet_ids")`). What is found is
rather too much than too little; a type that is missed all the same is one nobody collected, and that is unknown, never
absent (`Graph.all`).
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from importlib.util import find_spec
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from assay.links import links_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from assay.rule import Rule

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_HERE = os.path.dirname(__file__)
_ENGINE = tuple(
    os.path.join(_HERE, name)
    for name in ("model.py", "graph.py", "unknown.py", "links.py", "engine.py", "decode.py", "patterns.py", "terraform")
)
"""What every rule stands on: it speaks of types for its own reasons."""


def types_of(rules: Iterable[Rule], known: Collection[str]) -> frozenset[str]:
    """Those of the `known` types that the rules look at; all of them when one is on `any` type."""
    needed: set[str] = set()
    for rule in rules:
        if not {"any", "taggable"}.isdisjoint(rule.on):
            return frozenset(known)
        needed |= _of(rule, known)
    return frozenset(needed)


def looks(rules: Sequence[Rule]) -> dict[str, set[str]]:
    """For each rule the types that it may look at while it judges another; none for those on `any` type."""
    from assay.links import types
    from assay.terraform.schema import known_types

    linked, identified = types()
    known = {t.removeprefix("data.") for r in rules for t in r.on}.union(linked, identified, known_types())
    return {r.id: _of(r, known).difference(r.on) for r in rules if {"any", "taggable"}.isdisjoint(r.on)}


def _of(rule: Rule, known: Collection[str]) -> set[str]:
    reader = _Reader()
    reader.take(rule.run)
    reader.take(rule.each)
    words = reader.words
    found = {t for t in {*rule.on, *words} if t in known}
    prefixes = tuple(w for w in words if w.endswith("_") and w.count("_") > 1)
    found |= {t for t in known if t.startswith(prefixes) or _composed(t, found, words)}
    waiting = [*rule.on, *found]
    while waiting:
        for path, targets in links_of(waiting.pop()).items():
            if path in words or path.rpartition(".")[2] in words:
                fresh = [t for t in targets if t in known and t not in found]
                found.update(fresh)
                waiting += fresh
    return found


def _composed(type_: str, found: Collection[str], words: Collection[str]) -> bool:
    """Whether a type is put together of another and a word: `f"{POLICY}_{kind}"`."""
    parts = type_.split("_")
    return any("_".join(parts[:i]) in found and "_".join(parts[i:]) in words for i in range(2, len(parts)))


class _Reader:
    """Collects the words of functions, and of all they call that is ours or the rule's."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self._seen: set[int] = set()

    def take(self, value: Any) -> None:
        """Everything that can be reached from a function, a class, a constant."""
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                self.words.update(_WORD.findall(one))
                self.words.add(one)
            elif id(one) not in self._seen and one is not None and not isinstance(one, (int, float, bytes)):
                self._seen.add(id(one))
                waiting += _inside(one)


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    elif isinstance(value, CodeType):
        yield from value.co_consts
    elif isinstance(value, MethodType):
        yield value.__func__
    elif isinstance(value, FunctionType):
        yield from _of_function(value)
    elif isinstance(value, type):
        if _file(value).startswith(_HERE) and not _file(value).startswith(_ENGINE):
            yield from vars(value).values()
    elif isinstance(value, (property, staticmethod, classmethod)):
        yield getattr(value, "fget", None) or getattr(value, "__func__", None)
    elif hasattr(value, "__wrapped__"):  # functools.cache
        yield value.__wrapped__
    elif type(value).__module__.startswith("assay."):
        yield type(value)


def _file(value: type) -> str:
    module = __import__("sys").modules.get(value.__module__)
    return getattr(module, "__file__", None) or ""


def _of_function(function: FunctionType) -> Iterator[Any]:
    file = function.__code__.co_filename
    if file.startswith(_ENGINE) or "site-packages" in file or file.startswith(os.path.dirname(os.__file__)):
        return
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not bound yet
            continue
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        yield from (c for c in code.co_consts if not isinstance(c, CodeType))
        waiting += [c for c in code.co_consts if isinstance(c, CodeType)]
        yield from _named(code.co_names, function.__globals__)


def _named(names: Iterable[str], scope: dict[str, Any]) -> Iterator[Any]:
    """What the names of a code object stand for: globals, members of modules, things imported where they are used."""
    names = tuple(names)
    modules = [m for n in names if isinstance(m := scope.get(n), ModuleType)]
    modules += [import_module(n) for n in names if n.startswith("assay.")]
    modules = [m for m in modules if m.__name__.startswith("assay.")]
    for module in modules:  # grows: `from assay.analysis.reach import aws`
        for name in names:
            found = _member(module, name)
            if isinstance(found, ModuleType):
                modules += [found] if found not in modules and found.__name__.startswith("assay.") else []
            elif found is not None and not _is_memo(name, found):
                yield found
    for name in names:
        found = scope.get(name)
        if found is not None and not isinstance(found, ModuleType) and not _is_memo(name, found):
            yield found


def _is_memo(name: str, value: Any) -> bool:
    """Whether a global is no constant but what a run has kept: that says what was asked of it, not what rules ask."""
    return isinstance(value, (dict, list, set)) and name != name.upper()


def _member(module: ModuleType, name: str) -> Any:
    found = getattr(module, name, None)
    if found is None and name.isidentifier() and hasattr(module, "__path__") and find_spec(f"{module.__name__}.{name}"):
        return import_module(f"{module.__name__}.{name}")
    return found
