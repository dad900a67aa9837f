"""APIs in front of functions."""

from assay import INFO, require

require(
    "aws-api-no-cache",
    on={
        "aws_api_gateway_stage": "cache_cluster_enabled",
        "aws_api_gateway_method_settings": "settings.caching_enabled",
    },
    equals=True,
    severity=INFO,
    controls=["nist-800-53r5:SC-5"],
    equivalents=["CKV_AWS_120", "CKV_AWS_225", "AVD-AWS-0190"],
    title="APIs keep answers in a cache.",
    why="Every repeated request runs the function again, and is paid for again.",
)
