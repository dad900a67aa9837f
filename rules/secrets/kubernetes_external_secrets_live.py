"""External secrets as they are: fresh, and the same in every cluster."""

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_fleet import duration, elsewhere, others
from assay.analysis.cluster_state import age, condition, lasting


@rule(on=["ExternalSecret", "SecretStore", "ClusterSecretStore"], sources=["cluster"], severity=MEDIUM)
def k8s_external_secret_stale(secret: Resource, graph: Graph) -> Iterator[Finding]:
    """External secrets are read, and read again in time.

    ## Why
    One that is not refreshed keeps a password that was changed, or was meant to be revoked.

    ## Fix
    `kubectl describe` shows the store's answer: mend the permission, the name or the store.
    """
    ready = condition(secret, "Ready")
    if ready.get("status") == "False":
        since = lasting(graph, secret, ready.get("lastTransitionTime"))
        yield secret.fails(f"not Ready{since}: {ready.get('message') or ready.get('reason')}", at="status.conditions")
    elif secret.type == "ExternalSecret" and secret["spec.refreshPolicy"] in (None, "Periodic"):
        every = secret["spec.refreshInterval"] or "1h"
        interval = duration(every)
        passed = age(graph, secret, secret["status.refreshTime"])
        if interval > 0 and passed != None and passed > 2 * interval:
            yield secret.fails(f"last read {passed / 3600:.1f} h ago, to be every {every}", at="status.refreshTime")


@rule(on=["ExternalSecret", "SecretStore"], sources=["cluster"], severity=LOW)
def k8s_store_differs_across_clusters(secret: Resource, graph: Graph) -> Iterator[Finding]:
    """An external secret is the same in every cluster, but for its provider.

    ## Why
    An application that runs in both finds a key in one cluster and not in the other, on the day of the failover.

    ## Fix
    Apply the same manifest to both; only the store's provider is to differ.
    """
    for other in others(graph, secret):
        twin = elsewhere(graph, other, secret)
        if twin == None:
            yield secret.fails(f"{other} has none of this name", key=f"{other}")
            continue
        mine, theirs = secret["spec"] or {}, twin["spec"] or {}
        fields = sorted(f for f in {*mine, *theirs} if f != "provider" and mine.get(f) != theirs.get(f))
        if fields and f"{secret.account}" < f"{other.account}":  # said once of the two
            yield secret.fails(
                f"it differs from the one in {other}: {', '.join(fields)}", at=f"spec.{fields[0]}",
                because=[twin.where(f"spec.{fields[0]}")], key=f"{other}",
            )  # fmt: skip
