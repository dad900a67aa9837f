from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, require, rule
from assay.analysis.literals import days_from_now

# These engines are reached over HTTPS or by settings of their own; `ssl_mode` says nothing about them.
_OTHER_TRANSPORT = (
    "dynamodb", "elasticsearch", "kafka", "kinesis", "neptune", "opensearch", "redshift", "redshift-serverless", "s3",
)  # fmt: skip


@rule(
    on=["aws_dms_endpoint", "aws_dms_s3_endpoint"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV2_AWS_49",
        "prowler:dms_endpoint_redis_in_transit_encryption_enabled",
        "prowler:dms_endpoint_ssl_enabled",
        "steampipe-aws:dms_endpoint_ssl_configured",
        "steampipe-aws:dms_endpoint_redis_tls_enabled",
    ],
)
def aws_dms_endpoint_no_tls(endpoint: Resource) -> Iterator[Finding]:
    """Migration endpoints speak TLS.

    ## Why
    A migration carries the whole database over the wire, with the password that opens it.
    ## Fix
    Set `ssl_mode` to `require`, `verify-ca` or `verify-full`; for Redis keep `ssl-encryption`.
    """
    if endpoint["engine_name"] == "redis":
        if endpoint["redis_settings.ssl_security_protocol"] == "plaintext":
            yield endpoint.fails("the Redis endpoint speaks plain text", at="redis_settings.ssl_security_protocol")
        return
    if endpoint["engine_name"] not in _OTHER_TRANSPORT and endpoint["ssl_mode"] in (None, "", "none"):
        yield endpoint.fails("the connection is not encrypted", at="ssl_mode", fix=endpoint.set("ssl_mode", "require"))


require(
    "aws-dms-endpoint-no-customer-key",
    on=["aws_dms_endpoint", "aws_dms_s3_endpoint"],
    path="kms_key_arn",
    present=True,
    when=lambda r: r["s3_settings.server_side_encryption_kms_key_id"] in (None, ""),
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_296", "CKV_AWS_298"],
    title="Migration endpoints are encrypted with a customer key.",
    why="The key protects the connection settings, and with them the password of the database.",
)

require(
    "aws-dms-no-customer-key",
    on="aws_dms_replication_instance",
    path="kms_key_arn",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_212"],
    title="Replication instances are encrypted with a customer key.",
    why="The instance caches rows and endpoint passwords on its disk while it copies.",
)


@rule(
    on="aws_dms_certificate",
    sources=("aws",),
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-17"],
    equivalents=["steampipe-aws:dms_certificate_not_expired"],
)
def aws_dms_certificate_expired(certificate: Resource) -> Iterator[Finding]:
    """Certificates of migrations are valid.

    ## Why
    With an ended certificate the endpoint does not connect, or somebody sets `ssl_mode` to none so that it does.
    ## Fix
    Import the new certificate of the database, and name it in the endpoints.
    """
    ends = certificate["valid_to_date"]
    if ends != None and days_from_now(ends) < 0:
        yield certificate.fails(f"it ended on {ends[:10]}", at="valid_to_date")
