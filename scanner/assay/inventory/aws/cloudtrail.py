"""CloudTrail: trails and event data stores."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import blocks


def here(item: Item) -> bool:
    """A trail over all regions is shown in each: it counts where it lives, or in the first region when that is not
    asked."""
    regions = item.place.regions or (item.place.region,)
    home = item["HomeRegion"] or item.place.region
    return bool(home == item.place.region or (home not in regions and item.place.region == min(regions)))


def selectors(item: Item) -> list[dict[str, object]]:
    return [
        {
            "read_write_type": one.get("ReadWriteType"),
            "include_management_events": one.get("IncludeManagementEvents"),
            "exclude_management_event_sources": one.get("ExcludeManagementEventSources"),
            "data_resource": [
                {"type": d.get("Type"), "values": d.get("Values")} for d in one.get("DataResources") or ()
            ],
        }
        for one in item["$selectors.EventSelectors"] or ()
    ]


def advanced(item: Item) -> list[dict[str, object]]:
    def field(one: dict[str, object]) -> dict[str, object]:
        inner = Item({"all": [one]}, item.place)
        return blocks("all", {"StartsWith": "starts_with", "EndsWith": "ends_with"})(inner)[0]

    return [
        {"name": one.get("Name"), "field_selector": [field(f) for f in one.get("FieldSelectors") or ()]}
        for one in item["$selectors.AdvancedEventSelectors"] or ()
    ]


TABLES = [
    Service(
        name="cloudtrail",
        asks=(
            Ask(
                operation="DescribeTrails",
                items="trailList",
                then=(
                    Ask(
                        operation="GetTrailStatus",
                        params={"Name": "TrailARN"},
                        put="$status",
                        feeds=("enable_logging",),
                        when=here,
                    ),
                    Ask(
                        operation="GetEventSelectors",
                        params={"TrailName": "TrailARN"},
                        put="$selectors",
                        feeds=("event_selector", "advanced_event_selector"),
                        when=here,
                    ),
                    Ask(
                        operation="ListTags",
                        params={"ResourceIdList": ["TrailARN"]},
                        items="ResourceTagList",
                        put="$tags",
                        feeds=("tags", "tags_all"),
                        when=here,
                    ),
                ),
                makes=(
                    Make(
                        type="aws_cloudtrail",
                        address="TrailARN",
                        name="Name",
                        when=here,
                        region="HomeRegion",
                        rename={
                            "TrailARN": "arn",
                            "LogFileValidationEnabled": "enable_log_file_validation",
                            "CloudWatchLogsLogGroupArn": "cloud_watch_logs_group_arn",
                            "CloudWatchLogsRoleArn": "cloud_watch_logs_role_arn",
                            "SnsTopicARN": "sns_topic_arn",
                        },
                        fields={
                            "id": "TrailARN",
                            "enable_logging": "$status.IsLogging",
                            "event_selector": selectors,
                            "advanced_event_selector": advanced,
                            "tags": lambda item: tag_map(item),
                            "tags_all": lambda item: tag_map(item),
                        },
                    ),
                ),
            ),
            Ask(
                operation="ListEventDataStores",
                items="EventDataStores",
                then=(
                    Ask(
                        operation="GetEventDataStore",
                        params={"EventDataStore": "EventDataStoreArn"},
                        put="",
                        feeds=("aws_cloudtrail_event_data_store",),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_cloudtrail_event_data_store",
                        address="EventDataStoreArn",
                        name="Name",
                        when="RetentionPeriod",
                        rename={"EventDataStoreArn": "arn", "AdvancedEventSelectors": None},
                    ),
                ),
            ),
        ),
    )
]


def tag_map(item: Item) -> dict[str, str]:
    from assay.inventory.aws.shape import tags

    return tags([t for one in item["$tags"] or () for t in one.get("TagsList", ())])
