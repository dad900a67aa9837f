"""What a tenancy keeps of what happens in it, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Finding, Graph, Resource, any_of, require, rule
from assay.analysis.naming import is_production
from assay.analysis.oci_events import GROUPS, announced, is_about_governance
from assay.analysis.oci_tenancy import answers_for, declared, exists, is_tenancy

CONFIGURATION, TARGET = "oci_cloud_guard_cloud_guard_configuration", "oci_cloud_guard_target"

require(
    "oci-audit-short-retention",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-11"],
    equivalents=["prowler:audit_log_retention_period_365_days", "cis_reports:OBP:Log_Retention"],
    on="oci_audit_configuration",
    path="retention_period_days",
    at_least=365,
    title="The audit log is kept for a year.",
    why="Intrusions are found months after they began: what was deleted by then cannot say how.",
)


def _watches(target: Resource, graph: Graph) -> bool:
    """True when Cloud Guard looks at the tenancy, or at a production compartment."""
    if any_of(graph.follow(target, "target_resource_id"), lambda c: c.source != "uncollected" and is_production(c)):
        return True
    return is_tenancy(target["target_resource_id"])


@rule(
    on="tenancy",
    severity=HIGH,
    controls=["cis-oci-3.1:4.14", "cis-oci-3.0:4.14", "nist-800-53r5:SI-4", "nist-800-53r5:RA-5"],
    equivalents=[
        "prowler:cloudguard_enabled",
        "cis_reports:LAM-14",
        "cis_reports:OBP:Cloud_Guard_Config",
        "steampipe-oci:cis_v300_4_14",
        "steampipe-tf-oci:cloudguard_enabled",
    ],
)
def oci_cloud_guard_off(tenancy: Resource, graph: Graph) -> Iterator[Finding]:
    """Cloud Guard is on and looks at the whole tenancy.

    ## Why
    It is what notices a public bucket or a strange sign-in between two audits.
    ## Fix
    Set `status = "ENABLED"` on `oci_cloud_guard_cloud_guard_configuration`, and add a target for the root
    compartment.
    """
    if not answers_for(tenancy, graph, CONFIGURATION):
        return
    if not any_of(declared(tenancy, graph, CONFIGURATION), lambda c: c["status"] == "ENABLED"):
        yield tenancy.fails("Cloud Guard is not enabled", key="status")
    elif not any_of(declared(tenancy, graph, TARGET), lambda target: _watches(target, graph)):
        yield tenancy.fails("no Cloud Guard target covers the tenancy or its production compartments", key="target")


@rule(
    on="tenancy",
    severity=MEDIUM,
    controls=[
        "cis-oci-3.1:4.5",
        "cis-oci-3.0:4.5",
        "cis-oci-3.1:4.6",
        "cis-oci-3.0:4.6",
        "cis-oci-3.1:4.4",
        "cis-oci-3.0:4.4",
        "cis-oci-3.1:4.3",
        "cis-oci-3.0:4.3",
        "cis-oci-3.1:4.18",
        "cis-oci-3.0:4.18",
        "cis-oci-3.1:4.15",
        "cis-oci-3.0:4.15",
        "cis-oci-3.1:4.8",
        "cis-oci-3.0:4.8",
        "cis-oci-3.1:4.12",
        "cis-oci-3.0:4.12",
        "cis-oci-3.1:4.9",
        "cis-oci-3.0:4.9",
        "cis-oci-3.1:4.11",
        "cis-oci-3.0:4.11",
        "cis-oci-3.1:4.10",
        "cis-oci-3.0:4.10",
        "cis-oci-3.1:4.7",
        "cis-oci-3.0:4.7",
        "nist-800-53r5:AU-6",
        "nist-800-53r5:SI-4",
    ],
    equivalents=[
        "prowler:events_rule_iam_group_changes",
        "prowler:events_rule_iam_policy_changes",
        "prowler:events_rule_idp_group_mapping_changes",
        "prowler:events_rule_identity_provider_changes",
        "prowler:events_rule_local_user_authentication",
        "prowler:events_rule_cloudguard_problems",
        "prowler:events_rule_vcn_changes",
        "prowler:events_rule_network_gateway_changes",
        "prowler:events_rule_route_table_changes",
        "prowler:events_rule_network_security_group_changes",
        "prowler:events_rule_security_list_changes",
        "prowler:events_rule_user_changes",
        "cis_reports:LAM-5",
        "cis_reports:LAM-6",
        "cis_reports:LAM-4",
        "cis_reports:LAM-3",
        "cis_reports:LAM-18",
        "cis_reports:LAM-15",
        "cis_reports:LAM-8",
        "cis_reports:LAM-12",
        "cis_reports:LAM-9",
        "cis_reports:LAM-11",
        "cis_reports:LAM-10",
        "cis_reports:LAM-7",
        "steampipe-oci:cis_v300_4_5",
        "steampipe-oci:cis_v300_4_6",
        "steampipe-oci:cis_v300_4_4",
        "steampipe-oci:cis_v300_4_3",
        "steampipe-oci:cis_v300_4_18",
        "steampipe-oci:cis_v300_4_15",
        "steampipe-oci:cis_v300_4_8",
        "steampipe-oci:cis_v300_4_12",
        "steampipe-oci:cis_v300_4_9",
        "steampipe-oci:cis_v300_4_11",
        "steampipe-oci:cis_v300_4_10",
        "steampipe-oci:cis_v300_4_7",
    ],
)
def oci_no_event_notification(tenancy: Resource, graph: Graph) -> Iterator[Finding]:
    """Changes of identities, networks and findings of Cloud Guard are announced to somebody.

    ## Why
    A new policy or gateway is the first visible step of many intrusions, and of many mistakes.
    ## Fix
    Add enabled `oci_events_rule` resources for these events, with a notification topic as their action.
    """
    rules = declared(tenancy, graph, "oci_events_rule")
    if not answers_for(tenancy, graph) and not is_about_governance(rules):
        return
    missing = [name for name in GROUPS if not announced(rules, name)]
    if missing:
        yield tenancy.fails(f"no event rule announces: {', '.join(missing)}")


def _is_heard(topic: Resource, graph: Graph) -> bool:
    """True when somebody has subscribed, and confirmed it."""
    return any_of(graph.users(topic, "oci_ons_subscription"), lambda s: s["state"] != "PENDING")


@rule(
    on=["oci_ons_notification_topic", "tenancy"],
    severity=MEDIUM,
    controls=["cis-oci-3.1:4.2", "cis-oci-3.0:4.2", "nist-800-53r5:AU-6", "nist-800-53r5:SI-4"],
    equivalents=[
        "prowler:events_notification_topic_and_subscription_exists",
        "cis_reports:LAM-2",
        "steampipe-oci:cis_v300_4_2",
    ],
)
def oci_no_notification_topic(scope: Resource, graph: Graph) -> Iterator[Finding]:
    """A notification topic has a subscription.

    ## Why
    Alarms and events that go to a topic without subscribers go nowhere.
    ## Fix
    Add an `oci_ons_subscription` with its `topic_id`, and let its endpoint confirm it.
    """
    if scope.type == "tenancy":
        if answers_for(scope, graph) and not exists(scope, graph, "oci_ons_notification_topic"):
            yield scope.fails("no notification topic")
    elif not any_of(graph.beside(scope, "oci_ons_notification_topic"), lambda topic: _is_heard(topic, graph)):
        yield scope.fails("no topic here has a subscription")


@rule(on="oci_monitoring_alarm", severity=MEDIUM, controls=["nist-800-53r5:AU-6", "nist-800-53r5:SI-4"])
def oci_no_alarm_destination(alarm: Resource, graph: Graph) -> Iterator[Finding]:
    """Alarms are on, and somebody hears them.

    ## Why
    An alarm that rings where nobody is, is found in the review of the outage.
    ## Fix
    Set `is_enabled = true`, and name a topic that has a subscription in `destinations`.
    """
    if alarm["is_enabled"] == False:
        yield alarm.fails("the alarm is off", at="is_enabled")
        return
    if not alarm["destinations"]:
        yield alarm.fails("the alarm tells nobody", at="destinations")
    for place in graph.follow(alarm, "destinations"):
        if place.source == "uncollected":
            yield alarm.unsure(f"who listens to {place} is not known", at="destinations")
        elif place.type == "oci_ons_notification_topic" and not graph.users(place, "oci_ons_subscription"):
            yield alarm.fails(f"nobody subscribes to {place}", at="destinations", key=place.address)
