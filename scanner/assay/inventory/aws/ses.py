"""SES: configuration sets, which say how mail is delivered."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Make, Service

SET = Make(
    type="aws_sesv2_configuration_set",
    address="arn:{partition}:ses:{region}:{account}:configuration-set/{ConfigurationSetName}",
    name="ConfigurationSetName",
    when="ConfigurationSetName",
    rename={"ArchivingOptions": None, "MessageSecurityOptions": None, "ReputationOptions.LastFreshStart": None},
    fields={
        "id": "ConfigurationSetName",
        "arn": "arn:{partition}:ses:{region}:{account}:configuration-set/{ConfigurationSetName}",
    },
)

TABLES = [
    Service(
        name="sesv2",
        asks=(
            Ask(
                operation="ListConfigurationSets",
                items="ConfigurationSets",
                then=(Ask(operation="GetConfigurationSet", params={"ConfigurationSetName": "$id"}, makes=(SET,)),),
            ),
        ),
    )
]
