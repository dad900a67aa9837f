"""Cognito: identity pools, which hand out credentials."""

from __future__ import annotations

from assay.inventory.aws.common import tag_map
from assay.inventory.aws.table import Ask, Make, Service

POOL = Make(
    type="aws_cognito_identity_pool",
    address="arn:{partition}:cognito-identity:{region}:{account}:identitypool/{IdentityPoolId}",
    name="IdentityPoolName",
    when="IdentityPoolId",
    rename={"IdentityPoolId": "id", "IdentityPoolTags": None, "SupportedLoginProviders": None},
    fields={
        "arn": "arn:{partition}:cognito-identity:{region}:{account}:identitypool/{IdentityPoolId}",
        "tags": tag_map("IdentityPoolTags"),
        "tags_all": tag_map("IdentityPoolTags"),
    },
)

TABLES = [
    Service(
        name="cognito-identity",
        asks=(
            Ask(
                operation="ListIdentityPools",
                params={"MaxResults": 60},
                items="IdentityPools",
                then=(
                    Ask(operation="DescribeIdentityPool", params={"IdentityPoolId": "IdentityPoolId"}, makes=(POOL,)),
                ),
            ),
        ),
    )
]
