from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Graph, Resource, require, rule


@rule(
    on="aws_docdb_cluster",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_182", "kics:4766d3ea", "kics:2134641d", "AVD-AWS-0022"],
)
def aws_docdb_no_customer_key(cluster: Resource, graph: Graph) -> Iterator[Finding]:
    """DocumentDB clusters are encrypted with a customer key.

    ## Why
    The managed key cannot be withheld from anybody who may read the cluster, nor shared for a copy elsewhere.
    ## Fix
    Set `kms_key_id` to the ARN of a key of your own.
    """
    if cluster.absent("kms_key_id"):
        yield cluster.fails("no kms_key_id: the managed key is used", at="kms_key_id")
        return
    for key in graph.follow(cluster, "kms_key_id"):
        if key.type == "data.aws_kms_key" and key["key_id"].startswith("alias/aws/"):
            yield cluster.fails("the key is the managed one", at="kms_key_id", because=[key.where("key_id")])


require(
    "aws-docdb-unencrypted",
    on=["aws_docdb_cluster", "aws_docdb_global_cluster"],
    path="storage_encrypted",
    equals=True,
    # A global cluster that is made from a cluster is encrypted as that one is.
    when=lambda r: not (r.absent("storage_encrypted") and not r.absent("source_db_cluster_identifier")),
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_74",
        "CKV_AWS_292",
        "kics:bc1f9009",
        "AVD-AWS-0021",
        "prowler:documentdb_cluster_storage_encrypted",
        "steampipe-aws:docdb_cluster_encryption_at_rest_enabled",
        "steampipe-aws:docdb_cluster_instance_encryption_at_rest_enabled",
    ],
    title="DocumentDB clusters are encrypted at rest.",
    why="Volumes, snapshots and replicas of the cluster are readable to whoever gets hold of them.",
)


@rule(
    on="aws_docdb_cluster_parameter_group",
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_90", "steampipe-aws:docdb_cluster_encryption_in_transit_enabled"],
)
def aws_docdb_no_tls(group: Resource) -> Iterator[Finding]:
    """DocumentDB demands TLS of its clients.

    ## Why
    The default demands it; a group that turns it off lets passwords and documents travel in plain text.
    ## Fix
    Remove the `tls` parameter or set it to `enabled`.
    """
    for parameter in group.each("parameter"):
        if parameter["name"] == "tls" and parameter["value"] == "disabled":
            yield parameter.fails("tls is disabled", at="value", fix=parameter.set("value", "enabled"))
