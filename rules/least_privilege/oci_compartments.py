"""Resources in compartments, not in the tenancy's root."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, as_list, rule
from assay.analysis.oci_tenancy import is_tenancy


@rule(
    on=[
        "oci_core_vcn",
        "oci_core_instance",
        "oci_core_volume",
        "oci_file_storage_file_system",
        "oci_objectstorage_bucket",
        "oci_database_autonomous_database",
    ],
    severity=MEDIUM,
    controls=["cis-oci-3.1:6.2", "cis-oci-3.0:6.2", "nist-800-53r5:AC-6"],
    equivalents=["prowler:identity_no_resources_in_root_compartment", "cis_reports:AM-2", "steampipe-oci:cis_v300_6_2"],
)
def oci_resource_in_root_compartment(resource: Resource) -> Iterator[Finding]:
    """Resources are in a compartment below the root.

    ## Why
    A grant in the tenancy, meant for one thing, reaches everything that lies in its root.
    ## Fix
    Give the resource a compartment of its own purpose in `compartment_id`.
    """
    if is_tenancy(resource["compartment_id"]):
        yield resource.fails("it lies in the tenancy's root", at="compartment_id")


@rule(
    on="oci_identity_compartment",
    sources=("oci",),
    params={"limit": 500, "percent": 80},
    severity=LOW,
    controls=["nist-800-53r5:SC-6"],
    equivalents=["cis_reports:OBP:IAM_Stmt_Comp_Hierarchy_Count"],
)
def oci_policy_statement_limit(compartment: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """The statements along a compartment's path leave room.

    ## Why
    At 500 the next policy is refused: on that day somebody widens one that is there, because it is the only way.
    ## Fix
    Join statements, and attach those about one branch to its own compartment.
    """
    line = [compartment]
    for current in line:
        line += [c for c in graph.follow(current, "compartment_id") if c.source != "uncollected" and c not in line]
    path = {c["id"] for c in line} | {c["compartment_id"] for c in line}
    policies = [p for p in graph.beside(compartment, "oci_identity_policy") if p["compartment_id"] in path]
    count = sum(len(as_list(p["statements"])) for p in policies)
    if count * 100 >= params["limit"] * params["percent"]:
        yield compartment.fails(f"{count} of {params['limit']} statements along its path")
