"""ElastiCache: replication groups, and clusters that are in none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.inventory.aws.common import nested, tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.masks import MASKED

if TYPE_CHECKING:
    from collections.abc import Callable


def on(path: str) -> Callable[[Item], bool]:
    """Whether a switch is on, or is just being switched on."""
    return lambda item: item[path] in ("enabled", "enabling")


def token(item: Item) -> Any:
    """The token of a group that asks for one; nobody can read it."""
    return MASKED if item["AuthTokenEnabled"] else None


LOG = {"DestinationDetails": None, "Status": None, "Message": None}

GROUP = Make(
    type="aws_elasticache_replication_group",
    address="ARN",
    name="ReplicationGroupId",
    bare=True,
    fields={
        "id": "ReplicationGroupId",
        "arn": "ARN",
        "replication_group_id": "ReplicationGroupId",
        "description": "Description",
        "engine": "Engine",
        "node_type": "CacheNodeType",
        "num_cache_clusters": lambda item: len(item["MemberClusters"] or ()),
        "at_rest_encryption_enabled": "AtRestEncryptionEnabled",
        "transit_encryption_enabled": "TransitEncryptionEnabled",
        "transit_encryption_mode": "TransitEncryptionMode",
        "auth_token": token,
        "user_group_ids": "UserGroupIds",
        "kms_key_id": "KmsKeyId",
        "automatic_failover_enabled": on("AutomaticFailover"),
        "multi_az_enabled": on("MultiAZ"),
        "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
        "snapshot_retention_limit": "SnapshotRetentionLimit",
        "snapshot_window": "SnapshotWindow",
        "data_tiering_enabled": on("DataTiering"),
        "network_type": "NetworkType",
        "log_delivery_configuration": nested("LogDeliveryConfigurations", LOG),
        "tags": tag_map("TagList"),
        "tags_all": tag_map("TagList"),
    },
    keys=("kms_key_id",),
)

CLUSTER = Make(
    type="aws_elasticache_cluster",
    address="ARN",
    name="CacheClusterId",
    bare=True,
    fields={
        "id": "CacheClusterId",
        "arn": "ARN",
        "cluster_id": "CacheClusterId",
        "engine": "Engine",
        "engine_version": "EngineVersion",
        "node_type": "CacheNodeType",
        "num_cache_nodes": "NumCacheNodes",
        "availability_zone": "PreferredAvailabilityZone",
        "parameter_group_name": "CacheParameterGroup.CacheParameterGroupName",
        "subnet_group_name": "CacheSubnetGroupName",
        "security_group_ids": "SecurityGroups.SecurityGroupId",
        "transit_encryption_enabled": "TransitEncryptionEnabled",
        "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
        "snapshot_retention_limit": "SnapshotRetentionLimit",
        "snapshot_window": "SnapshotWindow",
        "maintenance_window": "PreferredMaintenanceWindow",
        "notification_topic_arn": "NotificationConfiguration.TopicArn",
        "log_delivery_configuration": nested("LogDeliveryConfigurations", LOG),
        "tags": tag_map("TagList"),
        "tags_all": tag_map("TagList"),
    },
)

SUBNET_GROUP = Make(
    type="aws_elasticache_subnet_group",
    address="ARN",
    name="CacheSubnetGroupName",
    bare=True,
    fields={
        "id": "CacheSubnetGroupName",
        "arn": "ARN",
        "name": "CacheSubnetGroupName",
        "description": "CacheSubnetGroupDescription",
        "vpc_id": "VpcId",
        "subnet_ids": "Subnets.SubnetIdentifier",
        "tags": tag_map("TagList"),
        "tags_all": tag_map("TagList"),
    },
)

TABLES = [
    Service(
        name="elasticache",
        asks=(
            Ask(
                operation="DescribeReplicationGroups",
                items="ReplicationGroups",
                then=(tags("ListTagsForResource", ResourceName="ARN"),),
                makes=(GROUP,),
            ),
            Ask(
                operation="DescribeCacheClusters",
                params={"ShowCacheClustersNotInReplicationGroups": True},
                items="CacheClusters",
                then=(tags("ListTagsForResource", ResourceName="ARN"),),
                makes=(CLUSTER,),
            ),
            Ask(
                operation="DescribeCacheSubnetGroups",
                items="CacheSubnetGroups",
                then=(tags("ListTagsForResource", ResourceName="ARN"),),
                makes=(SUBNET_GROUP,),
            ),
        ),
    )
]
