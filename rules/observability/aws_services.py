"""Services with a demand or two on logs and notice that one attribute decides."""

from collections.abc import Iterator
from typing import Any

from assay import INFO, LOW, Finding, Graph, Resource, any_of, is_map, require, rule

require(
    "aws-cloudtrail-no-insights",
    on="aws_cloudtrail",
    path="insight_selector",
    present=True,
    severity=INFO,
    controls=["nist-800-53r5:AU-6"],
    equivalents=["steampipe-aws:cloudtrail_trail_insight_selectors_and_logging_enabled"],
    title="Trails look for unusual activity.",
    why="A burst of calls or of errors that nobody set an alarm on is noticed by comparison only.",
    message="no insight_selector is declared",
    fix='Add an `insight_selector` with `insight_type = "ApiCallRateInsight"`.',
)

require(
    "aws-athena-no-log",
    on="aws_athena_workgroup",
    path="configuration.publish_cloudwatch_metrics_enabled",
    equals=True,
    default=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["prowler:athena_workgroup_logging_enabled", "steampipe-aws:athena_workgroup_logging_enabled"],
    title="Athena workgroups publish their metrics.",
    why="Queries that fail, or scan the whole lake, show in these metrics first.",
)

require(
    "aws-datasync-no-log",
    on="aws_datasync_task",
    path="cloudwatch_log_group_arn",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["prowler:datasync_task_logging_enabled", "steampipe-aws:datasync_task_logging_enabled"],
    title="DataSync tasks write a log.",
    why="Files that were skipped or failed to verify are named in the log only.",
)

require(
    "aws-client-vpn-no-log",
    on="aws_ec2_client_vpn_endpoint",
    path="connection_log_options.enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "prowler:ec2_client_vpn_endpoint_connection_logging_enabled",
        "steampipe-aws:ec2_client_vpn_endpoint_client_connection_logging_enabled",
    ],
    title="Client VPN endpoints log who connects.",
    why="Without the log a stolen certificate cannot be told from its owner.",
)

require(
    "aws-cloudformation-no-notification",
    on="aws_cloudformation_stack",
    path="notification_arns",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["CKV_AWS_124"],
    title="Stacks announce what happens to them.",
    why="A stack that rolls back at night otherwise stays unnoticed until the next change fails.",
)

_DELIVERY = "log_delivery.worker_log_delivery"


@rule(
    on="aws_mskconnect_connector",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["steampipe-aws:mskconnect_connector_logging_enabled"],
)
def aws_msk_connect_no_log(connector: Resource) -> Iterator[Finding]:
    """Connectors send the log of their workers somewhere.

    ## Why
    Why a connector stopped copying stands in the log of its workers only.
    ## Fix
    Enable `cloudwatch_logs`, `firehose` or `s3` in `worker_log_delivery`.
    """
    places = (f"{_DELIVERY}.{place}.enabled" for place in ("cloudwatch_logs", "firehose", "s3"))
    if not any_of(places, lambda path: connector[path] == True):
        yield connector.fails("no destination of the worker logs is enabled", at="log_delivery")


require(
    "aws-mwaa-no-scheduler-log",
    on="aws_mwaa_environment",
    path="logging_configuration.scheduler_logs.enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_242"],
    title="Airflow environments export the log of their scheduler.",
    why="Why a task was never started stands in this log only.",
)

require(
    "aws-mwaa-no-worker-log",
    on="aws_mwaa_environment",
    path="logging_configuration.worker_logs.enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_243"],
    title="Airflow environments export the logs of their workers.",
    why="Why a task hung or died stands in these logs only.",
)

require(
    "aws-mwaa-no-webserver-log",
    on="aws_mwaa_environment",
    path="logging_configuration.webserver_logs.enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_244"],
    title="Airflow environments export the log of their web server.",
    why="Who signed in, and who failed to, stands in this log only.",
)


@rule(
    on="aws_elastic_beanstalk_environment",
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["CKV_AWS_312"],
)
def aws_elastic_beanstalk_basic_health(environment: Resource) -> Iterator[Finding]:
    """Beanstalk environments report enhanced health.

    ## Why
    Basic health knows whether the load balancer gets an answer, not that half of the answers are errors.
    ## Fix
    Set `SystemType` to `enhanced` in the namespace `aws:elasticbeanstalk:healthreporting:system`.
    """
    wanted = (("SystemType", "enhanced"), ("HealthStreamingEnabled", "true"))
    enhanced = any_of(
        environment.each("setting"),
        lambda s: (
            s["namespace"] == "aws:elasticbeanstalk:healthreporting:system"
            and (s["name"], str(s["value"]).lower()) in wanted
        ),
    )
    if not enhanced:
        yield environment.fails("only basic health is reported", at="setting")


@rule(
    on="aws_glue_job",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["prowler:glue_etl_jobs_logging_enabled"],
)
def aws_glue_no_log(job: Resource) -> Iterator[Finding]:
    """Jobs write their log while they run.

    Jobs of Glue 5 and later do so by themselves, and Ray jobs; Python shells write what they print.

    ## Why
    Without it the log is there when the job has ended; of one that hangs or is killed, nothing is.
    ## Fix
    Set `"--enable-continuous-cloudwatch-log" = "true"` in `default_arguments`.
    """
    major = str(job["glue_version"] or "").partition(".")[0]
    if job["command.name"] in ("pythonshell", "glueray") or (major.isdigit() and int(major) >= 5):
        return
    arguments = job["default_arguments"]
    if arguments == None or str(arguments.get("--enable-continuous-cloudwatch-log")).lower() != "true":
        yield job.fails("the job writes no log while it runs", at="default_arguments")


@rule(
    on="aws_dms_replication_task",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "prowler:dms_replication_task_source_logging_enabled",
        "prowler:dms_replication_task_target_logging_enabled",
        "steampipe-aws:dms_replication_task_target_database_logging_enabled",
        "steampipe-aws:dms_replication_task_source_database_logging_enabled",
    ],
)
def aws_dms_task_no_log(task: Resource) -> Iterator[Finding]:
    """Migrations write a log of what they read and what they apply.

    ## Why
    Rows that could not be applied are skipped: without the log nobody knows that they are missing, or why.
    ## Fix
    Set `Logging.EnableLogging` to true in `replication_task_settings`; by default it is off.
    """
    settings = task.json("replication_task_settings")
    logging: Any = settings.get("Logging") if is_map(settings) else None
    if not is_map(logging) or logging.get("EnableLogging") != True:
        yield task.fails("the task writes no log", at="replication_task_settings")


@rule(
    on="aws_elastic_beanstalk_environment",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "prowler:elasticbeanstalk_environment_cloudwatch_logging_enabled",
        "steampipe-aws:elastic_beanstalk_environment_logs_to_cloudwatch",
    ],
)
def aws_elastic_beanstalk_no_log(environment: Resource) -> Iterator[Finding]:
    """Beanstalk environments send their logs to CloudWatch.

    ## Why
    The log is on the instance, and goes with it when the group replaces it.
    ## Fix
    Set `StreamLogs` to `true` in the namespace `aws:elasticbeanstalk:cloudwatch:logs`.
    """
    streams = any_of(
        environment.each("setting"),
        lambda s: (
            s["namespace"] == "aws:elasticbeanstalk:cloudwatch:logs"
            and s["name"] == "StreamLogs"
            and str(s["value"]).lower() == "true"
        ),
    )
    if not streams:
        yield environment.fails("logs stay on the instances", at="setting")


def _watched(endpoint: Resource, graph: Graph) -> bool:
    """Whether a schedule monitors an endpoint: an account says which, code says it by a job definition."""
    if endpoint.source == "aws":
        schedules = graph.beside(endpoint, "aws_sagemaker_monitoring_schedule")
        return any_of(schedules, lambda s: s["endpoint_name"] == endpoint["name"])
    jobs = graph.users(endpoint, "aws_sagemaker_data_quality_job_definition")
    return any_of(jobs, lambda job: bool(graph.users(job, "aws_sagemaker_monitoring_schedule")))


def endpoints_of(model: Resource, graph: Graph) -> list[Resource]:
    """The endpoints that a model answers at."""
    configurations = graph.users(model, "aws_sagemaker_endpoint_configuration")
    return [e for c in configurations for e in graph.users(c, "aws_sagemaker_endpoint")]


@rule(
    on=["aws_sagemaker_model"],
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["prowler:sagemaker_models_monitor_enabled"],
)
def aws_sagemaker_model_unmonitored(model: Resource, graph: Graph) -> Iterator[Finding]:
    """Models that answer are monitored.

    A model is judged behind an endpoint; in code, by the schedules and job definitions beside it.

    ## Why
    What people ask changes, and the model answers worse and worse without an error.
    ## Fix
    Capture data at the endpoint, and declare an `aws_sagemaker_monitoring_schedule` for it.
    """
    for endpoint in endpoints_of(model, graph):
        watched = _watched(endpoint, graph)
        if not watched:
            yield model.fails(f"nothing monitors it at {endpoint}", because=[endpoint.where()], key=endpoint.address)
