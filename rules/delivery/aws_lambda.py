from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, any_of, rule
from assay.analysis.naming import is_production


@rule(
    on="aws_lambda_alias",
    severity=LOW,
    controls=["nist-800-53r5:CM-3"],
)
def aws_lambda_no_gradual_deploy(alias: Resource, graph: Graph) -> Iterator[Finding]:
    """Production aliases shift traffic to a new version step by step.

    ## Why
    A version that fails then fails for every caller at once, and is rolled back after the fact.
    ## Fix
    Deploy with a CodeDeploy group whose configuration is linear or canary, or weigh versions in `routing_config`.
    """
    if not is_production(alias) or not alias.absent("routing_config.additional_version_weights"):
        return

    def gradual(group: Resource) -> bool:
        name = group["deployment_config_name"] or ""
        return "Canary" in name or "Linear" in name

    if not any_of(graph.beside(alias, "aws_codedeploy_deployment_group"), gradual):
        yield alias.fails("a new version gets all traffic at once", at="function_version")
