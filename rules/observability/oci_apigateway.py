"""What is kept of the calls to an API."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.oci_logging import logged


@rule(on="oci_apigateway_deployment", severity=MEDIUM, controls=["nist-800-53r5:AU-2", "nist-800-53r5:AU-12"])
def oci_api_no_execution_log(deployment: Resource, graph: Graph) -> Iterator[Finding]:
    """API deployments write an execution log and an access log.

    ## Why
    Without them nobody can say afterwards who called what, or why a call failed.
    ## Fix
    Add an enabled `oci_logging_log` of service `apigateway` for each category, with the deployment as its resource.
    """
    if not logged(deployment, graph, "apigateway", "execution"):
        yield deployment.fails("no enabled log of its executions", key="execution")
    if not logged(deployment, graph, "apigateway", "access"):
        yield deployment.fails("no enabled log of its accesses", severity=LOW, key="access")
