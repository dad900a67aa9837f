"""ECR: repositories, their policies, and what the registry scans."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import nested, tags
from assay.inventory.aws.shape import plain
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import document, given


def newest(item: Item) -> list[dict[str, Any]]:
    """The image that was pushed last, with what its scan says; none in an empty repository."""
    images = [i for i in item["$images"] or () if i.get("imagePushedAt")]
    if not images:
        return []
    last = max(images, key=lambda i: i["imagePushedAt"])
    counts = last.get("imageScanFindingsSummary", {}).get("findingSeverityCounts") or {}
    return [
        {
            "digest": last.get("imageDigest"),
            "tag": next(iter(last.get("imageTags") or ()), None),
            "pushed_at": plain(last["imagePushedAt"]),
            "scan_status": last.get("imageScanStatus", {}).get("status", "NONE"),
            "critical": counts.get("CRITICAL", 0),
            "high": counts.get("HIGH", 0),
        }
    ]


KEPT = 200
"""Images of a repository, the newest ones, whose scans are kept: what runs is among them."""


def scans(item: Item) -> list[dict[str, Any]]:
    """What the scans say of the newest images, by digest and tags."""
    images = sorted(item["$images"] or (), key=lambda i: str(i.get("imagePushedAt", "")), reverse=True)
    return [
        {
            "digest": i.get("imageDigest"),
            "tags": i.get("imageTags") or [],
            "scan_status": i.get("imageScanStatus", {}).get("status", "NONE"),
            "critical": (i.get("imageScanFindingsSummary", {}).get("findingSeverityCounts") or {}).get("CRITICAL", 0),
        }
        for i in images[:KEPT]
    ]


REPOSITORY = Make(
    type="aws_ecr_repository",
    address="repositoryArn",
    name="repositoryName",
    rename={
        "repositoryArn": "arn",
        "repositoryName": "name",
        "repositoryUri": "repository_url",
        "createdAt": None,
        "imageTagMutabilityExclusionFilters": "image_tag_mutability_exclusion_filter",
    },
    fields={"id": "repositoryName", "newest_image": newest, "image_scan": scans},
    keys=("encryption_configuration.kms_key",),
)

TABLES = [
    Service(
        name="ecr",
        asks=(
            Ask(
                operation="DescribeRepositories",
                items="repositories",
                then=(
                    tags("ListTagsForResource", resourceArn="repositoryArn"),
                    Ask(
                        operation="DescribeImages",
                        params={"repositoryName": "repositoryName"},
                        items="imageDetails",
                        put="$images",
                        feeds=("newest_image", "image_scan"),
                    ),
                    Ask(
                        operation="GetLifecyclePolicy",
                        params={"repositoryName": "repositoryName"},
                        absent=("LifecyclePolicyNotFoundException",),
                        makes=(
                            Make(
                                type="aws_ecr_lifecycle_policy",
                                address="{^repositoryArn}:lifecycle",
                                name="^repositoryName",
                                when="lifecyclePolicyText",
                                bare=True,
                                fields={
                                    "id": "^repositoryName",
                                    "repository": "^repositoryName",
                                    "policy": "lifecyclePolicyText",
                                },
                            ),
                        ),
                    ),
                    Ask(
                        operation="GetRepositoryPolicy",
                        params={"repositoryName": "repositoryName"},
                        absent=("RepositoryPolicyNotFoundException",),
                        makes=(
                            Make(
                                type="aws_ecr_repository_policy",
                                address="^repositoryArn",
                                name="^repositoryName",
                                when="policyText",
                                bare=True,
                                fields={
                                    "id": "^repositoryName",
                                    "repository": "^repositoryName",
                                    "policy": document("policyText"),
                                },
                            ),
                        ),
                    ),
                ),
                makes=(REPOSITORY,),
            ),
            Ask(
                operation="GetRegistryScanningConfiguration",
                makes=(
                    Make(
                        type="aws_ecr_registry_scanning_configuration",
                        address="arn:{partition}:ecr:{region}:{account}:scanning",
                        when=given("scanningConfiguration"),
                        bare=True,
                        fields={
                            "id": "registryId",
                            "scan_type": "scanningConfiguration.scanType",
                            "rule": nested("scanningConfiguration.rules", {"repositoryFilters": "repository_filter"}),
                        },
                    ),
                ),
            ),
        ),
    )
]
