"""Global Accelerator, which answers in one region only."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tags
from assay.inventory.aws.table import Ask, Make, Service

ACCELERATOR = Make(
    type="aws_globalaccelerator_accelerator",
    address="AcceleratorArn",
    name="Name",
    rename={
        "AcceleratorArn": "arn",
        "IpSets": None,
        "Status": None,
        "CreatedTime": None,
        "LastModifiedTime": None,
        "Events": None,
    },
    fields={
        "id": "AcceleratorArn",
        "attributes": nested("$attributes"),
    },
)

TABLES = [
    Service(
        name="globalaccelerator",
        home=True,
        region="us-west-2",
        asks=(
            Ask(
                operation="ListAccelerators",
                items="Accelerators",
                then=(
                    Ask(
                        operation="DescribeAcceleratorAttributes",
                        params={"AcceleratorArn": "AcceleratorArn"},
                        items="AcceleratorAttributes",
                        put="$attributes",
                        feeds=("attributes",),
                    ),
                    tags("ListTagsForResource", ResourceArn="AcceleratorArn"),
                ),
                makes=(ACCELERATOR,),
            ),
        ),
    )
]
