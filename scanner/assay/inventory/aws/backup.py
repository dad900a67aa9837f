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
        "unencrypted_recovery_points": lambda item: [
            p.get("RecoveryPointArn") for p in item["$points"] or () if p.get("IsEncrypted") is False
        ],
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

VAULT_POLICY = Make(
    type="aws_backup_vault_policy",
    address="{BackupVaultArn}:policy",
    name="BackupVaultName",
    when="Policy",
    bare=True,
    fields={"id": "BackupVaultName", "backup_vault_name": "BackupVaultName", "policy": "Policy"},
)
LOCK = Make(
    type="aws_backup_vault_lock_configuration",
    address="{BackupVaultArn}:lock",
    name="BackupVaultName",
    when="Locked",
    bare=True,
    fields={
        "id": "BackupVaultName",
        "backup_vault_name": "BackupVaultName",
        "min_retention_days": "MinRetentionDays",
        "max_retention_days": "MaxRetentionDays",
    },
)
REPORT_PLAN = Make(
    type="aws_backup_report_plan",
    address="ReportPlanArn",
    name="ReportPlanName",
    bare=True,
    fields={"id": "ReportPlanName", "arn": "ReportPlanArn", "name": "ReportPlanName"},
)

TABLES = [
    Service(
        name="backup",
        asks=(
            Ask(
                operation="ListBackupVaults",
                items="BackupVaultList",
                then=(
                    tags("ListTags", ResourceArn="BackupVaultArn"),
                    Ask(
                        operation="ListRecoveryPointsByBackupVault",
                        params={"BackupVaultName": "BackupVaultName"},
                        items="RecoveryPoints",
                        put="$points",
                        feeds=("unencrypted_recovery_points",),
                    ),
                    Ask(
                        operation="GetBackupVaultAccessPolicy",
                        params={"BackupVaultName": "BackupVaultName"},
                        absent=("ResourceNotFoundException",),
                        makes=(VAULT_POLICY,),
                    ),
                ),
                makes=(VAULT, LOCK),
            ),
            Ask(operation="ListReportPlans", items="ReportPlans", makes=(REPORT_PLAN,)),
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
