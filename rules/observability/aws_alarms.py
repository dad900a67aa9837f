"""Alarms on what a trail records: one table, for the framework demands one alarm an event."""

import re
from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, Severity, any_of, rule

_FILTER = "aws_cloudwatch_log_metric_filter"
_ALARM = "aws_cloudwatch_metric_alarm"
_TEXT = """{title} raises an alarm.

## Why
{why}
## Fix
Add a metric filter on the trail's log group whose pattern names {words},
and an alarm on its metric.
"""


def _covers(pattern: str, wanted: set[str], service: str) -> bool:
    """Whether a filter pattern names all the words, or the whole service without singling out events."""
    found = set(re.findall(r"\w+", str(pattern)))
    return wanted <= found or (bool(service) and service in found and "eventName" not in found)


def _heard(log_filter: Resource, graph: Graph) -> bool:
    """Whether an alarm watches the metric of a filter; it may name the metric or refer to the filter."""
    if graph.users(log_filter, _ALARM):
        return True
    metric = log_filter["metric_transformation.name"]
    return any_of(graph.beside(log_filter, _ALARM), lambda alarm: alarm["metric_name"] == metric)


def _of_a_trail(log_filter: Resource, graph: Graph) -> bool:
    """False when the filter reads another log group than those the trails write to."""
    groups = {
        group.address
        for trail in graph.beside(log_filter, "aws_cloudtrail")
        if not trail.absent("cloud_watch_logs_group_arn")
        for group in graph.follow(trail, "cloud_watch_logs_group_arn")
        if group.source != "uncollected"
    }
    mine = [g.address for g in graph.follow(log_filter, "log_group_name") if g.source != "uncollected"]
    return not groups or not mine or mine[0] in groups


def _demand(
    id: str,  # noqa: A002 - named as in rule()
    title: str,
    words: str,
    why: str,
    *,
    severity: Severity,
    controls: list[str],
    equivalents: list[str],
    service: str = "",
) -> None:
    """The rule that an alarm exists on events named by `words`."""
    wanted = set(words.split())

    def judge(account: Resource, graph: Graph) -> Iterator[Finding]:
        filters = graph.beside(account, _FILTER)
        # Code without a trail and without such filters is a part of an account whose alarms are elsewhere.
        if account.source != "aws" and not filters and not graph.beside(account, "aws_cloudtrail"):
            return

        def raises_alarm(f: Resource) -> bool:
            return _covers(f["pattern"], wanted, service) and _of_a_trail(f, graph) and _heard(f, graph)

        if not any_of(filters, raises_alarm):
            yield account.fails(f"no metric filter with an alarm names {', '.join(words.split())}")

    judge.__doc__ = _TEXT.format(title=title, why=why, words=", ".join(f"`{w}`" for w in words.split()))
    rule(id=id, on="account", severity=severity, controls=controls, equivalents=equivalents)(judge)


_demand(
    "aws-no-alarm-unauthorized-calls",
    "A refused API call",
    "UnauthorizedOperation AccessDenied",
    "Refusals in a row are somebody trying what a stolen key can do.",
    severity=LOW,
    controls=["cis-aws-1.2:3.1", "cis-aws-1.4:4.1", "cis-aws-7.0:5.1", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:4c18a45b",
        "AVD-AWS-0147",
        "prowler:cloudwatch_log_metric_filter_unauthorized_api_calls",
        "steampipe-aws:log_metric_filter_unauthorized_api",
    ],
)

_demand(
    "aws-no-alarm-console-without-mfa",
    "Console sign-in without a second factor",
    "ConsoleLogin MFAUsed Yes",
    "A password alone is phished or guessed; such a sign-in is either a gap or an intruder.",
    severity=LOW,
    controls=["cis-aws-1.2:3.2", "cis-aws-1.4:4.2", "cis-aws-7.0:5.2", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:44ceb4fa",
        "AVD-AWS-0148",
        "prowler:cloudwatch_log_metric_filter_sign_in_without_mfa",
        "steampipe-aws:log_metric_filter_console_login_mfa",
    ],
)

_demand(
    "aws-no-alarm-root-use",
    "Use of the root user",
    "userIdentity type Root",
    "Nothing restrains the root user, and nearly nothing needs it.",
    severity=MEDIUM,
    controls=["cis-aws-1.2:3.3", "cis-aws-1.4:4.3", "cis-aws-7.0:5.3", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:8b1b1e67",
        "AVD-AWS-0149",
        "prowler:cloudwatch_log_metric_filter_root_usage",
        "steampipe-aws:log_metric_filter_root_login",
    ],
)

_demand(
    "aws-no-alarm-iam-policy-change",
    "A change of IAM policies",
    "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy "
    "CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy "
    "AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy",
    "Granting oneself rights is the first step of most takeovers.",
    severity=LOW,
    controls=["cis-aws-1.2:3.4", "cis-aws-1.4:4.4", "cis-aws-7.0:5.4", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:eaaba502",
        "AVD-AWS-0150",
        "prowler:cloudwatch_log_metric_filter_policy_changes",
        "steampipe-aws:log_metric_filter_iam_policy",
    ],
)

_demand(
    "aws-no-alarm-cloudtrail-change",
    "A change of a trail",
    "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging",
    "Whoever wants to work unseen stops the trail first.",
    severity=LOW,
    controls=["cis-aws-1.2:3.5", "cis-aws-1.4:4.5", "cis-aws-7.0:5.5", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:0f6cbf69",
        "AVD-AWS-0151",
        "prowler:cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled",
        "steampipe-aws:log_metric_filter_cloudtrail_configuration",
    ],
)

_demand(
    "aws-no-alarm-console-failure",
    "A failed console sign-in",
    "ConsoleLogin Failed authentication",
    "Many failures are somebody guessing passwords.",
    severity=LOW,
    controls=["cis-aws-1.4:4.6", "cis-aws-1.2:3.6", "cis-aws-7.0:5.6", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:5864d189",
        "AVD-AWS-0152",
        "prowler:cloudwatch_log_metric_filter_authentication_failures",
        "steampipe-aws:log_metric_filter_console_authentication_failure",
    ],
)

_demand(
    "aws-no-alarm-key-deletion",
    "Disabling or deleting a key",
    "DisableKey ScheduleKeyDeletion",
    "What a deleted key encrypted is lost; between schedule and deletion there is time to stop it.",
    service="kms",
    severity=LOW,
    controls=["cis-aws-1.2:3.7", "cis-aws-1.4:4.7", "cis-aws-7.0:5.7", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:56a585f5",
        "AVD-AWS-0153",
        "prowler:cloudwatch_log_metric_filter_disable_or_scheduled_deletion_of_kms_cmk",
        "steampipe-aws:log_metric_filter_disable_or_delete_cmk",
    ],
)

_demand(
    "aws-no-alarm-bucket-policy-change",
    "A change of a bucket's policy or settings",
    "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication "
    "DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication",
    "One such call makes a bucket public, copies it away or lets it expire.",
    severity=LOW,
    controls=["cis-aws-1.2:3.8", "cis-aws-1.4:4.8", "cis-aws-7.0:5.8", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:27c6a499",
        "AVD-AWS-0154",
        "prowler:cloudwatch_log_metric_filter_for_s3_bucket_policy_changes",
        "steampipe-aws:log_metric_filter_bucket_policy",
    ],
)

_demand(
    "aws-no-alarm-config-change",
    "A change of AWS Config",
    "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder",
    "With the recorder off, later changes leave no history.",
    service="config",
    severity=LOW,
    controls=["cis-aws-1.2:3.9", "cis-aws-1.4:4.9", "cis-aws-7.0:5.9", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:5b8d7527",
        "AVD-AWS-0155",
        "prowler:cloudwatch_log_metric_filter_and_alarm_for_aws_config_configuration_changes_enabled",
        "steampipe-aws:log_metric_filter_config_configuration",
    ],
)

_demand(
    "aws-no-alarm-security-group-change",
    "A change of security groups",
    "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
    "RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup",
    "One rule opens a database to the internet.",
    severity=LOW,
    controls=["cis-aws-1.2:3.10", "cis-aws-1.4:4.10", "cis-aws-7.0:5.10", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:4beaf898",
        "AVD-AWS-0156",
        "prowler:cloudwatch_log_metric_filter_security_group_changes",
        "steampipe-aws:log_metric_filter_security_group",
    ],
)

_demand(
    "aws-no-alarm-network-acl-change",
    "A change of network ACLs",
    "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry "
    "ReplaceNetworkAclAssociation",
    "Network ACLs are rarely touched, so a change is worth a look.",
    severity=LOW,
    controls=["cis-aws-1.4:4.11", "cis-aws-1.2:3.11", "cis-aws-7.0:5.11", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:0a8e8dc5",
        "AVD-AWS-0157",
        "prowler:cloudwatch_changes_to_network_acls_alarm_configured",
        "steampipe-aws:log_metric_filter_network_acl",
    ],
)

_demand(
    "aws-no-alarm-gateway-change",
    "A change of network gateways",
    "CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway "
    "DeleteInternetGateway DetachInternetGateway",
    "A new gateway is a new way in and out of the network.",
    severity=LOW,
    controls=["cis-aws-1.2:3.12", "cis-aws-1.4:4.12", "cis-aws-7.0:5.12", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:6b6874fe",
        "AVD-AWS-0158",
        "prowler:cloudwatch_changes_to_network_gateways_alarm_configured",
        "steampipe-aws:log_metric_filter_network_gateway",
    ],
)

_demand(
    "aws-no-alarm-route-table-change",
    "A change of routes",
    "CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute "
    "DisassociateRouteTable",
    "A route sends traffic past the firewall, or through somebody else's machine.",
    severity=LOW,
    controls=["cis-aws-1.2:3.13", "cis-aws-1.4:4.13", "cis-aws-7.0:5.13", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:2285e608",
        "AVD-AWS-0159",
        "prowler:cloudwatch_changes_to_network_route_tables_alarm_configured",
        "steampipe-aws:log_metric_filter_route_table",
    ],
)

_demand(
    "aws-no-alarm-vpc-change",
    "A change of networks and their peerings",
    "CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection "
    "DeleteVpcPeeringConnection RejectVpcPeeringConnection",
    "A peering joins a network to one that somebody else controls.",
    severity=LOW,
    controls=["cis-aws-1.2:3.14", "cis-aws-1.4:4.14", "cis-aws-7.0:5.14", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:9d0d4512",
        "AVD-AWS-0160",
        "prowler:cloudwatch_changes_to_vpcs_alarm_configured",
        "steampipe-aws:log_metric_filter_vpc",
    ],
)

_demand(
    "aws-no-alarm-organization-change",
    "A change of the organization",
    "AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake "
    "DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType "
    "EnablePolicyType InviteAccountToOrganization LeaveOrganization MoveAccount "
    "RemoveAccountFromOrganization UpdatePolicy UpdateOrganizationalUnit",
    "An account that leaves the organization leaves its guardrails as well.",
    service="organizations",
    severity=LOW,
    controls=["cis-aws-1.4:4.15", "cis-aws-7.0:5.15", "nist-800-53r5:AU-6"],
    equivalents=[
        "kics:38b85c45",
        "AVD-AWS-0174",
        "prowler:cloudwatch_log_metric_filter_aws_organizations_changes",
        "steampipe-aws:log_metric_filter_organization",
    ],
)
