"""FSx: file systems of four kinds."""

from __future__ import annotations

from assay.inventory.aws.common import tag_map
from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import same

KINDS = {"WINDOWS": "Windows", "LUSTRE": "Lustre", "ONTAP": "Ontap", "OPENZFS": "OpenZFS"}


def files(kind: str, name: str) -> Make:
    """One kind, whose own settings stand in a structure of its name."""
    own = f"{name}Configuration"
    return Make(
        type=f"aws_fsx_{kind.lower()}_file_system",
        address="ResourceARN",
        name="FileSystemId",
        when=same("FileSystemType", kind),
        bare=True,
        fields={
            "id": "FileSystemId",
            "arn": "ResourceARN",
            "kms_key_id": "KmsKeyId",
            "storage_capacity": "StorageCapacity",
            "storage_type": "StorageType",
            "subnet_ids": "SubnetIds",
            "deployment_type": f"{own}.DeploymentType",
            "throughput_capacity": f"{own}.ThroughputCapacity",
            "automatic_backup_retention_days": f"{own}.AutomaticBackupRetentionDays",
            "copy_tags_to_backups": f"{own}.CopyTagsToBackups",
            "tags": tag_map("Tags"),
            "tags_all": tag_map("Tags"),
        },
        keys=("kms_key_id",),
    )


TABLES = [
    Service(
        name="fsx",
        asks=(
            Ask(
                operation="DescribeFileSystems",
                items="FileSystems",
                makes=tuple(files(kind, name) for kind, name in KINDS.items()),
            ),
        ),
    )
]
