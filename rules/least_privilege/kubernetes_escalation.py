"""Who can become cluster-admin by the rights they have, however many steps it takes."""

from collections.abc import Iterator

from assay import HIGH, Finding, Graph, Resource, rule
from assay.analysis.cluster_escalation import path_to_admin
from assay.analysis.cluster_identity import access, everything, subjects_of
from assay.kubernetes.relations import built_in


@rule(
    on=["ClusterRoleBinding", "RoleBinding"],
    severity=HIGH,
    controls=["cis-kubernetes-1.23:5.1.8", "nist-800-53r5:AC-6"],
)
def k8s_escalation_path(binding: Resource, graph: Graph) -> Iterator[Finding]:
    """No account that is not cluster-admin can become it.

    ## Why
    Who may run pods, read or make tokens, enter other people's pods, impersonate or bind has the rights of those
    others, and in a few steps often every right there is. Each right by itself looks harmless; the message shows the
    steps one by one.

    ## Fix
    Take away the right that the first step names, or narrow it: to a namespace whose service accounts have no rights
    of note, to named objects (`resourceNames`). Or take the rights from the account at the last step but one.
    """
    if built_in(binding):
        return
    scope = access(graph, binding)
    if any(everything(entry) for entry in scope.rules_of(binding)) and binding.type == "ClusterRoleBinding":
        return  # cluster-admin already, which is another rule's
    for i, subject in enumerate(subjects_of(binding)):
        path = path_to_admin(graph, binding, subject)
        if path and not subject.system and path[0].grant.binding == binding:
            steps = "; ".join(f"{step}" for step in path)
            places = [hop.grant.rule.where() for hop in path] + [hop.grant.binding.where("roleRef") for hop in path[1:]]
            yield binding.fails(
                f"{subject} can become cluster-admin: {steps}",
                at=f"subjects[{i}]", because=places, key=f"{subject}",
            )  # fmt: skip
