"""Objects that nobody needs any more."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule


@rule(
    on="oci_objectstorage_bucket",
    severity=LOW,
    equivalents=["steampipe-oci-thrifty:objectstorage_bucket_without_lifecycle_policy"],
)
def oci_bucket_no_lifecycle(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Old objects move to cheaper storage, or are deleted.

    ## Why
    Buckets only ever grow, and the oldest objects are the ones nobody reads.
    ## Fix
    Add an `oci_objectstorage_object_lifecycle_policy` for the bucket.
    """
    if not graph.users(bucket, "oci_objectstorage_object_lifecycle_policy"):
        yield bucket.fails("no lifecycle policy: everything is kept for ever, at full price")
