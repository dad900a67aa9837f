from assay import MEDIUM, require

require(
    "aws-docdb-short-backup",
    on="aws_docdb_cluster",
    path="backup_retention_period",
    at_least=7,
    default=1,
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_AWS_360",
        "prowler:documentdb_cluster_backup_enabled",
        "steampipe-aws:docdb_cluster_backup_retention_period_7_days",
    ],
    title="DocumentDB clusters keep backups for at least seven days.",
    why="With one day of backups, damage done on Friday is in every backup by Sunday.",
)

require(
    "aws-docdb-no-deletion-protection",
    on="aws_docdb_cluster",
    path="deletion_protection",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "prowler:documentdb_cluster_deletion_protection",
        "steampipe-aws:docdb_cluster_deletion_protection_enabled",
    ],
    title="DocumentDB clusters are protected from deletion.",
    why="A renamed attribute or a wrong workspace is enough to make a plan replace the cluster.",
)
