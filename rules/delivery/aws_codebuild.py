from collections.abc import Iterator
from typing import Any

from assay import HIGH, MEDIUM, Block, Finding, Graph, Resource, require, rule, show
from assay.analysis.parts import one_by_one

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


FROM_REPOSITORY = ("GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET", "CODECOMMIT")


@rule(
    on="aws_codebuild_project",
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-3"],
    equivalents=[
        "prowler:codebuild_project_user_controlled_buildspec",
        "steampipe-aws:codebuild_project_with_user_controlled_buildspec",
    ],
)
def aws_codebuild_external_buildspec(project: Resource) -> Iterator[Finding]:
    """What a build runs is not written by whoever opens a pull request.

    A build specification is judged that the project takes from its repository; one that is written in the project, or
    lies in a bucket, is not in the hands of its contributors.

    ## Why
    The build runs with the project's role: a pull request that changes the file takes its credentials.
    ## Fix
    Write the specification in `source.buildspec`, or name an object of a bucket (`arn:aws:s3:::...`).
    """
    for source in project.each("source"):
        if source["type"] not in FROM_REPOSITORY:
            continue
        written = source["buildspec"]
        if written in (None, "") or not (written.startswith("arn:") or contains_commands(written)):
            name = "buildspec.yml" if written in (None, "") else written
            yield source.fails(f"{name} of the repository decides what runs", at="buildspec")


def contains_commands(written: Any) -> bool:
    """True for a build specification itself, not for the path of one."""
    return "\n" in written or "{" in written or "phases:" in written


@rule(
    on="aws_codebuild_project",
    params={"organizations": []},
    severity=MEDIUM,
    controls=["nist-800-53r5:SR-3"],
    equivalents=["prowler:codebuild_project_uses_allowed_github_organizations"],
)
def aws_codebuild_foreign_organisation(project: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Builds take their code from the organisations that are agreed on.

    While the parameter `organizations` is empty, nothing is agreed on and nothing is judged.

    ## Why
    Somebody else's repository decides what runs with your role, today and after the next push.
    ## Fix
    Fork it into an agreed organisation, or add its owner to `organizations` of this rule.
    """
    for source in [*project.each("source"), *project.each("secondary_sources")] if params["organizations"] else []:
        if source["type"] not in ("GITHUB", "GITHUB_ENTERPRISE"):
            continue
        address = source["location"]
        if address == None or address == "CODEBUILD_DEFAULT_WEBHOOK_SOURCE_LOCATION":
            continue
        owner = (
            address.partition("://")[2].split("/")[1] if "://" in address else address.partition(":")[2].split("/")[0]
        )
        if owner.lower() not in [name.lower() for name in params["organizations"]]:
            yield source.fails(f"the code comes from {owner}, which is not on the list", at="location")


LOOSE = ("ACTOR_ACCOUNT_ID", "HEAD_REF", "BASE_REF", "TAG_NAME", "REPOSITORY_NAME", "ORGANIZATION_NAME")


@rule(
    on="aws_codebuild_webhook",
    severity=HIGH,
    controls=["nist-800-53r5:CM-3"],
    equivalents=["prowler:codebuild_project_webhook_filters_use_anchored_patterns"],
)
def aws_codebuild_loose_webhook_filter(webhook: Resource) -> Iterator[Finding]:
    """Patterns of webhook filters begin with ^ and end with $.

    Judged are patterns that say who may start a build and from where; those that leave out what matches are stricter
    without anchors, and paths of files and messages guard nothing.

    ## Why
    A pattern matches anywhere in the text: the account 123 admits 91234 too, which anybody can register.
    ## Fix
    Write `^(123|456)$`.
    """

    def judge(one: Block) -> Iterator[Finding]:
        if one["type"] in LOOSE and one["exclude_matched_pattern"] != True:
            pattern = one["pattern"]
            if not (pattern.startswith("^") and pattern.endswith("$")):
                yield one.fails(f"{show(pattern)} matches anywhere in {one['type']}", at="pattern")

    for group in webhook.each("filter_group"):
        yield from one_by_one(group.each("filter"), judge)
