"""What a container may do to the machine it runs on."""

from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Resource, as_list, is_map, require, rule


@rule(
    on="aws_ecs_task_definition",
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_AWS_334"],
)
def aws_ecs_privileged(task: Resource) -> Iterator[Finding]:
    """Containers are not privileged.

    ## Why
    A privileged container is root on its host: leaving it takes one command.
    ## Fix
    Remove `privileged` from the container.
    """
    for container in as_list(task.json("container_definitions")):
        if is_map(container) and container.get("privileged") == True:
            yield task.fails(
                f"the container {container.get('name')} is privileged",
                at="container_definitions",
                key=str(container.get("name")),
            )


@rule(
    on="aws_ecs_task_definition",
    severity=LOW,
    controls=["nist-800-53r5:CM-5"],
    equivalents=["CKV_AWS_336", "steampipe-aws:ecs_task_definition_container_readonly_root_filesystem"],
)
def aws_ecs_writable_root(task: Resource) -> Iterator[Finding]:
    """Containers cannot write to their root file system.

    ## Why
    Whoever gets in can otherwise change the program that runs, and leave tools behind.
    ## Fix
    Set `readonlyRootFilesystem = true` and mount a volume where writing is needed.
    """
    for container in as_list(task.json("container_definitions")):
        if is_map(container) and container.get("readonlyRootFilesystem") != True:
            yield task.fails(
                f"the container {container.get('name')} may write to its root file system",
                at="container_definitions",
                key=str(container.get("name")),
            )


require(
    "aws-ecs-host-process-namespace",
    on="aws_ecs_task_definition",
    path="pid_mode",
    not_equals="host",
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_AWS_335"],
    title="Tasks do not share the host's processes.",
    why="From the shared namespace a container sees and stops the processes of every other task.",
    fix="Remove `pid_mode`, or set it to `task`.",
)


require(
    "aws-ecs-old-platform",
    on="aws_ecs_service",
    path="platform_version",
    none_of=["1.1.0", "1.2.0", "1.3.0"],
    default="LATEST",
    severity=LOW,
    controls=["nist-800-53r5:SI-2"],
    equivalents=["CKV_AWS_332"],
    title="Fargate services run on the current platform.",
    why="Retired platform versions get no fixes of the kernel and the runtime.",
    fix='Set `platform_version = "LATEST"`.',
)


@rule(
    on="aws_batch_job_definition",
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_AWS_210"],
)
def aws_batch_privileged(job: Resource) -> Iterator[Finding]:
    """Batch jobs are not privileged.

    ## Why
    A privileged container is root on its host, which runs the jobs of others too.
    ## Fix
    Remove `privileged` from `container_properties`.
    """
    properties = job.json("container_properties")
    if is_map(properties) and properties.get("privileged") in (True, "true"):
        yield job.fails("the job is privileged", at="container_properties")
