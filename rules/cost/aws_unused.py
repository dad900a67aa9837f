"""What is paid for, or kept, and used by nobody."""

from collections.abc import Iterator

from assay import INFO, LOW, Block, Finding, Graph, Resource, all_of, any_of, require, rule
from assay.analysis.literals import days_from_now
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
    if not unused(address, graph, ("aws_route53_record", "aws_security_group", "aws_vpc_security_group_", "data.")):
        return
    if address.address.endswith("[?]"):
        yield address.unsure("whether the address is made depends on a count that is not known")
    else:
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
            lambda: one["prefix"] in (None, ""),  # as rules were narrowed before there were filters
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


@rule(
    on="aws_network_acl",
    severity=INFO,
    equivalents=["CKV2_AWS_1", "prowler:ec2_networkacl_unused", "steampipe-aws:vpc_network_acl_unused"],
)
def aws_nacl_unused(acl: Resource, graph: Graph) -> Iterator[Finding]:
    """Network ACLs belong to a subnet.

    ## Why
    A list that guards nothing is taken for one that does, by whoever reads the rules.
    ## Fix
    Set `subnet_ids`, add an `aws_network_acl_association`, or remove it.
    """
    if acl["subnet_ids"] in (None, []) and not graph.users(acl, "aws_network_acl_association"):
        yield acl.fails("no subnet uses the list", at="subnet_ids")


@rule(
    on="aws_ecr_repository",
    severity=LOW,
    equivalents=[
        "prowler:ecr_repositories_lifecycle_policy_enabled",
        "steampipe-aws:ecr_repository_lifecycle_policy_configured",
    ],
)
def aws_ecr_no_lifecycle(repository: Resource, graph: Graph) -> Iterator[Finding]:
    """Repositories say when images are deleted.

    ## Why
    Every build leaves an image that is paid for, for ever, and that somebody may still start, with last year's holes.
    ## Fix
    Add an `aws_ecr_lifecycle_policy`.
    """
    if not graph.users(repository, "aws_ecr_lifecycle_policy"):
        yield repository.fails("the repository has no lifecycle policy: every image is kept")


@rule(
    on="aws_codebuild_project",
    sources=("aws",),
    params={"days": 90},
    severity=INFO,
    equivalents=[
        "prowler:codebuild_project_older_90_days",
        "steampipe-aws:codebuild_project_build_greater_then_90_days",
    ],
)
def aws_codebuild_unused(project: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Build projects build.

    ## Why
    A project that nobody runs keeps its role, its webhook and its old image: a way in that nobody watches.
    ## Fix
    Delete it.
    """
    last = project["last_built"]
    idle = -days_from_now(project["created"] if last == None else last)
    if idle > params["days"]:
        yield project.fails(f"{'made' if last == None else 'last run'} {idle:.0f} days ago", at="last_built")


@rule(on="aws_vpc", sources=("aws",), severity=INFO, equivalents=["steampipe-aws:vpc_not_in_use"])
def aws_vpc_unused(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """Something runs in every network.

    Judged by the network interfaces, which whatever runs has; the default VPC has a rule of its own.

    ## Why
    Its gateways are paid for, its address block is taken, and its rules are from another time.
    ## Fix
    Delete it.
    """
    if vpc["is_default"] == True:
        return
    if not any_of(graph.beside(vpc, "aws_network_interface"), lambda i: i["vpc_id"] == vpc["id"]):
        yield vpc.fails("no network interface stands in it")


@rule(
    on="aws_kms_key",
    sources=("aws",),
    params={"days": 90},
    severity=INFO,
    equivalents=["prowler:kms_cmk_are_used"],
)
def aws_kms_key_unused(key: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Keys are used.

    KMS tells the last use since it began to record; a key without one is unused when the record is long enough.

    ## Why
    A key costs by the month, and nobody knows any more whether deleting it destroys something.
    ## Fix
    Disable it, wait, and schedule its deletion.
    """
    if key["is_enabled"] == False or -days_from_now(key["creation_date"]) < params["days"]:
        return
    last, since = key["last_used_date"], key["usage_tracked_since"]
    if last != None:
        if (idle := -days_from_now(last)) > params["days"]:
            yield key.fails(f"it was last used {idle:.0f} days ago", at="last_used_date")
    elif since == None or -days_from_now(since) < params["days"]:
        yield key.unsure("KMS has not recorded its use for long enough", at="usage_tracked_since")
    else:
        yield key.fails(f"no use of it is recorded since {since[:10]}", at="last_used_date")


require(
    "aws-fsx-no-backup-tags",
    on=["aws_fsx_lustre_file_system", "aws_fsx_openzfs_file_system", "aws_fsx_windows_file_system"],
    path="copy_tags_to_backups",
    equals=True,
    default=False,
    severity=INFO,
    equivalents=[
        "prowler:fsx_file_system_copy_tags_to_backups_enabled",
        "steampipe-aws:fsx_file_system_copy_tags_to_backup_and_volume_enabled",
        "steampipe-aws:fsx_lustre_file_system_copy_tags_to_backup_enabled",
    ],
    title="Backups of file systems carry their tags.",
    why="Without them nobody can say whose backup it is, who pays for it and how long it is to be kept.",
)
