"""How long functions may run."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule
from assay.analysis.oci_functions import is_invoked_detached


@rule(on="oci_functions_function", severity=LOW, controls=["nist-800-53r5:SC-5"])
def oci_function_default_timeout(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions state how long they may run.

    ## Why
    The default of 30 seconds cuts off long work in the middle and lets short work hang far too long.
    ## Fix
    Set `timeout_in_seconds`, and `detached_mode_timeout_in_seconds` where nobody waits for the answer.
    """
    if function.absent("timeout_in_seconds"):
        yield function.fails("the default of 30 seconds applies", at="timeout_in_seconds", key="sync")
        return
    detached = "detached_mode_timeout_in_seconds"
    if function.absent(detached) and is_invoked_detached(function, graph, told_by=("success", "failure")):
        yield function.fails("the default applies to its detached invocations", at=detached, key="detached")
