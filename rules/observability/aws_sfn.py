from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule

_SOURCES = ["terraform", "plan", "aws"]  # a definition alone says nothing about logs, traces and alarms


@rule(
    on="aws_sfn_state_machine",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_285",
        "prowler:stepfunctions_statemachine_logging_enabled",
        "steampipe-aws:sfn_state_machine_logging_enabled",
    ],
    sources=_SOURCES,
)
def aws_sfn_no_execution_log(machine: Resource) -> Iterator[Finding]:
    """State machines log their executions, with the data.

    ## Why
    The history of an express workflow exists nowhere else, that of a standard one for ninety days only.
    ## Fix
    Set `level` to `ALL` or `ERROR` and `include_execution_data = true` in `logging_configuration`.
    """
    level = "logging_configuration.level"
    if machine[level] not in ("ALL", "ERROR"):
        fatal = machine[level] == "FATAL"
        yield machine.fails("only fatal errors are logged" if fatal else "executions are not logged", at=level)
    elif machine["logging_configuration.include_execution_data"] != True:
        path = "logging_configuration.include_execution_data"
        yield machine.fails("the log leaves out the execution data", at=path, fix=machine.set(path, True))


require(
    "aws-sfn-no-trace",
    on="aws_sfn_state_machine",
    path="tracing_configuration.enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_284"],
    title="State machines are traced.",
    why="A trace shows which step of which service made an execution slow; the execution's history does not.",
    sources=_SOURCES,
)


def _rings(alarm: Resource, metric: str) -> bool:
    """Whether the alarm watches the metric and tells somebody."""
    if alarm["actions_enabled"] == False or not alarm["alarm_actions"]:
        return False
    return alarm["metric_name"] == metric or any_of(
        alarm.each("metric_query"), lambda q: q["metric.metric_name"] == metric
    )


@rule(
    on="aws_sfn_state_machine",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-4"],
    sources=_SOURCES,
)
def aws_sfn_no_failure_alarm(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Failed and timed out executions raise an alarm.

    ## Why
    A state machine fails in silence: the event that started it is gone and nobody waits for the answer.
    ## Fix
    Add alarms on `ExecutionsFailed` and `ExecutionsTimedOut` of the state machine, each with an action.
    """

    def watched(metric: str) -> bool:
        return any_of(graph.users(machine, "aws_cloudwatch_metric_alarm"), lambda alarm: _rings(alarm, metric))

    missing = [metric for metric in ("ExecutionsFailed", "ExecutionsTimedOut") if not watched(metric)]
    if missing:
        yield machine.fails(f"no alarm with an action watches {' or '.join(missing)}")
