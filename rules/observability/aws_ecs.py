from collections.abc import Iterator

from assay import LOW, Finding, Resource, as_list, is_map, require, rule

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
