"""What a registry's scan says of an image that a cluster runs, where both were audited and are scanned together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.images import image_of
from assay.model import Undetermined, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.graph import Graph

_ECR = pattern(r"^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$")


class Scan(NamedTuple):
    """What came of a scan: whether there was one, and how many critical findings it has."""

    done: bool
    critical: int


def scan_of(reference: Any, graph: Graph) -> Scan | None:
    """The scan of the image that a reference names; None when it is not of ECR, or no account was audited.

    Raises:
        Undetermined: the reference is unknown, or its repository or image is not among what was collected.
    """
    image = image_of(reference)
    registry = _ECR.match(image.registry)
    repositories = graph.all("aws_ecr_repository")
    if registry is None or not (repositories or "aws" in graph.coverage.feeds):
        return None
    account, region = registry[1], registry[2]
    for repository in repositories:
        if (repository.account, repository.region, repository.name) == (account, region, image.repository):
            scans = repository["image_scan"]
            if isinstance(scans, Unknown):
                raise Undetermined(scans)
            for scan in scans or ():
                if scan["digest"] == image.digest if image.digest else (image.tag or "latest") in scan["tags"]:
                    return Scan(scan["scan_status"] in ("COMPLETE", "ACTIVE"), scan["critical"])
            raise Undetermined(Unknown(f"{reference} is not among the newest images of its repository"))
    raise Undetermined(Unknown(f"the repository of {reference} was not audited (account {account}, {region})"))
