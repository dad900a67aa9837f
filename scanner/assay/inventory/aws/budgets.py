"""Budgets with their notifications, and what Cost Explorer watches for anomalies."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service

ARN = "arn:{partition}:budgets::{account}:budget/{BudgetName}"


def notifications(item: Item) -> list[dict[str, Any]]:
    """Each notification with who receives it."""
    return [
        {
            "notification_type": n.get("NotificationType"),
            "comparison_operator": n.get("ComparisonOperator"),
            "threshold": n.get("Threshold"),
            "threshold_type": n.get("ThresholdType", "PERCENTAGE"),
            "subscriber_email_addresses": _of(n, "EMAIL"),
            "subscriber_sns_topic_arns": _of(n, "SNS"),
        }
        for n in item["$notifications"] or ()
    ]


def _of(notification: dict[str, Any], kind: str) -> list[str]:
    return [s["Address"] for s in notification.get("$subscribers", ()) if s.get("SubscriptionType") == kind]


BUDGET = Make(
    type="aws_budgets_budget",
    address=ARN,
    name="BudgetName",
    bare=True,
    fields={
        "id": "{account}:{BudgetName}",
        "arn": ARN,
        "account_id": "{account}",
        "name": "BudgetName",
        "budget_type": "BudgetType",
        "limit_amount": "BudgetLimit.Amount",
        "limit_unit": "BudgetLimit.Unit",
        "time_unit": "TimeUnit",
        "cost_filter": lambda item: [{"name": k, "values": v} for k, v in (item["CostFilters"] or {}).items()] or None,
        "notification": notifications,
        "tags": tag_map("ResourceTags"),
        "tags_all": tag_map("ResourceTags"),
    },
)

TABLES = [
    Service(
        name="budgets",
        home=True,
        asks=(
            Ask(
                operation="DescribeBudgets",
                params={"AccountId": "{account}"},
                items="Budgets",
                then=(
                    Ask(
                        operation="DescribeNotificationsForBudget",
                        params={"AccountId": "{account}", "BudgetName": "BudgetName"},
                        items="Notifications",
                        put="$notifications",
                        feeds=("notification",),
                        then=(
                            Ask(
                                operation="DescribeSubscribersForNotification",
                                params={
                                    "AccountId": "{account}",
                                    "BudgetName": "^BudgetName",
                                    "Notification": "",
                                },
                                items="Subscribers",
                                put="$subscribers",
                                feeds=("notification",),
                            ),
                        ),
                    ),
                    tags("ListTagsForResource", ResourceARN=ARN),
                ),
                makes=(BUDGET,),
            ),
        ),
    ),
    Service(
        name="ce",
        home=True,
        asks=(
            Ask(
                operation="GetAnomalyMonitors",
                items="AnomalyMonitors",
                makes=(
                    Make(
                        type="aws_ce_anomaly_monitor",
                        address="MonitorArn",
                        name="MonitorName",
                        bare=True,
                        fields={
                            "id": "MonitorArn",
                            "arn": "MonitorArn",
                            "name": "MonitorName",
                            "monitor_type": "MonitorType",
                            "monitor_dimension": "MonitorDimension",
                            "tags": tag_map("ResourceTags"),
                            "tags_all": tag_map("ResourceTags"),
                        },
                    ),
                ),
                then=(tags("ListTagsForResource", ResourceArn="MonitorArn"),),
            ),
            Ask(
                operation="GetAnomalySubscriptions",
                items="AnomalySubscriptions",
                makes=(
                    Make(
                        type="aws_ce_anomaly_subscription",
                        address="SubscriptionArn",
                        name="SubscriptionName",
                        bare=True,
                        fields={
                            "id": "SubscriptionArn",
                            "arn": "SubscriptionArn",
                            "name": "SubscriptionName",
                            "account_id": "AccountId",
                            "frequency": "Frequency",
                            "monitor_arn_list": "MonitorArnList",
                            "subscriber": lambda item: [
                                {"address": s.get("Address"), "type": s.get("Type")} for s in item["Subscribers"] or ()
                            ],
                            "tags": tag_map("ResourceTags"),
                            "tags_all": tag_map("ResourceTags"),
                        },
                    ),
                ),
                then=(tags("ListTagsForResource", ResourceArn="SubscriptionArn"),),
            ),
        ),
    ),
]
