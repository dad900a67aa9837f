"""`try` and `can`: the two functions that see their arguments' failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform import values as v
from assay.terraform.expressions import FOR_INTRO, GET, INDEX, LEGACY, LITERAL, is_constant
from assay.terraform.syntax import EXPRESSION, IDENTIFIER, VARIABLE
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.terraform.evaluate import Env
    from assay.terraform.expressions import Compiler, Run


def compile_attempt(compiler: Compiler, name: str, nodes: Sequence[Any]) -> Run:
    """The closure of `try(...)` or `can(...)`."""
    attempts = [(compiler.expression(n), _references(compiler, n)) for n in nodes]
    return _try(attempts) if name == "try" else _can(attempts)


def _references(compiler: Compiler, node: Any) -> list[Run]:
    """Every reference inside an expression, save those to names that the expression binds itself."""
    found: list[Run] = []
    stack: list[tuple[Any, frozenset[str]]] = [(node, frozenset())]
    while stack:
        current, hidden = stack.pop()
        children = current.children
        names = {
            compiler.text(n)
            for child in children
            if child.kind_id == FOR_INTRO
            for n in child.children
            if n.kind_id == IDENTIFIER
        }
        inner = hidden | names
        for i, child in enumerate(children):
            if child.kind_id == VARIABLE:
                if compiler.text(child) not in inner:
                    found.append(compiler.postfix(child, _static_steps(children[i + 1 :])))
            else:
                # The collection of a `for` is read outside the names it binds.
                stack.append((child, hidden if child.kind_id == FOR_INTRO else inner))
    return [run for run in found if not is_constant(run)]


def _static_steps(nodes: Sequence[Any]) -> list[Any]:
    """The steps after a name that are written out: `.a`, `[0]`, `["k"]`."""
    steps = []
    for node in nodes:
        found = node.kind_id
        if found == INDEX and node.children[0].kind_id != LEGACY:
            key = next((n for n in node.children[0].children if n.kind_id == EXPRESSION), None)
            if key is None or len(key.children) != 1 or key.children[0].kind_id != LITERAL:
                break
        elif found not in (GET, INDEX):
            break
        steps.append(node)
    return steps


def _doubt(references: Sequence[Run], env: Env) -> Unknown | None:
    """The first unknown that an argument may depend on: then nobody can tell yet whether it fails."""
    for reference in references:
        try:
            found = v.first_unknown(reference(env))
        except EvalError:
            continue
        if found is not None:
            return found
    return None


def _try(attempts: list[tuple[Run, list[Run]]]) -> Run:
    def run(env: Env) -> Any:
        last: EvalError | None = None
        for attempt, references in attempts:
            doubt = _doubt(references, env)
            if doubt is not None:
                return _most_telling(attempt, env, doubt)
            try:
                value = attempt(env)
            except EvalError as error:
                last = error
                continue
            inner = v.first_unknown(value)
            return value if inner is None or isinstance(value, Unknown) else v.unknown_like(inner)
        raise EvalError(f"no argument of try() succeeds; the last one fails because {last}")

    return run


def _most_telling(attempt: Run, env: Env, doubt: Unknown) -> Unknown:
    """The attempt's own value where that is unknown anyway, so that a reference stays one."""
    try:
        value = attempt(env)
    except EvalError:
        return v.unknown_like(doubt)
    return value if isinstance(value, Unknown) else v.unknown_like(doubt)


def _can(attempts: list[tuple[Run, list[Run]]]) -> Run:
    attempt, references = attempts[0]

    def run(env: Env) -> Any:
        doubt = _doubt(references, env)
        if doubt is not None:
            return v.unknown_like(doubt, v.BOOL)
        try:
            value = attempt(env)
        except EvalError:
            return False
        inner = v.first_unknown(value)
        return True if inner is None else v.unknown_like(inner, v.BOOL)

    return run
