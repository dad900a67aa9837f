from assay import MEDIUM, require

require(
    "aws-neptune-short-backup",
    on="aws_neptune_cluster",
    path="backup_retention_period",
    at_least=7,
    default=1,
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_AWS_361",
        "prowler:neptune_cluster_backup_enabled",
        "steampipe-aws:neptune_db_cluster_automated_backup_enabled",
    ],
    title="Neptune clusters keep backups for at least seven days.",
    why="With one day of backups, damage that is found on the second day cannot be undone.",
)

require(
    "aws-neptune-no-deletion-protection",
    on="aws_neptune_cluster",
    path="deletion_protection",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV2_AWS_58",
        "prowler:neptune_cluster_deletion_protection",
        "steampipe-aws:neptune_db_cluster_deletion_protection_enabled",
    ],
    title="Neptune clusters are protected from deletion.",
    why="A renamed attribute or a wrong workspace is enough to make a plan replace the cluster.",
)
