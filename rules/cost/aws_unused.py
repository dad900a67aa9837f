"""What is paid for, or kept, and used by nobody."""

from collections.abc import Iterator

from assay import INFO, LOW, Block, Finding, Graph, Resource, all_of, any_of, rule
from assay.analysis.usage import unused


@rule(on="aws_security_group", severity=INFO, equivalents=["CKV2_AWS_5", "prowler:ec2_securitygroup_not_used"])
def aws_security_group_unused(group: Resource, graph: Graph) -> Iterator[Finding]:
    """Security groups are used.

    ## Why
    A group nobody uses is picked one day by its name, with rules nobody has looked at for years.
    ## Fix
    Remove it.
    """
    if not unused(
        group, graph, ("aws_security_group", "aws_default_security_group", "aws_vpc_security_group_", "data.")
    ):
        return
    if group.address.endswith("[?]"):
        yield group.unsure("whether the group is made depends on a count that is not known")
    else:
        yield group.fails("nothing here uses the group")


@rule(on="aws_eip", severity=LOW, equivalents=["CKV2_AWS_19", "steampipe-aws:vpc_eip_associated"])
def aws_eip_unused(address: Resource, graph: Graph) -> Iterator[Finding]:
    """Public addresses are attached to something.

    ## Why
    An address costs by the hour whether or not anything answers there.
    ## Fix
    Attach it (`instance`, `aws_eip_association`, a NAT gateway) or release it.
    """
    if not address.absent("instance") or not address.absent("network_interface"):
        return
    if unused(address, graph, ("aws_route53_record", "aws_security_group", "aws_vpc_security_group_", "data.")):
        yield address.fails("the address is attached to nothing")


@rule(
    on="aws_s3_bucket",
    severity=LOW,
    equivalents=[
        "CKV2_AWS_61",
        "prowler:s3_bucket_lifecycle_enabled",
        "steampipe-aws:s3_bucket_lifecycle_policy_enabled",
        "steampipe-aws:s3_directory_bucket_lifecycle_policy_configured",
    ],
)
def aws_s3_no_lifecycle(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets say when objects are moved or deleted.

    ## Why
    Without a rule every version of every object is kept, and paid for, for ever.
    ## Fix
    Add an `aws_s3_bucket_lifecycle_configuration`.
    """
    if not bucket.each("lifecycle_rule") and not graph.users(bucket, "aws_s3_bucket_lifecycle_configuration"):
        yield bucket.fails("the bucket has no lifecycle rule")


def aborts(one: Block) -> bool:
    """True for an enabled rule on the whole bucket that gives up unfinished uploads."""
    return all_of(
        (
            lambda: one["status"] == "Enabled",
            lambda: bool(one.each("abort_incomplete_multipart_upload")),
            lambda: all_of(one.each("filter"), whole_bucket),
        ),
        lambda test: test(),
    )


def whole_bucket(narrow: Block) -> bool:
    """True for a filter that leaves nothing out."""
    narrowing = ("prefix", "object_size_greater_than", "object_size_less_than", "tag", "and")
    return all_of(narrowing, lambda name: narrow[name] in (None, "", [], 0))


@rule(on="aws_s3_bucket_lifecycle_configuration", severity=LOW, equivalents=["CKV_AWS_300"])
def aws_s3_incomplete_uploads_kept(configuration: Resource) -> Iterator[Finding]:
    """Unfinished uploads are deleted.

    ## Why
    The parts of an upload that broke off are in no listing, and are paid for all the same.
    ## Fix
    Add an enabled rule for the whole bucket with `abort_incomplete_multipart_upload { days_after_initiation = 7 }`.
    """
    if not any_of(configuration.each("rule"), aborts):
        yield configuration.fails("no enabled rule gives up unfinished uploads of the whole bucket")
