"""Buckets that survive a mistake, and a region."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.naming import is_critical

require(
    "oci-bucket-no-versioning",
    severity=MEDIUM,
    controls=["cis-oci-3.1:5.1.3", "cis-oci-3.0:5.1.3", "nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_OCI_8",
        "prowler:objectstorage_bucket_versioning_enabled",
        "cis_reports:STO-1-3",
        "steampipe-oci:cis_v300_5_1_3",
        "steampipe-tf-oci:objectstorage_bucket_versioning_enabled",
    ],
    on="oci_objectstorage_bucket",
    path="versioning",
    equals="Enabled",
    default="Disabled",
    title="Buckets keep earlier versions of their objects.",
    why="Without versions an object that was overwritten or deleted, by mistake or on purpose, is gone.",
)


@rule(on="oci_objectstorage_bucket", severity=LOW, controls=["nist-800-53r5:CP-6", "nist-800-53r5:CP-9"])
def oci_bucket_no_replication(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Critical buckets are replicated to another region.

    ## Why
    What exists in one region only is gone for as long as the region is, or for ever.
    ## Fix
    Add an `oci_objectstorage_replication_policy` with the bucket as its source.
    """
    if not graph.users(bucket, "oci_objectstorage_replication_policy") and is_critical(bucket):
        yield bucket.fails("tagged critical, and not replicated")
