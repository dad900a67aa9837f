from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule


@rule(
    on="aws_codebuild_project",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_314",
        "prowler:codebuild_project_logging_enabled",
        "steampipe-aws:codebuild_project_logging_enabled",
    ],
)
def aws_codebuild_no_log(project: Resource) -> Iterator[Finding]:
    """Builds keep a log.

    ## Why
    The log of a build is the record of what went into the artifact, and of what a hostile dependency did.
    ## Fix
    Leave `logs_config` out, or one of its destinations `ENABLED`: without a word builds log to CloudWatch.
    """
    to_group = project["logs_config.cloudwatch_logs.status"] != "DISABLED"
    if not to_group and project["logs_config.s3_logs.status"] != "ENABLED":
        yield project.fails("neither destination is enabled", at="logs_config.cloudwatch_logs.status")
