import re
from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Finding, Graph, Resource, require, rule

_DATABASES = ["aws_db_instance", "aws_rds_cluster"]

require(
    "aws-rds-no-minor-upgrade",
    on=["aws_db_instance", "aws_rds_cluster_instance"],
    path="auto_minor_version_upgrade",
    equals=True,
    default=True,
    severity=LOW,
    controls=["cis-aws-7.0:3.2.2", "nist-800-53r5:SI-2"],
    equivalents=[
        "CKV_AWS_226",
        "kics:3b6d777b",
        "prowler:rds_cluster_minor_version_upgrade_enabled",
        "prowler:rds_instance_minor_version_upgrade_enabled",
        "steampipe-aws:rds_db_instance_automatic_minor_version_upgrade_enabled",
        "steampipe-aws:rds_db_cluster_automatic_minor_version_upgrade_enabled",
    ],
    title="Databases take minor upgrades by themselves.",
    why="Security fixes of the engine arrive as minor versions.",
)

require(
    "aws-rds-no-deletion-protection",
    on=_DATABASES,
    path="deletion_protection",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV_AWS_139",
        "CKV_AWS_293",
        "AVD-AWS-0343",
        "AVD-AWS-0177",
        "prowler:rds_cluster_deletion_protection",
        "prowler:rds_instance_deletion_protection",
        "steampipe-aws:rds_db_instance_deletion_protection_enabled",
        "steampipe-aws:rds_db_cluster_deletion_protection_enabled",
    ],
    title="Databases are protected from deletion.",
    why="A changed name or a wrong workspace is enough for a plan to replace the database.",
)

# The lowest version in standard support at the end of 2026; older ones are retired or cost extra by the hour.
_SUPPORTED = {
    "postgres": (14,),
    "aurora-postgresql": (14,),
    "mysql": (8, 4),
    "aurora-mysql": (8, 0),
    "mariadb": (10, 11),
    "aurora": (8, 0),
}


@rule(
    on=_DATABASES,
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-2"],
    equivalents=["prowler:rds_instance_deprecated_engine_version", "prowler:rds_instance_extended_support"],
)
def aws_rds_old_engine(database: Resource) -> Iterator[Finding]:
    """Databases run an engine version in standard support.

    ## Why
    After its end a version gets no fixes, or gets them at an hourly price, and is upgraded when the platform decides.
    ## Fix
    Upgrade to a major version in standard support.
    """
    engine, version = database["engine"], database["engine_version"]
    if engine not in _SUPPORTED or version == None:
        return
    running = tuple(int(n) for n in re.findall(r"\d+", str(version))[:2])
    lowest = _SUPPORTED[engine]
    if running[: len(lowest)] < lowest[: len(running)]:
        wanted = ".".join(str(n) for n in lowest)
        yield database.fails(
            f"{engine} {version} is out of standard support, which begins at {wanted}", at="engine_version"
        )


@rule(
    on=_DATABASES,
    severity=HIGH,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_AWS_133",
        "kics:e542bd46",
        "kics:1dc73fb4",
        "AVD-AWS-0077",
        "prowler:rds_instance_backup_enabled",
        "steampipe-aws:rds_db_instance_backup_enabled",
        "steampipe-aws:rds_db_instance_backup_retention_period_less_than_7",
    ],
    fixable=True,
)
def aws_rds_short_backup(database: Resource) -> Iterator[Finding]:
    """Databases keep automatic backups for at least seven days.

    ## Why
    Without automatic backups there is no way back to the moment before a mistake.
    ## Fix
    Set `backup_retention_period` to 7 or more.
    """
    path = "backup_retention_period"
    if not database.absent("replicate_source_db") or not database.absent("replication_source_identifier"):
        return
    days = database[path]
    if days == None:
        days = 0 if database.type == "aws_db_instance" else 1
    if days < 7:
        said = "automatic backups are off" if days == 0 else f"backups are kept for {days} days only"
        mend = database.set(path, 7)
        yield database.fails(said, at=path, fix=mend, severity=HIGH if days == 0 else MEDIUM)


@rule(
    on=_DATABASES,
    severity=MEDIUM,
    controls=["cis-aws-7.0:3.2.4", "nist-800-53r5:CP-10"],
    equivalents=[
        "CKV_AWS_157",
        "prowler:rds_cluster_multi_az",
        "prowler:rds_instance_multi_az",
        "steampipe-aws:rds_db_instance_multiple_az_enabled",
        "steampipe-aws:rds_db_cluster_multiple_az_enabled",
    ],
)
def aws_rds_single_zone(database: Resource, graph: Graph) -> Iterator[Finding]:
    """Databases have a standby in another zone.

    ## Why
    When the zone or the machine fails, a single instance is down until it is restored from a backup.
    ## Fix
    Set `multi_az = true`; give a cluster a second instance in another zone.
    """
    if database.type == "aws_db_instance":
        if database["multi_az"] != True:
            mend = database.set("multi_az", True, safe=False)
            yield database.fails("multi_az is not true", at="multi_az", fix=mend)
        return
    zones = database["availability_zones"]
    if zones != None and len(zones) == 1:
        yield database.fails("the cluster has one zone only", at="availability_zones")
    elif len(graph.users(database, "aws_rds_cluster_instance")) == 1:
        yield database.fails("the cluster has one instance only, so it is in one zone")


require(
    "aws-aurora-no-backtrack",
    on="aws_rds_cluster",
    path="backtrack_window",
    at_least=1,
    default=0,
    when=lambda r: r["engine"] in (None, "aurora", "aurora-mysql"),  # none: older providers took aurora
    severity=INFO,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV_AWS_326",
        "prowler:rds_cluster_backtrack_enabled",
        "steampipe-aws:rds_db_cluster_aurora_backtracking_enabled",
    ],
    title="Aurora MySQL clusters can be rewound.",
    why="Backtracking undoes a wrong statement in minutes, where a restore takes hours.",
    fix="Set `backtrack_window` to the seconds to go back, up to 259200.",
)
