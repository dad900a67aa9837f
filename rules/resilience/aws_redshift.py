from assay import MEDIUM, require

require(
    "aws-redshift-short-backup",
    on="aws_redshift_cluster",
    path="automated_snapshot_retention_period",
    at_least=7,
    default=1,
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_AWS_343",
        "prowler:redshift_cluster_automated_snapshot",
        "steampipe-aws:redshift_cluster_automatic_snapshots_min_7_days",
    ],
    title="Redshift clusters keep automatic snapshots for at least seven days.",
    why="A load that went wrong is often found days later, when one day of snapshots holds the damage only.",
)
