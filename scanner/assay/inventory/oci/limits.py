"""How much of each service limit is used. A limit of zero is one that nobody has asked for, and is not collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.inventory.oci.table import Row, of, table
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.inventory.oci.engine import Item
    from assay.inventory.oci.table import Made

_CLIENT = "limits.LimitsClient"
_GRANT = "inspect resource-availability"


def _usages(item: Item) -> Iterator[Made]:
    """The limits of one service, each with what is used of it."""
    tenancy, service = item.resolve("$tenancy"), item.model.name
    told = item.collector.remembered("limits", lambda: _measurable(item, tenancy))
    values = item.ask(_CLIENT, "list_limit_values", tenancy, service)
    if isinstance(values, Unknown) or isinstance(told, Unknown):
        doubt = values if isinstance(values, Unknown) else told
        yield item.made(address=service, values={"service_name": service, "used": doubt, "value": doubt})
        return
    for limit in values:
        if limit.value and (service, limit.name) in told:
            yield _usage(item, tenancy, service, limit)


def _measurable(item: Item, tenancy: str) -> Any:
    """The limits of which the service tells how much is used, as pairs of service and name."""
    defined = item.ask(_CLIENT, "list_limit_definitions", tenancy)
    if isinstance(defined, Unknown):
        return defined
    return {(d.service_name, d.name) for d in defined if d.is_resource_availability_supported and not d.is_deprecated}


def _usage(item: Item, tenancy: str, service: str, limit: Any) -> Made:
    domain = {"availability_domain": limit.availability_domain} if limit.availability_domain else {}
    found = item.ask(_CLIENT, "get_resource_availability", service, limit.name, tenancy, **domain)
    values = {
        "service_name": service,
        "name": limit.name,
        "value": limit.value,
        "used": found if isinstance(found, Unknown) else _used(found),
        **domain,
    }
    place = limit.availability_domain or item.collector.region
    return item.made(address=f"{service}/{limit.name}/{place}", values=values)


def _used(found: Any) -> Any:
    """What is used of a limit; some are counted in parts."""
    used = found.used if found.fractional_usage is None else found.fractional_usage
    return Unknown("the service does not say how much of it is used") if used is None else used


LIMITS = table(
    "limits",
    of(_CLIENT, Row("oci_limits_resource_availability", "list_services", _GRANT, root=True, shape=_usages,
                    asks=((_CLIENT, "list_limit_definitions", _GRANT), (_CLIENT, "list_limit_values", _GRANT),
                          (_CLIENT, "get_resource_availability", _GRANT)))),
)  # fmt: skip

TABLES = (LIMITS,)
