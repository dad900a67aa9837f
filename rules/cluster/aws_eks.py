"""EKS clusters."""

import re
from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.aws_policy import role_statements

# The oldest version in any support, the paid one included, at the end of 2026.
OLDEST = (1, 31)


@rule(
    on="aws_eks_cluster",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-2"],
    equivalents=["CKV_AWS_339"],
)
def aws_eks_old_version(r: Resource) -> Iterator[Finding]:
    """EKS clusters run a supported version of Kubernetes.

    ## Why
    Old versions get no security updates, or get them at several times the price, and are upgraded when the platform
    decides.
    ## Fix
    Raise `version`, one minor version at a time.
    """
    found = [int(n) for n in re.findall(r"\d+", r["version"] or "")]
    if len(found) > 1 and tuple(found[:2]) < OLDEST:
        yield r.fails(f"Kubernetes {r['version']} is out of support", at="version")


require(
    "k8s-iam-authenticator-off",
    on="aws_eks_cluster",
    path="access_config.authentication_mode",
    none_of=("CONFIG_MAP",),
    default="CONFIG_MAP",
    severity=LOW,
    controls=["nist-800-53r5:IA-2"],
    equivalents=["kubescape:C-0088", "kubescape:C-0232"],
    title="Access to a cluster is granted by the cloud's identity service.",
    why="In a ConfigMap whoever may edit one in `kube-system` makes himself an administrator, and no trail records it.",
    fix='Set `access_config { authentication_mode = "API" }`, with an `aws_eks_access_entry` for each who needs it.',
)


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
            name = attached["policy_arn"].rpartition("/")[2]
            if name in PUSHERS:
                yield nodes.fails(f"{name} lets it push", at="node_role_arn", because=[attached.where()], key=name)
        for s in list.__iter__(role_statements(role, graph)):
            if s.allows and s.covers("ecr:PutImage"):
                yield nodes.fails(f"{s} of {role} lets it push", at="node_role_arn", key=str(s))


PUSHERS = ("AmazonEC2ContainerRegistryPowerUser", "AmazonEC2ContainerRegistryFullAccess", "AdministratorAccess",
           "PowerUserAccess")  # fmt: skip
