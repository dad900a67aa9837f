"""Buckets that any web page can read."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule


@rule(on="oci_objectstorage_bucket", severity=MEDIUM, controls=["nist-800-53r5:AC-4"])
def oci_bucket_open_cors(bucket: Resource) -> Iterator[Finding]:
    """Objects that any web page may fetch are in no public bucket.

    ## Why
    Object Storage answers requests of every origin and has no setting to limit them: what is public is readable by
    the script of any page as well.
    ## Fix
    Make the bucket private, and serve its objects through a gateway that names the origins.
    """
    if bucket["access_type"] not in (None, "NoPublicAccess"):
        yield bucket.fails("public, and readable by the scripts of any page", at="access_type")
