"""S3: buckets, and their separate configurations as Terraform has them."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import given

ARN = "arn:{partition}:s3:::{Name}"
OF_BUCKET = "arn:{partition}:s3:::{^Name}"


def located(item: Item) -> str | None:
    """The region of a bucket: an empty constraint is us-east-1, `EU` the oldest name of Ireland."""
    if "GetBucketLocation" in item.failed:
        return None
    found = item["BucketRegion"] or item["$location.LocationConstraint"]
    return {"": "us-east-1", "EU": "eu-west-1"}.get(str(found or ""), str(found))


def part(operation: str, type_: str, items: str = "", absent: tuple[str, ...] = (), **make: Any) -> Ask:
    """A configuration of a bucket that is a resource of its own."""
    fields = {"bucket": "^Name", "id": "^Name", **make.pop("fields", {})}
    region = lambda item: located(item.parent)  # noqa: E731
    made = Make(type=type_, address=OF_BUCKET, name="^Name", region=region, fields=fields, **make)
    return Ask(operation=operation, params={"Bucket": "Name"}, items=items, absent=absent, makes=(made,))


def versioning(item: Item) -> list[dict[str, str]]:
    return [{"status": item["Status"] or "Disabled", "mfa_delete": item["MFADelete"] or "Disabled"}]


def access_control(item: Item) -> list[dict[str, Any]]:
    grants = [
        {
            "permission": grant.get("Permission"),
            "grantee": [
                {"type": who.get("Type"), **{k.lower(): v for k, v in who.items() if k in ("ID", "URI") and v}}
            ],
        }
        for grant in item["Grants"] or ()
        if (who := grant.get("Grantee", {}))
    ]
    return [{"owner": [{"id": item["Owner.ID"]}], "grant": grants}]


LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"


def canned(item: Item) -> str | None:
    """The canned ACL that log delivery needs, by its grants; the others are told by the grants themselves."""
    uris = item["Grants.Grantee.URI"] or []
    return "log-delivery-write" if LOG_DELIVERY in uris else None


TARGETS = {
    "lambda_function": "LambdaFunctionConfigurations",
    "queue": "QueueConfigurations",
    "topic": "TopicConfigurations",
}
TARGET_ARNS = {"lambda_function": "LambdaFunctionArn", "queue": "QueueArn", "topic": "TopicArn"}


def targets(name: str) -> Any:
    """The notification blocks of one kind of target."""
    arn = {"lambda_function": "lambda_function_arn", "queue": "queue_arn", "topic": "topic_arn"}[name]
    return lambda item: (
        [
            {"id": t.get("Id"), arn: t.get(TARGET_ARNS[name]), "events": t.get("Events")}
            for t in item[TARGETS[name]] or ()
        ]
        or None
    )


BUCKET = Make(
    type="aws_s3_bucket",
    address=ARN,
    name="Name",
    region=located,
    rename={"Name": "bucket", "BucketArn": None, "BucketRegion": None, "CreationDate": "creation_date"},
    fields={"id": "Name", "arn": ARN, "bucket_region": located},
)

CONFIGURATIONS = (
    part(
        "GetBucketVersioning",
        "aws_s3_bucket_versioning",
        when="Status",
        bare=True,
        fields={"versioning_configuration": versioning},
    ),
    part(
        "GetBucketEncryption",
        "aws_s3_bucket_server_side_encryption_configuration",
        "ServerSideEncryptionConfiguration",
        ("ServerSideEncryptionConfigurationNotFoundError",),
        rename={"Rules": "rule"},
    ),
    part(
        "GetPublicAccessBlock",
        "aws_s3_bucket_public_access_block",
        "PublicAccessBlockConfiguration",
        ("NoSuchPublicAccessBlockConfiguration",),
    ),
    part("GetBucketLogging", "aws_s3_bucket_logging", "LoggingEnabled", rename={"TargetGrants": "target_grant"}),
    part("GetBucketPolicy", "aws_s3_bucket_policy", absent=("NoSuchBucketPolicy",), when="Policy"),
    part(
        "GetBucketAcl",
        "aws_s3_bucket_acl",
        when="Owner",
        bare=True,
        fields={"access_control_policy": access_control, "acl": canned},
    ),
    part(
        "GetBucketCors",
        "aws_s3_bucket_cors_configuration",
        absent=("NoSuchCORSConfiguration",),
        when="CORSRules",
        rename={"CORSRules": "cors_rule"},
    ),
    part(
        "GetBucketOwnershipControls",
        "aws_s3_bucket_ownership_controls",
        "OwnershipControls",
        ("OwnershipControlsNotFoundError",),
        rename={"Rules": "rule"},
    ),
    part(
        "GetBucketLifecycleConfiguration",
        "aws_s3_bucket_lifecycle_configuration",
        absent=("NoSuchLifecycleConfiguration",),
        when="Rules",
        rename={"Rules": "rule", "Rules.Transitions": "transition", "Rules.Filter.And.Tags": "tags"},
    ),
    part(
        "GetBucketReplication",
        "aws_s3_bucket_replication_configuration",
        "ReplicationConfiguration",
        ("ReplicationConfigurationNotFoundError",),
        rename={"Rules": "rule"},
    ),
    part(
        "GetBucketNotificationConfiguration",
        "aws_s3_bucket_notification",
        bare=True,
        when=lambda item: any(name in item.values for name in (*TARGETS.values(), "EventBridgeConfiguration")),
        fields={
            "eventbridge": lambda item: "EventBridgeConfiguration" in item.values,
            **{name: targets(name) for name in TARGETS},
        },
    ),
    part(
        "GetBucketWebsite",
        "aws_s3_bucket_website_configuration",
        absent=("NoSuchWebsiteConfiguration",),
        rename={"RoutingRules": "routing_rule"},
    ),
    part(
        "GetObjectLockConfiguration",
        "aws_s3_bucket_object_lock_configuration",
        "ObjectLockConfiguration",
        ("ObjectLockConfigurationNotFoundError",),
    ),
)

TABLES = [
    Service(
        name="s3",
        home=True,
        asks=(
            Ask(
                operation="ListBuckets",
                items="Buckets",
                then=(
                    Ask(
                        operation="GetBucketLocation",
                        params={"Bucket": "Name"},
                        put="$location",
                        when=lambda item: not item["BucketRegion"],
                    ),
                    Ask(
                        operation="GetBucketTagging",
                        params={"Bucket": "Name"},
                        absent=("NoSuchTagSet",),
                        put="",
                        feeds=("tags", "tags_all"),
                    ),
                    *CONFIGURATIONS,
                ),
                makes=(BUCKET,),
            ),
        ),
    ),
    Service(
        name="s3control",
        asks=(
            Ask(
                operation="ListAccessPoints",
                items="AccessPointList",
                params={"AccountId": "{account}"},
                then=(
                    Ask(
                        operation="GetAccessPoint",
                        params={"AccountId": "{account}", "Name": "Name"},
                        put="",
                        feeds=("public_access_block_configuration",),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_s3_access_point",
                        address="AccessPointArn",
                        name="Name",
                        rename={"AccessPointArn": "arn", "VpcConfiguration": "vpc_configuration"},
                        when=given("Name"),
                    ),
                ),
            ),
        ),
    ),
]
