"""Judging several parts of one resource, so that an unknown part hides no certain failure beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import model
from assay.model import Finding, Undetermined, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from assay.model import View

    V = TypeVar("V", bound=View)


def one_by_one(views: Iterable[V], judge: Callable[[V], Iterable[Finding]]) -> Iterator[Finding]:
    """What `judge` says of each view; where it cannot decide, an unknown at the value that decides.

    An incomplete list of views still raises at its end, as it must.
    """
    for view in views:
        try:
            yield from judge(view)
        except Undetermined as doubt:
            r = view.resource
            reads = reversed(model._reads)
            path = next((p for owner, p, u in reads if u is doubt.unknown and owner is r), view.path)
            yield Finding(r, Verdict.UNKNOWN, f"cannot be decided: {doubt.reason}", path)


def certainly(test: Callable[[], bool]) -> bool:
    """What the test says, False where it cannot be decided: for what lowers the severity of a certain failure only."""
    try:
        return test()
    except Undetermined:
        return False
