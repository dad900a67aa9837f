"""Databases and caches: who may log in, and as whom."""

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, require, rule, show

COMMON_NAMES = ("admin", "administrator", "root", "postgres", "awsuser", "sa", "master", "dbadmin", "rdsadmin", "mysql")
IAM_ENGINES = ("mysql", "postgres", "mariadb", "aurora", "aurora-mysql", "aurora-postgresql")

require(
    "aws-neptune-no-iam-auth",
    on="aws_neptune_cluster",
    path="iam_database_authentication_enabled",
    equals=True,
    title="Neptune clusters check IAM credentials.",
    why="Without IAM authentication whoever reaches the port reads and changes the whole graph.",
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-2"],
    equivalents=[
        "CKV_AWS_359",
        "kics:c91d7ea0",
        "prowler:neptune_cluster_iam_authentication_enabled",
        "steampipe-aws:neptune_db_cluster_iam_authentication_enabled",
    ],
)
require(
    "aws-rds-no-iam-auth",
    on=["aws_db_instance", "aws_rds_cluster"],
    path="iam_database_authentication_enabled",
    equals=True,
    when=lambda db: db["engine"] in (*IAM_ENGINES, *((None,) if db.resource.type == "aws_rds_cluster" else ())),
    title="RDS databases take IAM credentials.",
    why="Passwords are kept in configurations and live for years; IAM's tokens end after fifteen minutes.",
    severity=LOW,
    controls=["nist-800-53r5:IA-2"],
    equivalents=[
        "CKV_AWS_162",
        "CKV_AWS_161",
        "AVD-AWS-0176",
        "kics:88fd05e0",
        "prowler:rds_cluster_iam_authentication_enabled",
        "prowler:rds_instance_iam_authentication_enabled",
        "steampipe-aws:rds_db_instance_iam_authentication_enabled",
        "steampipe-aws:rds_db_cluster_iam_authentication_enabled",
    ],
)
require(
    "aws-rds-default-admin",
    on={"aws_db_instance": "username", "aws_rds_cluster": "master_username"},
    none_of=COMMON_NAMES,
    title="RDS master users do not have a common name.",
    why="With the name known an attacker has only the password left to guess.",
    fix="Choose a name that is not in every list of defaults; it cannot be changed later without a new database.",
    severity=LOW,
    equivalents=["prowler:rds_cluster_default_admin", "prowler:rds_instance_default_admin"],
)


@rule(
    on="aws_redshift_cluster",
    severity=LOW,
    equivalents=[
        "CKV_AWS_391",
        "prowler:redshift_cluster_non_default_username",
        "steampipe-aws:redshift_cluster_no_default_admin_name",
    ],
)
def aws_redshift_default_admin(cluster: Resource) -> Iterator[Finding]:
    """Redshift master users do not have a common name.

    ## Why
    With the name known an attacker has only the password left to guess.
    ## Fix
    Choose another `master_username`. A cluster that is explicitly not public passes.
    """
    if cluster["master_username"] in COMMON_NAMES and cluster["publicly_accessible"] != False:
        yield cluster.fails(f"the master user is called {show(cluster['master_username'])}", at="master_username")


@rule(
    on="aws_elasticache_replication_group",
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-2"],
    equivalents=[
        "CKV_AWS_31",
        "prowler:elasticache_redis_replication_group_auth_enabled",
        "steampipe-aws:elasticache_replication_group_redis_auth_enabled",
    ],
)
def aws_elasticache_no_auth(group: Resource) -> Iterator[Finding]:
    """Caches ask for a token or a user, over an encrypted line.

    ## Why
    Otherwise whoever reaches the port reads and changes everything in the cache, sessions included; a token on a plain
    line can be read on the way.
    ## Fix
    Set `transit_encryption_enabled = true` and `auth_token` or `user_group_ids`.
    """
    if group.absent("auth_token") and group["user_group_ids"] in (None, []):
        yield group.fails("neither auth_token nor user_group_ids is set")
    elif group["transit_encryption_enabled"] != True:
        yield group.fails("the token travels on a line that is not encrypted", at="transit_encryption_enabled")
