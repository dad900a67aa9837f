"""What the tenancy may have, and how much of it is gone."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule, show

LIMIT = "oci_limits_resource_availability"


def limits(tenancy: Resource, graph: Graph) -> list[Resource]:
    """The service limits that the tenancy uses anything of."""
    return graph.beside(tenancy, LIMIT)


@rule(
    on="tenancy",
    each=limits,
    sources=("oci",),
    params={"percent": 80},
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-2(2)"],
    equivalents=["cis_reports:OBP:Service_Limits"],
)
def oci_service_limit_near(limit: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Service limits leave room.

    ## Why
    At the limit nothing more is made: a pool does not grow, a failed node is not replaced, and a switch to the other
    region stops half-way. An increase takes Oracle days.
    ## Fix
    Ask for a higher limit in the console (Governance, Limits), or delete what nobody uses. Limits of which the service
    does not tell the usage are not judged.
    """
    share = limit["used"] / limit["value"] * 100
    if share >= params["percent"]:
        said = f"{show(limit['used'])} of {show(limit['value'])} of {limit['service_name']} {limit['name']}"
        domain = limit["availability_domain"]
        yield limit.fails(f"{said}{f' in {domain}' if domain else ''} are used ({share:.0f} percent)", at="used")
