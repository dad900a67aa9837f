"""CodeBuild: projects with their webhooks and last build, source credentials, report groups."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import nested, structure, tag_map
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import first
from assay.inventory.masks import masked, masked_text

NAMES = {"environmentVariables": None, "cloudWatchLogs": "cloudwatch_logs", "dockerServer": None, "hostKernel": None}
"""What variables hold may be a credential."""

SOURCE = {"auth": None, "gitSubmodulesConfig": "git_submodules_config", "buildStatusConfig": None}


def source(path: str) -> Any:
    """Where a build gets its code; a token in the address and credentials in the commands are left out."""

    def one(item: Item) -> Any:
        found = item[path]
        made = structure(found if isinstance(found, list) else [found] if found else [], SOURCE)
        for block in made:
            for name in ("location", "buildspec"):
                if name in block:
                    block[name] = masked_text(block[name])
        return made or None

    return one


def environment(item: Item) -> Any:
    """What a build runs in; of variables their names, and of their values what certainly is no secret."""
    made = nested("environment", NAMES)(item)
    variables = [
        {"name": v.get("name"), "type": v.get("type", "PLAINTEXT"), "value": masked(str(v.get("name")), v.get("value"))}
        for v in item["environment.environmentVariables"] or ()
    ]
    if made and variables:
        made[0]["environment_variable"] = variables
    return made


def filters(item: Item) -> Any:
    """The groups of filters of a webhook: each group is a list, all of which has to hold."""
    names = {"excludeMatchedPattern": "exclude_matched_pattern"}
    return [{"filter": structure(group, names)} for group in item["webhook.filterGroups"] or ()]


WEBHOOK = Make(
    type="aws_codebuild_webhook",
    address="{arn}:webhook",
    name="name",
    when="webhook",
    bare=True,
    fields={
        "id": "name",
        "project_name": "name",
        "branch_filter": "webhook.branchFilter",
        "build_type": "webhook.buildType",
        "filter_group": filters,
    },
)
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
        "environment": environment,
        "source": source("source"),
        "secondary_sources": source("secondarySources"),
        "created": "created",
        "last_built": first("$last.startTime"),
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
                then=(
                    Ask(
                        operation="ListBuildsForProject",
                        params={"projectName": "name", "sortOrder": "=DESCENDING"},
                        items="ids",
                        first=True,
                        put="$builds",
                        feeds=("last_built",),
                    ),
                    Ask(
                        operation="BatchGetBuilds",
                        params={"ids": lambda item: [item["$builds"][0]["$id"]]},
                        items="builds",
                        put="$last",
                        feeds=("last_built",),
                        when="$builds",
                    ),
                ),
                makes=(PROJECT, WEBHOOK),
            ),
            Ask(
                operation="ListSourceCredentials",
                items="sourceCredentialsInfos",
                makes=(
                    Make(
                        type="aws_codebuild_source_credential",
                        address="arn",
                        name="serverType",
                        fields={"id": "arn"},
                        rename={"resource": None},
                    ),
                ),
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
