"""Objects that code reads from outside."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule
from assay.analysis.functions import tree_of, unsafe_caches


@rule(on="python", severity=MEDIUM, controls=["nist-800-53r5:SI-10"])
def python_unsafe_cache(source: Resource) -> Iterator[Finding]:
    """Code unpickles nothing that came from a bucket, a cache or the network.

    ## Why
    A pickle is a program: who may write the object runs code with the function's role.
    ## Fix
    Keep the cache as JSON, Parquet or another format of data; sign what must be pickled.
    """
    for spot in unsafe_caches(tree_of(source)):
        if spot.doubt:
            yield source.unsure(spot.what, at=spot.where, key=spot.what)
        else:
            yield source.fails(spot.what, at=spot.where, key=spot.what)
