"""Lambda: failed invocations and batches are kept, and the function may write to where they go."""

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, rule
from assay.analysis.aws_events import grants_on, invoked_only_synchronously, reads_stream
from assay.analysis.aws_granted import role_statements

SENDING = {
    "aws_sqs_queue": "sqs:SendMessage",
    "aws_sns_topic": "sns:Publish",
    "aws_lambda_function": "lambda:InvokeFunction",
    "aws_cloudwatch_event_bus": "events:PutEvents",
}
DESTINATIONS = (
    ("aws_lambda_function_event_invoke_config", "destination_config.on_failure.destination"),
    ("aws_lambda_function_event_invoke_config", "destination_config.on_success.destination"),
    ("aws_lambda_event_source_mapping", "destination_config.on_failure.destination_arn"),
)


@rule(
    on="aws_lambda_function",
    severity=MEDIUM,
    equivalents=[
        "CKV_AWS_116",
        "prowler:awslambda_function_no_dead_letter_queue",
        "steampipe-aws:lambda_function_dead_letter_queue_configured",
    ],
)
def aws_lambda_async_no_dlq(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions keep the events they fail on.

    ## Why
    An asynchronous invocation is tried three times; then the event is discarded unless a dead-letter queue or a failure
    destination takes it.
    ## Fix
    Set `dead_letter_config`, or an `aws_lambda_function_event_invoke_config` with an `on_failure` destination. A
    function whose every invoker here waits for the answer (an API, a queue) needs none.
    """
    if not function.absent("dead_letter_config.target_arn"):
        return
    configs = graph.users(function, "aws_lambda_function_event_invoke_config")
    if any_of(configs, lambda c: not c.absent("destination_config.on_failure.destination")):
        return
    if not invoked_only_synchronously(function, graph):
        yield function.fails("events that the function fails on are lost: no dead-letter queue or failure destination")


@rule(on="aws_lambda_event_source_mapping", severity=MEDIUM)
def aws_lambda_esm_no_dlq(mapping: Resource, graph: Graph) -> Iterator[Finding]:
    """Stream mappings give up on a failing batch after a bound, and keep what they gave up on.

    ## Why
    A stream is read in order: by default a record that cannot be processed is tried until it expires, and blocks its
    shard for days. With a bound but no destination it is then lost.
    ## Fix
    Set `maximum_retry_attempts` or `maximum_record_age_in_seconds`, and an `on_failure` destination.
    """
    if not reads_stream(mapping, graph, "event_source_arn"):
        return
    if mapping.absent("destination_config.on_failure.destination_arn"):
        yield mapping.fails("records that cannot be processed are lost: no on_failure destination")
    elif mapping["maximum_retry_attempts"] in (None, -1) and mapping["maximum_record_age_in_seconds"] in (None, -1):
        yield mapping.fails(
            "a failing batch is retried without bound and blocks its shard", at="maximum_retry_attempts"
        )


@rule(on="aws_lambda_event_source_mapping", severity=LOW)
def aws_lambda_esm_no_bisect(mapping: Resource, graph: Graph) -> Iterator[Finding]:
    """Stream mappings split a failing batch and report which records failed.

    ## Why
    Otherwise one bad record has its whole batch processed again and again, side effects included.
    ## Fix
    Set `bisect_batch_on_function_error = true` and `function_response_types = ["ReportBatchItemFailures"]`.
    """
    if not reads_stream(mapping, graph, "event_source_arn"):
        return
    if mapping["bisect_batch_on_function_error"] != True:
        yield mapping.fails(
            "a failing batch is not split",
            at="bisect_batch_on_function_error",
            fix=mapping.set("bisect_batch_on_function_error", True),
        )
    elif "ReportBatchItemFailures" not in as_list(mapping["function_response_types"]):
        yield mapping.fails("the function cannot report which records of a batch failed", at="function_response_types")


@rule(on="aws_lambda_function", severity=HIGH)
def aws_lambda_destination_not_permitted(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions may write to their dead-letter queue and destinations.

    ## Why
    Lambda sends failures with the function's own role. When the role may not, the failures vanish although a
    destination is configured.
    ## Fix
    Allow the role `sqs:SendMessage`, `sns:Publish`, `lambda:InvokeFunction` or `events:PutEvents` on the destination.
    """
    places = [(function, "dead_letter_config.target_arn")]
    places += [(user, path) for type_, path in DESTINATIONS for user in graph.users(function, type_)]
    for owner, path in places:
        for target in graph.follow(owner, path):
            action = SENDING.get(target.type)
            if target.source == "uncollected" or action == None:
                continue
            for role in graph.follow(function, "role"):
                if not grants_on(role_statements(role, graph), action, target):
                    yield function.fails(
                        f"{role} does not allow {action} on {target}: failures are lost",
                        at="role",
                        because=[owner.where(path)],
                        key=str(target),
                    )
