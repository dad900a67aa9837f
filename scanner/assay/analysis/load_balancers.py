"""Load balancers of Services: has one a private address only, and whom does it admit?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kubernetes.relations import annotation
from assay.model import as_list

if TYPE_CHECKING:
    from assay.model import Resource

_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-internal": ("true", "0.0.0.0/0"),
    "service.beta.kubernetes.io/aws-load-balancer-scheme": ("internal",),
    "service.beta.kubernetes.io/oci-load-balancer-internal": ("true",),
    "service.beta.kubernetes.io/azure-load-balancer-internal": ("true",),
    "oci-network-load-balancer.oraclecloud.com/internal": ("true",),
    "networking.gke.io/load-balancer-type": ("internal",),
    "cloud.google.com/load-balancer-type": ("internal",),
}
"""Annotation -> the values, in small letters, that give a load balancer a private address only."""
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"


def internal(service: Resource) -> bool:
    """True for a load balancer that has a private address only, by its cloud's annotation."""
    told = ((annotation(service, name), values) for name, values in _INTERNAL.items())
    return any(value != None and f"{value}".lower() in values for value, values in told)  # noqa: E711


def source_ranges(service: Resource) -> list[Any]:
    """The address blocks that a load balancer admits: those of the field, else of the annotation; none for all."""
    ranges = as_list(service["spec.loadBalancerSourceRanges"])
    if ranges:
        return ranges
    written = annotation(service, _RANGES)
    return [part.strip() for part in f"{written}".split(",") if part.strip()] if written != None else []  # noqa: E711
