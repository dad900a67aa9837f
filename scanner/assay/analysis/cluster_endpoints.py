"""The two ends of a connection in a cluster, as policies see them, and what can be said of an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import Undetermined, Unknown, all_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from assay.kubernetes.workloads import Pod
    from assay.model import Resource

NAME_LABEL = "kubernetes.io/metadata.name"
INTERNET = "0.0.0.0/0"


class Endpoint(NamedTuple):
    """The pods of one workload: what policies can tell of them. `ports` are its named ones, by (name, protocol)."""

    resource: Resource
    namespace: str
    labels: dict[str, Any]
    namespace_labels: dict[str, Any]
    ports: dict[tuple[str, str], int]
    host_network: bool = False

    def __str__(self) -> str:
        return self.resource.address


class Outside(NamedTuple):
    """A peer that is no pod of the cluster: an address block, `0.0.0.0/0` for the internet as a whole."""

    block: str

    def __str__(self) -> str:
        return "the internet" if self.block == INTERNET else self.block


Peer = Endpoint | Outside


class Wire(NamedTuple):
    """What is sent: TCP, UDP or SCTP, to a port of the receiver."""

    port: int
    protocol: str = "TCP"


def endpoint(pod: Pod, space: str, labels: dict[str, Any] | None) -> Endpoint:
    """A workload's pods as policies see them; the labels of a namespace that was not collected are unknown."""
    name = {NAME_LABEL: space}
    known = {**labels, **name} if labels is not None else _Unlisted(space, name)
    ports: dict[tuple[str, str], int] = {}
    for container in list.__iter__(pod.containers):
        for port in list.__iter__(container.each("ports")):
            if isinstance(port["name"], str) and isinstance(port["containerPort"], int):
                ports[port["name"], str(port["protocol"] or "TCP")] = port["containerPort"]
    return Endpoint(pod.resource, space, _table(pod.labels), known, ports, pod["hostNetwork"] is True)


class _Unlisted(dict[str, Any]):
    """The labels of a namespace that was not collected: its name is known, every other label is unknown."""

    def __init__(self, space: str, known: dict[str, Any]) -> None:
        super().__init__(known)
        self._doubt = Unknown(f"the labels of the namespace {space} are not among the inputs")

    def __contains__(self, key: object) -> bool:
        if super().__contains__(key):
            return True
        raise Undetermined(self._doubt)


def _table(value: Any) -> dict[str, Any]:
    if isinstance(value, Unknown):
        return _Unlisted("in question", {})
    return value if isinstance(value, dict) else {}


def in_block(cidr: str, exceptions: Iterable[str], other: Peer) -> bool:
    """Whether a peer is certainly, or certainly not, inside a block without its exceptions.

    Raises:
        Undetermined: a part of the peer is, or nobody knows the peer's address.
    """
    import ipaddress

    block = _network(cidr)
    holes = [_network(e) for e in exceptions]
    if isinstance(other, Endpoint):
        if block.prefixlen == 0 and not holes:
            return True
        raise Undetermined(Unknown(f"whether {other} has an address in {cidr} is not known"))
    asked = ipaddress.ip_network(other.block, strict=False)
    if asked.version != block.version or not asked.overlaps(block):
        return False
    if any(_within(asked, hole) for hole in holes):
        return False
    if not _within(asked, block) or any(asked.overlaps(hole) for hole in holes):
        if other.block == INTERNET:
            return _public(block, holes)
        raise Undetermined(Unknown(f"a part of {other.block} is in {cidr}"))
    return True


def _network(cidr: Any) -> Any:
    """An address block as it is written; what is none, or is filled in later, is undetermined."""
    import ipaddress

    if isinstance(cidr, Unknown):
        raise Undetermined(cidr)
    try:
        return ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        raise Undetermined(Unknown(f"{cidr!r} is no address block")) from None


def _within(inner: Any, outer: Any) -> bool:
    return inner.version == outer.version and bool(inner.subnet_of(outer))


def _public(block: Any, holes: list[Any]) -> bool:
    """Whether the internet can send from a block: some public address of it is in no exception."""
    left = [block]
    for hole in holes:
        left = [part for one in left for part in _without(one, hole)]
    return any(not part.is_private for part in left)


def _without(block: Any, hole: Any) -> list[Any]:
    if not block.overlaps(hole):
        return [block]
    return list(block.address_exclude(hole)) if _within(hole, block) else []


def named_port(receiver: Peer, name: str, wire: Wire) -> bool:
    """Whether a port's name is what the receiver calls this port; nobody outside has names."""
    return isinstance(receiver, Endpoint) and receiver.ports.get((name, wire.protocol)) == wire.port


def both(one: Callable[[], bool], other: Callable[[], bool]) -> bool:
    """Kleene `and`: false when either certainly is, else undetermined when either might be."""
    return all_of((one, other), lambda test: test())
