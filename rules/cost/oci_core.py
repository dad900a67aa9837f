"""Volumes that cost more than they do."""

from __future__ import annotations

from collections.abc import Iterator

from assay import INFO, LOW, Finding, Graph, Resource, rule, show
from assay.analysis.literals import number


@rule(
    on="oci_core_volume",
    severity=INFO,
    equivalents=["steampipe-oci-thrifty:block_volume_auto_tune_performance_enabled"],
)
def oci_volume_no_auto_tune(volume: Resource) -> Iterator[Finding]:
    """Idle volumes drop to a cheaper performance level.

    ## Why
    A detached volume is paid for at the level it was made with, whether anybody uses it or not.
    ## Fix
    Set `is_auto_tune_enabled = true`, or add `autotune_policies`.
    """
    if not volume.each("autotune_policies") and volume["is_auto_tune_enabled"] != True:
        yield volume.fails("an idle volume keeps its performance level, and its price", at="is_auto_tune_enabled")


@rule(
    on=["oci_core_volume", "oci_core_boot_volume"],
    params={"size_in_gbs": 1024},
    severity=LOW,
    equivalents=["steampipe-oci-thrifty:boot_and_block_volume_large"],
)
def oci_volume_oversized(volume: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Volumes are no larger than the agreed ceiling.

    ## Why
    Volumes can grow while they are in use, but never shrink: what was ordered too large is paid for until it is
    replaced.
    ## Fix
    Order what is needed now, and grow the volume later; or raise the parameter `size_in_gbs`.
    """
    size = volume["size_in_gbs"]
    if size != None and number(size) > params["size_in_gbs"]:
        yield volume.fails(f"{show(size)} GB is over the ceiling of {params['size_in_gbs']}", at="size_in_gbs")
