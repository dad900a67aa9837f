"""OCI: tables say what is collected (`table.py`), one engine asks (`engine.py`), one place makes clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.inventory.oci.table import Table


def tables(types: frozenset[str] | None = None) -> tuple[Table, ...]:
    """Every table, in the order of the services' files, with the rows that these types need, or all."""
    from assay.inventory.oci import (
        compute,
        data,
        delivery,
        edge,
        identity,
        limits,
        monitoring,
        network,
        secrets,
        serverless,
    )
    from assay.inventory.oci.table import only

    modules = (identity, network, compute, edge, serverless, secrets, data, delivery, monitoring, limits)
    every = (table for module in modules for table in module.TABLES)
    return tuple(every) if types is None else tuple(kept for table in every if (kept := only(table, types)).rows)


def types(looked_at: frozenset[str] | None = None) -> list[str]:
    """The resource types that an audit of OCI looks for."""
    return sorted({type_ for table in tables(looked_at) for row in table.rows for type_ in row.types})
