"""Who answers for a host."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule


@rule(on="host", severity=MEDIUM, sources=["hosts"])
def host_no_owner(host: Resource) -> Iterator[Finding]:
    """Every host has an owner.

    ## Why
    Nobody patches what nobody owns.

    ## Fix
    Fill the `owner` column.
    """
    if host.absent("owner"):
        yield host.fails(f"{host} has no owner", at="owner")
