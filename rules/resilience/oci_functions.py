"""Functions that answer while somebody waits."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule


@rule(on="oci_functions_function", severity=LOW)
def oci_function_cold_path(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions behind an API gateway keep some capacity warm.

    ## Why
    The first call after a quiet time waits for a container to start, often longer than the caller does.
    ## Fix
    Set `provisioned_concurrency_config` with strategy `CONSTANT`.
    """
    if function["provisioned_concurrency_config.strategy"] == "CONSTANT":
        return
    if graph.users(function, "oci_apigateway_deployment"):
        yield function.fails("an API waits for its cold start", at="provisioned_concurrency_config.strategy")
