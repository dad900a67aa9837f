"""Credentials and whole events in functions' Python code."""

from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Resource, rule
from assay.analysis.functions import database_credentials, logged_events, sdk_credentials, tree_of


@rule(on="python", severity=HIGH, controls=["nist-800-53r5:IA-5"])
def python_db_credential(source: Resource) -> Iterator[Finding]:
    """Code connects to databases without a password written out.

    ## Why
    Whoever may read the code reads the data, and a password in the history of a repository is never changed.
    ## Fix
    Revoke it. Read the password from Secrets Manager or a vault when the function starts, or use IAM authentication.
    """
    for spot in database_credentials(tree_of(source)):
        yield source.fails(spot.what, at=spot.where, key=spot.what)


@rule(on="python", severity=HIGH, controls=["nist-800-53r5:IA-5"])
def python_sdk_credential(source: Resource) -> Iterator[Finding]:
    """Code hands cloud SDKs no password and no key written out.

    ## Why
    An administrator's password in a script is in every copy of it, and the database that the script made keeps it.
    ## Fix
    Revoke it. Take it from a vault, or let the cloud generate it; clients find credentials by themselves.
    """
    for spot in sdk_credentials(tree_of(source)):
        yield source.fails(spot.what, at=spot.where, key=spot.what)


@rule(on="python", severity=LOW, controls=["nist-800-53r5:AU-3"])
def python_logs_whole_event(source: Resource) -> Iterator[Finding]:
    """Handlers log what they need of an event, not all of it.

    ## Why
    Headers with tokens, addresses and card numbers land in the log, which more people read and which is kept longer.
    ## Fix
    Log the identifiers: `logger.info("order %s", event["detail"]["id"])`.
    """
    for spot in logged_events(tree_of(source)):
        yield source.fails(spot.what, at=spot.where, key=spot.what)
