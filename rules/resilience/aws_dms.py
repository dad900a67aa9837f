from assay import LOW, require

require(
    "aws-dms-no-minor-upgrade",
    on="aws_dms_replication_instance",
    path="auto_minor_version_upgrade",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:SI-2"],
    equivalents=[
        "CKV_AWS_222",
        "prowler:dms_instance_minor_version_upgrade_enabled",
        "steampipe-aws:dms_replication_instance_automatic_minor_version_upgrade_enabled",
    ],
    title="Replication instances take minor upgrades by themselves.",
    why="Fixes of the replication engine arrive as minor versions.",
)

require(
    "aws-dms-single-zone",
    on="aws_dms_replication_instance",
    path="multi_az",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["prowler:dms_instance_multi_az_enabled", "steampipe-aws:dms_replication_instance_multiple_az_enabled"],
    title="Replication instances have a standby in another zone.",
    why="A long migration that loses its instance may have to begin again.",
)
