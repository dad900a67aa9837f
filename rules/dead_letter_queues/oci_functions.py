"""Where failed detached invocations of functions end up."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.oci_functions import has_destination, is_invoked_detached


@rule(on="oci_functions_function", severity=MEDIUM, controls=["nist-800-53r5:SI-11"])
def oci_function_no_failure_destination(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions that are invoked detached have a failure destination.

    ## Why
    Nobody waits for a detached call: when it fails, its input is gone unless a queue, stream or topic takes it.
    ## Fix
    Set `failure_destination` to a queue, a stream or a notification topic.
    """
    if has_destination(function, "failure_destination"):
        return
    if is_invoked_detached(function, graph, told_by=("timeout", "success")):
        yield function.fails("what it fails to process is lost: no failure destination", at="failure_destination")
