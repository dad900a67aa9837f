"""Transfer: servers for files."""

from __future__ import annotations

from assay.inventory.aws.table import Ask, Make, Service

SERVER = Make(
    type="aws_transfer_server",
    address="Arn",
    name="ServerId",
    rename={
        "ServerId": "id",
        "HostKeyFingerprint": None,
        "IdentityProviderDetails": None,
        "State": None,
        "UserCount": None,
        "WorkflowDetails": None,
    },
)

TABLES = [
    Service(
        name="transfer",
        asks=(
            Ask(
                operation="ListServers",
                items="Servers",
                then=(
                    Ask(operation="DescribeServer", params={"ServerId": "ServerId"}, items="Server", makes=(SERVER,)),
                ),
            ),
        ),
    )
]
