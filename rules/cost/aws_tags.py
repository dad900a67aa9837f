"""Tags by which cost is told apart, and that follow copies."""

from collections.abc import Iterator

from assay import INFO, Finding, Resource, any_of, as_list, require, rule

NOT_THEIR_OWN = ("neptune", "aurora", "aurora-mysql", "aurora-postgresql", "docdb")

require(
    "aws-neptune-no-snapshot-tags",
    on="aws_neptune_cluster",
    path="copy_tags_to_snapshot",
    equals=True,
    title="Neptune copies its tags to snapshots.",
    why="A snapshot without tags is paid for by nobody's budget and deleted by nobody.",
    severity=INFO,
    equivalents=[
        "CKV_AWS_362",
        "prowler:neptune_cluster_copy_tags_to_snapshots",
        "steampipe-aws:neptune_db_cluster_copy_tags_to_snapshot_enabled",
    ],
)
require(
    "aws-rds-no-snapshot-tags",
    on=["aws_rds_cluster", "aws_db_instance"],
    path="copy_tags_to_snapshot",
    equals=True,
    when=lambda db: db.resource.type == "aws_rds_cluster" or db["engine"] not in NOT_THEIR_OWN,
    title="RDS copies its tags to snapshots.",
    why="A snapshot without tags is paid for by nobody's budget and deleted by nobody.",
    severity=INFO,
    equivalents=[
        "CKV_AWS_313",
        "CKV2_AWS_60",
        "prowler:rds_cluster_copy_tags_to_snapshots",
        "prowler:rds_instance_copy_tags_to_snapshots",
        "steampipe-aws:rds_db_cluster_copy_tags_to_snapshot_enabled",
        "steampipe-aws:rds_db_instance_copy_tags_to_snapshot_enabled",
        "steampipe-aws:rds_db_cluster_aurora_mysql_copy_tags_to_snapshot_enabled",
        "steampipe-aws:rds_db_cluster_aurora_postgres_copy_tags_to_snapshot_enabled",
    ],
)


@rule(
    on="aws_autoscaling_group",
    severity=INFO,
    equivalents=[
        "CKV_AWS_153",
        "kics:ba48df05",
        "steampipe-aws:autoscaling_group_propagate_tags_to_ec2_instance_enabled",
    ],
)
def aws_autoscaling_no_tags(group: Resource) -> Iterator[Finding]:
    """Groups hand their tags to the instances they start.

    ## Why
    Nobody knows what the instances are for, nor whose budget pays for them.
    ## Fix
    Add a `tag` block with `propagate_at_launch = true`.
    """
    handed = any_of(group.each("tag"), lambda tag: tag["propagate_at_launch"] == True)
    if not handed and not any_of(as_list(group["tags"]), lambda tag: tag.get("propagate_at_launch") in (True, "true")):
        yield group.fails("no tag is handed to the instances")
