"""Passwords of databases."""

from __future__ import annotations

from collections.abc import Iterator

from assay import CRITICAL, Finding, Resource, rule
from assay.analysis.literals import is_written

PASSWORDS = {
    "oci_database_autonomous_database": "admin_password",
    "oci_database_db_system": "db_home.database.admin_password",
    "oci_database_data_guard_association": "database_admin_password",
}


@rule(on=list(PASSWORDS), sources=("terraform", "plan"), severity=CRITICAL, controls=["nist-800-53r5:IA-5(7)"])
def oci_adb_plaintext_password(database: Resource) -> Iterator[Finding]:
    """Database passwords are not written in the code.

    ## Why
    Everybody with the repository, its history or the state is then the database's administrator.
    ## Fix
    Use `secret_id` with a secret of the vault, or a variable that is given at run time only.
    """
    path = PASSWORDS[database.type]
    # Whether the password is null is no matter: what a variable holds is not written here. Its block has to be there.
    block = path.rpartition(".")[0]
    if (block == "" or not database.absent(block)) and is_written(database[path]):
        yield database.fails("the administrator's password is written in the code", at=path)
