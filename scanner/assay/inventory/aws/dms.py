"""DMS: replication instances, endpoints, tasks and certificates (never what they hold)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service

if TYPE_CHECKING:
    from assay.inventory.aws.table import Spec

INSTANCE = Make(
    type="aws_dms_replication_instance",
    address="ReplicationInstanceArn",
    name="ReplicationInstanceIdentifier",
    rename={
        "ReplicationInstanceArn": "arn",
        "ReplicationInstanceIdentifier": "replication_instance_id",
        "ReplicationInstanceStatus": None,
        "KmsKeyId": "kms_key_arn",
        "VpcSecurityGroups": None,
        "ReplicationSubnetGroup": None,
        "PendingModifiedValues": None,
        "InstanceCreateTime": None,
        "KerberosAuthenticationSettings": None,
    },
    fields={
        "id": "ReplicationInstanceIdentifier",
        "vpc_security_group_ids": "VpcSecurityGroups.VpcSecurityGroupId",
        "replication_subnet_group_id": "ReplicationSubnetGroup.ReplicationSubnetGroupIdentifier",
    },
    keys=("kms_key_arn",),
)


def s3(item: Item) -> bool:
    return bool(item["EngineName"] == "s3")


ENDPOINT: dict[str, Spec] = {
    "id": "EndpointIdentifier",
    "arn": "EndpointArn",
    "endpoint_id": "EndpointIdentifier",
    "endpoint_type": lambda item: str(item["EndpointType"] or "").lower(),
    "engine_name": "EngineName",
    "ssl_mode": "SslMode",
    "kms_key_arn": "KmsKeyId",
    "certificate_arn": "CertificateArn",
    "tags": tag_map("TagList"),
    "tags_all": tag_map("TagList"),
}

ENDPOINTS = (
    Make(
        type="aws_dms_endpoint",
        address="EndpointArn",
        name="EndpointIdentifier",
        when=lambda item: not s3(item),
        bare=True,
        fields={
            **ENDPOINT,
            "username": "Username",
            "server_name": "ServerName",
            "port": "Port",
            "database_name": "DatabaseName",
            "iam_auth_enabled": "NeptuneSettings.IamAuthEnabled",
            "redis_settings": lambda item: (
                [{"ssl_security_protocol": found.get("SslSecurityProtocol"), "auth_type": found.get("AuthType")}]
                if (found := item["RedisSettings"])
                else None
            ),
        },
        keys=("kms_key_arn",),
    ),
    Make(
        type="aws_dms_s3_endpoint",
        address="EndpointArn",
        name="EndpointIdentifier",
        when=s3,
        bare=True,
        fields={
            **ENDPOINT,
            "bucket_name": "S3Settings.BucketName",
            "bucket_folder": "S3Settings.BucketFolder",
            "encryption_mode": "S3Settings.EncryptionMode",
            "server_side_encryption_kms_key_id": "S3Settings.ServerSideEncryptionKmsKeyId",
            "service_access_role_arn": "S3Settings.ServiceAccessRoleArn",
        },
        keys=("kms_key_arn", "server_side_encryption_kms_key_id"),
    ),
)

TASK = Make(
    type="aws_dms_replication_task",
    address="ReplicationTaskArn",
    name="ReplicationTaskIdentifier",
    bare=True,
    fields={
        "id": "ReplicationTaskIdentifier",
        "replication_task_id": "ReplicationTaskIdentifier",
        "replication_task_arn": "ReplicationTaskArn",
        "migration_type": "MigrationType",
        "replication_task_settings": "ReplicationTaskSettings",
        "source_endpoint_arn": "SourceEndpointArn",
        "target_endpoint_arn": "TargetEndpointArn",
        "tags": tag_map("TagList"),
        "tags_all": tag_map("TagList"),
    },
)
CERTIFICATE = Make(
    type="aws_dms_certificate",
    address="CertificateArn",
    name="CertificateIdentifier",
    bare=True,
    fields={
        "id": "CertificateIdentifier",
        "certificate_id": "CertificateIdentifier",
        "certificate_arn": "CertificateArn",
        "valid_to_date": "ValidToDate",
        "tags": tag_map("TagList"),
        "tags_all": tag_map("TagList"),
    },
)

TABLES = [
    Service(
        name="dms",
        asks=(
            Ask(
                operation="DescribeReplicationInstances",
                items="ReplicationInstances",
                then=(tags("ListTagsForResource", ResourceArn="ReplicationInstanceArn"),),
                makes=(INSTANCE,),
            ),
            Ask(
                operation="DescribeEndpoints",
                items="Endpoints",
                then=(tags("ListTagsForResource", ResourceArn="EndpointArn"),),
                makes=ENDPOINTS,
            ),
            Ask(
                operation="DescribeReplicationTasks",
                items="ReplicationTasks",
                then=(tags("ListTagsForResource", ResourceArn="ReplicationTaskArn"),),
                makes=(TASK,),
            ),
            Ask(
                operation="DescribeCertificates",
                items="Certificates",
                then=(tags("ListTagsForResource", ResourceArn="CertificateArn"),),
                makes=(CERTIFICATE,),
            ),
        ),
    )
]
