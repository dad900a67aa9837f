from collections.abc import Iterator
from fnmatch import fnmatchcase

from assay import HIGH, MEDIUM, Finding, Graph, Resource, any_of, require, rule

require(
    "aws-ecr-mutable-tags",
    on="aws_ecr_repository",
    path="image_tag_mutability",
    one_of=["IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"],
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-3"],
    equivalents=[
        "CKV_AWS_51",
        "kics:d1846b12",
        "AVD-AWS-0031",
        "prowler:ecr_repositories_tag_immutability",
        "steampipe-aws:ecr_repository_tag_immutability_enabled",
    ],
    title="Image tags cannot be moved to another image.",
    why="What was tested under a tag and what is deployed under it may otherwise be two images.",
    message="image_tag_mutability is not IMMUTABLE",
)


@rule(
    on="aws_ecr_repository",
    severity=MEDIUM,
    controls=["nist-800-53r5:RA-5"],
    equivalents=[
        "CKV_AWS_163",
        "kics:9630336b",
        "AVD-AWS-0030",
        "prowler:ecr_registry_scan_images_on_push_enabled",
        "prowler:ecr_repositories_scan_images_on_push_enabled",
        "steampipe-aws:ecr_repository_image_scan_on_push_enabled",
    ],
    fixable=True,
)
def aws_ecr_no_scan_on_push(repository: Resource, graph: Graph) -> Iterator[Finding]:
    """Images are scanned when they are pushed.

    ## Why
    A known vulnerability is cheapest to find before the image runs.
    ## Fix
    Set `scan_on_push = true`, or let a registry scanning configuration take the repository in.
    """
    path = "image_scanning_configuration.scan_on_push"
    if repository[path] == True:
        return

    def scans(registry: Resource) -> bool:
        rules = [r for r in registry.each("rule") if r["scan_frequency"] != "MANUAL"]
        filters = [f for r in rules for f in r.each("repository_filter")]
        return any_of(filters, lambda f: fnmatchcase(str(repository["name"]), str(f["filter"])))

    if not any_of(graph.beside(repository, "aws_ecr_registry_scanning_configuration"), scans):
        yield repository.fails("pushed images are not scanned", at=path, fix=repository.set(path, True))


@rule(
    on="aws_ecr_repository",
    sources=("aws",),
    severity=HIGH,
    controls=["nist-800-53r5:RA-5", "nist-800-53r5:SI-2"],
    equivalents=["prowler:ecr_repositories_scan_vulnerabilities_in_latest_image"],
)
def aws_ecr_image_vulnerable(repository: Resource) -> Iterator[Finding]:
    """The newest image has no critical vulnerability.

    Judged is what the registry's scan says of the image that was pushed last; of one that was not scanned nobody can
    tell.

    ## Why
    The newest image is the one that the next deployment starts.
    ## Fix
    Build it anew on a current base image, with the packages that mend it.
    """
    for image in repository.each("newest_image"):
        name = image["tag"] or image["digest"]
        critical = image["critical"]
        if image["scan_status"] not in ("COMPLETE", "ACTIVE"):
            yield image.unsure(f"{name} was not scanned", at="scan_status")
        elif critical:
            yield image.fails(f"{name} has {critical} critical findings", at="critical")
