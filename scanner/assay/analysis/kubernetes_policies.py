"""Network policies, Kubernetes' own and Cilium's: what one of them says by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.cluster_cilium import plain
from assay.kubernetes.relations import inside, matches, namespace_of, near
from assay.kubernetes.workloads import PODS, pods
from assay.model import Undetermined, Unknown, any_of

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.kubernetes.workloads import Pod
    from assay.model import Resource, View

POLICIES = ("NetworkPolicy", "CiliumNetworkPolicy")
CLUSTERWIDE = ("CiliumClusterwideNetworkPolicy",)
_ANYWHERE = ("0.0.0.0/0", "::/0")
_NAMESPACE = "io.kubernetes.pod.namespace"


def isolates_all(policy: Resource, direction: str, namespace: Any = None) -> bool:
    """True when a policy puts every pod of a namespace under rules in a direction (`ingress`, `egress`).

    Args:
        namespace: the namespace's name, which a policy of the whole cluster may select; a NetworkPolicy is of its own.
    """
    if policy.type == "NetworkPolicy":
        if not selects_all(pod_selector(policy)) or not speaks_of(policy, direction):
            return False
        peers = "from" if direction == "ingress" else "to"
        return not any_of(
            policy.each(f"spec.{direction}"), lambda entry: bool(admits_all(entry, peers)) and _every_port(entry)
        )
    return any_of(_specs(policy), lambda spec: _cilium_isolates(spec, direction, namespace))


def pod_selector(policy: Resource) -> Any:
    """The pods a NetworkPolicy selects; one that is not written is an empty one, as the API has it."""
    selector = policy["spec.podSelector"]
    return {} if selector == None else selector  # noqa: E711 - an Unknown answers ==


def speaks_of(policy: Resource, direction: str) -> bool:
    """Whether a NetworkPolicy speaks of a direction: by `policyTypes`, else of ingress, and of egress by its rules.

    An empty list of types, or of rules, is as good as none: the API server fills the types in by that.
    """
    types = policy["spec.policyTypes"]
    if types:
        return direction.capitalize() in types
    return direction == "ingress" or bool(policy.each("spec.egress"))


def _specs(policy: Resource) -> list[View]:
    return [*policy.each("spec"), *policy.each("specs")]


def _cilium_isolates(spec: View, direction: str, namespace: Any) -> bool:
    selector = spec["endpointSelector"]
    if not selects_all(selector) and not _is_namespace(selector, namespace):
        return False
    if spec[f"enableDefaultDeny.{direction}"] == False:  # noqa: E712
        return False
    return (
        not spec.absent(direction)
        or not spec.absent(f"{direction}Deny")
        or bool(spec[f"enableDefaultDeny.{direction}"])
    )


def _is_namespace(selector: Any, namespace: Any) -> bool:
    """True for a selector of everything in one namespace."""
    if selector is None or namespace is None:
        return False
    wanted = plain(selector)
    return not wanted["matchExpressions"] and bool(wanted["matchLabels"] == {_NAMESPACE: namespace})


def guards_some(policy: Resource, namespace: Resource, graph: Graph) -> bool:
    """Whether a policy of the whole cluster selects pods of a namespace."""
    return any_of(_specs(policy), lambda spec: _selects_in(spec["endpointSelector"], namespace, graph))


def _selects_in(selector: Any, namespace: Resource, graph: Graph) -> bool:
    if selector is None:  # a `nodeSelector`: the host firewall
        return False
    wanted = plain(selector)
    name = namespace["metadata.name"]
    if _NAMESPACE in wanted["matchLabels"] and wanted["matchLabels"].pop(_NAMESPACE) != name:
        return False
    if not wanted["matchLabels"] and not wanted["matchExpressions"]:
        return True
    found = [pod for type_ in PODS for r in inside(namespace, type_, graph) for pod in pods(r, graph)]
    return any_of(found, lambda pod: matches(wanted, {**pod.labels, _NAMESPACE: name}))


def guards(pod: Pod, policy: Resource) -> bool:
    """Whether one of Cilium's policies selects the pods of a workload."""
    if policy.type not in CLUSTERWIDE and not near(policy, pod):
        return False
    labels = {**pod.labels, _NAMESPACE: namespace_of(pod)}
    selectors = [spec["endpointSelector"] for spec in _specs(policy)]
    return any_of(selectors, lambda selector: selector is not None and matches(plain(selector), labels))


def selects_all(selector: Any) -> bool:
    """True for a selector without a demand; one that is not written selects nothing by itself."""
    if isinstance(selector, Unknown):
        raise Undetermined(selector)
    if not isinstance(selector, dict):
        return False
    demands = [selector.get("matchLabels"), selector.get("matchExpressions")]
    return not any(demands) and selector.keys() <= {"matchLabels", "matchExpressions"}


def admits_all(entry: View, peers: str) -> str:
    """How a rule of a NetworkPolicy admits everybody, as a sentence; empty when it does not."""
    listed = entry.each(peers)
    if not listed:
        return "every address is admitted"
    for peer in listed:
        if peer["ipBlock.cidr"] in _ANYWHERE:
            return f"{peer['ipBlock.cidr']} is admitted"
        every = peer["podSelector"]
        if selects_all(peer["namespaceSelector"]) and (every == None or selects_all(every)):  # noqa: E711
            return "every namespace is admitted"
    return ""


def _every_port(entry: View) -> bool:
    """True for a rule that leaves no port out, of one protocol at least."""
    ports = entry.each("ports")
    return not ports or any_of(ports, lambda p: p["port"] == None)  # noqa: E711
