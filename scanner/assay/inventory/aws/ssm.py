"""Systems Manager: documents of one's own with whom they are shared, and parameters without what they hold."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service


def shared(item: Item) -> Any:
    """Whom a document is shared with, as Terraform writes it: one text."""
    accounts = [one["$id"] for one in item["$shared"] or ()]
    return {"type": "Share", "account_ids": ",".join(accounts)} if accounts else None


DOCUMENT = Make(
    type="aws_ssm_document",
    address="arn:{partition}:ssm:{region}:{account}:document/{Name}",
    name="Name",
    bare=True,
    fields={
        "id": "Name",
        "arn": "arn:{partition}:ssm:{region}:{account}:document/{Name}",
        "name": "Name",
        "document_type": "DocumentType",
        "document_format": "DocumentFormat",
        "content": lambda item: next((c["$id"] for c in item["$content"] or ()), None),
        "permissions": shared,
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)
PARAMETER = Make(
    type="aws_ssm_parameter",
    address="ARN",
    name="Name",
    rename={"ARN": "arn", "LastModifiedDate": None, "LastModifiedUser": None, "Policies": None},
    fields={"id": "Name"},
    keys=("key_id",),
)

TABLES = [
    Service(
        name="ssm",
        asks=(
            Ask(
                operation="ListDocuments",
                params={"Filters": lambda _: [{"Key": "Owner", "Values": ["Self"]}]},
                items="DocumentIdentifiers",
                then=(
                    Ask(
                        operation="GetDocument",
                        params={"Name": "Name"},
                        items="Content",
                        put="$content",
                        feeds=("content",),
                        when=lambda item: item["DocumentType"] == "Session",
                    ),
                    Ask(
                        operation="DescribeDocumentPermission",
                        params={"Name": "Name", "PermissionType": "=Share"},
                        items="AccountIds",
                        put="$shared",
                        feeds=("permissions",),
                    ),
                ),
                makes=(DOCUMENT,),
            ),
            Ask(
                operation="DescribeParameters",
                items="Parameters",
                then=(tags("ListTagsForResource", "TagList", ResourceType="=Parameter", ResourceId="Name"),),
                makes=(PARAMETER,),
            ),
        ),
    )
]
