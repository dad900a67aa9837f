"""`try` and `can`: the two functions that see their arguments' failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Base64, Encoded, Ref, Text, Unknown
from assay.terraform import values as v
from assay.terraform.expressions import Configured
from assay.terraform.refinement import wholly_provided
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.terraform.evaluate import Env
    from assay.terraform.expressions import Compiler, Run


def compile_attempt(compiler: Compiler, name: str, nodes: Sequence[Any]) -> Run:
    """The closure of `try(...)` or `can(...)`."""
    attempts = [compiler.expression(n) for n in nodes]
    if name == "can" and len(attempts) == 1:
        return _can(attempts[0])
    return _try([(a, "(" not in compiler.text(n)) for a, n in zip(attempts, nodes, strict=True)])


def _try(attempts: list[tuple[Run, bool]]) -> Run:
    def run(env: Env) -> Any:
        last: EvalError | None = None
        for attempt, reads in attempts:
            try:
                value = attempt(env)
            except EvalError as error:
                last = error
                continue
            doubt = v.first_unknown(value)
            return value if doubt is None else _forgotten(value, doubt, reads=reads)
        raise EvalError(f"no argument of try() succeeds; the last one fails because {last}")

    return run


def _forgotten(value: Any, doubt: Unknown, *, reads: bool) -> Any:
    """Terraform forgets all it knows of a result that is not wholly known, as the attempt may yet fail.

    What it refers to is kept for links, and so is what lacks nothing but attributes of a schema: it succeeds.
    """
    if wholly_provided(value):
        return value
    # An attempt that calls nothing only reads its way to the value. It got there: what is unknown of it cannot fail it.
    if reads and isinstance(value, (list, dict, Text, Base64, Encoded)) and "terraform_data." not in doubt.reason:
        return value
    if isinstance(value, v.TypedRef):
        loose = Ref(value.target, value.attribute, value.reason)
        loose.not_null = False
        return loose
    return value if isinstance(value, (Ref, Configured)) else v.unknown_like(doubt)


def _can(attempt: Run) -> Run:
    def run(env: Env) -> Any:
        try:
            doubt = v.first_unknown(attempt(env))
        except EvalError:
            return False
        return True if doubt is None else v.unknown_like(doubt, v.BOOL)

    return run
