from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule

_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@rule(
    on="aws_eks_cluster",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_37",
        "kics:37304d3f",
        "AVD-AWS-0038",
        "prowler:eks_control_plane_logging_all_types_enabled",
        "steampipe-aws:eks_cluster_control_plane_audit_logging_enabled",
    ],
    fixable=True,
)
def aws_eks_no_control_plane_log(cluster: Resource) -> Iterator[Finding]:
    """EKS clusters export all five logs of their control plane.

    ## Why
    The control plane belongs to the platform: what it does not export, nobody can look up later.
    ## Fix
    Set `enabled_cluster_log_types` to api, audit, authenticator, controllerManager and scheduler.
    """
    enabled = cluster["enabled_cluster_log_types"] or []
    missing = [kind for kind in _TYPES if kind not in enabled]
    if missing:
        mend = cluster.set("enabled_cluster_log_types", list(_TYPES))
        yield cluster.fails(f"not exported: {', '.join(missing)}", at="enabled_cluster_log_types", fix=mend)
