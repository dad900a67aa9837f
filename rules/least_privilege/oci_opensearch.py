"""Search clusters that ask who is there."""

from __future__ import annotations

from assay import HIGH, require

require(
    "oci-opensearch-open-security-mode",
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    on="oci_opensearch_opensearch_cluster",
    path="security_mode",
    equals="ENFORCING",
    title="Search clusters enforce their access control.",
    why="In any other mode whoever reaches the cluster reads and deletes every index.",
)
