"""The policy statements that an audit of OCI needs, derived from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.inventory.oci.table import Table

VERBS = ("inspect", "read", "use", "manage")
ALWAYS = ("inspect tenancies", "inspect compartments")
"""What the survey of regions and compartments needs."""


def statements(tables: Iterable[Table], group: str = "Auditors") -> list[str]:
    """One statement a resource type and condition, with the highest verb that a row needs; sorted by type."""
    grants = [*ALWAYS]
    for table in tables:
        for row in table.rows:
            grants += [g for g in (row.grant, row.get_grant, *(grant for _, _, grant in row.asks)) if g]
    needed: dict[tuple[str, str], str] = {}
    for grant in grants:
        what, _, condition = grant.partition(" where ")
        verb, _, type_ = what.partition(" ")
        known = needed.get((type_, condition))
        if known is None or VERBS.index(verb) > VERBS.index(known):
            needed[type_, condition] = verb
    return [
        f"Allow group {group} to {verb} {type_} in tenancy{' where ' + condition if condition else ''}"
        for (type_, condition), verb in sorted(needed.items())
    ]
