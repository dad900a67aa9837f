"""Databases of Redshift."""

from assay import INFO, require

require(
    "aws-redshift-default-database",
    on="aws_redshift_cluster",
    path="database_name",
    not_equals="dev",
    default="dev",
    severity=INFO,
    controls=["nist-800-53r5:CM-6"],
    equivalents=["CKV_AWS_320"],
    title="Redshift clusters do not use the default database.",
    why="A name that everybody knows is one thing less to find out.",
)
