"""ECS: clusters, their services, and the newest active revision of every task definition."""

from __future__ import annotations

import json
from typing import Any

from assay.inventory.aws.common import nested, tag_map
from assay.inventory.aws.shape import plain
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.masks import masked, uncredited
from assay.model import Unknown
from assay.reports.masking import HIDDEN

SESSION_LOG = "configuration.executeCommandConfiguration.logConfiguration"

CLUSTER = Make(
    type="aws_ecs_cluster",
    address="clusterArn",
    name="clusterName",
    rename={
        "clusterArn": "arn",
        "clusterName": "name",
        "settings": "setting",
        f"{SESSION_LOG}.s3EncryptionEnabled": "s3_bucket_encryption_enabled",
        "registeredContainerInstancesCount": None,
        "runningTasksCount": None,
        "pendingTasksCount": None,
        "activeServicesCount": None,
        "statistics": None,
        "attachments": None,
        "attachmentsStatus": None,
    },
    fields={"id": "clusterArn"},
)


def network(item: Item) -> Any:
    found = item["networkConfiguration.awsvpcConfiguration"]
    if not found:
        return None
    return [
        {
            "subnets": found.get("subnets", []),
            "security_groups": found.get("securityGroups", []),
            "assign_public_ip": found.get("assignPublicIp") == "ENABLED",
        }
    ]


SERVICE = Make(
    type="aws_ecs_service",
    address="serviceArn",
    name="serviceName",
    bare=True,
    fields={
        "id": "serviceArn",
        "arn": "serviceArn",
        "name": "serviceName",
        "cluster": "clusterArn",
        "task_definition": "taskDefinition",
        "desired_count": "desiredCount",
        "launch_type": "launchType",
        "platform_version": "platformVersion",
        "scheduling_strategy": "schedulingStrategy",
        "enable_execute_command": "enableExecuteCommand",
        "propagate_tags": "propagateTags",
        "network_configuration": network,
        "load_balancer": nested("loadBalancers", {"loadBalancerName": "elb_name", "advancedConfiguration": None}),
        "deployment_circuit_breaker": nested(
            "deploymentConfiguration.deploymentCircuitBreaker",
            {"resetOnHealthyTask": None, "thresholdConfiguration": None},
        ),
        "capacity_provider_strategy": nested("capacityProviderStrategy"),
        "tags": tag_map("tags"),
        "tags_all": tag_map("tags"),
    },
)


def containers(item: Item) -> str:
    """The containers as JSON text, without what their variables hold."""
    return json.dumps([bare(plain(c)) for c in item["taskDefinition.containerDefinitions"] or ()])


def bare(container: dict[str, Any]) -> dict[str, Any]:
    """A container without what its variables hold, and without the tokens of where it logs to."""
    made = dict(container)
    if variables := container.get("environment"):
        made["environment"] = [{**v, "value": _starred(masked(v["name"], v.get("value", "")))} for v in variables]
    log = container.get("logConfiguration") or {}
    if options := log.get("options"):
        told = {name: _starred(uncredited(name, value)) for name, value in options.items()}
        made["logConfiguration"] = {**log, "options": told}
    return made


def _starred(value: Any) -> Any:
    """A masked value as JSON text can hold it."""
    return HIDDEN if isinstance(value, Unknown) else value


def volumes(item: Item) -> Any:
    names = {
        "rootDirectory": "root_directory",
        "configuredAtLaunch": "configure_at_launch",
        "host": None,
        "s3filesVolumeConfiguration": None,
    }
    made = nested("taskDefinition.volumes", names)(item)
    for source, volume in zip(item["taskDefinition.volumes"] or (), made or (), strict=True):
        if path := source.get("host", {}).get("sourcePath"):
            volume["host_path"] = path
    return made


TASK = Make(
    type="aws_ecs_task_definition",
    address="taskDefinition.taskDefinitionArn",
    name="taskDefinition.family",
    when="taskDefinition",
    bare=True,
    fields={
        "id": "taskDefinition.family",
        "arn": "taskDefinition.taskDefinitionArn",
        "family": "taskDefinition.family",
        "revision": "taskDefinition.revision",
        "network_mode": "taskDefinition.networkMode",
        "requires_compatibilities": "taskDefinition.requiresCompatibilities",
        "cpu": "taskDefinition.cpu",
        "memory": "taskDefinition.memory",
        "pid_mode": "taskDefinition.pidMode",
        "ipc_mode": "taskDefinition.ipcMode",
        "task_role_arn": "taskDefinition.taskRoleArn",
        "execution_role_arn": "taskDefinition.executionRoleArn",
        "runtime_platform": nested("taskDefinition.runtimePlatform"),
        "container_definitions": containers,
        "volume": volumes,
        "tags": tag_map("tags"),
        "tags_all": tag_map("tags"),
    },
)

TABLES = [
    Service(
        name="ecs",
        asks=(
            Ask(
                operation="ListClusters",
                items="clusterArns",
                batch=(
                    100,
                    Ask(
                        operation="DescribeClusters",
                        params={"clusters": "*", "include": ["=TAGS", "=SETTINGS", "=CONFIGURATIONS"]},
                        items="clusters",
                    ),
                ),
                makes=(CLUSTER,),
                then=(
                    Ask(
                        operation="ListServices",
                        params={"cluster": "clusterArn"},
                        items="serviceArns",
                        batch=(
                            10,
                            Ask(
                                operation="DescribeServices",
                                params={"cluster": "clusterArn", "services": "*", "include": ["=TAGS"]},
                                items="services",
                            ),
                        ),
                        makes=(SERVICE,),
                    ),
                ),
            ),
            Ask(
                operation="ListTaskDefinitionFamilies",
                params={"status": "=ACTIVE"},
                items="families",
                then=(
                    Ask(
                        operation="DescribeTaskDefinition",
                        params={"taskDefinition": "$id", "include": ["=TAGS"]},
                        makes=(TASK,),
                    ),
                ),
            ),
        ),
    )
]
