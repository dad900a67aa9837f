"""What builds and deploys: build specs, workflows and Dockerfiles beside the infrastructure."""

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.dockerfile_images import root_user, unpinned_images
from assay.analysis.pipelines import unscanned, untested
from assay.analysis.workflow_scans import unblocked
from assay.analysis.workflows import stored_keys, ungated


@rule(on="build_spec", severity=MEDIUM, controls=["nist-800-53r5:SA-11"])
def oci_devops_build_no_tests(spec: Resource) -> Iterator[Finding]:
    """Tests run, and can fail, before an image is built.

    ## Why
    What is in the registry will be deployed; afterwards nobody asks whether it ever worked.
    ## Fix
    Add a step with the tests before the image is built, without `|| true`.
    """
    found = untested(spec)
    if found != None:
        yield spec.fails(found[0], at=found[1], key="tests")


@rule(on="build_spec", severity=MEDIUM, controls=["nist-800-53r5:RA-5"])
def oci_devops_build_no_scan(spec: Resource) -> Iterator[Finding]:
    """A security scanner runs before an image is built or pushed, and can stop it.

    ## Why
    A known hole in a dependency is found for nothing here, and by others later. Some scanners succeed whatever they
    find unless they are told not to.
    ## Fix
    Add a `VulnerabilityAudit` step, or a scanner that fails: `trivy ... --exit-code 1`, without `|| true`.
    """
    found = unscanned(spec)
    if found != None:
        yield spec.fails(found[0], at=found[1], key="scan")


@rule(on="workflow", severity=HIGH, controls=["nist-800-53r5:CM-3"])
def workflow_deploy_ungated(workflow: Resource, graph: Graph) -> Iterator[Finding]:
    """Workflows change infrastructure after a review, and never for a pull request.

    ## Why
    On a pull request whoever opens it decides what is applied. Without an environment, or a job that somebody starts,
    every push to the branch is production at once. A cluster that the job itself has started (kind, k3d, minikube, k3s)
    ends with it, and what `kubectl` and `helm` change there needs no review.
    ## Fix
    Plan on pull requests; apply in a job of its own with `environment:` and required reviewers, after the merge.
    """
    for said, where in ungated(workflow, graph):
        yield workflow.fails(said, at=where, key=said)


@rule(on="workflow", severity=HIGH, controls=["nist-800-53r5:IA-5"])
def workflow_long_lived_keys(workflow: Resource) -> Iterator[Finding]:
    """Workflows reach the cloud with tokens of their own run, not with stored keys.

    ## Why
    A stored key works from everywhere, for years, for whoever gets hold of it once.
    ## Fix
    Let the cloud trust the workflow's OIDC token (`permissions: id-token: write` and a role), then delete the key.
    """
    for said, where in stored_keys(workflow):
        yield workflow.fails(said, at=where, key=said)


@rule(on="workflow", severity=MEDIUM, controls=["nist-800-53r5:CM-4"])
def workflow_gate_not_blocking(workflow: Resource, graph: Graph) -> Iterator[Finding]:
    """A policy scan stands before what changes infrastructure, and stops it.

    ## Why
    A scan whose failure is ignored is read by nobody; without one the first who sees a mistake is who exploits it.
    ## Fix
    Run the scan in a job that the deployment `needs`, without `continue-on-error`, `soft_fail` or `|| true`.
    """
    for said, where in unblocked(workflow, graph):
        yield workflow.fails(said, at=where, key=said)


@rule(on="dockerfile", severity=MEDIUM, controls=["nist-800-53r5:SR-4"])
def dockerfile_base_unpinned(recipe: Resource) -> Iterator[Finding]:
    """Base images, and the images that files are taken from, are pinned by digest.

    ## Why
    A tag is moved by whoever may push it: the same Dockerfile builds another image tomorrow, and nobody has changed it.
    What `COPY --from=` and `RUN --mount=from=` take from an image is in the build as much as its base.
    ## Fix
    Append the digest: `FROM python:3.13-slim@sha256:...`; let a bot propose newer ones.
    """
    for said, where in unpinned_images(recipe):
        yield recipe.fails(said, at=where, key=said)


@rule(on="dockerfile", severity=MEDIUM, controls=["nist-800-53r5:AC-6"])
def dockerfile_root_user(recipe: Resource) -> Iterator[Finding]:
    """Containers do not run as root.

    ## Why
    Who breaks out of the process is root in the container, one kernel bug away from the host.
    ## Fix
    Create a user in the final stage and name it in `USER`, by number where the platform checks it.
    """
    found = root_user(recipe)
    if found != None:
        yield recipe.fails(found[0], at=found[1], key="user")
