"""MemoryDB: clusters and snapshots."""

from __future__ import annotations

from assay.inventory.aws.common import tags
from assay.inventory.aws.table import Ask, Make, Service

CLUSTER = Make(
    type="aws_memorydb_cluster",
    address="ARN",
    name="Name",
    rename={
        "ARN": "arn",
        "KmsKeyId": "kms_key_arn",
        "TLSEnabled": "tls_enabled",
        "ACLName": "acl_name",
        "SecurityGroups": None,
        "Shards": None,
        "Status": None,
        "PendingUpdates": None,
        "ClusterEndpoint": None,
        "DataTiering": None,
    },
    fields={"id": "Name", "security_group_ids": "SecurityGroups.SecurityGroupId"},
    keys=("kms_key_arn",),
)
SNAPSHOT = Make(
    type="aws_memorydb_snapshot",
    address="ARN",
    name="Name",
    rename={"ARN": "arn", "KmsKeyId": "kms_key_arn", "Status": None, "ClusterConfiguration": None},
    fields={"id": "Name", "cluster_name": "ClusterConfiguration.Name"},
    keys=("kms_key_arn",),
)
TAGS = tags("ListTags", ResourceArn="ARN")

TABLES = [
    Service(
        name="memorydb",
        asks=(
            Ask(operation="DescribeClusters", items="Clusters", then=(TAGS,), makes=(CLUSTER,)),
            Ask(operation="DescribeSnapshots", items="Snapshots", then=(TAGS,), makes=(SNAPSHOT,)),
        ),
    )
]
