"""Secrets in and around Lambda functions and the events of Secrets Manager."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, MEDIUM, Finding, Graph, Resource, any_of, as_list, is_map, rule
from assay.analysis.credentials import credential_or_doubt


@rule(
    on="aws_lambda_function",
    severity=HIGH,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["CKV_AWS_45", "kics:1402afd8", "prowler:awslambda_function_no_secrets_in_variables"],
)
def aws_lambda_env_secret(function: Resource) -> Iterator[Finding]:
    """Functions read their secrets at run time, not from their environment.

    ## Why
    Who may look at the function's configuration reads the secret; so does who reads the Terraform state or a log of the
    environment.
    ## Fix
    Pass the secret's ARN, and read it from Secrets Manager or Parameter Store in the function.
    """
    variables = function["environment.variables"]
    if not is_map(variables):
        return
    doubts: list[str] = []
    for name, value in variables.items():
        if credential_or_doubt(name, value, doubts):
            yield function.fails(f"{name} holds a credential in clear", at=f"environment.variables.{name}", key=name)
    for name in doubts:
        yield function.unsure(f"{name} may hold a credential", at=f"environment.variables.{name}", key=name)


def about_secrets(event_rule: Resource) -> bool:
    """True when a rule waits for events of Secrets Manager."""
    pattern = event_rule.json("event_pattern")
    if not is_map(pattern):
        return False
    detail = pattern.get("detail", {})
    sources = [*as_list(pattern.get("source")), *as_list(detail.get("eventSource") if is_map(detail) else None)]
    return any_of(sources, lambda source: source in ("aws.secretsmanager", "secretsmanager.amazonaws.com"))


@rule(on="aws_lambda_function", sources=["terraform", "plan"], severity=MEDIUM)
def aws_secret_mirror_no_reconcile(function: Resource, graph: Graph) -> Iterator[Finding]:
    """A function that mirrors secrets on events also compares them on a schedule.

    ## Why
    Events get lost. The copy then differs from the secret until the next change, or for ever, and nobody is told.
    ## Fix
    Add a rule with a `schedule_expression` (or an `aws_scheduler_schedule`) that has the function compare both sides.
    """
    targets = graph.users(function, "aws_cloudwatch_event_target")
    rules = [found for target in targets for found in graph.follow(target, "rule") if found.source != "uncollected"]
    mirrors = [r for r in rules if about_secrets(r)]
    if not mirrors or any_of(rules, lambda r: not r.absent("schedule_expression")):
        return
    if not graph.users(function, "aws_scheduler_schedule"):
        yield function.fails("nothing compares the copies on a schedule", because=[r.where() for r in mirrors])


def scoped(pattern: Any) -> bool:
    """True when a pattern's detail names a secret."""
    detail = pattern.get("detail", {})
    for part in ("requestParameters", "additionalEventData", "responseElements"):
        fields = detail.get(part, {}) if is_map(detail) else {}
        if is_map(fields) and any(key in fields for key in ("secretId", "SecretId", "arn", "aRN", "name")):
            return True
    return bool(pattern.get("resources") != None)


def names_one_secret(function: Resource) -> bool:
    """True when the function's environment names the one secret it copies."""
    variables = function["environment.variables"]
    return is_map(variables) and any("SECRET" in name.upper() for name in variables)


@rule(on="aws_cloudwatch_event_rule", severity=HIGH, controls=["nist-800-53r5:AC-4"])
def aws_secret_event_unscoped(event_rule: Resource, graph: Graph) -> Iterator[Finding]:
    """A rule that has one secret copied matches events of that secret only.

    ## Why
    Without a secret id the rule also fires when any other secret is written. A target that copies one fixed secret then
    runs for nothing; one that takes the id from the event puts the other secret in its place.
    ## Fix
    Name the secret in the pattern: `detail.requestParameters.secretId`.
    """
    if not about_secrets(event_rule) or scoped(event_rule.json("event_pattern")):
        return
    for target in graph.users(event_rule, "aws_cloudwatch_event_target"):
        functions = [
            f for f in graph.follow(target, "arn") if f.type == "aws_lambda_function" and f.source != "uncollected"
        ]
        if not target.absent("input") or any_of(functions, names_one_secret):
            yield event_rule.fails("fires for any secret and has one fixed secret copied", at="event_pattern")
            return
