"""AWS accounts: a table a service (`TABLES` of each module below), walked by one engine."""

SERVICES = (
    "apigateway",
    "apigatewayv2",
    "cloudtrail",
    "ebs",
    "ec2",
    "elbv2",
    "events",
    "iam",
    "kms",
    "lambda_",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "stepfunctions",
    "vpc",
    "wafv2",
)
"""The modules that hold the tables."""
