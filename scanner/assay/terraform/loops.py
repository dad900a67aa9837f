"""`for` expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import PartialList, Unknown
from assay.terraform import values as v
from assay.terraform.evaluate import Env
from assay.terraform.expressions import object_key, truth
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.terraform.expressions import Run

CONDITION = "the condition of a for expression"


def pairs_of(source: Any) -> list[tuple[Any, Any]] | Unknown:
    """What a `for` goes over, or the unknown that the whole result is then."""
    if isinstance(source, Unknown):
        return v.unknown_like(source)
    if isinstance(source, PartialList):
        return v.unknown_like(source.unknown)
    return v.iterate(source)


def for_tuple(names: list[str], source: Run, item: Run, test: Run | None) -> Run:
    def run(env: Env) -> Any:
        pairs = pairs_of(source(env))
        if isinstance(pairs, Unknown):
            return pairs
        env.scope.budget.spend(len(pairs))
        inner = Env(env.scope, dict(env.names))
        bind = _binder(names, inner.names)
        result = []
        for pair in pairs:
            bind(pair)
            if test is not None:
                wanted = truth(test(inner), CONDITION)
                if isinstance(wanted, Unknown):
                    return v.unknown_like(wanted)
                if not wanted:
                    continue
            result.append(item(inner))
        return result

    return run


def for_object(names: list[str], source: Run, key: Run, item: Run, test: Run | None, grouped: bool) -> Run:
    def run(env: Env) -> Any:
        pairs = pairs_of(source(env))
        if isinstance(pairs, Unknown):
            return pairs
        env.scope.budget.spend(len(pairs))
        inner = Env(env.scope, dict(env.names))
        bind = _binder(names, inner.names)
        result: dict[str, Any] = {}
        for pair in pairs:
            bind(pair)
            if test is not None:
                wanted = truth(test(inner), CONDITION)
                if isinstance(wanted, Unknown):
                    return v.unknown_like(wanted)
                if not wanted:
                    continue
            name = key(inner)
            if isinstance(name, Unknown):
                return v.unknown_like(name)
            name = object_key(name)
            if grouped:
                result.setdefault(name, []).append(item(inner))
            elif name in result:
                raise EvalError(f'two different items have the key "{name}": add ... after the value to group them')
            else:
                result[name] = item(inner)
        return result

    return run


def _binder(names: list[str], target: dict[str, Any]) -> Callable[[tuple[Any, Any]], None]:
    if len(names) == 1:
        only = names[0]

        def one(pair: tuple[Any, Any]) -> None:
            target[only] = pair[1]

        return one
    first, second = names

    def two(pair: tuple[Any, Any]) -> None:
        target[first], target[second] = pair

    return two
