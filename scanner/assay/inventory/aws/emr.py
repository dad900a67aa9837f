"""EMR: security configurations, clusters that are not ended, and whether clusters may be public."""

from __future__ import annotations

from assay.inventory.aws.common import nested
from assay.inventory.aws.table import Ask, Make, Service

CONFIGURATION = Make(
    type="aws_emr_security_configuration",
    address="arn:{partition}:elasticmapreduce:{region}:{account}:security-configuration/{Name}",
    name="Name",
    when="Name",
    bare=True,
    fields={"id": "Name", "name": "Name", "configuration": "SecurityConfiguration"},
)
CLUSTER = Make(
    type="aws_emr_cluster",
    address="ClusterArn",
    name="Name",
    rename={
        "Id": "id",
        "ClusterArn": "arn",
        "Status": None,
        "NormalizedInstanceHours": None,
        "Applications": None,
        "Configurations": None,
        "KerberosAttributes": None,
        "LogEncryptionKmsKeyId": "log_encryption_kms_key_id",
        "TerminationProtected": "termination_protection",
        "AutoScalingRole": "autoscaling_role",
    },
    fields={"applications": "Applications.Name"},
)

TABLES = [
    Service(
        name="emr",
        asks=(
            Ask(
                operation="ListSecurityConfigurations",
                items="SecurityConfigurations",
                then=(Ask(operation="DescribeSecurityConfiguration", params={"Name": "Name"}, makes=(CONFIGURATION,)),),
            ),
            Ask(
                operation="ListClusters",
                params={"ClusterStates": ["=STARTING", "=BOOTSTRAPPING", "=RUNNING", "=WAITING"]},
                items="Clusters",
                then=(Ask(operation="DescribeCluster", params={"ClusterId": "Id"}, items="Cluster", makes=(CLUSTER,)),),
            ),
            Ask(
                operation="GetBlockPublicAccessConfiguration",
                items="BlockPublicAccessConfiguration",
                makes=(
                    Make(
                        type="aws_emr_block_public_access_configuration",
                        address="arn:{partition}:elasticmapreduce:{region}:{account}:block-public-access",
                        name="{account}",
                        bare=True,
                        fields={
                            "id": lambda _: "current",
                            "block_public_security_group_rules": "BlockPublicSecurityGroupRules",
                            "permitted_public_security_group_rule_range": nested(
                                "PermittedPublicSecurityGroupRuleRanges"
                            ),
                        },
                    ),
                ),
            ),
        ),
    )
]
