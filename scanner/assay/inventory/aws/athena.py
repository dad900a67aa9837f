"""Athena: workgroups."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tags
from assay.inventory.aws.table import Ask, Make, Service

ARN = "arn:{partition}:athena:{region}:{account}:workgroup/{Name}"
NAMES = {
    "EnforceWorkGroupConfiguration": "enforce_workgroup_configuration",
    "PublishCloudWatchMetricsEnabled": "publish_cloudwatch_metrics_enabled",
    "EffectiveEngineVersion": None,
    "EngineConfiguration": None,
    "MonitoringConfiguration": None,
    "SystemTableStatuses": None,
}

TABLES = [
    Service(
        name="athena",
        asks=(
            Ask(
                operation="ListWorkGroups",
                items="WorkGroups",
                then=(
                    Ask(
                        operation="GetWorkGroup",
                        params={"WorkGroup": "Name"},
                        items="WorkGroup",
                        then=(tags("ListTagsForResource", ResourceARN=ARN),),
                        makes=(
                            Make(
                                type="aws_athena_workgroup",
                                address=ARN,
                                name="Name",
                                rename={"Configuration": None, "CreationTime": None},
                                fields={"id": "Name", "arn": ARN, "configuration": nested("Configuration", NAMES)},
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
]
