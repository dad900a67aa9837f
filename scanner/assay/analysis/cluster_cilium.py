"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy: what one says of a connection.

The rules that differ from Kubernetes' own: a selector of a namespaced policy that names no namespace means its own; a
direction is guarded when it has rules (or `enableDefaultDeny` says so); an empty rule allows nothing; address blocks
never mean pods; `ingressDeny` and `egressDeny` win over everything.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from assay.analysis.cluster_endpoints import Endpoint, Outside, both, in_block, named_port
from assay.kubernetes.relations import matches
from assay.model import Undetermined, Unknown, any_of, as_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.analysis.cluster_endpoints import Peer, Wire
    from assay.model import Resource, View

CILIUM = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")
_NAMESPACE = "io.kubernetes.pod.namespace"
_NAMESPACE_LABEL = "io.cilium.k8s.namespace.labels."
_OTHER_CLUSTER = "io.cilium.k8s.policy.cluster"
_SOURCES = ("k8s:", "any:", "k8s.", "any.")
_NO_POD = ("health", "init", "unmanaged", "none", "ingress")
_UNREAD = ("Groups", "Nodes", "Requires", "Services", "FQDNs")


def cilium_verdict(policy: Resource, own: Endpoint, other: Peer, wire: Wire, direction: str) -> str:
    """What a policy says of one direction of an endpoint.

    Returns: `none` (it does not speak of it), `deny`, `allow`, `guard` (it selects the endpoint and allows nothing
    here), or `allow only` (it allows, and guards nothing by itself).

    Raises:
        Undetermined: it depends on something unknown.
    """
    doubt: Undetermined | None = None
    best = "none"
    for spec in [*policy.each("spec"), *policy.each("specs")]:
        try:
            said = _spec(spec, policy, own, other, wire, direction)
        except Undetermined as error:
            doubt = doubt or error
            continue
        if said == "deny":
            return said
        best = max(best, said, key=("none", "guard", "allow only", "allow").index)
    if doubt is not None:
        raise doubt
    return best


def _spec(spec: View, policy: Resource, own: Endpoint, other: Peer, wire: Wire, direction: str) -> str:
    selector = spec["endpointSelector"]
    if selector is None:  # a `nodeSelector`: the host firewall
        return "none"
    home = own.namespace if policy.type == CILIUM[1] else policy["metadata.namespace"] or "default"
    if home != own.namespace or not matches(plain(selector), own.labels):
        return "none"
    allows, denies = spec.each(direction), spec.each(f"{direction}Deny")
    space = None if policy.type == CILIUM[1] else home
    if _some(denies, other, own, space, wire, direction):
        return "deny"
    guards = spec[f"enableDefaultDeny.{direction}"]
    if guards is None:
        guards = bool(allows or denies)
    allowed = _some(allows, other, own, space, wire, direction)
    if allowed:
        return "allow" if guards else "allow only"
    return "guard" if guards else "none"


def _some(rules: list[Any], other: Peer, own: Endpoint, space: str | None, wire: Wire, direction: str) -> bool:
    return any_of(rules, lambda rule: _speaks(rule, other, own, space, wire, direction))


def _speaks(rule: View, other: Peer, own: Endpoint, space: str | None, wire: Wire, direction: str) -> bool:
    """Whether one rule is about a peer and a port."""
    word = "from" if direction == "ingress" else "to"
    fields = [f for f in rule.values if f.startswith(word) and f != "toPorts"]
    if not fields and rule["toPorts"] is None and rule["icmps"] is None:
        return False  # an empty rule: it guards, and allows nothing
    receiver = other if direction == "egress" else own
    return both(
        lambda: not fields or any_of(_tests(rule, word, other, space), lambda test: test()),
        lambda: _ports(rule, receiver, wire),
    )


def _tests(rule: View, word: str, other: Peer, space: str | None) -> Iterator[Callable[[], bool]]:
    """One test for each peer that a rule names."""
    for selector in as_list(rule[f"{word}Endpoints"]):
        yield partial(_endpoint, selector, other, space)
    for entity in as_list(rule[f"{word}Entities"]):
        yield partial(_entity, entity, other)
    for cidr in as_list(rule[f"{word}CIDR"]):
        yield partial(_block, cidr, (), other)
    for entry in as_list(rule[f"{word}CIDRSet"]):
        yield partial(_cidr_set, entry, other)
    for kind in _UNREAD:
        if rule[f"{word}{kind}"]:
            yield partial(_unread, f"{word}{kind}")


def _unread(field: str) -> bool:
    raise Undetermined(Unknown(f"which addresses {field} stands for is not known here"))


def _endpoint(selector: dict[str, Any], other: Peer, space: str | None) -> bool:
    if isinstance(other, Outside) or other.host_network:
        return False
    wanted = plain(selector)
    keys = [*wanted["matchLabels"], *(e["key"] for e in wanted["matchExpressions"])]
    if _OTHER_CLUSTER in keys:
        raise Undetermined(Unknown("whether this cluster is the one that the policy names is not known"))
    named = any(key == _NAMESPACE or key.startswith(_NAMESPACE_LABEL) for key in keys)
    if not named and space is not None and other.namespace != space:
        return False
    return matches(wanted, _Labels(other))


class _Labels(dict[str, Any]):
    """The labels that Cilium gives an endpoint: its pod's, its namespace's name, and its namespace's labels."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__({**endpoint.labels, _NAMESPACE: endpoint.namespace})
        self._space = endpoint.namespace_labels

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str) and key.startswith(_NAMESPACE_LABEL):
            return key.removeprefix(_NAMESPACE_LABEL) in self._space
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        if key.startswith(_NAMESPACE_LABEL):
            return self._space[key.removeprefix(_NAMESPACE_LABEL)]
        return super().__getitem__(key)


def plain(selector: dict[str, Any]) -> dict[str, Any]:
    """The selector without the source that Cilium writes before a label's name (`k8s:app`)."""
    labels = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or []
    return {
        "matchLabels": {_bare(key): value for key, value in labels.items()},
        "matchExpressions": [{**e, "key": _bare(e["key"])} for e in expressions],
    }


def _bare(key: str) -> str:
    return key[4:] if key.startswith(_SOURCES) else key


def _entity(entity: str, other: Peer) -> bool:
    outside = isinstance(other, Outside)
    if entity in ("all", "cluster"):
        return entity == "all" or not outside
    if entity == "world" or entity.startswith("world-"):
        return outside
    if entity in _NO_POD or (isinstance(other, Endpoint) and not other.host_network):
        return False
    if entity in ("host", "remote-node") and outside:
        return False
    raise Undetermined(Unknown(f"whether {other} is the entity {entity} is not known"))


def _block(cidr: str, exceptions: Any, other: Peer) -> bool:
    """An address block: of the world only, since pods are known by their labels."""
    return isinstance(other, Outside) and in_block(cidr, exceptions, other)


def _cidr_set(entry: dict[str, Any], other: Peer) -> bool:
    if "cidr" not in entry:
        return isinstance(other, Outside) and _unread("cidrGroupRef")
    return _block(entry["cidr"], entry.get("except") or (), other)


def _ports(rule: View, receiver: Peer, wire: Wire) -> bool:
    entries = as_list(rule["toPorts"])
    if not entries:
        return rule["icmps"] is None  # a rule about ICMP is not about ports
    ports = [port for entry in entries for port in entry.get("ports") or [{"port": "0"}]]
    return any_of(ports, lambda port: _port(port, receiver, wire))


def _port(port: dict[str, Any], receiver: Peer, wire: Wire) -> bool:
    if str(port.get("protocol") or "ANY").upper() not in ("ANY", wire.protocol):
        return False
    first = str(port["port"])
    if not first.isdigit():
        return named_port(receiver, first, wire)
    return first == "0" or int(first) <= wire.port <= int(port.get("endPort") or first)
