"""Functions that send and take events: nothing lost in silence, nothing done twice."""

from collections.abc import Iterator

from assay import INFO, MEDIUM, Finding, Resource, rule
from assay.analysis.functions import repeated_writes, tree_of, unchecked_batches


@rule(on="python", severity=MEDIUM, controls=["nist-800-53r5:SI-11"])
def python_put_events_unchecked(source: Resource) -> Iterator[Finding]:
    """Code looks at what a batch refused.

    ## Why
    `put_events` and `put_records` answer 200 when some entries failed: these are gone, and nobody knows.
    ## Fix
    Look at `FailedEntryCount` (`FailedRecordCount`) and send the failed entries again.
    """
    for spot in unchecked_batches(tree_of(source)):
        yield source.fails(spot.what, at=spot.where, key=spot.what)


@rule(on="python", severity=INFO)
def python_consumer_not_idempotent(source: Resource) -> Iterator[Finding]:
    """Functions that events invoke notice an event that comes twice.

    ## Why
    Queues, streams and EventBridge deliver at least once: the second delivery books, ships or counts again.
    ## Fix
    Write with a `ConditionExpression`, or keep the event's id (Powertools' idempotency does).
    """
    for spot in repeated_writes(tree_of(source)):
        yield source.fails(spot.what, at=spot.where, key=spot.what)
