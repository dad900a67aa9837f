"""Judging several parts of one resource, so that an unknown part hides no certain failure beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay import model
from assay.model import Finding, PartialList, Undetermined, Verdict

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


def each_of(items: list[Any], judge: Callable[[Any], Iterable[Finding]]) -> Iterator[Finding]:
    """What `judge` says of each item of a list, those that it can decide first.

    Raises:
        Undetermined: at the end, the first doubt about an item, or that there may be more of them.
    """
    doubt: Undetermined | None = None
    for item in list.__iter__(items):
        try:
            yield from judge(item)
        except Undetermined as found:
            doubt = doubt or found
    if doubt is not None:
        raise doubt
    if isinstance(items, PartialList):
        raise Undetermined(items.unknown)


def certainly(test: Callable[[], bool]) -> bool:
    """What the test says, False where it cannot be decided: for what lowers the severity of a certain failure only."""
    try:
        return test()
    except Undetermined:
        return False
