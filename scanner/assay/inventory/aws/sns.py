"""SNS: topics and subscriptions."""

from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import last

TABLES = [
    Service(
        name="sns",
        asks=(
            Ask(
                operation="ListTopics",
                items="Topics",
                then=(
                    Ask(
                        operation="GetTopicAttributes",
                        params={"TopicArn": "TopicArn"},
                        items="Attributes",
                        put="",
                        feeds=("aws_sns_topic",),
                    ),
                    Ask(
                        operation="ListTagsForResource",
                        params={"ResourceArn": "TopicArn"},
                        put="",
                        feeds=("tags", "tags_all"),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_sns_topic",
                        address="TopicArn",
                        name=last("TopicArn", ":"),
                        when="Owner",
                        folds=("aws_sns_topic_policy",),
                        rename={
                            "TopicArn": "arn",
                            "EffectiveDeliveryPolicy": None,
                            "SubscriptionsConfirmed": None,
                            "SubscriptionsDeleted": None,
                            "SubscriptionsPending": None,
                        },
                        fields={"id": "TopicArn", "name": last("TopicArn", ":")},
                    ),
                ),
            ),
            Ask(
                operation="ListSubscriptions",
                items="Subscriptions",
                then=(
                    Ask(
                        operation="GetSubscriptionAttributes",
                        params={"SubscriptionArn": "SubscriptionArn"},
                        items="Attributes",
                        put="",
                        feeds=("redrive_policy", "filter_policy", "raw_message_delivery"),
                        absent=("NotFound",),
                        when=lambda item: str(item["SubscriptionArn"]).startswith("arn:"),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_sns_topic_subscription",
                        address="SubscriptionArn",
                        name=last("TopicArn", ":"),
                        rename={"SubscriptionArn": "arn", "EffectiveDeliveryPolicy": None},
                        fields={"id": "SubscriptionArn"},
                        when=lambda item: item["SubscriptionArn"] != "Deleted",
                    ),
                ),
            ),
        ),
    )
]
