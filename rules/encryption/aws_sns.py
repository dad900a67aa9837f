from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, require, rule

require(
    "aws-sns-unencrypted",
    on="aws_sns_topic",
    path="kms_master_key_id",
    present=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV_AWS_26", "kics:28545147", "AVD-AWS-0095", "steampipe-aws:sns_topic_encrypted_at_rest"],
    title="Topics are encrypted at rest.",
    why="Messages are kept while they are delivered, retried and dead-lettered.",
)


@rule(
    on="aws_sns_topic",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["kics:b1a72f66", "AVD-AWS-0136", "prowler:sns_topics_kms_encryption_at_rest_enabled"],
)
def aws_sns_no_customer_key(topic: Resource, graph: Graph) -> Iterator[Finding]:
    """Encrypted topics use a customer key.

    ## Why
    Other services and accounts cannot be allowed to use the managed key, so their messages fail or go unencrypted.
    ## Fix
    Set `kms_master_key_id` to a key of your own whose policy names the publishers.
    """
    if topic.absent("kms_master_key_id"):
        return
    for key in graph.follow(topic, "kms_master_key_id"):
        if key.source != "uncollected" and key.type in ("aws_kms_key", "aws_kms_alias"):
            return
        if key.type == "data.aws_kms_key" and key["key_id"].startswith("alias/aws/"):
            yield topic.fails("the key is the managed one", at="kms_master_key_id", because=[key.where("key_id")])
            return
    if topic["kms_master_key_id"] == "alias/aws/sns":
        yield topic.fails("the key is the managed one", at="kms_master_key_id")
