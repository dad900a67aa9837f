"""CloudWatch: alarms on metrics, and alarms made of alarms."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import block, pairs

MOMENT = {
    "AlarmArn": "arn",
    "OKActions": "ok_actions",
    "AlarmConfigurationUpdatedTimestamp": None,
    "StateValue": None,  # of the moment: two audits of the same alarms are to be equal
    "StateReason": None,
    "StateReasonData": None,
    "StateUpdatedTimestamp": None,
    "StateTransitionedTimestamp": None,
    "EvaluationState": None,
    "ActionsSuppressedBy": None,
    "ActionsSuppressedReason": None,
    "ActionConfiguration": None,
}


SUPPRESSOR = block(
    alarm="ActionsSuppressor",
    extension_period="ActionsSuppressorExtensionPeriod",
    wait_period="ActionsSuppressorWaitPeriod",
)


def queries(item: Item) -> Any:
    """The metrics of an alarm that computes with several."""
    made = []
    for query in item["Metrics"] or ():
        block: dict[str, Any] = {
            "id": query.get("Id"),
            "expression": query.get("Expression"),
            "label": query.get("Label"),
            "return_data": query.get("ReturnData"),
            "account_id": query.get("AccountId"),
        }
        if stat := query.get("MetricStat"):
            metric = stat.get("Metric", {})
            block["metric"] = [
                {
                    "metric_name": metric.get("MetricName"),
                    "namespace": metric.get("Namespace"),
                    "period": stat.get("Period"),
                    "stat": stat.get("Stat"),
                    "dimensions": {d["Name"]: d["Value"] for d in metric.get("Dimensions", ())},
                }
            ]
        made.append({k: v for k, v in block.items() if v is not None})
    return made or None


TAGS = tags("ListTagsForResource", ResourceARN="AlarmArn")

TABLES = [
    Service(
        name="cloudwatch",
        asks=(
            Ask(
                operation="DescribeAlarms",
                params={"AlarmTypes": ["=MetricAlarm"]},
                items="MetricAlarms",
                then=(TAGS,),
                makes=(
                    Make(
                        type="aws_cloudwatch_metric_alarm",
                        address="AlarmArn",
                        name="AlarmName",
                        rename={**MOMENT, "Dimensions": None, "Metrics": None},
                        fields={
                            "id": "AlarmName",
                            "dimensions": pairs("Dimensions", "Name"),
                            "metric_query": queries,
                        },
                    ),
                ),
            ),
            Ask(
                operation="DescribeAlarms",
                params={"AlarmTypes": ["=CompositeAlarm"]},
                items="CompositeAlarms",
                then=(TAGS,),
                makes=(
                    Make(
                        type="aws_cloudwatch_composite_alarm",
                        address="AlarmArn",
                        name="AlarmName",
                        rename={
                            **MOMENT,
                            "ActionsSuppressor": None,
                            "ActionsSuppressorExtensionPeriod": None,
                            "ActionsSuppressorWaitPeriod": None,
                        },
                        fields={"id": "AlarmName", "actions_suppressor": SUPPRESSOR},
                    ),
                ),
            ),
        ),
    )
]
