"""Kinesis: data streams, video streams, and delivery streams of Firehose."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service

STREAM = Make(
    type="aws_kinesis_stream",
    address="StreamARN",
    name="StreamName",
    rename={
        "StreamARN": "arn",
        "StreamName": "name",
        "StreamId": None,
        "StreamStatus": None,
        "StreamCreationTimestamp": None,
        "RetentionPeriodHours": "retention_period",
        "KeyId": "kms_key_id",
        "OpenShardCount": "shard_count",
        "EnhancedMonitoring": None,
        "ConsumerCount": None,
        "WarmThroughput": None,
        "MaxRecordSizeInKiB": "max_record_size_in_kib",
    },
    fields={"id": "StreamARN", "shard_level_metrics": "EnhancedMonitoring.ShardLevelMetrics"},
    keys=("kms_key_id",),
)


def encryption(item: Item) -> Any:
    found = item["DeliveryStreamEncryptionConfiguration"] or {}
    made = {"enabled": found.get("Status") in ("ENABLED", "ENABLING")}
    return [{**made, "key_type": found.get("KeyType"), "key_arn": found.get("KeyARN")}]


def source(path: str, **names: str) -> Any:
    """A stream that the delivery reads from."""

    def one(item: Item) -> Any:
        found = item[f"Source.{path}"]
        return [{ours: found.get(theirs) for ours, theirs in names.items()}] if found else None

    return one


DELIVERY = Make(
    type="aws_kinesis_firehose_delivery_stream",
    address="DeliveryStreamARN",
    name="DeliveryStreamName",
    when="DeliveryStreamARN",
    bare=True,
    fields={
        "id": "DeliveryStreamARN",
        "arn": "DeliveryStreamARN",
        "name": "DeliveryStreamName",
        "server_side_encryption": encryption,
        "kinesis_source_configuration": source(
            "KinesisStreamSourceDescription", kinesis_stream_arn="KinesisStreamARN", role_arn="RoleARN"
        ),
        "msk_source_configuration": source(
            "MSKSourceDescription", msk_cluster_arn="MSKClusterARN", topic_name="TopicName"
        ),
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)

TABLES = [
    Service(
        name="kinesis",
        asks=(
            Ask(
                operation="ListStreams",
                items="StreamNames",
                then=(
                    Ask(
                        operation="DescribeStreamSummary",
                        params={"StreamName": "$id"},
                        items="StreamDescriptionSummary",
                        then=(tags("ListTagsForStream", StreamName="StreamName"),),
                        makes=(STREAM,),
                    ),
                ),
            ),
        ),
    ),
    Service(
        name="firehose",
        asks=(
            Ask(
                operation="ListDeliveryStreams",
                params={"Limit": 10000},  # the operation has no pages that boto3 follows, and ten names by default
                items="DeliveryStreamNames",
                then=(
                    Ask(
                        operation="DescribeDeliveryStream",
                        params={"DeliveryStreamName": "$id"},
                        items="DeliveryStreamDescription",
                        then=(tags("ListTagsForDeliveryStream", DeliveryStreamName="DeliveryStreamName"),),
                        makes=(DELIVERY,),
                    ),
                ),
            ),
        ),
    ),
    Service(
        name="kinesisvideo",
        asks=(
            Ask(
                operation="ListStreams",
                items="StreamInfoList",
                then=(tags("ListTagsForStream", StreamARN="StreamARN"),),
                makes=(
                    Make(
                        type="aws_kinesis_video_stream",
                        address="StreamARN",
                        name="StreamName",
                        rename={
                            "StreamARN": "arn",
                            "StreamName": "name",
                            "Status": None,
                            "Version": None,
                            "CreationTime": None,
                        },
                        fields={"id": "StreamARN"},
                        keys=("kms_key_id",),
                    ),
                ),
            ),
        ),
    ),
]
