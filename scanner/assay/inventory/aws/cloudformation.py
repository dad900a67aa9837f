"""CloudFormation: stacks, whether they can be deleted by mistake, and what they say of themselves."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.shape import tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.masks import masked


def outputs(item: Item) -> dict[str, Any]:
    """The outputs by name; of their values what certainly is no secret."""
    return {o["OutputKey"]: masked(o["OutputKey"], o.get("OutputValue")) for o in item["Outputs"] or ()}


STACK = Make(
    type="aws_cloudformation_stack",
    address="StackId",
    name="StackName",
    when=lambda item: not str(item["StackStatus"]).startswith("DELETE_"),
    bare=True,
    fields={
        "id": "StackId",
        "name": "StackName",
        "status": "StackStatus",
        "parent_id": "ParentId",
        "enable_termination_protection": "EnableTerminationProtection",
        "notification_arns": lambda item: item["NotificationARNs"] or [],
        "iam_role_arn": "RoleARN",
        "outputs": outputs,
        "tags": lambda item: tags(item["Tags"]),
        "tags_all": lambda item: tags(item["Tags"]),
    },
)

TABLES = [
    Service(
        name="cloudformation",
        asks=(
            Ask(
                operation="DescribeStacks",
                items="Stacks",
                then=(
                    Ask(  # a list leaves it out
                        operation="DescribeStacks",
                        params={"StackName": "StackId"},
                        items="Stacks",
                        put="",
                        feeds=("enable_termination_protection",),
                        when=lambda item: item["EnableTerminationProtection"] is None and not item["ParentId"],
                    ),
                ),
                makes=(STACK,),
            ),
        ),
    )
]
