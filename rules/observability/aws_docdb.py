from collections.abc import Iterator

from assay import LOW, Finding, Resource, any_of, rule


@rule(
    on="aws_docdb_cluster",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_85",
        "kics:56f6a008",
        "AVD-AWS-0020",
        "prowler:documentdb_cluster_cloudwatch_log_export",
        "steampipe-aws:docdb_cluster_instance_logging_enabled",
    ],
)
def aws_docdb_no_log(cluster: Resource) -> Iterator[Finding]:
    """DocumentDB clusters export their audit or profiler log.

    ## Why
    What is not exported stays in the cluster, and is gone with it.
    ## Fix
    Set `enabled_cloudwatch_logs_exports = ["audit", "profiler"]`.
    """
    exported = cluster["enabled_cloudwatch_logs_exports"] or []
    if not any_of(exported, lambda kind: kind in ("audit", "profiler")):
        yield cluster.fails("neither audit nor profiler is exported", at="enabled_cloudwatch_logs_exports")


@rule(
    on="aws_docdb_cluster_parameter_group",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_104"],
)
def aws_docdb_no_audit_log(group: Resource) -> Iterator[Finding]:
    """DocumentDB clusters audit what is done in them.

    ## Why
    Exporting the audit log is not enough: unless the parameter says so, nothing is written into it.
    ## Fix
    Add a `parameter` with `name = "audit_logs"` and `value = "enabled"`.
    """
    on = any_of(group.each("parameter"), lambda p: p["name"] == "audit_logs" and p["value"] not in ("disabled", "none"))
    if not on:
        yield group.fails("the parameter audit_logs is missing or disabled", at="parameter")
