"""Cognito: identity pools, which hand out credentials, and user pools, which people sign in to."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tag_map
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

USERS = Make(
    type="aws_cognito_user_pool",
    address="Arn",
    name="Name",
    when="Arn",
    bare=True,
    fields={
        "id": "Id",
        "arn": "Arn",
        "name": "Name",
        "mfa_configuration": "MfaConfiguration",
        "deletion_protection": "DeletionProtection",
        "password_policy": nested("Policies.PasswordPolicy"),
        "user_pool_add_ons": nested("UserPoolAddOns"),
        "tags": tag_map("UserPoolTags"),
        "tags_all": tag_map("UserPoolTags"),
    },
)

TABLES = [
    Service(
        name="cognito-idp",
        asks=(
            Ask(
                operation="ListUserPools",
                params={"MaxResults": 60},
                items="UserPools",
                then=(
                    Ask(operation="DescribeUserPool", params={"UserPoolId": "Id"}, items="UserPool", makes=(USERS,)),
                ),
            ),
        ),
    ),
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
    ),
]
