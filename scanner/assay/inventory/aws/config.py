"""Config: recorders, whether they record, aggregators."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service

RECORDER = Make(
    type="aws_config_configuration_recorder",
    address="arn:{partition}:config:{region}:{account}:config-recorder/{name}",
    name="name",
    rename={"roleARN": "role_arn", "recordingMode.recordingModeOverrides": "recording_mode_override"},
    fields={"id": "name"},
)
STATUS = Make(
    type="aws_config_configuration_recorder_status",
    address="arn:{partition}:config:{region}:{account}:config-recorder/{name}/status",
    name="name",
    bare=True,
    fields={"id": "name", "name": "name", "is_enabled": "recording"},
)


def sources(path: str) -> Any:
    """Where an aggregator takes its data from."""

    def one(item: Item) -> Any:
        found = item[path]
        listed = found if isinstance(found, list) else [found] if found else []
        made = [
            {
                "all_regions": bool(s.get("AllAwsRegions")),
                "regions": s.get("AwsRegions"),
                "account_ids": s.get("AccountIds"),
                "role_arn": s.get("RoleArn"),
            }
            for s in listed
        ]
        return [{k: v for k, v in one.items() if v is not None} for one in made] or None

    return one


AGGREGATOR = Make(
    type="aws_config_configuration_aggregator",
    address="ConfigurationAggregatorArn",
    name="ConfigurationAggregatorName",
    bare=True,
    fields={
        "id": "ConfigurationAggregatorName",
        "arn": "ConfigurationAggregatorArn",
        "name": "ConfigurationAggregatorName",
        "account_aggregation_source": sources("AccountAggregationSources"),
        "organization_aggregation_source": sources("OrganizationAggregationSource"),
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)

TABLES = [
    Service(
        name="config",
        asks=(
            Ask(operation="DescribeConfigurationRecorders", items="ConfigurationRecorders", makes=(RECORDER,)),
            Ask(operation="DescribeConfigurationRecorderStatus", items="ConfigurationRecordersStatus", makes=(STATUS,)),
            Ask(
                operation="DescribeConfigurationAggregators",
                items="ConfigurationAggregators",
                then=(tags("ListTagsForResource", ResourceArn="ConfigurationAggregatorArn"),),
                makes=(AGGREGATOR,),
            ),
        ),
    )
]
