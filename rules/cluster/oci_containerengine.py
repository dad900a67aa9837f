"""OKE clusters: versions, add-ons and what may run."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Finding, Graph, Resource, require, rule

# The oldest minor version that the service supported in 2026-08, and the first one without pod security policies.
OLDEST, WITHOUT_POLICIES = 32, 25
ADD_ONS = ("is_kubernetes_dashboard_enabled", "is_tiller_enabled")


def _minor(version: str) -> int:
    """24 of `v1.24.1`; 0 when the text is no version."""
    parts = version.lstrip("v").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


@rule(on="oci_containerengine_cluster", severity=HIGH, controls=["nist-800-53r5:CM-7"])
def oci_oke_dashboard_or_tiller(cluster: Resource) -> Iterator[Finding]:
    """Clusters run neither the dashboard nor Tiller.

    ## Why
    Both act with wide rights of their own for whoever reaches them; Tiller has been abandoned for years.
    ## Fix
    Leave `is_kubernetes_dashboard_enabled` and `is_tiller_enabled` false.
    """
    for name in ADD_ONS:
        if cluster[f"options.add_ons.{name}"] == True:
            yield cluster.fails(
                f"{name.removeprefix('is_').removesuffix('_enabled')} is on", at=f"options.add_ons.{name}"
            )


require(
    "oci-oke-no-image-verification",
    severity=LOW,
    controls=["nist-800-53r5:SI-7", "nist-800-53r5:CM-14"],
    on="oci_containerengine_cluster",
    path="image_policy_config.is_policy_enabled",
    equals=True,
    title="Clusters run only signed images.",
    why="Without an image policy whoever can push to the registry decides what runs in the cluster.",
)


@rule(on="oci_containerengine_cluster", severity=INFO, controls=["nist-800-53r5:CM-7"], equivalents=["CKV2_OCI_6"])
def oci_oke_no_pod_security_policy(cluster: Resource) -> Iterator[Finding]:
    """Old clusters enforce pod security policies.

    ## Why
    Before version 1.25 nothing else keeps a pod from taking over its node.
    ## Fix
    Set `options.admission_controller_options.is_pod_security_policy_enabled = true`, or upgrade.
    """
    enabled = "options.admission_controller_options.is_pod_security_policy_enabled"
    if cluster[enabled] != True and 0 < _minor(cluster["kubernetes_version"] or "") < WITHOUT_POLICIES:
        yield cluster.fails("pods are not restrained", at=enabled)


@rule(
    on=["oci_containerengine_cluster", "oci_containerengine_node_pool"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-2"],
)
def oci_oke_old_version(resource: Resource, graph: Graph) -> Iterator[Finding]:
    """Clusters run a supported version of Kubernetes, and nodes keep up.

    ## Why
    Old versions get no security updates, and nodes that lag too far stop working with their control plane.
    ## Fix
    Raise `kubernetes_version`, one minor version at a time, first of the cluster and then of its pools.
    """
    version = resource["kubernetes_version"]
    if version == None:
        return
    minor = _minor(version)
    if 0 < minor < OLDEST:
        yield resource.fails(f"Kubernetes 1.{minor} is out of support", at="kubernetes_version", key="support")
        return
    for cluster in graph.follow(resource, "cluster_id"):
        ahead = _minor(cluster["kubernetes_version"] or "") - minor
        if minor and ahead > 2:
            yield resource.fails(f"the nodes are {ahead} minor versions behind", at="kubernetes_version", key="skew")
