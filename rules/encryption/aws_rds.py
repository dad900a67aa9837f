from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.aws_defaults import own_groups


@rule(
    on=["aws_db_instance", "aws_rds_cluster", "aws_rds_global_cluster"],
    severity=HIGH,
    controls=["cis-aws-1.4:2.3.1", "cis-aws-7.0:3.2.1", "nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_96",
        "CKV_AWS_140",
        "CKV_AWS_16",
        "kics:1a690d1d",
        "kics:08bd0760",
        "kics:656880aa",
        "kics:3199c26c",
        "AVD-AWS-0079",
        "AVD-AWS-0080",
        "prowler:rds_cluster_storage_encrypted",
        "prowler:rds_instance_storage_encrypted",
        "steampipe-aws:rds_db_cluster_encryption_at_rest_enabled",
        "steampipe-aws:rds_db_instance_encryption_at_rest_enabled",
    ],
    fixable=True,
)
def aws_rds_unencrypted(database: Resource) -> Iterator[Finding]:
    """Databases are encrypted at rest.

    ## Why
    Encryption cannot be switched on later, and every snapshot and replica of a plain database is plain as well.
    ## Fix
    Set `storage_encrypted = true`; an existing database has to be restored from an encrypted copy of a snapshot.
    """
    for origin in ("replicate_source_db", "replication_source_identifier", "source_db_cluster_identifier"):
        if not database.absent(origin):
            return  # what it copies decides, and is judged itself
    encrypted = database["storage_encrypted"]
    for origin in ("snapshot_identifier", "restore_to_point_in_time"):
        if encrypted == None and not database.absent(origin):
            yield database.unsure("it is encrypted as what it is restored from", at=origin)
            return
    if encrypted == True or database["engine_mode"] == "serverless":  # the first serverless ones always are
        return
    mend = database.set("storage_encrypted", True, safe=False)
    yield database.fails("storage_encrypted is not true", at="storage_encrypted", fix=mend)


@rule(
    on=["aws_db_snapshot", "aws_db_cluster_snapshot"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV_AWS_146", "prowler:rds_snapshots_encrypted", "steampipe-aws:rds_db_snapshot_encrypted_at_rest"],
)
def aws_rds_snapshot_unencrypted(snapshot: Resource, graph: Graph) -> Iterator[Finding]:
    """Database snapshots are encrypted.

    ## Why
    A snapshot is the whole database in a form that one call shares with another account.
    ## Fix
    Encrypt the database that the snapshot is taken of.
    """
    at = "db_instance_identifier" if snapshot.type == "aws_db_snapshot" else "db_cluster_identifier"
    for own in ("storage_encrypted", "encrypted"):
        if not snapshot.absent(own):
            if snapshot[own] != True:
                yield snapshot.fails("the snapshot is not encrypted", at=own)
            return
    for database in graph.follow(snapshot, at):
        if database["storage_encrypted"] != True and database.absent("replicate_source_db"):
            yield snapshot.fails(f"{database} is not encrypted", at=at, because=[database.where("storage_encrypted")])


_DEMANDS_TLS = {
    "postgres": "rds.force_ssl", "aurora-postgresql": "rds.force_ssl", "sqlserver": "rds.force_ssl",
    "mysql": "require_secure_transport", "mariadb": "require_secure_transport",
    "aurora-mysql": "require_secure_transport", "db2": "db2comm",
}  # fmt: skip
_ON = ("1", "on", "true", "ssl")
_DEMANDED_SINCE = {"postgres": 15, "aurora-postgresql": 17}


def _engine(database: Resource, groups: list[Resource]) -> str:
    """The engine; where the database copies another one and does not say, the family of its parameter group does."""
    if not database.absent("engine"):
        written = [str(database["engine"])]
    else:
        written = [str(group["family"] or "") for group in groups]
    known = sorted(_DEMANDS_TLS, key=len, reverse=True)
    return next((name for text in written for name in known if text.startswith(name)), "")


def _by_default(database: Resource, engine: str) -> bool:
    """Whether the engine's default parameter group demands TLS."""
    if engine not in _DEMANDED_SINCE or database.absent("engine_version"):
        return False
    major = database["engine_version"].partition(".")[0]
    return major.isdigit() and int(major) >= _DEMANDED_SINCE[engine]


@rule(
    on=["aws_db_instance", "aws_rds_cluster"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV2_AWS_69",
        "prowler:rds_instance_transport_encrypted",
        "steampipe-aws:rds_db_instance_connections_encryption_enabled",
        "steampipe-aws:rds_db_instance_sql_server_encryption_in_transit_enabled",
        "steampipe-aws:rds_db_instance_mariadb_encryption_in_transit_enabled",
    ],
)
def aws_rds_no_tls(database: Resource, graph: Graph) -> Iterator[Finding]:
    """Databases refuse connections without TLS.

    ## Why
    A client that may connect in plain text sooner or later does, and its password and rows cross the network readable.
    ## Fix
    Set `rds.force_ssl` (PostgreSQL, SQL Server) or `require_secure_transport` (MySQL, MariaDB) to 1, or
    `db2comm` (Db2) to `SSL`.
    """
    clustered = database.type == "aws_rds_cluster"
    at = "db_cluster_parameter_group_name" if clustered else "parameter_group_name"
    groups = own_groups(database, at, graph)
    engine = _engine(database, groups)
    if engine == "":
        return
    name = _DEMANDS_TLS[engine]
    set_here = False
    for group in groups:
        for parameter in group.each("parameter"):
            if parameter["name"].lower() == name:
                set_here = True
                if str(parameter["value"]).lower() not in _ON:
                    yield database.fails(f"{name} is off", at=at, because=[parameter.where("value")])
    if not set_here and not _by_default(database, engine):
        yield database.fails(f"no parameter group sets {name}", at=at)


require(
    "aws-rds-old-ca-certificate",
    on="aws_db_instance",
    path="ca_cert_identifier",
    none_of=["rds-ca-2019", "rds-ca-2015", "rds-ca-2010"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-17"],
    equivalents=[
        "CKV_AWS_211",
        "kics:9f40c07e",
        "prowler:rds_instance_certificate_expiration",
        "steampipe-aws:rds_db_instance_ca_certificate_expires_7_days",
    ],
    title="Databases present a certificate of a current authority.",
    why="Clients that verify, as they should, cannot connect once the authority has expired.",
    fix="Set `ca_cert_identifier` to a current one, such as `rds-ca-rsa2048-g1`.",
)

require(
    "aws-rds-insights-no-customer-key",
    on=["aws_db_instance", "aws_rds_cluster_instance"],
    path="performance_insights_kms_key_id",
    present=True,
    when=lambda r: r["performance_insights_enabled"] == True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_354", "AVD-AWS-0078"],
    title="Performance Insights is encrypted with a customer key.",
    why="It records the text of queries, literals included.",
)
