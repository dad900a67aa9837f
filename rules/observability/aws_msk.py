from collections.abc import Iterator

from assay import LOW, Finding, Resource, any_of, rule

_LOGS = "logging_info.broker_logs"


@rule(
    on="aws_msk_cluster",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_80", "kics:2f56b7ab", "AVD-AWS-0074"],
)
def aws_msk_no_log(cluster: Resource) -> Iterator[Finding]:
    """MSK brokers send their logs somewhere.

    ## Why
    Refused clients and lost replicas are seen in the brokers' logs only.
    ## Fix
    Enable `cloudwatch_logs`, `firehose` or `s3` in `broker_logs`.
    """
    places = (f"{_LOGS}.{place}.enabled" for place in ("cloudwatch_logs", "firehose", "s3"))
    if not any_of(places, lambda path: cluster[path] == True):
        yield cluster.fails("no destination of the broker logs is enabled", at="logging_info")
