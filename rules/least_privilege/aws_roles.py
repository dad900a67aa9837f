"""Roles of services: no broader than their one task."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, Finding, Graph, Resource, any_of, rule, show
from assay.analysis.aws_arns import is_star, wildcard_service
from assay.analysis.aws_granted import role_statements
from assay.analysis.aws_permissions import narrowable


def every_bucket(resource: Any) -> bool:
    """True for `*` and for ARNs of every bucket."""
    return is_star(resource) or wildcard_service(resource) == "s3"


def every_model(resource: Any) -> bool:
    """True for `*` and for ARNs of every model."""
    return is_star(resource) or wildcard_service(resource) == "bedrock" or resource.endswith(":foundation-model/*")


@rule(on="aws_bedrockagent_knowledge_base", severity=HIGH, controls=["nist-800-53r5:AC-6"])
def aws_bedrock_kb_role_too_broad(base: Resource, graph: Graph) -> Iterator[Finding]:
    """A knowledge base reads its own bucket and invokes its own model.

    ## Why
    Whatever its role may read can end in the vector store, and from there in an answer to anybody who asks.
    ## Fix
    Name the bucket and the embedding model's ARN in the role's policy.
    """
    for role in graph.follow(base, "role_arn"):
        granted = role_statements(role, graph)
        if any_of(granted, lambda s: s.grants("s3:GetObject") and any_of(s.resources, every_bucket)):
            yield base.fails(f"{role} may read every bucket", at="role_arn", because=[role.where()], key="s3")
        if any_of(granted, lambda s: s.grants("bedrock:InvokeModel") and any_of(s.resources, every_model)):
            yield base.fails(f"{role} may invoke every model", at="role_arn", because=[role.where()], key="bedrock")


NEEDS_EVERYTHING = ("logs:", "xray:", "events:PutRule", "events:PutTargets", "events:DescribeRule", "cloudwatch:")


@rule(
    on="aws_sfn_state_machine",
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    sources=["terraform", "plan", "aws"],  # a definition alone has no role
)
def aws_sfn_role_too_broad(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """A state machine's role may call what its definition names, and no more.

    ## Why
    Whoever can change the definition, or start the machine with an input of their own, acts with all its role may do.
    ## Fix
    List the actions of the definition's tasks, on the resources they name. What log delivery and tracing need on `*`
    does not count.
    """
    for role in graph.follow(machine, "role_arn"):
        for s in role_statements(role, graph):
            if not s.allows:
                continue
            wild = [a for a in s.actions if a.endswith("*") and not a.startswith(("logs:", "xray:"))]
            broad = [a for a in narrowable([], s) if not a.startswith(NEEDS_EVERYTHING)]
            if wild or broad:
                what = show(wild[0]) if wild else f"{broad[0]} on every resource"
                yield machine.fails(f"{role} may do {what}", at="role_arn", because=[s.view.where(s.at)], key=s.key)
