"""What is kept of builds and deployments."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule
from assay.analysis.oci_logging import logged


@rule(on="oci_devops_project", severity=LOW, controls=["nist-800-53r5:AU-2", "nist-800-53r5:AU-12"])
def oci_devops_no_log(project: Resource, graph: Graph) -> Iterator[Finding]:
    """DevOps projects write a log.

    ## Why
    Without one, what a build printed and what a deployment did cannot be read afterwards.
    ## Fix
    Add an enabled `oci_logging_log` of service `devops`, category `all`, with the project as its resource.
    """
    if not logged(project, graph, "devops"):
        yield project.fails("no enabled DevOps log")
