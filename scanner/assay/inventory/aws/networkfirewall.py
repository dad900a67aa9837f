"""Network Firewall: firewalls with their logging, policies, rule groups."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import nested, tag_map
from assay.inventory.aws.table import Ask, Item, Make, Service

POLICY_NAMES = {
    "StatefulRuleGroupReferences": "stateful_rule_group_reference",
    "StatelessRuleGroupReferences": "stateless_rule_group_reference",
    "StatelessCustomActions": "stateless_custom_action",
    "TLSInspectionConfigurationArn": "tls_inspection_configuration_arn",
    "PolicyVariables": None,
}
GROUP_NAMES = {
    "StatefulRules": "stateful_rule",
    "RuleOptions": "rule_option",
    "RuleVariables": None,
    "ReferenceSets": None,
}


def encryption(path: str) -> Any:
    """The encryption with a key of one's own; the firewall's own key is what Terraform leaves out."""

    def one(item: Item) -> Any:
        found = item[path]
        if not found or found.get("Type") == "AWS_OWNED_KMS_KEY":
            return None
        return [{"type": found.get("Type"), "key_id": found.get("KeyId")}]

    return one


def destinations(item: Item) -> Any:
    found = item["LoggingConfiguration.LogDestinationConfigs"] or ()
    return [
        {
            "log_destination_config": [
                {
                    "log_destination": d.get("LogDestination", {}),
                    "log_destination_type": d.get("LogDestinationType"),
                    "log_type": d.get("LogType"),
                }
                for d in found
            ]
        }
    ]


FIREWALL = Make(
    type="aws_networkfirewall_firewall",
    address="FirewallArn",
    name="FirewallName",
    rename={
        "FirewallArn": "arn",
        "FirewallName": "name",
        "FirewallId": None,
        "SubnetMappings": "subnet_mapping",
        "AvailabilityZoneMappings": "availability_zone_mapping",
        "EncryptionConfiguration": None,
        "NumberOfAssociations": None,
    },
    fields={"id": "FirewallArn", "encryption_configuration": encryption("EncryptionConfiguration")},
    keys=("encryption_configuration.key_id",),
)
LOGGING = Make(
    type="aws_networkfirewall_logging_configuration",
    address="^FirewallArn",
    name="^FirewallName",
    when="LoggingConfiguration.LogDestinationConfigs",
    bare=True,
    fields={"id": "^FirewallArn", "firewall_arn": "^FirewallArn", "logging_configuration": destinations},
)


def kind(type_: str, response: str, body: str, attribute: str, names: dict[str, str | None], arn: str) -> Make:
    """A policy or a rule group: what it is stands beside what it says."""
    return Make(
        type=type_,
        address=f"{response}.{arn}",
        name=f"{response}.{arn.removesuffix('Arn')}Name",
        bare=True,
        fields={
            "id": f"{response}.{arn}",
            "arn": f"{response}.{arn}",
            "name": f"{response}.{arn.removesuffix('Arn')}Name",
            "description": f"{response}.Description",
            "type": f"{response}.Type",
            "capacity": f"{response}.Capacity",
            attribute: nested(body, names),
            "encryption_configuration": encryption(f"{response}.EncryptionConfiguration"),
            "tags": tag_map(f"{response}.Tags"),
            "tags_all": tag_map(f"{response}.Tags"),
        },
        keys=("encryption_configuration.key_id",),
    )


TABLES = [
    Service(
        name="network-firewall",
        asks=(
            Ask(
                operation="ListFirewalls",
                items="Firewalls",
                then=(
                    Ask(
                        operation="DescribeFirewall",
                        params={"FirewallArn": "FirewallArn"},
                        items="Firewall",
                        makes=(FIREWALL,),
                        then=(
                            Ask(
                                operation="DescribeLoggingConfiguration",
                                params={"FirewallArn": "FirewallArn"},
                                makes=(LOGGING,),
                            ),
                        ),
                    ),
                ),
            ),
            Ask(
                operation="ListFirewallPolicies",
                items="FirewallPolicies",
                then=(
                    Ask(
                        operation="DescribeFirewallPolicy",
                        params={"FirewallPolicyArn": "Arn"},
                        makes=(
                            kind(
                                "aws_networkfirewall_firewall_policy",
                                "FirewallPolicyResponse",
                                "FirewallPolicy",
                                "firewall_policy",
                                POLICY_NAMES,
                                "FirewallPolicyArn",
                            ),
                        ),
                    ),
                ),
            ),
            Ask(
                operation="ListRuleGroups",
                items="RuleGroups",
                then=(
                    Ask(
                        operation="DescribeRuleGroup",
                        params={"RuleGroupArn": "Arn"},
                        makes=(
                            kind(
                                "aws_networkfirewall_rule_group",
                                "RuleGroupResponse",
                                "RuleGroup",
                                "rule_group",
                                GROUP_NAMES,
                                "RuleGroupArn",
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
]
