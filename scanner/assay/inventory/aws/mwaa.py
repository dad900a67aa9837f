"""Managed Airflow: environments."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Make, Service

ENVIRONMENT = Make(
    type="aws_mwaa_environment",
    address="Arn",
    name="Name",
    rename={
        "AirflowConfigurationOptions": None,  # may hold connections with their passwords
        "CreatedAt": None,
        "LastUpdate": None,
        "Status": None,
        "Teams": None,
    },
    fields={"id": "Name"},
    keys=("kms_key",),
)

TABLES = [
    Service(
        name="mwaa",
        asks=(
            Ask(
                operation="ListEnvironments",
                items="Environments",
                then=(
                    Ask(operation="GetEnvironment", params={"Name": "$id"}, items="Environment", makes=(ENVIRONMENT,)),
                ),
            ),
        ),
    )
]
