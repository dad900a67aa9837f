from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.aws_defaults import encrypts_volumes


@rule(
    on="aws_ebs_volume",
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_3",
        "CKV2_AWS_2",
        "kics:cc997676",
        "AVD-AWS-0026",
        "prowler:ec2_ebs_volume_encryption",
        "steampipe-aws:ebs_volume_encryption_at_rest_enabled",
        "steampipe-aws:ebs_attached_volume_encryption_enabled",
    ],
    fixable=True,
)
def aws_ebs_unencrypted(volume: Resource, graph: Graph) -> Iterator[Finding]:
    """EBS volumes are encrypted.

    ## Why
    A snapshot of an unencrypted volume can be shared with, and read by, any other account.
    ## Fix
    Set `encrypted = true`. A volume that says nothing is encrypted where an `aws_ebs_encryption_by_default` is on.
    """
    if volume["encrypted"] == True or (volume.absent("encrypted") and encrypts_volumes(volume, graph)):
        return
    mend = volume.set("encrypted", True, safe=False)
    yield volume.fails("the volume is not encrypted", at="encrypted", fix=mend)


require(
    "aws-ebs-default-encryption-off",
    on="aws_ebs_encryption_by_default",
    path="enabled",
    equals=True,
    default=True,
    severity=MEDIUM,
    controls=["cis-aws-1.4:2.2.1", "cis-aws-7.0:6.1.1", "nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_106",
        "kics:3d3f6270",
        "prowler:ec2_ebs_default_encryption",
        "steampipe-aws:ebs_encryption_by_default_enabled",
        "steampipe-aws:ec2_ebs_default_encryption_enabled",
    ],
    title="New EBS volumes are encrypted by default.",
    why="Where the default is off, every volume that somebody makes by hand or by tool is plain unless they remember.",
)


@rule(
    on=["aws_ebs_snapshot", "aws_ebs_snapshot_copy"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "kics:e6b4b943",
        "prowler:ec2_ebs_snapshots_encrypted",
        "steampipe-aws:ebs_snapshot_encryption_enabled",
    ],
)
def aws_ebs_snapshot_unencrypted(snapshot: Resource, graph: Graph) -> Iterator[Finding]:
    """EBS snapshots are encrypted.

    ## Why
    A snapshot outlives its volume and is one call away from being copied or shared; encrypted, it also needs the key.
    ## Fix
    Encrypt the volume that the snapshot is taken of, or copy the snapshot with `encrypted = true`.
    """
    if snapshot.source == "aws" and not snapshot.absent("encrypted"):  # what runs says it of itself
        if snapshot["encrypted"] != True:
            yield snapshot.fails("the snapshot is not encrypted", at="encrypted")
        return
    if snapshot.type == "aws_ebs_snapshot_copy":
        if snapshot["encrypted"] == True:
            return
        at, sources = "source_snapshot_id", graph.follow(snapshot, "source_snapshot_id")
    else:
        at, sources = "volume_id", [snapshot]
    for source in sources:
        for volume in graph.follow(source, "volume_id"):
            if volume["encrypted"] != True:
                yield snapshot.fails(f"{volume} is not encrypted", at=at, because=[volume.where("encrypted")])


@rule(
    on="aws_ebs_snapshot_copy",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_183"],
)
def aws_ebs_snapshot_copy_no_customer_key(copy: Resource) -> Iterator[Finding]:
    """Copies of EBS snapshots are encrypted with a customer key.

    ## Why
    A copy is usually meant for another region or account, where only a key of one's own says who may restore it.
    ## Fix
    Set `encrypted = true` and `kms_key_id`.
    """
    if copy.absent("kms_key_id"):
        yield copy.fails("the copy names no key", at="kms_key_id")
    elif copy["encrypted"] == False:
        yield copy.fails("the copy is not encrypted", at="encrypted", fix=copy.set("encrypted", True))
