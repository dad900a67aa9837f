from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from assay import INFO, LOW, MEDIUM, Block, Finding, Graph, Resource, all_of, any_of, require, rule
from assay.analysis.oci_tenancy import exists

_SELECTION = "aws_backup_selection"
# The service and the kind that stand in the resource's ARN.
_ARN = {
    "aws_ebs_volume": ("ec2", "volume"),
    "aws_efs_file_system": ("elasticfilesystem", "file-system"),
    "aws_db_instance": ("rds", "db"),
    "aws_rds_cluster": ("rds", "cluster"),
    "aws_dynamodb_table": ("dynamodb", "table"),
}


def _wildcard(pattern: str, type_: str) -> bool:
    """Whether a pattern such as `arn:aws:ec2:*:*:volume/*` covers every resource of the type."""
    if pattern == "*":
        return True
    service, kind = _ARN[type_]
    parts = pattern.split(":", 5)
    if len(parts) < 6 or not fnmatchcase(service, parts[2]):
        return False
    return parts[5] == "*" or parts[5] in (f"{kind}/*", f"{kind}:*")


def _named(selection: Resource, r: Resource, graph: Graph) -> bool:
    """Whether the list of resources names this one, or all of its kind."""

    def covers(path: str) -> bool:
        found = graph.follow(selection, path)
        if any(f.source != "uncollected" for f in found):
            return r in found
        return _wildcard(str(selection[path]), r.type)

    return any_of([f"resources[{i}]" for i in range(len(selection["resources"] or []))], covers)


def _tagged(r: Resource, key: str, pattern: Any) -> bool:
    tags = r["tags_all"] or r["tags"] or {}
    value = tags.get(str(key).removeprefix("aws:ResourceTag/"))
    return value != None and fnmatchcase(str(value), str(pattern))


def _takes_in(selection: Resource, r: Resource, graph: Graph) -> bool:
    """Whether a backup selection takes in a resource, by name, by pattern or by tag, and leaves it in."""
    from assay.analysis.aws_events import names

    def tests(*kinds: str) -> list[Block]:
        return [test for block in selection.each("condition") for kind in kinds for test in block.each(kind)]

    def fits(test: Block) -> bool:
        return _tagged(r, test["key"], test["value"])

    asked = (
        lambda: all_of(tests("string_equals", "string_like"), fits),
        lambda: not any_of(tests("string_not_equals", "string_not_like"), fits),
        lambda: any_of(selection.each("selection_tag"), fits) or _named(selection, r, graph),
        lambda: not any_of(selection["not_resources"] or [], lambda pattern: names(pattern, r)),
    )
    return all_of(asked, lambda test: test())


def _selected(r: Resource, graph: Graph) -> bool:
    return any_of(graph.beside(r, _SELECTION), lambda selection: _takes_in(selection, r, graph))


@rule(
    on="aws_ebs_volume",
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV2_AWS_9",
        "prowler:ec2_ebs_volume_protected_by_backup_plan",
        "steampipe-aws:ebs_volume_in_backup_plan",
        "steampipe-aws:ebs_volume_protected_by_backup_plan",
    ],
)
def aws_ebs_no_backup_plan(volume: Resource, graph: Graph) -> Iterator[Finding]:
    """EBS volumes are in a backup plan.

    ## Why
    A volume lives in one zone and dies with it; snapshots taken by hand are as old as somebody's memory.
    ## Fix
    Let an `aws_backup_selection` take the volume in, by ARN or by tag.
    """
    if not _selected(volume, graph):
        yield volume.fails("no backup selection takes in this volume")


@rule(
    on="aws_efs_file_system",
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=["CKV2_AWS_18"],
)
def aws_efs_no_backup_plan(files: Resource, graph: Graph) -> Iterator[Finding]:
    """EFS file systems are backed up.

    ## Why
    Replication copies a deletion as faithfully as everything else.
    ## Fix
    Declare an `aws_efs_backup_policy` with `status = "ENABLED"`, or let a backup selection take the file system in.
    """
    policies = graph.users(files, "aws_efs_backup_policy")
    if any_of(policies, lambda p: p["backup_policy.status"] == "ENABLED") or _selected(files, graph):
        return
    yield files.fails("neither a backup policy nor a backup selection takes in this file system")


@rule(
    on=["aws_rds_cluster", "aws_db_instance"],
    severity=LOW,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV2_AWS_8",
        "prowler:rds_cluster_protected_by_backup_plan",
        "prowler:rds_instance_protected_by_backup_plan",
        "steampipe-aws:rds_db_instance_in_backup_plan",
        "steampipe-aws:rds_db_cluster_aurora_protected_by_backup_plan",
        "steampipe-aws:rds_db_instance_protected_by_backup_plan",
    ],
)
def aws_rds_no_backup_plan(database: Resource, graph: Graph) -> Iterator[Finding]:
    """Databases are in a backup plan.

    ## Why
    The automatic backups go when the database is deleted, and never leave its account.
    ## Fix
    Let an `aws_backup_selection` take the database in, by ARN or by tag.
    """
    if not _selected(database, graph):
        yield database.fails("no backup selection takes in this database")


@rule(
    on="account",
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=["prowler:backup_plans_exist", "steampipe-aws:backup_plan_region_configured"],
)
def aws_account_no_backup_plan(account: Resource, graph: Graph) -> Iterator[Finding]:
    """The account has a backup plan.

    ## Why
    Where every team makes its own backups, some do not.
    ## Fix
    Declare an `aws_backup_plan` and a selection, by tag for example.
    """
    family = ("aws_backup_vault", _SELECTION)
    if account.source != "aws" and not any(graph.beside(account, t) for t in family):
        return
    plans = graph.beside(account, "aws_backup_plan")
    if not plans:
        yield account.fails("there is no backup plan")
    elif all(plan.address.endswith("[?]") for plan in plans):
        yield account.unsure(f"whether there is a {plans[0]} depends on a value that nobody knows")


require(
    "aws-backup-short-retention",
    on="aws_backup_plan",
    each="rule",
    path="lifecycle.delete_after",
    at_least=35,
    default=36500,  # without it a recovery point is kept for ever
    severity=LOW,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "steampipe-aws:backup_plan_min_retention_35_days",
        "steampipe-aws:backup_recovery_point_min_retention_35_days",
    ],
    title="Backups are kept for at least thirty-five days.",
    why="Damage is often found weeks later, when every kept backup already contains it.",
)


@rule(
    on="aws_dynamodb_table",
    severity=LOW,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "prowler:dynamodb_table_protected_by_backup_plan",
        "steampipe-aws:dynamodb_table_in_backup_plan",
        "steampipe-aws:dynamodb_table_protected_by_backup_plan",
    ],
)
def aws_dynamodb_no_backup_plan(table: Resource, graph: Graph) -> Iterator[Finding]:
    """DynamoDB tables are in a backup plan.

    ## Why
    Continuous backups reach back thirty-five days at most and go with the table's account.
    ## Fix
    Let an `aws_backup_selection` take the table in, by ARN or by tag.
    """
    if not _selected(table, graph):
        yield table.fails("no backup selection takes in this table")


@rule(
    on="account",
    severity=INFO,
    controls=["nist-800-53r5:CP-9"],
    equivalents=["prowler:backup_reportplans_exist", "steampipe-aws:backup_report_plan_configured"],
)
def aws_backup_no_report_plan(account: Resource, graph: Graph) -> Iterator[Finding]:
    """Somebody gets a report of what was backed up.

    ## Why
    Backups that fail say so in a console that nobody opens until a restore is wanted.
    ## Fix
    Declare an `aws_backup_report_plan`.
    """
    if not list.__len__(graph.beside(account, "aws_backup_plan")):
        next(iter(graph.beside(account, "aws_backup_plan")), None)  # that there is none has to be certain
    elif not exists(account, graph, "aws_backup_report_plan"):
        yield account.fails("backups are planned, and no report tells of them")


@rule(
    on="account",
    severity=LOW,
    controls=["nist-800-53r5:CP-9"],
    equivalents=["prowler:backup_vaults_exist", "steampipe-aws:backup_vault_region_configured"],
)
def aws_account_no_backup_vault(account: Resource, graph: Graph) -> Iterator[Finding]:
    """The account has a vault for its backups.

    Of code only such is judged that sets up AWS Backup for an account (`aws_backup_region_settings`).

    ## Why
    Without one there is no backup that outlives what it was made of.
    ## Fix
    Declare an `aws_backup_vault`, locked where the data must not be deleted.
    """
    family = ("aws_backup_region_settings", "aws_backup_global_settings")
    if account.source != "aws" and not any(graph.beside(account, t) for t in family):
        return
    if not exists(account, graph, "aws_backup_vault"):
        yield account.fails("there is no backup vault")


def _denies_deletion(policy: Resource) -> bool:
    """Whether a vault's policy denies to everybody what deletes a backup."""
    from assay.analysis.aws_policy_documents import statements

    return any_of(
        statements(policy, "policy"),
        lambda s: s.effect == "Deny" and s.covers("backup:DeleteRecoveryPoint") and s.to_everyone,
    )


@rule(
    on="aws_backup_vault",
    severity=LOW,
    controls=["nist-800-53r5:CP-9(8)"],
    equivalents=["steampipe-aws:backup_recovery_point_manual_deletion_disabled"],
)
def aws_backup_vault_deletable(vault: Resource, graph: Graph) -> Iterator[Finding]:
    """Backups cannot be deleted before their time.

    ## Why
    Whoever encrypts the data for a ransom deletes the backups first, with the same stolen role.
    ## Fix
    Add an `aws_backup_vault_lock_configuration`, or a vault policy that denies `backup:DeleteRecoveryPoint`.
    """
    if graph.users(vault, "aws_backup_vault_lock_configuration"):
        return
    if not any_of(graph.users(vault, "aws_backup_vault_policy"), _denies_deletion):
        yield vault.fails("neither a lock nor a policy keeps backups from being deleted")


@rule(
    on=["aws_dlm_lifecycle_policy", "account"],
    severity=LOW,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "prowler:dlm_ebs_snapshot_lifecycle_policy_exists",
        "steampipe-aws:dlm_ebs_snapshot_lifecycle_policy_enabled",
    ],
)
def aws_ebs_no_snapshot_lifecycle(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Snapshots of volumes are made and deleted by a policy.

    An account with volumes is judged, by Data Lifecycle Manager and backup plans; of code a policy that is disabled.

    ## Why
    Snapshots by hand are made when somebody thinks of it, and deleted by nobody.
    ## Fix
    Declare an `aws_dlm_lifecycle_policy` with `state = "ENABLED"`, or take the volumes into a backup plan.
    """
    if r.type == "aws_dlm_lifecycle_policy":
        if r["state"] == "DISABLED" and r.source != "aws":
            yield r.fails("the policy is disabled", at="state")
        return
    if r.source != "aws" or not graph.beside(r, "aws_ebs_volume"):
        return
    enabled = any_of(graph.beside(r, "aws_dlm_lifecycle_policy"), lambda p: p["state"] != "DISABLED")
    if not enabled and not graph.beside(r, "aws_backup_plan"):
        yield r.fails("there are volumes, and no policy makes snapshots of them")
