"""EventBridge Scheduler and Pipes: what cannot be delivered is kept, and retries end."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, require, rule

STREAMS = ("kinesis_stream_parameters", "dynamodb_stream_parameters")

require(
    "aws-scheduler-no-dlq",
    on="aws_scheduler_schedule",
    path="target.dead_letter_config.arn",
    present=True,
    title="Schedules have a dead-letter queue.",
    why="When a schedule's target cannot be invoked after the last retry, nobody learns that the run did not happen.",
    fix="Give the target a `dead_letter_config` with the ARN of an SQS queue.",
    message="the schedule's target has no dead-letter queue: a run that fails leaves no trace",
    severity=MEDIUM,
)


@rule(on="aws_pipes_pipe", severity=MEDIUM)
def aws_pipe_no_dlq(pipe: Resource) -> Iterator[Finding]:
    """Pipes that read a stream end their retries and keep what failed.

    ## Why
    A pipe reads a stream in order. By default it retries a failing batch until the records expire, and behind it
    nothing moves; with a bound but no dead-letter queue the records are lost.
    ## Fix
    Set `maximum_retry_attempts` and `dead_letter_config` in the source parameters.
    """
    for kind in STREAMS:
        for stream in pipe.each(f"source_parameters.{kind}"):
            if stream.absent("dead_letter_config.arn"):
                yield stream.fails("records that the pipe cannot deliver are lost: no dead-letter queue")
            elif stream["maximum_retry_attempts"] in (None, -1):
                yield stream.fails("a failing batch is retried without bound", at="maximum_retry_attempts")
