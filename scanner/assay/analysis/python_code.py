"""What Python code does, by its syntax tree: calls that run texts as programs, found by bandit's own checks.

Bandit is asked only of the calls that might be one of these, with the file's imports around them: a layer has thousands
of files, and nearly all have none.
"""

from __future__ import annotations

import ast
from sys import version_info
from typing import TYPE_CHECKING, Any

from assay.analysis.source_code import MAX_SOURCE, Call, NoSource
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHECKS = ("B102", "B301", "B302", "B307", "B506", "B602", "B604", "B605")
"""exec, pickle, marshal, eval, yaml.load, subprocess and others with a shell, os.system and its like."""
_MODULES = ("os", "commands", "subprocess", "popen2", "marshal", "yaml", "dill", "shelve", "jsonpickle", "pickle",
            "cPickle", "_pickle", "pandas")  # fmt: skip
_CLUES = (
    rb"(?:^|[^.\w])(?:eval|exec)\s*\(|\bexec\s+[\"'\w]|\bshell\s*=\s*(?:[^F\s]|$)"
    rb"|\b(?:os|commands|subprocess|popen2)\.(?:system|popen[234]?|getoutput|getstatusoutput|startfile)\b"
    rb"|pickle\.(?:loads?|Unpickler)\b|\bmarshal\.loads?\b|\byaml\.(?:unsafe_|full_)?load|\b(?:dill|shelve|jsonpickle)\."
    rb"|\bfrom (?:os|commands|subprocess|popen2|marshal|yaml|dill|shelve|jsonpickle|\w*pickle) import"
    rb"|\bimport (?:os|commands|subprocess|marshal|yaml|dill|shelve|jsonpickle|\w*pickle) as"
)
"""What any of these calls must be written with; most files have none and are not parsed."""


def parse(data: bytes | str) -> ast.Module:
    """The syntax tree of Python source.

    Raises:
        NoSource: it has none.
    """
    import warnings

    data = data.removeprefix("\ufeff") if isinstance(data, str) else data.removeprefix(b"\xef\xbb\xbf")
    if len(data) > MAX_SOURCE:
        raise NoSource(f"it has {len(data):,} bytes; Assay parses at most {MAX_SOURCE:,}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the input, about escapes and `is`
        try:
            return ast.parse(data)
        except SyntaxError as error:
            sentence = f"it is not Python: {error.msg} (read as Python {version_info.major}.{version_info.minor})"
            raise NoSource(sentence, error.lineno or 1, error.offset or 1) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise NoSource(f"it is not Python: {error or 'nested too deeply'}") from None


_clues: Any = None


def has_clues(data: bytes) -> bool:
    """False when no call in this source can be one that bandit is asked about."""
    global _clues
    if _clues is None:
        import re2

        _clues = re2.compile(_CLUES)
    return _clues.search(data) is not None


def available() -> bool:
    """Whether bandit is installed."""
    from importlib.util import find_spec

    return find_spec("bandit") is not None


def dangerous_calls(data: bytes) -> list[Call]:
    """The calls that run a text as a program or build objects from untrusted bytes; `# nosec` hides none.

    Raises:
        NoSource: it is not Python.
    """
    if not has_clues(data):
        return []
    tree = parse(data)
    reduced = _reduced(tree)
    return _ask_bandit(reduced) if reduced.body else []


def _reduced(tree: ast.Module) -> ast.Module:
    """The imports of a module, and every call whose name or arguments might matter, each as a statement."""
    nodes = list(ast.walk(tree))
    imports: list[ast.stmt] = [n for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom))]
    names = _NAMES | {name for name, what in imported_names(imports).items() if what.partition(".")[0] in _MODULES}
    found: list[ast.stmt] = []
    for node in calls(nodes):
        if _may_matter(node, names):
            simple = [a for a in node.args if not any(isinstance(inner, ast.Call) for inner in ast.walk(a))]
            bare = ast.Call(node.func, simple or node.args[:1], node.keywords)
            found.append(ast.copy_location(ast.Expr(ast.copy_location(bare, node)), node))
    return ast.Module([*imports, *found] if found else [], [])


_NAMES = {
    "eval", "exec", "system", "popen", "popen2", "popen3", "popen4", "getoutput", "getstatusoutput", "startfile",
    "load", "loads", "Unpickler", "decode", "open", "unsafe_load", "load_all", "read_pickle",
}  # fmt: skip


def _may_matter(node: ast.Call, names: set[str]) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in names or any(k.arg == "shell" for k in node.keywords)


_tests: Any = None


def _ask_bandit(tree: ast.Module) -> list[Call]:
    global _tests
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of bandit's own libraries, about each other
        from bandit.core import config, metrics, node_visitor, test_set

        logging.getLogger("bandit").setLevel(logging.ERROR)
        if _tests is None:
            _tests = test_set.BanditTestSet(config.BanditConfig(), {"include": set(CHECKS), "exclude": set()})
    counts = metrics.Metrics()
    counts.begin("module.py")
    visitor = node_visitor.BanditNodeVisitor("module.py", None, None, _tests, False, {}, counts)
    visitor.generic_visit(tree)
    places = {(n.lineno, n.col_offset): n for n in tree.body if isinstance(n, ast.Expr)}
    found = {}
    for issue in visitor.tester.results:
        statement = places.get((issue.lineno, issue.col_offset))
        name = _called(statement.value) if statement is not None else ""
        found[issue.lineno, issue.col_offset] = Call(issue.lineno, issue.col_offset + 1, name, issue.test_id)
    return sorted(found.values())


def _called(node: ast.expr) -> str:
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def dotted(node: ast.expr) -> str:
    """A name as written, `a.b.c`; what is computed on the way is `()`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return "()"


def imported_names(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """What each name that is imported stands for: `{"cp": "subprocess", "system": "os.system"}`."""
    names: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    """The calls among nodes."""
    return (n for n in nodes if isinstance(n, ast.Call))


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts written out in a module with their lines, documentation left out."""
    nodes = list(ast.walk(tree))
    alone = {id(n.value) for n in nodes if isinstance(n, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.lineno, node.value


# --- credentials --------------------------------------------------------------------------------------------------


class Literal(NamedTuple):
    """A credential written out: where, under which name, and the call whose argument it is (empty: an assignment)."""

    line: int
    column: int
    name: str
    call: str


def literal_credentials(tree: ast.Module) -> Iterator[Literal]:
    """Texts written out under a name that says they are credentials: assigned, as argument, default or in a dict."""
    nodes = list(ast.walk(tree))
    names = imported_names(nodes)
    for node in nodes:
        for name, value, call in _named_values(node, names):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and is_secret(name, value.value):
                yield Literal(value.lineno, value.col_offset + 1, name, call)


def _named_values(node: ast.AST, names: dict[str, str]) -> Iterator[tuple[str, ast.expr | None, str]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield _target(target), node.value, ""
    elif isinstance(node, ast.AnnAssign):
        yield _target(node.target), node.value, ""
    elif isinstance(node, ast.Call):
        called = resolved(node.func, names)
        for keyword in node.keywords:
            yield keyword.arg or "", keyword.value, called
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value, ""
    elif isinstance(node, ast.arguments):
        positional = [*node.posonlyargs, *node.args]
        for argument, value in zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True):
            yield argument.arg, value, ""


def _target(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def resolved(node: ast.expr, names: dict[str, str]) -> str:
    """A name as written, with what its first part was imported as: `b3.client` as `boto3.client`."""
    first, dot, rest = dotted(node).partition(".")
    return names.get(first, first) + dot + rest


def is_secret(name: str, value: str) -> bool:
    """True when a text under a name is a credential, not the name of a header, a parameter or a secret."""
    from assay.reports.masking import hides

    if len(value) < 4 or any(c.isspace() for c in value) or not hides(name, value):
        return False
    only_words = all(c.isalpha() or c in "-_.:/" for c in value)
    return not only_words or "pass" in name.lower() or "pwd" in name.lower()
