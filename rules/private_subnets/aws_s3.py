"""Buckets: nothing public by accident."""

from collections.abc import Iterator

from assay import CRITICAL, HIGH, Block, Finding, Graph, Resource, Severity, all_of, any_of, as_list, rule, show
from assay.analysis.aws_buckets import ACCOUNT, OWN, SETTINGS, blocks, when_open
from assay.analysis.aws_defaults import there

CANNED = ("public-read", "public-read-write", "authenticated-read", "website")
EVERYBODY = ("/global/AllUsers", "/global/AuthenticatedUsers")


def complete(block: Resource | Block) -> bool:
    """True when all four settings of a public access block are on."""
    return all_of(SETTINGS, lambda name: block[name] == True)


def missing(block: Resource | Block, default: bool) -> Iterator[Finding]:
    """A finding for each setting that is off."""
    for name in SETTINGS:
        value = default if block.absent(name) else block[name]
        if value != True:
            yield block.fails(f"{name} is not true", at=name, fix=block.set(name, True))


@rule(
    on=["aws_s3_bucket_public_access_block", "aws_s3_bucket"],
    severity=HIGH,
    controls=["cis-aws-1.4:2.1.5", "cis-aws-7.0:3.1.4", "nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_54",
        "CKV_AWS_53",
        "CKV_AWS_55",
        "CKV_AWS_56",
        "CKV2_AWS_6",
        "AVD-AWS-0087",
        "AVD-AWS-0086",
        "AVD-AWS-0091",
        "AVD-AWS-0093",
        "AVD-AWS-0094",
        "kics:1a4bc881",
        "kics:d0cc8694",
        "kics:4fa66806",
        "prowler:s3_bucket_level_public_access_block",
        "steampipe-aws:s3_public_access_block_bucket",
    ],
)
def aws_s3_public_access_block_off(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Buckets have a public access block with all four settings.

    ## Why
    Without it one wrong ACL or policy, now or later, opens the bucket to the internet.
    ## Fix
    Add an `aws_s3_bucket_public_access_block` with all four settings true. A complete block of the whole account in the
    same configuration does too.
    """
    found = list(missing(r, False)) if r.type == OWN else []
    if r.type != OWN and not graph.users(r, OWN):
        found = [r.fails("the bucket has no public access block")]
    if found and not any_of(graph.beside(r, ACCOUNT), lambda block: complete(block) and there(block)):
        yield from found


@rule(
    on=["aws_s3_account_public_access_block", "account"],
    severity=HIGH,
    controls=["cis-aws-7.0:3.1.4", "nist-800-53r5:AC-3"],
    equivalents=[
        "prowler:s3_account_level_public_access_blocks",
        "steampipe-aws:s3_public_access_block_account",
        "steampipe-aws:s3_public_access_block_bucket_account",
    ],
)
def aws_account_s3_public_access_block_off(r: Resource, graph: Graph) -> Iterator[Finding]:
    """The account blocks public access to all of its buckets.

    ## Why
    It is the one switch that also covers the bucket somebody makes by hand tomorrow.
    ## Fix
    Add an `aws_s3_account_public_access_block` with all four settings true.
    """
    if r.type != "account":
        yield from missing(r, False)
        return
    baseline = ("aws_iam_account_alias", "aws_iam_account_password_policy")
    managed = r.source not in ("terraform", "plan") or any(graph.beside(r, type_) for type_ in baseline)
    if managed and not graph.beside(r, "aws_s3_account_public_access_block"):
        yield r.fails("the account has no public access block")


@rule(
    on=["aws_s3_access_point", "aws_s3control_multi_region_access_point"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_392",
        "prowler:s3_access_point_public_access_block",
        "prowler:s3_multi_region_access_point_public_access_block",
        "steampipe-aws:s3_access_point_restrict_public_access",
        "steampipe-aws:s3_multi_region_access_point_public_access_blocked",
    ],
)
def aws_s3_access_point_public(r: Resource) -> Iterator[Finding]:
    """Access points keep their public access block.

    ## Why
    An access point is a second door to the bucket, with a policy of its own; its settings cannot be changed later.
    ## Fix
    Leave the four settings out (they are true by default), or set them to true.
    """
    path = "public_access_block_configuration" if r.type == "aws_s3_access_point" else "details.public_access_block"
    for block in r.each(path):
        yield from missing(block, True)


def public_grants(r: Resource, permissions: tuple[str, ...], graph: Graph) -> Iterator[Finding]:
    """A finding for each grant of one of the permissions to everybody; a low one where a block ignores it."""
    legacy = r.type == "aws_s3_bucket"
    for grant in r.each("grant" if legacy else "access_control_policy.grant"):
        uri = grant["uri"] if legacy else grant["grantee.uri"]
        if uri == None or not uri.endswith(EVERYBODY):
            continue
        given = as_list(grant["permissions"] if legacy else grant["permission"])
        if any_of(given, lambda one: one in permissions):
            said = f"the grant gives everybody {', '.join(str(g) for g in given)}"
            yield grant.fails(said, severity=when_open(r, "ignore_public_acls", graph))


@rule(
    on=["aws_s3_bucket_acl", "aws_s3_bucket"],
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_20",
        "CKV_AWS_57",
        "CKV2_AWS_43",
        "AVD-AWS-0092",
        "kics:38c5ee0d",
        "kics:57b9893d",
        "kics:64a222aa",
        "kics:bf878b1a",
        "prowler:s3_bucket_public_list_acl",
        "prowler:s3_bucket_public_write_acl",
        "steampipe-aws:s3_bucket_restrict_public_read_access",
    ],
)
def aws_s3_public_acl(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Bucket ACLs give nothing to everybody.

    ## Why
    Everybody, or everybody with any AWS account, can list or change what is in the bucket.
    ## Fix
    Use `private`, or no ACL at all. Where a public access block makes the ACL void the finding is a low one.
    """
    if r["acl"] in CANNED:
        lowered = when_open(r, "ignore_public_acls", graph)
        yield r.fails(f"the ACL is {show(r['acl'])}", at="acl", severity=lowered)
    yield from public_grants(r, ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"), graph)


@rule(
    on=["aws_s3_bucket_acl", "aws_s3_bucket"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_375"],
)
def aws_s3_acl_all_read(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Bucket ACLs show neither objects nor permissions to everybody.

    ## Why
    Who can list a bucket finds every name in it; who can read the ACL learns how to get further.
    ## Fix
    Remove the grant to `AllUsers` or `AuthenticatedUsers`. Where a public access block makes it void the finding is a
    low one.
    """
    yield from public_grants(r, ("READ", "READ_ACP", "FULL_CONTROL"), graph)


@rule(
    on="aws_cloudtrail",
    severity=CRITICAL,
    controls=["cis-aws-1.2:2.3", "cis-aws-1.4:3.3", "nist-800-53r5:AU-9"],
    equivalents=[
        "AVD-AWS-0161",
        "kics:bd0088a5",
        "prowler:cloudtrail_logs_s3_bucket_is_not_publicly_accessible",
        "steampipe-aws:cloudtrail_bucket_not_public",
    ],
)
def aws_cloudtrail_bucket_public(trail: Resource, graph: Graph) -> Iterator[Finding]:
    """The bucket of a trail is not public.

    ## Why
    The log tells an intruder who works here, from where and with which roles; who may write it can hide traces.
    ## Fix
    Remove the public ACL or policy, and add a public access block.
    """
    for bucket in graph.follow(trail, "s3_bucket_name"):
        if bucket.source == "uncollected":
            yield trail.unsure(f"whether {bucket} is public is not known here", at="s3_bucket_name")
            continue
        for place, what in opened(bucket, graph):
            lists = place.type != "aws_s3_bucket_policy" and what != "policy"
            setting = "ignore_public_acls" if lists else "restrict_public_buckets"
            if not blocks(bucket, setting, graph):
                said = f"{bucket} has a public {what}" if place == bucket else f"{place} makes {bucket} public"
                key = "own" if place == bucket else str(place)
                yield trail.fails(said, at="s3_bucket_name", because=[place.where()], key=f"{key} {what}")


def opened(bucket: Resource, graph: Graph) -> Iterator[tuple[Resource, str]]:
    """What makes a bucket public unless a block keeps it from that: where it is said, and `ACL` or `policy`."""
    from assay.analysis.aws_policy_documents import statements

    readable = ("READ", "WRITE", "FULL_CONTROL")
    for place in [bucket, *graph.users(bucket, "aws_s3_bucket_acl")]:
        if place["acl"] in CANNED or any(True for _ in public_grants(place, readable, graph)):
            yield place, "ACL"
    for place in [bucket, *graph.users(bucket, "aws_s3_bucket_policy")]:
        if any_of(statements(place, "policy", graph), lambda s: s.public):
            yield place, "policy"


@rule(
    on=["aws_s3_object", "aws_s3_object_copy"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["prowler:s3_bucket_object_public"],
)
def aws_s3_object_public(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Objects are not readable by everybody.

    ## Why
    An object's own list counts beside the bucket's: a private bucket with one public object is public.
    ## Fix
    Leave `acl` out; publish through CloudFront with an origin access control. Where a public access block makes the
    list void the finding is a low one.
    """

    def lowered() -> Severity | None:
        return when_open(r, "ignore_public_acls", graph)

    if r["acl"] in CANNED:
        yield r.fails(f"the list {show(r['acl'])} lets everybody read it", at="acl", severity=lowered())
    if r.type == "aws_s3_object_copy":
        for grant in r.each("grant"):
            uri = grant["uri"]
            if uri != None and uri.endswith(EVERYBODY):
                yield grant.fails("a grant lets everybody in", at="uri", severity=lowered())
