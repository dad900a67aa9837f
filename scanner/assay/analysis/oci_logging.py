"""Which OCI resources a service log covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.model import Undetermined, Unknown, any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Block, Resource, View

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


# --- connectors -------------------------------------------------------------------------------------------------------

AUDIT = ("_Audit", "_Audit_Include_Subcompartment")
CONNECTOR, LOG_SOURCES = "oci_sch_service_connector", "source.log_sources"


def is_first_of_logs(connector: Resource, graph: Graph) -> bool:
    """True for the first connector here that moves logs: what all of them together lack is said of this one."""
    moving = [c for c in graph.beside(connector, CONNECTOR) if moves_logs(c)]
    return bool(moving) and moving[0] is connector


def moves_logs(connector: Resource) -> bool:
    """True for a connector of logs that is not switched off."""
    return bool(connector["source.kind"] == "logging" and connector["state"] != "INACTIVE")


def carries(connector: Resource, graph: Graph, service: str, *categories: str) -> bool:
    """True when a connector beside this one takes a log of the service and one of the categories.

    Raises:
        Undetermined: none certainly does, and a log that one takes is not known.
    """
    return any_of(
        graph.beside(connector, CONNECTOR),
        lambda c: (
            moves_logs(c)
            and any_of(
                c.each(LOG_SOURCES), lambda s: any_of(_logs(s, graph), lambda g: writes(g, service, *categories))
            )
        ),
    )


def takes_audit(source: View, graph: Graph, *names: str) -> bool:
    """True when the source's log group is one of the names of the audit log; a group of one's own is none of them."""
    if any(group.source != "uncollected" for group in graph.follow(source, "log_group_id")):
        return False
    return any_of(names or AUDIT, lambda name: source["log_group_id"] == name)


def _logs(source: Block, graph: Graph) -> Iterator[Resource]:
    """The logs that a source names: one, or all of a group."""
    if takes_audit(source, graph):
        return
    yield from graph.follow(source, "log_id")
    if source.absent("log_id"):
        for group in graph.follow(source, "log_group_id"):
            if group.source == "uncollected":
                raise Undetermined(Unknown(f"the logs of {group} are not known"))
            yield from graph.users(group, "oci_logging_log")
