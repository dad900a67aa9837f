"""Batch: the active definitions of jobs."""

from __future__ import annotations

import json
from typing import Any

from assay.inventory.aws.ecs import bare
from assay.inventory.aws.shape import plain
from assay.inventory.aws.table import Ask, Item, Make, Service


def container(item: Item) -> Any:
    """The container as JSON text, without what its variables hold."""
    found = item["containerProperties"]
    return json.dumps(bare(plain(found))) if found else None


DEFINITION = Make(
    type="aws_batch_job_definition",
    address="jobDefinitionArn",
    name="jobDefinitionName",
    rename={
        "jobDefinitionArn": "arn",
        "jobDefinitionName": "name",
        "containerProperties": None,
        "parameters": None,
        "nodeProperties": None,
        "ecsProperties": None,
        "eksProperties": None,
        "status": None,
    },
    fields={"id": "jobDefinitionArn", "container_properties": container},
)

TABLES = [
    Service(
        name="batch",
        asks=(
            Ask(
                operation="DescribeJobDefinitions",
                params={"status": "=ACTIVE"},
                items="jobDefinitions",
                makes=(DEFINITION,),
            ),
        ),
    )
]
