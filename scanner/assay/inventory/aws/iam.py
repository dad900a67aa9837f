"""The account and its identities: users, groups, roles, policies, keys."""

from __future__ import annotations

import csv
from typing import Any

from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import as_text, document, given, last, same

POLICIES = {"UserPolicyList": None, "GroupPolicyList": None, "RolePolicyList": None, "AttachedManagedPolicies": None}


def inline(type_: str, owner: str, list_: str, key: str) -> Make:
    """The policies written into a user, a group or a role."""
    return Make(
        type=type_,
        address=f"{{^{key}}}:{{PolicyName}}",
        name="PolicyName",
        each=list_,
        bare=True,
        fields={
            "id": f"{{^{key}}}:{{PolicyName}}",
            "name": "PolicyName",
            owner: f"^{key}",
            "policy": document("PolicyDocument"),
        },
    )


def attached(type_: str, owner: str, key: str) -> Make:
    """The policies attached to a user, a group or a role."""
    return Make(
        type=type_,
        address=f"{{^{key}}}/{{PolicyArn}}",
        name="PolicyName",
        each="AttachedManagedPolicies",
        bare=True,
        fields={"id": f"{{^{key}}}/{{PolicyArn}}", owner: f"^{key}", "policy_arn": "PolicyArn"},
    )


def root(column: str) -> Any:
    """What the credential report says of the root user."""

    def one(item: Item) -> Any:
        content = item["$report.Content"]
        if content is None:
            return None
        text = content.decode() if isinstance(content, bytes) else str(content)
        row = next((r for r in csv.DictReader(text.splitlines()) if r["user"] == "<root_account>"), {})
        value = row.get(column)
        return {"true": True, "false": False, "N/A": None, "no_information": None}.get(value or "N/A", value)

    return one


REPORT = {
    "root_password_last_used": root("password_last_used"),
    "root_access_key_1_active": root("access_key_1_active"),
    "root_access_key_2_active": root("access_key_2_active"),
    "root_access_key_1_last_used": root("access_key_1_last_used_date"),
    "root_access_key_2_last_used": root("access_key_2_last_used_date"),
}
SUMMARY: dict[str, Any] = {
    "root_mfa_enabled": lambda item: flag(item["$summary.SummaryMap.AccountMFAEnabled"]),
    "root_access_keys_present": lambda item: flag(item["$summary.SummaryMap.AccountAccessKeysPresent"]),
    "users": "$summary.SummaryMap.Users",
    "mfa_devices_in_use": "$summary.SummaryMap.MFADevicesInUse",
    "server_certificates": "$summary.SummaryMap.ServerCertificates",
    "saml_providers": "$summary.SummaryMap.Providers",
}


def flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


FEATURELESS = (
    "AccountNotManagementOrDelegatedAdministratorException", "OrganizationNotFoundException",
    "OrganizationNotInAllFeaturesModeException", "ServiceAccessNotEnabledException",
)  # fmt: skip
"""Only the account that manages an organisation may ask for its features."""

ACCOUNT = Ask(
    operation="GetCallerIdentity",
    service="sts",
    then=(
        Ask(operation="GetAccountSummary", put="$summary", feeds=tuple(SUMMARY)),
        Ask(operation="GenerateCredentialReport", put="$state", ready=same("State", "COMPLETE"), feeds=tuple(REPORT)),
        Ask(
            operation="GetCredentialReport",
            put="$report",
            absent=("ReportNotPresent",),
            feeds=tuple(REPORT),
            when=lambda item: "GenerateCredentialReport" not in item.failed,
        ),
        Ask(
            operation="GetAccountPasswordPolicy",
            items="PasswordPolicy",
            absent=("NoSuchEntity",),
            makes=(
                Make(
                    type="aws_iam_account_password_policy",
                    address="arn:{partition}:iam::{account}:account-password-policy",
                    name="{account}",
                    rename={
                        "RequireLowercaseCharacters": "require_lowercase_characters",
                        "RequireUppercaseCharacters": "require_uppercase_characters",
                    },
                ),
            ),
        ),
        Ask(
            operation="ListSAMLProviders",
            items="SAMLProviderList",
            makes=(
                Make(
                    type="aws_iam_saml_provider",
                    address="Arn",
                    name=last("Arn"),
                    bare=True,
                    fields={"id": "Arn", "arn": "Arn", "name": last("Arn"), "valid_until": "ValidUntil"},
                ),
            ),
        ),
        Ask(
            operation="ListOrganizationsFeatures",
            absent=FEATURELESS,
            makes=(
                Make(
                    type="aws_iam_organizations_features",
                    address="{OrganizationId}/features",
                    name="OrganizationId",
                    when="OrganizationId",
                    bare=True,
                    fields={"id": "OrganizationId", "enabled_features": lambda item: item["EnabledFeatures"] or []},
                ),
            ),
        ),
        Ask(
            operation="ListAccountAliases",
            items="AccountAliases",
            makes=(
                Make(
                    type="aws_iam_account_alias",
                    address="arn:{partition}:iam::{account}:alias/{$id}",
                    name="$id",
                    fields={"account_alias": "$id", "id": "$id"},
                ),
            ),
        ),
        Ask(
            operation="GetPublicAccessBlock",
            service="s3control",
            params={"AccountId": "{account}"},
            items="PublicAccessBlockConfiguration",
            absent=("NoSuchPublicAccessBlockConfiguration",),
            makes=(
                Make(
                    type="aws_s3_account_public_access_block",
                    address="arn:{partition}:s3::{account}:public-access-block",
                    name="{account}",
                    fields={"account_id": "{account}", "id": "{account}"},
                ),
            ),
        ),
    ),
    makes=(
        Make(
            type="account",
            address="arn:{partition}:iam::{account}:root",
            name="{account}",
            bare=True,
            answered=True,
            fields={"id": "{account}", "account_id": "{account}", **SUMMARY, **REPORT},
        ),
    ),
)

USERS = Ask(
    operation="GetAccountAuthorizationDetails",
    items="UserDetailList",
    params={"Filter": ["=User"]},
    then=(
        Ask(
            operation="GetLoginProfile",
            params={"UserName": "UserName"},
            items="LoginProfile",
            absent=("NoSuchEntity",),
            put="$login",
            feeds=("aws_iam_user_login_profile", "password_enabled"),
        ),
        Ask(
            operation="GetUser",
            params={"UserName": "UserName"},
            put="$user",
            feeds=("password_last_used",),
            when="$login",
        ),
        Ask(
            operation="ListMFADevices",
            params={"UserName": "UserName"},
            items="MFADevices",
            put="$mfa",
            feeds=("mfa_devices", "mfa_active"),
        ),
        Ask(
            operation="ListAccessKeys",
            params={"UserName": "UserName"},
            items="AccessKeyMetadata",
            then=(
                Ask(
                    operation="GetAccessKeyLastUsed",
                    params={"AccessKeyId": "AccessKeyId"},
                    items="AccessKeyLastUsed",
                    put="$used",
                    feeds=("last_used_date",),
                ),
            ),
            makes=(
                Make(
                    type="aws_iam_access_key",
                    address="{AccessKeyId}",
                    name="UserName",
                    rename={"UserName": "user", "AccessKeyId": "id"},
                    fields={
                        "last_used_date": lambda item: next((u.get("LastUsedDate") for u in item["$used"] or ()), None)
                    },
                ),
            ),
        ),
    ),
    makes=(
        Make(
            type="aws_iam_user",
            address="Arn",
            name="UserName",
            rename={**POLICIES, "UserName": "name", "UserId": "unique_id", "GroupList": "groups",
                    "PermissionsBoundary": None},
            fields={
                "id": "UserName",
                "permissions_boundary": "PermissionsBoundary.PermissionsBoundaryArn",
                "password_enabled": lambda item: bool(item["$login"]),
                "password_last_used": "$user.User.PasswordLastUsed",
                "mfa_devices": "$mfa.SerialNumber",
                "mfa_active": lambda item: bool(item["$mfa"]),
            },
        ),
        Make(
            type="aws_iam_user_login_profile",
            address="{^Arn}",
            name="^UserName",
            each="$login",
            rename={"UserName": "user"},
        ),
        Make(
            type="aws_iam_user_group_membership",
            address="{Arn}:groups",
            name="UserName",
            when="GroupList",
            bare=True,
            folds=("aws_iam_group_membership",),
            fields={"user": "UserName", "groups": "GroupList"},
        ),
        inline("aws_iam_user_policy", "user", "UserPolicyList", "UserName"),
        attached("aws_iam_user_policy_attachment", "user", "UserName"),
    ),
)  # fmt: skip

GROUPS = Ask(
    operation="GetAccountAuthorizationDetails",
    items="GroupDetailList",
    params={"Filter": ["=Group"]},
    makes=(
        Make(
            type="aws_iam_group",
            address="Arn",
            name="GroupName",
            rename={**POLICIES, "GroupName": "name", "GroupId": "unique_id"},
            fields={"id": "GroupName"},
        ),
        inline("aws_iam_group_policy", "group", "GroupPolicyList", "GroupName"),
        attached("aws_iam_group_policy_attachment", "group", "GroupName"),
    ),
)

ROLES = Ask(
    operation="GetAccountAuthorizationDetails",
    items="RoleDetailList",
    params={"Filter": ["=Role"]},
    makes=(
        Make(
            type="aws_iam_role",
            address="Arn",
            name="RoleName",
            folds=("aws_iam_policy_attachment",),
            rename={
                **POLICIES,
                "RoleName": "name",
                "RoleId": "unique_id",
                "InstanceProfileList": None,
                "AssumeRolePolicyDocument": None,
                "PermissionsBoundary": None,
                "RoleLastUsed": None,
            },
            fields={
                "id": "RoleName",
                "assume_role_policy": document("AssumeRolePolicyDocument"),
                "permissions_boundary": "PermissionsBoundary.PermissionsBoundaryArn",
                "last_used_date": "RoleLastUsed.LastUsedDate",
            },
        ),
        Make(
            type="aws_iam_instance_profile",
            address="Arn",
            name="InstanceProfileName",
            each="InstanceProfileList",
            bare=True,
            fields={
                "id": "InstanceProfileName",
                "name": "InstanceProfileName",
                "arn": "Arn",
                "role": lambda item: next((r["RoleName"] for r in item["Roles"] or ()), None),
            },
        ),
        inline("aws_iam_role_policy", "role", "RolePolicyList", "RoleName"),
        attached("aws_iam_role_policy_attachment", "role", "RoleName"),
    ),
)


def default_version(item: Item) -> Any:
    """The document of the version in force."""
    versions = item["PolicyVersionList"] or ()
    return next((as_text(v.get("Document")) for v in versions if v.get("IsDefaultVersion")), None)


MANAGED = Ask(
    operation="GetAccountAuthorizationDetails",
    items="Policies",
    params={"Filter": ["=LocalManagedPolicy"]},
    makes=(
        Make(
            type="aws_iam_policy",
            address="Arn",
            name=last("Arn"),
            rename={"PolicyName": None, "PolicyId": "policy_id", "PolicyVersionList": None},
            fields={"id": "Arn", "name": last("Arn"), "policy": default_version},
            when=given("Arn"),
        ),
    ),
)

CERTIFICATES = Ask(
    operation="ListServerCertificates",
    items="ServerCertificateMetadataList",
    then=(
        Ask(
            operation="GetServerCertificate",
            params={"ServerCertificateName": "ServerCertificateName"},
            items="ServerCertificate",
            put="$body",
            feeds=("certificate_body",),
        ),
    ),
    makes=(
        Make(
            type="aws_iam_server_certificate",
            address="Arn",
            name="ServerCertificateName",
            rename={"ServerCertificateName": "name", "ServerCertificateId": "id"},
            fields={"certificate_body": lambda item: next((b["CertificateBody"] for b in item["$body"] or ()), None)},
        ),
    ),
)

TABLES = [Service(name="iam", home=True, asks=(ACCOUNT, USERS, GROUPS, ROLES, MANAGED, CERTIFICATES))]
