"""Entry points of single services."""

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, require, rule
from assay.analysis.literals import days_from_now
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
        "TransferSecurityPolicy-Restricted-2018-11",
        "TransferSecurityPolicy-Restricted-2020-06",
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
    "aws-api-old-tls",
    on={
        "aws_api_gateway_domain_name": "security_policy",
        "aws_apigatewayv2_domain_name": "domain_name_configuration.security_policy",
    },
    none_of=("TLS_1_0", "TLS_1_1"),
    default="TLS_1_2",
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_206", "AVD-AWS-0005"],
    title="API domains accept TLS 1.2 and later only.",
    why="Older versions have known weaknesses, and a client can be talked down to them.",
    fix='Set `security_policy = "TLS_1_2"` or a later one.',
)


@rule(
    on=["aws_api_gateway_stage", "aws_apigatewayv2_stage"],
    severity=LOW,
    controls=["nist-800-53r5:IA-3"],
    equivalents=["CKV2_AWS_51", "prowler:apigateway_restapi_client_certificate_enabled"],
)
def aws_api_no_client_certificate(stage: Resource, graph: Graph) -> Iterator[Finding]:
    """API stages show a certificate to their backends.

    Stages of REST and WebSocket APIs can; those of HTTP APIs cannot, and are not judged.

    ## Why
    Without it a backend cannot tell the gateway from somebody who found its address.
    ## Fix
    Set `client_certificate_id`, and let the backend refuse every other certificate.
    """
    if not stage.absent("client_certificate_id"):
        return
    if stage.type == "aws_api_gateway_stage" or any_of(
        graph.follow(stage, "api_id"), lambda api: api["protocol_type"] == "WEBSOCKET"
    ):
        yield stage.fails("it shows its backends no certificate", at="client_certificate_id")


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


@rule(
    on="aws_appsync_graphql_api",
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-2"],
    equivalents=[
        "prowler:appsync_graphql_api_no_api_key_authentication",
        "steampipe-aws:appsync_graphql_api_authentication_without_api_key",
    ],
)
def aws_appsync_api_key(api: Resource) -> Iterator[Finding]:
    """GraphQL APIs know who calls.

    ## Why
    An API key is one text that every client carries: whoever reads the page's source calls as everybody else does.
    ## Fix
    Set `authentication_type` to `AMAZON_COGNITO_USER_POOLS`, `OPENID_CONNECT`, `AWS_IAM` or `AWS_LAMBDA`.
    """
    for place in [api, *api.each("additional_authentication_provider")]:
        if place["authentication_type"] == "API_KEY":
            yield place.fails("an API key is enough to call", at="authentication_type")


@rule(
    on="aws_api_gateway_stage",
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-3"],
    equivalents=["kics:0b4869fc"],
)
def aws_api_no_tls_certificate(stage: Resource, graph: Graph) -> Iterator[Finding]:
    """Stages in front of an HTTP backend show it a certificate.

    Judged are stages of APIs with an HTTP integration that does not go through a VPC link: there the backend has an
    address of its own. That every stage has one is the demand of `aws-api-no-client-certificate`.

    ## Why
    The backend is on the internet and cannot tell the gateway, which authorizes and limits, from whoever finds it.
    ## Fix
    Set `client_certificate_id`, and let the backend refuse every other certificate.
    """
    if not stage.absent("client_certificate_id"):
        return
    for api in graph.follow(stage, "rest_api_id"):
        backends = graph.users(api, "aws_api_gateway_integration")
        if any_of(backends, lambda i: i["type"] in ("HTTP", "HTTP_PROXY") and i["connection_type"] != "VPC_LINK"):
            yield stage.fails("its HTTP backend cannot tell who calls", at="client_certificate_id")


@rule(
    on="aws_acm_certificate",
    sources=("aws",),
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-17"],
    equivalents=["steampipe-aws:acm_certificate_no_failed_certificate"],
)
def aws_certificate_failed(certificate: Resource) -> Iterator[Finding]:
    """Certificates are issued, and renewed.

    ## Why
    Nobody looks at a renewal that failed until the old certificate ends and every client refuses.
    ## Fix
    Put the validation record back into DNS, or ask for the certificate anew.
    """
    if certificate["status"] in ("FAILED", "VALIDATION_TIMED_OUT"):
        yield certificate.fails(f"it was not issued: {certificate['status']}", at="status")
    elif certificate["renewal_status"] == "FAILED":
        yield certificate.fails("its renewal failed", at="renewal_status")


@rule(
    on="aws_directory_service_directory",
    sources=("aws",),
    params={"days": 90},
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-17"],
    equivalents=[
        "prowler:directoryservice_ldap_certificate_expiration",
        "steampipe-aws:directory_service_certificate_expires_90_days",
    ],
)
def aws_directory_certificate_expiring(directory: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Certificates of directories are renewed in time.

    ## Why
    With the certificate ends LDAPS: every system that signs people in by the directory stops doing so.
    ## Fix
    Register a new certificate (`aws ds register-certificate`), and remove the old one.
    """
    for certificate in directory.each("certificate"):
        left = days_from_now(certificate["expiry_date_time"])
        if certificate["state"] == "Registered" and left < params["days"]:
            when = f"ends in {left:.0f} days" if left >= 0 else "has ended"
            yield certificate.fails(f"{certificate['common_name']} {when}", at="expiry_date_time")
