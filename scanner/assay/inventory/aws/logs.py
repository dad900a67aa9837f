"""CloudWatch Logs: groups, metric filters, and who may write into the account's logs."""

from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import blocks, document


def arn(item: Item) -> str:
    """The group's ARN as Terraform has it, without the star at its end."""
    return str(item["arn"]).removesuffix(":*")


TABLES = [
    Service(
        name="logs",
        asks=(
            Ask(
                operation="DescribeLogGroups",
                items="logGroups",
                then=(
                    Ask(
                        operation="ListTagsForResource",
                        params={"resourceArn": arn},
                        put="",
                        feeds=("tags", "tags_all"),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_cloudwatch_log_group",
                        address=arn,
                        name="logGroupName",
                        rename={
                            "logGroupName": "name",
                            "logGroupArn": None,
                            "storedBytes": None,
                            "metricFilterCount": None,
                        },
                        fields={"id": "logGroupName", "arn": arn},
                    ),
                ),
            ),
            Ask(
                operation="DescribeMetricFilters",
                items="metricFilters",
                makes=(
                    Make(
                        type="aws_cloudwatch_log_metric_filter",
                        address="arn:{partition}:logs:{region}:{account}:log-group:{logGroupName}:metric-filter:{filterName}",
                        name="filterName",
                        rename={"filterName": "name", "filterPattern": "pattern", "metricTransformations": None},
                        fields={
                            "id": "filterName",
                            "metric_transformation": blocks(
                                "metricTransformations",
                                {"metricName": "name", "metricNamespace": "namespace", "metricValue": "value"},
                            ),
                        },
                    ),
                ),
            ),
            Ask(
                operation="DescribeResourcePolicies",
                items="resourcePolicies",
                makes=(
                    Make(
                        type="aws_cloudwatch_log_resource_policy",
                        address="arn:{partition}:logs:{region}:{account}:resource-policy:{policyName}",
                        name="policyName",
                        rename={"lastUpdatedTime": None},
                        fields={"id": "policyName", "policy_document": document("policyDocument")},
                    ),
                ),
            ),
            Ask(
                operation="DescribeDestinations",
                items="destinations",
                makes=(
                    Make(
                        type="aws_cloudwatch_log_destination_policy",
                        address="{arn}:policy",
                        name="destinationName",
                        when="accessPolicy",
                        bare=True,
                        fields={"destination_name": "destinationName", "access_policy": document("accessPolicy")},
                    ),
                ),
            ),
        ),
    )
]
