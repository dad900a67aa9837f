"""Is one AWS policy no broader than another, and if it is, by which request? Exact, or unknown with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.aws_access import PRINCIPAL, RESOURCE, Reader, address
from assay.analysis.globs import Budget
from assay.analysis.inclusion import STEPS, allowing, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.analysis.access import Point
    from assay.analysis.aws_policy import Statement
    from assay.model import Unknown

    Meaning = Callable[[Unknown], str | None]


class Request(NamedTuple):
    """One request, as a person reads it: context keys that are not named are missing or do not matter."""

    action: str
    resource: str
    principal: str
    context: dict[str, list[str]]

    def __str__(self) -> str:
        who = f"{self.principal} " if self.principal else ""
        when = "".join(f" with {key} = {', '.join(v) if v else 'missing'}" for key, v in sorted(self.context.items()))
        return f"{who}{self.action} on {self.resource}{when}"


class Answer(NamedTuple):
    """`yes` (it is no broader), `no` with a request that tells and the statement that allows it, or `unknown`."""

    verdict: str
    request: Request | None = None
    reason: str = ""
    statement: Statement | None = None


def no_broader(
    mine: Sequence[Statement],
    theirs: Sequence[Statement],
    *,
    identity: bool = False,
    meaning: tuple[Meaning, Meaning] | None = None,
) -> Answer:
    """Does `theirs` allow every request that `mine` allows?

    Args:
        identity: identity policies, whose holder is one and the same; else resource policies, with principals.
        meaning: what references of each side will be, where one can tell.
    """
    reader = Reader((mine, theirs))
    if meaning is not None:
        reader.symbols.resolve = meaning[0]
    a = reader.compile(mine, identity=identity)
    if meaning is not None:
        reader.symbols.resolve = meaning[1]
    b = reader.compile(theirs, identity=identity)
    found = decide(a, b, reader.space(Budget(STEPS)), reader.symbols)
    if found.point is None:
        return Answer(found.verdict, reason=found.reason)
    return Answer(found.verdict, request(found.point, reader), statement=allowing(a, found.point))


def request(point: Point, reader: Reader) -> Request:
    """A point as a request; symbols are written as what they stand for."""
    context = {
        key: [reader.symbols.shown(v) if isinstance(v, str) else _quantity(v, key, reader) for v in values]
        for key, values in point.values.items()
        if key not in (RESOURCE, PRINCIPAL)
    }

    def first(name: str, default: Any) -> str:
        return reader.symbols.shown(str(next(iter(point.values.get(name, ())), default)))

    return Request(reader.actions.names[point.bit], _filled(first(RESOURCE, "*")), first(PRINCIPAL, ""), context)


def _quantity(value: float, key: str, reader: Reader) -> str:
    universe = reader.keys[key].universe if key in reader.keys else None
    if universe is not None and universe.scale == "address":
        return address(value)
    return str(int(value)) if value == int(value) else str(value)


def _filled(arn: str) -> str:
    """An ARN with a real partition in the place of a filler: the search finds the shortest text, not the likeliest."""
    pieces = arn.split(":")
    if len(pieces) > 5 and pieces[0] == "arn" and pieces[1] == "x":
        pieces[1] = "aws"
    return ":".join(pieces)
