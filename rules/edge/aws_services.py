"""Entry points of single services."""

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Block, Finding, Resource, any_of, require, rule
from assay.analysis.parts import one_by_one

require(
    "aws-lambda-url-no-auth",
    on="aws_lambda_function_url",
    path="authorization_type",
    not_equals="NONE",
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_258", "prowler:awslambda_function_url_public"],
    title="Function URLs ask who calls.",
    why="Whoever finds the address runs the function, and the account pays for it.",
    fix='Set `authorization_type = "AWS_IAM"`.',
)


require(
    "aws-transfer-plain-ftp",
    on="aws_transfer_server",
    path="protocols",
    lacks="FTP",
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_357"],
    title="File transfer servers do not speak plain FTP.",
    why="Names, passwords and files cross the network readable.",
)


require(
    "aws-transfer-old-policy",
    on="aws_transfer_server",
    path="security_policy_name",
    none_of=[
        "TransferSecurityPolicy-2018-11",
        "TransferSecurityPolicy-2020-06",
        "TransferSecurityPolicy-2022-03",
        "TransferSecurityPolicy-2023-05",
        "TransferSecurityPolicy-FIPS-2020-06",
        "TransferSecurityPolicy-FIPS-2023-05",
    ],
    default="TransferSecurityPolicy-2018-11",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_380"],
    title="File transfer servers use a current security policy.",
    why="Older policies accept ciphers and key exchanges that are known to be weak.",
    fix='Set `security_policy_name = "TransferSecurityPolicy-2024-01"` or a later one.',
)


require(
    "aws-api-domain-old-tls",
    on="aws_api_gateway_domain_name",
    path="security_policy",
    not_equals="TLS_1_0",
    default="TLS_1_2",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_206"],
    title="API domains accept TLS 1.2 and later only.",
    why="Older versions have known weaknesses, and a client can be talked down to them.",
    fix='Set `security_policy = "TLS_1_2"` or a later one.',
)


require(
    "aws-api-no-client-certificate",
    on="aws_api_gateway_stage",
    path="client_certificate_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:IA-3"],
    equivalents=["CKV2_AWS_51", "prowler:apigateway_restapi_client_certificate_enabled"],
    title="API stages show a certificate to their backends.",
    why="Without it a backend cannot tell the gateway from somebody who found its address.",
)


require(
    "aws-cloudfront-no-default-root",
    on="aws_cloudfront_distribution",
    path="default_root_object",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:CM-6"],
    equivalents=["CKV_AWS_305"],
    title="Distributions say what stands at their root.",
    why="Without it a request for `/` goes to the origin, which may answer with a list of its files.",
)


require(
    "aws-cloudfront-no-geo-restriction",
    on="aws_cloudfront_distribution",
    path="restrictions.geo_restriction.restriction_type",
    not_equals="none",
    default="none",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_374"],
    title="Distributions serve the countries they are meant for.",
    why="Where there are no customers there are only scans, and in some countries there is a law against it.",
    fix="Set `restriction_type` to `whitelist` or `blacklist`, with `locations`.",
)


require(
    "aws-cloudfront-no-headers-policy",
    on="aws_cloudfront_distribution",
    path="default_cache_behavior.response_headers_policy_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV2_AWS_32"],
    title="Distributions send security headers.",
    why="Without them a browser frames the page, guesses content types and returns by plain HTTP.",
)


require(
    "aws-api-no-request-validator",
    on="aws_api_gateway_method",
    path="request_validator_id",
    present=True,
    when=lambda r: r["http_method"] != "OPTIONS",
    severity=INFO,
    controls=["nist-800-53r5:SI-10"],
    equivalents=["CKV2_AWS_53"],
    title="API methods validate their requests.",
    why="What the gateway could refuse reaches the backend, which has to expect anything.",
)


@rule(
    on="aws_acm_certificate",
    severity=LOW,
    controls=["nist-800-53r5:SC-17"],
    equivalents=["CKV2_AWS_71", "steampipe-aws:acm_certificate_no_wildcard_domain_name"],
)
def aws_acm_wildcard_domain(r: Resource) -> Iterator[Finding]:
    """Certificates name their hosts.

    ## Why
    Whoever gets hold of a wildcard certificate is every host of the domain, present and future.
    ## Fix
    List the host names.
    """
    if not r.absent("domain_name") and r["domain_name"].startswith("*"):
        yield r.fails("the certificate is for every host of the domain", at="domain_name")
    elif any_of(r["subject_alternative_names"] or [], lambda name: name.startswith("*")):
        yield r.fails("an alternative name is a wildcard", at="subject_alternative_names")


def judge_origin(origin: Block) -> Iterator[Finding]:
    identity = "s3_origin_config.origin_access_identity"
    if not origin.absent("custom_origin_config") or not origin.absent("vpc_origin_config"):
        return  # no bucket's own endpoint
    if origin["origin_access_control_id"] not in (None, ""):
        return
    if origin[identity] in (None, ""):
        yield origin.fails("the bucket is asked without a signature", at=identity)


@rule(
    on="aws_cloudfront_distribution",
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV2_AWS_46"],
)
def aws_cloudfront_open_s3_origin(r: Resource) -> Iterator[Finding]:
    """Distributions sign their requests to buckets.

    ## Why
    A bucket that answers without a signature answers everybody, past the cache, its log and its firewall.
    ## Fix
    Set `origin_access_control_id`, or `origin_access_identity` in `s3_origin_config`.
    """
    yield from one_by_one(r.each("origin"), judge_origin)


OLD = ("Protocol-SSLv2", "Protocol-SSLv3", "Protocol-TLSv1", "Protocol-TLSv1.1")
REFERENCE = "Reference-Security-Policy"
CURRENT = ("ELBSecurityPolicy-TLS-1-2-2017-01",)


def judge_attribute(attribute: Block) -> Iterator[Finding]:
    name = attribute["name"]
    if name in OLD and str(attribute["value"]).lower() == "true":
        yield attribute.fails("an old version is admitted", at="value")
    elif name == REFERENCE and attribute["value"] not in CURRENT:
        yield attribute.fails("the predefined policy admits old versions", at="value")


@rule(
    on="aws_load_balancer_policy",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_213"],
)
def aws_elb_policy_old_protocol(r: Resource) -> Iterator[Finding]:
    """Policies of classic load balancers admit TLS 1.2 only.

    ## Why
    Older versions have known weaknesses, and a client can be talked down to them.
    ## Fix
    Use `ELBSecurityPolicy-TLS-1-2-2017-01`, or `Protocol-TLSv1.2` alone.
    """
    yield from one_by_one(r.each("policy_attribute"), judge_attribute)
