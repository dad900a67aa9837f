"""What Cloud Guard has found, and nobody has mended."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Finding, Graph, Resource, rule, show

GRAVE = ("CRITICAL", "HIGH")


@rule(
    on="oci_cloud_guard_target",
    sources=("oci",),
    severity=HIGH,
    controls=["nist-800-53r5:SI-4", "nist-800-53r5:RA-5"],
    equivalents=["cis_reports:OBP:Cloud_Guard_Problems"],
)
def oci_cloud_guard_open_problem(target: Resource, graph: Graph) -> Iterator[Finding]:
    """Grave problems that Cloud Guard found are mended.

    ## Why
    A detector whose findings nobody follows up is the evidence, later, that one could have known.
    ## Fix
    Mend what the problem names, then resolve it; or dismiss it with a reason.
    """
    for problem in graph.users(target, "oci_cloud_guard_problem"):
        if problem["state"] == "ACTIVE" and problem["lifecycle_detail"] == "OPEN" and problem["risk_level"] in GRAVE:
            said = f"{show(problem['detector_rule_id'])} on {show(problem['resource_name'])} is open"
            yield target.fails(said, because=[problem.where("risk_level")], key=problem.address)
