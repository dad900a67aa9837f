"""GuardDuty and Security Hub: whether somebody watches at all."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tag_map
from assay.inventory.aws.table import Ask, Make, Service
from assay.inventory.aws.values import same

DETECTOR = Make(
    type="aws_guardduty_detector",
    address="arn:{partition}:guardduty:{region}:{account}:detector/{^$id}",
    name="^$id",
    bare=True,
    fields={
        "id": "^$id",
        "arn": "arn:{partition}:guardduty:{region}:{account}:detector/{^$id}",
        "enable": same("Status", "ENABLED"),
        "feature": lambda item: nested("Features", {"UpdatedAt": None})(item) or [],
        "finding_publishing_frequency": "FindingPublishingFrequency",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)

TABLES = [
    Service(
        name="guardduty",
        asks=(
            Ask(
                operation="ListDetectors",
                items="DetectorIds",
                then=(Ask(operation="GetDetector", params={"DetectorId": "$id"}, makes=(DETECTOR,)),),
            ),
        ),
    ),
    Service(
        name="securityhub",
        asks=(
            Ask(
                operation="DescribeHub",
                absent=("InvalidAccessException", "ResourceNotFoundException"),
                makes=(
                    Make(
                        type="aws_securityhub_account",
                        address="HubArn",
                        when="HubArn",
                        rename={"HubArn": "arn", "SubscribedAt": None},
                        fields={"id": "{account}"},
                    ),
                ),
            ),
        ),
    ),
]
