from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule

require(
    "aws-api-no-access-log",
    on=["aws_api_gateway_stage", "aws_apigatewayv2_stage"],
    path="access_log_settings.destination_arn",
    present=True,
    severity=MEDIUM,
    controls=["cis-aws-7.0:4.10", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_76",
        "kics:1b6799eb",
        "kics:625abc0e",
        "kics:a4d32883",
        "AVD-AWS-0001",
        "prowler:apigatewayv2_api_access_logging_enabled",
        "steampipe-aws:gatewayv2_stage_access_logging_enabled",
    ],
    title="API stages log who calls them.",
    why="Without an access log nobody can tell a broken client from somebody trying keys.",
)

require(
    "aws-api-no-trace",
    on="aws_api_gateway_stage",
    path="xray_tracing_enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_73",
        "kics:5813ef56",
        "AVD-AWS-0003",
        "prowler:apigateway_restapi_tracing_enabled",
        "steampipe-aws:apigateway_rest_api_stage_xray_tracing_enabled",
    ],
    title="API stages are traced.",
    why="The trace begins where the request arrives, or the first hop is missing from it.",
)

_SETTINGS = "aws_api_gateway_method_settings"


def _logs(settings: Resource) -> bool:
    return settings["settings.logging_level"] in ("ERROR", "INFO")


@rule(
    on=["aws_api_gateway_stage", _SETTINGS],
    severity=LOW,
    controls=["cis-aws-7.0:4.10", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV2_AWS_4",
        "kics:982aa526",
        "prowler:apigateway_restapi_logging_enabled",
        "steampipe-aws:apigateway_stage_logging_enabled",
    ],
)
def aws_api_no_execution_log(r: Resource, graph: Graph) -> Iterator[Finding]:
    """API stages log errors of their execution.

    ## Why
    The access log shows a 500; why the integration or the authorizer failed stands in the execution log only.
    ## Fix
    Set `logging_level` to `ERROR` or `INFO` in an `aws_api_gateway_method_settings` of the stage.
    """
    if r.type == _SETTINGS:
        here = any(s.source != "uncollected" for s in graph.follow(r, "stage_name"))
        if not here and not _logs(r):
            yield r.fails("logging_level is off", at="settings.logging_level")
    elif not any_of(graph.users(r, _SETTINGS), _logs):
        yield r.fails("no method settings of the stage turn the execution log on")
