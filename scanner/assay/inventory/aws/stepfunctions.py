"""Step Functions: state machines with their definitions."""

from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import block, first

LOGGING = block(
    level="loggingConfiguration.level",
    include_execution_data="loggingConfiguration.includeExecutionData",
    log_destination=first("loggingConfiguration.destinations.cloudWatchLogsLogGroup.logGroupArn"),
)

TABLES = [
    Service(
        name="stepfunctions",
        asks=(
            Ask(
                operation="ListStateMachines",
                items="stateMachines",
                then=(
                    Ask(
                        operation="DescribeStateMachine",
                        params={"stateMachineArn": "stateMachineArn"},
                        put="",
                        feeds=("aws_sfn_state_machine",),
                    ),
                    Ask(
                        operation="ListTagsForResource",
                        params={"resourceArn": "stateMachineArn"},
                        put="",
                        feeds=("tags", "tags_all"),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_sfn_state_machine",
                        address="stateMachineArn",
                        name="name",
                        when="definition",
                        rename={"stateMachineArn": "arn", "loggingConfiguration": None},
                        fields={"id": "stateMachineArn", "logging_configuration": LOGGING},
                    ),
                ),
            ),
        ),
    )
]
