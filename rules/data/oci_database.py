"""Databases that somebody watches."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule


@rule(
    on="oci_database_autonomous_database",
    severity=LOW,
    controls=["nist-800-53r5:RA-5", "nist-800-53r5:SI-4"],
    equivalents=["cis_reports:OBP:ADB_DataSafe"],
)
def oci_adb_no_data_safe(database: Resource, graph: Graph) -> Iterator[Finding]:
    """Autonomous databases are registered with Data Safe.

    ## Why
    It is what finds accounts with too many rights, columns with personal data, and who reads them.
    ## Fix
    Add an `oci_data_safe_target_database` with the database's OCID.
    """
    if database["data_safe_status"] == "REGISTERED":
        return
    if not graph.users(database, "oci_data_safe_target_database"):
        yield database.fails("not registered with Data Safe")
