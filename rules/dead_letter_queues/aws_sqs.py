"""SQS: working queues have a dead-letter queue, and dead-letter queues are kept, watched and reachable."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, all_of, any_of, is_map, rule
from assay.analysis.aws_events import (
    admits,
    attempts,
    dead_letter_users,
    named_as_dead_letter,
    queue_policy,
    seconds,
    sets_aside,
    source_queues,
)

FOUR_DAYS = 345600
SENDERS = {
    "aws_cloudwatch_event_target": ("events.amazonaws.com", "rule"),
    "aws_sns_topic_subscription": ("sns.amazonaws.com", "topic_arn"),
}


@rule(on="aws_sqs_queue", severity=MEDIUM)
def aws_sqs_no_dlq(queue: Resource, graph: Graph) -> Iterator[Finding]:
    """Working queues have a dead-letter queue.

    ## Why
    A message that its consumer cannot process comes back until its retention ends and is then deleted, unseen.
    ## Fix
    Set `redrive_policy` to a queue and a `maxReceiveCount`. A queue that is a dead-letter queue itself (something here
    names it as one, it has a `redrive_allow_policy`, or its name says so) needs none.
    """
    if sets_aside(queue):
        return
    if not queue.absent("redrive_allow_policy") or named_as_dead_letter(queue):
        return
    if graph.users(queue, "aws_sqs_queue_redrive_policy") or graph.users(queue, "aws_sqs_queue_redrive_allow_policy"):
        return
    if not dead_letter_users(queue, graph):
        yield queue.fails("the queue has no redrive policy: what nobody can process is deleted in the end")


@rule(on="aws_sqs_queue", severity=MEDIUM)
def aws_sqs_dlq_short_retention(queue: Resource, graph: Graph) -> Iterator[Finding]:
    """Dead-letter queues keep messages at least as long as their source queues, and four days or more.

    ## Why
    A message's age counts from its first arrival, also after it moved. With a shorter retention it is deleted before
    anybody looks at it, sometimes at once.
    ## Fix
    Set `message_retention_seconds = 1209600` (14 days, the longest) on the dead-letter queue.
    """
    if not dead_letter_users(queue, graph):
        return
    kept = seconds(queue, "message_retention_seconds", FOUR_DAYS)
    if kept < FOUR_DAYS:
        yield queue.fails(f"messages are kept for {kept} seconds, under four days", at="message_retention_seconds")
        return
    for source in source_queues(queue, graph):
        wanted = seconds(source, "message_retention_seconds", FOUR_DAYS)
        if kept < wanted:
            yield queue.fails(
                f"messages are kept for {kept} seconds, in its source {source} for {wanted}",
                at="message_retention_seconds",
                because=[source.where("message_retention_seconds")],
                fix=queue.set("message_retention_seconds", 1209600),
            )


def watches(alarm: Resource) -> bool:
    """True when the alarm speaks as soon as one message is there, and somebody hears it."""
    operator = alarm["comparison_operator"]
    limit = {"GreaterThanThreshold": 0, "GreaterThanOrEqualToThreshold": 1}.get(operator, -1)
    return all_of(
        (
            lambda: alarm["metric_name"] == "ApproximateNumberOfMessagesVisible",
            lambda: alarm["actions_enabled"] != False,
            lambda: alarm["alarm_actions"] not in (None, []),
            lambda: float(alarm["threshold"]) <= limit,
        ),
        lambda test: test(),
    )


@rule(on="aws_sqs_queue", severity=MEDIUM)
def aws_sqs_dlq_no_alarm(queue: Resource, graph: Graph) -> Iterator[Finding]:
    """Dead-letter queues raise an alarm with their first message.

    ## Why
    Messages in a dead-letter queue are work that was not done; without an alarm they are found when customers complain,
    or never.
    ## Fix
    Add an `aws_cloudwatch_metric_alarm` on `ApproximateNumberOfMessagesVisible` of the queue, greater than 0, with an
    alarm action.
    """
    if not dead_letter_users(queue, graph):
        return
    alarms = graph.users(queue, "aws_cloudwatch_metric_alarm")
    if not any_of(alarms, watches):
        places = [a.where() for a in alarms]
        yield queue.fails("no alarm with an action speaks when a message arrives here", because=places)


@rule(on="aws_sqs_queue", severity=HIGH)
def aws_sqs_dlq_missing_permission(queue: Resource, graph: Graph) -> Iterator[Finding]:
    """Dead-letter queues admit the services that send to them.

    ## Why
    EventBridge and SNS send failed events with their own service principal. When the queue's policy does not let them,
    the events vanish although a dead-letter queue is configured.
    ## Fix
    Allow `sqs:SendMessage` to `events.amazonaws.com` (or `sns.amazonaws.com`) with the rule (or topic) as
    `aws:SourceArn`.
    """
    policy = queue_policy(queue, graph)
    for type_, (service, path) in SENDERS.items():
        for sender in dead_letter_users(queue, graph, type_):
            for source in graph.follow(sender, path):
                if not admits(policy, service, "sqs:SendMessage", source):
                    yield queue.fails(
                        f"its policy does not let {service} send for {source}",
                        because=[sender.where()],
                        key=str(sender),
                    )


@rule(on=["aws_sqs_queue", "aws_sqs_queue_redrive_policy"], severity=LOW)
def aws_sqs_max_receive_count(queue: Resource) -> Iterator[Finding]:
    """Messages are tried between 2 and 100 times before they are given up.

    ## Why
    With one attempt a restart of the consumer sends good messages to the dead-letter queue; with hundreds a poisoned
    message blocks the others for hours.
    ## Fix
    Set `maxReceiveCount` to a number such as 5.
    """
    policy = queue.json("redrive_policy")
    if not is_map(policy):
        return
    count = policy.get("maxReceiveCount", 10)
    if not 2 <= attempts(count) <= 100:
        yield queue.fails(f"maxReceiveCount is {count}, outside 2 to 100", at="redrive_policy")


def lists_sources(text: Any) -> bool:
    """True when a redrive-allow policy names the queues that may use this one, or none at all."""
    return is_map(text) and text.get("redrivePermission") in ("byQueue", "denyAll")


@rule(on="aws_sqs_queue", severity=LOW)
def aws_sqs_dlq_no_redrive_allow(queue: Resource, graph: Graph) -> Iterator[Finding]:
    """Dead-letter queues list the source queues that may use them.

    ## Why
    By default any queue of the account may name this one as its dead-letter queue, and mix its messages in.
    ## Fix
    Set `redrive_allow_policy` with `redrivePermission = "byQueue"` and `sourceQueueArns`.
    """
    if not source_queues(queue, graph):
        return
    separate = graph.users(queue, "aws_sqs_queue_redrive_allow_policy")
    own = lists_sources(queue.json("redrive_allow_policy"))
    if not own and not any_of(separate, lambda p: lists_sources(p.json("redrive_allow_policy"))):
        yield queue.fails("any queue of the account may use this dead-letter queue", at="redrive_allow_policy")
