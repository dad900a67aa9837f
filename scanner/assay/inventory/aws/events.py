"""EventBridge: buses, rules, targets and archives; schedules and pipes."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import document, same

TARGETS = Ask(
    operation="ListTargetsByRule",
    items="Targets",
    params={"Rule": "Name", "EventBusName": "EventBusName"},
    makes=(
        Make(
            type="aws_cloudwatch_event_target",
            address="{^Arn}/{Id}",
            name="Id",
            rename={
                "Id": "target_id",
                "EcsParameters": "ecs_target",
                "KinesisParameters": "kinesis_target",
                "SqsParameters": "sqs_target",
                "HttpParameters": None,  # what is handed over may be a credential
                "Input": None,
                "InputTransformer.InputTemplate": None,
                "BatchParameters": "batch_target",
                "RunCommandParameters": None,
                "InputTransformer.InputPathsMap": "input_paths",
            },
            # The ARN: rules of two buses may have one name.
            fields={"rule": "^Arn", "event_bus_name": "^EventBusName", "id": "{^Name}-{Id}"},
        ),
    ),
)

RULES = Ask(
    operation="ListRules",
    items="Rules",
    params={"EventBusName": "Name"},
    then=(
        Ask(operation="ListTagsForResource", params={"ResourceARN": "Arn"}, put="", feeds=("tags", "tags_all")),
        TARGETS,
    ),
    makes=(
        Make(
            type="aws_cloudwatch_event_rule",
            address="Arn",
            name="Name",
            fields={"id": "Name", "is_enabled": same("State", "ENABLED")},
        ),
    ),
)

BUSES = Ask(
    operation="ListEventBuses",
    items="EventBuses",
    then=(
        Ask(
            operation="DescribeEventBus",
            params={"Name": "Name"},
            put="",
            feeds=("kms_key_identifier", "dead_letter_config", "description", "aws_cloudwatch_event_bus_policy"),
        ),
        Ask(operation="ListTagsForResource", params={"ResourceARN": "Arn"}, put="", feeds=("tags", "tags_all")),
        RULES,
    ),
    makes=(
        Make(
            type="aws_cloudwatch_event_bus",
            address="Arn",
            name="Name",
            rename={"Policy": None, "LastModifiedTime": None},
            fields={"id": "Name"},
            # Every account has the default bus, and Terraform cannot declare it.
            when=lambda item: item["Name"] != "default",
        ),
        Make(
            type="aws_cloudwatch_event_bus_policy",
            address="{Arn}:policy",
            name="Name",
            when="Policy",
            bare=True,
            folds=("aws_cloudwatch_event_permission",),
            fields={"event_bus_name": "Name", "id": "Name", "policy": document("Policy")},
        ),
    ),
)

ARCHIVES = Ask(
    operation="ListArchives",
    items="Archives",
    makes=(
        Make(
            type="aws_cloudwatch_event_archive",
            address="arn:{partition}:events:{region}:{account}:archive/{ArchiveName}",
            name="ArchiveName",
            rename={"ArchiveName": "name", "SizeBytes": None, "EventCount": None},
            fields={"arn": "arn:{partition}:events:{region}:{account}:archive/{ArchiveName}", "id": "ArchiveName"},
        ),
    ),
)


def group(item: Item) -> str:
    return item["GroupName"] or "default"


SCHEDULES = Ask(
    operation="ListSchedules",
    items="Schedules",
    then=(
        Ask(
            operation="GetSchedule",
            params={"Name": "Name", "GroupName": group},
            put="",
            feeds=("aws_scheduler_schedule",),
        ),
    ),
    makes=(
        Make(
            type="aws_scheduler_schedule",
            address="Arn",
            name="Name",
            when="ScheduleExpression",
            rename={"Target.Input": None, "Target.EcsParameters": None},  # what is handed over may be a credential
            fields={"id": "{GroupName}/{Name}"},
            keys=("kms_key_arn",),
        ),
    ),
)

PIPES = Ask(
    operation="ListPipes",
    items="Pipes",
    then=(Ask(operation="DescribePipe", params={"Name": "Name"}, put="", feeds=("aws_pipes_pipe",)),),
    makes=(
        Make(
            type="aws_pipes_pipe",
            address="Arn",
            name="Name",
            when="RoleArn",
            rename={
                "SourceParameters.KinesisStreamParameters": "kinesis_stream_parameters",
                "SourceParameters.DynamoDBStreamParameters": "dynamodb_stream_parameters",
                "EnrichmentParameters.HttpParameters": None,  # as with targets
                "EnrichmentParameters.InputTemplate": None,
                "TargetParameters.HttpParameters": None,
                "TargetParameters.InputTemplate": None,
                "LastModifiedTime": None,
                "StateReason": None,
            },
            fields={"id": "Name"},
        ),
    ),
)

TABLES = [
    Service(name="events", asks=(BUSES, ARCHIVES)),
    Service(name="scheduler", asks=(SCHEDULES,)),
    Service(name="pipes", asks=(PIPES,)),
]
