from assay import LOW, require

require(
    "aws-mq-no-log",
    on="aws_mq_broker",
    path="logs.general",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_48", "kics:31245f98", "AVD-AWS-0071", "prowler:mq_broker_logging_enabled"],
    title="Brokers export their general log.",
    why="Connections, refusals and failovers are in this log and nowhere else.",
)

require(
    "aws-mq-no-audit-log",
    on="aws_mq_broker",
    path="logs.audit",
    equals=True,
    when=lambda r: str(r["engine_type"]).lower() == "activemq",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_197", "AVD-AWS-0070", "steampipe-aws:mq_broker_audit_log_enabled"],
    title="ActiveMQ brokers export their audit log.",
    why="Queues created, purged or deleted by hand leave no other trace.",
)
