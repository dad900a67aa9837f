"""What secret stores may be used for, and as whom."""

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Finding, Resource, rule


@rule(on=("SecretStore", "ClusterSecretStore"), severity=HIGH, controls=["nist-800-53r5:AC-6"])
def k8s_secret_store_node_identity(store: Resource) -> Iterator[Finding]:
    """Oracle secret stores log in as the workload, not as the node.

    ## Why
    Without `principalType: Workload` and without a key the store uses the node's instance principal, whose rights every
    pod of the node has: `auth.workloadIdentity` alone changes nothing.

    ## Fix
    Set `principalType: Workload` and name the service account; the cluster must be an enhanced one.
    """
    if store.absent("spec.provider.oracle"):
        return
    principal = store["spec.provider.oracle.principalType"]
    keyed = not store.absent("spec.provider.oracle.auth.secretRef")
    if principal == "InstancePrincipal" or (principal in (None, "") and not keyed):
        yield store.fails("it logs in as the node's instance principal", at="spec.provider.oracle.principalType")


@rule(on="ClusterSecretStore", severity=MEDIUM, controls=["nist-800-53r5:AC-6"])
def k8s_cluster_secret_store_open(store: Resource) -> Iterator[Finding]:
    """Secret stores of the whole cluster say which namespaces may use them.

    ## Why
    Without conditions an ExternalSecret in any namespace fetches any secret that the store can read.

    ## Fix
    Add `spec.conditions` with the namespaces or a selector of their labels, or use a SecretStore in each.
    """
    if not store["spec.conditions"]:
        yield store.fails("every namespace may read through it", at="spec.conditions")
