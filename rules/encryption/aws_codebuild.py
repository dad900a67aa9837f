from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, require, rule


@rule(
    on="aws_codebuild_project",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV_AWS_78", "AVD-AWS-0018", "steampipe-aws:codebuild_project_artifact_encryption_enabled"],
)
def aws_codebuild_unencrypted(project: Resource) -> Iterator[Finding]:
    """Build artifacts are encrypted.

    ## Why
    An artifact is what gets deployed: whoever reads it has the program, and often what was baked into it.
    ## Fix
    Remove `encryption_disabled` or set it to false.
    """
    for kind in ("artifacts", "secondary_artifacts"):
        for block in project.each(kind):
            if block["type"] != "NO_ARTIFACTS" and block["encryption_disabled"] == True:
                yield block.fails(
                    "artifacts are stored unencrypted",
                    at="encryption_disabled",
                    fix=block.set("encryption_disabled", False),
                )


require(
    "aws-codebuild-logs-unencrypted",
    on="aws_codebuild_project",
    path="logs_config.s3_logs.encryption_disabled",
    not_equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_311",
        "prowler:codebuild_project_s3_logs_encrypted",
        "steampipe-aws:codebuild_project_s3_logs_encryption_enabled",
    ],
    title="Build logs in S3 are encrypted.",
    why="Build logs quote environment variables, addresses and at times credentials.",
)
