"""MSK: clusters of one's own sizing, and connectors."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import nested, tag_map
from assay.inventory.aws.table import Ask, Item, Make, Service


def encryption(item: Item) -> Any:
    at_rest = item["Provisioned.EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId"]
    made = [{"encryption_in_transit": nested("Provisioned.EncryptionInfo.EncryptionInTransit")(item) or []}]
    if at_rest:
        made[0]["encryption_at_rest_kms_key_arn"] = at_rest
    return made


def authentication(item: Item) -> Any:
    """Who may connect: Terraform has the switches of SASL without their `enabled`."""
    found = item["Provisioned.ClientAuthentication"]
    if not found:
        return None
    sasl = {kind.lower(): bool(one.get("Enabled")) for kind, one in (found.get("Sasl") or {}).items()}
    made: dict[str, Any] = {"unauthenticated": bool((found.get("Unauthenticated") or {}).get("Enabled"))}
    if sasl:
        made["sasl"] = [sasl]
    tls = found.get("Tls") or {}
    if tls.get("Enabled") or tls.get("CertificateAuthorityArnList"):
        made["tls"] = [{"certificate_authority_arns": tls.get("CertificateAuthorityArnList", [])}]
    return [made]


BROKERS = {
    "BrokerAZDistribution": "az_distribution",
    "ZoneIds": None,
    "VpcConnectivity": None,
    "NetworkType": None,
}
LOGS = {"CloudWatchLogs": "cloudwatch_logs", "S3": "s3", "AuthorizerLogs": None}

CONNECTOR = Make(
    type="aws_mskconnect_connector",
    address="connectorArn",
    name="connectorName",
    bare=True,
    fields={
        "id": "connectorArn",
        "arn": "connectorArn",
        "name": "connectorName",
        "kafkaconnect_version": "kafkaConnectVersion",
        "service_execution_role_arn": "serviceExecutionRoleArn",
        "kafka_cluster_encryption_in_transit": nested("kafkaClusterEncryptionInTransit"),
        "kafka_cluster_client_authentication": nested("kafkaClusterClientAuthentication"),
        "log_delivery": nested("logDelivery", {"cloudWatchLogs": "cloudwatch_logs"}),
    },
)

TABLES = [
    Service(
        name="kafka",
        asks=(
            Ask(
                operation="ListClustersV2",
                items="ClusterInfoList",
                makes=(
                    Make(
                        type="aws_msk_cluster",
                        address="ClusterArn",
                        name="ClusterName",
                        when="Provisioned",
                        bare=True,
                        fields={
                            "id": "ClusterArn",
                            "arn": "ClusterArn",
                            "cluster_name": "ClusterName",
                            "kafka_version": "Provisioned.CurrentBrokerSoftwareInfo.KafkaVersion",
                            "number_of_broker_nodes": "Provisioned.NumberOfBrokerNodes",
                            "enhanced_monitoring": "Provisioned.EnhancedMonitoring",
                            "storage_mode": "Provisioned.StorageMode",
                            "broker_node_group_info": nested("Provisioned.BrokerNodeGroupInfo", BROKERS),
                            "encryption_info": encryption,
                            "client_authentication": authentication,
                            "logging_info": nested("Provisioned.LoggingInfo", LOGS),
                            "tags": tag_map("Tags"),
                            "tags_all": tag_map("Tags"),
                        },
                        keys=("encryption_info.encryption_at_rest_kms_key_arn",),
                    ),
                ),
            ),
        ),
    ),
    Service(
        name="kafkaconnect",
        asks=(Ask(operation="ListConnectors", items="connectors", makes=(CONNECTOR,)),),
    ),
]
