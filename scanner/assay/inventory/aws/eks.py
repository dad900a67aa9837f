"""EKS: clusters, node groups, add-ons."""

from __future__ import annotations

from assay.inventory.aws.common import nested
from assay.inventory.aws.table import Ask, Item, Make, Service


def logs(item: Item) -> list[str]:
    """The kinds of control plane logs that are exported."""
    return [kind for one in item["logging.clusterLogging"] or () if one.get("enabled") for kind in one.get("types", ())]


CLUSTER = Make(
    type="aws_eks_cluster",
    address="arn",
    name="name",
    rename={
        "resourcesVpcConfig": "vpc_config",
        "logging": None,
        "identity": None,
        "certificateAuthority": None,
        "health": None,
        "status": None,
        "clientRequestToken": None,
        "connectorConfig": None,
        "createdAt": None,
        "id": "cluster_id",
    },
    fields={"id": "name", "enabled_cluster_log_types": logs, "encryption_config": nested("encryptionConfig")},
)

NODE_GROUP = Make(
    type="aws_eks_node_group",
    address="nodegroupArn",
    name="nodegroupName",
    rename={
        "nodegroupArn": "arn",
        "nodegroupName": "node_group_name",
        "nodeRole": "node_role_arn",
        "subnets": "subnet_ids",
        "taints": "taint",
        "remoteAccess.sourceSecurityGroups": "source_security_group_ids",
        "createdAt": None,
        "modifiedAt": None,
        "status": None,
        "health": None,
        "resources": None,
        "warmPoolConfig": None,
    },
    fields={"id": "{clusterName}:{nodegroupName}"},
)

ADDON = Make(
    type="aws_eks_addon",
    address="addonArn",
    name="addonName",
    rename={
        "addonArn": "arn",
        "createdAt": None,
        "modifiedAt": None,
        "status": None,
        "health": None,
        "marketplaceInformation": None,
    },
    fields={"id": "{clusterName}:{addonName}"},
)

TABLES = [
    Service(
        name="eks",
        asks=(
            Ask(
                operation="ListClusters",
                items="clusters",
                then=(
                    Ask(
                        operation="DescribeCluster",
                        params={"name": "$id"},
                        items="cluster",
                        makes=(CLUSTER,),
                        then=(
                            Ask(
                                operation="ListNodegroups",
                                params={"clusterName": "name"},
                                items="nodegroups",
                                then=(
                                    Ask(
                                        operation="DescribeNodegroup",
                                        params={"clusterName": "^name", "nodegroupName": "$id"},
                                        items="nodegroup",
                                        makes=(NODE_GROUP,),
                                    ),
                                ),
                            ),
                            Ask(
                                operation="ListAddons",
                                params={"clusterName": "name"},
                                items="addons",
                                then=(
                                    Ask(
                                        operation="DescribeAddon",
                                        params={"clusterName": "^name", "addonName": "$id"},
                                        items="addon",
                                        makes=(ADDON,),
                                    ),
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
]
