"""EventBridge: what cannot be delivered is kept."""

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule
from assay.analysis.aws_events import permits

require(
    "aws-event-target-no-dlq",
    on="aws_cloudwatch_event_target",
    path="dead_letter_config.arn",
    present=True,
    title="EventBridge targets have a dead-letter queue.",
    why="An event that still fails after the last retry, or whose target was deleted, is dropped without a trace.",
    fix="Give the target a `dead_letter_config` with the ARN of an SQS queue.",
    message="the target has no dead-letter queue: undelivered events are lost",
    severity=MEDIUM,
)

require(
    "aws-event-bus-no-dlq",
    on="aws_cloudwatch_event_bus",
    path="dead_letter_config.arn",
    present=True,
    when=lambda bus: bus["kms_key_identifier"] != None,
    title="Event buses with a customer key have a dead-letter queue for events they cannot decrypt.",
    why="When the key is disabled or its policy changes, events can no longer be decrypted and are discarded.",
    fix="Give the bus a `dead_letter_config` with the ARN of an SQS queue.",
    message="the bus has a customer key and no dead-letter queue: events it cannot decrypt are lost",
    severity=MEDIUM,
)


@rule(on="aws_cloudwatch_event_target", severity=LOW)
def aws_event_target_no_retry_policy(target: Resource) -> Iterator[Finding]:
    """EventBridge targets retry for a time that somebody chose.

    ## Why
    With zero attempts a single throttled call loses the event; without any policy it is retried for 24 hours, which
    may replay yesterday's events long after somebody mended the target by hand.
    ## Fix
    Add `retry_policy` with at least one attempt and an age of 60 seconds or more.
    """
    policies = target.each("retry_policy")
    if not policies:
        yield target.fails("the target has no retry policy")
    for policy in policies:
        if policy["maximum_retry_attempts"] == 0:
            yield policy.fails(
                "maximum_retry_attempts is 0: the first failure loses the event", at="maximum_retry_attempts"
            )
        age = policy["maximum_event_age_in_seconds"]
        if age != None and age < 60:
            yield policy.fails(f"events are given up after {age} seconds", at="maximum_event_age_in_seconds")


@rule(on="aws_cloudwatch_event_target", severity=HIGH)
def aws_event_target_no_permission(target: Resource, graph: Graph) -> Iterator[Finding]:
    """Lambda functions admit the EventBridge rules that target them.

    ## Why
    Without a permission for `events.amazonaws.com` every invocation is refused and the event is lost, or ends in the
    dead-letter queue.
    ## Fix
    Add an `aws_lambda_permission` with `principal = "events.amazonaws.com"` and this rule's ARN as `source_arn`.
    """
    rules = graph.follow(target, "rule")
    for function in graph.follow(target, "arn"):
        if function.source == "uncollected" or function.type != "aws_lambda_function":
            continue
        permissions = graph.users(function, "aws_lambda_permission")
        if not any_of(permissions, lambda p: permits(p, "events.amazonaws.com", rules)):
            yield target.fails(
                f"{function} has no permission that lets this rule invoke it", at="arn", because=[function.where()]
            )
