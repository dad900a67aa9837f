from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, rule


@rule(
    on="aws_sqs_queue",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_27",
        "kics:6e8849c1",
        "AVD-AWS-0096",
        "prowler:sqs_queues_server_side_encryption_enabled",
        "steampipe-aws:sqs_queue_encrypted_at_rest",
    ],
)
def aws_sqs_unencrypted(queue: Resource) -> Iterator[Finding]:
    """Queues are encrypted at rest.

    ## Why
    A queue keeps messages for up to fourteen days. SQS encrypts new ones by itself since 2022; an older queue, or one
    that it was switched off for, stays as it is.
    ## Fix
    Set `sqs_managed_sse_enabled = true` or name a key in `kms_master_key_id`.
    """
    if queue["sqs_managed_sse_enabled"] != True and queue["kms_master_key_id"] in (None, ""):
        mend = queue.set("sqs_managed_sse_enabled", True)
        off = queue["sqs_managed_sse_enabled"] == False
        unset = "neither a key nor SQS's own encryption is set: a queue made before 2023 has none"
        said = "its encryption is switched off, and it has no key" if off else unset
        yield queue.fails(said, at="sqs_managed_sse_enabled", fix=mend, severity=MEDIUM if off else LOW)


@rule(
    on="aws_sqs_queue",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV2_AWS_73", "AVD-AWS-0135", "steampipe-aws:sqs_queue_encrypted_with_kms_cmk"],
)
def aws_sqs_no_customer_key(queue: Resource, graph: Graph) -> Iterator[Finding]:
    """Queues are encrypted with a customer key.

    ## Why
    Only a key of one's own can admit the services and accounts that send, and shut out one of them.
    ## Fix
    Set `kms_master_key_id` to a key of your own.
    """
    if queue["kms_master_key_id"] in (None, ""):
        yield queue.fails("no kms_master_key_id", at="kms_master_key_id")
        return
    for key in graph.follow(queue, "kms_master_key_id"):
        if key.source != "uncollected" and key.type in ("aws_kms_key", "aws_kms_alias"):
            return
        if key.type == "data.aws_kms_key" and key["key_id"].startswith("alias/aws/"):
            yield queue.fails("the key is the managed one", at="kms_master_key_id", because=[key.where("key_id")])
            return
    if queue["kms_master_key_id"] == "alias/aws/sqs":
        yield queue.fails("the key is the managed one", at="kms_master_key_id")
