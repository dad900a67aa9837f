from collections.abc import Iterator

from assay import INFO, LOW, Finding, Graph, Resource, any_of, rule


def _receives_logs(bucket: Resource, graph: Graph) -> bool:
    """A log bucket that logged its own deliveries would never come to rest."""
    if bucket["acl"] == "log-delivery-write" or graph.users(bucket, "aws_s3_bucket"):
        return True
    return any_of(graph.users(bucket, "aws_s3_bucket_acl"), lambda a: a["acl"] == "log-delivery-write")


@rule(
    on="aws_s3_bucket",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_18",
        "kics:f861041c",
        "AVD-AWS-0089",
        "prowler:s3_bucket_server_access_logging_enabled",
        "steampipe-aws:s3_bucket_logging_enabled",
    ],
)
def aws_s3_no_access_log(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets log who reads and writes them.

    ## Why
    Without the log nobody can say which objects were taken.
    ## Fix
    Declare an `aws_s3_bucket_logging` that sends the log to another bucket.
    """
    # A logging configuration links to the bucket it logs and to the bucket that receives: both need no other.
    logged = not bucket.absent("logging") or graph.users(bucket, "aws_s3_bucket_logging")
    if not logged and not _receives_logs(bucket, graph):
        yield bucket.fails("no logging configuration names this bucket")


@rule(
    on="aws_s3_bucket",
    severity=INFO,
    controls=["nist-800-53r5:SI-4"],
    equivalents=[
        "CKV2_AWS_62",
        "prowler:s3_bucket_event_notifications_enabled",
        "steampipe-aws:s3_bucket_event_notifications_enabled",
    ],
)
def aws_s3_no_event_notification(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets announce what happens to their objects.

    ## Why
    With events, new and deleted objects can be scanned, indexed or noticed at once.
    ## Fix
    Declare an `aws_s3_bucket_notification`, at least with `eventbridge = true`.
    """

    def announces(notification: Resource) -> bool:
        targets = ("lambda_function", "queue", "topic")
        return notification["eventbridge"] == True or any_of(targets, lambda t: notification.each(t))

    if not any_of(graph.users(bucket, "aws_s3_bucket_notification"), announces):
        yield bucket.fails("no notification is configured")
