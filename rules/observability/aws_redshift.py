from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule


@rule(
    on="aws_redshift_cluster",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_71",
        "kics:15ffbacc",
        "prowler:redshift_cluster_audit_logging",
        "steampipe-aws:redshift_cluster_encryption_logging_enabled",
        "steampipe-aws:redshift_cluster_audit_logging_enabled",
    ],
)
def aws_redshift_no_audit_log(cluster: Resource, graph: Graph) -> Iterator[Finding]:
    """Redshift clusters write their audit log.

    ## Why
    Connections and queries stay visible for days only in the warehouse itself.
    ## Fix
    Declare an `aws_redshift_logging` for the cluster.
    """
    path = "logging.enable"  # until version 5 of the provider
    if cluster[path] not in (True, "true") and not graph.users(cluster, "aws_redshift_logging"):
        yield cluster.fails("audit logging is not enabled", at=path)
