"""Rules: the decorator, the `require` row, and the one loader for our rules and for users'."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from assay.model import Severity, Undetermined, Unknown, View, parse_path, show

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from assay.graph import Graph
    from assay.model import Finding, Resource

    Parts = str | Callable[[Resource, Graph], list[Any]]
    """Which parts of a resource a rule judges one by one: the blocks at a path, or the views a function gives."""

_MISSING: Any = object()


class RuleError(Exception):
    """A rule that cannot be loaded: which file and line, what is wrong, what to write instead."""


class Rule:
    """One rule and all that is said about it. `run(view, graph)` yields its findings on one resource or block."""

    __slots__ = (
        "controls", "each", "equivalents", "file", "fixable", "id", "line", "on", "params", "row", "run", "severity",
        "sources", "text", "theme", "title", "waivable",
    )  # fmt: skip

    def __init__(
        self,
        id: str,  # noqa: A002 - the field's name everywhere
        run: Callable[[View, Graph], Iterable[Finding]],
        *,
        on: Sequence[str],
        severity: Severity,
        text: str,
        controls: Sequence[str],
        equivalents: Sequence[str],
        each: Parts | None,
        sources: Sequence[str],
        waivable: bool,
        fixable: bool,
        params: Mapping[str, Any],
        row: Row | None = None,
        line: int = 0,
    ) -> None:
        self.id = id
        self.run = run
        self.on = tuple(on)
        self.severity = severity
        self.text = text
        self.title = text.strip().partition("\n")[0].strip()
        self.controls = tuple(controls)
        self.equivalents = tuple(equivalents)
        self.each = each
        self.sources = tuple(sources)
        self.waivable = waivable
        self.fixable = fixable
        self.params = dict(params)
        self.row = row
        self.theme = ""
        self.file = ""
        self.line = line

    @property
    def about(self) -> str:
        """What the docstring says between the title and its first heading: what exactly is judged, which settings."""
        return "\n".join(line.strip() for line in self.text.strip().partition("## ")[0].splitlines()[1:]).strip()

    @property
    def why(self) -> str:
        return section(self.text, "Why")

    @property
    def fix(self) -> str:
        return section(self.text, "Fix")

    def __repr__(self) -> str:
        return f"<Rule {self.id}>"


class Row:
    """What a `require` row demands, as data: tests derive their Terraform examples from it."""

    __slots__ = ("default", "paths", "test", "wanted", "when")

    def __init__(self, paths: Mapping[str, str], test: str, wanted: Any, default: Any, when: Any) -> None:
        self.paths = dict(paths)
        self.test = test
        self.wanted = wanted
        self.default = default
        self.when = when


def section(text: str, heading: str) -> str:
    """The paragraph(s) below `## heading` of a rule's docstring; empty when there is none."""
    lines = [line.strip() for line in text.splitlines()]
    if f"## {heading}" not in lines:
        return ""
    rest = lines[lines.index(f"## {heading}") + 1 :]
    end = next((i for i, line in enumerate(rest) if line.startswith("## ")), len(rest))
    return "\n".join(rest[:end]).strip()


_loading: list[Rule] = []
"""Rules of the file being executed; the loader empties it."""

TERRAFORM = ("terraform", "plan")


def _names(on: str | Iterable[str]) -> tuple[str, ...]:
    return (on,) if isinstance(on, str) else tuple(on)


def rule(
    *,
    on: str | Sequence[str],
    severity: Severity,
    controls: Sequence[str] = (),
    equivalents: Sequence[str] = (),
    each: Parts | None = None,
    sources: Sequence[str] = (),
    waivable: bool = True,
    fixable: bool = False,
    params: Mapping[str, Any] | None = None,
    id: str | None = None,  # noqa: A002 - the field's name everywhere
) -> Callable[[Callable[..., Iterator[Finding]]], Rule]:
    """Turn a generator function into a rule. Its name with dashes is the id, its docstring the documentation.

    The function takes the resource, and if it wants the graph and the parameters: `(resource)`, `(resource, graph)`,
    `(resource, graph, params)`. With `each="ingress"` it takes one nested block at a time, each with its own verdict;
    `each=containers` takes what that function gives for a resource and the graph (`assay.kubernetes.workloads`).

    Args:
        on: resource type or types; `any` is every type, `taggable` every type whose schema has tags.
        severity: default severity; `fails(..., severity=...)` may differ.
        controls: control ids of frameworks, `cis-aws-3.0:2.1.1` (ids only).
        equivalents: ids of other tools' checks for the same pattern.
        each: path of the nested blocks to judge one by one, or a function that gives them.
        sources: sources to run on; empty is every source that has the type.
        waivable: False when nobody may waive it.
        fixable: True when findings carry a fix.
        params: defaults of what the configuration may change.
    """

    def decorate(function: Callable[..., Iterator[Finding]]) -> Rule:
        defaults = dict(params or {})
        wants = function.__code__.co_argcount
        run: Callable[[View, Graph], Iterable[Finding]]
        if wants == 1:
            run = lambda view, graph: function(view)  # noqa: E731 - the cheapest adapter; it runs per resource
        elif wants == 2:
            run = function
        else:
            run = lambda view, graph: function(view, graph, made.params)  # noqa: E731
        made = Rule(
            id or function.__name__.replace("_", "-"), run, on=_names(on), severity=severity,
            text=function.__doc__ or "", controls=controls, equivalents=equivalents, each=each, sources=sources,
            waivable=waivable, fixable=fixable, params=defaults, line=function.__code__.co_firstlineno,
        )  # fmt: skip
        _loading.append(made)
        return made

    return decorate


def _present(value: Any) -> bool:
    if isinstance(value, Unknown):
        if value.not_null:
            return True
        raise Undetermined(value)
    return value is not None and value != "" and value != [] and value != {}


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) and isinstance(value, str):
        value = {"true": True, "false": False}.get(value, value)
    return bool(value == wanted) and (not isinstance(value, bool) or isinstance(wanted, bool))


def _number(value: Any) -> float:
    number: Any = value if isinstance(value, (int, float, Unknown)) else float(value)
    return number  # type: ignore[no-any-return]  # an unknown raises when it is compared


_TESTS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "equals": (_same, "must be {wanted}"),
    "not_equals": (lambda v, w: not _same(v, w), "must not be {wanted}"),
    "one_of": (lambda v, w: any(_same(v, x) for x in w), "must be one of {wanted}"),
    "none_of": (lambda v, w: not any(_same(v, x) for x in w), "must be none of {wanted}"),
    "at_least": (lambda v, w: v != None and _number(v) >= w, "must be at least {wanted}"),  # noqa: E711
    "at_most": (lambda v, w: v != None and _number(v) <= w, "must be at most {wanted}"),  # noqa: E711
    "present": (lambda v, w: _present(v) is w, "must be set"),
    "contains": (lambda v, w: v != None and w in v, "must contain {wanted}"),  # noqa: E711
    "lacks": (lambda v, w: not _present(v) or w not in v, "must not contain {wanted}"),
}
"""How a `require` row judges a value, and how it says so. Unknown values raise in the operators themselves."""


def require(
    id: str,  # noqa: A002 - the field's name everywhere
    *,
    on: str | Sequence[str] | Mapping[str, str],
    severity: Severity,
    title: str,
    why: str,
    path: str | None = None,
    equals: Any = _MISSING,
    not_equals: Any = _MISSING,
    one_of: Any = _MISSING,
    none_of: Any = _MISSING,
    at_least: Any = _MISSING,
    at_most: Any = _MISSING,
    present: Any = _MISSING,
    contains: Any = _MISSING,
    lacks: Any = _MISSING,
    default: Any = None,
    when: Callable[[View], object] | None = None,
    each: Parts | None = None,
    fix: str | None = None,
    safe: bool = True,
    message: str | None = None,
    controls: Sequence[str] = (),
    equivalents: Sequence[str] = (),
    sources: Sequence[str] = (),
    waivable: bool = True,
) -> Rule:
    """A plain demand on one attribute as one row.

    Args:
        on: the type(s), all with the same `path`; or a mapping of type to path.
        path: the attribute, `a.b.c` through single nested blocks.
        equals, not_equals, one_of, none_of, at_least, at_most, present, contains, lacks: exactly one of them.
        default: what the provider takes when the attribute is absent.
        when: a condition on the resource (or block); where false, the row passes.
        each: judge every nested block at this path by itself (no block: pass); `path` is then relative to the block.
        fix: how to mend it, when `Set path = wanted` does not say enough.
        safe: False when setting it may change how something works: `assay fix` then asks for --unsafe.
    """
    tests = {
        "equals": equals, "not_equals": not_equals, "one_of": one_of, "none_of": none_of, "at_least": at_least,
        "at_most": at_most, "present": present, "contains": contains, "lacks": lacks,
    }  # fmt: skip
    chosen = [name for name, wanted in tests.items() if wanted is not _MISSING]
    if len(chosen) != 1:
        raise RuleError(f"{id}: require() takes exactly one test, not {', '.join(chosen) or 'none'}")
    test = chosen[0]
    wanted = tests[test]
    judge, phrase = _TESTS[test]
    paths = dict(on) if not isinstance(on, (str, list, tuple)) else dict.fromkeys(_names(on), path or "")  # type: ignore[arg-type]
    if not all(paths.values()):
        raise RuleError(f"{id}: require() needs a path for every type")
    said = phrase.format(wanted=show(list(wanted) if isinstance(wanted, tuple) else wanted))
    told = said
    if test == "not_equals":  # the value that it must not be is the one found, named once
        told = f"must be {show(not wanted)}" if isinstance(wanted, bool) else "must be something else"
    fix_value = wanted if test == "equals" or (test in ("at_least", "at_most")) else _MISSING
    if test == "not_equals" and isinstance(wanted, bool):
        fix_value = not wanted

    def run(view: View, graph: Graph) -> Iterator[Finding]:
        if when is not None and not when(view):
            return
        where = paths[view.resource.type]
        written = view[where]
        value = default if written is None else written
        if not judge(value, wanted):
            mend = view.set(where, fix_value, safe=safe) if fix_value is not _MISSING else None
            yield view.fails(message or f"{view.label}{where} is {_found(written, default, told)}", at=where, fix=mend)

    text = f"{title}\n\n## Why\n{why}\n\n## Fix\n{fix or _how(paths, test, wanted, said)}\n"
    made = Rule(
        id, run, on=tuple(paths), severity=severity, text=text, controls=controls, equivalents=equivalents, each=each,
        sources=sources, waivable=waivable, fixable=fix_value is not _MISSING, params={},
        row=Row(paths, test, wanted, default, when), line=sys._getframe(1).f_lineno,
    )  # fmt: skip
    _loading.append(made)
    return made


def _found(written: Any, default: Any, said: str) -> str:
    """What a message says of a value that is not as it should be: what it is, and what it must be."""
    if written is None and default is not None:
        return f"not set, which means {show(default)}, but {said}"
    return "not set" if written is None and said == "must be set" else f"{show(written)}, but {said}"


def _how(paths: Mapping[str, str], test: str, wanted: Any, said: str) -> str:
    first = next(iter(paths.values()))
    if test == "equals":
        return f"Set `{first} = {show(wanted)}`."
    return f"`{first}` {said}."


# --- loading --------------------------------------------------------------------------------------------------------

_FORBIDDEN_CALLS = {"isinstance", "issubclass", "type", "callable", "id"}


def _faults(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """What Python cannot intercept on an unknown value, with what to write instead."""
    import ast

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            yield node.lineno, "`is` cannot see that a value is unknown: write `== None`, `!= True` or r.absent(path)"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FORBIDDEN_CALLS:
            yield node.lineno, f"{node.func.id}() cannot see that a value is unknown: use r.is_list(path), is_map(x)"
        elif isinstance(node, ast.Match):
            yield node.lineno, "match cannot see that a value is unknown: compare with == and in"
        elif isinstance(node, ast.ExceptHandler) and _catches_all(node.type):
            yield node.lineno, "a bare except swallows the unknown: name the exception"


def _catches_all(kind: ast.expr | None) -> bool:
    import ast

    names = [kind] if not isinstance(kind, ast.Tuple) else list(kind.elts)
    return kind is None or any(isinstance(n, ast.Name) and n.id in ("BaseException", "Undetermined") for n in names)


def check_source(file: str, text: str) -> None:
    """Refuse a rule file that asks what Python cannot intercept.

    Raises:
        RuleError: naming the file, the line and the way out.
    """
    import ast

    try:
        tree = ast.parse(text, file)
    except SyntaxError as error:
        raise RuleError(f"{file}:{error.lineno}: not Python: {error.msg}") from error
    for line, what in _faults(tree):
        raise RuleError(f"{file}:{line}: {what}")


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except OSError as error:
        raise RuleError(f"{path}: it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RuleError(f"{path}: it is not written in UTF-8: {error.reason} at byte {error.start}") from error


def load_file(directory: str, file: str, *, checked: bool = False) -> list[Rule]:
    """The rules of one file, executed by path; `checked` files are known to have passed `check_source`.

    Raises:
        RuleError: the file cannot be read, is refused, or fails to run.
    """
    from importlib.machinery import SourceFileLoader
    from types import ModuleType

    path = f"{directory}/{file}"
    if not checked:
        check_source(path, _text(path))
    name = "assay_rules." + directory.replace("/", "_").replace(".", "_") + "." + file[:-3].replace("/", ".")
    module = sys.modules[name] = ModuleType(name)
    module.__file__ = path
    # Importing this module made `assay.rule` a module, which would hide the decorator that a rule file imports.
    sys.modules["assay"].__dict__.update(require=require, rule=rule)
    _loading.clear()
    try:
        SourceFileLoader(name, path).exec_module(module)
    except RuleError:
        raise
    except Exception as error:
        raise RuleError(f"{path}: the rule file does not run: {type(error).__name__}: {error}") from error
    found = list(_loading)
    _loading.clear()
    theme = file.rpartition("/")[0].partition("/")[0].replace("_", "-")
    for one in found:
        one.theme = theme or "custom"
        one.file = file
        for paths in [one.row.paths.values()] if one.row else []:
            for p in paths:
                parse_path(p)
    return found


def rule_files(directory: str) -> list[str]:
    """The rule files below a directory, relative and sorted; names that begin with `_` are not rules."""
    import os

    found = []
    for top, folders, files in os.walk(directory):
        folders[:] = sorted(f for f in folders if not f.startswith(("_", ".")))
        inside = os.path.relpath(top, directory).replace(os.sep, "/")
        mine = [f for f in files if f.endswith(".py") and not f.startswith(("_", "."))]
        found += mine if inside == "." else [f"{inside}/{f}" for f in mine]
    return sorted(found)


def load_directory(directory: str) -> list[Rule]:
    """Every rule below a directory: ours and users' alike.

    Raises:
        RuleError: a file is refused, or an id is used twice.
    """
    rules = [r for file in rule_files(directory) for r in load_file(directory, file)]
    refuse_duplicates(rules)
    return rules


def refuse_duplicates(rules: Iterable[Rule]) -> None:
    """Raises `RuleError` when two rules share an id."""
    seen: dict[str, Rule] = {}
    for one in rules:
        if one.id in seen:
            raise RuleError(f"rule id {one.id} is used twice: in {seen[one.id].file} and {one.file}")
        seen[one.id] = one
