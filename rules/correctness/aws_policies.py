from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, as_list, is_map, require, rule


@rule(
    on=["aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy", "aws_kms_key"],
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["kics:bbe3dd3d"],
    sources=["terraform", "plan"],
)
def aws_policy_no_principal(r: Resource) -> Iterator[Finding]:
    """Every statement of a resource policy names a principal.

    ## Why
    The platform refuses such a policy when it is applied, or the statement grants and denies nobody anything.
    ## Fix
    Add `Principal` to the statement.
    """
    document = r.json("policy")
    for number, statement in enumerate(as_list(document.get("Statement")) if is_map(document) else []):
        if is_map(statement) and "Principal" not in statement and "NotPrincipal" not in statement:
            name = statement.get("Sid") or number + 1
            yield r.fails(f"statement {name} names no principal", at="policy", key=str(name))


require(
    "aws-lambda-permission-wrong-action",
    on="aws_lambda_permission",
    path="action",
    one_of=["lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync"],
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["kics:75ec6890"],
    title="Function permissions grant the invocation.",
    why="With another or a misspelt action the service cannot call the function, or gets rights it should not have.",
)


@rule(
    on="aws_route53_record",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-20"],
    equivalents=["kics:25db74bf"],
)
def aws_route53_record_empty(record: Resource) -> Iterator[Finding]:
    """Every record has a value.

    ## Why
    A record without values is refused when it is applied, after everything before it was changed.
    ## Fix
    Set `records`, or point `alias` at the resource.
    """
    if not record["records"] and not record.each("alias"):
        yield record.fails("neither records nor alias is set", at="records")
