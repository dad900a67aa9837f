"""Credentials in what builds and deploys."""

from collections.abc import Iterator

from assay import CRITICAL, MEDIUM, Finding, Resource, rule
from assay.analysis.dockerfiles import image_secrets
from assay.analysis.pipelines import commands_of, spec_secrets
from assay.analysis.shell import credential_argument, may_pass_credential


@rule(on="build_spec", severity=CRITICAL, controls=["nist-800-53r5:IA-5"])
def oci_devops_build_secret(spec: Resource) -> Iterator[Finding]:
    """Build specs hold no credential.

    ## Why
    Whoever may read the repository has it, and it stays in its history.
    ## Fix
    Revoke it. Name the vault's secret under `env.vaultVariables`.
    """
    for said, where in spec_secrets(spec):
        yield spec.fails(said, at=where)


@rule(on="dockerfile", severity=CRITICAL, controls=["nist-800-53r5:IA-5"])
def dockerfile_secret(recipe: Resource) -> Iterator[Finding]:
    """Images hold no credential, in their layers or their history.

    ## Why
    `docker history` shows every `ARG` and `ENV`, and a copied file stays in its layer when a later one deletes it.
    ## Fix
    Revoke it. Use `RUN --mount=type=secret` for the build, and the platform's secrets at run time.
    """
    for said, where in image_secrets(recipe):
        yield recipe.fails(said, at=where)


@rule(on=["build_spec", "dockerfile", "workflow"], severity=MEDIUM, controls=["nist-800-53r5:IA-5"])
def shell_credential_argument(document: Resource) -> Iterator[Finding]:
    """Credentials are not passed as command arguments.

    ## Why
    Arguments stand in the process list and often in the log, also when they come from a variable.
    ## Fix
    Use standard input (`docker login --password-stdin`), a file, or the environment.
    """
    for ran in commands_of(document, may_pass_credential):
        found = credential_argument(ran.command)
        if found != None:
            how = "written out in" if found[1] else "passed as"
            said = f"{ran.command.name}: a credential is {how} the argument {found[0]}"
            yield document.fails(said, at=ran.where, key=said)
