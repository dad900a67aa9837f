from assay import HIGH, LOW, require

require(
    "aws-elasticache-unencrypted",
    on="aws_elasticache_replication_group",
    path="at_rest_encryption_enabled",
    one_of=["true", True],
    message="at_rest_encryption_enabled is not true",
    fix="Set `at_rest_encryption_enabled = true`; an existing group has to be replaced.",
    # Valkey is encrypted unless somebody says otherwise, Redis the other way round.
    when=lambda r: (
        not (
            r.absent("at_rest_encryption_enabled")
            and (r["engine"] == "valkey" or not r.absent("global_replication_group_id"))
        )
    ),
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_29",
        "kics:76976de7",
        "AVD-AWS-0045",
        "prowler:elasticache_redis_cluster_rest_encryption_enabled",
        "steampipe-aws:elasticache_replication_group_encryption_at_rest_enabled",
    ],
    title="ElastiCache replication groups are encrypted at rest.",
    why="Backups and swap of a cache hold the same sessions and records as its memory.",
)

require(
    "aws-elasticache-no-tls",
    on="aws_elasticache_replication_group",
    path="transit_encryption_enabled",
    equals=True,
    # A secondary of a global datastore takes it from the primary, which is judged itself.
    when=lambda r: not (r.absent("transit_encryption_enabled") and not r.absent("global_replication_group_id")),
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_30",
        "kics:1afbb3fa",
        "AVD-AWS-0051",
        "prowler:elasticache_redis_cluster_in_transit_encryption_enabled",
        "steampipe-aws:elasticache_replication_group_encryption_in_transit_enabled",
    ],
    title="ElastiCache replication groups speak TLS.",
    why="Without it passwords and cached records cross the network in plain text, between the nodes as well.",
)

require(
    "aws-elasticache-no-customer-key",
    on="aws_elasticache_replication_group",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_191", "steampipe-aws:elasticache_replication_group_encryption_at_rest_enabled_with_kms_cmk"],
    title="ElastiCache replication groups are encrypted with a customer key.",
    why="A backup under a key of one's own can be restored only by those whom its policy names.",
)
