"""What JavaScript does, by its syntax tree: texts run as programs, processes started through a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.source_code import MAX_SOURCE, Call, NoSource
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLUES = pattern(rb"\beval\s*\(|\bFunction\s*\(|child_process|[\"'](?:node:)?vm[\"']")
_WORDS = (b"eval", b"Function", b"child_process", b"vm")
_SHELL = {"exec", "execSync"}
_PROCESS = {"spawn", "spawnSync", "execFile", "execFileSync", "fork"}
_VM = {"runInNewContext", "runInThisContext", "runInContext", "Script", "compileFunction"}


def available() -> bool:
    """Whether the grammar is installed."""
    from importlib.util import find_spec

    return find_spec("tree_sitter_javascript") is not None


def dangerous_calls(data: bytes) -> list[Call]:
    """Calls of eval, Function, a shell through child_process, and vm.

    Raises:
        NoSource: it is too large to parse, or no JavaScript.
    """
    if not any(word in data for word in _WORDS) or _CLUES.search(data) is None:
        return []
    if len(data) > MAX_SOURCE:
        raise NoSource(f"it has {len(data):,} bytes; Assay parses at most {MAX_SOURCE:,}")
    import tree_sitter
    import tree_sitter_javascript

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_javascript.language()))
    root = parser.parse(data).root_node
    nodes = list(_walk(root))
    names = _bound(nodes)
    found = []
    for node in nodes:
        if node.type in ("call_expression", "new_expression"):
            called = node.child_by_field_name("function") or node.child_by_field_name("constructor")
            check = _check(called, node, names) if called is not None else ""
            if check:
                row, column = node.start_point
                found.append(Call(row + 1, column + 1, _text(called)[:80], check))
    if root.has_error and not found:  # what was found is told; where nothing was, nobody knows what the parser left out
        broken = next((n for n in nodes if n.is_error or n.is_missing), root)
        row, column = broken.start_point
        raise NoSource("it is not JavaScript that can be parsed", row + 1, column + 1)
    return found


def _walk(root: Any) -> Iterator[Any]:
    cursor = root.walk()
    while True:
        yield cursor.node
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return


def _text(node: Any) -> str:
    text = node.text
    return text.decode("utf-8", "replace") if text else ""


def _module(node: Any) -> str:
    """The module that an expression is: `require("child_process")`; empty for other expressions."""
    if node.type != "call_expression" or _text(node.child_by_field_name("function")) not in ("require", "import"):
        return ""
    return _text(node.child_by_field_name("arguments")).strip("()\"'` \n").removeprefix("node:")


def _bound(nodes: list[Any]) -> dict[str, str]:
    """What names stand for: `{"cp": "child_process", "run": "child_process.exec"}`."""
    names: dict[str, str] = {}
    for node in nodes:
        if node.type == "variable_declarator":
            value = node.child_by_field_name("value")
            if value is not None and value.type == "await_expression":
                value = value.named_children[0] if value.named_children else None
            module = _module(value) or _promised(value, names) if value is not None else ""
            if module:
                _bind(node.child_by_field_name("name"), module, names)
        elif node.type == "import_statement":
            module = _text(node.child_by_field_name("source")).strip("\"'").removeprefix("node:")
            for clause in node.children:
                if clause.type == "import_clause":
                    _bind(clause, module, names)
    return names


def _promised(node: Any, names: dict[str, str]) -> str:
    """What `promisify(exec)` stands for: the function that it wraps; empty for other expressions."""
    if node.type != "call_expression":
        return ""
    given = node.child_by_field_name("arguments")
    called = _text(node.child_by_field_name("function")).rpartition(".")[2]
    if called != "promisify" or given is None or not given.named_children:
        return ""
    return _full(given.named_children[0], names)


def _bind(target: Any, module: str, names: dict[str, str]) -> None:
    if target.type in ("identifier", "shorthand_property_identifier_pattern"):
        own = target.type == "identifier"
        names[_text(target)] = module if own else f"{module}.{_text(target)}"
    elif target.type in ("pair_pattern", "import_specifier"):
        fields = ("key", "value") if target.type == "pair_pattern" else ("name", "alias")
        original = _text(target.child_by_field_name(fields[0]))
        other = target.child_by_field_name(fields[1])
        names[_text(other) if other is not None else original] = f"{module}.{original}"
    else:
        for child in target.named_children:
            _bind(child, module, names)


def _full(node: Any, names: dict[str, str]) -> str:
    """A function by the module it comes from, `child_process.exec`; empty for what is computed."""
    if node.type == "identifier":
        return names.get(_text(node), _text(node))
    if node.type != "member_expression":
        return ""
    thing = node.child_by_field_name("object")
    return f"{_module(thing) or names.get(_text(thing), _text(thing))}.{_text(node.child_by_field_name('property'))}"


def _check(called: Any, node: Any, names: dict[str, str]) -> str:
    full = _full(called, names)
    if full in ("eval", "Function", "globalThis.eval", "window.eval"):
        return "eval"
    module, _, name = full.rpartition(".")
    if module == "vm" and name in _VM:
        return "vm"
    if module == "child_process" and (name in _SHELL or (name in _PROCESS and _with_shell(node))):
        return "shell"
    return ""


def _with_shell(node: Any) -> bool:
    for inner in _walk(node):
        if inner.type == "pair" and _text(inner.child_by_field_name("key")).strip("\"'") == "shell":
            return _text(inner.child_by_field_name("value")) not in ("false", "undefined", "null")
    return False
