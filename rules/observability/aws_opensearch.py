from collections.abc import Iterator

from assay import LOW, Block, Finding, Resource, any_of, rule

_DOMAINS = ["aws_elasticsearch_domain", "aws_opensearch_domain"]


def _published(option: Block) -> bool:
    return option["enabled"] != False and not option.absent("cloudwatch_log_group_arn")


@rule(
    on=_DOMAINS,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_84",
        "kics:acb6b4e2",
        "AVD-AWS-0042",
        "prowler:opensearch_service_domains_cloudwatch_logging_enabled",
        "steampipe-aws:es_domain_error_logging_enabled",
        "steampipe-aws:es_domain_logs_to_cloudwatch",
        "steampipe-aws:opensearch_domain_logs_to_cloudwatch",
    ],
)
def aws_opensearch_no_log(domain: Resource) -> Iterator[Finding]:
    """OpenSearch domains publish a log.

    ## Why
    Errors and slow queries inside a domain are visible through these logs only.
    ## Fix
    Add `log_publishing_options` with a log group.
    """
    if not any_of(domain.each("log_publishing_options"), _published):
        yield domain.fails("no log is published", at="log_publishing_options")


@rule(
    on=_DOMAINS,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_317",
        "prowler:opensearch_service_domains_audit_logging_enabled",
        "steampipe-aws:es_domain_audit_logging_enabled",
        "steampipe-aws:opensearch_domain_audit_logging_enabled",
    ],
)
def aws_opensearch_no_audit_log(domain: Resource) -> Iterator[Finding]:
    """OpenSearch domains publish their audit log.

    ## Why
    Who searched for what, and who failed to sign in, is recorded in the audit log only.
    ## Fix
    Add `log_publishing_options` with `log_type = "AUDIT_LOGS"`.
    """
    options = domain.each("log_publishing_options")
    if not any_of(options, lambda o: o["log_type"] == "AUDIT_LOGS" and _published(o)):
        yield domain.fails("the audit log is not published", at="log_publishing_options")
