from assay import LOW, MEDIUM, require

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

require(
    "aws-redshift-single-zone",
    on="aws_redshift_cluster",
    path="multi_az",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["prowler:redshift_cluster_multi_az_enabled", "steampipe-aws:redshift_cluster_multiple_az_enabled"],
    title="Redshift clusters run in two zones.",
    why="When its zone fails, a cluster in one zone is down until it has been restored elsewhere.",
)

require(
    "aws-redshift-no-version-upgrade",
    on="aws_redshift_cluster",
    path="allow_version_upgrade",
    equals=True,
    default=True,
    severity=LOW,
    controls=["nist-800-53r5:SI-2"],
    equivalents=[
        "CKV_AWS_141",
        "prowler:redshift_cluster_automatic_upgrades",
        "steampipe-aws:redshift_cluster_automatic_upgrade_major_versions_enabled",
    ],
    title="Redshift clusters take upgrades in their maintenance window.",
    why="Fixes of the engine arrive with new versions, which the cluster refuses otherwise.",
)
