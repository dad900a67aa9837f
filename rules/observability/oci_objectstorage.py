"""What is kept of the use of buckets."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.oci_logging import logged

require(
    "oci-bucket-no-events",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_OCI_7", "steampipe-tf-oci:objectstorage_bucket_object_events_enabled"],
    on="oci_objectstorage_bucket",
    path="object_events_enabled",
    equals=True,
    title="Buckets announce changes of their objects.",
    why="Without events nothing can react to a new, changed or deleted object: neither a scanner nor a person.",
)


@rule(
    on="oci_objectstorage_bucket",
    severity=MEDIUM,
    controls=["cis-oci-3.1:4.17", "cis-oci-3.0:4.17", "nist-800-53r5:AU-2", "nist-800-53r5:AU-12"],
    equivalents=["prowler:objectstorage_bucket_logging_enabled", "cis_reports:LAM-17", "steampipe-oci:cis_v300_4_17"],
)
def oci_bucket_no_write_log(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Writes to buckets are logged.

    ## Why
    Without the log nobody can say who changed or deleted an object, or when it began.
    ## Fix
    Add an enabled `oci_logging_log` of service `objectstorage`, category `write`, with the bucket's name as its
    resource.
    """
    if not logged(bucket, graph, "objectstorage", "write"):
        yield bucket.fails("no enabled log of writes to it")
