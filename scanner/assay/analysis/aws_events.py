"""Who sends what to whom: dead-letter queues and their sources, and whether a permission lets a sender in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.aws_arns import matches
from assay.analysis.aws_policy_documents import statements
from assay.model import PartialList, Ref, Text, Undetermined, Unknown, all_of, any_of, without_key

if TYPE_CHECKING:
    from assay.analysis.aws_policy import Condition, Statement
    from assay.graph import Graph
    from assay.model import Resource

DEAD_LETTER_PATHS = {
    "aws_sqs_queue": ("redrive_policy.deadLetterTargetArn",),
    "aws_sqs_queue_redrive_policy": ("redrive_policy.deadLetterTargetArn",),
    "aws_sns_topic_subscription": ("redrive_policy.deadLetterTargetArn",),
    "aws_cloudwatch_event_target": ("dead_letter_config.arn",),
    "aws_cloudwatch_event_bus": ("dead_letter_config.arn",),
    "aws_scheduler_schedule": ("target.dead_letter_config.arn",),
    "aws_lambda_function": ("dead_letter_config.target_arn",),
    "aws_lambda_function_event_invoke_config": ("destination_config.on_failure.destination",),
    "aws_lambda_event_source_mapping": ("destination_config.on_failure.destination_arn",),
    "aws_pipes_pipe": (
        "source_parameters.kinesis_stream_parameters.dead_letter_config.arn",
        "source_parameters.dynamodb_stream_parameters.dead_letter_config.arn",
    ),
}
"""Where each type names the queue for what it could not deliver or process."""


def dead_letter_users(queue: Resource, graph: Graph, *types: str) -> list[Resource]:
    """The resources (of these types, or of every type that can) whose dead-letter queue this is; perhaps partial."""
    found: list[Resource] = []
    unknown: Unknown | None = None
    for type_ in types or DEAD_LETTER_PATHS:
        users = graph.users(queue, type_)
        unknown = users.unknown if isinstance(users, PartialList) else unknown
        paths = DEAD_LETTER_PATHS[type_]
        found += [u for u in list.__iter__(users) if any(queue in list.__iter__(graph.follow(u, p)) for p in paths)]
    return found if unknown is None else PartialList(found, unknown)


def source_queues(queue: Resource, graph: Graph) -> list[Resource]:
    """The queues whose unprocessable messages end in this one; perhaps partial."""
    found: list[Resource] = []
    users = dead_letter_users(queue, graph, "aws_sqs_queue", "aws_sqs_queue_redrive_policy")
    for user in list.__iter__(users):
        found += [user] if user.type == "aws_sqs_queue" else list.__iter__(graph.follow(user, "queue_url"))
    return PartialList(found, users.unknown) if isinstance(users, PartialList) else found


def queue_policy(queue: Resource, graph: Graph) -> list[Statement]:
    """The statements of a queue's own policy, inline or separate; perhaps partial."""
    found = list(list.__iter__(own := statements(queue, "policy")))
    separate = graph.users(queue, "aws_sqs_queue_policy")
    unknown = next((x.unknown for x in (own, separate) if isinstance(x, PartialList)), None)
    for policy in list.__iter__(separate):
        more = statements(policy, "policy")
        found += list.__iter__(more)
        unknown = more.unknown if isinstance(more, PartialList) else unknown
    return found if unknown is None else PartialList(found, unknown)


def admits_one(s: Statement, service: str, action: str, source: Resource | None) -> bool:
    """True when a resource policy's statement lets a service (`events.amazonaws.com`) act, on behalf of `source`."""

    def from_source(c: Condition) -> bool:
        return c.key != "aws:sourcearn" or any_of(c.values, lambda v: names(v, source))

    tests = (
        lambda: s.grants(action),
        lambda: s.to_everyone or any_of(s.principals, lambda p: p[0] == "Service" and p[1] == service),
        lambda: all_of(s.conditions, from_source),
    )
    return all_of(tests, lambda test: test())


def names(pattern: Any, target: Resource | None) -> bool:
    """True when an ARN, a pattern of one or a reference certainly covers the target.

    Raises:
        Undetermined: nobody can tell yet.
    """
    if pattern == "*" or target is None:
        return True
    if isinstance(pattern, Ref):
        return without_key(pattern.target) == without_key(target.address)
    if isinstance(pattern, Text):
        if any(names(ref, target) for ref in pattern.refs()):
            return True
        raise Undetermined(pattern)
    if isinstance(pattern, Unknown):
        raise Undetermined(pattern)
    own = [target.values.get(k) for k in ("arn", "name", "function_name", "bucket")]
    known = [v for v in own if isinstance(v, str)]
    if any(matches(pattern, v) or matches(pattern.rpartition(":")[2].rpartition("/")[2], v) for v in known):
        return True
    doubt = next((v for v in own if isinstance(v, Unknown)), None)
    if doubt is not None and not known:
        raise Undetermined(doubt)
    return False


STREAMS = ("aws_kinesis_stream", "aws_dynamodb_table")


def reads_stream(mapping: Resource, graph: Graph, path: str) -> bool:
    """True when the source that `path` names is a Kinesis or DynamoDB stream.

    Raises:
        Undetermined: the source is unknown.
    """
    found = [r for r in list.__iter__(graph.follow(mapping, path)) if r.source != "uncollected"]
    if found:
        return any(r.type in STREAMS for r in found)
    arn = mapping[path]
    if isinstance(arn, Ref):
        return arn.target.rpartition("module.")[2].partition(".")[0] in STREAMS or any(
            f"{kind}." in arn.target for kind in STREAMS
        )
    if arn is None:
        return False
    return any_of((":kinesis:", ":dynamodb:"), lambda piece: piece in arn)


SYNCHRONOUS = ("apigateway.", "elasticloadbalancing.", "cognito-idp.", "lex.", "alexa-", "appsync.", "bedrock.")


def invoked_only_synchronously(function: Resource, graph: Graph) -> bool:
    """True when somebody invokes the function here and everybody who does waits for its answer."""
    sync = list.__len__(graph.users(function, "aws_lambda_event_source_mapping")) > 0
    sync = sync or list.__len__(graph.users(function, "aws_lambda_function_url")) > 0
    if list.__len__(graph.users(function, "aws_cloudwatch_event_target")) > 0:
        return False
    if list.__len__(graph.users(function, "aws_sns_topic_subscription")) > 0:
        return False
    for permission in list.__iter__(graph.users(function, "aws_lambda_permission")):
        principal = permission["principal"]
        if not any_of(SYNCHRONOUS, lambda p, principal=principal: principal.startswith(p)):  # type: ignore[misc]
            return False
        sync = True
    return sync


def permits(permission: Resource, service: str, sources: list[Resource]) -> bool:
    """True when a Lambda permission lets the service invoke on behalf of one of the sources (or of any)."""
    tests = (
        lambda: permission["principal"] in (service, "*"),
        lambda: permission.absent("source_arn") or any_of(sources, lambda s: names(permission["source_arn"], s)),
    )
    return all_of(tests, lambda test: test())


def grants_one(s: Statement, action: str, target: Resource) -> bool:
    """True when a statement of an identity's policy allows the action on the target."""
    tests = (
        lambda: s.grants(action),
        lambda: bool(s.not_resources) or any_of(s.resources, lambda r: names(r, target)),
    )
    return all_of(tests, lambda test: test())


def named_as_dead_letter(queue: Resource) -> bool:
    """True when the queue's own name says what it is for (`orders-dlq`)."""
    found: list[str] = []
    for name in (queue["name"], queue["name_prefix"], queue.name):
        found += name.literals if isinstance(name, Text) else [name] if isinstance(name, str) else []
    text = "".join(found).lower().replace("-", "").replace("_", "")
    return any(word in text for word in ("dlq", "deadletter", "dead.letter"))


def sets_aside(queue: Resource) -> bool:
    """True when a queue's own redrive policy names a dead-letter queue; `{}` and `null` are policies that name none.

    Raises:
        Undetermined: nobody knows whether it has one.
    """
    if queue.absent("redrive_policy"):
        return False
    policy = queue["redrive_policy"]
    if not isinstance(policy, str):
        return True  # partly unknown, but there
    document = queue.json("redrive_policy") if policy else None
    if isinstance(document, Unknown):
        return True  # no JSON, which SQS refuses
    return isinstance(document, dict) and document.get("deadLetterTargetArn") is not None


def attempts(count: Any) -> int:
    """A `maxReceiveCount` as the number that it is or is written as; 0 for what is none.

    Raises:
        Undetermined: it is unknown.
    """
    if isinstance(count, Unknown):
        raise Undetermined(count)
    return int(count) if isinstance(count, (int, float)) or (isinstance(count, str) and count.isdecimal()) else 0


def of_application(source: Any) -> bool:
    """True for a source in an event pattern (a text, or a test of one) of one's own: AWS's are named `aws.something`.

    Raises:
        Undetermined: it is unknown.
    """
    reserved = "aws."
    if isinstance(source, dict):
        reserved = "aws"  # the beginning may stop before the dot
        test = source.get("prefix", source.get("wildcard", source))
        source = test.get("equals-ignore-case") if isinstance(test, dict) else test
    if isinstance(source, Unknown):
        return not source.startswith(reserved)
    return isinstance(source, str) and not source.lower().startswith(reserved)


def seconds(view: Resource, path: str, default: int) -> Any:
    """A number of seconds, the provider's default when it is absent; an unknown raises when it is compared."""
    value = view[path]
    return default if value is None else int(value) if isinstance(value, str) else value


def admits(policy: list[Statement], service: str, action: str, source: Resource | None) -> bool:
    """True when a resource policy lets the service act on behalf of `source`."""
    return any_of(policy, lambda s: admits_one(s, service, action, source))


def grants_on(granted: list[Statement], action: str, target: Resource) -> bool:
    """True when an identity's statements allow the action on the target."""
    return any_of(granted, lambda s: grants_one(s, action, target))


def grants_any(granted: list[Statement], action: str) -> bool:
    """True when an identity's statements allow the action on anything."""
    return any_of(granted, lambda s: s.grants(action))
