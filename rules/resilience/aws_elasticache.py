from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, require, rule

_TYPES = ["aws_elasticache_cluster", "aws_elasticache_replication_group"]

require(
    "aws-elasticache-no-minor-upgrade",
    on=_TYPES,
    path="auto_minor_version_upgrade",
    none_of=["false", False],  # the provider keeps it as text
    severity=LOW,
    controls=["nist-800-53r5:SI-2"],
    equivalents=[
        "CKV_AWS_322",
        "prowler:elasticache_redis_cluster_auto_minor_version_upgrades",
        "steampipe-aws:elasticache_cluster_auto_minor_version_upgrade_enabled",
    ],
    title="Caches take minor upgrades by themselves.",
    why="Security fixes of the engine arrive as minor versions.",
    message="auto_minor_version_upgrade is false",
    fix="Remove `auto_minor_version_upgrade` or set it to true.",
)


@rule(
    on="aws_elasticache_replication_group",
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV2_AWS_50",
        "prowler:elasticache_redis_cluster_automatic_failover_enabled",
        "prowler:elasticache_redis_cluster_multi_az_enabled",
        "steampipe-aws:elasticache_replication_group_auto_failover_enabled",
    ],
)
def aws_elasticache_no_failover(group: Resource) -> Iterator[Finding]:
    """Replication groups fail over to another zone.

    ## Why
    When the primary or its zone fails, the cache is gone until somebody acts, and the database takes its load.
    ## Fix
    Set `automatic_failover_enabled` and `multi_az_enabled`, with at least one replica.
    """
    for path in ("automatic_failover_enabled", "multi_az_enabled"):
        if group[path] != True:
            yield group.fails(f"{path} is not true", at=path, fix=group.set(path, True, safe=False))
            return


require(
    "aws-elasticache-no-backup",
    on=_TYPES,
    path="snapshot_retention_limit",
    at_least=1,
    default=0,
    # Memcached has no backups, and the members of a group leave them to it.
    when=lambda r: (
        r["engine"] != "memcached"
        and (r.resource.type == "aws_elasticache_replication_group" or r.absent("replication_group_id"))
    ),
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_AWS_134",
        "kics:8fdb08a0",
        "AVD-AWS-0050",
        "prowler:elasticache_redis_cluster_backup_enabled",
        "steampipe-aws:elasticache_redis_cluster_automatic_backup_retention_15_days",
    ],
    title="Redis caches keep backups.",
    why="Sessions and queues kept in Redis are lost with the node.",
    message="snapshot_retention_limit is 0 or not set",
)
