"""How the internet gets to a workload: load balancers, node ports, ingresses; and questions asked in words.

A way in is a Service or an Ingress; whether it leads to the pod is then up to the policies. A source is written as
`internet`, an address block, `namespace/workload`, `namespace/*` or `*`, each with `:port` where one is meant.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.cluster_endpoints import INTERNET, Endpoint, Outside, Wire, in_block
from assay.analysis.cluster_network import Decision, Network, network
from assay.analysis.load_balancers import internal, source_ranges
from assay.kubernetes.relations import matches
from assay.model import PartialList, Undetermined, Unknown, any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.graph import Graph
    from assay.model import Resource, View

_CONTROLLERS = ("ingress-nginx", "nginx-ingress", "traefik", "haproxy-ingress", "contour", "envoy", "kong", "istio")
_ALB_SCHEME = "alb.ingress.kubernetes.io/scheme"


class Way(NamedTuple):
    """One way from a source to a workload: through what, to which port. `decide` asks the policies."""

    source: str
    wire: Wire
    decide: Callable[[], Decision]
    through: Resource | None = None

    def __str__(self) -> str:
        via = f" through {self.through}" if self.through is not None else ""
        return f"{self.source}{via} on port {self.wire.port}/{self.wire.protocol}"


def first_open(found: Iterable[Way]) -> tuple[Way, Decision] | None:
    """The first way that is certainly open, with the decision; None when all are certainly shut.

    Raises:
        Undetermined: none is certainly open, and one may be.
    """
    doubt: Undetermined | None = None
    for way in found:
        try:
            decision = way.decide()
        except Undetermined as error:
            doubt = doubt or error
            continue
        if decision.open:
            return way, decision
    if doubt is not None:
        raise doubt
    return None


def ways(graph: Graph, view: View, target: Endpoint, source: str) -> Iterator[Way]:
    """Every way from a source, written as above, to a workload, open or not.

    Raises:
        Undetermined: the source is not among the inputs, or what decides is unknown.
        ValueError: the source cannot be read.
    """
    name, port = _split(source)
    if name == "internet":
        yield from (w for w in _from_internet(graph, view, target) if port in (None, w.wire.port))
        return
    net = network(graph, view)
    wires = [Wire(port)] if port is not None else _wires(target)
    for peer in _peers(net, target, name):
        for wire in wires:
            yield Way(str(peer), wire, partial(net.decide, peer, target, wire))


def _split(text: str) -> tuple[str, int | None]:
    name, colon, port = text.strip().rpartition(":")
    if colon and port.isdigit():
        return name, int(port)
    return text.strip(), None


def _peers(net: Network, target: Endpoint, name: str) -> list[Endpoint | Outside]:
    import ipaddress

    if name == "*":
        return [e for e in net.endpoints if e != target]
    try:
        return [Outside(str(ipaddress.ip_network(name, strict=False)))]
    except ValueError:
        space, slash, workload = name.partition("/")
    if not slash:
        said = "internet, an address block, namespace/workload, namespace/* or *"
        raise ValueError(f"{name!r} is no source: write {said}")
    found = [
        e for e in net.endpoints
        if e.namespace == space and e != target and workload in ("*", str(e.resource["metadata.name"]))
    ]  # fmt: skip
    if not found and workload != "*":
        raise Undetermined(Unknown(f"the workload {name} is not among the inputs"))
    return list(found)


def _wires(target: Endpoint) -> list[Wire]:
    """The ports that the workload's containers declare; one that stands for all where they declare none."""
    found = [Wire(number, protocol) for number, protocol in sorted(declared(target))]
    return found or [Wire(80)]


def declared(target: Endpoint) -> set[tuple[int, str]]:
    """The ports that a workload declares."""
    from assay.kubernetes.workloads import pod_of

    pod = pod_of(target.resource)
    ports = [p for c in list.__iter__(pod.containers) for p in list.__iter__(c.each("ports"))] if pod else []
    return {(p["containerPort"], str(p["protocol"] or "TCP")) for p in ports if isinstance(p["containerPort"], int)}


# --- from the internet ------------------------------------------------------------------------------------------------


def _from_internet(graph: Graph, view: View, target: Endpoint) -> Iterator[Way]:
    net = network(graph, view)
    services = [s for s in _beside(graph, view, "Service") if _leads_to(s, target)]
    for service in services:
        for wire in _targets(service, target):
            if _answers(service, graph, view):
                yield Way("the internet", wire, partial(net.decide, Outside(INTERNET), target, wire), service)
    for ingress in _beside(graph, view, "Ingress"):
        if (ingress["metadata.namespace"] or "default") != target.namespace or not _facing(ingress):
            continue
        for service in services:
            if service["metadata.name"] in backends(ingress):
                for wire in _targets(service, target):
                    yield Way("the internet", wire, partial(_through_controller, net, target, wire), ingress)


def _beside(graph: Graph, view: View, type_: str) -> list[Resource]:
    found = graph.beside(view, type_)
    if isinstance(found, PartialList):
        raise Undetermined(found.unknown)
    return found


def _leads_to(service: Resource, target: Endpoint) -> bool:
    selector = service["spec.selector"]
    same = (service["metadata.namespace"] or "default") == target.namespace
    return bool(same and selector) and matches(selector, target.labels)


def _answers(service: Resource, graph: Graph, view: View) -> bool:
    """Whether a Service is open to the internet by itself."""
    if service["spec.type"] == "LoadBalancer":
        return public(service)
    return bool(service["spec.type"] == "NodePort") and _public_nodes(graph, view)


def _targets(service: Resource, target: Endpoint) -> Iterator[Wire]:
    for port in service["spec.ports"] or ():
        protocol = str(port.get("protocol") or "TCP")
        number = port.get("targetPort", port["port"])
        if isinstance(number, str):
            number = target.ports.get((number, protocol))
        if number is not None:
            yield Wire(int(number), protocol)


def public(service: Resource) -> bool:
    """Whether a load balancer answers the internet: not an internal one, nor for private sources only."""
    if internal(service):
        return False
    ranges = source_ranges(service)
    return not ranges or any_of(ranges, lambda cidr: in_block(cidr, (), Outside(INTERNET)))


def _public_nodes(graph: Graph, view: View) -> bool:
    """Whether the nodes have public addresses: undetermined where nodes are not among the inputs."""
    nodes = _beside(graph, view, "Node")
    if not nodes:
        raise Undetermined(Unknown("whether the nodes have public addresses is not known"))
    return any(a["type"] == "ExternalIP" for n in nodes for a in n["status.addresses"] or ())


def _facing(ingress: Resource) -> bool:
    """Whether an ingress answers the internet: AWS's controller makes internal ones unless it is told otherwise."""
    annotations = ingress["metadata.annotations"] or {}
    kind = ingress["spec.ingressClassName"] or annotations.get("kubernetes.io/ingress.class")
    return kind != "alb" or annotations.get(_ALB_SCHEME) == "internet-facing"


def backends(ingress: Resource) -> set[str]:
    """The names of the Services that an ingress sends traffic to."""
    found = [ingress["spec.defaultBackend"]]
    for entry in ingress["spec.rules"] or ():
        found += [path.get("backend") for path in (entry.get("http") or {}).get("paths") or ()]
    return {b["service"]["name"] for b in found if b and b.get("service")}


def _through_controller(net: Network, target: Endpoint, wire: Wire) -> Decision:
    """What the policies say to the ingress controller's pods, from which the traffic comes."""
    controllers = [e for e in net.endpoints if _is_controller(e)]
    if controllers:
        found = first_open(Way(str(c), wire, partial(net.decide, c, target, wire)) for c in controllers)
        return found[1] if found is not None else net.decide(controllers[0], target, wire)
    direct = net.decide(Outside(INTERNET), target, wire)
    if direct.open:
        return direct
    raise Undetermined(Unknown("the pods of the ingress controller are not among the inputs"))


def _is_controller(endpoint: Endpoint) -> bool:
    labels: Any = dict.values(endpoint.labels)
    names = [str(endpoint.resource["metadata.name"]), *(v for v in labels if isinstance(v, str))]
    return any(word in name for word in _CONTROLLERS for name in names)
