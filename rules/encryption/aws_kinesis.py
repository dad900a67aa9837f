from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Graph, Resource, require, rule

require(
    "aws-kinesis-unencrypted",
    on="aws_kinesis_stream",
    path="encryption_type",
    equals="KMS",
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_43",
        "kics:5c6dd5e7",
        "AVD-AWS-0064",
        "prowler:kinesis_stream_encrypted_at_rest",
        "steampipe-aws:kinesis_stream_server_side_encryption_enabled",
    ],
    title="Kinesis streams are encrypted at rest.",
    why="A stream keeps every record for a day to a year.",
)


@rule(
    on="aws_kinesis_firehose_delivery_stream",
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_240",
        "prowler:firehose_stream_encrypted_at_rest",
        "steampipe-aws:kinesis_firehose_delivery_stream_server_side_encryption_enabled",
    ],
)
def aws_firehose_unencrypted(stream: Resource, graph: Graph) -> Iterator[Finding]:
    """Firehose streams are encrypted at rest.

    ## Why
    Records wait in the delivery stream until they are delivered, for up to a day when the destination fails.
    ## Fix
    Add `server_side_encryption` with `enabled = true`; when a Kinesis stream is the source, encrypt that one.
    """
    if not stream.absent("msk_source_configuration"):
        return
    source = "kinesis_source_configuration.kinesis_stream_arn"
    if stream.absent("kinesis_source_configuration"):
        if stream["server_side_encryption.enabled"] != True:
            yield stream.fails("server_side_encryption is not enabled", at="server_side_encryption.enabled")
        return
    for origin in graph.follow(stream, source):
        if origin["encryption_type"] != "KMS":
            yield stream.fails(
                f"its source {origin} is not encrypted", at=source, because=[origin.where("encryption_type")]
            )


@rule(
    on=["aws_kinesis_stream", "aws_kinesis_video_stream", "aws_kinesis_firehose_delivery_stream"],
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_241",
        "CKV_AWS_185",
        "CKV_AWS_177",
        "kics:862fe4bf",
        "steampipe-aws:kinesis_stream_encrypted_with_kms_cmk",
    ],
)
def aws_kinesis_no_customer_key(stream: Resource) -> Iterator[Finding]:
    """Kinesis and Firehose streams are encrypted with a customer key.

    ## Why
    A consumer from another account can be admitted to, and shut out of, a key of one's own only.
    ## Fix
    Set `kms_key_id`; for Firehose set `key_type = "CUSTOMER_MANAGED_CMK"` and `key_arn`.
    """
    if stream.type != "aws_kinesis_firehose_delivery_stream":
        if stream.absent("kms_key_id"):
            yield stream.fails("no kms_key_id", at="kms_key_id")
    elif stream.absent("kinesis_source_configuration") and stream.absent("msk_source_configuration"):
        if stream["server_side_encryption.key_type"] != "CUSTOMER_MANAGED_CMK":
            yield stream.fails("no customer key is used", at="server_side_encryption.key_type")
        elif stream["server_side_encryption.key_arn"] in (None, ""):
            yield stream.fails("no key is named", at="server_side_encryption.key_arn")
