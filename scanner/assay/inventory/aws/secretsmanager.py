"""Secrets Manager: that there are secrets, and how they are kept. Their values are never read."""

from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import block, document

TABLES = [
    Service(
        name="secretsmanager",
        asks=(
            Ask(
                operation="ListSecrets",
                items="SecretList",
                then=(
                    Ask(
                        operation="GetResourcePolicy",
                        params={"SecretId": "ARN"},
                        put="$policy",
                        feeds=("policy",),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_secretsmanager_secret",
                        address="ARN",
                        name="Name",
                        folds=("aws_secretsmanager_secret_policy",),
                        rename={"ARN": "arn", "SecretVersionsToStages": None, "RotationRules": None},
                        fields={"id": "ARN", "policy": document("$policy.ResourcePolicy")},
                    ),
                    Make(
                        type="aws_secretsmanager_secret_rotation",
                        address="{ARN}:rotation",
                        name="Name",
                        when="RotationEnabled",
                        bare=True,
                        fields={
                            "id": "ARN",
                            "secret_id": "ARN",
                            "rotation_enabled": "RotationEnabled",
                            "rotation_lambda_arn": "RotationLambdaARN",
                            "rotation_rules": block(
                                automatically_after_days="RotationRules.AutomaticallyAfterDays",
                                duration="RotationRules.Duration",
                                schedule_expression="RotationRules.ScheduleExpression",
                            ),
                        },
                    ),
                ),
            ),
        ),
    )
]
