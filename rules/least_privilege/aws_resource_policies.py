"""Resource policies: who outside may act on buses, functions, keys, buckets, topics, queues and logs."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, rule
from assay.analysis.aws_arns import account_of, arn_service, is_star
from assay.analysis.aws_buckets import when_open
from assay.analysis.aws_policy import Statement, flag
from assay.analysis.aws_policy_documents import statements


def outsider(s: Statement, r: Resource, trusted: list[str]) -> str:
    """The first account a statement admits that is neither the resource's own nor on the list, or an empty text."""
    for kind, principal in s.principals if s.allows else []:
        account = account_of(principal) if kind == "AWS" and principal != "*" else None
        if account != None and account != r.account and account not in trusted:
            return str(account)
    return ""


@rule(
    on=["aws_cloudwatch_event_bus_policy", "aws_cloudwatch_event_permission"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
)
def aws_event_bus_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Event buses admit only known accounts.

    ## Why
    Anybody who may put events on the bus can start what its rules start, with an event of their own making.
    ## Fix
    Name accounts as principals, or add a condition on `aws:PrincipalOrgID`.
    """
    if r.type == "aws_cloudwatch_event_bus_policy":
        yield from flag(statements(r, "policy", graph), lambda s: s.public, "lets every account act on the bus")
    elif r["principal"] == "*" and not r.each("condition"):
        yield r.fails("every account may put events on the bus", at="principal")


@rule(
    on="aws_cloudwatch_event_bus_policy",
    params={"trusted_accounts": []},
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
)
def aws_event_bus_cross_account(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Other accounts put only the events that they are expected to send.

    ## Why
    Without a condition on source or detail type a partner account, or who breaks into it, can imitate any event and
    start everything behind the bus.
    ## Fix
    Add a condition on `events:source`, `events:detail-type` or `aws:PrincipalOrgID`, or list the account in
    `trusted_accounts` of this rule.
    """
    narrowing = ("events:source", "events:detail-type", "aws:principalorgid", "aws:principalorgpaths")

    def test(s: Statement) -> str:
        account = outsider(s, r, params["trusted_accounts"])
        return f"{s} lets account {account} send any event" if account != "" and not s.tests(*narrowing) else ""

    yield from flag(statements(r, "policy", graph), test)


NEED_ROLE = (
    "states", "kinesis", "ecs", "firehose", "batch", "codepipeline", "codebuild", "sagemaker", "redshift",
    "execute-api", "api-destination",
)  # fmt: skip


@rule(on="aws_cloudwatch_event_target", severity=MEDIUM)
def aws_event_target_no_role(target: Resource) -> Iterator[Finding]:
    """Targets that EventBridge can only call with a role have one.

    ## Why
    State machines, streams and tasks have no policy that could admit EventBridge: without a role every event fails.
    ## Fix
    Set `role_arn` to a role that may do just this, and whose trust names `events.amazonaws.com`.
    """
    service = arn_service(target["arn"])
    if service == "events" and ":api-destination/" in target["arn"]:
        service = "api-destination"
    if service in NEED_ROLE and target.absent("role_arn"):
        yield target.fails(f"a target of the service {service} has no role_arn")


@rule(
    on="aws_lambda_permission",
    severity=HIGH,
    controls=["cis-aws-7.0:2.21", "nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_364",
        "CKV_AWS_301",
        "AVD-AWS-0067",
        "kics:e08ed7eb",
        "prowler:awslambda_function_not_publicly_accessible",
    ],
)
def aws_lambda_permission_no_source(permission: Resource) -> Iterator[Finding]:
    """Permissions to invoke a function name their source.

    ## Why
    A service acts for every AWS customer. Without the source's ARN or account anybody can have it invoke this function;
    with principal `*` they need no service.
    ## Fix
    Set `source_arn` (or `source_account`), and name a principal.
    """
    principal = permission["principal"]
    if principal == "*":
        if permission.absent("principal_org_id"):
            yield permission.fails("anybody may invoke the function", at="principal")
    elif principal.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        named = ("source_arn", "source_account", "principal_org_id", "event_source_token")
        if not any_of(named, lambda name: not permission.absent(name)):
            yield permission.fails(f"{principal} may invoke the function for any account")


KMS_KEYS = [
    "aws_kms_key", "aws_kms_key_policy", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key",
]  # fmt: skip


@rule(on="aws_kms_key", severity=LOW, equivalents=["CKV2_AWS_64"])
def aws_kms_no_key_policy(key: Resource, graph: Graph) -> Iterator[Finding]:
    """Keys have a policy of their own.

    ## Why
    The default policy leaves everything to IAM: whoever has `kms:*` there may use, and delete, this key as well.
    ## Fix
    Set `policy`, or add an `aws_kms_key_policy`, that says who uses and who manages the key.
    """
    if key.absent("policy") and not graph.users(key, "aws_kms_key_policy"):
        yield key.fails("the key has only the default policy")


@rule(
    on=KMS_KEYS,
    severity=CRITICAL,
    controls=["cis-aws-7.0:2.21", "nist-800-53r5:AC-3"],
    equivalents=[
        "kics:7ebc9038",
        "prowler:kms_key_not_publicly_accessible",
        "steampipe-aws:kms_cmk_policy_prohibit_public_access",
    ],
)
def aws_kms_key_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Keys cannot be used from every account.

    ## Why
    Anybody may then decrypt what the key protects, or lock its owner out.
    ## Fix
    Name principals, or add a condition such as `kms:CallerAccount`.
    """
    yield from flag(statements(r, "policy", graph), lambda s: s.public, "lets everybody use the key")


@rule(on=KMS_KEYS, severity=HIGH, controls=["nist-800-53r5:AC-3"], equivalents=["CKV_AWS_33"])
def aws_kms_policy_any_principal(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Key policies name their principals, or say when everybody is meant.

    ## Why
    Principal `*` without any condition is every AWS account there is.
    ## Fix
    Name principals, or add a condition.
    """

    def test(s: Statement) -> bool:
        return s.allows and s.to_everyone and not s.conditions

    yield from flag(statements(r, "policy", graph), test, "names principal * without a condition")


@rule(
    on="aws_ecr_repository_policy",
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_32", "AVD-AWS-0032", "kics:e86e26fc", "prowler:ecr_repositories_not_publicly_accessible"],
)
def aws_ecr_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Image repositories are not open to every account.

    ## Why
    Anybody can then pull the images, with the code and whatever secrets are in them, or push one that you will run.
    ## Fix
    Name accounts as principals, or add a condition on `aws:PrincipalOrgID`.
    """
    yield from flag(statements(r, "policy", graph), lambda s: s.public, "lets everybody act on the repository")


@rule(
    on=["aws_s3_bucket_policy", "aws_s3_bucket"],
    severity=CRITICAL,
    controls=["cis-aws-7.0:2.21", "nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_70",
        "kics:7af43613",
        "kics:ffdf4b37",
        "kics:1df37f4b",
        "kics:66c6f96f",
        "kics:d24c0755",
        "prowler:s3_bucket_policy_public_write_access",
        "prowler:s3_bucket_public_access",
        "steampipe-aws:s3_bucket_restrict_public_write_access",
        "steampipe-aws:s3_bucket_policy_restrict_public_access",
    ],
)
def aws_s3_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Bucket policies do not admit everybody.

    ## Why
    Everybody on the internet can then list, read or change what is in the bucket.
    ## Fix
    Name principals, or add a condition on the organisation, the account, the VPC endpoint or the source. For a public
    site put CloudFront with origin access control before it. Where a public access block restricts the bucket the
    finding is a low one.
    """
    for finding in flag(statements(r, "policy", graph), lambda s: s.public, "admits everybody"):
        finding.own_severity = when_open(r, "restrict_public_buckets", graph)
        yield finding


CHANGE_BUCKET = (
    "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock", "s3:PutBucketOwnershipControls", "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration", "s3:PutObjectAcl", "s3:PutReplicationConfiguration", "s3:PutBucketVersioning",
)  # fmt: skip


@rule(
    on=["aws_s3_bucket_policy", "aws_s3_bucket"],
    params={"trusted_accounts": []},
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "prowler:s3_bucket_cross_account_access",
        "steampipe-aws:s3_bucket_policy_restricts_cross_account_permission_changes",
    ],
)
def aws_s3_cross_account_policy(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Other accounts may not change a bucket or its permissions.

    ## Why
    An account that may write the bucket's policy or ACL can open it to the world, or lock its owner out.
    ## Fix
    Leave other accounts with object actions, or list the account in `trusted_accounts` of this rule.
    """

    def test(s: Statement) -> str:
        account = outsider(s, r, params["trusted_accounts"])
        return f"{s} lets account {account} change the bucket" if account != "" and s.grants(*CHANGE_BUCKET) else ""

    yield from flag(statements(r, "policy", graph), test)


@rule(
    on=["aws_sns_topic_policy", "aws_sns_topic"],
    severity=HIGH,
    controls=["cis-aws-7.0:2.21", "nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_169",
        "kics:b26d2b7e",
        "prowler:sns_topics_not_publicly_accessible",
        "steampipe-aws:sns_topic_policy_prohibit_public_access",
        "steampipe-aws:sns_topic_policy_prohibit_subscription_access",
    ],
)
def aws_sns_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Topics do not let everybody publish or subscribe.

    ## Why
    A stranger who subscribes reads every message; one who publishes feeds whatever listens.
    ## Fix
    Name principals, or add a condition on `aws:SourceArn`, `aws:SourceAccount` or `aws:PrincipalOrgID`.
    """
    yield from flag(statements(r, "policy", graph), lambda s: s.public, "admits everybody")


@rule(
    on=["aws_sns_topic_policy", "aws_sns_topic"],
    params={"trusted_accounts": []},
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_385", "steampipe-aws:sns_topic_policy_prohibit_cross_account_access"],
)
def aws_sns_cross_account_policy(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Topics admit other accounts only when they are on the configured list, or on a condition.

    ## Why
    Another account's administrators decide who acts with what this topic grants to the account.
    ## Fix
    Add a condition, or list the account in `trusted_accounts` of this rule.
    """

    def test(s: Statement) -> str:
        account = outsider(s, r, params["trusted_accounts"])
        return f"{s} lets account {account} act on the topic" if account != "" and not s.conditions else ""

    yield from flag(statements(r, "policy", graph), test)


@rule(
    on=["aws_sqs_queue_policy", "aws_sqs_queue"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_AWS_72", "AVD-AWS-0097", "kics:816ea8cf"],
)
def aws_sqs_policy_wildcard_action(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Queue policies name the actions they allow.

    ## Why
    `sqs:*` also lets a sender read, purge and delete the queue, and change this very policy.
    ## Fix
    Allow `sqs:SendMessage` to senders, and receiving and deleting to the consumer.
    """

    def test(s: Statement) -> bool:
        return s.allows and any_of(s.actions, lambda a: is_star(a) or a == "sqs:*")

    yield from flag(statements(r, "policy", graph), test, "allows every action on the queue")


@rule(
    on=["aws_sqs_queue_policy", "aws_sqs_queue"],
    severity=HIGH,
    controls=["cis-aws-7.0:2.21", "nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_387",
        "CKV_AWS_168",
        "kics:730675f9",
        "kics:abb06e5f",
        "prowler:sqs_queues_not_publicly_accessible",
        "steampipe-aws:sqs_queue_policy_prohibit_public_access",
    ],
)
def aws_sqs_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Queues do not admit everybody.

    ## Why
    A stranger can then put messages that the consumer will work on, or take and delete those of others.
    ## Fix
    Name principals, or add a condition on `aws:SourceArn`, `aws:SourceAccount` or `aws:PrincipalOrgID`.
    """
    yield from flag(statements(r, "policy", graph), lambda s: s.public, "admits everybody")


@rule(
    on=["aws_cloudwatch_log_destination_policy", "aws_cloudwatch_log_resource_policy"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["kics:db0ec4c4", "prowler:cloudwatch_log_group_not_publicly_accessible"],
)
def aws_log_group_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Logs cannot be written or subscribed to by everybody.

    ## Why
    Strangers could flood the logs, forge entries, or have them delivered to an account of their own.
    ## Fix
    Name the services or accounts, with a condition on `aws:SourceArn` or `aws:SourceAccount`.
    """
    path = "access_policy" if r.type == "aws_cloudwatch_log_destination_policy" else "policy_document"
    yield from flag(statements(r, path, graph), lambda s: s.public, "admits everybody")
