"""Who may talk to whom inside the cluster."""

from collections.abc import Iterator
from functools import partial

from assay import HIGH, MEDIUM, Finding, Graph, Resource, any_of, rule
from assay.analysis.kubernetes_policies import (
    CLUSTERWIDE,
    POLICIES,
    admits_all,
    guards,
    guards_some,
    isolates_all,
    selects_all,
)
from assay.kubernetes.relations import inside, named, namespace_of, selected, selecting
from assay.model import Block


def _user_namespace(namespace: Resource) -> bool:
    return not f"{namespace['metadata.name']}".startswith("kube-")


@rule(
    on="Namespace",
    severity=MEDIUM,
    sources=("manifest", "cluster"),
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV2_K8S_6", "kics:0401f71b", "kube-linter:non-isolated-pod", "kubescape:C-0206", "kubescape:C-0260"],
)
def k8s_no_network_policy(namespace: Resource, graph: Graph) -> Iterator[Finding]:
    """Every namespace has a network policy.

    ## Why
    Where none selects a pod, everything in the cluster may connect to it, on every port.

    ## Fix
    Add a NetworkPolicy, first one that denies everything, then those that allow what is needed.
    """
    if not _user_namespace(namespace):
        return
    if any_of(POLICIES, lambda type_: inside(namespace, type_, graph)):
        return
    everywhere = [p for type_ in CLUSTERWIDE for p in graph.beside(namespace, type_)]
    if not any_of(everywhere, lambda policy: guards_some(policy, namespace, graph)):
        yield namespace.fails("no network policy selects the pods of this namespace")


@rule(
    on="Namespace",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["kubescape:C-0030", "kubescape:C-0054", "kubescape:C-0230", "kubescape:C-0240"],
)
def k8s_namespace_no_default_deny(namespace: Resource, graph: Graph) -> Iterator[Finding]:
    """Namespaces deny by default, in both directions.

    ## Why
    A policy for one application leaves the next one open; only a policy for all pods holds those too that come later.

    ## Fix
    Add a NetworkPolicy with `podSelector: {}` and `policyTypes: [Ingress, Egress]`.
    """
    if not _user_namespace(namespace):
        return
    policies = [p for type_ in POLICIES for p in inside(namespace, type_, graph)]
    policies += [p for type_ in CLUSTERWIDE for p in graph.beside(namespace, type_)]
    for direction in ("ingress", "egress"):
        if not any(isolates_all(policy, direction, namespace["metadata.name"]) for policy in policies):
            yield namespace.fails(f"no policy denies {direction} by default", key=direction)


@rule(
    on="NetworkPolicy", severity=MEDIUM, controls=["nist-800-53r5:SC-7"], equivalents=["AVD-KUBE-0002", "AVD-KUBE-0001"]
)
def k8s_network_policy_open(policy: Resource) -> Iterator[Finding]:
    """Network policies name the peers they admit.

    ## Why
    A rule for every address or every namespace switches off, for its pods, what the other policies forbid.

    ## Fix
    Name the namespaces, pods or address ranges that are meant. DNS to anywhere is not judged.
    """
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for entry in policy.each(f"spec.{direction}"):
            said = admits_all(entry, peers)
            if said and not (direction == "egress" and _dns(entry)):
                yield entry.fails(f"{direction}: {said}", at=peers)


def _dns(entry: Block) -> bool:
    ports = entry.each("ports")
    return bool(ports) and all(p["port"] in (53, "dns", "dns-tcp", 5353) and p["endPort"] in (None, 53) for p in ports)


@rule(on=("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"), severity=HIGH, controls=["nist-800-53r5:SC-7"])
def k8s_network_policy_remote_cluster(policy: Resource) -> Iterator[Finding]:
    """No policy admits a whole remote cluster to every pod.

    ## Why
    Whoever breaks into the other cluster of the mesh is then inside this one.

    ## Fix
    Select the pods that serve the other cluster in `endpointSelector`, and name its namespace and pods in
    `fromEndpoints`.
    """
    for spec in [*policy.each("spec"), *policy.each("specs")]:
        if not selects_all(spec["endpointSelector"]):
            continue
        for entry in spec.each("ingress"):
            for peer in entry.each("fromEndpoints"):
                keys = list(peer["matchLabels"] or {}) if peer.absent("matchExpressions") else [""]
                if keys and all(_last(k) == "io.cilium.k8s.policy.cluster" for k in keys):
                    yield peer.fails("a whole cluster may enter every pod")


def _last(key: object) -> str:
    return f"{key}".rpartition(":")[2]


@rule(on="ServiceExport", severity=MEDIUM, sources=("manifest", "cluster"), controls=["nist-800-53r5:SC-7"])
def k8s_service_export_unguarded(export: Resource, graph: Graph) -> Iterator[Finding]:
    """Exported services exist, and a policy guards their pods.

    ## Why
    An export opens the service to every cluster of the set; one without a Service waits for whoever makes one of its
    name.

    ## Fix
    Remove the export or correct its name; add a NetworkPolicy that admits the clusters that are meant.
    """
    service = named(export, "Service", export["metadata.name"], graph)
    if service == None:
        yield export.fails(
            f"there is no Service {export['metadata.name']} in {namespace_of(export)}", at="metadata.name"
        )
        return
    cilium = [p for type_ in (*POLICIES[1:], *CLUSTERWIDE) for p in graph.beside(export, type_)]
    for pod in selected(service["spec.selector"] or {"": ""}, export, graph):
        guarded = selecting(pod, "NetworkPolicy", "spec.podSelector", graph)
        if not guarded and not any_of(cilium, partial(guards, pod)):
            yield export.fails(f"no network policy selects the pods of {pod}", key=pod.resource.address)
