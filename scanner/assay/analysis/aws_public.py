"""Is a statement of a resource policy public: does it, with its document's denials, let a stranger in?

Trusted are requests that a condition ties to a constant: an account, an organisation, a network, a source. What is left
of the statement when the document's denials and the trusted requests are taken away is public; the search finds such a
request or proves that there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.access import Box, Demand, Mixed, Values, common
from assay.analysis.aws_access import PRINCIPAL, Reader
from assay.analysis.globs import Budget, BudgetSpent
from assay.analysis.inclusion import STEPS, certain_part, widened
from assay.model import Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.analysis.aws_policy import Statement

SMALL = 1 << 16
"""How many addresses a prefix may have and still name a network: a choice."""


def open_to_strangers(s: Statement, document: Sequence[Statement], narrowing: frozenset[str]) -> bool:
    """True when somebody whom nothing in the document names may make a request that this statement allows.

    Raises:
        Undetermined: an unknown piece decides.
    """
    denies = [d for d in document if d is not s and not d.allows]
    reader = Reader(([s], denies))
    mine, theirs = reader.compile([s]), reader.compile(denies)
    doubts = [*mine.doubts, *theirs.doubts]
    trusted = _trusted((*mine.rules.allow, *theirs.rules.deny), narrowing)
    surely = [widened(b, reader.symbols) for b in theirs.rules.deny]
    perhaps = [c for b in theirs.rules.deny if (c := certain_part(b, reader.symbols)) is not None]
    try:
        for box in mine.rules.allow:
            if common(box, [], [*perhaps, *trusted], reader.space(Budget(STEPS))) is None:
                continue
            if doubts:
                raise Undetermined(doubts[0])
            if common(box, [], [*surely, *trusted], reader.space(Budget(STEPS))) is not None:
                return True
            raise Undetermined(next(u for b in theirs.rules.deny for u in b.source.holes))  # type: ignore[attr-defined]
    except BudgetSpent:
        raise Undetermined(Unknown(f"the question needs more than {STEPS} steps")) from None
    except Mixed:
        raise Undetermined(Unknown("a condition key is compared as a text and as a number")) from None
    return False


def _trusted(boxes: Sequence[Box], narrowing: frozenset[str]) -> list[Box]:
    """For every narrowing key, the requests in which it has a value that the document names."""
    named: dict[str, list[Values]] = {}
    for box in boxes:
        for name, demand in box.tests:
            if name in narrowing or (name == PRINCIPAL and demand.outside):
                named.setdefault(name, []).append(_constants(demand.values))
    found = []
    for name, values in named.items():
        patterns = tuple(p for v in values for p in v.patterns)
        spans = tuple(s for v in values for s in v.spans)
        kinds = [*([Values(patterns)] if patterns else []), *([Values((), spans, "address")] if spans else [])]
        found += [Box(-1, ((name, Demand(True, kind)),)) for kind in kinds]
    return found


def _constants(values: Values) -> Values:
    """The values that name somebody: no `*` alone, no prefix that is half the internet."""
    from assay.analysis.aws_arns import matches_all

    patterns = tuple(p for p in values.patterns if not matches_all(p.text))
    spans = tuple(s for s in values.spans if s.high - s.low < SMALL)
    return values._replace(patterns=patterns, spans=spans)
