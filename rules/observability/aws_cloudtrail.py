from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, require, rule, show

require(
    "aws-cloudtrail-disabled",
    on="aws_cloudtrail",
    path="enable_logging",
    equals=True,
    default=True,
    severity=HIGH,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_251", "kics:4bb76f17"],
    title="Trails record.",
    why="A trail that is switched off is worse than none: it looks as if somebody were watching.",
)

require(
    "aws-cloudtrail-single-region",
    on="aws_cloudtrail",
    path="is_multi_region_trail",
    equals=True,
    severity=HIGH,
    controls=["cis-aws-1.2:2.1", "cis-aws-1.4:3.1", "nist-800-53r5:AU-2"],
    equivalents=[
        "CKV_AWS_67",
        "kics:8173d5eb",
        "AVD-AWS-0014",
        "prowler:cloudtrail_multi_region_enabled_logging_management_events",
    ],
    title="Trails record every region.",
    why="An intruder works in the region nobody looks at.",
)

require(
    "aws-cloudtrail-no-log-validation",
    on="aws_cloudtrail",
    path="enable_log_file_validation",
    equals=True,
    severity=MEDIUM,
    controls=["cis-aws-1.2:2.2", "cis-aws-1.4:3.2", "cis-aws-7.0:4.2", "nist-800-53r5:AU-10"],
    equivalents=[
        "CKV_AWS_36",
        "kics:52ffcfa6",
        "AVD-AWS-0016",
        "prowler:cloudtrail_log_file_validation_enabled",
        "steampipe-aws:cloudtrail_trail_validation_enabled",
    ],
    title="Trails sign their log files.",
    why="Without the digests nobody can show that a log file was not changed or removed.",
)

require(
    "aws-cloudtrail-no-log-group",
    on="aws_cloudtrail",
    path="cloud_watch_logs_group_arn",
    present=True,
    severity=LOW,
    controls=["cis-aws-1.2:2.4", "cis-aws-1.4:3.4", "nist-800-53r5:AU-6"],
    equivalents=[
        "CKV2_AWS_10",
        "kics:17b30f8f",
        "AVD-AWS-0162",
        "prowler:cloudtrail_cloudwatch_logging_enabled",
        "steampipe-aws:cloudtrail_trail_integrated_with_logs",
        "steampipe-aws:cloudtrail_multi_region_trail_integrated_with_logs",
    ],
    title="Trails deliver to a log group.",
    why="Alarms on API calls need the events in CloudWatch; in the bucket they are read after the fact.",
)


def _selected(selector: Block) -> set[str]:
    """Which accesses to S3 objects an event selector records."""
    if not any_of(selector.each("data_resource"), lambda d: d["type"] == "AWS::S3::Object"):
        return set()
    kinds = {"ReadOnly": {"read"}, "WriteOnly": {"write"}}
    return kinds.get(selector["read_write_type"], {"read", "write"})


def _selected_by_fields(selector: Block) -> set[str]:
    """The same for an advanced event selector."""
    fields = {f["field"]: f["equals"] for f in selector.each("field_selector")}
    if "Data" not in (fields.get("eventCategory") or []) or "AWS::S3::Object" not in (
        fields.get("resources.type") or []
    ):
        return set()
    only = fields.get("readOnly")
    return {"read", "write"} if only == None else {"read" if v == "true" else "write" for v in only}


@rule(
    on="aws_cloudtrail",
    severity=LOW,
    controls=["cis-aws-1.4:3.11", "cis-aws-1.4:3.10", "nist-800-53r5:AU-12"],
    equivalents=[
        "kics:a8fc2180",
        "AVD-AWS-0172",
        "AVD-AWS-0171",
        "steampipe-aws:cloudtrail_s3_object_read_events_audit_enabled",
        "steampipe-aws:cloudtrail_s3_object_write_events_audit_enabled",
        "steampipe-aws:cloudtrail_s3_data_events_enabled",
        "steampipe-aws:s3_bucket_object_logging_enabled",
    ],
)
def aws_cloudtrail_no_data_events(trail: Resource) -> Iterator[Finding]:
    """Trails record reading and writing of S3 objects.

    ## Why
    Management events say who made a bucket public, not who took which object out of it.
    ## Fix
    Add an `event_selector` with `read_write_type = "All"` and a `data_resource` of type `AWS::S3::Object`.
    """
    seen: set[str] = set()
    for selector in trail.each("event_selector"):
        seen |= _selected(selector)
    for selector in trail.each("advanced_event_selector"):
        seen |= _selected_by_fields(selector)
    missing = sorted({"read", "write"} - seen)
    if missing:
        yield trail.fails(f"no event selector records object {' and '.join(missing)} events", at="event_selector")


def _logged(bucket: Resource, graph: Graph) -> bool:
    separate = graph.users(bucket, "aws_s3_bucket_logging")  # also those that only deliver to this bucket
    return not bucket.absent("logging") or any_of(separate, lambda c: bucket in graph.follow(c, "bucket"))


@rule(
    on="aws_cloudtrail",
    severity=LOW,
    controls=["cis-aws-1.2:2.6", "cis-aws-1.4:3.6", "cis-aws-7.0:4.4", "nist-800-53r5:AU-9"],
    equivalents=[
        "kics:ee9e50e8",
        "AVD-AWS-0163",
        "prowler:cloudtrail_logs_s3_bucket_access_logging_enabled",
        "steampipe-aws:cloudtrail_s3_logging_enabled",
    ],
)
def aws_cloudtrail_bucket_no_access_log(trail: Resource, graph: Graph) -> Iterator[Finding]:
    """Access to the bucket of a trail is logged.

    ## Why
    Who reads or deletes the audit record is what an investigation asks first.
    ## Fix
    Declare an `aws_s3_bucket_logging` for the trail's bucket.
    """
    for bucket in graph.follow(trail, "s3_bucket_name"):
        if not _logged(bucket, graph):
            yield trail.fails(f"{bucket} has no access log", at="s3_bucket_name", because=[bucket.where()])


_BASELINE = (
    "aws_cloudtrail", "aws_config_configuration_recorder", "aws_guardduty_detector", "aws_securityhub_account",
    "aws_iam_account_password_policy",
)  # fmt: skip


@rule(
    on="account",
    severity=HIGH,
    controls=["cis-aws-7.0:4.1", "nist-800-53r5:AU-2"],
    equivalents=[
        "prowler:cloudtrail_multi_region_enabled",
        "steampipe-aws:cloudtrail_multi_region_trail_enabled",
        "steampipe-aws:cloudtrail_multi_region_read_write_enabled",
    ],
)
def aws_cloudtrail_missing(account: Resource, graph: Graph) -> Iterator[Finding]:
    """The account has a trail over all regions with signed log files.

    ## Why
    Without it nobody can say afterwards who did what, and that can not be made up for.
    ## Fix
    Declare an `aws_cloudtrail` with `is_multi_region_trail` and `enable_log_file_validation`.
    """
    # Code that manages no account-wide guard is a part of an account, and need not hold its trail.
    if account.source != "aws" and not any(graph.beside(account, t) for t in _BASELINE):
        return

    def complete(trail: Resource) -> bool:
        wanted = ("is_multi_region_trail", "enable_log_file_validation")
        return trail["enable_logging"] != False and all(trail[path] == True for path in wanted)

    if (
        account.source != "aws"
    ):  # one account's trail may stand in another root module, or in a module that was not read
        for call in graph.all("module"):
            if not call.absent("$unread") and "cloudtrail" in show(call["source"]):
                yield account.unsure(f"{call} may have the trail")
                return
    trails = graph.beside(account, "aws_cloudtrail") if account.source == "aws" else graph.all("aws_cloudtrail")
    if not any_of(trails, complete):
        yield account.fails("no trail covers all regions and validates its log files")


MODELS = ("AWS::Lambda::Function", "AWS::Bedrock::Model", "AWS::Bedrock::AgentAlias", "AWS::Bedrock::KnowledgeBase",
          "AWS::Bedrock::FlowAlias", "AWS::Bedrock::Guardrail", "AWS::Bedrock::InlineAgent")  # fmt: skip


def _records_calls(selector: Block) -> bool:
    """Whether a selector records calls of functions or models."""
    if any_of(selector.each("data_resource"), lambda d: d["type"] in MODELS):
        return True
    fields = {f["field"]: f["equals"] for f in selector.each("field_selector")}
    return any(kind in MODELS for kind in fields.get("resources.type") or [])


@rule(
    on="aws_cloudtrail",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "prowler:cloudtrail_bedrock_logging_enabled",
        "prowler:awslambda_function_invoke_api_operations_cloudtrail_logging_enabled",
        "steampipe-aws:lambda_function_cloudtrail_logging_enabled",
    ],
)
def aws_cloudtrail_no_model_events(trail: Resource) -> Iterator[Finding]:
    """Trails record who calls functions and models.

    ## Why
    Management events say who made a function, not who ran it a million times, or asked the model for what.
    ## Fix
    Add an `advanced_event_selector` with `eventCategory` `Data` and `resources.type` `AWS::Lambda::Function`, and where
    models are used `AWS::Bedrock::Model`.
    """
    selectors = [*trail.each("event_selector"), *trail.each("advanced_event_selector")]
    if not any_of(selectors, _records_calls):
        yield trail.fails("no selector records calls of functions or models", at="event_selector")
