"""SNS: what a subscriber cannot take is kept."""

from assay import MEDIUM, require

require(
    "aws-sns-subscription-no-dlq",
    on="aws_sns_topic_subscription",
    path="redrive_policy",
    present=True,
    title="SNS subscriptions have a dead-letter queue.",
    why="SNS gives up on an endpoint that does not answer or may not be reached, and drops the message.",
    fix="Set `redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.example.arn })`.",
    message="the subscription has no dead-letter queue: undelivered messages are lost",
    severity=MEDIUM,
)
