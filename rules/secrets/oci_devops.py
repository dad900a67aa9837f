"""Credentials of DevOps connections."""

from __future__ import annotations

from collections.abc import Iterator

from assay import CRITICAL, Finding, Graph, Resource, rule

TOKENS = ("access_token", "app_password")


@rule(on="oci_devops_connection", sources=("terraform", "plan"), severity=CRITICAL, controls=["nist-800-53r5:IA-5(7)"])
def oci_devops_token_in_plaintext(connection: Resource, graph: Graph) -> Iterator[Finding]:
    """Connections to code hosts name a secret of the vault.

    ## Why
    A token written here lies in the code and in the state, and opens the code host to everybody who reads either.
    ## Fix
    Put the token in an `oci_vault_secret` and give its OCID.
    """
    for path in TOKENS:
        token = connection[path]
        if token == None or any(s.source != "uncollected" for s in graph.follow(connection, path)):
            continue
        if not token.startswith("ocid1.vaultsecret."):
            yield connection.fails("the token itself is written here, not a secret's OCID", at=path)
