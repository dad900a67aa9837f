"""WorkSpaces: desktops."""

from __future__ import annotations

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Make, Service

WORKSPACE = Make(
    type="aws_workspaces_workspace",
    address="arn:{partition}:workspaces:{region}:{account}:workspace/{WorkspaceId}",
    name="WorkspaceId",
    bare=True,
    fields={
        "id": "WorkspaceId",
        "bundle_id": "BundleId",
        "directory_id": "DirectoryId",
        "user_name": "UserName",
        "root_volume_encryption_enabled": lambda item: bool(item["RootVolumeEncryptionEnabled"]),
        "user_volume_encryption_enabled": lambda item: bool(item["UserVolumeEncryptionEnabled"]),
        "volume_encryption_key": "VolumeEncryptionKey",
        "tags": tag_map("TagList"),
        "tags_all": tag_map("TagList"),
    },
    keys=("volume_encryption_key",),
)

TABLES = [
    Service(
        name="workspaces",
        asks=(
            Ask(
                operation="DescribeWorkspaces",
                items="Workspaces",
                then=(tags("DescribeTags", ResourceId="WorkspaceId"),),
                makes=(WORKSPACE,),
            ),
        ),
    )
]
