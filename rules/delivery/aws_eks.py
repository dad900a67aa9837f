"""Who may change what clusters run."""

from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule
from assay.analysis.aws_arns import made_policy
from assay.analysis.aws_granted import role_statements


@rule(
    on="aws_eks_node_group",
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["kubescape:C-0250", "kubescape:C-0251", "kubescape:C-0308"],
)
def k8s_registry_write_granted(nodes: Resource, graph: Graph) -> Iterator[Finding]:
    """Nodes pull images and push none.

    Judged are the policies of the node role that are among the inputs, and those of AWS by their names.

    ## Why
    Whoever takes over one pod that reaches the node's credentials replaces the images of all clusters.
    ## Fix
    Attach `AmazonEC2ContainerRegistryPullOnly` to the node role; let the pipeline's own role push.
    """
    for role in graph.follow(nodes, "node_role_arn"):
        if role.source == "uncollected":
            yield nodes.unsure(f"the policies of {role.address} are not among the inputs", at="node_role_arn")
            continue
        for attached in graph.users(role, "aws_iam_role_policy_attachment"):
            arn = attached["policy_arn"]
            name = "" if made_policy(arn) else next((n for n in PUSHERS if arn.endswith(f"/{n}")), "")
            if name != "":
                yield nodes.fails(f"{name} lets it push", at="node_role_arn", because=[attached.where()], key=name)
        for s in list.__iter__(role_statements(role, graph)):
            if s.allows and s.covers("ecr:PutImage"):
                yield nodes.fails(f"{s} of {role} lets it push", at="node_role_arn", key=str(s))


PUSHERS = ("AmazonEC2ContainerRegistryPowerUser", "AmazonEC2ContainerRegistryFullAccess", "AdministratorAccess",
           "PowerUserAccess")  # fmt: skip
