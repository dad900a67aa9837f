"""The least policy that an audit needs, from the tables: every operation is an IAM action."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assay.inventory.aws.table import Service

PREFIXES = {
    "apigatewayv2": "apigateway", "bedrock-agent": "bedrock", "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "efs": "elasticfilesystem", "emr": "elasticmapreduce", "opensearch": "es", "s3control": "s3",
    "sesv2": "ses", "stepfunctions": "states", "deploy": "codedeploy",
    "opensearchserverless": "aoss", "docdb": "rds", "neptune": "rds", "mwaa": "airflow",
}  # fmt: skip
"""The service prefix of IAM actions where it is not boto3's name."""

ACTIONS = {
    "apigateway": "apigateway:GET",
    "apigatewayv2": "apigateway:GET",
}
"""Services of which every read is one action."""

OPERATIONS = {
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetBucketReplication": ("s3:GetReplicationConfiguration",),
    "s3:GetBucketCors": ("s3:GetBucketCORS",),
    "s3:GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
    "s3:GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "s3:GetBucketAccelerateConfiguration": ("s3:GetAccelerateConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3control:GetPublicAccessBlock": ("s3:GetAccountPublicAccessBlock",),
    "lambda:GetLayerVersionByArn": ("lambda:GetLayerVersion",),
    "budgets:DescribeBudgets": ("budgets:ViewBudget",),
    "budgets:DescribeNotificationsForBudget": ("budgets:ViewBudget",),
    "budgets:DescribeSubscribersForNotification": ("budgets:ViewBudget",),
}
"""Operations whose action has another name."""

ORGANIZATION = ("organizations:ListAccounts", "organizations:ListAccountsForParent", "organizations:ListChildren")


def actions(services: Iterable[Service]) -> list[str]:
    """The IAM actions that the tables' calls need, sorted; what tells regions and accounts apart is among them."""
    return sorted({a for service in services for a in _of(service)} | {"ec2:DescribeRegions", "sts:GetCallerIdentity"})


def _of(service: Service) -> Iterator[str]:
    for name, operation in service.operations():
        if name in ACTIONS:
            yield ACTIONS[name]
        else:
            yield from OPERATIONS.get(f"{name}:{operation}", (f"{PREFIXES.get(name, name)}:{operation}",))


def policy(services: Iterable[Service], *, organization: bool = False, role: str | None = None) -> str:
    """The policy as JSON text; with `organization` also what the fan-out over accounts needs."""
    import json

    statements = [{"Sid": "AssayReads", "Effect": "Allow", "Action": actions(services), "Resource": "*"}]
    if organization:
        statements.append({"Sid": "AssayLists", "Effect": "Allow", "Action": list(ORGANIZATION), "Resource": "*"})
        if role:
            assume = ["sts:AssumeRole"]
            statements.append(
                {"Sid": "AssayVisits", "Effect": "Allow", "Action": assume, "Resource": f"arn:*:iam::*:role/{role}"}
            )
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"
