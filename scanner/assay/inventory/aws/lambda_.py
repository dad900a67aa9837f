"""Lambda: functions with all that hangs on them, layers and their versions, event source mappings."""

from __future__ import annotations

import json
from typing import Any

from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import as_text, masked_map
from assay.model import Unknown, as_list

BY_NAME = {"FunctionName": "FunctionName"}
NONE = ("ResourceNotFoundException",)


def environment(item: Item) -> list[dict[str, Any]] | None:
    found = masked_map("Environment.Variables")(item)
    return None if found is None else [{"variables": found}]


def statements(item: Item) -> list[dict[str, Any]]:
    """The statements of a resource policy as Terraform's permissions: one principal each, conditions by name."""
    text = item["Policy"]
    document = json.loads(text) if isinstance(text, str) else text
    found = document.get("Statement") if isinstance(document, dict) else None
    return [made for s in as_list(found) for made in _permissions(s)]


def _permissions(statement: dict[str, Any]) -> list[dict[str, Any]]:
    if statement.get("Effect") != "Allow":
        return []
    who = statement.get("Principal")
    conditions = {
        key.lower(): value for keys in (statement.get("Condition") or {}).values() for key, value in keys.items()
    }
    common = {
        "statement_id": statement.get("Sid"),
        "action": statement.get("Action"),
        "source_arn": conditions.get("aws:sourcearn"),
        "source_account": conditions.get("aws:sourceaccount"),
        "organization_id": conditions.get("aws:principalorgid"),
        "function_url_auth_type": conditions.get("lambda:functionurlauthtype"),
    }
    known = {k: v for k, v in common.items() if v is not None}
    principals = [p for kind in who.values() for p in as_list(kind)] if isinstance(who, dict) else [who]
    return [{**known, "principal": _account(str(p))} for p in principals]


def _account(principal: str) -> str:
    """An account by its number, as Terraform writes it; every other principal as it is."""
    pieces = principal.split(":")
    return pieces[4] if pieces[0] == "arn" and pieces[-1] == "root" else principal


PERMISSION = Make(
    type="aws_lambda_permission",
    address="{^^FunctionArn}:policy/{statement_id}/{principal}",
    name="statement_id",
    each=statements,
    rename={"organization_id": "principal_org_id"},
    fields={"function_name": "^^FunctionName", "id": "statement_id"},
)
URL = Make(
    type="aws_lambda_function_url",
    address="{FunctionArn}:url",
    name="^FunctionName",
    rename={"AuthType": "authorization_type", "FunctionArn": "function_arn"},
    fields={"function_name": "^FunctionName"},
)

FUNCTION = Make(
    type="aws_lambda_function",
    address="FunctionArn",
    name="FunctionName",
    rename={
        "FunctionArn": "arn",
        "Environment": None,
        "Layers": None,
        "CodeSha256": "source_code_hash",
        "RevisionId": None,
        "FileSystemConfigs": "file_system_config",
        "FileSystemConfigs.Arn": "arn",
        "ImageConfigResponse": None,
        "RuntimeVersionConfig": None,
        "VpcConfig.Ipv6AllowedForDualStack": "ipv6_allowed_for_dual_stack",
        "LoggingConfig.LogGroup": "log_group",
        "CodeSigningConfigArn": "code_signing_config_arn",
        "KMSKeyArn": "kms_key_arn",
        "ReservedConcurrentExecutions": "reserved_concurrent_executions",
    },
    fields={"id": "FunctionName", "layers": "Layers.Arn", "environment": environment},
)

FUNCTIONS = Ask(
    operation="ListFunctions",
    items="Functions",
    then=(
        Ask(operation="ListTags", params={"Resource": "FunctionArn"}, put="", feeds=("tags", "tags_all")),
        Ask(
            operation="GetFunctionConcurrency",
            params=BY_NAME,
            put="",
            absent=NONE,
            feeds=("reserved_concurrent_executions",),
        ),
        Ask(
            operation="GetFunctionCodeSigningConfig",
            params=BY_NAME,
            put="",
            absent=NONE,
            feeds=("code_signing_config_arn",),
            when=lambda item: item["PackageType"] != "Image",
        ),
        Ask(operation="GetPolicy", params=BY_NAME, absent=NONE, makes=(PERMISSION,)),
        Ask(operation="GetFunctionUrlConfig", params=BY_NAME, absent=NONE, makes=(URL,)),
        Ask(
            operation="ListFunctionEventInvokeConfigs",
            items="FunctionEventInvokeConfigs",
            params=BY_NAME,
            absent=NONE,
            makes=(
                Make(
                    type="aws_lambda_function_event_invoke_config",
                    address="{FunctionArn}:event-invoke-config",
                    name="^FunctionName",
                    rename={"FunctionArn": None, "LastModified": None},
                    fields={"function_name": "^FunctionName", "id": "FunctionArn"},
                ),
            ),
        ),
        Ask(
            operation="ListAliases",
            items="Aliases",
            params=BY_NAME,
            absent=NONE,
            then=(
                Ask(
                    operation="GetFunctionUrlConfig",
                    params={"FunctionName": "^FunctionName", "Qualifier": "Name"},
                    absent=NONE,
                    makes=(
                        Make(
                            type="aws_lambda_function_url",
                            address="{FunctionArn}:url",
                            name="^^FunctionName",
                            rename={"AuthType": "authorization_type", "FunctionArn": "function_arn"},
                            fields={"function_name": "^^FunctionName", "qualifier": "^Name"},
                        ),
                    ),
                ),
            ),
            makes=(
                Make(
                    type="aws_lambda_alias",
                    address="AliasArn",
                    name="Name",
                    rename={"AliasArn": "arn", "RevisionId": None},
                    fields={"function_name": "^FunctionName"},
                ),
            ),
        ),
    ),
    makes=(FUNCTION,),
)

MAPPINGS = Ask(
    operation="ListEventSourceMappings",
    items="EventSourceMappings",
    makes=(
        Make(
            type="aws_lambda_event_source_mapping",
            address="arn:{partition}:lambda:{region}:{account}:event-source-mapping:{UUID}",
            name="UUID",
            rename={
                "UUID": "id",
                "EventSourceMappingArn": "arn",
                "FunctionArn": "function_name",
                "State": None,
                "LastModified": None,
                "LastProcessingResult": None,
                "StateTransitionReason": None,
                "DestinationConfig.OnFailure.Destination": "destination_arn",
                "FilterCriteria.Filters": "filter",
            },
            fields={"enabled": lambda item: item["State"] not in ("Disabled", "Disabling")},
        ),
    ),
)

LAYERS = Ask(
    operation="ListLayers",
    items="Layers",
    then=(
        Ask(
            operation="ListLayerVersions",
            items="LayerVersions",
            params={"LayerName": "LayerName"},
            then=(
                Ask(
                    operation="GetLayerVersionPolicy",
                    params={"LayerName": "^LayerName", "VersionNumber": "Version"},
                    absent=NONE,
                    makes=(
                        Make(
                            type="aws_lambda_layer_version_permission",
                            address="{^^LayerVersionArn}:policy/{statement_id}/{principal}",
                            name="^^^LayerName",
                            each=statements,
                            fields={
                                "layer_name": "^^^LayerArn",
                                "version_number": "^^Version",
                                "policy": lambda item: as_text(item["^Policy"]),
                            },
                        ),
                    ),
                ),
            ),
            makes=(
                Make(
                    type="aws_lambda_layer_version",
                    address="LayerVersionArn",
                    name="^LayerName",
                    rename={"LayerVersionArn": "arn"},
                    fields={
                        "id": "LayerVersionArn",
                        "layer_name": "^LayerName",
                        "layer_arn": "^LayerArn",
                        "packages": lambda item: Unknown("the code of layers was not looked at (--function-code)"),
                    },
                ),
            ),
        ),
    ),
)

TABLES = [Service(name="lambda", asks=(FUNCTIONS, MAPPINGS, LAYERS))]
