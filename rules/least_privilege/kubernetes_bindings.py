"""Who gets which role."""

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, Finding, Graph, Resource, any_of, rule
from assay.analysis.cluster_identity import access, everything
from assay.kubernetes.relations import accounts_of, built_in, named
from assay.kubernetes.roles import BINDINGS


def _bound_role(binding: Resource, graph: Graph) -> Resource | None:
    return named(binding, f"{binding['roleRef.kind']}", binding["roleRef.name"], graph)


@rule(
    on=BINDINGS,
    severity=HIGH,
    controls=["cis-kubernetes-1.23:5.1.1", "cis-kubernetes-2.0.1:5.1.1", "nist-800-53r5:AC-6"],
    equivalents=[
        "kics:17172bc2",
        "kics:249328b8",
        "kics:e84eaf4d",
        "AVD-KSV-0111",
        "prowler:rbac_cluster_admin_usage",
        "kube-linter:cluster-admin-role-binding",
        "kubescape:C-0035",
        "kubescape:C-0185",
        "kubescape:C-0209",
        "kubescape:C-0272",
    ],
)
def k8s_cluster_admin_bound(binding: Resource, graph: Graph) -> Iterator[Finding]:
    """Nobody but the cluster itself is cluster-admin.

    ## Why
    cluster-admin may do everything, everywhere. A stolen token of such an account is the cluster.

    ## Fix
    Bind a role with the rights that are used; keep cluster-admin for an account in a safe.
    """
    if built_in(binding):
        return
    role = _bound_role(binding, graph)
    if binding["roleRef.name"] != "cluster-admin" and (
        role == None or built_in(role) or not any_of(access(graph, binding).rules_in(role), everything)
    ):
        return
    for subject in binding.each("subjects"):
        name = f"{subject['name']}"
        if not name.startswith("system:") or name.startswith("system:serviceaccount"):
            yield subject.fails(f"{subject['kind']} {subject['name']} gets {binding['roleRef.name']}", at="name")


_ANYBODY = ("system:anonymous", "system:unauthenticated", "system:authenticated")
_DISCOVERY = (
    "system:discovery", "system:basic-user", "system:public-info-viewer", "system:service-account-issuer-discovery",
    "kubeadm:bootstrap-signer-clusterinfo",
)  # fmt: skip


@rule(
    on=BINDINGS,
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["AVD-KSV-0122", "AVD-KSV-01011", "kubescape:C-0262", "kubescape:C-0265"],
)
def k8s_anonymous_bound(binding: Resource) -> Iterator[Finding]:
    """Whoever is not known gets nothing.

    ## Why
    `system:anonymous` is everybody who reaches the API server, `system:authenticated` every account of the cloud that
    can
    get a token.

    ## Fix
    Remove the binding, or name the users and groups that are meant.
    """
    if binding["roleRef.name"] in _DISCOVERY:
        return
    for subject in binding.each("subjects"):
        if subject["name"] in _ANYBODY:
            yield subject.fails(f"{subject['name']} gets {binding['roleRef.name']}", at="name")


@rule(
    on=(*BINDINGS, "ConfigMap"),
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["AVD-KSV-0123", "kubescape:C-0246"],
)
def k8s_masters_bound(r: Resource) -> Iterator[Finding]:
    """Nobody is a member of system:masters.

    ## Why
    The API server asks nothing of that group: no role, no policy and no webhook limits it, and no binding can take it
    back.

    ## Fix
    Bind cluster-admin to a group of your own, for the few who need it.
    """
    if r.type == "ConfigMap":
        for field in ("mapRoles", "mapUsers"):
            if r["metadata.name"] == "aws-auth" and "system:masters" in (r[f"data.{field}"] or ""):
                yield r.fails(f"{field} makes a principal a member of system:masters", at=f"data.{field}")
    elif not built_in(r):
        for subject in r.each("subjects"):
            if subject["kind"] == "Group" and subject["name"] == "system:masters":
                yield subject.fails("the group system:masters is bound", at="name")


_GIVEN = ("cluster-admin", "admin", "edit", "view")


@rule(on=BINDINGS, severity=LOW, controls=["nist-800-53r5:AC-6"])
def k8s_dead_binding(binding: Resource, graph: Graph) -> Iterator[Finding]:
    """Bindings join a role and a subject that exist.

    ## Why
    A binding to nothing comes alive when somebody makes an account, or a role, of that name: with rights nobody gave
    them.

    ## Fix
    Remove the binding, or correct the name.
    """
    name = binding["roleRef.name"]
    if built_in(binding):
        return
    if name not in _GIVEN and not f"{name}".startswith("system:") and _bound_role(binding, graph) == None:
        said = "it names no role" if name == None else f"there is no {binding['roleRef.kind']} {name}"
        yield binding.fails(said, at="roleRef.name")
    accounts = [s for s in binding.each("subjects") if s["kind"] == "ServiceAccount" and s["name"] != "default"]
    others = any(s["kind"] != "ServiceAccount" or s["name"] == "default" for s in binding.each("subjects"))
    if accounts and not others and not any(accounts_of(s, graph) for s in accounts):
        yield binding.fails("none of the service accounts it names exists", at="subjects")
