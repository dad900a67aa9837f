"""DynamoDB: tables with their backups and tags; DAX clusters; what scales tables and services by itself."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service


def encryption(item: Item) -> Any:
    """The encryption that somebody chose; without it the service's own key is used, as Terraform leaves it out."""
    found = item["SSEDescription"]
    if not found:
        return None
    on = found.get("Status") in ("ENABLED", "ENABLING", "UPDATING")
    return [{"enabled": on, **({"kms_key_arn": key} if (key := found.get("KMSMasterKeyArn")) else {})}]


def recovery(item: Item) -> Any:
    found = item["ContinuousBackupsDescription.PointInTimeRecoveryDescription"]
    if not found:
        return None
    return [
        {
            "enabled": found["PointInTimeRecoveryStatus"] == "ENABLED",
            "recovery_period_in_days": found.get("RecoveryPeriodInDays"),
        }
    ]


def expiry(item: Item) -> Any:
    found = item["TimeToLiveDescription"] or {}
    return (
        [{"enabled": True, "attribute_name": found["AttributeName"]}]
        if found.get("TimeToLiveStatus") == "ENABLED"
        else None
    )


def replicas(item: Item) -> list[dict[str, Any]]:
    return [
        {"region_name": r["RegionName"], **({"kms_key_arn": key} if (key := r.get("KMSMasterKeyId")) else {})}
        for r in item["Replicas"] or ()
    ]


def key(kind: str) -> Any:
    def one(item: Item) -> Any:
        return next((k["AttributeName"] for k in item["KeySchema"] or () if k["KeyType"] == kind), None)

    return one


TABLE = Make(
    type="aws_dynamodb_table",
    address="TableArn",
    name="TableName",
    bare=True,
    fields={
        "id": "TableName",
        "arn": "TableArn",
        "name": "TableName",
        "hash_key": key("HASH"),
        "range_key": key("RANGE"),
        "billing_mode": lambda item: item["BillingModeSummary.BillingMode"] or "PROVISIONED",
        "read_capacity": "ProvisionedThroughput.ReadCapacityUnits",
        "write_capacity": "ProvisionedThroughput.WriteCapacityUnits",
        "table_class": lambda item: item["TableClassSummary.TableClass"] or "STANDARD",
        "deletion_protection_enabled": "DeletionProtectionEnabled",
        "stream_enabled": "StreamSpecification.StreamEnabled",
        "stream_view_type": "StreamSpecification.StreamViewType",
        "stream_arn": "LatestStreamArn",
        "server_side_encryption": encryption,
        "point_in_time_recovery": recovery,
        "ttl": expiry,
        "replica": replicas,
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
    folds=("aws_dynamodb_table_replica",),
    keys=("server_side_encryption.kms_key_arn", "replica.kms_key_arn"),
)

DAX = Make(
    type="aws_dax_cluster",
    address="ClusterArn",
    name="ClusterName",
    bare=True,
    fields={
        "id": "ClusterName",
        "arn": "ClusterArn",
        "cluster_name": "ClusterName",
        "node_type": "NodeType",
        "replication_factor": "TotalNodes",
        "iam_role_arn": "IamRoleArn",
        "subnet_group_name": "SubnetGroup",
        "security_group_ids": "SecurityGroups.SecurityGroupIdentifier",
        "cluster_endpoint_encryption_type": lambda item: item["ClusterEndpointEncryptionType"] or "NONE",
        "server_side_encryption": lambda item: [{"enabled": item["SSEDescription.Status"] in ("ENABLED", "ENABLING")}],
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)


def targets(namespace: str) -> Ask:
    return Ask(
        operation="DescribeScalableTargets",
        params={"ServiceNamespace": f"={namespace}"},
        items="ScalableTargets",
        makes=(
            Make(
                type="aws_appautoscaling_target",
                address="{ServiceNamespace}/{ResourceId}/{ScalableDimension}",
                name="ResourceId",
                rename={"CreationTime": None, "RoleARN": "role_arn", "ScalableTargetARN": "arn"},
                fields={"id": "ResourceId"},
            ),
        ),
    )


TABLES = [
    Service(
        name="dynamodb",
        asks=(
            Ask(
                operation="ListTables",
                items="TableNames",
                then=(
                    Ask(
                        operation="DescribeTable",
                        params={"TableName": "$id"},
                        items="Table",
                        then=(
                            Ask(
                                operation="DescribeContinuousBackups",
                                params={"TableName": "TableName"},
                                put="",
                                feeds=("point_in_time_recovery",),
                            ),
                            Ask(
                                operation="DescribeTimeToLive",
                                params={"TableName": "TableName"},
                                put="",
                                feeds=("ttl",),
                            ),
                            tags("ListTagsOfResource", ResourceArn="TableArn"),
                        ),
                        makes=(TABLE,),
                    ),
                ),
            ),
        ),
    ),
    Service(
        name="dax",
        asks=(
            Ask(
                operation="DescribeClusters",
                items="Clusters",
                then=(tags("ListTags", ResourceName="ClusterArn"),),
                makes=(DAX,),
            ),
        ),
    ),
    Service(name="application-autoscaling", asks=(targets("dynamodb"), targets("ecs"))),
]
