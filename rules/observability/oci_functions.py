"""What is kept of the invocations of functions."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.oci_logging import logged


@rule(on="oci_functions_application", severity=MEDIUM, controls=["nist-800-53r5:AU-2", "nist-800-53r5:AU-12"])
def oci_function_no_log(app: Resource, graph: Graph) -> Iterator[Finding]:
    """Function applications write their invocations to a log.

    ## Why
    What a function prints, and why it failed, is kept nowhere else.
    ## Fix
    Add an enabled `oci_logging_log` of service `functions`, category `invoke`, with the application as its
    resource.
    """
    if not logged(app, graph, "functions", "invoke"):
        yield app.fails("no enabled log of its invocations")


require(
    "oci-function-no-trace",
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    on="oci_functions_application",
    path="trace_config.is_enabled",
    equals=True,
    title="Function applications trace their invocations.",
    why="Without traces nobody sees which of several functions and services made a request slow or wrong.",
)
