"""Network policies, Kubernetes' own and Cilium's: what one of them says by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import any_of

if TYPE_CHECKING:
    from assay.model import Resource, View

POLICIES = ("NetworkPolicy", "CiliumNetworkPolicy")
CLUSTERWIDE = ("CiliumClusterwideNetworkPolicy",)
_ANYWHERE = ("0.0.0.0/0", "::/0")


def isolates_all(policy: Resource, direction: str) -> bool:
    """True when a policy puts every pod of its namespace under rules in a direction (`ingress`, `egress`)."""
    if policy.type == "NetworkPolicy":
        if not _selects_all(policy["spec.podSelector"]) or not _concerns(policy, direction):
            return False
        peers = "from" if direction == "ingress" else "to"
        return not any_of(policy.each(f"spec.{direction}"), lambda entry: bool(admits_all(entry, peers)))
    return any_of([*policy.each("spec"), *policy.each("specs")], lambda spec: _cilium_isolates(spec, direction))


def _concerns(policy: Resource, direction: str) -> bool:
    """Whether a policy speaks of a direction: by its types, else of ingress, and of egress where it has such rules."""
    types = policy["spec.policyTypes"]
    if types is None:
        return direction == "ingress" or not policy.absent("spec.egress")
    return direction.capitalize() in types


def _cilium_isolates(spec: View, direction: str) -> bool:
    if not _selects_all(spec["endpointSelector"]) or spec[f"enableDefaultDeny.{direction}"] == False:  # noqa: E712
        return False
    return (
        not spec.absent(direction)
        or not spec.absent(f"{direction}Deny")
        or bool(spec[f"enableDefaultDeny.{direction}"])
    )


def _selects_all(selector: Any) -> bool:
    """True for an empty selector; one that is not written selects nothing by itself."""
    return bool(selector == {}) or bool(selector == {"matchLabels": {}})


def admits_all(entry: View, peers: str) -> str:
    """How a rule of a NetworkPolicy admits everybody, as a sentence; empty when it does not."""
    listed = entry.each(peers)
    if not listed:
        return "every address is admitted"
    for peer in listed:
        if peer["ipBlock.cidr"] in _ANYWHERE:
            return f"{peer['ipBlock.cidr']} is admitted"
        if _selects_all(peer["namespaceSelector"]) and peer["podSelector"] in (None, {}):
            return "every namespace is admitted"
    return ""
