"""OCI: tables say what is collected (`table.py`), one engine asks (`engine.py`), one place makes clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.inventory.oci.table import Table


def tables() -> tuple[Table, ...]:
    """Every table, in the order of the services' files."""
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

    modules = (identity, network, compute, edge, serverless, secrets, data, delivery, monitoring, limits)
    return tuple(table for module in modules for table in module.TABLES)


def types() -> list[str]:
    """The resource types that an audit of OCI looks for."""
    return sorted({type_ for table in tables() for row in table.rows for type_ in row.types})
