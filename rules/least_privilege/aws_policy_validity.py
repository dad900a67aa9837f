"""Policies that AWS refuses, or takes although they name what does not exist."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, Finding, Graph, Resource, rule, show
from assay.analysis.aws_arns import action_exists, arn_shaped, is_star, key_fault, nearest_action
from assay.analysis.aws_identity_policies import IDENTITY_POLICIES, IDENTITY_TYPES, identity_statements
from assay.analysis.aws_operators import is_operator
from assay.analysis.aws_policy import Statement, flag
from assay.analysis.aws_policy_documents import DOCUMENT, document_fault, statements


def malformed(s: Statement) -> str:
    """What to say of a statement with an action that AWS does not have, or an ARN that is none."""
    for pattern in [*s.actions, *s.not_actions]:
        if not is_star(pattern) and not action_exists(pattern):
            spelt = next((x for x in s.spelt if show(x).lower() == show(pattern)), pattern)
            near = nearest_action(pattern)
            return f"{s}: AWS has no action {show(spelt)}" + (f"; did you mean {near}?" if near else "")
    for arn in (*list.__iter__(s.resources), *list.__iter__(s.not_resources)):
        if not arn_shaped(arn):
            return f"{s}: {show(arn)} is no ARN"
    for condition in s.conditions:
        said = condition_fault(condition)
        if said != "":
            return f"{s}: {said}"
    return ""


def condition_fault(condition: Any) -> str:
    """What to say of a condition whose operator AWS does not have, or whose key belongs to a service and not to it."""
    if not is_operator(condition.operator):
        return f"{condition.operator} is no condition operator"
    return key_fault(condition.key)


@rule(
    on=[*IDENTITY_TYPES, "aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy", "aws_kms_key"],
    severity=HIGH,
)
def aws_policy_invalid(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies are policies, and name actions, ARNs and condition keys that exist.

    ## Why
    AWS takes a policy with a misspelt action without a word, and grants (or denies) nothing; a malformed ARN, or text
    that is no policy, is refused only when it is applied.
    ## Fix
    Correct the spelling; the service reference lists every action and key.
    """
    path = IDENTITY_POLICIES.get(r.type, "policy")
    if r.type not in (DOCUMENT, "aws_iam_role"):
        said = document_fault(r, path)
        if said != "":
            yield r.fails(said, at=path)
            return
    found = identity_statements(r, graph) if r.type in IDENTITY_TYPES else statements(r, "policy")
    yield from flag(found, malformed)
