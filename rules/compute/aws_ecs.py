from collections.abc import Iterator

from assay import HIGH, Finding, Resource, as_list, is_map, rule


@rule(
    on="aws_ecs_task_definition",
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "prowler:ecs_task_definitions_host_networking_mode_users",
        "steampipe-aws:ecs_task_definition_no_root_user",
    ],
)
def aws_ecs_host_network_root(task: Resource) -> Iterator[Finding]:
    """Containers on the host's network run neither privileged nor as root.

    ## Why
    A container on the host's network reaches its metadata service and every port; as root it can use them.
    ## Fix
    Use `awsvpc`, or set a `user` other than root and no `privileged`.
    """
    if task["network_mode"] != "host":
        return
    for container in as_list(task.json("container_definitions")):
        if not is_map(container):
            continue
        user = str(container.get("user") or "root").partition(":")[0]
        if container.get("privileged") == True or user in ("root", "0"):
            name = container.get("name")
            yield task.fails(f"the container {name} is root on the host's network", at="network_mode", key=str(name))
