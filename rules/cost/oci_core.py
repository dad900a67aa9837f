"""Volumes that cost more than they do."""

from __future__ import annotations

from collections.abc import Iterator

from assay import INFO, LOW, Finding, Graph, Resource, rule, show
from assay.analysis.literals import days_from_now, number


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


LIVE = ("oci",)
VOLUMES = ("oci_core_volume", "oci_core_boot_volume")
BACKUPS = ("oci_core_volume_backup", "oci_core_boot_volume_backup")


def _age(resource: Resource) -> float:
    """How many days ago it was made."""
    return -days_from_now(resource["time_created"])


def _instances(volume: Resource, graph: Graph) -> list[Resource]:
    """The instances that the volume is attached to; those nobody collected stand in for themselves."""
    if volume.type == "oci_core_boot_volume":
        return graph.users(volume, "oci_core_instance")
    attached = [a for a in graph.users(volume, "oci_core_volume_attachment") if a["state"] == "ATTACHED"]
    return [instance for a in attached for instance in graph.follow(a, "instance_id")]


@rule(
    on=list(VOLUMES),
    sources=LIVE,
    severity=LOW,
    equivalents=["steampipe-oci-thrifty:boot_and_block_volume_unattached"],
)
def oci_volume_unattached(volume: Resource, graph: Graph) -> Iterator[Finding]:
    """Volumes are attached to something.

    ## Why
    A volume that belongs to nothing any more is paid for like one that is used, and its data is nobody's to look after.
    ## Fix
    Keep a backup of it if somebody may ask, and delete the volume.
    """
    if volume["state"] == "AVAILABLE" and not _instances(volume, graph):
        yield volume.fails("attached to nothing", at="state")


@rule(
    on=list(VOLUMES),
    sources=LIVE,
    params={"days": 30},
    severity=LOW,
    equivalents=["steampipe-oci-thrifty:boot_and_block_volume_attached_stopped_instance"],
)
def oci_volume_on_stopped_instance(volume: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Volumes are attached to instances that run.

    ## Why
    A stopped instance costs nothing, which hides that its volumes go on costing what they did.
    ## Fix
    Start the instance, or terminate it and keep a backup of its volumes.
    """
    for instance in _instances(volume, graph):
        # Since when an instance has been stopped the API does not tell: not for longer than it exists.
        if instance["state"] == "STOPPED" and _age(instance) > params["days"]:
            yield volume.fails(f"{instance} is stopped", because=[instance.where("state")], key=instance.address)


@rule(
    on="oci_core_instance",
    sources=LIVE,
    params={"days": 90},
    severity=INFO,
    equivalents=["steampipe-oci-thrifty:compute_instance_long_running"],
)
def oci_instance_long_running(instance: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Instances are made anew now and then.

    ## Why
    What has run for months is either forgotten or cannot be rebuilt, and pays for the shape of the day it was made.
    ## Fix
    Ask its owner; replace it from its image, with a shape that fits what it does.
    """
    if instance["state"] == "RUNNING" and not instance.absent("time_created") and _age(instance) > params["days"]:
        yield instance.fails(f"it was made {_age(instance):.0f} days ago, and runs", at="time_created")


@rule(
    on=list(BACKUPS),
    sources=LIVE,
    params={"days": 90},
    severity=LOW,
    equivalents=["steampipe-oci-thrifty:block_volume_backup_max_age"],
)
def oci_volume_backup_old(backup: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Backups of volumes expire.

    ## Why
    Nobody restores what is a year old; it is paid for until somebody deletes it.
    ## Fix
    Delete it, and let a backup policy with a retention make the next ones.
    """
    if backup.absent("expiration_time") and not backup.absent("time_created") and _age(backup) > params["days"]:
        yield backup.fails(f"{_age(backup):.0f} days old, and never expires", at="time_created")


@rule(
    on="oci_core_public_ip",
    sources=LIVE,
    severity=LOW,
    equivalents=["steampipe-oci-thrifty:network_public_ip_unattached"],
)
def oci_public_ip_unused(address: Resource) -> Iterator[Finding]:
    """Reserved public addresses belong to something.

    ## Why
    They are few in a tenancy, and one that DNS still names is an invitation to whoever is given it next.
    ## Fix
    Assign the address, or delete it after its DNS records.
    """
    if address["lifetime"] == "RESERVED" and address.absent("assigned_entity_id"):
        yield address.fails("assigned to nothing", at="assigned_entity_id")
