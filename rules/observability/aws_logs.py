from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule

require(
    "aws-log-group-no-retention",
    on="aws_cloudwatch_log_group",
    path="retention_in_days",
    at_least=30,
    default=0,
    # The DELIVERY class keeps two days, whatever is configured.
    when=lambda r: r["log_group_class"] != "DELIVERY",
    severity=LOW,
    controls=["nist-800-53r5:AU-11"],
    equivalents=[
        "CKV_AWS_66",
        "CKV_AWS_338",
        "prowler:cloudwatch_log_group_retention_policy_specific_days_enabled",
        "steampipe-aws:cloudwatch_log_group_retention_period_365",
    ],
    title="Log groups keep their events for a stated time, at least thirty days.",
    why="Kept for ever they cost more each month; kept for days only they are gone when an incident is found.",
)


@rule(
    on="aws_cloudwatch_metric_alarm",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-4"],
    equivalents=[
        "CKV_AWS_319",
        "prowler:cloudwatch_alarm_actions_alarm_state_configured",
        "prowler:cloudwatch_alarm_actions_enabled",
        "steampipe-aws:cloudwatch_alarm_action_enabled",
        "steampipe-aws:cloudwatch_alarm_action_enabled_check",
    ],
)
def aws_alarm_no_action(alarm: Resource, graph: Graph) -> Iterator[Finding]:
    """Alarms tell somebody.

    ## Why
    An alarm without an action turns red on a dashboard that nobody looks at.
    ## Fix
    Give `alarm_actions` a topic, and leave `actions_enabled` true.
    """
    if alarm["actions_enabled"] == False:
        yield alarm.fails("its actions are disabled", at="actions_enabled", fix=alarm.set("actions_enabled", True))
    elif not alarm["alarm_actions"]:
        composites = graph.beside(alarm, "aws_cloudwatch_composite_alarm")
        if not any_of(composites, lambda c: alarm["alarm_name"] in c["alarm_rule"]):
            yield alarm.fails("nothing happens when it fires: alarm_actions is empty", at="alarm_actions")
