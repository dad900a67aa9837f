"""Can one workload of a cluster reach another: NetworkPolicy and Cilium's policies, both ends, as the API says it.

A connection needs the sender's egress and the receiver's ingress. A direction of a pod is open until some policy that
speaks of it selects the pod; then only what a policy allows is. Cilium's deny rules win over every allow. What a policy
asks that was not collected (a namespace's labels, an address) leaves the answer undetermined, never open or shut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.cluster_cilium import CILIUM, cilium_verdict
from assay.analysis.cluster_endpoints import Endpoint, Outside, Peer, Wire, both, endpoint, in_block, named_port
from assay.analysis.kubernetes_policies import pod_selector, speaks_of
from assay.kubernetes.relations import matches
from assay.kubernetes.workloads import PODS, pods
from assay.model import PartialList, Undetermined, Unknown, any_of, as_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.graph import Graph
    from assay.model import Resource, View


INGRESS, EGRESS = "ingress", "egress"
_UNREAD = ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy")


class Decision(NamedTuple):
    """The answer, and who gave it: the policies that allow, or that keep it out; none where nothing selects."""

    open: bool
    policies: tuple[Resource, ...] = ()
    direction: str = ""

    @property
    def why(self) -> str:
        if not self.policies:
            return "no policy selects either end" if self.open else "nothing allows it"
        names = ", ".join(str(p) for p in self.policies)
        return f"{names} allow it" if self.open else f"the {self.direction} of {names} does not allow it"


class Network:
    """The endpoints and policies of one scope."""

    def __init__(self, graph: Graph, view: View) -> None:
        self._graph, self._view = graph, view
        self._spaces = self._namespaces()
        self.endpoints = [e for type_ in PODS for r in self._listed(type_, []) for e in self._endpoints(r)]
        self.doubts: list[Unknown] = []
        """Why there may be more policies of Kubernetes' own, each of which could guard or allow."""
        self.cilium_doubts: list[Unknown] = []
        """Why there may be more that could deny."""
        self.policies = self._listed("NetworkPolicy", self.doubts)
        self.cilium = [p for type_ in CILIUM for p in self._listed(type_, self.cilium_doubts)]
        for type_ in _UNREAD:
            for policy in self._listed(type_, self.cilium_doubts):
                self.cilium_doubts.append(Unknown(f"{policy} decides before network policies, and is not evaluated"))

    def _listed(self, type_: str, doubts: list[Unknown]) -> list[Resource]:
        found = self._graph.beside(self._view, type_)
        if isinstance(found, PartialList):
            doubts.append(found.unknown)
        return list(list.__iter__(found))

    def _namespaces(self) -> dict[str, dict[str, Any]]:
        found = self._graph.beside(self._view, "Namespace")
        return {str(r["metadata.name"]): r["metadata.labels"] or {} for r in list.__iter__(found)}

    def _endpoints(self, r: Resource) -> Iterator[Endpoint]:
        for pod in pods(r, self._graph):
            space = r["metadata.namespace"] or "default"
            if isinstance(space, str):
                yield endpoint(pod, space, self._spaces.get(space))

    def decide(self, source: Peer, target: Peer, wire: Wire) -> Decision:
        """Whether the source may open a connection to the target.

        Raises:
            Undetermined: it depends on something unknown; the reason says on what.
        """
        if source == target:
            return Decision(open=True)  # a pod always reaches itself
        out = self._direction(source, target, wire, EGRESS)
        if not out.open:
            return out
        into = self._direction(target, source, wire, INGRESS)
        return into if not into.open else Decision(True, (*out.policies, *into.policies))

    def _direction(self, own: Peer, other: Peer, wire: Wire, direction: str) -> Decision:
        """The verdict of the policies that select one end."""
        if isinstance(own, Outside) or own.host_network:
            return Decision(open=True, direction=direction)  # policies select pods with an address of their own
        selecting: list[Resource] = []
        allowing: list[Resource] = []
        doubts, deny_doubts = list(self.doubts), list(self.cilium_doubts)
        for policy in self.policies:
            try:
                if _selects(policy, own, direction):
                    selecting.append(policy)
                    if _allows(policy, own, other, wire, direction):
                        allowing.append(policy)
            except Undetermined as error:
                doubts.append(error.unknown)
        for policy in self.cilium:
            try:
                verdict = cilium_verdict(policy, own, other, wire, direction)
            except Undetermined as error:
                deny_doubts.append(error.unknown)
                continue
            if verdict == "deny":
                return Decision(False, (policy,), direction)  # whatever else there is
            selecting += [policy] if verdict in ("guard", "allow") else []
            allowing += [policy] if verdict in ("allow", "allow only") else []
        # One more allow never shuts what is open; a deny that nobody could read might.
        if deny_doubts or (doubts and not (selecting and allowing)):
            raise Undetermined((deny_doubts or doubts)[0])
        if not selecting:
            return Decision(True, direction=direction)
        return Decision(bool(allowing), tuple(allowing or selecting), direction)


def network(graph: Graph, view: View) -> Network:
    """The network of the scope that something stands in; worked out once."""
    r = view.resource
    key = ("cluster network", r.source, r.root, r.account)
    found: Network | None = graph._memo.get(key)
    if found is None:
        found = graph._memo[key] = Network(graph, view)
    return found


# --- NetworkPolicy ----------------------------------------------------------------------------------------------------


def _selects(policy: Resource, own: Endpoint, direction: str) -> bool:
    if (policy["metadata.namespace"] or "default") != own.namespace or not speaks_of(policy, direction):
        return False
    return matches(pod_selector(policy), own.labels)


def _allows(policy: Resource, own: Endpoint, other: Peer, wire: Wire, direction: str) -> bool:
    receiver = own if direction == INGRESS else other
    peers = "from" if direction == INGRESS else "to"
    return any_of(
        policy.each(f"spec.{direction}"),
        lambda rule: both(
            lambda: _without_or(rule[peers], lambda peer: _is_peer(peer, other, own.namespace)),
            lambda: _without_or(rule["ports"], lambda port: _is_port(port, receiver, wire)),
        ),
    )


def _without_or(written: Any, test: Callable[[Any], bool]) -> bool:
    """Without peers, or without ports, a rule speaks of all."""
    return not written or any_of(as_list(written), test)


def _is_peer(peer: dict[str, Any], other: Peer, home: str) -> bool:
    block = peer.get("ipBlock")
    if block is not None:
        return in_block(block["cidr"], block.get("except") or (), other)
    if isinstance(other, Outside) or other.host_network:  # a host's pods come from the host's address
        return False
    space, labels = peer.get("namespaceSelector"), peer.get("podSelector")
    if space is None and other.namespace != home:
        return False
    return both(
        lambda: space is None or matches(space, other.namespace_labels),
        lambda: labels is None or matches(labels, other.labels),
    )


def _is_port(port: dict[str, Any], receiver: Peer, wire: Wire) -> bool:
    if (port.get("protocol") or "TCP") != wire.protocol:
        return False
    first, last = port.get("port"), port.get("endPort")
    if first is None:
        return True
    if isinstance(first, str) and not first.isdigit():  # a named port is the receiver's
        return named_port(receiver, first, wire)
    return int(first) <= wire.port <= int(first if last is None else last)
