"""MQ: brokers."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.table import Ask, Item, Make, Service


def logs(item: Item) -> Any:
    found = item["Logs"]
    return [{"general": bool(found.get("General")), "audit": bool(found.get("Audit"))}] if found else None


TABLES = [
    Service(
        name="mq",
        asks=(
            Ask(
                operation="ListBrokers",
                items="BrokerSummaries",
                then=(
                    Ask(
                        operation="DescribeBroker",
                        params={"BrokerId": "BrokerId"},
                        makes=(
                            Make(
                                type="aws_mq_broker",
                                address="BrokerArn",
                                name="BrokerName",
                                when="BrokerArn",
                                rename={
                                    "BrokerArn": "arn",
                                    "BrokerId": "id",
                                    "Configurations": None,
                                    "Logs": None,
                                    "LdapServerMetadata": None,
                                    "Users": None,
                                    "ActionsRequired": None,
                                    "BrokerState": None,
                                    "Created": None,
                                },
                                fields={"logs": logs},
                                keys=("encryption_options.kms_key_id",),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
]
