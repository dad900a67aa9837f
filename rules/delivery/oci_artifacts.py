"""OCI's container registry: who may read it, replace in it, and whether anybody looks."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Finding, Graph, Resource, any_of, as_list, require, rule

require(
    "oci-container-repository-mutable",
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-2", "nist-800-53r5:SI-7"],
    on="oci_artifacts_container_repository",
    path="is_immutable",
    equals=True,
    title="Container repositories keep the tags they were given.",
    why="A tag that can be pushed again may name another image tomorrow than the one that was tested.",
)

require(
    "oci-container-repository-public",
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    on="oci_artifacts_container_repository",
    path="is_public",
    not_equals=True,
    title="Container repositories are private.",
    why="A public repository lets anybody pull the images, with the code and the mistakes in them.",
)


def _scans(target: Resource, repository: Resource) -> bool:
    """True when the target's recipe looks at the repository."""
    registry = "target_registry."
    if target.absent("container_scan_recipe_id") or target[f"{registry}compartment_id"] != repository["compartment_id"]:
        return False
    names = as_list(target[f"{registry}repositories"])
    return not names or repository["display_name"] in names


@rule(on="oci_artifacts_container_repository", severity=MEDIUM, controls=["nist-800-53r5:RA-5"])
def oci_container_repository_no_scan(repository: Resource, graph: Graph) -> Iterator[Finding]:
    """Images are scanned for known weaknesses.

    ## Why
    What was clean when it was pushed is not clean for ever: without a scan nobody hears of it.
    ## Fix
    Add an `oci_vulnerability_scanning_container_scan_target` for the repository's compartment.
    """
    targets = graph.beside(repository, "oci_vulnerability_scanning_container_scan_target")
    if not any_of(targets, lambda target: _scans(target, repository)):
        yield repository.fails("no scan target covers its compartment")
