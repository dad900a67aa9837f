"""Backup: vaults, plans, and what the plans take in."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import nested, tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service

RULES = {
    "TargetBackupVaultName": "target_vault_name",
    "ScheduleExpression": "schedule",
    "StartWindowMinutes": "start_window",
    "CompletionWindowMinutes": "completion_window",
    "MoveToColdStorageAfterDays": "cold_storage_after",
    "DeleteAfterDays": "delete_after",
    "CopyActions": "copy_action",
    "DestinationBackupVaultArn": "destination_vault_arn",
    "RuleId": None,
    "RecoveryPointTags": None,
    "IndexActions": None,
    "ScanActions": None,
}
VAULT = Make(
    type="aws_backup_vault",
    address="BackupVaultArn",
    name="BackupVaultName",
    bare=True,
    fields={
        "id": "BackupVaultName",
        "arn": "BackupVaultArn",
        "name": "BackupVaultName",
        "kms_key_arn": "EncryptionKeyArn",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
    keys=("kms_key_arn",),
)
PLAN = Make(
    type="aws_backup_plan",
    address="BackupPlanArn",
    name="BackupPlan.BackupPlanName",
    when="BackupPlan",
    bare=True,
    fields={
        "id": "BackupPlanId",
        "arn": "BackupPlanArn",
        "name": "BackupPlan.BackupPlanName",
        "rule": nested("BackupPlan.Rules", RULES),
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)


def tests(found: Any) -> list[dict[str, Any]]:
    return [{"key": c.get("ConditionKey"), "value": c.get("ConditionValue")} for c in found or ()]


def conditions(item: Item) -> Any:
    kinds = {
        "string_equals": "StringEquals",
        "string_not_equals": "StringNotEquals",
        "string_like": "StringLike",
        "string_not_like": "StringNotLike",
    }
    found = item["BackupSelection.Conditions"] or {}
    made = {ours: tests(found[theirs]) for ours, theirs in kinds.items() if found.get(theirs)}
    return [made] if made else None


def selection_tags(item: Item) -> list[dict[str, Any]]:
    return [
        {"type": t.get("ConditionType"), "key": t.get("ConditionKey"), "value": t.get("ConditionValue")}
        for t in item["BackupSelection.ListOfTags"] or ()
    ]


SELECTION = Make(
    type="aws_backup_selection",
    address="{BackupPlanId}/{SelectionId}",
    name="BackupSelection.SelectionName",
    when="BackupSelection",
    bare=True,
    fields={
        "id": "SelectionId",
        "name": "BackupSelection.SelectionName",
        "plan_id": "BackupPlanId",
        "iam_role_arn": "BackupSelection.IamRoleArn",
        "resources": lambda item: item["BackupSelection.Resources"] or [],
        "not_resources": lambda item: item["BackupSelection.NotResources"] or [],
        "selection_tag": selection_tags,
        "condition": conditions,
    },
)

TABLES = [
    Service(
        name="backup",
        asks=(
            Ask(
                operation="ListBackupVaults",
                items="BackupVaultList",
                then=(tags("ListTags", ResourceArn="BackupVaultArn"),),
                makes=(VAULT,),
            ),
            Ask(
                operation="ListBackupPlans",
                items="BackupPlansList",
                then=(
                    Ask(
                        operation="GetBackupPlan",
                        params={"BackupPlanId": "BackupPlanId"},
                        then=(tags("ListTags", ResourceArn="BackupPlanArn"),),
                        makes=(PLAN,),
                    ),
                    Ask(
                        operation="ListBackupSelections",
                        params={"BackupPlanId": "BackupPlanId"},
                        items="BackupSelectionsList",
                        then=(
                            Ask(
                                operation="GetBackupSelection",
                                params={"BackupPlanId": "BackupPlanId", "SelectionId": "SelectionId"},
                                makes=(SELECTION,),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
]
