from assay import MEDIUM, require

require(
    "aws-codebuild-privileged",
    on="aws_codebuild_project",
    path="environment.privileged_mode",
    not_equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-7"],
    equivalents=["CKV_AWS_316", "steampipe-aws:codebuild_project_environment_privileged_mode_disabled"],
    title="Builds do not run privileged.",
    why="A privileged build is root on its host: a hostile dependency leaves the container and takes the role along.",
)
