from collections.abc import Iterator

from assay import INFO, LOW, Finding, Graph, Resource, any_of, require, rule
from assay.analysis.aws_defaults import own_groups
from assay.model import View

require(
    "aws-rds-no-log",
    on=["aws_db_instance", "aws_rds_cluster"],
    path="enabled_cloudwatch_logs_exports",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_129",
        "CKV_AWS_324",
        "kics:8d7f7b8c",
        "prowler:rds_cluster_integration_cloudwatch_logs",
        "prowler:rds_instance_integration_cloudwatch_logs",
        "steampipe-aws:rds_db_instance_logging_enabled",
        "steampipe-aws:rds_db_instance_cloudwatch_logs_enabled",
        "steampipe-aws:rds_db_instance_sql_server_logging_enabled",
        "steampipe-aws:rds_db_instance_mariadb_logging_enabled",
    ],
    title="Databases export their logs.",
    why="On the instance the logs are rotated away within days, and they are gone with the instance.",
)

require(
    "aws-rds-no-audit-log",
    on="aws_rds_cluster",
    path="enabled_cloudwatch_logs_exports",
    contains="audit",
    when=lambda r: r["engine"] in (None, "aurora", "aurora-mysql", "mysql"),  # none: older providers took aurora
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_325", "steampipe-aws:rds_db_cluster_aurora_mysql_audit_logging_enabled"],
    title="MySQL clusters export their audit log.",
    why="Who connected and what was asked is recorded in the audit log only.",
)

require(
    "aws-rds-no-enhanced-monitoring",
    on=["aws_db_instance", "aws_rds_cluster_instance"],
    path="monitoring_interval",
    at_least=1,
    default=0,
    severity=INFO,
    controls=["nist-800-53r5:SI-4"],
    equivalents=[
        "CKV_AWS_118",
        "prowler:rds_instance_enhanced_monitoring_enabled",
        "steampipe-aws:rds_db_instance_and_cluster_enhanced_monitoring_enabled",
    ],
    title="Databases report the metrics of their operating system.",
    why="Processes, memory and waits inside the instance are not among the ordinary metrics.",
    fix="Set `monitoring_interval` to 60 or less, with a `monitoring_role_arn`.",
)

_SMALL = tuple(f"db.{family}.{size}" for family in ("t2", "t3", "t4g") for size in ("micro", "small"))


_UNRECORDED = ("db2", "custom-")


def _records_nothing(database: View) -> bool:
    """Whether nothing is recorded there: of Db2 and RDS Custom, and of MySQL and its kin on the smallest instances."""
    size = f"{database['instance_class'] or ''}"
    clustered = database.resource.type == "aws_rds_cluster_instance"
    if size in _SMALL or (clustered and size.startswith(("db.t2.", "db.t3."))):
        own = (None, "aurora", "aurora-mysql", "mysql") if clustered else ("mysql", "mariadb")
        if database["engine"] in own:
            return True
    return not clustered and f"{database['engine'] or ''}".startswith(_UNRECORDED)


require(
    "aws-rds-no-performance-insights",
    on=["aws_db_instance", "aws_rds_cluster_instance"],
    path="performance_insights_enabled",
    equals=True,
    when=lambda r: r["performance_insights_enabled"] == True or not _records_nothing(r),
    severity=INFO,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["CKV_AWS_353", "AVD-AWS-0133"],
    title="Databases record which queries load them.",
    why="Without it the query that brought the database down is guessed at after the restart.",
)

_WANTED = {"log_statement": ("none",), "log_min_duration_statement": ("-1",)}


@rule(
    on=["aws_db_instance", "aws_rds_cluster"],
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV2_AWS_30",
        "CKV2_AWS_27",
        "steampipe-aws:rds_db_instance_postgres_logging_enabled",
        "steampipe-aws:rds_db_cluster_aurora_postgres_logging_enabled",
    ],
)
def aws_rds_no_query_log(database: Resource, graph: Graph) -> Iterator[Finding]:
    """PostgreSQL databases log statements and their duration.

    ## Why
    PostgreSQL logs errors only by default: who changed what, and which query is slow, is not written down.
    ## Fix
    Set `log_statement` and `log_min_duration_statement` in the parameter group.
    """
    if database["engine"] not in ("postgres", "aurora-postgresql"):
        return
    at = "parameter_group_name" if database.type == "aws_db_instance" else "db_cluster_parameter_group_name"
    missing = set(_WANTED)
    for group in own_groups(database, at, graph):
        for parameter in group.each("parameter"):
            name = parameter["name"]
            if name in _WANTED and str(parameter["value"]) not in _WANTED[name]:
                missing.discard(name)
    if missing:
        yield database.fails(f"the parameter group does not set {' and '.join(sorted(missing))}", at=at)


CRITICAL_EVENTS = {
    "aws_db_instance": ("db-instance", {"maintenance", "configuration change", "failure"}),
    "aws_rds_cluster": ("db-cluster", {"maintenance", "failure"}),
    "aws_db_parameter_group": ("db-parameter-group", {"configuration change"}),
}
"""By what there is: the kind of source, and the categories that somebody has to hear of."""


def _tells(subscription: Resource, kind: str, wanted: set[str]) -> bool:
    """Whether a subscription tells of all sources of a kind what is wanted; without categories it tells of all."""
    categories = subscription["event_categories"]
    return (
        subscription["enabled"] != False
        and subscription["source_type"] in (None, "", kind)
        and subscription["source_ids"] in (None, [])
        and (not categories or wanted <= set(categories))
    )


def _heard(subscriptions: list[Resource], kind: str, wanted: set[str]) -> bool:
    return any_of(subscriptions, lambda s: _tells(s, kind, wanted))


@rule(
    on=["aws_db_event_subscription", "account"],
    severity=LOW,
    controls=["nist-800-53r5:AU-6"],
    equivalents=[
        "prowler:rds_cluster_critical_event_subscription",
        "prowler:rds_instance_critical_event_subscription",
        "prowler:rds_instance_event_subscription_parameter_groups",
        "prowler:rds_instance_event_subscription_security_groups",
        "steampipe-aws:rds_db_cluster_events_subscription",
        "steampipe-aws:rds_db_instance_events_subscription",
        "steampipe-aws:rds_db_parameter_group_events_subscription",
        "steampipe-aws:rds_db_security_group_events_subscription",
    ],
)
def aws_rds_no_event_subscription(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Somebody hears of failures and changes of databases.

    Code is judged that declares a subscription, accounts that have databases; security groups of databases went with
    EC2-Classic.

    ## Why
    A failover, a full disk or a changed parameter shows in these events hours before it shows in tickets.
    ## Fix
    Declare an `aws_db_event_subscription` without `event_categories`, or with `failure`, `maintenance` and
    `configuration change`, for instances and clusters.
    """
    if r.type == "aws_db_event_subscription":
        if r["enabled"] == False:
            yield r.fails("the subscription is not enabled", at="enabled")
        return
    subscriptions = graph.beside(r, "aws_db_event_subscription")
    if r.source != "aws" and not list.__len__(subscriptions):
        return
    for type_, (kind, wanted) in CRITICAL_EVENTS.items():
        there = graph.beside(r, type_)
        if there and not _heard(subscriptions, kind, wanted):
            said = f"nobody hears of {', '.join(sorted(wanted))} of a {kind}"
            yield r.fails(said, because=[there[0].where()], key=kind)
