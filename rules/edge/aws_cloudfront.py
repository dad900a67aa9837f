"""CloudFront: TLS on both sides, and no old versions of it."""

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Block, Finding, Resource, any_of, as_list, require, rule
from assay.analysis.parts import one_by_one

OLD = ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016")
OLD_ORIGIN = ("SSLv3", "TLSv1", "TLSv1.1")
YEAR = 31536000


def behaviours(distribution: Resource) -> list[Block]:
    """The default behaviour and the ordered ones."""
    return [*distribution.each("default_cache_behavior"), *distribution.each("ordered_cache_behavior")]


@rule(
    on="aws_cloudfront_response_headers_policy",
    severity=LOW,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_259"],
)
def aws_cloudfront_no_hsts(policy: Resource) -> Iterator[Finding]:
    """Answers tell browsers to use HTTPS only.

    ## Why
    Without the header a browser's first request may be plain, and somebody on the way keeps it so.
    ## Fix
    Add `strict_transport_security` with a year, subdomains, `preload` and `override = true`.
    """
    headers = policy.each("security_headers_config")
    settings = [s for block in headers for s in block.each("strict_transport_security")]
    if not settings:
        yield policy.fails("the policy sets no Strict-Transport-Security header")
    for one in settings:
        for name in ("override", "include_subdomains", "preload"):
            if one[name] != True:
                yield one.fails(f"{name} is not true", at=name)
        if one["access_control_max_age_sec"] == None or one["access_control_max_age_sec"] < YEAR:
            yield one.fails("browsers remember it for less than a year", at="access_control_max_age_sec")


def admits_http(behaviour: Block) -> bool:
    return bool(behaviour["viewer_protocol_policy"] == "allow-all")


def judge_http(behaviour: Block) -> Iterator[Finding]:
    if admits_http(behaviour):
        yield behaviour.fails("visitors may use plain HTTP", at="viewer_protocol_policy")


@rule(
    on="aws_cloudfront_distribution",
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_34",
        "AVD-AWS-0012",
        "kics:55af1353",
        "prowler:cloudfront_distributions_https_enabled",
        "steampipe-aws:cloudfront_distribution_encryption_in_transit_enabled",
    ],
)
def aws_cloudfront_http(distribution: Resource) -> Iterator[Finding]:
    """Visitors use HTTPS.

    ## Why
    On plain HTTP everybody on the way reads the session and changes the page.
    ## Fix
    Set `viewer_protocol_policy = "redirect-to-https"` in every behaviour.
    """
    yield from one_by_one(distribution.each("default_cache_behavior"), judge_http)
    yield from one_by_one(distribution.each("ordered_cache_behavior"), judge_http)


@rule(
    on="aws_cloudfront_distribution",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_174",
        "AVD-AWS-0013",
        "kics:00e5e55e",
        "kics:5c0003fb",
        "steampipe-aws:cloudfront_distribution_use_secure_cipher",
        "steampipe-aws:cloudfront_distribution_latest_tls_version",
        "steampipe-aws:cloudfront_distribution_uses_recommended_tls_security_policy",
    ],
)
def aws_cloudfront_old_tls(distribution: Resource) -> Iterator[Finding]:
    """Visitors use TLS 1.2 or newer.

    ## Why
    Older versions have known attacks; with CloudFront's own certificate the oldest are always admitted.
    ## Fix
    Use a certificate of your own and set `minimum_protocol_version = "TLSv1.2_2021"`.
    """
    viewers = distribution.each("viewer_certificate")
    if not viewers:
        yield distribution.fails("CloudFront's own certificate admits old TLS", at="viewer_certificate")
    for viewer in viewers:
        if viewer["cloudfront_default_certificate"] == True:
            yield viewer.fails("CloudFront's own certificate admits old TLS", at="cloudfront_default_certificate")
        elif viewer["minimum_protocol_version"] in (None, *OLD):
            yield viewer.fails("TLS before 1.2 is admitted", at="minimum_protocol_version")


@rule(
    on="aws_cloudfront_distribution",
    severity=LOW,
    equivalents=[
        "CKV2_AWS_42",
        "kics:3a1e94df",
        "prowler:cloudfront_distributions_custom_ssl_certificate",
        "steampipe-aws:cloudfront_distribution_use_custom_ssl_certificate",
    ],
)
def aws_cloudfront_default_certificate(distribution: Resource) -> Iterator[Finding]:
    """Distributions have a certificate of their own.

    ## Why
    CloudFront's own serves `*.cloudfront.net` only, and admits old versions of TLS.
    ## Fix
    Set `acm_certificate_arn` and the `aliases`.
    """
    named = ("acm_certificate_arn", "iam_certificate_id")
    if not any_of(distribution.each("viewer_certificate"), lambda v: any_of(named, lambda n: v[n] not in (None, ""))):
        yield distribution.fails("the distribution uses CloudFront's own certificate", at="viewer_certificate")


def custom_origins(distribution: Resource) -> list[Block]:
    """The settings of origins that are no S3 buckets."""
    return [c for origin in distribution.each("origin") for c in origin.each("custom_origin_config")]


@rule(
    on="aws_cloudfront_distribution",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV2_AWS_54",
        "prowler:cloudfront_distributions_using_deprecated_ssl_protocols",
        "steampipe-aws:cloudfront_distribution_no_deprecated_ssl_protocol",
    ],
)
def aws_cloudfront_origin_old_tls(distribution: Resource) -> Iterator[Finding]:
    """CloudFront talks to origins with TLS 1.2 or newer.

    ## Why
    SSL 3 and TLS before 1.2 have known attacks; the line to the origin carries the same data as the visitor's.
    ## Fix
    Set `origin_ssl_protocols = ["TLSv1.2"]`.
    """
    for custom in custom_origins(distribution):
        if any_of(as_list(custom["origin_ssl_protocols"]), lambda version: version in OLD_ORIGIN):
            yield custom.fails("an old version is admitted", at="origin_ssl_protocols")


@rule(
    on="aws_cloudfront_distribution",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV2_AWS_72",
        "prowler:cloudfront_distributions_origin_traffic_encrypted",
        "steampipe-aws:cloudfront_distribution_non_s3_origins_encryption_in_transit_enabled",
        "steampipe-aws:cloudfront_distribution_custom_origins_encryption_in_transit_enabled",
    ],
)
def aws_cloudfront_origin_http(distribution: Resource) -> Iterator[Finding]:
    """CloudFront talks to origins over HTTPS.

    ## Why
    The visitor sees a lock, and the second half of the way is plain.
    ## Fix
    Set `origin_protocol_policy = "https-only"`.
    """
    if distribution["enabled"] == False:
        return
    for custom in custom_origins(distribution):
        policy = custom["origin_protocol_policy"]
        if policy == "http-only":
            yield custom.fails("the origin is asked over plain HTTP", at="origin_protocol_policy")
        elif policy == "match-viewer" and any_of(behaviours(distribution), admits_http):
            yield custom.fails("a visitor on plain HTTP takes the origin with him", at="origin_protocol_policy")


require(
    "aws-cloudfront-no-sni",
    on="aws_cloudfront_distribution",
    path="viewer_certificate.ssl_support_method",
    none_of=("vip", "static-ip"),
    severity=LOW,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "prowler:cloudfront_distributions_https_sni_enabled",
        "steampipe-aws:cloudfront_distribution_sni_enabled",
    ],
    title="Distributions tell their certificates apart by the name that is asked for.",
    why="A dedicated address in every edge location costs hundreds a month, for clients older than TLS 1.2 only.",
    fix='Set `ssl_support_method = "sni-only"`.',
)
