"""EFS: file systems, their backup policies, access points."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Make, Service

FILES = Make(
    type="aws_efs_file_system",
    address="FileSystemArn",
    name="Name",
    rename={
        "FileSystemArn": "arn",
        "FileSystemId": "id",
        "CreationTime": None,
        "LifeCycleState": None,
        "SizeInBytes": None,
        "NumberOfMountTargets": None,
        "ProvisionedThroughputInMibps": "provisioned_throughput_in_mibps",
        "FileSystemProtection": "protection",
        "FileSystemProtection.ReplicationOverwriteProtection": "replication_overwrite",
    },
    keys=("kms_key_id",),
)
ACCESS_POINT = Make(
    type="aws_efs_access_point",
    address="AccessPointArn",
    name="Name",
    rename={
        "AccessPointArn": "arn",
        "AccessPointId": "id",
        "ClientToken": None,
        "LifeCycleState": None,
        "RootDirectory.CreationInfo": "creation_info",
    },
)

TABLES = [
    Service(
        name="efs",
        asks=(
            Ask(
                operation="DescribeFileSystems",
                items="FileSystems",
                then=(
                    Ask(
                        operation="DescribeBackupPolicy",
                        params={"FileSystemId": "FileSystemId"},
                        absent=("PolicyNotFound",),
                        makes=(
                            Make(
                                type="aws_efs_backup_policy",
                                address="^FileSystemArn",
                                when="BackupPolicy",
                                rename={"BackupPolicy": "backup_policy"},
                                fields={"id": "^FileSystemId", "file_system_id": "^FileSystemId"},
                            ),
                        ),
                    ),
                ),
                makes=(FILES,),
            ),
            Ask(operation="DescribeAccessPoints", items="AccessPoints", makes=(ACCESS_POINT,)),
        ),
    )
]
