from collections.abc import Iterator
from typing import Any

from assay import INFO, LOW, Finding, Graph, Resource, any_of, as_list, is_map, rule
from assay.analysis.parts import each_of

_EXEC = "configuration.execute_command_configuration"


@rule(on="aws_ecs_cluster", severity=LOW, controls=["nist-800-53r5:AU-12"], equivalents=["CKV_AWS_223"])
def aws_ecs_exec_no_log(cluster: Resource, graph: Graph) -> Iterator[Finding]:
    """Sessions opened with ECS Exec are logged.

    `NONE` logs nothing. `OVERRIDE` logs to the group or the bucket of `log_configuration`. `DEFAULT`, which holds where
    nothing is said, logs where the container's own `awslogs` does, and nowhere for a container without it
    (`ExecuteCommandConfiguration` in the API reference of ECS).

    ## Why
    A shell in a running container can do what the container can; without a log nobody knows what was done.
    ## Fix
    Set `logging = "OVERRIDE"` and a group or bucket in `log_configuration`, or give the containers `awslogs`.
    """
    logging = cluster[f"{_EXEC}.logging"]
    if logging == "NONE":
        yield cluster.fails("sessions are not logged: logging is NONE", at=f"{_EXEC}.logging")
    elif logging == "OVERRIDE":
        logs = f"{_EXEC}.log_configuration"
        if cluster.absent(f"{logs}.cloud_watch_log_group_name") and cluster.absent(f"{logs}.s3_bucket_name"):
            yield cluster.fails("sessions are logged nowhere: OVERRIDE names no log group and no bucket", at=logs)
    else:
        yield from each_of(graph.users(cluster, "aws_ecs_service"), lambda s: unlogged(cluster, s, graph))


def unlogged(cluster: Resource, service: Resource, graph: Graph) -> Iterator[Finding]:
    """The containers of a service in which sessions can be opened that no log keeps, where the cluster says nothing."""
    if service["enable_execute_command"] != True:
        return
    for task in graph.follow(service, "task_definition"):
        silent = [str(c.get("name")) for c in as_list(task.json("container_definitions")) if not to_awslogs(c)]
        if silent:
            yield cluster.fails(
                f"sessions in {', '.join(silent)} of {service} are not logged: they have no awslogs",
                at=f"{_EXEC}.logging",
                because=[service.where("enable_execute_command"), task.where("container_definitions")],
                key=str(service),
            )


def to_awslogs(container: Any) -> bool:
    """Whether a container's output goes to CloudWatch Logs."""
    log: Any = container.get("logConfiguration") if is_map(container) else None
    return is_map(log) and log.get("logDriver") == "awslogs"


@rule(
    on="aws_ecs_task_definition",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["prowler:ecs_task_definitions_logging_enabled", "steampipe-aws:ecs_task_definition_logging_enabled"],
)
def aws_ecs_task_no_log(task: Resource) -> Iterator[Finding]:
    """Containers send their output to a log.

    ## Why
    What a container prints is gone with it, the reason it stopped included.
    ## Fix
    Give every container definition a `logConfiguration`.
    """
    for container in as_list(task.json("container_definitions")):
        if is_map(container) and container.get("logConfiguration") == None:
            name = container.get("name")
            yield task.fails(f"the container {name} has no logConfiguration", at="container_definitions", key=str(name))


@rule(
    on="aws_ecs_cluster",
    severity=INFO,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["CKV_AWS_65"],
)
def aws_ecs_no_container_insights(r: Resource) -> Iterator[Finding]:
    """Clusters report the metrics of their containers.

    ## Why
    Which container takes the memory, and which one restarts, is not among the ordinary metrics.
    ## Fix
    Add `setting { name = "containerInsights", value = "enabled" }`.
    """
    settings = [s for s in r.each("setting") if s["name"] == "containerInsights"]
    if not any_of(settings, lambda s: s["value"] in ("enabled", "enhanced")):
        yield r.fails("container insights are off", at="setting")


@rule(
    on="aws_ecs_task_definition",
    severity=INFO,
    equivalents=["prowler:ecs_task_definitions_logging_block_mode"],
)
def aws_ecs_task_log_blocking(task: Resource) -> Iterator[Finding]:
    """Containers go on when their log cannot be written.

    Since June 2025 that is the default; a definition is judged that says `blocking`.

    ## Why
    With a full buffer the container stops at its next print: an outage of the log becomes one of the service.
    ## Fix
    Set `mode` to `non-blocking` and `max-buffer-size` in the options of `awslogs`.
    """
    for container in as_list(task.json("container_definitions")):
        log: Any = container.get("logConfiguration") if is_map(container) else None
        if not is_map(log) or log.get("logDriver") != "awslogs":
            continue
        options = log.get("options")
        if is_map(options) and options.get("mode") == "blocking":
            name = container.get("name")
            yield task.fails(f"a full log buffer stops {name}", at="container_definitions", key=str(name))
