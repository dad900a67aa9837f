"""KMS: the account's own keys and their aliases."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import last


def own(item: Item) -> bool:
    """True for a key that the customer manages; those of AWS nobody can change."""
    return bool(item["KeyManager"] == "CUSTOMER")


TABLES = [
    Service(
        name="kms",
        asks=(
            Ask(
                operation="ListKeys",
                items="Keys",
                then=(
                    Ask(
                        operation="DescribeKey",
                        items="KeyMetadata",
                        params={"KeyId": "KeyId"},
                        put="",
                        feeds=("aws_kms_key",),
                    ),
                    Ask(
                        operation="GetKeyRotationStatus",
                        params={"KeyId": "KeyId"},
                        put="",
                        absent=("UnsupportedOperationException", "KMSInvalidStateException"),
                        feeds=("enable_key_rotation", "rotation_period_in_days"),
                        when=own,
                    ),
                    Ask(
                        operation="GetKeyPolicy",
                        params={"KeyId": "KeyId", "PolicyName": "=default"},
                        put="",
                        feeds=("policy",),
                        when=own,
                    ),
                    Ask(
                        operation="GetKeyLastUsage",
                        params={"KeyId": "KeyId"},
                        put="$usage",
                        feeds=("last_used_date", "usage_tracked_since"),
                        when=own,
                    ),
                    Ask(
                        operation="ListResourceTags",
                        params={"KeyId": "KeyId"},
                        put="",
                        feeds=("tags", "tags_all"),
                        when=own,
                    ),
                ),
                makes=(
                    Make(
                        type="aws_kms_key",
                        address="Arn",
                        name="KeyId",
                        when=own,
                        folds=("aws_kms_key_policy",),
                        rename={
                            "Enabled": "is_enabled",
                            "CustomerMasterKeySpec": "customer_master_key_spec",
                            "KeySpec": "key_spec",
                            "KeyRotationEnabled": "enable_key_rotation",
                            "NextRotationDate": None,
                            "OnDemandRotationStartDate": None,
                            "PolicyName": None,
                            "KeyArn": None,
                            "Truncated": None,
                        },
                        fields={
                            "id": "KeyId",
                            "last_used_date": "$usage.KeyLastUsage.Timestamp",
                            "usage_tracked_since": "$usage.TrackingStartDate",
                        },
                    ),
                ),
            ),
            Ask(
                operation="ListAliases",
                items="Aliases",
                makes=(
                    Make(
                        type="aws_kms_alias",
                        address="AliasArn",
                        name=last("AliasName"),
                        when=lambda item: not item["AliasName"].startswith("alias/aws/"),
                        rename={"AliasArn": "arn", "AliasName": "name"},
                        fields={"id": "AliasName"},
                    ),
                ),
            ),
        ),
    )
]
