"""Which OCI resources a service log covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.model import any_of

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource

SOURCE = "configuration.source"


def logged(resource: Resource, graph: Graph, service: str, *categories: str) -> bool:
    """True when an enabled service log of one of these categories names the resource.

    Raises:
        Undetermined: a log names something unknown that may be this, or logs could not be listed.
    """
    return any_of(
        graph.users(resource, "oci_logging_log"), lambda log: is_enabled(log) and writes(log, service, *categories)
    )


def logged_as(resource: Resource, graph: Graph, category: str) -> bool:
    """True when an enabled service log of this category, whatever its service is called, names the resource."""
    logs = graph.users(resource, "oci_logging_log")
    return any_of(logs, lambda log: is_enabled(log) and log[f"{SOURCE}.category"] == category)


def is_enabled(log: Resource) -> bool:
    """True unless the log is switched off: `is_enabled` defaults to true."""
    return bool(log["is_enabled"] != False)  # noqa: E712 - an Unknown answers !=


def writes(log: Resource, service: str, *categories: str) -> bool:
    """True for a log of this service and one of these categories (of none: of any)."""
    if log[f"{SOURCE}.service"] != service:
        return False
    return not categories or any_of(categories, lambda c: log[f"{SOURCE}.category"] == c)
