"""Directory Service: directories with the certificates they sign people in by."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tag_map, tags
from assay.inventory.aws.table import Ask, Make, Service

ARN = "arn:{partition}:ds:{region}:{account}:directory/{DirectoryId}"
DIRECTORY = Make(
    type="aws_directory_service_directory",
    address=ARN,
    name="Name",
    bare=True,
    fields={
        "id": "DirectoryId",
        "arn": ARN,
        "name": "Name",
        "type": "Type",
        "edition": "Edition",
        "size": "Size",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
        "certificate": lambda item: nested("$certificates")(item) or [],
    },
)

TABLES = [
    Service(
        name="ds",
        asks=(
            Ask(
                operation="DescribeDirectories",
                items="DirectoryDescriptions",
                then=(
                    Ask(
                        operation="ListCertificates",
                        params={"DirectoryId": "DirectoryId"},
                        items="CertificatesInfo",
                        absent=("UnsupportedOperationException",),
                        when=lambda item: item["Type"] == "MicrosoftAD",
                        put="$certificates",
                        feeds=("certificate",),
                    ),
                    tags("ListTagsForResource", ResourceId="DirectoryId"),
                ),
                makes=(DIRECTORY,),
            ),
        ),
    )
]
