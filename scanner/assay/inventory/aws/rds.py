"""RDS with Aurora, DocumentDB and Neptune, which share its API: the engine tells whose a thing is."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from assay import clock
from assay.inventory.aws.common import chosen, tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service

if TYPE_CHECKING:
    from collections.abc import Callable

APART = ("docdb", "neptune")


def engine(*names: str) -> Callable[[Item], bool]:
    return lambda item: str(item["Engine"]).startswith(names)


def rds(item: Item) -> bool:
    return not str(item["Engine"]).startswith(APART)


def family(*names: str) -> Callable[[Item], bool]:
    return lambda item: str(item["DBParameterGroupFamily"]).startswith(names)


def single(item: Item) -> bool:
    return rds(item) and not item["DBClusterIdentifier"]


def member(item: Item) -> bool:
    return rds(item) and bool(item["DBClusterIdentifier"])


def parameters(item: Item) -> list[dict[str, Any]]:
    """Those that somebody set."""
    return [
        {
            "name": p.get("ParameterName"),
            "value": p.get("ParameterValue", ""),
            "apply_method": p.get("ApplyMethod", "immediate"),
        }
        for p in item["$parameters"] or ()
    ]


def restorable_lag(item: Item) -> int | None:
    """How many minutes before now a database can be restored to, in steps of five, for it moves with the clock."""
    at = item["LatestRestorableTime"]
    if at is None:
        return None
    moment = at.timestamp() if isinstance(at, datetime) else clock.instant(str(at))
    return max(5, math.ceil((clock.seconds() - moment) / 300) * 5)


INSTANCE_NAMES = {
    "DBInstanceArn": "arn",
    "DBInstanceIdentifier": "identifier",
    "DBInstanceClass": "instance_class",
    "DBClusterIdentifier": "cluster_identifier",
    "DBName": "db_name",
    "MasterUsername": "username",
    "CACertificateIdentifier": "ca_cert_identifier",
    "ReadReplicaSourceDBInstanceIdentifier": "replicate_source_db",
    "PreferredBackupWindow": "backup_window",
    "PreferredMaintenanceWindow": "maintenance_window",
    "DBSubnetGroup": None,
    "DBParameterGroups": None,
    "OptionGroupMemberships": None,
    "VpcSecurityGroups": None,
    "DBSecurityGroups": None,
    "DomainMemberships": None,
    "StatusInfos": None,
    "PendingModifiedValues": None,
    "Endpoint": None,
    "InstanceCreateTime": None,
    "LatestRestorableTime": None,  # of the moment: two audits of the same databases are to be equal (restorable_lag)
    "DBInstanceStatus": None,
    "CertificateDetails": None,
}
INSTANCE_FIELDS: dict[str, Any] = {
    "id": "DBInstanceIdentifier",
    "vpc_security_group_ids": "VpcSecurityGroups.VpcSecurityGroupId",
    "db_subnet_group_name": "DBSubnetGroup.DBSubnetGroupName",
    "port": "Endpoint.Port",
    "restorable_lag_minutes": restorable_lag,
}


def instance(type_: str, when: Any, parameter_group: str) -> Make:
    return Make(
        type=type_,
        address="DBInstanceArn",
        name="DBInstanceIdentifier",
        when=when,
        rename=INSTANCE_NAMES,
        fields={**INSTANCE_FIELDS, parameter_group: chosen("DBParameterGroups.DBParameterGroupName")},
        keys=("kms_key_id", "performance_insights_kms_key_id"),
    )


CLUSTER_NAMES = {
    "DBClusterArn": "arn",
    "DBClusterIdentifier": "cluster_identifier",
    "DBClusterParameterGroup": None,
    "DBSubnetGroup": "db_subnet_group_name",
    "DBClusterMembers": None,
    "VpcSecurityGroups": None,
    "AssociatedRoles": None,
    "DomainMemberships": None,
    "DBClusterOptionGroupMemberships": None,
    "PendingModifiedValues": None,
    "MasterUserSecret": None,
    "Status": None,
    "ClusterCreateTime": None,
    "LatestRestorableTime": None,
    "EarliestRestorableTime": None,
    "EarliestBacktrackTime": None,
    "BacktrackConsumedChangeRecords": None,
    "PercentProgress": None,
}


def cluster(
    type_: str,
    when: Any,
    key: str = "kms_key_id",
    group: str = "db_cluster_parameter_group_name",
    **renamed: str | None,
) -> Make:
    return Make(
        type=type_,
        address="DBClusterArn",
        name="DBClusterIdentifier",
        when=when,
        rename={**CLUSTER_NAMES, "KmsKeyId": key, **renamed},
        fields={
            "id": "DBClusterIdentifier",
            "vpc_security_group_ids": "VpcSecurityGroups.VpcSecurityGroupId",
            "cluster_members": "DBClusterMembers.DBInstanceIdentifier",
            "restorable_lag_minutes": restorable_lag,
            group: chosen("DBClusterParameterGroup"),
        },
        keys=(key, "performance_insights_kms_key_id"),
    )


def snapshot(type_: str, of: str, key: str, when: Any) -> Make:
    """A snapshot taken by hand; the automatic ones go with their database."""
    return Make(
        type=type_,
        address=f"DB{of}SnapshotArn",
        name=f"DB{of}SnapshotIdentifier",
        when=when,
        rename={
            f"DB{of}SnapshotArn": "arn",
            "KmsKeyId": key,
            "PercentProgress": None,
            "Status": None,
        },
        fields={"id": f"DB{of}SnapshotIdentifier", "shared_accounts": shared},
        keys=(key,),
    )


def shared(item: Item) -> list[str]:
    """Whom a snapshot is shared with: account numbers, or `all`."""
    return [
        account
        for attribute in item["$attributes"] or ()
        if attribute.get("AttributeName") == "restore"
        for account in attribute.get("AttributeValues", ())
    ]


def group(type_: str, arn: str, name: str, when: Callable[[Item], bool]) -> Make:
    return Make(
        type=type_,
        address=arn,
        name=name,
        when=lambda item: changeable(name)(item) and when(item),
        rename={arn: "arn", name: "name", "DBParameterGroupFamily": "family"},
        fields={"id": name, "parameter": parameters},
    )


def changeable(name: str) -> Callable[[Item], bool]:
    """Whether it is a group that somebody made: nobody can set anything in a default one."""
    return lambda item: not str(item[name]).startswith("default.")


def groups(operation: str, items: str, name: str, detail: str, makes: tuple[Make, ...]) -> Ask:
    """Parameter groups with what was set in them."""
    set_by_somebody = Ask(
        operation=detail,
        params={name: name, "Source": "=user"},
        items="Parameters",
        put="$parameters",
        feeds=("parameter",),
        when=changeable(name),
    )
    return Ask(operation=operation, items=items, then=(set_by_somebody,), makes=makes)


def global_cluster(type_: str, when: Any) -> Make:
    return Make(
        type=type_,
        address="GlobalClusterArn",
        name="GlobalClusterIdentifier",
        when=when,
        rename={"GlobalClusterArn": "arn", "GlobalClusterMembers": None, "FailoverState": None, "Status": None},
        fields={"id": "GlobalClusterIdentifier"},
    )


INSTANCES = Ask(
    operation="DescribeDBInstances",
    items="DBInstances",
    makes=(
        instance("aws_db_instance", single, "parameter_group_name"),
        instance("aws_rds_cluster_instance", member, "db_parameter_group_name"),
        instance("aws_docdb_cluster_instance", engine("docdb"), "db_parameter_group_name"),
        instance("aws_neptune_cluster_instance", engine("neptune"), "neptune_parameter_group_name"),
    ),
)
CLUSTERS = Ask(
    operation="DescribeDBClusters",
    items="DBClusters",
    makes=(
        cluster("aws_rds_cluster", rds),
        cluster("aws_docdb_cluster", engine("docdb")),
        cluster(
            "aws_neptune_cluster",
            engine("neptune"),
            key="kms_key_arn",
            group="neptune_cluster_parameter_group_name",
            EnabledCloudwatchLogsExports="enable_cloudwatch_logs_exports",
            DBSubnetGroup="neptune_subnet_group_name",
        ),
    ),
)
SNAPSHOTS = Ask(
    operation="DescribeDBSnapshots",
    params={"SnapshotType": "=manual"},
    items="DBSnapshots",
    then=(
        Ask(
            operation="DescribeDBSnapshotAttributes",
            params={"DBSnapshotIdentifier": "DBSnapshotIdentifier"},
            items="DBSnapshotAttributesResult.DBSnapshotAttributes",
            put="$attributes",
            feeds=("shared_accounts",),
        ),
    ),
    makes=(snapshot("aws_db_snapshot", "", "kms_key_id", None),),
)
CLUSTER_SNAPSHOTS = Ask(
    operation="DescribeDBClusterSnapshots",
    params={"SnapshotType": "=manual"},
    items="DBClusterSnapshots",
    then=(
        Ask(
            operation="DescribeDBClusterSnapshotAttributes",
            params={"DBClusterSnapshotIdentifier": "DBClusterSnapshotIdentifier"},
            items="DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes",
            put="$attributes",
            feeds=("shared_accounts",),
        ),
    ),
    makes=(
        snapshot("aws_db_cluster_snapshot", "Cluster", "kms_key_id", rds),
        snapshot("aws_docdb_cluster_snapshot", "Cluster", "kms_key_id", engine("docdb")),
        snapshot("aws_neptune_cluster_snapshot", "Cluster", "kms_key_arn", engine("neptune")),
    ),
)
SUBNET_GROUPS = Ask(
    operation="DescribeDBSubnetGroups",
    items="DBSubnetGroups",
    then=(tags("ListTagsForResource", "TagList", ResourceName="DBSubnetGroupArn"),),
    makes=(
        Make(
            type="aws_db_subnet_group",
            address="DBSubnetGroupArn",
            name="DBSubnetGroupName",
            bare=True,
            fields={
                "id": "DBSubnetGroupName",
                "arn": "DBSubnetGroupArn",
                "name": "DBSubnetGroupName",
                "description": "DBSubnetGroupDescription",
                "vpc_id": "VpcId",
                "subnet_ids": "Subnets.SubnetIdentifier",
                "tags": tag_map("Tags"),
                "tags_all": tag_map("Tags"),
            },
            folds=("aws_neptune_subnet_group", "aws_docdb_subnet_group"),
        ),
    ),
)
SUBSCRIPTION = Make(
    type="aws_db_event_subscription",
    address="EventSubscriptionArn",
    name="CustSubscriptionId",
    bare=True,
    fields={
        "id": "CustSubscriptionId",
        "arn": "EventSubscriptionArn",
        "name": "CustSubscriptionId",
        "enabled": "Enabled",
        "sns_topic": "SnsTopicArn",
        "source_type": "SourceType",
        "source_ids": lambda item: item["SourceIdsList"] or [],
        "event_categories": lambda item: item["EventCategoriesList"] or [],
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)
PROXIES = Ask(
    operation="DescribeDBProxies",
    items="DBProxies",
    then=(tags("ListTagsForResource", ResourceName="DBProxyArn"),),
    makes=(
        Make(
            type="aws_db_proxy",
            address="DBProxyArn",
            name="DBProxyName",
            rename={
                "DBProxyArn": "arn",
                "DBProxyName": "name",
                "Status": None,
                "CreatedDate": None,
                "UpdatedDate": None,
            },
            fields={"id": "DBProxyName"},
        ),
    ),
)

TABLES = [
    Service(
        name="rds",
        asks=(
            INSTANCES,
            CLUSTERS,
            SNAPSHOTS,
            CLUSTER_SNAPSHOTS,
            groups(
                "DescribeDBParameterGroups",
                "DBParameterGroups",
                "DBParameterGroupName",
                "DescribeDBParameters",
                (group("aws_db_parameter_group", "DBParameterGroupArn", "DBParameterGroupName", lambda _: True),),
            ),
            groups(
                "DescribeDBClusterParameterGroups",
                "DBClusterParameterGroups",
                "DBClusterParameterGroupName",
                "DescribeDBClusterParameters",
                tuple(
                    group(type_, "DBClusterParameterGroupArn", "DBClusterParameterGroupName", when)
                    for type_, when in (
                        ("aws_rds_cluster_parameter_group", lambda item: not family(*APART)(item)),
                        ("aws_docdb_cluster_parameter_group", family("docdb")),
                        ("aws_neptune_cluster_parameter_group", family("neptune")),
                    )
                ),
            ),
            Ask(
                operation="DescribeGlobalClusters",
                items="GlobalClusters",
                makes=(
                    global_cluster("aws_rds_global_cluster", rds),
                    global_cluster("aws_docdb_global_cluster", engine("docdb")),
                    global_cluster("aws_neptune_global_cluster", engine("neptune")),
                ),
            ),
            PROXIES,
            SUBNET_GROUPS,
            Ask(
                operation="DescribeEventSubscriptions",
                items="EventSubscriptionsList",
                then=(tags("ListTagsForResource", "TagList", ResourceName="EventSubscriptionArn"),),
                makes=(SUBSCRIPTION,),
            ),
        ),
    )
]
