"""Data Lifecycle Manager: policies that take and copy snapshots."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tag_map
from assay.inventory.aws.table import Ask, Make, Service

DETAILS = {
    "Schedules": "schedule",
    "CrossRegionCopyRules": "cross_region_copy_rule",
    "TargetRegion": "target_region",
    "Actions": "action",
    "TargetTags": None,
    "TagsToAdd": None,
    "VariableTags": None,
    "Parameters": None,
    "Scripts": None,
    "ExcludeTags": None,
}
POLICY = Make(
    type="aws_dlm_lifecycle_policy",
    address="PolicyArn",
    name="PolicyId",
    bare=True,
    fields={
        "id": "PolicyId",
        "arn": "PolicyArn",
        "description": "Description",
        "state": "State",
        "execution_role_arn": "ExecutionRoleArn",
        "policy_details": nested("PolicyDetails", DETAILS),
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)

TABLES = [
    Service(
        name="dlm",
        asks=(
            Ask(
                operation="GetLifecyclePolicies",
                items="Policies",
                then=(
                    Ask(
                        operation="GetLifecyclePolicy",
                        params={"PolicyId": "PolicyId"},
                        items="Policy",
                        makes=(POLICY,),
                    ),
                ),
            ),
        ),
    )
]
