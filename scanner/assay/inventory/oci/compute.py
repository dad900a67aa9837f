"""Compute and block storage: instances with their addresses, pools, volumes and their backups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.inventory.oci.shape import values_of
from assay.inventory.oci.table import Row, of, table
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.inventory.oci.engine import Item
    from assay.inventory.oci.table import Made

_CLIENT = "core.ComputeClient"
_IMAGE = {"image_id": "image", "source_details.image_id": "source_id", "source_details.boot_volume_id": "source_id"}
_VNIC = (
    "assign_private_dns_record", "defined_tags", "display_name", "freeform_tags", "hostname_label", "nsg_ids",
    "private_ip", "skip_source_dest_check", "subnet_id", "vlan_id",
)  # fmt: skip


def _attached(item: Item, operation: str) -> Any:
    """The attachments of the item's compartment, asked once for all instances there; an Unknown when denied."""
    place = item.scope.compartment
    if operation == "list_boot_volume_attachments":
        args: tuple[str, ...] = (item.model.availability_domain, place)
    else:
        args = (place,)
    return item.collector.remembered((operation, args), lambda: item.ask(_CLIENT, operation, *args))


def _instance(item: Item) -> Iterator[Made]:
    """An instance with its primary VNIC as `create_vnic_details`, and with its boot volume."""
    item.values.pop("metadata", None)  # the user data may hold anything
    item.values.pop("extended_metadata", None)
    volumes = _attached(item, "list_boot_volume_attachments")
    if isinstance(volumes, Unknown):
        item.values["boot_volume_id"] = volumes
    else:
        mine = [v.boot_volume_id for v in volumes if v.instance_id == item.model.id and v.lifecycle_state != "DETACHED"]
        item.values.update({"boot_volume_id": mine[0]} if mine else {})
    vnic = _primary_vnic(item)
    if isinstance(vnic, Unknown):
        item.values.update(create_vnic_details=vnic, public_ip=vnic, subnet_id=vnic)
    elif vnic is not None:
        told = values_of(vnic)
        block = {name: told[name] for name in _VNIC if name in told}
        item.values["create_vnic_details"] = [{**block, "assign_public_ip": vnic.public_ip is not None}]
        item.values.update({name: told[name] for name in ("public_ip", "private_ip", "subnet_id") if name in told})
    yield item.made()


def _primary_vnic(item: Item) -> Any:
    attachments = _attached(item, "list_vnic_attachments")
    if isinstance(attachments, Unknown):
        return attachments
    for attachment in attachments:
        if attachment.instance_id == item.model.id and attachment.lifecycle_state == "ATTACHED":
            vnic = item.ask("core.VirtualNetworkClient", "get_vnic", attachment.vnic_id)
            if isinstance(vnic, Unknown) or vnic.is_primary:
                return vnic
    return None


COMPUTE = table(
    "compute",
    of(
        _CLIENT,
        Row("oci_core_instance", "list_instances", "read instances", renames=_IMAGE, shape=_instance,
            asks=(
                (_CLIENT, "list_vnic_attachments", "inspect vnic-attachments"),
                ("core.VirtualNetworkClient", "get_vnic", "inspect vnics"),
                (_CLIENT, "list_boot_volume_attachments", "inspect volume-attachments"),
            )),
        Row("oci_core_vnic_attachment", "list_vnic_attachments", "inspect vnic-attachments"),
        Row("oci_core_volume_attachment", "list_volume_attachments", "inspect volume-attachments"),
    ),
    of(
        "core.ComputeManagementClient",
        Row("oci_core_instance_pool", "list_instance_pools", "inspect instance-pools", get="get_instance_pool",
            get_grant="read instance-pools"),
        Row("oci_core_instance_configuration", "list_instance_configurations", "inspect instance-configurations",
            get="get_instance_configuration", get_grant="read instance-configurations"),
    ),
    of(
        "autoscaling.AutoScalingClient",
        Row("oci_autoscaling_auto_scaling_configuration", "list_auto_scaling_configurations",
            "inspect auto-scaling-configurations", get="get_auto_scaling_configuration",
            get_grant="read auto-scaling-configurations", renames={"resource": "auto_scaling_resources"}),
    ),
)  # fmt: skip

_ASSIGNED = "get_volume_backup_policy_asset_assignment"

STORAGE = table(
    "block-storage",
    of(
        "core.BlockstorageClient",
        Row("oci_core_volume", "list_volumes", "inspect volumes"),
        Row("oci_core_volume_backup_policy_assignment", _ASSIGNED, "inspect backup-policy-assignments",
            args={"asset_id": "parent.id"}, within="oci_core_volume"),
        Row("oci_core_boot_volume", "list_boot_volumes", "inspect volumes"),
        Row("oci_core_volume_backup_policy_assignment", _ASSIGNED, "inspect backup-policy-assignments",
            args={"asset_id": "parent.id"}, within="oci_core_boot_volume"),
        Row("oci_core_volume_group", "list_volume_groups", "inspect volume-groups"),
        Row("oci_core_volume_backup_policy_assignment", _ASSIGNED, "inspect backup-policy-assignments",
            args={"asset_id": "parent.id"}, within="oci_core_volume_group"),
        Row("oci_core_volume_backup_policy", "list_volume_backup_policies", "inspect backup-policies"),
        Row("oci_core_volume_backup_policy", "list_volume_backup_policies", "inspect backup-policies", args={},
            root=True),  # Oracle's own: bronze, silver, gold
        Row("oci_core_volume_backup", "list_volume_backups", "inspect volume-backups"),
        Row("oci_core_boot_volume_backup", "list_boot_volume_backups", "inspect boot-volume-backups"),
    ),
)  # fmt: skip

TABLES = (COMPUTE, STORAGE)
