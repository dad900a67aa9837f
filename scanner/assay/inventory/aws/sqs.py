"""SQS: queues."""

from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import last

QUEUE = Make(
    type="aws_sqs_queue",
    address="QueueArn",
    when="QueueArn",
    name=last("QueueArn", ":"),
    rename={
        "QueueArn": "arn",
        "ApproximateNumberOfMessages": None,  # of the moment: two audits of the same queues are to be equal
        "ApproximateNumberOfMessagesDelayed": None,
        "ApproximateNumberOfMessagesNotVisible": None,
        "VisibilityTimeout": "visibility_timeout_seconds",
        "MessageRetentionPeriod": "message_retention_seconds",
        "MaximumMessageSize": "max_message_size",
        "ReceiveMessageWaitTimeSeconds": "receive_wait_time_seconds",
        "KmsDataKeyReusePeriodSeconds": "kms_data_key_reuse_period_seconds",
    },
    folds=("aws_sqs_queue_policy", "aws_sqs_queue_redrive_policy", "aws_sqs_queue_redrive_allow_policy"),
    fields={"id": "$id", "url": "$id", "name": last("QueueArn", ":")},
)

TABLES = [
    Service(
        name="sqs",
        asks=(
            Ask(
                operation="ListQueues",
                items="QueueUrls",
                then=(
                    Ask(
                        operation="GetQueueAttributes",
                        params={"QueueUrl": "$id", "AttributeNames": ["=All"]},
                        items="Attributes",
                        put="",
                        feeds=("aws_sqs_queue",),
                    ),
                    Ask(operation="ListQueueTags", params={"QueueUrl": "$id"}, put="", feeds=("tags", "tags_all")),
                ),
                makes=(QUEUE,),
            ),
        ),
    )
]
