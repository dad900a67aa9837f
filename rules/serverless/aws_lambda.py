"""Lambda functions: runtimes that still get fixes, and variables that Lambda does not overwrite."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, as_list, is_map, rule
from assay.analysis.aws_lambda import END_OF_SUPPORT
from assay.analysis.parts import each_of
from assay.clock import today

RESERVED = (
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
)  # fmt: skip


@rule(on="aws_lambda_function", severity=MEDIUM)
def aws_lambda_reserved_env(function: Resource) -> Iterator[Finding]:
    """Functions set no environment variable that Lambda reserves.

    ## Why
    Lambda refuses such a variable, or puts its own value in its place: the function would not run as it was written.
    ## Fix
    Give the variable another name. The region and the credentials are there without it.
    """
    variables = function["environment.variables"]
    if is_map(variables):
        for name in RESERVED:
            if name in variables:
                yield function.fails(f"{name} is reserved by Lambda", at=f"environment.variables.{name}", key=name)


@rule(
    on=["aws_lambda_function", "aws_lambda_layer_version"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-2"],
    equivalents=[
        "CKV_AWS_363",
        "prowler:awslambda_function_using_supported_runtimes",
        "steampipe-aws:lambda_function_use_latest_runtime",
    ],
)
def aws_lambda_runtime_deprecated(r: Resource) -> Iterator[Finding]:
    """Functions and layers use runtimes that are still supported.

    ## Why
    A runtime past its end of support gets no security fixes, and soon functions on it can no longer be updated.
    ## Fix
    Move to a current version of the language. The table of dates is AWS's; the day of the scan decides (or
    `SOURCE_DATE_EPOCH`, for reports that must not change).
    """
    path = "runtime" if r.type == "aws_lambda_function" else "compatible_runtimes"

    def judge(runtime: str) -> Iterator[Finding]:
        end = END_OF_SUPPORT.get(runtime)
        if end != None and end < today():
            yield r.fails(f"{runtime} has had no support since {end}", at=path, key=runtime)

    yield from each_of(as_list(r[path]), judge)
