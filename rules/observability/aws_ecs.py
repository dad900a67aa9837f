from collections.abc import Iterator
from typing import Any

from assay import INFO, LOW, Finding, Resource, any_of, as_list, is_map, require, rule

require(
    "aws-ecs-exec-no-log",
    on="aws_ecs_cluster",
    path="configuration.execute_command_configuration.logging",
    not_equals="NONE",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_223"],
    title="Sessions opened with ECS Exec are logged.",
    why="A shell in a running container can do what the container can; without a log nobody knows what was done.",
)


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
