"""ECR: repositories, their policies, and what the registry scans."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tags
from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import document, given

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
    fields={"id": "repositoryName"},
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
