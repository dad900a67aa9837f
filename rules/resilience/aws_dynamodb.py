from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule


@rule(
    on="aws_dynamodb_table",
    severity=LOW,
    controls=["nist-800-53r5:SC-5"],
    equivalents=[
        "CKV2_AWS_16",
        "prowler:dynamodb_table_autoscaling_enabled",
        "steampipe-aws:dynamodb_table_auto_scaling_enabled",
    ],
)
def aws_dynamodb_no_autoscaling(table: Resource, graph: Graph) -> Iterator[Finding]:
    """Provisioned tables scale with their load.

    ## Why
    Requests beyond the provisioned capacity are refused, however much of it was unused an hour ago.
    ## Fix
    Declare an `aws_appautoscaling_target` for read and for write capacity, or use `PAY_PER_REQUEST`.
    """
    if table["billing_mode"] == "PAY_PER_REQUEST":
        return

    def mine(target: Resource) -> bool:  # by name, where no reference says so
        return bool(target["resource_id"] == f"table/{table['name']}")

    targets = graph.users(table, "aws_appautoscaling_target")
    if not targets:
        targets = [t for t in graph.beside(table, "aws_appautoscaling_target") if mine(t)]

    def scaled(kind: str) -> bool:
        return any_of(targets, lambda t: t["scalable_dimension"] == f"dynamodb:table:{kind}CapacityUnits")

    missing = [kind.lower() for kind in ("Read", "Write") if not scaled(kind)]
    if missing:
        yield table.fails(f"nothing scales its {' and '.join(missing)} capacity", at="billing_mode")


require(
    "aws-dynamodb-no-point-in-time-recovery",
    on="aws_dynamodb_table",
    path="point_in_time_recovery.enabled",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=[
        "CKV_AWS_165",
        "CKV_AWS_28",
        "kics:741f1291",
        "AVD-AWS-0024",
        "prowler:dynamodb_tables_pitr_enabled",
        "steampipe-aws:dynamodb_table_point_in_time_recovery_enabled",
    ],
    title="DynamoDB tables can be restored to any moment.",
    why="A wrong deployment overwrites rows within seconds; only continuous backups reach to the moment before.",
)

require(
    "aws-dynamodb-no-deletion-protection",
    on="aws_dynamodb_table",
    path="deletion_protection_enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "prowler:dynamodb_table_deletion_protection_enabled",
        "steampipe-aws:dynamodb_table_deletion_protection_enabled",
    ],
    title="DynamoDB tables are protected from deletion.",
    why="A changed key makes a plan replace the table, with everything in it.",
)
