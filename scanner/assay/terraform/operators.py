"""Operators, nested by HCL's own precedence.

The tree is not always right: it nests `a ? b : c ? d : e` to the left and keeps `a.b + c` as flat siblings. So operands
and operators are flattened and nested again here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform.expressions import MAX_NESTING, POSTFIX, constant, is_constant, raising, truth, value_of
from assay.terraform.syntax import COMMENT, kind
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.terraform.evaluate import Env
    from assay.terraform.expressions import Compiler, Run

OPEN, QUESTION = kind("(", False), kind("?", False)
CONDITIONAL, OPERATION = kind("conditional"), kind("operation")
BINARY, UNARY = kind("binary_operation"), kind("unary_operation")
PRECEDENCE = {
    kind(sign, False): (sign, level)
    for level, signs in enumerate((("||",), ("&&",), ("==", "!="), (">", ">=", "<", "<="), ("+", "-"), ("*", "/", "%")))
    for sign in signs
}
PREFIX = {kind("-", False): "-", kind("!", False): "!"}


def flatten(nodes: Sequence[Any]) -> list[Any]:
    """The operands and operators of nested operations in the order of the text, without recursion."""
    result: list[Any] = []
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        found = node.kind_id
        if found in (OPERATION, BINARY, UNARY):
            stack.extend(reversed(node.children))
        elif found == CONDITIONAL:
            test, question, yes, colon, no = [n for n in node.children if n.kind_id != COMMENT]
            stack.extend(reversed([*test.children, question, yes, colon, *no.children]))
        elif found != COMMENT:
            result.append(node)
    return result


class Operators:
    """Nests a flat list of operands and operators by precedence."""

    __slots__ = ("at", "compiler", "nodes")

    def __init__(self, compiler: Compiler, nodes: Sequence[Any]) -> None:
        self.compiler = compiler
        self.nodes = flatten(nodes)
        self.at = 0

    def peek(self) -> int:
        return self.nodes[self.at].kind_id if self.at < len(self.nodes) else -1

    def take(self) -> Any:
        node = self.nodes[self.at]
        self.at += 1
        return node

    def parse(self) -> Run:
        if len(self.nodes) > 4 * MAX_NESTING:
            return raising(f"an expression has more than {4 * MAX_NESTING} operands and operators")
        return self.ternary()

    def ternary(self) -> Run:
        test = self.binary(0)
        if self.peek() != QUESTION:
            return test
        self.take()
        yes = self.compiler.expression(self.take())
        self.take()  # the colon
        return conditional(test, yes, self.ternary())

    def binary(self, level: int) -> Run:
        left = self.unary()
        while True:
            sign, found = PRECEDENCE.get(self.peek(), ("", -1))
            if found < level:
                return left
            self.take()
            left = operation(sign, left, self.binary(found + 1))

    def unary(self) -> Run:
        sign = PREFIX.get(self.peek())
        if sign is None:
            return self.operand()
        self.take()
        return negation(sign, self.unary())

    def operand(self) -> Run:
        node = self.take()
        if node.kind_id == OPEN:
            node = self.take()
            self.take()
        start = self.at
        while self.peek() in POSTFIX:
            self.at += 1
        return self.compiler.postfix(node, self.nodes[start : self.at])


def conditional(test: Run, yes: Run, no: Run) -> Run:
    def run(env: Env) -> Any:
        wanted = truth(test(env), "the condition of a conditional")
        if isinstance(wanted, Unknown):
            either, other = _leniently(yes, env), _leniently(no, env)
            return None if either is None and other is None else _choose(wanted, either, other)
        chosen, left = (yes, no) if wanted else (no, yes)
        result = chosen(env)
        spare = _leniently(left, env)
        if type(result) is type(spare) and type(result) in _SCALARS:
            return result
        return _choose(True, result, spare)

    return run


_SCALARS = (str, bool, int)


def _choose(condition: Any, yes: Any, no: Any) -> Any:
    from assay.terraform.operations import choose

    return choose(condition, yes, no)


def _leniently(run: Run, env: Env) -> Any:
    """The value of a branch that may not be taken: its failure is not one yet, and its type matters all the same."""
    try:
        return run(env)
    except EvalError as error:
        return Unknown(str(error))


def operation(sign: str, left: Run, right: Run) -> Run:
    from assay.terraform import operations as o

    if sign == "==":
        return lambda env: o.equal(left(env), right(env))
    if sign == "!=":

        def differs(env: Env) -> Any:
            return o.not_(o.equal(left(env), right(env)))

        return differs
    if sign in ("&&", "||"):
        return lambda env: o.logical(sign, left(env), right(env))
    if sign in ("<", "<=", ">", ">="):
        return lambda env: o.compare(sign, left(env), right(env))
    return lambda env: o.arithmetic(sign, left(env), right(env))


def negation(sign: str, operand: Run) -> Run:
    if sign == "-" and is_constant(operand) and type(value_of(operand)) is int:
        return constant(-value_of(operand))
    from assay.terraform import operations as o

    if sign == "!":
        return lambda env: o.not_(operand(env))
    return lambda env: o.negate(operand(env))
