"""OpenSearch: clients use TLS, and no old versions of it."""

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, require, rule

DOMAINS = ["aws_elasticsearch_domain", "aws_opensearch_domain"]

require(
    "aws-opensearch-old-tls-policy",
    on=DOMAINS,
    path="domain_endpoint_options.tls_security_policy",
    one_of=(
        "Policy-Min-TLS-1-2-2019-07",
        "Policy-Min-TLS-1-2-PFS-2023-10",
        "Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08",
    ),
    title="Search domains admit TLS 1.2 and newer only.",
    why="Older versions have known attacks. Without a policy TLS 1.0 is admitted.",
    fix='Set `tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"`.',
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_228", "AVD-AWS-0126", "steampipe-aws:es_domain_encrypted_using_tls_1_2"],
)


@rule(
    on=DOMAINS,
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_83",
        "AVD-AWS-0046",
        "kics:2e9e0729",
        "prowler:opensearch_service_domains_https_communications_enforced",
        "steampipe-aws:opensearch_domain_https_required",
    ],
)
def aws_opensearch_no_https(domain: Resource) -> Iterator[Finding]:
    """Search domains take HTTPS only.

    ## Why
    Queries, answers and passwords otherwise travel in clear.
    ## Fix
    Set `domain_endpoint_options { enforce_https = true }`.
    """
    options = domain.each("domain_endpoint_options")
    if not options:
        yield domain.fails("plain HTTP is admitted: no domain_endpoint_options")
    for one in options:
        if one["enforce_https"] == False:  # the provider's default inside the block is true
            yield one.fails("plain HTTP is admitted", at="enforce_https", fix=one.set("enforce_https", True))
