"""CodeBuild: projects and report groups."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tag_map
from assay.inventory.aws.table import Ask, Make, Service

NAMES = {"environmentVariables": None, "cloudWatchLogs": "cloudwatch_logs", "dockerServer": None, "hostKernel": None}
"""What variables hold may be a credential."""

PROJECT = Make(
    type="aws_codebuild_project",
    address="arn",
    name="name",
    bare=True,
    fields={
        "id": "arn",
        "arn": "arn",
        "name": "name",
        "description": "description",
        "service_role": "serviceRole",
        "encryption_key": "encryptionKey",
        "build_timeout": "timeoutInMinutes",
        "queued_timeout": "queuedTimeoutInMinutes",
        "project_visibility": "projectVisibility",
        "badge_enabled": "badge.badgeEnabled",
        "artifacts": nested("artifacts"),
        "secondary_artifacts": nested("secondaryArtifacts"),
        "environment": nested("environment", NAMES),
        "logs_config": nested("logsConfig", NAMES),
        "vpc_config": nested("vpcConfig"),
        "tags": tag_map("tags"),
        "tags_all": tag_map("tags"),
    },
    keys=("encryption_key",),
)
REPORTS = Make(
    type="aws_codebuild_report_group",
    address="arn",
    name="name",
    rename={"created": None, "lastModified": None, "status": None, "exportConfig": "export_config"},
    fields={"id": "arn"},
    keys=("export_config.s3_destination.encryption_key",),
)

TABLES = [
    Service(
        name="codebuild",
        asks=(
            Ask(
                operation="ListProjects",
                items="projects",
                batch=(100, Ask(operation="BatchGetProjects", params={"names": "*"}, items="projects")),
                makes=(PROJECT,),
            ),
            Ask(
                operation="ListReportGroups",
                items="reportGroups",
                batch=(
                    100,
                    Ask(operation="BatchGetReportGroups", params={"reportGroupArns": "*"}, items="reportGroups"),
                ),
                makes=(REPORTS,),
            ),
        ),
    )
]
