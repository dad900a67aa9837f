"""EBS: volumes, snapshots and the default for new ones."""

from assay.inventory.aws.common import simple
from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import first

TABLES = [
    Service(
        name="ec2",
        label="ebs",
        asks=(
            simple(
                "DescribeVolumes",
                "Volumes",
                "aws_ebs_volume",
                "VolumeId",
                "volume",
                "aws_volume_attachment",
                rename={"VolumeType": "type", "Attachments": None},
                fields={"instance_id": first("Attachments.InstanceId")},
                keys=("kms_key_id",),
            ),
            simple(
                "DescribeSnapshots",
                "Snapshots",
                "aws_ebs_snapshot",
                "SnapshotId",
                "snapshot",
                "aws_ebs_snapshot_copy",
                params={"OwnerIds": ["=self"]},
                rename={"Progress": None, "State": None},
                keys=("kms_key_id",),
            ),
            Ask(  # those of them that everybody may restore: one call instead of one for each
                operation="DescribeSnapshots",
                params={"OwnerIds": ["=self"], "RestorableByUserIds": ["=all"]},
                items="Snapshots",
                makes=(
                    Make(
                        type="aws_snapshot_create_volume_permission",
                        address="arn:{partition}:ec2:{region}:{account}:snapshot/{SnapshotId}:all",
                        name="{SnapshotId}",
                        bare=True,
                        fields={
                            "id": "{SnapshotId}-all",
                            "snapshot_id": "SnapshotId",
                            "account_id": lambda item: "all",
                        },
                    ),
                ),
            ),
            Ask(
                operation="GetSnapshotBlockPublicAccessState",
                makes=(
                    Make(
                        type="aws_ebs_snapshot_block_public_access",
                        address="arn:{partition}:ec2:{region}:{account}:snapshot-block-public-access",
                        name="{account}",
                        when="State",
                        bare=True,
                        fields={"state": "State"},
                    ),
                ),
            ),
            Ask(
                operation="GetEbsEncryptionByDefault",
                makes=(
                    Make(
                        type="aws_ebs_encryption_by_default",
                        address="arn:{partition}:ec2:{region}:{account}:ebs-encryption-by-default",
                        name="{account}",
                        bare=True,
                        fields={"enabled": "EbsEncryptionByDefault"},
                    ),
                ),
            ),
        ),
    ),
]
