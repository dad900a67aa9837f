"""Secrets written where builds, containers and stacks keep their settings."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, MEDIUM, Block, Finding, Resource, as_list, is_map, require, rule
from assay.analysis.credentials import address_with_credential, credential_or_doubt
from assay.analysis.parts import each_of, one_by_one

require(
    "aws-codebuild-source-token",
    on="aws_codebuild_source_credential",
    path="auth_type",
    none_of=("PERSONAL_ACCESS_TOKEN", "BASIC_AUTH"),
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["steampipe-aws:codebuild_project_source_repo_oauth_configured"],
    title="Builds reach their repositories by a connection.",
    why="A person's token reaches all repositories of that person, from everywhere, and stays when the person leaves.",
    fix='Use a connection (`auth_type = "CODECONNECTIONS"`) and delete the token.',
)


@rule(
    on="aws_codebuild_project",
    severity=HIGH,
    controls=["nist-800-53r5:IA-5"],
    equivalents=[
        "prowler:codebuild_project_no_secrets_in_variables",
        "prowler:codebuild_project_source_repo_url_no_sensitive_credentials",
        "steampipe-aws:codebuild_project_plaintext_env_variables_no_sensitive_aws_values",
    ],
)
def aws_codebuild_env_secret(project: Resource) -> Iterator[Finding]:
    """Build projects hold no credentials.

    ## Why
    Whoever may look at the project reads them, and so does every build, of pull requests too.
    ## Fix
    Set the variable's `type` to `SECRETS_MANAGER` or `PARAMETER_STORE`, with the name of the secret as its value; leave
    the password out of the repository's address.
    """

    def judge(variable: Block) -> Iterator[Finding]:
        if variable["type"] not in (None, "PLAINTEXT"):
            return
        doubts: list[str] = []
        name = variable["name"]
        if credential_or_doubt(name, variable["value"], doubts):
            yield variable.fails(f"{name} holds a credential in clear", at="value", key=name)
        elif doubts:
            yield variable.unsure(f"{name} may hold a credential", at="value", key=name)

    for environment in project.each("environment"):
        yield from one_by_one(environment.each("environment_variable"), judge)

    def judge_source(source: Block) -> Iterator[Finding]:
        if not source.absent("location") and address_with_credential(source["location"]):
            yield source.fails("the repository's address holds a credential", at="location")

    yield from one_by_one(project.each("source"), judge_source)
    yield from one_by_one(project.each("secondary_sources"), judge_source)


@rule(
    on="aws_ecs_task_definition",
    severity=HIGH,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["AVD-AWS-0036", "prowler:ecs_task_definitions_no_environment_secrets"],
)
def aws_ecs_env_secret(task: Resource) -> Iterator[Finding]:
    """Containers get their secrets at start, not from their definition.

    ## Why
    Every revision of the definition keeps the credential, for whoever may describe it, for ever.
    ## Fix
    Move it to Secrets Manager or Parameter Store and name it under `secrets` with `valueFrom`.
    """

    def judge(container: Any) -> Iterator[Finding]:
        if is_map(container):
            name, variables = str(container.get("name")), as_list(container.get("environment"))
            yield from each_of(variables, lambda variable: in_clear(task, name, variable))

    yield from each_of(as_list(task.json("container_definitions")), judge)


def in_clear(task: Resource, container: str, variable: Any) -> Iterator[Finding]:
    if not is_map(variable):
        return
    doubts: list[str] = []
    name, at = variable.get("name"), "container_definitions"
    masked = task.source == "aws" and variable.get("value") == MASKED
    if credential_or_doubt(name, variable.get("value"), doubts) or masked:
        yield task.fails(
            f"{name} of the container {container} holds a credential in clear", at, key=f"{container}/{name}"
        )
    elif doubts:
        yield task.unsure(f"{name} of the container {container} may hold a credential", at, key=f"{container}/{name}")


MASKED = "***"
"""What an audit leaves of a credential in the definition."""


@rule(
    on="aws_cloudformation_stack",
    sources=("aws",),
    severity=HIGH,
    controls=["nist-800-53r5:IA-5"],
    equivalents=[
        "prowler:cloudformation_stack_outputs_find_secrets",
        "steampipe-aws:cloudformation_stack_output_no_secrets",
    ],
)
def aws_cloudformation_output_secret(stack: Resource) -> Iterator[Finding]:
    """Stacks tell no secrets.

    ## Why
    Everybody who may list stacks reads the outputs, and they are shown on the console's first page.
    ## Fix
    Remove the output and change the secret; other stacks read it from Secrets Manager.
    """
    for name, value in (stack["outputs"] or {}).items():
        if credential_or_doubt(name, value, []):
            yield stack.fails(f"the output {name} holds a credential", at="outputs", key=name)
