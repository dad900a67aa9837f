"""Glue: the catalogue's encryption, security configurations, jobs, crawlers, development endpoints, connections."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import nested, tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import given, masked_map

ARN = "arn:{partition}:glue:{region}:{account}:"

CATALOGUE = Make(
    type="aws_glue_data_catalog_encryption_settings",
    address=ARN + "catalog",
    name="catalog",
    when=given("DataCatalogEncryptionSettings"),
    rename={"DataCatalogEncryptionSettings": "data_catalog_encryption_settings"},
    fields={"id": "{account}", "catalog_id": "{account}"},
)


def encryption(item: Item) -> Any:
    """The three encryptions; S3's is a list of one in the API."""
    found = item["EncryptionConfiguration"] or {}
    names = {"CloudWatchEncryptionMode": "cloudwatch_encryption_mode"}
    parts = {
        "s3_encryption": next(iter(found.get("S3Encryption", ())), None),
        "cloudwatch_encryption": found.get("CloudWatchEncryption"),
        "job_bookmarks_encryption": found.get("JobBookmarksEncryption"),
    }
    return [{k: nested("$part", names)(Item({"$part": v}, item.place)) for k, v in parts.items() if v}]


SECURITY = Make(
    type="aws_glue_security_configuration",
    address=ARN + "securityConfiguration/{Name}",
    name="Name",
    bare=True,
    fields={"id": "Name", "name": "Name", "encryption_configuration": encryption},
)
JOB = Make(
    type="aws_glue_job",
    address=ARN + "job/{Name}",
    name="Name",
    rename={
        "Role": "role_arn",
        "CreatedOn": None,
        "LastModifiedOn": None,
        "AllocatedCapacity": None,
        "DefaultArguments": None,
        "NonOverridableArguments": None,
        "Connections": None,
        "CodeGenConfigurationNodes": None,
        "SourceControlDetails": None,
    },
    fields={
        "id": "Name",
        "arn": ARN + "job/{Name}",
        "connections": "Connections.Connections",
        "default_arguments": masked_map("DefaultArguments"),
    },
)
CRAWLER = Make(
    type="aws_glue_crawler",
    address=ARN + "crawler/{Name}",
    name="Name",
    bare=True,
    fields={
        "id": "Name",
        "name": "Name",
        "arn": ARN + "crawler/{Name}",
        "role": "Role",
        "database_name": "DatabaseName",
        "security_configuration": "CrawlerSecurityConfiguration",
        "schedule": "Schedule.ScheduleExpression",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)
ENDPOINT = Make(
    type="aws_glue_dev_endpoint",
    address=ARN + "devEndpoint/{EndpointName}",
    name="EndpointName",
    rename={
        "EndpointName": "name",
        "Status": None,
        "LastUpdateStatus": None,
        "CreatedTimestamp": None,
        "LastModifiedTimestamp": None,
        "Arguments": None,
    },
    fields={"id": "EndpointName", "arn": ARN + "devEndpoint/{EndpointName}"},
)


def connection_properties(item: Item) -> dict[str, Any]:
    """Whether the connection demands TLS; its other properties hold users and passwords."""
    found = item["ConnectionProperties"] or {}
    return {name: value for name, value in found.items() if "SSL" in name}


CONNECTION = Make(
    type="aws_glue_connection",
    address=ARN + "connection/{Name}",
    name="Name",
    bare=True,
    fields={
        "id": "{account}:{Name}",
        "name": "Name",
        "arn": ARN + "connection/{Name}",
        "connection_type": "ConnectionType",
        "connection_properties": connection_properties,
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)


def of(arn: str) -> Ask:
    return tags("GetTags", ResourceArn=arn)


TRANSFORM = Make(
    type="aws_glue_ml_transform",
    address=ARN + "mlTransform/{TransformId}",
    name="Name",
    bare=True,
    fields={
        "id": "TransformId",
        "arn": ARN + "mlTransform/{TransformId}",
        "name": "Name",
        "role_arn": "Role",
        "glue_version": "GlueVersion",
        "ml_user_data_encryption_mode": "TransformEncryption.MlUserDataEncryption.MlUserDataEncryptionMode",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)

TABLES = [
    Service(
        name="glue",
        asks=(
            Ask(operation="GetDataCatalogEncryptionSettings", makes=(CATALOGUE,)),
            Ask(operation="GetSecurityConfigurations", items="SecurityConfigurations", makes=(SECURITY,)),
            Ask(operation="GetJobs", items="Jobs", then=(of(ARN + "job/{Name}"),), makes=(JOB,)),
            Ask(operation="GetCrawlers", items="Crawlers", then=(of(ARN + "crawler/{Name}"),), makes=(CRAWLER,)),
            Ask(
                operation="GetMLTransforms",
                items="Transforms",
                then=(of(ARN + "mlTransform/{TransformId}"),),
                makes=(TRANSFORM,),
            ),
            Ask(
                operation="GetDevEndpoints",
                items="DevEndpoints",
                then=(of(ARN + "devEndpoint/{EndpointName}"),),
                makes=(ENDPOINT,),
            ),
            Ask(
                operation="GetConnections",
                params={"HidePassword": True},
                items="ConnectionList",
                then=(of(ARN + "connection/{Name}"),),
                makes=(CONNECTION,),
            ),
        ),
    )
]
