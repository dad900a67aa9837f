"""OpenSearch: domains, and the policies of serverless collections."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import nested, tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import document


def logs(item: Item) -> list[dict[str, Any]]:
    return [
        {"log_type": kind, "cloudwatch_log_group_arn": o.get("CloudWatchLogsLogGroupArn"), "enabled": o.get("Enabled")}
        for kind, o in (item["LogPublishingOptions"] or {}).items()
    ]


DOMAIN = Make(
    type="aws_opensearch_domain",
    address="ARN",
    name="DomainName",
    when="ARN",
    rename={
        "ARN": "arn",
        "EBSOptions": "ebs_options",
        "EBSOptions.EBSEnabled": "ebs_enabled",
        "VPCOptions": "vpc_options",
        "EncryptionAtRestOptions": "encrypt_at_rest",
        "NodeToNodeEncryptionOptions": "node_to_node_encryption",
        "ClusterConfig.MultiAZWithStandbyEnabled": "multi_az_with_standby_enabled",
        "IPAddressType": "ip_address_type",
        "LogPublishingOptions": None,
        "Processing": None,
        "UpgradeProcessing": None,
        "ServiceSoftwareOptions": None,
        "ChangeProgressDetails": None,
        "DomainProcessingStatus": None,
        "ModifyingProperties": None,
        "AutoTuneOptions": None,
        "AIMLOptions": None,
    },
    fields={
        "id": "ARN",
        "log_publishing_options": logs,
        "update_available": "ServiceSoftwareOptions.UpdateAvailable",
        "auto_tune_options": nested("AutoTuneOptions", {"State": "desired_state", "ErrorMessage": None}),
    },
    folds=("aws_opensearch_domain_policy",),
    keys=("encrypt_at_rest.kms_key_id",),
)

POLICY = Make(
    type="aws_opensearchserverless_security_policy",
    address="arn:{partition}:aoss:{region}:{account}:security-policy/{type}/{name}",
    name="name",
    when="name",
    rename={"createdDate": None, "lastModifiedDate": None},
    fields={"id": "name", "policy": document("policy")},
)


def policies(kind: str) -> Ask:
    return Ask(
        operation="ListSecurityPolicies",
        params={"type": f"={kind}"},
        items="securityPolicySummaries",
        then=(
            Ask(
                operation="GetSecurityPolicy",
                params={"type": "type", "name": "name"},
                items="securityPolicyDetail",
                makes=(POLICY,),
            ),
        ),
    )


TABLES = [
    Service(
        name="opensearch",
        asks=(
            Ask(
                operation="ListDomainNames",
                items="DomainNames.DomainName",
                batch=(
                    5,
                    Ask(
                        operation="DescribeDomains",
                        params={"DomainNames": "*"},
                        items="DomainStatusList",
                    ),
                ),
                then=(tags("ListTags", ARN="ARN"),),
                makes=(DOMAIN,),
            ),
        ),
    ),
    Service(name="opensearchserverless", asks=(policies("network"), policies("encryption"))),
]
