from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Graph, Resource, require, rule

require(
    "aws-neptune-unencrypted",
    on="aws_neptune_cluster",
    path="storage_encrypted",
    equals=True,
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_44",
        "kics:98d59056",
        "AVD-AWS-0076",
        "prowler:neptune_cluster_storage_encrypted",
        "steampipe-aws:neptune_db_cluster_encryption_at_rest_enabled",
    ],
    title="Neptune clusters are encrypted at rest.",
    why="Encryption cannot be turned on later: the graph has to be loaded into a new cluster.",
)


@rule(
    on="aws_neptune_cluster_snapshot",
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_279",
        "prowler:neptune_cluster_snapshot_encrypted",
        "steampipe-aws:neptune_db_cluster_snapshot_encryption_at_rest_enabled",
    ],
)
def aws_neptune_snapshot_unencrypted(snapshot: Resource, graph: Graph) -> Iterator[Finding]:
    """Neptune snapshots are encrypted.

    ## Why
    A snapshot is the whole graph in a form that can be shared with another account.
    ## Fix
    Encrypt the cluster that the snapshot is taken of.
    """
    if not snapshot.absent("storage_encrypted"):
        if snapshot["storage_encrypted"] != True:
            yield snapshot.fails("the snapshot is not encrypted", at="storage_encrypted")
        return
    for cluster in graph.follow(snapshot, "db_cluster_identifier"):
        if cluster["storage_encrypted"] != True:
            place = cluster.where("storage_encrypted")
            yield snapshot.fails(f"{cluster} is not encrypted", at="db_cluster_identifier", because=[place])


@rule(
    on="aws_neptune_cluster_snapshot",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_280"],
)
def aws_neptune_snapshot_no_customer_key(snapshot: Resource, graph: Graph) -> Iterator[Finding]:
    """Neptune snapshots are encrypted with a customer key.

    ## Why
    A snapshot under the managed key cannot be shared where it has to be restored, and its readers cannot be named.
    ## Fix
    Set `kms_key_arn` on the cluster that the snapshot is taken of.
    """
    if not snapshot.absent("storage_encrypted"):  # what runs says it of itself
        if snapshot.absent("kms_key_arn"):
            yield snapshot.fails("the snapshot is encrypted with no key of one's own", at="kms_key_arn")
        return
    for cluster in graph.follow(snapshot, "db_cluster_identifier"):
        if cluster.absent("kms_key_arn"):
            place = cluster.where("kms_key_arn")
            yield snapshot.fails(f"{cluster} names no key", at="db_cluster_identifier", because=[place])
