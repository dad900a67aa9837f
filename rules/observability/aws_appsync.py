from assay import LOW, MEDIUM, require

require(
    "aws-appsync-no-log",
    on="aws_appsync_graphql_api",
    path="log_config.cloudwatch_logs_role_arn",
    present=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_193"],
    title="GraphQL APIs write a log.",
    why="A GraphQL request is one POST to one path: without its own log all requests look alike.",
)

require(
    "aws-appsync-no-field-log",
    on="aws_appsync_graphql_api",
    path="log_config.field_log_level",
    one_of=["ERROR", "ALL", "INFO", "DEBUG"],
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_194",
        "prowler:appsync_field_level_logging_enabled",
        "steampipe-aws:appsync_graphql_api_field_level_logging_enabled",
    ],
    title="GraphQL APIs log the errors of resolvers.",
    why="An API answers 200 while a field failed; the field log says which and why.",
)
