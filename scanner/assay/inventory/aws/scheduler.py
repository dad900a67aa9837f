"""EventBridge Scheduler: schedules."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Make, Service

SCHEDULE = Make(
    type="aws_scheduler_schedule",
    address="Arn",
    name="Name",
    when="Arn",
    rename={
        "CreationDate": None,
        "LastModificationDate": None,
        "Target.Input": None,  # may hold anything
        "Target.EcsParameters": None,
        "Target.EventBridgeParameters": "eventbridge_parameters",
        "Target.EventBridgePutEventsV2Parameters": None,
        "Target.EventBridgePutRawEventsParameters": None,
        "Target.SageMakerPipelineParameters": None,
    },
    fields={"id": "{GroupName}/{Name}"},
    keys=("kms_key_arn",),
)

TABLES = [
    Service(
        name="scheduler",
        asks=(
            Ask(
                operation="ListSchedules",
                items="Schedules",
                then=(
                    Ask(
                        operation="GetSchedule",
                        params={"Name": "Name", "GroupName": "GroupName"},
                        makes=(SCHEDULE,),
                    ),
                ),
            ),
        ),
    )
]
