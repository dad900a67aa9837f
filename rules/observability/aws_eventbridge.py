from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, any_of, rule

_METRICS = ("FailedInvocations", "InvocationsFailedToBeSentToDlq")


@rule(
    on="aws_cloudwatch_event_rule",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-4"],
)
def aws_event_rule_no_failure_alarm(event_rule: Resource, graph: Graph) -> Iterator[Finding]:
    """Events that a rule could not deliver raise an alarm.

    ## Why
    EventBridge drops an event that its target keeps refusing; the metric is the only trace of it.
    ## Fix
    Add an alarm with an action on `FailedInvocations` or `InvocationsFailedToBeSentToDlq` for the rule.
    """

    def watches(alarm: Resource) -> bool:
        return alarm["metric_name"] in _METRICS and alarm["actions_enabled"] != False and bool(alarm["alarm_actions"])

    if not any_of(graph.users(event_rule, "aws_cloudwatch_metric_alarm"), watches):
        yield event_rule.fails("no alarm with an action watches for failed deliveries of this rule")
