"""Tiers that grow with demand, and do not stand in one place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from assay import LOW, MEDIUM, Block, Finding, Graph, Resource, all_of, any_of, as_list, rule, show
from assay.analysis.naming import is_production
from assay.model import without_key

PLACEMENTS = {
    "oci_containerengine_node_pool": "node_config_details.placement_configs",
    "oci_core_instance_pool": "placement_configurations",
}
LISTED = "data.oci_identity_availability_domains."
SCALING = "oci_autoscaling_auto_scaling_configuration"


def _scales(tier: Resource, graph: Graph) -> bool:
    """True when something changes the tier's size by itself."""
    if tier.type == "oci_database_autonomous_database":
        return bool(tier["is_auto_scaling_enabled"] == True)
    if tier.type == "oci_core_instance_pool":
        return any_of(graph.users(tier, SCALING), lambda s: s["is_enabled"] != False)
    addons = [
        a for cluster in graph.follow(tier, "cluster_id") for a in graph.users(cluster, "oci_containerengine_addon")
    ]
    return any_of(addons, lambda a: a["addon_name"] == "ClusterAutoscaler")


@rule(on=[*PLACEMENTS, "oci_database_autonomous_database"], severity=LOW, controls=["nist-800-53r5:SC-6"])
def oci_no_auto_scaling(tier: Resource, graph: Graph) -> Iterator[Finding]:
    """Capacity follows demand.

    ## Why
    A fixed size is too small on the busiest day and paid for on all others.
    ## Fix
    Enable auto scaling of the database, add an auto-scaling configuration for the pool, or the cluster autoscaler
    add-on.
    """
    if not _scales(tier, graph):
        yield tier.fails("nothing changes its size with demand")


def _places(view: Resource | Block) -> list[tuple[Any, Any]]:
    """The availability domain of a placement with each of its fault domains."""
    domain = view["availability_domain"]
    faults = as_list(view["fault_domains"]) or as_list(view["fault_domain"])
    return [(domain, fault) for fault in faults] or [(domain, None)]


def _is_one(places: list[tuple[Any, Any]]) -> bool:
    """True when all are the same place: one and the same unknown is, two of them may be two."""
    pairs = [*pairwise(places), *((places[0], place) for place in places)]
    return all_of(pairs, lambda p: all_of((0, 1), lambda i: _same(p[0][i], p[1][i])))


def _same(one: Any, other: Any) -> bool:
    """Whether two domains are the same; a region's list of them names each once."""
    if LISTED in show(one) and LISTED in show(other):
        return show(one) == show(other)
    return bool(one == other)


@rule(on=[*PLACEMENTS, "oci_core_instance"], severity=MEDIUM, controls=["nist-800-53r5:CP-2", "nist-800-53r5:SC-36"])
def oci_single_availability_domain(tier: Resource, graph: Graph) -> Iterator[Finding]:
    """Production tiers stand in several availability or fault domains.

    ## Why
    One rack, or one building, then takes the whole tier with it.
    ## Fix
    Add placements in other availability domains, or name several fault domains.
    """
    places: list[tuple[Any, Any]] = []
    if tier.type == "oci_core_instance":
        name = without_key(tier.address)
        tier_of_one = [i for i in graph.beside(tier, tier.type) if without_key(i.address) == name]
        if len(tier_of_one) < 2 or tier_of_one[0] != tier:
            return
        for instance in tier_of_one:
            places += _places(instance)
    else:
        for placement in tier.each(PLACEMENTS[tier.type]):
            places += _places(placement)
    if places and _is_one(places) and is_production(tier):
        where = " ".join(show(part) for part in places[0] if show(part) != show(None))
        yield tier.fails(f"all of it stands in {where}", at=PLACEMENTS.get(tier.type, "availability_domain"))
