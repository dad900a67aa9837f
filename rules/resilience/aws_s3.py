from collections.abc import Callable, Iterator
from typing import Any

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, is_map, rule
from assay.analysis.aws_buckets import whole_bucket


def _elsewhere(configuration: Resource, graph: Graph) -> bool:
    """Whether the bucket of a configuration is not here to be judged itself."""
    return all(b.source == "uncollected" for b in graph.follow(configuration, "bucket"))


def _demand(
    r: Resource,
    graph: Graph,
    separate: str,
    inline: Callable[[Resource], bool],
    good: Callable[[Resource], bool],
    said: str,
    at: str,
) -> Iterator[Finding]:
    """One finding on a bucket that is not configured well, by its own blocks or by a separate resource."""
    if r.type == "aws_s3_bucket":
        if not inline(r) and not any_of(graph.users(r, separate), good):
            yield r.fails(said, because=[c.where(at) for c in graph.users(r, separate)])
    elif _elsewhere(r, graph) and not good(r):
        yield r.fails(said, at=at)


@rule(
    on=["aws_s3_bucket", "aws_s3_bucket_versioning"],
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_AWS_21",
        "kics:568a4d22",
        "AVD-AWS-0090",
        "prowler:s3_bucket_object_versioning",
        "steampipe-aws:s3_bucket_versioning_enabled",
        "steampipe-aws:s3_bucket_versioning_and_lifecycle_policy_enabled",
    ],
)
def aws_s3_no_versioning(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets keep older versions of their objects.

    ## Why
    Without versions an overwrite or a deletion, meant or not, is final.
    ## Fix
    Declare an `aws_s3_bucket_versioning` with `status = "Enabled"`.
    """
    yield from _demand(
        r,
        graph,
        "aws_s3_bucket_versioning",
        lambda b: b["versioning.enabled"] == True,
        lambda c: c["versioning_configuration.status"] == "Enabled",
        "versioning is not enabled",
        "versioning_configuration.status",
    )


@rule(
    on=["aws_s3_bucket", "aws_s3_bucket_versioning"],
    severity=LOW,
    controls=["cis-aws-1.4:2.1.3", "cis-aws-7.0:3.1.2", "nist-800-53r5:CP-9"],
    equivalents=[
        "kics:c5b31ab9",
        "AVD-AWS-0170",
        "prowler:s3_bucket_no_mfa_delete",
        "prowler:cloudtrail_bucket_requires_mfa_delete",
        "steampipe-aws:s3_bucket_mfa_delete_enabled",
        "steampipe-aws:cloudtrail_trail_bucket_mfa_enabled",
    ],
)
def aws_s3_no_mfa_delete(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Deleting a version of an object takes a second factor.

    ## Why
    Stolen keys can delete every version, and versioning with them, in one run.
    ## Fix
    Set `mfa_delete = "Enabled"` in the versioning configuration; the root user has to apply it.
    """
    yield from _demand(
        r,
        graph,
        "aws_s3_bucket_versioning",
        lambda b: b["versioning.mfa_delete"] == True,
        lambda c: c["versioning_configuration.mfa_delete"] == "Enabled",
        "mfa_delete is not enabled",
        "versioning_configuration.mfa_delete",
    )


@rule(
    on=["aws_s3_bucket", "aws_s3_bucket_object_lock_configuration"],
    severity=LOW,
    controls=["nist-800-53r5:CP-9"],
    equivalents=["CKV_AWS_143", "prowler:s3_bucket_object_lock", "steampipe-aws:s3_bucket_object_lock_enabled"],
)
def aws_s3_no_object_lock(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets lock their objects against deletion.

    ## Why
    Against somebody who holds administrator's keys only a lock keeps backups and records.
    ## Fix
    Set `object_lock_enabled = true` when the bucket is made, and declare its retention.
    """
    yield from _demand(
        r,
        graph,
        "aws_s3_bucket_object_lock_configuration",
        lambda b: b["object_lock_enabled"] == True or b["object_lock_configuration.object_lock_enabled"] == "Enabled",
        lambda c: c["object_lock_enabled"] in (None, "Enabled"),
        "object lock is not enabled",
        "object_lock_enabled",
    )


@rule(
    on="aws_s3_bucket",
    severity=LOW,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_AWS_144",
        "prowler:s3_bucket_cross_region_replication",
        "steampipe-aws:s3_bucket_cross_region_replication_enabled",
    ],
)
def aws_s3_no_replication(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets are replicated.

    ## Why
    A bucket lives in one region and one account, and is lost to whatever happens to either.
    ## Fix
    Declare an `aws_s3_bucket_replication_configuration` with an enabled rule.
    """

    def copies(configuration: Resource) -> bool:
        return any_of(configuration.each("rule"), lambda r: r["status"] == "Enabled")

    inline = bucket.each("replication_configuration.rules")
    if any_of(inline, lambda r: r["status"] == "Enabled"):
        return
    if not any_of(graph.users(bucket, "aws_s3_bucket_replication_configuration"), copies):
        yield bucket.fails("no enabled replication rule names this bucket")


def _locks_out(statement: Any) -> bool:
    """Whether a policy statement denies everybody everything in a bucket, with no exception."""
    from assay.analysis.aws_policy import as_list as policy_list

    if statement.get("Effect") != "Deny" or statement.get("Condition"):
        return False
    principal = statement.get("Principal")
    named = principal.get("AWS") if is_map(principal) else principal
    actions = [str(a).lower() for a in as_list(statement.get("Action"))]
    if "*" not in as_list(named) or not ("*" in actions or "s3:*" in actions):
        return False
    resources = statement.get("Resource")
    if resources == None:  # everything but what NotResource spares
        return not any_of(policy_list(statement.get("NotResource")), whole_bucket)
    return any_of(policy_list(resources), whole_bucket)


@rule(
    on=["aws_s3_bucket_policy", "aws_s3_bucket"],
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_93"],
)
def aws_s3_policy_lockout(r: Resource) -> Iterator[Finding]:
    """Bucket policies leave somebody a way in.

    ## Why
    A denial of everything to everybody binds administrators as well: only the root user can take it back.
    ## Fix
    Add a condition, or name whom the statement is about.
    """
    document = r.json("policy")
    for number, statement in enumerate(as_list(document.get("Statement")) if is_map(document) else []):
        if is_map(statement) and _locks_out(statement):
            name = statement.get("Sid") or number + 1
            yield r.fails(f"statement {name} denies everybody everything", at="policy", key=str(name))
