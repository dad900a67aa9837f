"""References: what a name at the start of an expression stands for, decided when the expression is compiled."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform.expressions import GET, constant, raising, settled
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.terraform.evaluate import Env, Scope
    from assay.terraform.expressions import Compiler, Run


def compile_reference(compiler: Compiler, name: str, steps: Sequence[Any]) -> Run:
    """The closure of `name.a.b[0]`: a variable, local, module, resource or data source, or what the block binds."""
    words = _words(compiler, steps)
    first = words[0] if words else None
    if name in ("each", "count", "self"):
        return compiler.chain(_bound(name), steps)
    if first is None:
        return lambda env: env.scope.bare(name)
    if name == "module":
        return _follow(compiler, _module(first), steps[1:])
    if name in _NAMED:
        return compiler.chain(_NAMED[name](first), steps[1:])
    if name in ("path", "terraform"):
        return compiler.chain(_fact(name, first), steps[1:])
    if name in ("data", "ephemeral"):
        if len(words) < 2:
            return raising(f'"{name}.{first}" lacks the name of the {name} block')
        return _follow(compiler, _resource(f"{name}.{first}", words[1]), steps[2:])
    if name == "resource" and len(words) > 1:
        return _follow(compiler, _resource(first, words[1]), steps[2:])
    return _follow(compiler, _resource(name, first), steps[1:])


def _words(compiler: Compiler, steps: Sequence[Any]) -> list[str]:
    """The attribute names directly after a name."""
    words = []
    for step in steps:
        if step.kind_id != GET:
            break
        words.append(compiler.text(step.children[-1]))
    return words


def _bound(name: str) -> Run:
    def run(env: Env) -> Any:
        if name in env.names:
            return env.names[name]
        where = {"each": "a block with for_each", "count": "a block with count", "self": "a provisioner"}[name]
        raise EvalError(f'"{name}" can be used inside {where} only')

    return run


def _variable(name: str) -> Run:
    def run(env: Env) -> Any:
        scope = env.scope
        return scope.variables[name] if name in scope.variables else scope.variable(name)

    return run


def _local(name: str) -> Run:
    def run(env: Env) -> Any:
        scope = env.scope
        return scope.locals[name] if name in scope.locals else scope.local(name)

    return run


def _module(name: str) -> Run:
    return lambda env: env.scope.module_group(name)


_NAMED: dict[str, Callable[[str], Run]] = {"var": _variable, "local": _local}


def _resource(type_: str, name: str) -> Run:
    return lambda env: env.scope.group(type_, name)


def _follow(compiler: Compiler, run: Run, steps: Sequence[Any]) -> Run:
    """`run` with the steps after it; a resource or module that is read as a whole becomes a plain value."""
    return compiler.chain(run, steps) if steps else lambda env: settled(run(env))


def _fact(name: str, word: str) -> Run:
    if name == "terraform":
        if word in ("workspace", "env"):
            return lambda env: env.scope.root.workspace
        return constant(Unknown(f"terraform.{word} depends on how Terraform is run"))
    found = _PATHS.get(word)
    return (
        raising(f"there is no path.{word}: only path.module, path.root and path.cwd")
        if found is None
        else (lambda env: found(env.scope))
    )


def _module_path(scope: Scope) -> str:
    directory: str = scope.root.directory
    return os.path.relpath(scope.module.directory, directory).replace(os.sep, "/")


_PATHS: dict[str, Callable[[Scope], Any]] = {
    "module": _module_path,
    "root": lambda scope: ".",
    "cwd": lambda scope: scope.root.directory.replace(os.sep, "/"),
}
