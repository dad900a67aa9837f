"""Limits on how often AWS endpoints and functions may be called."""

from collections.abc import Iterator

from assay import LOW, MEDIUM, Block, Finding, Graph, Resource, all_of, any_of, rule

FED = ("aws_lambda_event_source_mapping", "aws_lambda_function_url")
EVENTS = (
    "events.",
    "s3.",
    "sns.",
    "logs.",
    "scheduler.",
    "config.",
    "secretsmanager.",
    "cloudwatch.",
    "lambda.alarms.cloudwatch.",
)


@rule(
    on="aws_lambda_function",
    severity=LOW,
    controls=["nist-800-53r5:SC-5"],
    equivalents=["CKV_AWS_115", "steampipe-aws:lambda_function_concurrent_execution_limit_configured"],
)
def aws_lambda_no_concurrency_limit(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions behind an API or a queue have a concurrency limit.

    ## Why
    A flood of calls then takes the concurrency of the whole account, and every other function is throttled with it.
    ## Fix
    Set `reserved_concurrent_executions`. A function that only schedules and events here invoke needs none.
    """
    if function["reserved_concurrent_executions"] not in (None, -1):
        return
    fed = [user for type_ in FED for user in graph.users(function, type_)]
    targets = graph.users(function, "aws_cloudwatch_event_target")
    permissions = graph.users(function, "aws_lambda_permission")
    called = any_of(permissions, lambda p: not any_of(EVENTS, lambda service: p["principal"].startswith(service)))
    if fed or called or not (permissions or targets):
        yield function.fails(
            "no reserved concurrency: a flood takes the whole account's", at="reserved_concurrent_executions"
        )


@rule(on="aws_wafv2_web_acl", severity=MEDIUM, controls=["nist-800-53r5:SC-5"])
def aws_waf_no_rate_rule(acl: Resource, graph: Graph) -> Iterator[Finding]:
    """Web ACLs limit how fast one client may ask.

    ## Why
    Without a rate-based rule a single client can guess passwords or exhaust the backend as fast as its line allows.
    ## Fix
    Add a rule with a `rate_based_statement`, here or in a rule group the ACL refers to.
    """
    from assay.analysis.aws_waf import limits_rate

    if not limits_rate(acl, graph):
        yield acl.fails("no rule limits the rate of requests")


def limited(settings: Block) -> bool:
    """True when burst and rate are both bounded; -1 and absent are not."""
    return all_of(("throttling_burst_limit", "throttling_rate_limit"), lambda name: settings[name] not in (None, -1))


@rule(
    on=["aws_api_gateway_stage", "aws_api_gateway_method_settings", "aws_apigatewayv2_stage"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-5"],
)
def aws_api_no_throttle(r: Resource, graph: Graph) -> Iterator[Finding]:
    """API stages limit the rate and the burst of requests.

    ## Why
    Without limits of its own a stage may use the account's whole quota: one busy or hostile client takes every API of
    the region down, and the backend with it.
    ## Fix
    Set `throttling_burst_limit` and `throttling_rate_limit`: in `default_route_settings` of an HTTP API's stage, in an
    `aws_api_gateway_method_settings` of a REST API's.
    """
    if r.type == "aws_apigatewayv2_stage":
        if not any_of(r.each("default_route_settings"), limited):
            yield r.fails("the stage has no burst and rate limit", at="default_route_settings")
    elif r.type == "aws_api_gateway_method_settings":
        for settings in r.each("settings"):
            if not limited(settings):
                yield settings.fails("the settings leave burst or rate unlimited")
    elif not graph.users(r, "aws_api_gateway_method_settings") and not any_of(
        graph.users(r, "aws_api_gateway_usage_plan"), lambda plan: not plan.absent("throttle_settings")
    ):
        yield r.fails("nothing limits burst and rate of the stage")
