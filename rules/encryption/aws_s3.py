from collections.abc import Iterator
from typing import Any

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, is_map, require, rule

_CONFIGURATION = "aws_s3_bucket_server_side_encryption_configuration"
_ALGORITHM = "apply_server_side_encryption_by_default.sse_algorithm"


def _encrypts(algorithms: tuple[str, ...], bucket: Resource, graph: Graph) -> bool:
    """Whether the bucket or its separate configuration names one of these algorithms."""
    legacy = bucket[f"server_side_encryption_configuration.rule.{_ALGORITHM}"]
    if legacy != None and legacy in algorithms:
        return True
    return any_of(graph.users(bucket, _CONFIGURATION), lambda c: _names(algorithms, c))


def _names(algorithms: tuple[str, ...], configuration: Resource) -> bool:
    return any_of(configuration.each("rule"), lambda r: r[_ALGORITHM] in algorithms)


def _elsewhere(configuration: Resource, graph: Graph) -> bool:
    """Whether the bucket of a configuration is not here to be judged itself."""
    return all(b.source == "uncollected" for b in graph.follow(configuration, "bucket"))


_KMS = ("aws:kms", "aws:kms:dsse")


@rule(
    on=["aws_s3_bucket", _CONFIGURATION],
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_145",
        "AVD-AWS-0132",
        "prowler:s3_bucket_kms_encryption",
        "steampipe-aws:s3_bucket_default_encryption_enabled_kms",
    ],
)
def aws_s3_no_customer_key(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets encrypt with a KMS key by default.

    ## Why
    With a KMS key reading an object takes a second permission, each use is logged, and the key can be disabled.
    ## Fix
    Declare an `aws_s3_bucket_server_side_encryption_configuration` with `sse_algorithm = "aws:kms"` and your key.
    """
    if r.type == "aws_s3_bucket":
        if not _encrypts(_KMS, r, graph):
            places = [c.where("rule") for c in graph.users(r, _CONFIGURATION)]
            yield r.fails("objects are not encrypted with a KMS key by default", because=places)
    elif _elsewhere(r, graph) and not _names(_KMS, r):
        yield r.fails("sse_algorithm is not aws:kms", at="rule")


@rule(
    on=["aws_s3_bucket", _CONFIGURATION],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_19",
        "prowler:s3_bucket_default_encryption",
        "steampipe-aws:s3_bucket_default_encryption_enabled",
    ],
)
def aws_s3_unencrypted(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets declare how they encrypt by default.

    ## Why
    S3 encrypts new objects by itself since 2023, older ones it left as they were; what is declared is also kept. So a
    bucket for which nothing is declared weighs little (low).
    ## Fix
    Declare an `aws_s3_bucket_server_side_encryption_configuration` for the bucket.
    """
    if r.type == "aws_s3_bucket":
        if not _encrypts(("AES256", *_KMS), r, graph):
            yield r.fails("no default encryption is declared", severity=LOW)
    elif _elsewhere(r, graph) and not _names(("AES256", *_KMS), r):
        yield r.fails("the configuration has no encryption rule", at="rule")


_OBJECTS = ["aws_s3_object", "aws_s3_bucket_object"]

require(
    "aws-s3-object-no-customer-key",
    on=[*_OBJECTS, "aws_s3_object_copy"],
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_186", "CKV_AWS_181"],
    title="Uploaded objects are encrypted with a customer key.",
    why="An object uploaded without a key of its own depends on what its bucket happens to do by default.",
)


@rule(
    on=_OBJECTS,
    severity=LOW,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["kics:5fb49a69"],
)
def aws_s3_object_unencrypted(item: Resource) -> Iterator[Finding]:
    """Uploaded objects say how they are encrypted.

    ## Why
    An object that says nothing takes the bucket's default, which somebody else may change.
    ## Fix
    Set `server_side_encryption` or `kms_key_id`.
    """
    if item.absent("server_side_encryption") and item.absent("kms_key_id"):
        yield item.fails("neither server_side_encryption nor kms_key_id is set", at="server_side_encryption")


def _refuses_plain_http(statement: Any) -> bool:
    """Whether a policy statement denies everybody what comes without TLS."""
    if statement.get("Effect") != "Deny":
        return False
    principal = statement.get("Principal")
    named = principal.get("AWS") if is_map(principal) else principal
    condition = statement.get("Condition") or {}
    tests = [
        value
        for operator, keys in (condition.items() if is_map(condition) else ())
        for key, value in (keys.items() if is_map(keys) else ())
        if operator.lower().startswith("bool") and key.lower() == "aws:securetransport"
    ]
    return "*" in as_list(named) and any_of(tests, lambda v: "false" in [str(x).lower() for x in as_list(v)])


def _demands_tls(policy: Any) -> bool:
    return is_map(policy) and any_of(as_list(policy.get("Statement")), lambda s: is_map(s) and _refuses_plain_http(s))


@rule(
    on=["aws_s3_bucket", "aws_s3_bucket_policy"],
    severity=MEDIUM,
    controls=["cis-aws-1.4:2.1.2", "cis-aws-7.0:3.1.1", "nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_379",
        "kics:4bc4dd4c",
        "prowler:s3_bucket_secure_transport_policy",
        "steampipe-aws:s3_bucket_enforces_ssl",
    ],
)
def aws_s3_no_tls_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Bucket policies deny requests without TLS.

    ## Why
    S3 answers plain HTTP as well: without the denial a client with the wrong URL sends objects in the clear.
    ## Fix
    Add a statement that denies `s3:*` to `*` where `aws:SecureTransport` is `false`.
    """
    if r.type == "aws_s3_bucket":
        if r.absent("policy") and not graph.users(r, "aws_s3_bucket_policy"):
            yield r.fails("the bucket has no policy that denies plain HTTP")
            return
        if r.absent("policy"):
            return  # the separate policy is judged itself
    if not _demands_tls(r.json("policy")):
        yield r.fails("no statement denies requests where aws:SecureTransport is false", at="policy")
