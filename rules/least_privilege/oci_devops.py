"""What pipelines may do."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Block, Finding, Graph, Resource, any_of, rule
from assay.analysis.naming import words
from assay.analysis.oci_conditions import predicates
from assay.analysis.oci_dynamic_groups import is_group
from assay.analysis.oci_policy_language import matching_rule, statement

PIPELINE_WORDS = {
    "devops",
    "build",
    "builder",
    "builders",
    "builds",
    "deploy",
    "deployment",
    "pipeline",
    "pipelines",
    "runner",
    "runners",
    "ci",
    "cd",
    "cicd",
}
# What a build or a deployment reads or uses, and never has to manage.
ENOUGH = {
    "all-resources": "read", "secret-family": "read", "secrets": "read", "secret-bundles": "read", "vaults": "use",
    "keys": "use", "key-family": "use", "virtual-network-family": "use", "subnets": "use", "vnics": "use",
    "vcns": "read", "network-security-groups": "use", "ons-family": "use", "ons-topics": "use", "compartments": "read",
    "policies": "inspect", "groups": "inspect", "users": "inspect", "dynamic-groups": "inspect",
    "logging-family": "use",
}  # fmt: skip


def _is_pipeline(name: object, policy: Resource, graph: Graph) -> bool:
    """True for a dynamic group of DevOps resources, by its rule, or by its name when the rule is elsewhere."""
    for group in graph.beside(policy, "oci_identity_dynamic_group"):
        if is_group(name, group):
            found = [p for p in predicates(matching_rule(group["matching_rule"])) if p.variable == "resource.type"]
            return any_of(found, lambda p: any_of(p.values, lambda v: v.lower().startswith("devops")))
    return bool(set(words(name)) & PIPELINE_WORDS)


@rule(on="oci_identity_policy", each="statements", severity=HIGH, controls=["nist-800-53r5:AC-6"])
def oci_devops_runner_too_powerful(block: Block, graph: Graph) -> Iterator[Finding]:
    """Pipelines read what they need, and manage only what they make.

    ## Why
    A build runs whatever the last commit says: with the right to manage, so does whoever can commit.
    ## Fix
    Lower the verb, and grant `manage` only on the artifacts and deployments that the pipeline creates.
    """
    s = statement(block.values)
    if s.subject != "dynamic-group" or not s.manages(*ENOUGH):
        return
    if any_of(s.names, lambda name: _is_pipeline(name, block.resource, graph)):
        yield block.fails(f"a pipeline may manage {s.resource}, where {ENOUGH[s.resource]} is enough")
