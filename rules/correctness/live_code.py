"""What runs against the code that made it."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.provenance.drift import drifts


@rule(on="declaration", severity=MEDIUM, sources=("aws", "oci"), controls=["nist-800-53r5:CM-2", "nist-800-53r5:CM-6"])
def live_drift_from_code(declaration: Resource, graph: Graph) -> Iterator[Finding]:
    """What runs is as its Terraform block declares it, in all that rules look at.

    ## Why
    A change by hand passed no review, the next apply takes it back or, where the code is the weaker one, undoes a
    protection; and until then every scan of the code judges something that does not run.
    ## Fix
    Run `terraform apply` to restore what the code says, or take the change over into the block named.
    """
    for drift in drifts(declaration, graph):
        tell = drift.live.fails if drift.sure else drift.live.unsure
        yield tell(drift.said, at=drift.path, because=drift.because, key=drift.key)
