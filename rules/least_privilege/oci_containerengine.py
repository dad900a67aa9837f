"""What pods may do, one by one."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, all_of, any_of, as_list, rule
from assay.analysis.oci_conditions import guarantees, predicates
from assay.analysis.oci_policy_language import statement

WORKLOAD = ("request.principal.cluster_id", "request.principal.namespace", "request.principal.service_account")


def _about_workloads(text: object) -> bool:
    found = predicates(statement(text).condition)
    return any_of(
        found, lambda p: p.variable == "request.principal.type" and any_of(p.values, lambda v: v.lower() == "workload")
    )


def _names_workload(text: object) -> bool:
    """True when the statement grants to the pods of one service account of one cluster."""
    condition = statement(text).condition
    return _about_workloads(text) and all_of(WORKLOAD, lambda name: guarantees(condition, lambda p: p.variable == name))


@rule(on="oci_containerengine_cluster", severity=MEDIUM, controls=["nist-800-53r5:AC-6", "nist-800-53r5:IA-9"])
def oci_oke_no_workload_identity(cluster: Resource, graph: Graph) -> Iterator[Finding]:
    """Pods have identities of their own.

    ## Why
    With rights on the nodes' dynamic group every pod, a foreign one included, has the rights of all of them.
    ## Fix
    Make the cluster an `ENHANCED_CLUSTER`, and grant where `request.principal.type = 'workload'` with the cluster,
    the namespace and the service account.
    """
    if cluster["type"] != "ENHANCED_CLUSTER":
        yield cluster.fails("the cluster's type has no workload identity", at="type")
        return
    texts = [text for policy in graph.beside(cluster, "oci_identity_policy") for text in as_list(policy["statements"])]
    if texts and not any_of(texts, _names_workload):
        loose = any_of(texts, _about_workloads)
        said = (
            "its policies leave the cluster, namespace or service account open"
            if loose
            else "no policy names workloads"
        )
        yield cluster.fails(said, at="type")
