from assay import LOW, require

require(
    "aws-mq-no-minor-upgrade",
    on="aws_mq_broker",
    path="auto_minor_version_upgrade",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:SI-2"],
    equivalents=[
        "CKV_AWS_207",
        "prowler:mq_broker_auto_minor_version_upgrades",
        "steampipe-aws:mq_broker_auto_minor_version_upgrade_enabled",
    ],
    title="Brokers take minor upgrades by themselves.",
    why="Security fixes of the broker arrive as minor versions.",
)
