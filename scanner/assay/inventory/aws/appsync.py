"""AppSync: GraphQL APIs and their caches."""

from __future__ import annotations

from assay.inventory.aws.common import nested
from assay.inventory.aws.table import Ask, Make, Service

LOGS = {"cloudWatchLogsRoleArn": "cloudwatch_logs_role_arn"}

TABLES = [
    Service(
        name="appsync",
        asks=(
            Ask(
                operation="ListGraphqlApis",
                items="graphqlApis",
                then=(
                    Ask(
                        operation="GetApiCache",
                        params={"apiId": "apiId"},
                        items="apiCache",
                        absent=("NotFoundException",),
                        makes=(
                            Make(
                                type="aws_appsync_api_cache",
                                address="^arn",
                                name="^name",
                                rename={"status": None},
                                fields={"id": "^apiId", "api_id": "^apiId"},
                            ),
                        ),
                    ),
                ),
                makes=(
                    Make(
                        type="aws_appsync_graphql_api",
                        address="arn",
                        name="name",
                        rename={
                            "apiId": "id",
                            "logConfig": None,
                            "openIDConnectConfig": "openid_connect_config",
                            "additionalAuthenticationProviders": "additional_authentication_provider",
                            "wafWebAclArn": None,
                            "dns": None,
                        },
                        fields={"log_config": nested("logConfig", LOGS)},
                    ),
                    Make(
                        type="aws_wafv2_web_acl_association",
                        address="{wafWebAclArn},{arn}",
                        when="wafWebAclArn",
                        bare=True,
                        fields={"id": "{wafWebAclArn},{arn}", "resource_arn": "arn", "web_acl_arn": "wafWebAclArn"},
                        folds=("aws_wafregional_web_acl_association",),  # the older service has ended
                    ),
                ),
            ),
        ),
    )
]
