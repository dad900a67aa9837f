"""Redshift: clusters with their logging, parameter groups, and serverless namespaces."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import chosen, tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import same

ARN = "arn:{partition}:redshift:{region}:{account}:"

CLUSTER = Make(
    type="aws_redshift_cluster",
    address=ARN + "cluster:{ClusterIdentifier}",
    name="ClusterIdentifier",
    bare=True,
    fields={
        "id": "ClusterIdentifier",
        "arn": ARN + "cluster:{ClusterIdentifier}",
        "cluster_identifier": "ClusterIdentifier",
        "database_name": "DBName",
        "master_username": "MasterUsername",
        "node_type": "NodeType",
        "number_of_nodes": "NumberOfNodes",
        "port": "Endpoint.Port",
        "cluster_version": "ClusterVersion",
        "cluster_parameter_group_name": chosen("ClusterParameterGroups.ParameterGroupName"),
        "cluster_subnet_group_name": chosen("ClusterSubnetGroupName"),
        "vpc_security_group_ids": "VpcSecurityGroups.VpcSecurityGroupId",
        "availability_zone": "AvailabilityZone",
        "multi_az": same("MultiAZ", "Enabled"),
        "allow_version_upgrade": "AllowVersionUpgrade",
        "automated_snapshot_retention_period": "AutomatedSnapshotRetentionPeriod",
        "manual_snapshot_retention_period": "ManualSnapshotRetentionPeriod",
        "encrypted": "Encrypted",
        "kms_key_id": "KmsKeyId",
        "enhanced_vpc_routing": "EnhancedVpcRouting",
        "publicly_accessible": "PubliclyAccessible",
        "iam_roles": "IamRoles.IamRoleArn",
        "default_iam_role_arn": "DefaultIamRoleArn",
        "preferred_maintenance_window": "PreferredMaintenanceWindow",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
    keys=("kms_key_id",),
)


def parameters(item: Item) -> list[dict[str, Any]]:
    """Those that somebody set."""
    return [{"name": p.get("ParameterName"), "value": p.get("ParameterValue", "")} for p in item["$parameters"] or ()]


def namespace_key(item: Item) -> Any:
    key = item["kmsKeyId"]
    return None if key == "AWS_OWNED_KMS_KEY" else key


TABLES = [
    Service(
        name="redshift",
        asks=(
            Ask(
                operation="DescribeClusters",
                items="Clusters",
                makes=(CLUSTER,),
                then=(
                    Ask(
                        operation="DescribeLoggingStatus",
                        params={"ClusterIdentifier": "ClusterIdentifier"},
                        makes=(
                            Make(
                                type="aws_redshift_logging",
                                address=ARN + "cluster:{^ClusterIdentifier}",
                                name="^ClusterIdentifier",
                                when="LoggingEnabled",
                                bare=True,
                                fields={
                                    "id": "^ClusterIdentifier",
                                    "cluster_identifier": "^ClusterIdentifier",
                                    "bucket_name": "BucketName",
                                    "s3_key_prefix": "S3KeyPrefix",
                                    "log_destination_type": "LogDestinationType",
                                    "log_exports": "LogExports",
                                },
                            ),
                        ),
                    ),
                ),
            ),
            Ask(
                operation="DescribeClusterParameterGroups",
                items="ParameterGroups",
                then=(
                    Ask(
                        operation="DescribeClusterParameters",
                        params={"ParameterGroupName": "ParameterGroupName", "Source": "=user"},
                        items="Parameters",
                        put="$parameters",
                        feeds=("parameter",),
                        when=chosen("ParameterGroupName"),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_redshift_parameter_group",
                        address=ARN + "parametergroup:{ParameterGroupName}",
                        name="ParameterGroupName",
                        when=chosen("ParameterGroupName"),
                        rename={"ParameterGroupName": "name", "ParameterGroupFamily": "family"},
                        fields={
                            "id": "ParameterGroupName",
                            "arn": ARN + "parametergroup:{ParameterGroupName}",
                            "parameter": parameters,
                        },
                    ),
                ),
            ),
            Ask(
                operation="DescribeSnapshotCopyGrants",
                items="SnapshotCopyGrants",
                makes=(
                    Make(
                        type="aws_redshift_snapshot_copy_grant",
                        address=ARN + "snapshotcopygrant:{SnapshotCopyGrantName}",
                        name="SnapshotCopyGrantName",
                        fields={"id": "SnapshotCopyGrantName"},
                        keys=("kms_key_id",),
                    ),
                ),
            ),
        ),
    ),
    Service(
        name="redshift-serverless",
        asks=(
            Ask(
                operation="ListNamespaces",
                items="namespaces",
                then=(tags("ListTagsForResource", resourceArn="namespaceArn"),),
                makes=(
                    Make(
                        type="aws_redshiftserverless_namespace",
                        address="namespaceArn",
                        name="namespaceName",
                        rename={"namespaceArn": "arn", "creationDate": None, "status": None, "kmsKeyId": None},
                        fields={"id": "namespaceName", "kms_key_id": namespace_key},
                        keys=("kms_key_id",),
                    ),
                ),
            ),
        ),
    ),
]
