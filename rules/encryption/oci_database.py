"""Databases encrypted with keys of your own, and spoken to with certificates."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, any_of, require, rule, show
from assay.analysis.oci_tenancy import is_code

KEYS = {
    "oci_database_database": ("kms_key_id", "database.kms_key_id"),
    "oci_database_db_home": ("kms_key_id", "database.kms_key_id"),
    "oci_database_db_system": ("kms_key_id", "db_home.database.kms_key_id"),
    "oci_database_autonomous_database": ("kms_key_id", "encryption_key.kms_key_id"),
}
CONTAINERS = ("oci_database_db_home", "oci_database_db_system")


ORACLES = show("ORACLE_MANAGED_KEY")
"""What the service tells as the id of a key that is its own."""


def _has_key(database: Resource) -> bool:
    return any_of(KEYS[database.type], lambda path: not database.absent(path) and show(database[path]) != ORACLES)


@rule(
    on="oci_database_autonomous_database",
    severity=LOW,
    controls=["nist-800-53r5:SC-12", "nist-800-53r5:SC-28"],
    equivalents=["cis_reports:OBP:ADB_CMK"],
)
def oci_adb_no_customer_key(database: Resource) -> Iterator[Finding]:
    """Autonomous databases are encrypted with a key of your own.

    ## Why
    Oracle's key cannot be rotated, disabled or audited by you; with a key of your own, taking it away closes the
    database.
    ## Fix
    Set `kms_key_id` and `vault_id`.
    """
    if not _has_key(database):
        yield database.fails("Oracle holds the key", at="kms_key_id")


@rule(
    on=["oci_database_database", "oci_database_db_home", "oci_database_db_system"],
    severity=LOW,
    controls=["nist-800-53r5:SC-12", "nist-800-53r5:SC-28"],
    equivalents=[
        "steampipe-tf-oci:database_db_encryption_enabled",
        "steampipe-tf-oci:database_db_home_encryption_enabled",
        "steampipe-tf-oci:database_db_system_encryption_enabled",
    ],
)
def oci_db_no_customer_key(database: Resource) -> Iterator[Finding]:
    """Databases are encrypted with a key of your own.

    ## Why
    Oracle's key cannot be rotated, disabled or audited by you; with a key of your own, taking it away closes the
    database.
    ## Fix
    Set `kms_key_id` on the database, its home or its system.
    """
    if database.type in CONTAINERS and not is_code(database):
        return  # where it runs, its databases are resources of their own
    if not _has_key(database):
        yield database.fails("Oracle holds the key", at="kms_key_id")


require(
    "oci-adb-no-mutual-tls",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8", "nist-800-53r5:IA-3"],
    equivalents=["cis_reports:OBP:ADB_MTLS"],
    on="oci_database_autonomous_database",
    path="is_mtls_connection_required",
    equals=True,
    default=False,
    title="Clients of autonomous databases prove who they are with a certificate.",
    why="Otherwise a password alone opens the database to whoever reaches it.",
)
